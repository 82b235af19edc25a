"""Get Call: reading a call finds it, changes nothing, and is consistent over its life."""

import pytest

from vocode_contract.conformance.assertions.fixed_values import SETTLED, assert_fixed_values_stay
from vocode_contract.conformance.assertions.responses import (
    assert_ended_by_nobody,
    assert_same_times,
    assert_status,
    assert_still_as_requested,
    assert_times_fit,
    is_as_requested,
)
from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.scenario import lists, more_steps, steps
from vocode_contract.conformance.scenario.calls import SUBJECT
from vocode_contract.conformance.scenario.scenario import ScenarioRunner
from vocode_contract.contract.model import Contract

pytestmark = pytest.mark.vocode_operation("get_call")


def test_get_call_returns_the_call(scenario: ScenarioRunner) -> None:
    look = scenario.run(steps.get_subject)
    assert_status(look, 200)
    assert_ended_by_nobody(scenario, scenario.shared.try_run(steps.create_subject), look, SUBJECT)


def test_get_call_finds_a_call_that_is_over(scenario: ScenarioRunner) -> None:
    assert_status(scenario.run(more_steps.get_ended_call), 200)


def test_get_call_still_finds_a_call_that_was_ended(scenario: ScenarioRunner) -> None:
    assert_status(scenario.run(steps.get_subject_again), 200)


def test_get_call_returns_the_same_times_each_time(scenario: ScenarioRunner) -> None:
    assert_same_times(scenario.run(steps.wait_for_subject), scenario.run(steps.get_subject_again))


def test_get_call_returns_times_after_the_creation(scenario: ScenarioRunner) -> None:
    assert_times_fit(scenario.run(steps.create_subject), scenario.run(steps.wait_for_subject))


def test_get_call_agrees_with_the_list(scenario: ScenarioRunner) -> None:
    page = scenario.run(lists.list_before)
    for answer in scenario.run(more_steps.get_call_of_each_shape):
        assert_status(answer, 200)
        assert_fixed_values_stay((page, answer), {}, settled=("transcript", *SETTLED))


def test_call_stays_the_same_call_from_creation_to_end(scenario: ScenarioRunner, vocode_contract: Contract) -> None:
    scenario.run(steps.get_subject)
    answers = [scenario.run(step) for step in steps.LIFE if scenario.shared.try_run(step)]
    listed = scenario.run(steps.list_after_end) if scenario.shared.try_run(steps.list_after_end) else ()
    created = scenario.shared.try_run(steps.create_subject)
    request = scenario.shared.calls.request(SUBJECT)
    if created is None or created.call_id is None or not is_as_requested(created, request, vocode_contract):
        return  # another test says so
    for answer in answers:
        assert_still_as_requested(answer, answer.members, request, vocode_contract)
    for page in listed:
        assert_still_as_requested(page, page.item(created.call_id), request, vocode_contract)


def test_get_call_with_a_trailing_slash_is_served_or_rejected_consistently(
    api: CheckedClient, scenario: ScenarioRunner
) -> None:
    api.send("get_call", {"id": steps.readable_call(scenario.shared)}, suffix="/")
