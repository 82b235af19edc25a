import copy
import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from vocode_contract.validation.violation import ContractViolated, Violation, has_error

STATUS = Violation(
    instance_pointer="/status",
    code="enum",
    expected="one of not_started, ended",
    actual='"ringing"',
    schema_pointer="/components/schemas/CallStatus/enum",
    contract="2023-11-30",
)
LINES = [
    (STATUS, '/status: expected one of not_started, ended, got "ringing" [enum, 2023-11-30]'),
    (
        Violation(instance_pointer="", code="json-bom", expected="no mark", actual="one", offset=0),
        "(document) at byte 0: expected no mark, got one [json-bom]",
    ),
    (
        Violation(instance_pointer="/y", code="unknown-key", expected="a", actual="b", policy="extra-keys=forbid"),
        "/y: expected a, got b [unknown-key, policy extra-keys=forbid]",
    ),
    (
        Violation(instance_pointer="/x", code="unknown-key", severity="drift", expected="a", actual="b", note="new"),
        "/x: expected a, got b [unknown-key, drift] (new)",
    ),
]


@pytest.mark.parametrize(("violation", "line"), LINES)
def test_violation_reads_as_one_line(violation, line):
    assert str(violation) == line


@pytest.mark.parametrize(
    ("severities", "expected"), [(["error"], True), (["drift", "error"], True), (["advice"], False)]
)
def test_only_severity_error_is_an_error(severities, expected):
    assert has_error(replace(STATUS, severity=severity) for severity in severities) is expected


def test_no_violation_is_no_error():
    assert not has_error(())


def test_violation_is_a_value():
    again = pickle.loads(pickle.dumps(STATUS))  # noqa: S301 - our own bytes
    assert again == STATUS == copy.deepcopy(STATUS)
    assert len({again, STATUS}) == 1


def test_violation_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        STATUS.code = "type"  # type: ignore[misc]  # that is the test


def test_violations_sort_by_place():
    places = ["/b", "", "/a"]
    made = [Violation(instance_pointer=place, code="type", expected="a", actual="b") for place in places]
    assert [violation.instance_pointer for violation in sorted(made)] == ["", "/a", "/b"]


def test_contract_violated_lists_what_it_holds():
    error = ContractViolated((STATUS, STATUS))
    assert isinstance(error, AssertionError)
    assert error.violations == (STATUS, STATUS)
    assert str(error).splitlines() == ["2 violations of the contract", f"  {STATUS}", f"  {STATUS}"]
    assert str(ContractViolated((STATUS,))).startswith("1 violation of the contract\n")


def test_contract_violated_survives_pickling():
    again = pickle.loads(pickle.dumps(ContractViolated((STATUS,))))  # noqa: S301 - our own bytes
    assert again.violations == (STATUS,)
