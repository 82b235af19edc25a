"""The ways in which the simulator can be told to disobey, so that a test shows it is noticed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from vocode_contract.contract import Operation
from vocode_contract.errors import InvalidOption
from vocode_contract.exchange import Request, Response
from vocode_contract.simulator.operations import Rules
from vocode_contract.simulator.refusals import answered
from vocode_contract.simulator.state import State

Spoiling = Callable[[Operation, Request, Response, State], Response]

_CALL = ("create_call", "end_call", "get_call")


def _untouched(_operation: Operation, _request: Request, response: Response, _state: State) -> Response:
    return response


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One disobedience.

    Attributes:
        summary: What the server does wrong, in one line.
        breaks: Names of the rules that the core does not keep.
        spoil: Makes the wrong answer from the right one.
    """

    summary: str
    breaks: tuple[str, ...] = ()
    spoil: Spoiling = field(default=_untouched, repr=False)


def _on_calls(change: Callable[[dict[str, Any], State], Mapping[str, Any]], *names: str) -> Spoiling:
    """Spoil the call in a good answer of the operations of those names."""

    def spoil(operation: Operation, _request: Request, response: Response, state: State) -> Response:
        if operation.name not in names or response.status != 200:
            return response
        return answered(200, change(orjson.loads(response.body), state))

    return spoil


def _instead(response: Response) -> Spoiling:
    """Give another response in place of every good one."""

    def spoil(_operation: Operation, _request: Request, right: Response, _state: State) -> Response:
        return response if right.status == 200 else right

    return spoil


def _without_agent(call: dict[str, Any], _state: State) -> Mapping[str, Any]:
    return {key: value for key, value in call.items() if key != "agent"}


def _other_id(call: dict[str, Any], state: State) -> Mapping[str, Any]:
    return call | {"id": next(known for known in state.calls if known != call["id"])}


def _as_before(call: dict[str, Any], _state: State) -> Mapping[str, Any]:
    return call | ({"status": "in_progress", "end_time": None} if call["status"] == "ended" else {})


_PAGE = b"<!doctype html><title>Bad gateway</title><h1>The server is having a rest</h1>"

FAULTS: Mapping[str, Fault] = {
    "end-that-does-not-end": Fault(summary="End Call answers 200 and the call goes on", breaks=("ends_calls",)),
    "html-page": Fault(
        summary="every good answer is an HTML page with status 200",
        spoil=_instead(Response(status=200, headers=(("content-type", "text/html; charset=utf-8"),), body=_PAGE)),
    ),
    "ignored-token": Fault(summary="any token will do, and none", breaks=("checks_token",)),
    "missing-required": Fault(summary="calls come without their agent", spoil=_on_calls(_without_agent, *_CALL)),
    "null-required": Fault(
        summary="calls come with null for the number called",
        spoil=_on_calls(lambda call, _: call | {"to_number": None}, *_CALL),
    ),
    "server-error": Fault(
        summary="every good answer is a plain 500",
        spoil=_instead(
            Response(
                status=500, headers=(("content-type", "text/plain; charset=utf-8"),), body=b"Internal Server Error"
            )
        ),
    ),
    "stale-get": Fault(
        summary="Get Call shows an ended call as still in progress", spoil=_on_calls(_as_before, "get_call")
    ),
    "wrong-call": Fault(
        summary="End Call and Get Call answer with the id of another call",
        spoil=_on_calls(_other_id, "end_call", "get_call"),
    ),
    "wrong-enum": Fault(
        summary='calls have the status "ringing", which no contract knows',
        spoil=_on_calls(lambda call, _: call | {"status": "ringing"}, *_CALL),
    ),
}


def chosen(names: tuple[str, ...]) -> tuple[Fault, ...]:
    """Return the faults of those names.

    Raises:
        InvalidOption: There is no fault of a name.
    """
    if unknown := [name for name in names if name not in FAULTS]:
        raise InvalidOption("faults", f"there is no {unknown[0]!r}; known: {', '.join(FAULTS)}")
    return tuple(FAULTS[name] for name in names)


def rules_under(faults: tuple[Fault, ...]) -> Rules:
    """Return the rules that are left when faults break theirs."""
    return Rules(**{name: False for fault in faults for name in fault.breaks})
