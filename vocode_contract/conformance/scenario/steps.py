"""Steps of the scenario: one request each, in order.

The *subject* is a call that is created and ended; the *bystander* is one that nobody asks to end.
"""

import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from vocode_contract.conformance.scenario.calls import REFUSED, UNKNOWN_ID, NoCall
from vocode_contract.conformance.scenario.lists import (
    LEAF,
    half_size,
    is_consistent,
    is_missing_calls,
    list_before,
    list_page,
    list_whole,
)
from vocode_contract.conformance.scenario.scenario import SharedScenario
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.client.fictional_call import is_marked
from vocode_contract.http.client.request import INVALID_TOKEN, Credentials
from vocode_contract.http.guard.guard import READ_ONLY_REASON, NotPermitted
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.validation.lifecycle.call_life import FINAL
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
_HARMLESS = {"wrong_scheme": Credentials(scheme="Basic", token=Secret(INVALID_TOKEN))}
#: Wrong tokens that are nearly right, each in another way: a comparison may stop too early, or look too little.
_NEARLY = {"end_call": Credentials(cut=1), "list_calls": Credentials(cut=1), "get_call": Credentials(cut=1, suffix="~")}


# --- the subject ---


def create_subject(scenario: SharedScenario) -> CheckedExchange:
    """Create the subject."""
    scenario.try_run(list_before)
    return scenario.calls.create(SUBJECT)


def create_bystander(scenario: SharedScenario) -> CheckedExchange:
    """Create the bystander."""
    scenario.try_run(create_subject)
    return scenario.calls.create(BYSTANDER)


def create_without_fields(scenario: SharedScenario) -> CheckedExchange:
    """Ask for a call without saying which."""
    require_loopback(scenario, "create_call", "somebody might be rung by mistake")
    return scenario.send("create_call", json={})


def get_subject(scenario: SharedScenario) -> CheckedExchange:
    """Look at the subject before its end."""
    scenario.try_run(create_bystander)
    return scenario.send("get_call", {"id": scenario.calls.living(SUBJECT)})


def end_subject(scenario: SharedScenario) -> CheckedExchange:
    """End the subject."""
    scenario.try_run(get_subject)
    if scenario.calls.is_here:
        scenario.calls.living(BYSTANDER)
    return scenario.send("end_call", {"id": scenario.calls.living(SUBJECT)})


def wait_for_subject(scenario: SharedScenario) -> CheckedExchange:
    """Look at the subject until it is over."""
    scenario.run(end_subject)
    return wait_until_over(scenario, scenario.calls.living(SUBJECT))


def end_subject_again(scenario: SharedScenario) -> CheckedExchange:
    """End the subject a second time."""
    scenario.run(wait_for_subject)
    return scenario.send("end_call", {"id": scenario.calls.living(SUBJECT)})


def get_subject_again(scenario: SharedScenario) -> CheckedExchange:
    """Look at the subject after the second end."""
    scenario.run(end_subject_again)
    return scenario.send("get_call", {"id": scenario.calls.living(SUBJECT)})


def get_call_by_upper_case_id(scenario: SharedScenario) -> CheckedExchange:
    """Look at a call under its id in upper case, one that failed if there is one: no other step reads such a call."""
    try:
        call = listed_call(scenario, "error")
    except NoCall:
        call = readable_call(scenario)
    return scenario.send("get_call", {"id": call.upper()})


#: How often two pages are read, at most, that others change meanwhile.
_READINGS = 4


def list_after_end(scenario: SharedScenario) -> CheckedExchange:
    """List the calls once the subject has ended and creations were refused; for a while, if it lacks created ones."""
    scenario.try_run(get_subject_again)
    scenario.try_run(create_by_put)
    for way in WAYS:
        scenario.try_run(unauthenticated_request("create_call", way))
    created = scenario.calls.found(SUBJECT, BYSTANDER)
    return scenario.client.poll(lambda: list_whole(scenario), lambda page: is_missing_calls(page, created), within=_LAG)


def list_two_pages(scenario: SharedScenario) -> tuple[CheckedExchange, ...]:
    """Ask for the whole list and for the two pages that it fills, again where it changed in between.

    Raises:
        Inconclusive: It changes each time.
    """
    scenario.try_run(list_after_end)
    whole = list_whole(scenario)  # anew: calls were created since
    size = half_size(whole) or LEAF
    first = list_page(scenario, 1, size)
    for _ in range(_READINGS):
        second = list_page(scenario, 2, size)
        if is_consistent(whole, first, second):
            return whole, first, second
        before, (whole, first) = (whole, first), (list_whole(scenario), list_page(scenario, 1, size))
        if [page.item_ids for page in before] == [page.item_ids for page in (whole, first)]:
            return *before, second
    raise Inconclusive("list-changed", f"{_READINGS} times in a row")


def create_by_put(scenario: SharedScenario) -> CheckedExchange:
    """Ask for a call by PUT."""
    require_loopback(scenario, "create_call", "another method might be taken")
    return scenario.send("create_call", json=scenario.calls.request("put"), method="PUT")


