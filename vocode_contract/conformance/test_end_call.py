"""End Call: the call that was asked for comes back, and ends; no other does."""

import pytest

from vocode_contract.conformance.assertions.responses import answered, ended, not_served, violated, was_over, went_on
from vocode_contract.conformance.scenario import lists, more_steps, steps
from vocode_contract.conformance.scenario.scenario import Teller
from vocode_contract.validation.lifecycle.history import FINAL

pytestmark = pytest.mark.vocode_operation("end_call")

each_form_of_no_body = pytest.mark.parametrize(
    ("media_type", "body"),
    [
        pytest.param("application/x-www-form-urlencoded", b"", id="empty_form"),
        pytest.param("application/json", b"null", id="json_null"),
    ],
)


def test_end_call_answers_with_the_call_and_ends_it(told: Teller) -> None:
    answer = told(steps.ended)
    if answer.status in answer.policies.statuses("ended-call"):
        was_over(told)
    answered(answer, 200)
    ended(told(steps.settled))


def test_end_call_ends_a_call_that_has_not_started(told: Teller) -> None:
    answered(told(more_steps.end_of("not_started")), 200)
    told(lists.listed_before)
    ended(told(more_steps.settled_from_not_started))


def test_end_call_twice_does_no_harm(told: Teller) -> None:
    before = told(steps.settled)
    again = told(steps.ended_again)
    answered(again, 200, policy="ended-call")
    if before.call_status == "ended":
        ended(told(steps.seen_in_the_end))


@pytest.mark.parametrize("state", ["ended", "error"])
def test_end_call_leaves_a_call_that_is_over_as_it_was(told: Teller, state: str) -> None:
    answer = told(more_steps.end_of(state))
    told(lists.listed_before)
    answered(answer, 200, policy="ended-call")


def test_end_call_twice_at_once_ends_the_call_once(told: Teller) -> None:
    for answer in told(more_steps.raced):
        answered(answer, 200, policy="ended-call")
    ended(told(more_steps.settled_after_race))


@each_form_of_no_body
def test_end_call_takes_every_form_of_no_body(told: Teller, media_type: str, body: bytes) -> None:
    answered(told(more_steps.end_with(media_type, body)), 200)


def test_end_call_ends_no_other_call(told: Teller) -> None:
    before = told.story.attempt(lists.listed_before)
    bystander = told(steps.bystander_after_the_end)
    was_over_before = before is not None and before.item(bystander.call_id or "").get("status") in FINAL
    went_on(told, bystander if was_over_before else None, bystander, "other-ended")


def test_end_call_with_two_ids_ends_one_call_at_most(told: Teller) -> None:
    before = told.story.attempt(more_steps.bystander_before_two_ids)
    told(more_steps.ended_by_two_ids)
    first, second = told(more_steps.both_of_two_ids)
    was_over = before is None or before.call_status in FINAL
    if not was_over and first.is_sound and first.call_status == second.call_status == "ended":
        violated(first, "other-ended", "/status", expected="one call that goes on", actual="two ended calls")


def test_end_call_does_not_take_an_id_from_the_body(told: Teller) -> None:
    answered(told(more_steps.end_by_body), 422)


def test_end_call_ends_nothing_by_another_method(told: Teller) -> None:
    not_served(told(more_steps.end_by_get), "method-taken")
    by_body = told.story.attempt(more_steps.end_by_body)
    if by_body is None or not 200 <= by_body.status < 300:  # or that ended it
        before = told.story.attempt(steps.bystander_after_refusals)
        went_on(told, before, told(more_steps.bystander_before_two_ids), "method-taken")
