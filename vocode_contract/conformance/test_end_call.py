"""End Call: the requested call is returned and ends; no other call does."""

import pytest

from vocode_contract.conformance.assertions.responses import (
    assert_ended,
    assert_not_served,
    assert_status,
    assert_went_on,
    fail_with,
    require_body_taken,
    require_not_over,
)
from vocode_contract.conformance.scenario import late_steps, lists, more_steps, steps
from vocode_contract.conformance.scenario.scenario import ScenarioRunner
from vocode_contract.validation.lifecycle.call_life import FINAL, is_over

pytestmark = pytest.mark.vocode_operation("end_call")


@pytest.mark.vocode_operation("end_call", is_main=True)
def test_end_call_returns_the_call_and_ends_it(scenario: ScenarioRunner) -> None:
    answer = scenario.run(steps.end_subject)
    require_not_over(scenario, answer)
    assert_status(answer, 200)
    assert_ended(scenario.run(steps.wait_for_subject))


def test_end_call_ends_a_call_that_has_not_started(scenario: ScenarioRunner) -> None:
    answer = scenario.run(more_steps.end_of("not_started"))
    require_not_over(scenario, answer)
    assert_status(answer, 200)
    scenario.run(lists.list_before)
    assert_ended(scenario.run(more_steps.wait_for_not_started))


def test_end_call_twice_is_harmless(scenario: ScenarioRunner) -> None:
    before = scenario.run(steps.wait_for_subject)
    again = scenario.run(steps.end_subject_again)
    assert_status(again, 200, policy="ended-call")
    if before.call_status == "ended":
        assert_ended(scenario.run(steps.get_subject_again))


def test_end_call_does_not_change_a_call_that_failed(scenario: ScenarioRunner) -> None:
    answer = scenario.run(more_steps.end_of("error"))
    scenario.run(lists.list_before)
    assert_status(answer, 200, policy="ended-call")


def test_end_call_accepts_json_null_as_empty_body(scenario: ScenarioRunner) -> None:
    answer = scenario.run(late_steps.end_with_null)
    require_not_over(scenario, answer)
    require_body_taken(answer)
    assert_status(answer, 200)


def test_end_call_twice_at_the_same_time_is_harmless(scenario: ScenarioRunner) -> None:
    for answer in scenario.run(late_steps.end_twice_at_once):
        assert_status(answer, 200, policy="ended-call")
    assert_ended(scenario.run(late_steps.wait_after_race))


def test_end_call_ends_no_other_call(scenario: ScenarioRunner) -> None:
    before = scenario.shared.try_run(lists.list_before)
    bystander = scenario.run(steps.get_bystander_after_end)
    was_over_before = before is not None and is_over(before.item(bystander.call_id or ""))
    assert_went_on(scenario, bystander if was_over_before else None, bystander, "other-ended")


def test_end_call_with_two_ids_ends_at_most_one_call(scenario: ScenarioRunner) -> None:
    before = scenario.shared.try_run(more_steps.get_bystander_before_two_ids)
    scenario.run(more_steps.end_by_two_ids)
    first, second = scenario.run(more_steps.get_both_calls)
    was_over = before is None or before.call_status in FINAL
    if not was_over and first.is_valid and first.call_status == second.call_status == "ended":
        fail_with(first, "other-ended", "/status", expected="one call that goes on", actual="two ended calls")


def test_end_call_rejects_an_id_in_the_body(scenario: ScenarioRunner) -> None:
    assert_status(scenario.run(more_steps.end_by_body), 422)


def test_end_call_by_another_method_ends_nothing(scenario: ScenarioRunner) -> None:
    assert_not_served(scenario.run(more_steps.end_by_get), "method-taken")
    by_body = scenario.shared.try_run(more_steps.end_by_body)
    if by_body is None or not by_body.is_success:  # or that ended it
        before = scenario.shared.try_run(steps.get_bystander_after_refusals)
        assert_went_on(scenario, before, scenario.run(more_steps.get_bystander_before_two_ids), "method-taken")
