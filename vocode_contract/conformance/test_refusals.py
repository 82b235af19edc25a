"""Requests without valid authentication: rejected, and without effect."""

import os

import pytest

from vocode_contract.conformance.assertions import pages
from vocode_contract.conformance.assertions.responses import (
    assert_no_call,
    assert_refused,
    assert_went_on,
    fail_with,
)
from vocode_contract.conformance.scenario import late_steps, lists, more_steps, steps
from vocode_contract.conformance.scenario.calls import REFUSED
from vocode_contract.conformance.scenario.scenario import ScenarioRunner
from vocode_contract.http.client.authentication import OTHER_TOKEN_VARIABLE
from vocode_contract.http.client.created_calls import MARK

each_way = pytest.mark.parametrize(
    ("way", "name"),
    [
        pytest.param(way, name, id=f"{way}-{name}", marks=pytest.mark.vocode_operation(name))
        for name, ways in steps.WAYS.items()
        for way in ways
    ],
)


@each_way
def test_unauthenticated_request_is_rejected(scenario: ScenarioRunner, way: str, name: str) -> None:
    answer = scenario.run(steps.unauthenticated_request(name, way))
    exists = name != "end_call" or scenario.shared.calls.is_here
    assert_refused(answer, only_authentication=exists)


@pytest.mark.vocode_operation("list_calls")
def test_scheme_is_accepted_in_lower_case(scenario: ScenarioRunner) -> None:
    answer = scenario.run(steps.list_by_lower_case_scheme)
    if answer.status in answer.policies.statuses("authentication"):
        fail_with(answer, "scheme-case", expected="the scheme in any case", actual=str(answer.status))


@pytest.mark.vocode_operation("end_call")
def test_rejected_end_request_ends_nothing(scenario: ScenarioRunner) -> None:
    before, after = (
        scenario.shared.try_run(steps.get_bystander_after_end),
        scenario.run(steps.get_bystander_after_refusals),
    )
    if _all_refused(scenario, "end_call"):
        assert_went_on(scenario, before, after, "refusal-ignored")


@pytest.mark.vocode_operation("create_call")
def test_rejected_create_request_creates_nothing(scenario: ScenarioRunner) -> None:
    mark = scenario.shared.calls.request(REFUSED)["context"][MARK]
    listed = scenario.run(steps.list_after_end)
    if _all_refused(scenario, "create_call"):
        pages.assert_marked(listed, mark, most=0, code="refusal-ignored")


@pytest.fixture
def other_user() -> None:
    """Skip a test if there is no token of another user; the variable is read when the test runs."""
    if not os.environ.get(OTHER_TOKEN_VARIABLE):
        pytest.skip(f"needs the token of another user in {OTHER_TOKEN_VARIABLE}")


with_other_user = pytest.mark.usefixtures("other_user")


@with_other_user
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.vocode_operation(name)) for name in ("get_call", "get_recording")],
)
def test_token_of_another_user_cannot_read_the_call(scenario: ScenarioRunner, name: str) -> None:
    assert_no_call(scenario.run(steps.request_with(name, more_steps.other_user())))


@with_other_user
@pytest.mark.vocode_operation("end_call")
def test_token_of_another_user_cannot_end_the_call(scenario: ScenarioRunner) -> None:
    before = scenario.shared.try_run(more_steps.get_bystander_before_two_ids)
    answer, after = scenario.run(more_steps.end_as_other_user)
    assert_no_call(answer)
    assert_went_on(scenario, before, after, "refusal-ignored")


@with_other_user
@pytest.mark.vocode_operation("list_calls")
def test_token_of_another_user_lists_other_calls(scenario: ScenarioRunner) -> None:
    page = scenario.run(steps.request_with("list_calls", more_steps.other_user()))
    before = scenario.shared.try_run(lists.list_before)
    own = (*scenario.shared.calls.created_ids(), *(before.item_ids if before else ()))
    pages.assert_no_foreign_call(page, own)


@with_other_user
@pytest.mark.vocode_operation("create_call")
def test_call_of_another_user_is_not_in_the_list(scenario: ScenarioRunner) -> None:
    created = scenario.run(more_steps.create_as_other_user)
    for page in scenario.run(late_steps.list_at_the_end):
        pages.assert_no_foreign_call(page, filter(None, [created.call_id]))


def _all_refused(scenario: ScenarioRunner, name: str) -> bool:
    """Return whether nothing was served, which would be a violation of its own."""
    answers = [scenario.shared.try_run(steps.unauthenticated_request(name, way)) for way in steps.WAYS[name]]
    return not any(answer and answer.is_success for answer in answers)
