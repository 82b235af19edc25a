"""Get Call: reading a call finds it, changes nothing, and tells one life of it."""

import pytest

from vocode_contract.conformance import moments
from vocode_contract.conformance.claims import answered, is_as_asked, still_as_asked, times_stand
from vocode_contract.conformance.client import CheckedClient
from vocode_contract.conformance.story import Teller

pytestmark = pytest.mark.vocode_operation("get_call")


def test_get_call_answers_with_the_call(told: Teller) -> None:
    answered(told(moments.seen), 200)


def test_get_call_finds_a_call_that_is_over(told: Teller) -> None:
    answered(told(moments.seen_over), 200)


def test_get_call_still_finds_a_call_that_was_ended(told: Teller) -> None:
    answered(told(moments.seen_in_the_end), 200)


def test_get_call_tells_the_same_times_at_each_look(told: Teller) -> None:
    times_stand(told(moments.settled), told(moments.seen_in_the_end))


def test_get_call_agrees_with_the_list(told: Teller) -> None:
    told(moments.listed_before)
    told(moments.seen_over)


def test_call_stays_one_call_from_its_creation_to_its_end(told: Teller) -> None:
    told(moments.seen)
    answers = [told(moment) for moment in moments.LIFE if told.story.attempt(moment)]
    created = told.story.attempt(moments.created)
    request = told.story.calls.request(moments.SUBJECT)
    if created is None or created.call_id is None or not is_as_asked(created, request):
        return  # another test says so
    for answer in answers:
        if answer.operation.name != "list_calls":
            still_as_asked(answer, answer.members, request)
        still_as_asked(answer, answer.item(created.call_id), request)


def test_get_call_takes_an_id_in_upper_case(told: Teller) -> None:
    answered(told(moments.seen_in_capitals), 200)


def test_get_call_with_a_slash_too_many_is_served_or_refused_as_usual(api: CheckedClient, told: Teller) -> None:
    api.ask("get_call", {"id": moments.readable(told.story)}, suffix="/")
