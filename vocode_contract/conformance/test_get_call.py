"""Get Call: reading a call finds it, changes nothing, and is consistent over its life."""

import pytest

from vocode_contract.conformance.assertions.responses import (
    assert_same_times,
    assert_status,
    assert_still_as_requested,
    is_as_requested,
)
from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.scenario import lists, more_steps, steps
from vocode_contract.conformance.scenario.scenario import ScenarioRunner

pytestmark = pytest.mark.vocode_operation("get_call")


def test_get_call_returns_the_call(scenario: ScenarioRunner) -> None:
    assert_status(scenario.run(steps.get_subject), 200)


def test_get_call_finds_a_call_that_is_over(scenario: ScenarioRunner) -> None:
    assert_status(scenario.run(more_steps.get_ended_call), 200)


def test_get_call_still_finds_a_call_that_was_ended(scenario: ScenarioRunner) -> None:
    assert_status(scenario.run(steps.get_subject_again), 200)


def test_get_call_returns_the_same_times_each_time(scenario: ScenarioRunner) -> None:
    assert_same_times(scenario.run(steps.wait_for_subject), scenario.run(steps.get_subject_again))


def test_get_call_agrees_with_the_list(scenario: ScenarioRunner) -> None:
    scenario.run(lists.list_before)
    scenario.run(more_steps.get_ended_call)


def test_call_stays_the_same_call_from_creation_to_end(scenario: ScenarioRunner) -> None:
    scenario.run(steps.get_subject)
    answers = [scenario.run(step) for step in steps.LIFE if scenario.shared.try_run(step)]
    created = scenario.shared.try_run(steps.create_subject)
    request = scenario.shared.calls.request(steps.SUBJECT)
    if created is None or created.call_id is None or not is_as_requested(created, request):
        return  # another test says so
    for answer in answers:
        if answer.operation.name != "list_calls":
            assert_still_as_requested(answer, answer.members, request)
        assert_still_as_requested(answer, answer.item(created.call_id), request)


def test_get_call_accepts_an_id_in_upper_case(scenario: ScenarioRunner) -> None:
    assert_status(scenario.run(steps.get_call_by_upper_case_id), 200)


def test_get_call_with_a_trailing_slash_is_served_or_rejected_consistently(
    api: CheckedClient, scenario: ScenarioRunner
) -> None:
    api.send("get_call", {"id": steps.readable_call(scenario.shared)}, suffix="/")
