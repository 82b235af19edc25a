"""Fault: one way in which the simulated server breaks its contract, and the helpers that faults are built from."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Literal

import orjson

from vocode_contract.contract.operation import Operation
from vocode_contract.http.message import Request, Response
from vocode_contract.simulator.account import State
from vocode_contract.simulator.faults.conditions import Condition, call_ids
from vocode_contract.simulator.operations import Rules
from vocode_contract.simulator.responses import json_response

#: Operations that respond with a Call, and all.
CALLS = ("create_call", "end_call", "get_call")
ALL = (*CALLS, "list_calls", "get_recording")

#: An owner that is not the simulator's account.
STRANGER = "5ca1ab1e-0000-4000-8000-00000000dead"

#: Responds to a request under the given rules; it may have faults of its own.
Server = Callable[[Request, Rules], Response]
#: One action on a connection: send bytes, wait for seconds, or reset the connection.
Step = bytes | float | Literal["reset"]
#: Turns a response into the steps that send it. Random values are drawn at once, not while the steps are taken.
Script = Callable[[Response, Random], Iterable[Step]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultContext:
    """One request on its way through one fault.

    Attributes:
        request: The request, possibly rewritten by another fault.
        operation: The operation of the URL path, whatever the request's method.
        state: The account.
        rules: The rules that outer faults have left in force.
        memory: What this fault has stored since the last reset.
        inner: The server that this fault wraps.
        conditions: What must hold of each listed call that the fault changes.
        is_triggered: Whether the fault is due; else it only shows what it changed before.
    """

    request: Request
    operation: Operation
    state: State
    rules: Rules
    memory: dict[str, Any] = field(repr=False)
    inner: Server = field(repr=False)
    conditions: tuple[Condition, ...] = ()
    is_triggered: bool = True

    @property
    def is_method_allowed(self) -> bool:
        """Whether the request has the method of the operation."""
        return self.request.method == self.operation.method

    @property
    def call_id(self) -> str:
        """The id in the query, the last one of several; empty if there is none."""
        return next(reversed(call_ids(self.request)), "")

    @property
    def token(self) -> str:
        """The credentials of the request, escaped so that they fit into a header."""
        credentials = (self.request.header("authorization") or "").partition(" ")[2]
        return credentials.encode("ascii", "backslashreplace").decode()

    def respond(self, request: Request | None = None, **rules: bool) -> Response:
        """Return the response of the inner server.

        Args:
            request: The request to pass on, by default the unchanged one.
            rules: Rules to change, by their names in `Rules`.
        """
        return self.inner(request or self.request, replace(self.rules, **rules))

    def perform(self, name: str, call_id: str) -> Response:
        """Return the response of an operation on a call, without checking the token."""
        operation = self.state.contract.operations[name]
        request = Request(method=operation.method, path=operation.path, query=f"id={call_id}")
        return self.respond(request, checks_token=False)

    def get_call(self, call_id: str) -> dict[str, Any]:
        """Return a call as Get Call shows it; empty if it does not exist."""
        response = self.perform("get_call", call_id)
        return dict(orjson.loads(response.body)) if response.status == 200 else {}

    def get_stored(self, call_id: str) -> Mapping[str, Any]:
        """Return a call as the account has it now; empty if it does not exist."""
        return self.state.call(call_id) if call_id in self.state.calls else {}

    def find_other_call(self, call_id: str, *statuses: str) -> str:
        """Return the id of another call: the newest with one of the statuses, else the newest of all."""
        others = [known for known in reversed(self.state.calls) if known != call_id]
        matching = (known for known in others if self.state.calls[known]["status"] in statuses)
        return next(matching, others[0] if others else call_id)


ResponseFault = Callable[[FaultContext], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way in which the server breaks its contract.

    Attributes:
        name: The name that it is planted by.
        title: What the server does wrong, in one line.
        breaks: What a checker should report: violation codes and kinds of inconclusive responses. The
            first is the fault itself, the others may follow from it.
        operations: Names of the operations that it affects.
        since: Date of the first contract that it breaks; empty for all.
        before: Date of the first later contract that it no longer breaks; empty for none.
        apply: Returns the wrong response.
        script: Sends the response in a wrong way; None for the usual way.
        selects_items: Whether it selects the listed calls by the conditions itself.
        lasts: Whether later requests show what it has changed.
    """

    name: str
    title: str
    breaks: tuple[str, ...]
    operations: tuple[str, ...] = CALLS
    since: str = ""
    before: str = ""
    apply: ResponseFault = field(default=FaultContext.respond, repr=False)
    script: Script | None = field(default=None, repr=False)
    selects_items: bool = False
    lasts: bool = False

    @property
    def kind(self) -> Literal["answer", "wire"]:
        """``wire`` if HTTP itself is at fault, ``answer`` if a complete response is."""
        return "answer" if self.script is None else "wire"

    def breaks_contract(self, date: str) -> bool:
        """Return whether it breaks the contract of a date."""
        return date >= self.since and (not self.before or date < self.before)


def change_response(change: Callable[[FaultContext, Response], Response], *statuses: int) -> ResponseFault:
    """Return a fault that changes the responses with one of the statuses, by default 200.

    The request has taken effect by then.
    """

    def apply(ctx: FaultContext) -> Response:
        response = ctx.respond()
        return change(ctx, response) if response.status in (statuses or (200,)) else response

    return apply


def replace_response(response: Response, *statuses: int) -> ResponseFault:
    """Return a fault that sends another response in place of those with one of the statuses, by default 200."""
    return change_response(lambda _ctx, _response: response, *statuses)


def change_json(change: Callable[[dict[str, Any], FaultContext], object]) -> ResponseFault:
    """Return a fault that changes the JSON body of each response with status 200.

    Args:
        change: Takes the parsed body, which it may modify, and returns what to send instead.
    """
    return change_response(lambda ctx, response: json_response(200, change(orjson.loads(response.body), ctx)))
