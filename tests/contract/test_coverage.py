"""Coverage of the contract by payloads, and the payloads that reach all of it."""

import copy

import pytest

from vocode_contract.contract.coverage import Coverage, Part, parts_of
from vocode_contract.contract.covering_set import covering_set
from vocode_contract.contract.model import PROFILES, Contract, dates
from vocode_contract.validation.validator import Validator

CALL = "/components/schemas/Call"
STATUS = "/components/schemas/CallStatus"


def example() -> dict[str, object]:
    return copy.deepcopy(Contract.load().schemas["Call"]["examples"][0])


def touched(instance: object, name: str = "Call") -> set[Part]:
    coverage = Coverage(Contract.load(), (name,))
    coverage.add(instance, name)
    return coverage.touched


def test_coverage_counts_an_enumerated_value():
    assert Part(STATUS, "value", "error") in touched(example() | {"status": "error"})


def test_coverage_does_not_count_a_value_that_came_not():
    assert Part(STATUS, "value", "error") not in touched(example() | {"status": "ended"})


@pytest.mark.parametrize(
    ("change", "state"), [({"error_message": None}, "null"), ({"error_message": "busy"}, "present")]
)
def test_coverage_tells_the_states_of_a_property_apart(change, state):
    states = {part.case for part in touched(example() | change) if part.pointer == f"{CALL}/properties/error_message"}
    assert states == {state}


def test_coverage_counts_an_absent_property():
    call = example()
    call.pop("error_message", None)
    assert Part(f"{CALL}/properties/error_message", "property", "absent") in touched(call)


def test_coverage_counts_event_types():
    event = {"type": "event_recording", "call_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a"}
    assert Part("/components/schemas/WebhookEvent", "branch", "event_recording") in touched(event, "WebhookEvent")


def test_coverage_counts_a_documented_status():
    contract = Contract.load()
    coverage = Coverage(contract, (), operations=("end_call",))
    coverage.add_status("end_call", 422)
    coverage.add_status("end_call", 500)
    assert coverage.ratio == 0.5
    assert [part.case for part in coverage.missing] == ["200"]


@pytest.mark.parametrize("instance", [None, 1, [], {}, {"status": 5, "agent": []}, {"agent": {"voice": {"type": []}}}])
def test_coverage_takes_any_value(instance):
    assert touched(instance) <= parts_of(Contract.load(), "Call")


def test_coverage_sums():
    contract = Contract.load()
    first, second = Coverage(contract), Coverage(contract)
    first.add(example() | {"status": "ended"})
    second.add_rows(first.to_rows())
    assert (first | second).touched == first.touched == second.touched


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("date", dates())
def test_covering_set_reaches_everything_and_conforms(date, profile):
    contract = Contract.load(date, profile=profile)
    for name in contract.schemas:
        payloads = covering_set(contract, name)
        coverage = Coverage(contract, (name,))
        for payload in payloads:
            coverage.add(payload, name)
            assert list(Validator(contract, name).violations(payload)) == []
        assert coverage.missing == ()


def test_covering_set_is_the_same_each_time():
    contract = Contract.load()
    assert covering_set(contract) == covering_set(contract)


def test_covering_set_gives_each_call_one_owner():
    def owners(value: object) -> set[object]:
        if isinstance(value, list):
            return {owner for item in value for owner in owners(item)}
        if not isinstance(value, dict):
            return set()
        return {value["user_id"]} | owners([*value.values()]) if "user_id" in value else owners([*value.values()])

    assert all(len(owners(call)) == 1 for call in covering_set(Contract.load()))