LIFE: tuple[Callable[[SharedScenario], CheckedExchange], ...] = (
    create_subject,
    get_subject,
    end_subject,
    wait_for_subject,
    end_subject_again,
    get_subject_again,
    list_after_end,
)


# --- the bystander ---


def get_bystander(scenario: SharedScenario) -> CheckedExchange:
    """Get the bystander."""
    return scenario.send("get_call", {"id": scenario.calls.living(BYSTANDER)})


def get_bystander_after_end(scenario: SharedScenario) -> CheckedExchange:
    """Look at the bystander once the subject has ended."""
    scenario.run(end_subject)
    scenario.try_run(wait_for_subject)
    return get_bystander(scenario)


def get_bystander_after_refusals(scenario: SharedScenario) -> CheckedExchange:
    """Look at the bystander once every end was refused."""
    scenario.try_run(get_bystander_after_end)
    for way in WAYS:
        scenario.try_run(unauthenticated_request("end_call", way))
    return get_bystander(scenario)


def get_untouched_call_twice(scenario: SharedScenario) -> tuple[CheckedExchange, ...]:
    """Look twice at a call that nobody touches, once it has lived for as long as the bystander has by now."""
    lived = time.time() - scenario.run(create_bystander).at
    call = scenario.calls.living("left alone")
    time.sleep(min(lived, _ALONE))
    return tuple(scenario.send("get_call", {"id": call}) for _ in range(2))


# --- refusals ---


@cache
def unauthenticated_request(name: str, way: str) -> Callable[[SharedScenario], CheckedExchange]:
    """Return the step in which an operation is asked for without valid authentication."""
    usual = _NEARLY.get(name, WAYS[way]) if way == "wrong_token" else WAYS[way]

    def send(scenario: SharedScenario) -> CheckedExchange:
        acts = scenario.client.contract.operations[name].effect != "reads"
        credentials = _HARMLESS.get(way, usual) if acts and not scenario.calls.is_here else usual
        return request_with(name, credentials)(scenario)

    return send


@cache
def request_with(name: str, credentials: Credentials | None) -> Callable[[SharedScenario], CheckedExchange]:
    """Return the step in which an operation is asked for with credentials that are not fit for it."""

    def send(scenario: SharedScenario) -> CheckedExchange:
        return scenario.send(name, _arguments(scenario, name), json=_body(scenario, name), credentials=credentials)

    return send


def _body(scenario: SharedScenario, name: str) -> Mapping[str, Any] | None:
    return scenario.calls.request(REFUSED) if name == "create_call" else None


def _arguments(scenario: SharedScenario, name: str) -> Mapping[str, str]:
    """Return what names a call that exists, where that is safe; beyond this machine an end names none."""
    if name in ("create_call", "list_calls"):
        return {}
    if name == "end_call":
        if not scenario.calls.is_here:
            return {"id": UNKNOWN_ID}
        scenario.try_run(get_bystander_after_end)
        return {"id": scenario.calls.living(BYSTANDER)}
    if name == "get_recording":
        try:
            return {"id": call_with_recording(scenario, available=True)}
        except NoCall:
            return {"id": readable_call(scenario)}
    return {"id": readable_call(scenario)}


def known_id(scenario: SharedScenario, operation: str) -> str:
    """Return an id to spoil: of a call that exists, but for an end beyond this machine, which might be served."""
    if operation == "end_call":
        return scenario.calls.living(BYSTANDER) if scenario.calls.is_here else UNKNOWN_ID
    try:
        return readable_call(scenario)
    except NoCall:
        return UNKNOWN_ID


def readable_call(scenario: SharedScenario) -> str:
    """Return the id of a call that exists, to read it only.

    Raises:
        NoCall: There is none.
    """
    if known := scenario.calls.known():
        return known
    page = scenario.try_run(list_before)
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
    answer = scenario.client.wait_until_over(call)
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
    page = scenario.run(list_before)
    ids = page.item_ids
    found = [item for item in page.items if item.get("status") == state and item.get("id") in ids]
    if not own:
        found = [item for item in found if not is_marked(item)]
    if not found:
        raise NoCall(f'skipped: no call with status "{state}" in the list')
    return str(max(found, key=lambda item: bool(item.get("transcript")))["id"])


def call_with_recording(scenario: SharedScenario, *, available: bool) -> str:
    """Return a listed call with a recording or without, one first that is over: its recording stays so.

    Raises:
        NoCall: The list shows none.
        Inconclusive: No complete response came.
    """
    page = scenario.run(list_before)
    known = set(page.item_ids)  # an id that is none stays where it came
    found = [item for item in page.items if item.get("recording_available") is available and item.get("id") in known]
    if not found:
        raise NoCall(f"skipped: no call whose recording is {'' if available else 'not '}available in the list")
    return str(max(found, key=lambda item: item.get("status") in FINAL)["id"])
