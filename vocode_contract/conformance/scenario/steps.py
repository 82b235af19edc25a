"""Steps of the scenario: one request each, in order.

The *subject* is a call that is created and ended; the *bystander* is a call that no request must end, until late in the
run two requests end it at the same time.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from vocode_contract.conformance.scenario.calls import BY_PUT, BYSTANDER, REFUSED, SUBJECT, TALKING, UNKNOWN_ID, NoCall
from vocode_contract.conformance.scenario.lists import (
    Pages,
    find_item,
    is_missing_calls,
    is_repeating,
    list_before,
    walk_pages,
)
from vocode_contract.conformance.scenario.scenario import SharedScenario
from vocode_contract.errors import spell_option
from vocode_contract.http import clock
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.client.fictional_call import is_marked
from vocode_contract.http.client.request import INVALID_TOKEN, Credentials
from vocode_contract.http.guard.guard import READ_ONLY_REASON, SIMULATOR_HEADER, NotPermitted
from vocode_contract.validation.lifecycle.call_life import FINAL, STATUSES, is_over
from vocode_contract.validation.lifecycle.history import known_word
from vocode_contract.validation.masking import Secret

#: Seconds after which Get Call and the list must show a created call, and the list that a call is over.
_LAG = 2.0
#: Maximum seconds for which a call is left untouched.
_ALONE = 3.0

#: Scheme of requests with the wrong one: a server that requires Bearer may know Basic.
_OTHER_SCHEMES = {"Bearer": "Basic", "Basic": "Digest"}
#: Ways of not being authenticated; with the wrong scheme the token is right, since the scheme is what is tested.
_CREDENTIALS: Mapping[str, Credentials | None] = {
    "no_token": None,
    "wrong_token": Credentials(suffix="-and-more"),
    "empty_token": Credentials(token=Secret("")),
    "wrong_scheme": Credentials(scheme="Basic"),
    "other_case": Credentials(is_case_swapped=True),
    "no_scheme": Credentials(has_scheme=False),
}
#: The ways that are tried on each operation. A service usually reads the header in one place for all operations, so the
#: rarer ways are tried on some of them.
WAYS: Mapping[str, tuple[str, ...]] = {
    "create_call": ("no_token", "wrong_token"),
    "end_call": ("no_token", "wrong_token", "empty_token"),
    "get_call": ("no_token", "wrong_token", "wrong_scheme"),
    "get_recording": ("no_token", "other_case"),
    "list_calls": ("no_token", "wrong_token", "no_scheme"),
}

#: On a remote host, a request with an effect has an invalid token under any scheme.
_HARMLESS = {"wrong_scheme": Credentials(scheme="Basic", token=Secret(INVALID_TOKEN))}
#: Wrong tokens that are nearly right, each in another way: a server may compare only a part.
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


def create_talking(scenario: SharedScenario) -> CheckedExchange:
    """Create the call that is given time to be answered; elsewhere it would cost a call more."""
    require_loopback(scenario, "create_call", "a call more would be placed")
    return scenario.calls.create(TALKING)


def create_without_fields(scenario: SharedScenario) -> CheckedExchange:
    """Send a Create Call request with an empty body."""
    require_loopback(scenario, "create_call", "somebody might be rung by mistake")
    return scenario.send("create_call", json={})


def get_subject(scenario: SharedScenario) -> CheckedExchange:
    """Get the subject before its end."""
    scenario.try_run(create_bystander)
    scenario.try_run(create_talking)
    call = scenario.calls.endable_id(SUBJECT)
    # Get Call may read from a copy that does not have the call yet.
    return scenario.client.poll(lambda: get_call(scenario, call), lambda answer: answer.status == 404, within=_LAG)


def end_subject(scenario: SharedScenario) -> CheckedExchange:
    """End the subject."""
    scenario.try_run(get_subject)
    if scenario.calls.is_here:
        scenario.calls.endable_id(BYSTANDER)
    return scenario.send("end_call", {"id": scenario.calls.endable_id(SUBJECT)})


def wait_for_subject(scenario: SharedScenario) -> CheckedExchange:
    """Get the subject until it is over."""
    scenario.run(end_subject)
    return wait_until_over(scenario, scenario.calls.endable_id(SUBJECT))


def end_subject_again(scenario: SharedScenario) -> CheckedExchange:
    """End the subject a second time."""
    scenario.run(wait_for_subject)
    return scenario.send("end_call", {"id": scenario.calls.endable_id(SUBJECT)})


def get_subject_again(scenario: SharedScenario) -> CheckedExchange:
    """Get the subject after it was ended twice."""
    scenario.run(end_subject_again)
    return get_call(scenario, scenario.calls.endable_id(SUBJECT))


def list_after_end(scenario: SharedScenario) -> Pages:
    """List the calls after the end and the rejected creations; retry for a while if created calls are missing."""
    scenario.try_run(get_subject_again)
    scenario.try_run(create_by_put)
    for way in WAYS["create_call"]:
        scenario.try_run(unauthenticated_request("create_call", way))
    return list_up_to_date(scenario, scenario.calls.created_ids(SUBJECT, BYSTANDER))


def list_up_to_date(scenario: SharedScenario, created: tuple[str, ...]) -> Pages:
    """List the calls; retry for a while if created calls are missing, or calls that are over are shown as they were.

    A list may be read from a copy that is a little behind, and others may change it between one page and the next.
    """

    def is_behind(pages: Pages) -> bool:
        over = (one for one in created if scenario.calls.is_over(one))
        if is_repeating(pages) or is_missing_calls(pages, created):
            return True
        found = (find_item(pages, one)[1] for one in over)
        return any(known_word(item.get("status"), STATUSES) and not is_over(item) for item in found)

    return scenario.client.poll(lambda: walk_pages(scenario), is_behind, within=_LAG)


def create_by_put(scenario: SharedScenario) -> CheckedExchange:
    """Send a Create Call request by PUT."""
    require_loopback(scenario, "create_call", "another method might be taken")
    return scenario.send("create_call", json=scenario.calls.request(BY_PUT), method="PUT")


def get_call(scenario: SharedScenario, call: str) -> CheckedExchange:
    """Get a call by its id."""
    return scenario.send("get_call", {"id": call})


LIFE: tuple[Callable[[SharedScenario], CheckedExchange], ...] = (
    create_subject,
    get_subject,
    end_subject,
    wait_for_subject,
    end_subject_again,
    get_subject_again,
)


# --- the bystander ---


def get_bystander(scenario: SharedScenario) -> CheckedExchange:
    """Get the bystander."""
    return get_call(scenario, scenario.calls.endable_id(BYSTANDER))


def get_bystander_after_end(scenario: SharedScenario) -> CheckedExchange:
    """Get the bystander after the end of the subject."""
    scenario.run(end_subject)
    scenario.try_run(wait_for_subject)
    return get_bystander(scenario)


def get_bystander_after_refusals(scenario: SharedScenario) -> CheckedExchange:
    """Get the bystander after the rejected requests to end it."""
    scenario.try_run(get_bystander_after_end)
    for way in WAYS["end_call"]:
        scenario.try_run(unauthenticated_request("end_call", way))
    return get_bystander(scenario)


@cache
def get_untouched_call_twice(role: str) -> Callable[[SharedScenario], tuple[CheckedExchange, ...]]:
    """Return the step that gets an untouched call like that of a role twice, once it has lived as long by then."""

    def get(scenario: SharedScenario) -> tuple[CheckedExchange, ...]:
        if role not in scenario.calls.created:
            raise NoCall("the call was not created by this run")
        lived = clock.wall_time() - scenario.calls.created[role].at
        call = scenario.calls.endable_id(scenario.calls.imitate(role))
        time.sleep(min(lived, _ALONE))
        return tuple(scenario.send("get_call", {"id": call}) for _ in range(2))

    return get


# --- refusals ---


@cache
def unauthenticated_request(name: str, way: str) -> Callable[[SharedScenario], CheckedExchange]:
    """Return the step that requests an operation without valid authentication."""
    usual = _NEARLY.get(name, _CREDENTIALS[way]) if way == "wrong_token" else _CREDENTIALS[way]

    def send(scenario: SharedScenario) -> CheckedExchange:
        acts = scenario.client.operation(name).effect != "reads"
        credentials = _HARMLESS.get(way, usual) if acts and not scenario.calls.is_here else usual
        if way == "other_case" and not scenario.client.has_token_with_case:
            credentials = _CREDENTIALS["wrong_token"]  # a number or a UUID may be compared without regard to case
        if credentials is not None and way in ("wrong_scheme", "no_scheme"):
            scheme = require_scheme(scenario)  # without one it would be the right credential, and obeyed
            credentials = replace(credentials, scheme=_OTHER_SCHEMES[scheme])
        return request_with(name, credentials)(scenario)

    return send


def require_scheme(scenario: SharedScenario) -> str:
    """Return the authentication scheme.

    Raises:
        NoCall: The header with the credential has none.
    """
    authentication = scenario.client.authentication
    if not authentication.scheme:
        raise NoCall(f"the header {authentication.header} has no authentication scheme")
    return authentication.scheme


def list_by_lower_case_scheme(scenario: SharedScenario) -> CheckedExchange:
    """List the calls with the authentication scheme in lower case."""
    return request_with("list_calls", Credentials(scheme=require_scheme(scenario).lower()))(scenario)


@cache
def request_with(name: str, credentials: Credentials | None) -> Callable[[SharedScenario], CheckedExchange]:
    """Return the step that requests an operation with other credentials."""

    def send(scenario: SharedScenario) -> CheckedExchange:
        return scenario.send(name, _arguments(scenario, name), json=_body(scenario, name), credentials=credentials)

    return send


def _body(scenario: SharedScenario, name: str) -> Mapping[str, Any] | None:
    return scenario.calls.request(REFUSED) if name == "create_call" else None


def _arguments(scenario: SharedScenario, name: str) -> Mapping[str, str]:
    """Return arguments that name an existing call, if that is safe; on a remote host a request to end names none."""
    if name in ("create_call", "list_calls"):
        return {}
    if name == "end_call":
        if not scenario.calls.is_here:
            return {"id": UNKNOWN_ID}
        scenario.try_run(get_bystander_after_end)
        return {"id": scenario.calls.endable_id(BYSTANDER)}
    if name == "get_recording":
        try:
            return {"id": call_with_recording(scenario, available=True)}
        except NoCall:
            return {"id": readable_call(scenario)}
    return {"id": readable_call(scenario)}


def known_id(scenario: SharedScenario, operation: str) -> str:
    """Return the id of an existing call to modify; on a remote host a request to end gets an unknown one instead."""
    if operation == "end_call":
        return scenario.calls.endable_id(BYSTANDER) if scenario.calls.is_here else UNKNOWN_ID
    try:
        return readable_call(scenario)
    except NoCall:
        return UNKNOWN_ID


def readable_call(scenario: SharedScenario) -> str:
    """Return the id of an existing call, only to read it.

    Raises:
        NoCall: There is none.
    """
    if known := scenario.calls.known():
        return known
    page = scenario.try_run(list_before)
    if page is None or not page.item_ids:
        raise NoCall(f"no call in the list; name one with {spell_option('call-id')}")
    return page.item_ids[0]


def get_known_call(scenario: SharedScenario) -> CheckedExchange:
    """Get a call that exists."""
    return scenario.send("get_call", {"id": readable_call(scenario)})


def require_service(scenario: SharedScenario) -> None:
    """Require that the endpoint serves valid requests: if it rejects all, a single rejection shows nothing.

    Raises:
        NoCall: It served none.
        Inconclusive: It could not be reached, or rejects the token.
    """
    if any(answer.is_success for answer in scenario.calls.created.values()):
        return
    listed = "list_calls" in scenario.client.contract.operations and scenario.run(list_before).is_success
    if not listed and not scenario.run(get_known_call).is_success:
        raise NoCall("no call is listed, created or found: the server rejects valid requests too")


def require_loopback(scenario: SharedScenario, operation: str, reason: str) -> None:
    """Raise unless the endpoint is on this machine and may be changed."""
    if scenario.client.is_read_only:
        raise NotPermitted(operation, READ_ONLY_REASON)
    if not scenario.calls.is_here:
        raise NoCall(f"{reason}: tested only against servers on this machine")


def wait_until_over(scenario: SharedScenario, call: str) -> CheckedExchange:
    """Get a call until it is over, and record that it is."""
    answer = scenario.client.wait_until_over(call)
    if answer.call_status in FINAL:
        scenario.calls.record_end(call)
    return answer


def call_in_state(scenario: SharedScenario, state: str) -> str:
    """Return a call in a state that may be ended: a listed one, or a new one that starts in that state."""
    require_loopback(scenario, "end_call", "a call that nobody named would be ended")
    try:
        if not scenario.run(list_before).is_simulated:
            raise NoCall(f"the calls of a server without the header {SIMULATOR_HEADER} are not ended")
        return listed_call(scenario, state, own=False)
    except NoCall:
        if state != "not_started" or scenario.calls.create(state).call_status != state:
            raise
        return scenario.calls.endable_id(state)


def listed_call(scenario: SharedScenario, state: str, *, own: bool = True) -> str:
    """Return the id of a listed call in a state, preferably one with a transcript.

    Args:
        scenario: The scenario.
        state: A status.
        own: Whether it may be a call that the suite created, in any process and run, which acts on it elsewhere.
    """
    page = scenario.run(list_before)
    ids = page.item_ids
    found = [item for item in page.items if item.get("status") == state and item.get("id") in ids]
    if not own:
        found = [item for item in found if not is_marked(item)]
    if not found:
        raise NoCall(f'no call with status "{state}" in the list')
    return str(max(found, key=lambda item: bool(item.get("transcript")))["id"])


def call_with_recording(scenario: SharedScenario, *, available: bool) -> str:
    """Return the id of a listed call with or without a recording, preferably a finished one, which keeps its recording.

    Raises:
        NoCall: The list has none.
        Inconclusive: No complete response came.
    """
    page = scenario.run(list_before)
    ids = page.item_ids  # an invalid id is not sent
    found = [item for item in page.items if item.get("recording_available") is available and item.get("id") in ids]
    if not found:
        raise NoCall(f"no call whose recording is {'' if available else 'not '}available in the list")
    return str(max(found, key=is_over)["id"])
