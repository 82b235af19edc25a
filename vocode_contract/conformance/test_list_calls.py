"""List Calls: pages are what was asked for, and together hold every call once."""

import pytest

from vocode_contract.conformance.assertions import pages
from vocode_contract.conformance.assertions.responses import answered
from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.scenario import lists, steps
from vocode_contract.conformance.scenario.scenario import Teller
from vocode_contract.contract.model import Contract

pytestmark = pytest.mark.vocode_operation("list_calls")


def test_list_calls_answers_with_a_page(told: Teller) -> None:
    answered(told(lists.listed_before), 200)


def test_list_calls_obeys_page_and_size(told: Teller) -> None:
    _, first, second = told(steps.leaves)
    pages.numbered(first, number=1)
    pages.numbered(second, number=2)
    pages.turned(first, second)


def test_list_calls_answers_with_the_first_ten_unless_told(told: Teller) -> None:
    page = told(lists.listed_by_default)
    answered(page, 200)
    pages.numbered(page, number=1, size=10)


def test_list_calls_fills_a_page_before_it_begins_another(told: Teller) -> None:
    pages.filled(*told(steps.leaves))


def test_list_calls_says_rightly_whether_more_follow(told: Teller) -> None:
    pages.announced(*told(steps.leaves), beyond=told(lists.leaf_beyond))


def test_list_calls_holds_every_call_once(told: Teller) -> None:
    told.story.attempt(steps.seen)
    page = told(steps.listed)
    pages.whole(page, told.story.calls.found(steps.SUBJECT, steps.BYSTANDER))


def test_list_calls_counts_its_calls(told: Teller) -> None:
    pages.counted(told(steps.listed))
    pages.counted_alike(*told(steps.leaves))


def test_list_calls_comes_in_the_order_asked_for(told: Teller, vocode_contract: Contract) -> None:
    if not any(parameter.name == "sort_column" for parameter in vocode_contract.operations["list_calls"].parameters):
        pytest.skip("the contract of this date knows no order of the list")
    page = told(lists.listed_in_order)
    if page.status == 422:
        pytest.skip("the server does not sort by the number called, and no document lists what it sorts by")
    answered(page, 200)
    pages.ascending(page, "to_number")


def test_list_calls_refuses_a_page_that_is_no_number(api: CheckedClient) -> None:
    answered(api.ask("list_calls", {"page": "first"}), 422)
