"""Steps about recordings, races, malformed requests and calls in other states."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

from vocode_contract.conformance.scenario.calls import UNKNOWN_ID
from vocode_contract.conformance.scenario.scenario import SharedScenario
from vocode_contract.conformance.scenario.steps import (
    BYSTANDER,
    call_in_state,
    call_with_recording,
    get_bystander,
    get_bystander_after_refusals,
    listed_call,
    require_loopback,
    wait_until_over,
)
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.validation.lifecycle.call_life import FINAL


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
    require_loopback(scenario, "end_call", "two calls may be ended")
    names = [("id", scenario.calls.endable_id(BYSTANDER)), ("id", scenario.calls.endable_id("second of two ids"))]
    return scenario.send("end_call", names)


def get_both_calls(scenario: SharedScenario) -> tuple[CheckedExchange, ...]:
    """Get both calls of that query."""
    scenario.run(end_by_two_ids)
    both = (BYSTANDER, "second of two ids")
    return tuple(scenario.send("get_call", {"id": scenario.calls.endable_id(role)}) for role in both)


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
    """Get a call that had ended before the scenario began."""
    return scenario.send("get_call", {"id": listed_call(scenario, "ended")})


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


# --- ends of calls of their own ---


@cache
def end_with(media_type: str, body: bytes) -> Callable[[SharedScenario], CheckedExchange]:
    """Return the step that ends a call with one form of an empty body."""

    def end(scenario: SharedScenario) -> CheckedExchange:
        call = scenario.calls.endable_id(f"ended with {media_type}")
        answer = scenario.send("end_call", {"id": call}, body=body, media_type=media_type)
        if (
            answer.call_status in FINAL and scenario.calls.is_here
        ):  # a remote host's status 200 alone does not prove the end
            scenario.calls.record_end(call)
        return answer

    return end


def end_twice_at_once(scenario: SharedScenario) -> tuple[CheckedExchange, ...]:
    """End one call twice at the same time."""
    call = scenario.calls.endable_id("raced")

    def end(_: int) -> CheckedExchange:
        return replace(scenario.send("end_call", {"id": call}), is_ordered=False)

    with ThreadPoolExecutor(2) as threads:
        return tuple(threads.map(end, range(2)))


def wait_after_race(scenario: SharedScenario) -> CheckedExchange:
    """Get the call that was ended twice at the same time until it is over."""
    scenario.run(end_twice_at_once)
    return wait_until_over(scenario, scenario.calls.endable_id("raced"))
