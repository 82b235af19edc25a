"""Inputs for fuzzing, and cleanup of the calls that it creates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.fuzzing.requests import FuzzPlan
from vocode_contract.conformance.scenario import lists, steps
from vocode_contract.conformance.scenario.calls import NoCall
from vocode_contract.conformance.scenario.scenario import SharedScenario
from vocode_contract.contract.operation import Operation
from vocode_contract.http import clock
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.client.fictional_call import REQUEST
from vocode_contract.http.client.request import OperationRequest
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.validation.scalars import uuid_of

#: Kinds of calls, by status and whether they have a recording, in the order in which their ids are used.
_OVER = (("ended", True), ("ended", False), ("error", True), ("error", False))
_GOING_ON = (("in_progress", True), ("in_progress", False), ("not_started", False))

#: Seconds for ending what one operation created.
_LAST_SECONDS = 10.0

Item = Mapping[str, Any]
Lacking = NoCall | Inconclusive


def make_plan(
    scenario: SharedScenario, operation: Operation, *, requests: int, seed: int
) -> tuple[FuzzPlan, Lacking | None]:
    """Return the plan for an operation, and the reason if possibly no request can be served.

    Every run uses the same number of ids, the oldest call of each kind, so that the same seed gives the same requests
    to the same server even if it has some calls more.
    """
    plan = FuzzPlan(requests=requests, seed=seed)
    if operation.effect != "reads" and not scenario.calls.is_here:  # nothing will be sent
        return plan, None
    if operation.name == "create_call":
        return replace(plan, body=REQUEST, agent_ids=_agent_ids(_list_calls(scenario))), None
    if operation.name == "list_calls":
        return plan, None
    lacking: Lacking | None = None
    try:
        first = [_servable_id(scenario, operation)]
    except (NoCall, Inconclusive) as reason:
        lacking, first = reason, []
    return replace(plan, ids=_ids(scenario, operation, first)), lacking


def _servable_id(scenario: SharedScenario, operation: Operation) -> str:
    """Return the id of a call for which the operation must succeed.

    Raises:
        NoCall: There is none.
        Inconclusive: No complete response came.
    """
    if operation.effect == "hangs-up":
        return scenario.calls.endable_id("fuzzed")
    items = _list_calls(scenario)
    if operation.name == "get_recording":
        recorded = [item for item in items if item.get("recording_available") is True]
        return _oldest(recorded) or steps.call_with_recording(scenario, available=True)
    return _oldest(items) or steps.readable_call(scenario)


def _ids(scenario: SharedScenario, operation: Operation, first: Sequence[str]) -> tuple[str, ...]:
    """Return ids of calls, the given ones first; calls that are not over are left for other tests to end."""
    items = _list_calls(scenario)
    kinds = _OVER if operation.effect == "hangs-up" else (*_OVER, *_GOING_ON)
    ids: list[str | None] = [*first, *(_oldest([item for item in items if _kind(item) == kind]) for kind in kinds)]
    known = [one for one in ids if one is not None]
    return tuple(one or known[0] for one in ids) if known else ()


def _agent_ids(items: Sequence[Item]) -> tuple[str, ...]:
    agents = (item.get("agent") for item in sorted(items, key=_age))
    ids = (agent.get("id") if isinstance(agent, dict) else agent for agent in agents)
    return tuple(str(known) for known in ids if uuid_of(known))[:1]


def _list_calls(scenario: SharedScenario) -> list[Item]:
    page = scenario.try_run(lists.list_before)
    return [item for item in page.items if uuid_of(item.get("id"))] if page else []


def _kind(item: Item) -> tuple[object, bool]:
    return item.get("status"), item.get("recording_available") is True


def _oldest(items: Sequence[Item]) -> str | None:
    return str(min(items, key=_age)["id"]) if items else None


def _age(item: Item) -> tuple[str, str]:
    return str(item.get("start_time") or ""), str(item["id"])


class FuzzClient:
    """Sends generated requests, and ends the calls that they created when the context is left."""

    def __init__(self, client: CheckedClient) -> None:
        self._client = client
        self._created: list[str] = []

    def send(self, wanted: OperationRequest) -> CheckedExchange:
        """Send a request; the exchange only has errors, since advice would be about generated values."""
        __tracebackhide__ = True
        answer = self._client.exchange(wanted)
        if wanted.operation.effect == "rings" and answer.call_id and answer.is_success:
            self._created.append(answer.call_id)
        errors = tuple(violation for violation in answer.violations if violation.severity == "error")
        return replace(answer, violations=errors)

    def __enter__(self) -> "FuzzClient":
        return self

    def __exit__(self, *_exception: object) -> None:
        """End the calls that were created and are known to be ours, within `_LAST_SECONDS`."""
        deadline, creations = clock.monotonic() + _LAST_SECONDS, self._client.creations
        for identifier in self._created:
            left = deadline - clock.monotonic()
            if identifier in creations.open and left > 0 and self._client.try_to_end(identifier, within=left):
                creations.record_end(identifier)
