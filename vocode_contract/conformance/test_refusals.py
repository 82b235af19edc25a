"""Requests without valid authentication: rejected, and without effect."""

import os

import pytest

from vocode_contract.conformance.assertions import pages
from vocode_contract.conformance.assertions.responses import assert_no_call, assert_refused, assert_went_on
from vocode_contract.conformance.scenario import steps
from vocode_contract.conformance.scenario.calls import REFUSED
from vocode_contract.conformance.scenario.scenario import ScenarioRunner
from vocode_contract.http.client.created_calls import MARK
from vocode_contract.http.client.request import OTHER_TOKEN_VARIABLE, Credentials
from vocode_contract.validation.masking import Secret

each_operation = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=name, marks=pytest.mark.vocode_operation(name))
        for name in ("create_call", "end_call", "get_call", "get_recording", "list_calls")
    ],
)
each_way = pytest.mark.parametrize("way", list(steps.WAYS))


@each_operation
@each_way
def test_unauthenticated_request_is_rejected(scenario: ScenarioRunner, name: str, way: str) -> None:
    answer = scenario.run(steps.unauthenticated_request(name, way))
    exists = name != "end_call" or scenario.shared.calls.is_here
    assert_refused(answer, only_authentication=exists)


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
    page = scenario.run(steps.list_after_end)
    if _all_refused(scenario, "create_call"):
        pages.assert_marked(page, mark, most=0, code="refusal-ignored")


@pytest.mark.vocode_operation("get_call")
@pytest.mark.parametrize("name", ["get_call", "get_recording"])
def test_token_of_another_user_cannot_read_the_call(scenario: ScenarioRunner, name: str) -> None:
    token = os.environ.get(OTHER_TOKEN_VARIABLE)
    if not token:
        pytest.skip(f"needs the token of another user in {OTHER_TOKEN_VARIABLE}")
    assert_no_call(scenario.run(steps.request_with(name, Credentials(token=Secret(token)))))


def _all_refused(scenario: ScenarioRunner, name: str) -> bool:
    """Return whether nothing was served, which would be a violation of its own."""
    answers = [scenario.shared.try_run(steps.unauthenticated_request(name, way)) for way in steps.WAYS]
    return not any(answer and answer.is_success for answer in answers)
