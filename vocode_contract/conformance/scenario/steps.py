"""The steps of the suite's scenario: what is asked for, in which order, about which call.

The *subject* is a call that is created and ended; the *bystander* is one that nobody asks to end.
"""

import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from vocode_contract.conformance.scenario.calls import REFUSED, UNKNOWN_ID, NoCall
from vocode_contract.conformance.scenario.lists import LEAF, fit, half, lacks, list_leaf, list_whole, listed_before
from vocode_contract.conformance.scenario.scenario import Story
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.client.fictional_call import is_marked
from vocode_contract.http.client.request import MADE_UP, Credentials
from vocode_contract.http.guard.guard import READ_ONLY_REASON, NotPermitted
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.validation.lifecycle.history import FINAL
from vocode_contract.validation.masking import Secret

SUBJECT, BYSTANDER = "subject", "bystander"


#: Seconds after which a created call is on the list.
_LAG = 2.0


#: Seconds for which a call is left alone at most.
_ALONE = 3.0


#: Ways of not being authenticated. Under a wrong scheme comes the right token, for what is tried is the scheme.
WAYS: Mapping[str, Credentials | None] = {
    "no_token": None,
    "empty_token": Credentials(token=Secret("")),
    "wrong_scheme": Credentials(scheme="Basic"),
    "wrong_token": Credentials(suffix="-and-more"),
}


#: Beyond this machine, what acts comes with a token that opens nothing under any scheme.
_HARMLESS = {"wrong_scheme": Credentials(scheme="Basic", token=Secret(MADE_UP))}


#: Wrong tokens that are nearly right, each in another way: a comparison may stop too early, or look too little.
_NEARLY = {"end_call": Credentials(cut=1), "list_calls": Credentials(cut=1), "get_call": Credentials(cut=1, suffix="~")}


# --- the subject ---


def created(story: Story) -> CheckedExchange:
    """Create the subject."""
    story.attempt(listed_before)
    return story.calls.create(SUBJECT)


def bystander_created(story: Story) -> CheckedExchange:
    """Create the bystander."""
    story.attempt(created)
    return story.calls.create(BYSTANDER)


def created_from_nothing(story: Story) -> CheckedExchange:
    """Ask for a call without saying which."""
    _only_here(story, "create_call", "somebody might be rung by mistake")
    return story.ask("create_call", json={})


def seen(story: Story) -> CheckedExchange:
    """Look at the subject before its end."""
    story.attempt(bystander_created)
    return story.ask("get_call", {"id": story.calls.living(SUBJECT)})


def ended(story: Story) -> CheckedExchange:
    """End the subject."""
    story.attempt(seen)
    if story.calls.is_here:
        story.calls.living(BYSTANDER)
    return story.ask("end_call", {"id": story.calls.living(SUBJECT)})


def settled(story: Story) -> CheckedExchange:
    """Look at the subject until it is over."""
    story.tell(ended)
    return _settled(story, story.calls.living(SUBJECT))


def ended_again(story: Story) -> CheckedExchange:
    """End the subject a second time."""
    story.tell(settled)
    return story.ask("end_call", {"id": story.calls.living(SUBJECT)})


def seen_in_the_end(story: Story) -> CheckedExchange:
    """Look at the subject after the second end."""
    story.tell(ended_again)
    return story.ask("get_call", {"id": story.calls.living(SUBJECT)})


def seen_in_capitals(story: Story) -> CheckedExchange:
    """Look at a call under its id in upper case, one that failed if there is one: no other moment reads such a call."""
    try:
        call = _listed_as(story, "error")
    except NoCall:
        call = readable(story)
    return story.ask("get_call", {"id": call.upper()})


#: How often two pages are read, at most, that others change meanwhile.
_READINGS = 4


def listed(story: Story) -> CheckedExchange:
    """List the calls once the subject has ended and creations were refused; for a while, if it lacks created ones."""
    story.attempt(seen_in_the_end)
    story.attempt(create_by_put)
    for way in WAYS:
        story.attempt(refused("create_call", way))
    created = story.calls.found(SUBJECT, BYSTANDER)
    return story.client.awaited(lambda: list_whole(story), lambda page: lacks(page, created), within=_LAG)


def leaves(story: Story) -> tuple[CheckedExchange, ...]:
    """Ask for the whole list and for the two pages that it fills, again where it changed in between.

    Raises:
        Inconclusive: It changes each time.
    """
    story.attempt(listed)
    whole = list_whole(story)  # anew: calls were created since
    size = half(whole) or LEAF
    first = list_leaf(story, 1, size)
    for _ in range(_READINGS):
        second = list_leaf(story, 2, size)
        if fit(whole, first, second):
            return whole, first, second
        before, (whole, first) = (whole, first), (list_whole(story), list_leaf(story, 1, size))
        if [page.item_ids for page in before] == [page.item_ids for page in (whole, first)]:
            return *before, second
    raise Inconclusive("list-changed", f"{_READINGS} times in a row")


def create_by_put(story: Story) -> CheckedExchange:
    """Ask for a call by PUT."""
    _only_here(story, "create_call", "another method might be taken")
    return story.ask("create_call", json=story.calls.request("put"), method="PUT")


LIFE: tuple[Callable[[Story], CheckedExchange], ...] = (
    created,
    seen,
    ended,
    settled,
    ended_again,
    seen_in_the_end,
    listed,
)


# --- the bystander ---


