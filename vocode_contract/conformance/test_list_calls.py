"""List Calls: pages are as requested, and together hold every call once."""

import pytest

from vocode_contract.conformance.assertions import pages
from vocode_contract.conformance.assertions.responses import assert_status
from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.scenario import late_steps, lists, steps
from vocode_contract.conformance.scenario.calls import BYSTANDER, SUBJECT
from vocode_contract.conformance.scenario.scenario import ScenarioRunner
from vocode_contract.contract.model import Contract

pytestmark = pytest.mark.vocode_operation("list_calls")


@pytest.fixture
def sorting(vocode_contract: Contract) -> None:
    """Skip a test if the contract of this date has no sorting."""
    if not lists.has_sorting(vocode_contract):
        pytest.skip("the contract of this date has no sorting")


def test_list_calls_returns_a_page(scenario: ScenarioRunner) -> None:
    assert_status(scenario.run(lists.list_before), 200)


def test_list_calls_respects_page_and_size(scenario: ScenarioRunner) -> None:
    _, first, second = scenario.run(late_steps.list_two_pages)
    pages.assert_numbered(first, number=1)
    pages.assert_numbered(second, number=2)
    pages.assert_turned(first, second)


def test_list_calls_returns_the_first_ten_calls_by_default(scenario: ScenarioRunner) -> None:
    page = scenario.run(lists.list_by_default)
    assert_status(page, 200)
    pages.assert_numbered(page, number=1, size=10)


def test_list_calls_fills_each_page_before_the_next(scenario: ScenarioRunner) -> None:
    pages.assert_filled(*scenario.run(late_steps.list_two_pages))


def test_list_calls_reports_correctly_whether_more_pages_follow(scenario: ScenarioRunner) -> None:
    pages.assert_has_more(*scenario.run(late_steps.list_two_pages), beyond=scenario.run(lists.list_page_beyond_end))


def test_list_calls_contains_every_call_once(scenario: ScenarioRunner) -> None:
    scenario.shared.try_run(steps.get_subject)
    after_end = scenario.run(steps.list_after_end)
    pages.assert_lists_known(scenario, after_end, scenario.shared.calls.created_ids(SUBJECT, BYSTANDER))
    whole = scenario.run(late_steps.list_at_the_end)
    pages.assert_lists_known(scenario, whole, scenario.shared.calls.created_ids())


def test_list_calls_continues_behind_the_second_page(scenario: ScenarioRunner) -> None:
    scenario.run(late_steps.list_at_the_end)
    for step in (late_steps.list_later_page, late_steps.list_full_page):
        if scenario.shared.try_run(step):
            pages.assert_agrees(scenario.run(step))


def test_list_calls_contains_only_calls_of_one_user(scenario: ScenarioRunner) -> None:
    created = scenario.shared.try_run(steps.create_subject)
    pages.assert_one_owner(
        scenario.run(late_steps.list_at_the_end), created.members.get("user_id") if created else None
    )


def test_list_calls_reports_the_right_total(scenario: ScenarioRunner) -> None:
    pages.assert_total(scenario.run(late_steps.list_at_the_end))
    pages.assert_same_total(*scenario.run(late_steps.list_two_pages))


@pytest.mark.usefixtures("sorting")
def test_list_calls_sorts_as_requested(scenario: ScenarioRunner) -> None:
    if scenario.shared.try_run(late_steps.list_sorted_both_ways):
        whole, up, *down = scenario.run(late_steps.list_sorted_both_ways)
        pages.assert_same_calls(whole, *down)
        pages.assert_sorted_both_ways(up, tuple(down), "status")
        return
    page = scenario.run(lists.list_sorted)
    if page.status == 422:
        pytest.skip("the server does not sort by the number called, and no document states the columns")
    assert_status(page, 200)
    pages.assert_ascending(page, "to_number")


def test_list_calls_rejects_a_page_that_is_not_a_number(api: CheckedClient) -> None:
    assert_status(api.send("list_calls", {"page": "first"}), 422)


@pytest.mark.parametrize("case", lists.ODD_PAGES)
def test_list_calls_rejects_or_corrects_a_page_that_no_list_has(
    api: CheckedClient, scenario: ScenarioRunner, case: str
) -> None:
    if case == "huge_size":
        steps.require_loopback(scenario.shared, "list_calls", "a long list would be sent at once")
    page = api.send("list_calls", lists.ODD_PAGES[case])
    if page.status != 200:
        assert_status(page, 422, policy="page-bounds")
