"""Fault: what the server does wrong, and how, as one function between a request and its response."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Literal
from urllib.parse import parse_qsl

import orjson

from vocode_contract.contract.model import Operation
from vocode_contract.http.message import Request, Response
from vocode_contract.simulator.account import State
from vocode_contract.simulator.operations import Rules
from vocode_contract.simulator.responses import answered
from vocode_contract.validation.scalars import uuid_of

#: The operations that response with a Call, with JSON, and all.
CALLS = ("create_call", "end_call", "get_call")
ONE_CALL = ("end_call", "get_call", "get_recording")
JSON_ANSWERS = (*CALLS, "list_calls")
ALL = (*JSON_ANSWERS, "get_recording")

#: What a server that is less faulty answers to a request, by its own rules.
Below = Callable[[Request, Rules], Response]
#: One thing to do on a connection: send bytes, wait for seconds, or break the connection off.
Step = bytes | float | Literal["reset"]
#: Writes a response as the steps that carry it; what it draws by chance it draws at once.
Script = Callable[[Response, Random], Iterable[Step]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultyTurn:
    """One request on its way through one fault.

    Attributes:
        request: As it came, or as another fault rewrote it.
        operation: The one whose URL path was asked for, whatever the method.
        operations: Every operation by name.
        state: The account.
        rules: What the server does by the contract.
        memory: What this fault noted so far.
        below: The server beneath the fault.
    """

    request: Request
    operation: Operation
    operations: Mapping[str, Operation] = field(repr=False)
    state: State
    rules: Rules
    memory: dict[str, Any] = field(repr=False)
    below: Below = field(repr=False)

    @property
    def is_served(self) -> bool:
        """Whether the method is the one that the operation answers to."""
        return self.request.method == self.operation.method

    @property
    def identifier(self) -> str:
        """The id in the query as servers write it, the last of several; empty where none can be read."""
        return next(reversed(identifiers(self.request)), "")

    @property
    def token(self) -> str:
        """The token of the request, fit for a header."""
        given = (self.request.header("authorization") or "").partition(" ")[2]
        return given.encode("ascii", "backslashreplace").decode()

    def sound(self) -> Response:
        """Return the response of the server beneath."""
        return self.below(self.request, self.rules)

    def unchecked(self) -> Response:
        """Return the response of the server beneath to anybody, token or not."""
        return self.below(self.request, replace(self.rules, checks_token=False))

    def of(self, name: str, identifier: str) -> Response:
        """Return what an operation answers about a call, whoever asks."""
        operation = self.operations[name]
        request = Request(method=operation.method, path=operation.path, query=f"id={identifier}")
        return self.below(request, replace(self.rules, checks_token=False))

    def call(self, identifier: str) -> dict[str, Any]:
        """Return a call as Get Call shows it; empty where there is none."""
        response = self.of("get_call", identifier)
        return dict(orjson.loads(response.body)) if response.status == 200 else {}

    def other(self, identifier: str, *statuses: str) -> str:
        """Return the id of another call, the newest in one of the statuses if there are such."""
        others = [known for known in reversed(self.state.calls) if known != identifier]
        fitting = (known for known in others if self.state.calls[known]["status"] in statuses)
        return next(fitting, others[0] if others else identifier)


def identifiers(request: Request) -> tuple[str, ...]:
    """Return every call id in a query, in order, as servers write ids; others are left out."""
    given = (value for name, value in parse_qsl(request.query) if name == "id")
    return tuple(identifier for identifier in map(canonical, given) if identifier)


def canonical(text: str) -> str:
    """Write a UUID in lower case with hyphens; empty for what is none."""
    return str(uuid_of(text) or "")


Spoiling = Callable[[FaultyTurn], Response]
Kind = Literal["answer", "wire"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One violation.

    Attributes:
        name: What it is planted by.
        title: What the server does wrong, in one line.
        breaks: What a checker should report: codes and claims, the fault itself first; the others
            may follow from it.
        operations: Names of the operations that it touches.
        since: Date of the first contract that it breaks; empty for all.
        before: Date of the first later contract that it does not break any more; empty for none.
        spoil: Makes the wrong answer.
        script: Carries the response in a wrong way; None where nothing is wrong with that.
    """

    name: str
    title: str
    breaks: tuple[str, ...]
    operations: tuple[str, ...] = CALLS
    since: str = ""
    before: str = ""
    spoil: Spoiling = field(default=FaultyTurn.sound, repr=False)
    script: Script | None = field(default=None, repr=False)

    @property
    def kind(self) -> Kind:
        """``wire`` where HTTP itself is at fault, ``answer`` where a complete response is."""
        return "answer" if self.script is None else "wire"

    def breaks_contract(self, date: str) -> bool:
        """Return whether the contract of a date is broken by it."""
        return date >= self.since and (not self.before or date < self.before)


Change = Callable[[dict[str, Any], FaultyTurn], object]


def changed(change: Change) -> Spoiling:
    """Spoil the object in a good answer.

    Args:
        change: Takes the parsed body, which it may alter, and returns what to send instead.
    """

    def spoil(turn: FaultyTurn) -> Response:
        response = turn.sound()
        if response.status != 200:
            return response
        return answered(200, change(orjson.loads(response.body), turn))

    return spoil


def after(response: Response) -> Spoiling:
    """Give another response in place of every good one, once the deed is done."""

    def spoil(turn: FaultyTurn) -> Response:
        right = turn.sound()
        return response if right.status == 200 else right

    return spoil


def over(call: Mapping[str, Any]) -> bool:
    """Return whether a call has come to its end."""
    return call.get("status") in ("ended", "error")
