"""Steps of the scenario: one request each, in order.

The *subject* is a call that is created and ended; the *bystander* is one that nobody asks to end.
"""

import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from vocode_contract.conformance.scenario.calls import REFUSED, UNKNOWN_ID, NoCall
from vocode_contract.conformance.scenario.lists import LEAF, fit, half, lacks, list_leaf, list_whole, listed_before
from vocode_contract.conformance.scenario.scenario import SharedScenario
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


def created(scenario: SharedScenario) -> CheckedExchange:
    """Create the subject."""
    scenario.try_run(listed_before)
    return scenario.calls.create(SUBJECT)


def bystander_created(scenario: SharedScenario) -> CheckedExchange:
    """Create the bystander."""
    scenario.try_run(created)
    return scenario.calls.create(BYSTANDER)


def created_from_nothing(scenario: SharedScenario) -> CheckedExchange:
    """Ask for a call without saying which."""
    require_loopback(scenario, "create_call", "somebody might be rung by mistake")
    return scenario.ask("create_call", json={})


def seen(scenario: SharedScenario) -> CheckedExchange:
    """Look at the subject before its end."""
    scenario.try_run(bystander_created)
    return scenario.ask("get_call", {"id": scenario.calls.living(SUBJECT)})


def ended(scenario: SharedScenario) -> CheckedExchange:
    """End the subject."""
    scenario.try_run(seen)
    if scenario.calls.is_here:
        scenario.calls.living(BYSTANDER)
    return scenario.ask("end_call", {"id": scenario.calls.living(SUBJECT)})


def settled(scenario: SharedScenario) -> CheckedExchange:
    """Look at the subject until it is over."""
    scenario.run(ended)
    return wait_until_over(scenario, scenario.calls.living(SUBJECT))


def ended_again(scenario: SharedScenario) -> CheckedExchange:
    """End the subject a second time."""
    scenario.run(settled)
    return scenario.ask("end_call", {"id": scenario.calls.living(SUBJECT)})


def seen_in_the_end(scenario: SharedScenario) -> CheckedExchange:
    """Look at the subject after the second end."""
    scenario.run(ended_again)
    return scenario.ask("get_call", {"id": scenario.calls.living(SUBJECT)})


def seen_in_capitals(scenario: SharedScenario) -> CheckedExchange:
    """Look at a call under its id in upper case, one that failed if there is one: no other step reads such a call."""
    try:
        call = listed_call(scenario, "error")
    except NoCall:
        call = readable(scenario)
    return scenario.ask("get_call", {"id": call.upper()})


#: How often two pages are read, at most, that others change meanwhile.
_READINGS = 4


def listed(scenario: SharedScenario) -> CheckedExchange:
    """List the calls once the subject has ended and creations were refused; for a while, if it lacks created ones."""
    scenario.try_run(seen_in_the_end)
    scenario.try_run(create_by_put)
    for way in WAYS:
        scenario.try_run(refused("create_call", way))
    created = scenario.calls.found(SUBJECT, BYSTANDER)
    return scenario.client.awaited(lambda: list_whole(scenario), lambda page: lacks(page, created), within=_LAG)


def leaves(scenario: SharedScenario) -> tuple[CheckedExchange, ...]:
    """Ask for the whole list and for the two pages that it fills, again where it changed in between.

    Raises:
        Inconclusive: It changes each time.
    """
    scenario.try_run(listed)
    whole = list_whole(scenario)  # anew: calls were created since
    size = half(whole) or LEAF
    first = list_leaf(scenario, 1, size)
    for _ in range(_READINGS):
        second = list_leaf(scenario, 2, size)
        if fit(whole, first, second):
            return whole, first, second
        before, (whole, first) = (whole, first), (list_whole(scenario), list_leaf(scenario, 1, size))
        if [page.item_ids for page in before] == [page.item_ids for page in (whole, first)]:
            return *before, second
    raise Inconclusive("list-changed", f"{_READINGS} times in a row")


def create_by_put(scenario: SharedScenario) -> CheckedExchange:
    """Ask for a call by PUT."""
    require_loopback(scenario, "create_call", "another method might be taken")
    return scenario.ask("create_call", json=scenario.calls.request("put"), method="PUT")


LIFE: tuple[Callable[[SharedScenario], CheckedExchange], ...] = (
    created,
    seen,
    ended,
    settled,
    ended_again,
    seen_in_the_end,
    listed,
)


# --- the bystander ---


def look_at_bystander(scenario: SharedScenario) -> CheckedExchange:
    """Get the bystander."""
    return scenario.ask("get_call", {"id": scenario.calls.living(BYSTANDER)})


def bystander_after_the_end(scenario: SharedScenario) -> CheckedExchange:
    """Look at the bystander once the subject has ended."""
    scenario.run(ended)
    scenario.try_run(settled)
    return look_at_bystander(scenario)


def bystander_after_refusals(scenario: SharedScenario) -> CheckedExchange:
    """Look at the bystander once every end was refused."""
    scenario.try_run(bystander_after_the_end)
    for way in WAYS:
        scenario.try_run(refused("end_call", way))
    return look_at_bystander(scenario)


