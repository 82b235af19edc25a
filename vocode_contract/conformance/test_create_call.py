"""Create Call: the call that was asked for is there, once."""

import pytest

from vocode_contract.conformance.assertions import pages
from vocode_contract.conformance.assertions.responses import answered, as_asked, new, not_served, violated
from vocode_contract.conformance.scenario import lists, more_steps, steps
from vocode_contract.conformance.scenario.scenario import Teller
from vocode_contract.http.client.created_calls import MARK

pytestmark = pytest.mark.vocode_operation("create_call")


def test_create_call_answers_with_the_call_that_was_asked_for(told: Teller) -> None:
    answer = told(steps.created)
    answered(answer, 200)
    before = told.story.attempt(lists.listed_before)
    if before is None or answer.call_id not in before.item_ids:
        as_asked(answer, told.story.calls.request(steps.SUBJECT))


def test_create_call_creates_a_new_call_each_time(told: Teller) -> None:
    first, second = told(steps.created), told(steps.bystander_created)
    before = told.story.attempt(lists.listed_before)
    known = before.item_ids if before else ()
    new(first, known)
    new(second, (*known, *filter(None, [first.call_id])))


def test_create_call_creates_one_call_at_a_request(told: Teller) -> None:
    told(steps.created)
    mark = told.story.calls.request(steps.SUBJECT)["context"][MARK]
    pages.marked(told(steps.listed), mark, most=1, code="created-twice")


def test_created_call_is_found(told: Teller) -> None:
    answered(told(steps.created), 200)
    answer, other = told(steps.seen), told.story.attempt(more_steps.seen_over)
    if answer.status == 404 and other is not None and other.status == 200:
        violated(answer, "created-lost", expected="the created call", actual="404")


def test_create_call_creates_nothing_by_another_method(told: Teller) -> None:
    not_served(told(steps.create_by_put), "method-taken")
    mark = told.story.calls.request("put")["context"][MARK]
    pages.marked(told(steps.listed), mark, most=0, code="method-taken")


def test_create_call_refuses_an_empty_request(told: Teller) -> None:
    answered(told(steps.created_from_nothing), 422)
