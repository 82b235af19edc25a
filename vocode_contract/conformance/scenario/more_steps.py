"""Steps about recordings, malformed requests, another user, and calls in other states."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from vocode_contract.conformance.scenario.calls import BYSTANDER, SECOND, UNKNOWN_ID, NoCall
from vocode_contract.conformance.scenario.lists import (
    Pages,
    list_before,
)
from vocode_contract.conformance.scenario.scenario import SharedScenario
from vocode_contract.conformance.scenario.steps import (
    call_in_state,
    call_with_recording,
    get_bystander,
    get_bystander_after_refusals,
    get_call,
    listed_call,
    request_with,
    require_loopback,
    wait_until_over,
)
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.client.authentication import OTHER_TOKEN_VARIABLE, token_of_environment
from vocode_contract.http.client.request import Credentials
from vocode_contract.http.inconclusive import Inconclusive


def end_by_get(scenario: SharedScenario) -> CheckedExchange:
    """Send a request to end the bystander by GET."""
    require_loopback(scenario, "end_call", "another method might be taken")
    scenario.try_run(get_bystander_after_refusals)
    return scenario.send("end_call", {"id": scenario.calls.endable_id(BYSTANDER)}, method="GET")


def end_by_body(scenario: SharedScenario) -> CheckedExchange:
    """Send a request to end the bystander with its id in the body, where the contract has no body."""
    scenario.try_run(end_by_get)
    identifier = scenario.calls.endable_id(BYSTANDER) if scenario.calls.is_here else UNKNOWN_ID
    return scenario.send("end_call", json={"id": identifier})


def get_bystander_before_two_ids(scenario: SharedScenario) -> CheckedExchange:
    """Get the bystander after the requests to end it by GET and by an id in the body."""
    scenario.try_run(end_by_body)
    return get_bystander(scenario)


def end_by_two_ids(scenario: SharedScenario) -> CheckedExchange:
    """End a call with a query that holds two ids."""
    scenario.try_run(get_bystander_before_two_ids)
    scenario.try_run(end_as_other_user)
    require_loopback(scenario, "end_call", "two calls may be ended")
    names = [("id", scenario.calls.endable_id(BYSTANDER)), ("id", scenario.calls.endable_id(SECOND))]
    return scenario.send("end_call", names)


def get_both_calls(scenario: SharedScenario) -> tuple[CheckedExchange, ...]:
    """Get both calls of that query."""
    scenario.run(end_by_two_ids)
    both = (BYSTANDER, SECOND)
    return tuple(scenario.send("get_call", {"id": scenario.calls.endable_id(role)}) for role in both)


# --- another user ---


def other_user() -> Credentials:
    """Return the credentials of another user.

    Raises:
        NoCall: There are none.
    """
    token = token_of_environment(variable=OTHER_TOKEN_VARIABLE)
    if token is None:
        raise NoCall(f"needs the token of another user in {OTHER_TOKEN_VARIABLE}")
    return Credentials(token=token)


def end_as_other_user(scenario: SharedScenario) -> Pages:
    """Request, as another user, to end the bystander, and then get it."""
    credentials = other_user()
    scenario.try_run(get_bystander_before_two_ids)
    return request_with("end_call", credentials)(scenario), get_bystander(scenario)


def create_as_other_user(scenario: SharedScenario) -> CheckedExchange:
    """Create a call for another user, and end it again for that user.

    Raises:
        NoCall: The server creates none.
    """
    credentials = other_user()
    require_loopback(scenario, "create_call", "a call more would be placed")
    created = scenario.send("create_call", json=scenario.calls.request("of another user"), credentials=credentials)
    if not created.call_id:
        raise NoCall(f"the server does not create a call for the token in {OTHER_TOKEN_VARIABLE}")
    if scenario.send("end_call", {"id": created.call_id}, credentials=credentials).is_success:
        scenario.calls.record_end(created.call_id)
    return created


# --- calls in other states ---


@cache
def end_of(state: str) -> Callable[[SharedScenario], CheckedExchange]:
    """Return the step that ends a listed call in a state."""

    def end(scenario: SharedScenario) -> CheckedExchange:
        return scenario.send("end_call", {"id": call_in_state(scenario, state)})

    return end


def wait_for_not_started(scenario: SharedScenario) -> CheckedExchange:
    """Get the call that had not started until it is over."""
    scenario.run(end_of("not_started"))
    return wait_until_over(scenario, call_in_state(scenario, "not_started"))


def get_ended_call(scenario: SharedScenario) -> CheckedExchange:
    """Get a call that had ended before the scenario began: one of those of each shape, if that is among them."""
    shown = scenario.try_run(get_call_of_each_shape) or ()
    ended = scenario.run(list_before).items
    known = {str(item.get("id")) for item in ended if item.get("status") == "ended"}
    return next((answer for answer in shown if answer.requested_id in known), None) or get_call(
        scenario, listed_call(scenario, "ended")
    )


#: How many listed calls are read, each of another shape.
_SHAPES = 6


def get_call_of_each_shape(scenario: SharedScenario) -> Pages:
    """Get listed calls, one of each shape: status, flags, and which keys are null.

    The rarest shape of each status comes first, then the other shapes, the rarest first.

    Raises:
        NoCall: The list is empty.
    """
    page = scenario.run(list_before)
    ids = page.item_ids
    shapes: dict[tuple[object, ...], list[str]] = {}
    for item in page.items:
        if item.get("id") in ids:
            shapes.setdefault(_shape_of(item), []).append(item["id"])
    if not shapes:
        raise NoCall("no call in the list")
    rare_first = sorted(shapes, key=lambda shape: len(shapes[shape]))
    statuses = {shape[0]: shape for shape in reversed(rare_first)}
    ordered = dict.fromkeys((*statuses.values(), *rare_first))
    return tuple(get_call(scenario, shapes[shape][0]) for shape in [*ordered][:_SHAPES])


def _shape_of(call: Mapping[str, Any]) -> tuple[object, ...]:
    flags = {(key, value) for key, value in call.items() if isinstance(value, bool) or value is None}
    return str(call.get("status")), str(call.get("human_detection_result")), frozenset(flags)


# --- recordings ---


def get_available_recording(scenario: SharedScenario) -> CheckedExchange:
    """Get a recording that is available according to its call."""
    return scenario.send("get_recording", {"id": call_with_recording(scenario, available=True)})


def get_unavailable_recording(scenario: SharedScenario) -> CheckedExchange:
    """Get a recording that is not available according to its call.

    Raises:
        Inconclusive: It was served, and by now the call says that it is available.
    """
    call = call_with_recording(scenario, available=False)
    answer = scenario.send("get_recording", {"id": call})
    if answer.is_success and scenario.send("get_call", {"id": call}).members.get("recording_available") is True:
        raise Inconclusive("call-changed", "its recording has become available")
    return answer
