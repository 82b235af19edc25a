"""What takes time, or is seen only when the run is nearly over."""

import pytest

from vocode_contract.conformance.assertions import pages
from vocode_contract.conformance.assertions.fixed_values import assert_fixed_values_stay, list_requested
from vocode_contract.conformance.assertions.responses import (
    assert_as_requested,
    assert_ended,
    assert_ended_by_nobody,
    assert_status,
    assert_still_as_requested,
    assert_went_on,
    fail_with,
    require_body_taken,
    require_in_progress,
    require_not_over,
)
from vocode_contract.conformance.scenario import late_steps, more_steps, steps
from vocode_contract.conformance.scenario.calls import SECOND, TALKING
from vocode_contract.conformance.scenario.lists import find_item
from vocode_contract.conformance.scenario.scenario import ScenarioRunner
from vocode_contract.contract.model import Contract
from vocode_contract.http.client.created_calls import MARK
from vocode_contract.validation.scalars import uuid_of


@pytest.mark.vocode_operation("get_call")
def test_call_in_progress_is_found(scenario: ScenarioRunner) -> None:
    created, look = scenario.run(steps.create_talking), scenario.run(late_steps.wait_for_talking)
    assert_status(look, 200)
    assert_ended_by_nobody(scenario, created, look, TALKING)
    require_in_progress(look)


@pytest.mark.vocode_operation("end_call")
def test_end_call_accepts_an_empty_form_and_ends_a_call_in_progress(scenario: ScenarioRunner) -> None:
    if scenario.shared.try_run(late_steps.wait_for_talking):
        scenario.run(late_steps.wait_for_talking)
    answer = scenario.run(late_steps.end_talking)
    require_not_over(scenario, answer)
    assert_status(answer, 200)
    assert_ended(scenario.run(late_steps.wait_after_talking))
    require_body_taken(answer)


@pytest.mark.vocode_operation("end_call")
def test_end_call_ends_no_other_call_in_progress(scenario: ScenarioRunner) -> None:
    before = scenario.shared.try_run(more_steps.get_both_calls)
    after = scenario.run(late_steps.get_second_after_talking)
    assert_went_on(scenario, before[-1] if before else None, after, "other-ended", role=SECOND)


@pytest.mark.vocode_operation("create_call")
def test_created_calls_have_the_requested_options_and_the_defaults(
    scenario: ScenarioRunner, vocode_contract: Contract
) -> None:
    scenario.run(steps.create_talking)
    late_steps.finish(scenario.shared)
    for request, created in late_steps.list_created_calls(scenario.shared):
        assert_as_requested(created, request, vocode_contract)
        for answer in late_steps.list_looks(scenario.shared, created.call_id):
            assert_still_as_requested(answer, answer.members, request, vocode_contract)


@pytest.mark.vocode_operation("create_call")
def test_create_call_accepts_the_options_of_the_contract(scenario: ScenarioRunner) -> None:
    scenario.run(steps.create_talking)
    late_steps.finish(scenario.shared)
    for answer in scenario.shared.calls.refused:
        expected = "200, as without the options"
        fail_with(answer, "option-refused", expected=expected, actual=str(answer.status))


@pytest.mark.vocode_operation("create_call")
def test_create_call_creates_one_call_for_each_request(scenario: ScenarioRunner) -> None:
    scenario.run(steps.create_talking)
    whole = scenario.run(late_steps.list_at_the_end)
    for request, _ in late_steps.list_created_calls(scenario.shared):
        pages.assert_marked(whole, request["context"][MARK], most=1, code="created-twice")


@pytest.mark.vocode_operation("list_calls")
def test_listed_calls_have_the_requested_options_and_the_defaults(
    scenario: ScenarioRunner, vocode_contract: Contract
) -> None:
    whole = scenario.run(late_steps.list_at_the_end)
    for request, answer in late_steps.list_created_calls(scenario.shared):
        page, call = find_item(whole, answer.call_id)
        assert_still_as_requested(page, call, request, vocode_contract)


@pytest.mark.vocode_operation("get_call")
def test_get_call_returns_no_call_as_it_was_before(scenario: ScenarioRunner) -> None:
    late_steps.finish(scenario.shared)
    scenario.look_back("get_call")


@pytest.mark.vocode_operation("get_call")
def test_responses_agree_about_what_nothing_changes(scenario: ScenarioRunner, vocode_contract: Contract) -> None:
    scenario.run(steps.create_subject)
    late_steps.finish(scenario.shared)
    own = {
        str(uuid_of(answer.call_id)): (answer, list_requested(vocode_contract, request))
        for request, answer in late_steps.list_created_calls(scenario.shared)
    }
    assert_fixed_values_stay(scenario.shared.answers, own)


@pytest.mark.vocode_operation("get_call")
def test_get_call_accepts_an_id_in_upper_case(scenario: ScenarioRunner) -> None:
    assert_status(scenario.run(late_steps.wait_after_talking), 200)


@pytest.mark.vocode_operation("end_call")
def test_ended_calls_stay_ended(scenario: ScenarioRunner) -> None:
    for step in late_steps.ENDS:
        if scenario.shared.try_run(step):
            scenario.run(step)
    scenario.run(late_steps.list_at_the_end)