def left_alone(scenario: SharedScenario) -> tuple[CheckedExchange, ...]:
    """Look twice at a call that nobody touches, once it has lived for as long as the bystander has by now."""
    lived = time.time() - scenario.run(bystander_created).at
    call = scenario.calls.living("left alone")
    time.sleep(min(lived, _ALONE))
    return tuple(scenario.ask("get_call", {"id": call}) for _ in range(2))


# --- refusals ---


@cache
def refused(name: str, way: str) -> Callable[[SharedScenario], CheckedExchange]:
    """Return the step in which an operation is asked for without valid authentication."""
    usual = _NEARLY.get(name, WAYS[way]) if way == "wrong_token" else WAYS[way]

    def ask(scenario: SharedScenario) -> CheckedExchange:
        acts = scenario.client.contract.operations[name].effect != "reads"
        credentials = _HARMLESS.get(way, usual) if acts and not scenario.calls.is_here else usual
        return refused_with(name, credentials)(scenario)

    return ask


@cache
def refused_with(name: str, credentials: Credentials | None) -> Callable[[SharedScenario], CheckedExchange]:
    """Return the step in which an operation is asked for with credentials that are not fit for it."""

    def ask(scenario: SharedScenario) -> CheckedExchange:
        return scenario.ask(name, _arguments(scenario, name), json=_body(scenario, name), credentials=credentials)

    return ask


def _body(scenario: SharedScenario, name: str) -> Mapping[str, Any] | None:
    return scenario.calls.request(REFUSED) if name == "create_call" else None


def _arguments(scenario: SharedScenario, name: str) -> Mapping[str, str]:
    """Return what names a call that exists, where that is safe; beyond this machine an end names none."""
    if name in ("create_call", "list_calls"):
        return {}
    if name == "end_call":
        if not scenario.calls.is_here:
            return {"id": UNKNOWN_ID}
        scenario.try_run(bystander_after_the_end)
        return {"id": scenario.calls.living(BYSTANDER)}
    if name == "get_recording":
        try:
            return {"id": recorded(scenario, available=True)}
        except NoCall:
            return {"id": readable(scenario)}
    return {"id": readable(scenario)}


def known_id(scenario: SharedScenario, operation: str) -> str:
    """Return an id to spoil: of a call that exists, but for an end beyond this machine, which might be served."""
    if operation == "end_call":
        return scenario.calls.living(BYSTANDER) if scenario.calls.is_here else UNKNOWN_ID
    try:
        return readable(scenario)
    except NoCall:
        return UNKNOWN_ID


def readable(scenario: SharedScenario) -> str:
    """Return the id of a call that exists, to read it only.

    Raises:
        NoCall: There is none.
    """
    if known := scenario.calls.known():
        return known
    page = scenario.try_run(listed_before)
    if page is None or not page.item_ids:
        raise NoCall("a call is needed and the list holds none; give one with --vocode-call-id")
    return page.item_ids[0]


def require_loopback(scenario: SharedScenario, operation: str, reason: str) -> None:
    """Raise unless the endpoint is on this machine and may be changed."""
    if scenario.client.is_read_only:
        raise NotPermitted(operation, READ_ONLY_REASON)
    if not scenario.calls.is_here:
        raise NoCall(f"{reason}, which is tried on this machine alone")


def wait_until_over(scenario: SharedScenario, call: str) -> CheckedExchange:
    """Look at a call until it is over, and note that it is."""
    answer = scenario.client.settled(call)
    if answer.call_status in FINAL:
        scenario.calls.note_ended(call)
    return answer


def call_in_state(scenario: SharedScenario, state: str) -> str:
    """Return a call in a state that may be ended: a listed one, or one that is created for it and begins so."""
    require_loopback(scenario, "end_call", "a call that nobody named would be ended")
    try:
        return listed_call(scenario, state, own=False)
    except NoCall:
        if state != "not_started" or scenario.calls.create(state).call_status != state:
            raise
        return scenario.calls.living(state)


def listed_call(scenario: SharedScenario, state: str, *, own: bool = True) -> str:
    """Return a call that the list shows in a state, one with a transcript first.

    Args:
        scenario: Of the process.
        state: A status.
        own: Whether calls will do that this suite created, in whatever process and run: it acts on them elsewhere.
    """
    page = scenario.run(listed_before)
    ids = page.item_ids
    found = [item for item in page.items if item.get("status") == state and item.get("id") in ids]
    if not own:
        found = [item for item in found if not is_marked(item)]
    if not found:
        raise NoCall(f'skipped: no call with status "{state}" in the list')
    return str(max(found, key=lambda item: bool(item.get("transcript")))["id"])


def recorded(scenario: SharedScenario, *, available: bool) -> str:
    """Return a listed call with a recording or without, one first that is over: its recording stays so.

    Raises:
        NoCall: The list shows none.
        Inconclusive: No complete response came.
    """
    page = scenario.run(listed_before)
    known = set(page.item_ids)  # an id that is none stays where it came
    found = [item for item in page.items if item.get("recording_available") is available and item.get("id") in known]
    if not found:
        raise NoCall(f"skipped: no call whose recording is {'' if available else 'not '}available in the list")
    return str(max(found, key=lambda item: item.get("status") in FINAL)["id"])
