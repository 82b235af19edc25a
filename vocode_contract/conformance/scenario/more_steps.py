"""The steps of the suite's scenario: what is asked for, in which order, about which call.

The *subject* is a call that is created and ended; the *bystander* is one that nobody asks to end.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

from vocode_contract.conformance.scenario.calls import UNKNOWN_ID
from vocode_contract.conformance.scenario.scenario import Story
from vocode_contract.conformance.scenario.steps import (
    BYSTANDER,
    _in_state,
    _listed_as,
    _look,
    _only_here,
    _settled,
    bystander_after_refusals,
    recorded,
)
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.validation.lifecycle.history import FINAL


def end_by_get(story: Story) -> CheckedExchange:
    """Ask for the end of the bystander by GET."""
    _only_here(story, "end_call", "another method might be taken")
    story.attempt(bystander_after_refusals)
    return story.ask("end_call", {"id": story.calls.living(BYSTANDER)}, method="GET")


def end_by_body(story: Story) -> CheckedExchange:
    """Ask for the end of the bystander by an id in the body, where the contract has none."""
    story.attempt(end_by_get)
    identifier = story.calls.living(BYSTANDER) if story.calls.is_here else UNKNOWN_ID
    return story.ask("end_call", json={"id": identifier})


def bystander_before_two_ids(story: Story) -> CheckedExchange:
    """Look at the bystander once it was to be ended by GET, and by an id in a body."""
    story.attempt(end_by_body)
    return _look(story)


def ended_by_two_ids(story: Story) -> CheckedExchange:
    """End a call by a query that names the bystander as well."""
    story.attempt(bystander_before_two_ids)
    _only_here(story, "end_call", "two calls may be ended")
    names = [("id", story.calls.living(BYSTANDER)), ("id", story.calls.living("second of two ids"))]
    return story.ask("end_call", names)


def both_of_two_ids(story: Story) -> tuple[CheckedExchange, ...]:
    """Look at both calls that one query named."""
    story.tell(ended_by_two_ids)
    both = (BYSTANDER, "second of two ids")
    return tuple(story.ask("get_call", {"id": story.calls.living(role)}) for role in both)


# --- calls in other states ---


@cache
def end_of(state: str) -> Callable[[Story], CheckedExchange]:
    """Return the step in which a listed call of a state is ended."""

    def end(story: Story) -> CheckedExchange:
        return story.ask("end_call", {"id": _in_state(story, state)})

    return end


def settled_from_not_started(story: Story) -> CheckedExchange:
    """Look at the call that had not started until it is over."""
    story.tell(end_of("not_started"))
    return _settled(story, _in_state(story, "not_started"))


def seen_over(story: Story) -> CheckedExchange:
    """Look at a call that had ended before the scenario began."""
    return story.ask("get_call", {"id": _listed_as(story, "ended")})


# --- recordings ---


def recording_there(story: Story) -> CheckedExchange:
    """Ask for a recording that is said to be available."""
    return story.ask("get_recording", {"id": recorded(story, available=True)})


def recording_not_there(story: Story) -> CheckedExchange:
    """Ask for a recording that is said not to be available.

    Raises:
        Inconclusive: It came, and by now the call says that it is available.
    """
    call = recorded(story, available=False)
    answer = story.ask("get_recording", {"id": call})
    if 200 <= answer.status < 300 and story.ask("get_call", {"id": call}).members.get("recording_available") is True:
        raise Inconclusive("call-changed", "its recording has become available")
    return answer


# --- ends of calls of their own ---


@cache
def end_with(media_type: str, body: bytes) -> Callable[[Story], CheckedExchange]:
    """Return the step in which a call is ended by one form of no body."""

    def end(story: Story) -> CheckedExchange:
        call = story.calls.living(f"ended with {media_type}")
        answer = story.ask("end_call", {"id": call}, body=body, media_type=media_type)
        if answer.call_status in FINAL and story.calls.is_here:  # elsewhere, the word of an end is not enough
            story.calls.note_ended(call)
        return answer

    return end


def raced(story: Story) -> tuple[CheckedExchange, ...]:
    """End one call twice at the same time."""
    call = story.calls.living("raced")

    def end(_: int) -> CheckedExchange:
        return replace(story.ask("end_call", {"id": call}), is_ordered=False)

    with ThreadPoolExecutor(2) as threads:
        return tuple(threads.map(end, range(2)))


def settled_after_race(story: Story) -> CheckedExchange:
    """Look at the call that was ended twice at the same time until it is over."""
    story.tell(raced)
    return _settled(story, story.calls.living("raced"))
