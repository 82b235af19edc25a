"""What the suite sees only in the responses of a whole run: those of several operations about one call."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

pytest.importorskip("uvicorn")

from tests.support.suite_runs import collected_suite
from tests.support.waiting import Clock, one_clock
from vocode_contract.report.results import ResultCollector
from vocode_contract.simulator import Variant, simulator

pytestmark = pytest.mark.slow

TOKEN = "tok_0123456789"
DATE = "2024-08-27"
#: What depends on the machine's load, and on its clock.
_LOAD = {"slow", "clock-skew"}


Suite = Callable[..., ResultCollector]


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    """Run the suite against a simulator with some faults, on one clock with it."""
    clock = Clock(tick=0.001)
    with collected_suite(VOCODE_API_KEY=TOKEN) as runs, one_clock(clock):

        def run(*faults: str, variant: Variant | None = None) -> ResultCollector:
            start = partial(simulator, contract=DATE, token=TOKEN, clock=clock.now)
            with start(faults=faults, variant=variant or Variant()) as running:
                return runs.run(running.url, DATE, is_simulated=True, VOCODE_API_KEY=TOKEN)

        yield run


def found_by(tally: ResultCollector, test: str) -> set[tuple[str, str, str]]:
    """Return code, severity and operation of what a test has found."""
    return {
        (violation.code, violation.severity, violation.note)
        for violation, rows in tally.violations.items()
        if violation.code not in _LOAD and any(row.nodeid.endswith(f"::{test}") for row in rows)
    }


@pytest.mark.parametrize(
    ("fault", "code", "blamed"),
    [
        ("drop:/agent/voice/rate@get_call", "value-changed", "get_call"),
        ("foreign:/agent/voice/id@create_call", "value-changed", "create_call"),
        ("other:/items/*/on_no_human_answer@list_calls[page=2]", "value-changed", "list_calls"),
        ("off-by-one:/to_number@create_call[nth=3]", "number-changed", "create_call"),
    ],
)
def test_responses_that_disagree_about_a_fixed_value_are_found_and_the_wrong_one_is_named(suite, fault, code, blamed):
    found = found_by(suite(fault), "test_responses_agree_about_what_nothing_changes")
    assert found == {(code, "error", blamed)}


def test_option_that_a_response_leaves_out_although_it_is_not_the_default_is_found(suite):
    found = found_by(
        suite("drop:/hipaa_compliant@end_call"), "test_created_calls_have_the_requested_options_and_the_defaults"
    )
    assert found == {("not-as-asked", "error", "end_call")}


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        ("also-end-other@get_recording", "test_call_in_progress_is_found"),
        ("also-end-other@create_call[hipaa_compliant]", "test_get_call_returns_the_call"),
    ],
)
def test_call_that_a_request_for_another_has_ended_before_it_is_looked_at_is_found(suite, fault, test):
    found = found_by(suite(fault), test)
    assert found == {("other-ended", "error", "get_call")}


def test_request_with_other_options_that_creates_two_calls_is_found(suite):
    found = found_by(suite("twice@create_call[hipaa_compliant]"), "test_create_call_creates_one_call_for_each_request")
    assert found == {("created-twice", "error", "list_calls")}


def test_options_that_create_call_rejects_are_advice(suite):
    found = found_by(
        suite("fail=404@create_call[hipaa_compliant]"), "test_create_call_accepts_the_options_of_the_contract"
    )
    assert found == {("option-refused", "advice", "create_call")}


def test_get_call_that_goes_back_between_the_requests_of_two_tests_is_found(suite):
    found = found_by(suite("set:/status=not_started@get_call[again]"), "test_get_call_returns_no_call_as_it_was_before")
    assert ("status-went-back", "error", "") in found


def test_server_that_rejects_bodies_of_end_call_is_not_accused_and_its_calls_are_ended(suite):
    tally = suite(variant=Variant(odd_bodies=False))
    assert ({violation.code for violation in tally.violations} - _LOAD, tally.exit_code) == (set(), 0)
    assert [row.nodeid.rpartition("::")[2] for row in tally.rows if row.verdict == "no-call"] == [
        "test_end_call_accepts_json_null_as_empty_body"
    ]
    assert any(" 0 left" in remark for remark in tally.remarks)


@pytest.mark.parametrize(
    "fault",
    ["wrap:/status@get_call", "retype:/items/*/status=object@list_calls", "wrap:/items/*/id", "wrap:/total@list_calls"],
)
def test_value_of_another_type_is_reported_and_breaks_no_test(suite, fault):
    tally = suite(fault)
    assert "type" in {violation.code for violation in tally.violations}
    assert tally.count("broken") == 0
