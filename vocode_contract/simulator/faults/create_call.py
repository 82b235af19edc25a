"""Faults of Create Call: not the call that was asked for, none, or two."""

from collections.abc import Callable
from typing import Any

import orjson

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.fault import Fault, FaultyTurn, Spoiling, changed
from vocode_contract.simulator.lifecycle.clock import date_time
from vocode_contract.simulator.responses import refused

_WRONG_NUMBER = "12025550198"


def _other_agent(call: dict[str, Any], turn: FaultyTurn) -> object:
    """Answer with the agent of the oldest other call."""
    oldest = next((known for known in turn.state.calls if known != call["id"]), call["id"])
    return call | {"agent": turn.call(oldest)["agent"]}


def _existing(turn: FaultyTurn) -> Response:
    existing = next(reversed(turn.state.calls), "")
    response = turn.sound()
    return turn.of("get_call", existing) if response.status == 200 and existing else response


def _over(call: dict[str, Any], turn: FaultyTurn) -> object:
    now = date_time(turn.state.clock(), "+00:00")
    return call | {"status": "ended", "start_time": call.get("start_time") or now, "end_time": now}


def _twice(turn: FaultyTurn) -> Response:
    response = turn.sound()
    return turn.sound() if response.status == 200 else response


def _as_first(turn: FaultyTurn) -> Response:
    """Answer every request with the call that the first one made."""
    response = turn.sound()
    return turn.memory.setdefault("first", response) if response.status == 200 else response


def _lost(turn: FaultyTurn) -> Response:
    """Know nothing of a call that was created."""
    created: set[str] = turn.memory.setdefault("created", set())
    response = turn.sound()
    if turn.operation.name == "create_call" and response.status == 200:
        created.add(orjson.loads(response.body)["id"])
    elif turn.identifier in created and response.status == 200:
        return refused(404, "Call not found")
    return response


def _set(values: Callable[[dict[str, Any]], dict[str, Any]]) -> Spoiling:
    return changed(lambda call, _: call | values(call))


def _creating(name: str, title: str, broken: str, spoil: Spoiling) -> Fault:
    return Fault(name=name, title=title, breaks=(broken,), operations=("create_call",), spoil=spoil)


CREATIONS = (
    _creating(
        "create-ignores-to-number",
        "another number is called",
        "not-as-asked",
        _set(lambda _: {"to_number": _WRONG_NUMBER}),
    ),
    _creating(
        "create-ignores-from-number",
        "the call comes from another number",
        "not-as-asked",
        _set(lambda _: {"from_number": _WRONG_NUMBER, "agent_phone_number": _WRONG_NUMBER}),
    ),
    _creating("create-ignores-agent", "another agent speaks", "not-as-asked", changed(_other_agent)),
    _creating("create-ignores-context", "the context is dropped", "not-as-asked", _set(lambda _: {"context": None})),
    _creating("create-answers-another", "an older call is shown in place of the new one", "created-twice", _existing),
    _creating(
        "create-answers-ended", "the call has ended as soon as it is created", "status-went-back", changed(_over)
    ),
    _creating("create-twice", "two calls are placed, and one is shown", "created-twice", _twice),
    _creating(
        "create-answers-first", "every request is answered with the first call created", "created-twice", _as_first
    ),
    Fault(
        name="create-forgets",
        title="a created call is not found afterwards",
        breaks=("created-lost", "status-undeclared"),
        operations=("create_call", "end_call", "get_call"),
        spoil=_lost,
    ),
)