def _look(story: Story) -> CheckedExchange:
    return story.ask("get_call", {"id": story.calls.living(BYSTANDER)})


def bystander_after_the_end(story: Story) -> CheckedExchange:
    """Look at the bystander once the subject has ended."""
    story.tell(ended)
    story.attempt(settled)
    return _look(story)


def bystander_after_refusals(story: Story) -> CheckedExchange:
    """Look at the bystander once every end was refused."""
    story.attempt(bystander_after_the_end)
    for way in WAYS:
        story.attempt(refused("end_call", way))
    return _look(story)


def left_alone(story: Story) -> tuple[CheckedExchange, ...]:
    """Look twice at a call that nobody touches, once it has lived for as long as the bystander has by now."""
    lived = time.time() - story.tell(bystander_created).at
    call = story.calls.living("left alone")
    time.sleep(min(lived, _ALONE))
    return tuple(story.ask("get_call", {"id": call}) for _ in range(2))


# --- refusals ---


@cache
def refused(name: str, way: str) -> Callable[[Story], CheckedExchange]:
    """Return the step in which an operation is asked for without valid authentication."""
    usual = _NEARLY.get(name, WAYS[way]) if way == "wrong_token" else WAYS[way]

    def ask(story: Story) -> CheckedExchange:
        acts = story.client.contract.operations[name].effect != "reads"
        credentials = _HARMLESS.get(way, usual) if acts and not story.calls.is_here else usual
        return refused_with(name, credentials)(story)

    return ask


@cache
def refused_with(name: str, credentials: Credentials | None) -> Callable[[Story], CheckedExchange]:
    """Return the step in which an operation is asked for with credentials that are not fit for it."""

    def ask(story: Story) -> CheckedExchange:
        return story.ask(name, _arguments(story, name), json=_body(story, name), credentials=credentials)

    return ask


def _body(story: Story, name: str) -> Mapping[str, Any] | None:
    return story.calls.request(REFUSED) if name == "create_call" else None


def _arguments(story: Story, name: str) -> Mapping[str, str]:
    """Return what names a call that exists, where that is safe; beyond this machine an end names none."""
    if name in ("create_call", "list_calls"):
        return {}
    if name == "end_call":
        if not story.calls.is_here:
            return {"id": UNKNOWN_ID}
        story.attempt(bystander_after_the_end)
        return {"id": story.calls.living(BYSTANDER)}
    if name == "get_recording":
        try:
            return {"id": recorded(story, available=True)}
        except NoCall:
            return {"id": readable(story)}
    return {"id": readable(story)}


def known_id(story: Story, operation: str) -> str:
    """Return an id to spoil: of a call that exists, but for an end beyond this machine, which might be served."""
    if operation == "end_call":
        return story.calls.living(BYSTANDER) if story.calls.is_here else UNKNOWN_ID
    try:
        return readable(story)
    except NoCall:
        return UNKNOWN_ID


def readable(story: Story) -> str:
    """Return the id of a call that exists, to read it only.

    Raises:
        NoCall: There is none.
    """
    if known := story.calls.known():
        return known
    page = story.attempt(listed_before)
    if page is None or not page.item_ids:
        raise NoCall("a call is needed and the list holds none; give one with --vocode-call-id")
    return page.item_ids[0]


def _only_here(story: Story, operation: str, reason: str) -> None:
    if story.client.is_read_only:
        raise NotPermitted(operation, READ_ONLY_REASON)
    if not story.calls.is_here:
        raise NoCall(f"{reason}, which is tried on this machine alone")


def _settled(story: Story, call: str) -> CheckedExchange:
    """Look at a call until it is over, and note that it is."""
    answer = story.client.settled(call)
    if answer.call_status in FINAL:
        story.calls.note_ended(call)
    return answer


def _in_state(story: Story, state: str) -> str:
    """Return a call in a state that may be ended: a listed one, or one that is created for it and begins so."""
    _only_here(story, "end_call", "a call that nobody named would be ended")
    try:
        return _listed_as(story, state, own=False)
    except NoCall:
        if state != "not_started" or story.calls.create(state).call_status != state:
            raise
        return story.calls.living(state)


def _listed_as(story: Story, state: str, *, own: bool = True) -> str:
    """Return a call that the list shows in a state, one with a transcript first.

    Args:
        story: Of the process.
        state: A status.
        own: Whether calls will do that this suite created, in whatever process and run: it acts on them elsewhere.
    """
    page = story.tell(listed_before)
    ids = page.item_ids
    found = [item for item in page.items if item.get("status") == state and item.get("id") in ids]
    if not own:
        found = [item for item in found if not is_marked(item)]
    if not found:
        raise NoCall(f"a call is needed that is {state}, and the list shows none")
    return str(max(found, key=lambda item: bool(item.get("transcript")))["id"])


def recorded(story: Story, *, available: bool) -> str:
    """Return a listed call with a recording or without, one first that is over: its recording stays so.

    Raises:
        NoCall: The list shows none.
        Inconclusive: No complete response came.
    """
    page = story.tell(listed_before)
    known = set(page.item_ids)  # an id that is none stays where it came
    found = [item for item in page.items if item.get("recording_available") is available and item.get("id") in known]
    if not found:
        raise NoCall(f"a call is needed whose recording is {'' if available else 'not '}available; the list shows none")
    return str(max(found, key=lambda item: item.get("status") in FINAL)["id"])
