"""Create Call: the requested call exists, once."""

import pytest

from vocode_contract.conformance.assertions import pages
from vocode_contract.conformance.assertions.responses import (
    assert_as_requested,
    assert_new,
    assert_not_served,
    assert_status,
    fail_with,
    require_created,
    require_wanted,
)
from vocode_contract.conformance.scenario import lists, more_steps, steps
from vocode_contract.conformance.scenario.calls import BY_PUT, SUBJECT
from vocode_contract.conformance.scenario.scenario import ScenarioRunner
from vocode_contract.contract.model import Contract
from vocode_contract.http.client.created_calls import MARK

pytestmark = pytest.mark.vocode_operation("create_call")


def test_create_call_returns_the_requested_call(scenario: ScenarioRunner, vocode_contract: Contract) -> None:
    answer = scenario.run(steps.create_subject)
    require_wanted(answer)
    assert_status(answer, 200)
    before = scenario.shared.try_run(lists.list_before)
    if before is None or answer.call_id not in before.item_ids:
        assert_as_requested(answer, scenario.shared.calls.request(SUBJECT), vocode_contract)


def test_create_call_creates_a_new_call_each_time(scenario: ScenarioRunner) -> None:
    first, second = scenario.run(steps.create_subject), scenario.run(steps.create_bystander)
    before = scenario.shared.try_run(lists.list_before)
    known = before.item_ids if before else ()
    assert_new(first, known)
    assert_new(second, (*known, *filter(None, [first.call_id])))
    require_created(first, second)


def test_create_call_creates_one_call_per_request(scenario: ScenarioRunner) -> None:
    created = scenario.run(steps.create_subject)
    mark = scenario.shared.calls.request(SUBJECT)["context"][MARK]
    pages.assert_marked(scenario.run(steps.list_after_end), mark, most=1, code="created-twice")
    require_created(created)


def test_created_call_is_found_by_its_id(scenario: ScenarioRunner) -> None:
    created = scenario.run(steps.create_subject)
    require_wanted(created)
    assert_status(created, 200)
    answer, other = scenario.run(steps.get_subject), scenario.shared.try_run(more_steps.get_ended_call)
    if answer.status == 404 and other is not None and other.status == 200:
        fail_with(answer, "created-lost", expected="the created call", actual="404")


def test_create_call_by_another_method_creates_nothing(scenario: ScenarioRunner) -> None:
    assert_not_served(scenario.run(steps.create_by_put), "method-taken")
    mark = scenario.shared.calls.request(BY_PUT)["context"][MARK]
    pages.assert_marked(scenario.run(steps.list_after_end), mark, most=0, code="method-taken")


def test_create_call_rejects_an_empty_request(scenario: ScenarioRunner) -> None:
    assert_status(scenario.run(steps.create_without_fields), 422)
