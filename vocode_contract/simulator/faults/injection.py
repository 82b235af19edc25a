"""Injection: which faults a simulator has, where, and how often."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Operation
from vocode_contract.errors import InvalidOption, did_you_mean
from vocode_contract.http.message import Request, Response
from vocode_contract.simulator.account import State
from vocode_contract.simulator.faults.conditions import call_ids, find_call, holds, holds_for_request, parse_condition
from vocode_contract.simulator.faults.fault import Fault, FaultContext, Server, Step
from vocode_contract.simulator.operations import Rules
from vocode_contract.simulator.request_log import LoggedRequest
from vocode_contract.simulator.responses import error_response
from vocode_contract.validation.scalars import uuid_of

#: The header with which one request asks for faults of its own.
HEADER = "x-simulator-fault"

_ALL_RULES = Rules()
_FORM = "FAULT[@OPERATION][[CONDITION]][:PROBABILITY], such as null:/agent/id@get_call[ended]:0.5"
_PLANTED = re.compile(
    r"(?P<fault>[^@\[\]]*?)(?P<where>(?:@[^@\[\]:]*|\[[^\[\]]*\])*)(?::(?P<probability>[^@\[\]:/=]*))?", re.DOTALL
)
_CONDITION = re.compile(r"\[([^\[\]]*)\]")
_PROBABILITY = re.compile(r"[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}", re.ASCII)


def _find_fault(name: str) -> Fault:
    """Return a fault by its name in the catalogue, or the mutation that is written so.

    Raises:
        InvalidOption: There is neither.
    """
    # Most simulators have no fault, and the table takes longer to load than everything else.
    from vocode_contract.simulator.faults.catalog import FAULTS
    from vocode_contract.simulator.faults.mutation import is_mutation, parse_mutation

    if name in FAULTS:
        return FAULTS[name]
    if is_mutation(name):
        return parse_mutation(name)
    hint = did_you_mean(name, FAULTS) or "; 'vocode-contract simulate --list-faults' lists them"
    raise InvalidOption("fault", f"there is no {name!a}{hint}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One fault, planted.

    Attributes:
        fault: Name in `FAULTS`, or a mutation, ``OPERATOR[:PLACE][=VALUE]``.
        operations: Names of the only operations to affect; by default all operations of the fault.
        calls: Ids of the only calls to affect, read from the query of a request; by default all.
        probability: That a request is affected, from 0 to 1.
        conditions: What must hold of a request or of its call before it, such as ``ended``, ``hipaa_compliant``,
            ``page=2`` or ``nth=3``; all of them.

    Raises:
        InvalidOption: There is no such fault, operation or condition, the fault does not affect the operation,
            or the probability is out of range.
    """

    fault: str
    operations: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    probability: float = 1.0
    conditions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Reject invalid values."""
        fault = _find_fault(self.fault)
        touched = fault.operations
        if unknown := [name for name in self.operations if name not in touched]:
            reason = f"{self.fault!r} does not touch {unknown[0]!a}; it touches {', '.join(touched)}"
            raise InvalidOption("fault", reason)
        if not 0.0 <= self.probability <= 1.0:
            raise InvalidOption("fault", "a probability is a number from 0 to 1")
        needs_call = any(condition.is_of_call for condition in map(parse_condition, self.conditions))
        if needs_call and not fault.selects_items and "list_calls" in (self.operations or touched):
            raise InvalidOption("fault", "list_calls is about no single call; use a place in /items/*")

    def __str__(self) -> str:
        where = "".join(f"@{place}" for place in (*self.operations, *self.calls))
        conditions = "".join(f"[{text}]" for text in self.conditions)
        probability = "" if self.probability == 1.0 else f":{self.probability:.9f}".rstrip("0")
        return f"{self.fault}{where}{conditions}{probability}"

    @classmethod
    def from_text(cls, text: str) -> "Planted":
        """Parse ``FAULT[@WHERE]...[[CONDITION]]...[:PROBABILITY]``.

        Args:
            text: Such as ``wrong-enum``, ``server-error@end_call:0.2`` or ``null:/agent/id@get_call[ended]``. FAULT is
                a name of the catalogue or a mutation, WHERE the name of an operation or the id of a call; where and
                conditions may be repeated.

        Raises:
            InvalidOption: As for the class itself.
        """
        parts = _PLANTED.fullmatch(text.strip())
        if parts is None:
            raise InvalidOption("fault", f"{text.strip()!a} is not of the form {_FORM}")
        probability = parts["probability"]
        if probability is not None and not _PROBABILITY.fullmatch(probability):
            raise InvalidOption("fault", "a probability is a number from 0 to 1, such as 0.25")
        where = _CONDITION.sub("", parts["where"]).split("@")[1:]
        return cls(
            fault=parts["fault"],
            operations=tuple(place for place in where if not uuid_of(place)),
            calls=tuple(str(call_id) for call_id in map(uuid_of, where) if call_id),
            probability=1.0 if probability is None else float(probability),
            conditions=tuple(_CONDITION.findall(parts["where"])),
        )

    def affects(self, request: Request, operation: Operation) -> bool:
        """Return whether the fault affects a request, whatever the probability."""
        names = self.operations or _find_fault(self.fault).operations
        return operation.name in names and (not self.calls or not set(self.calls).isdisjoint(call_ids(request)))


def parse_faults(faults: tuple[str | Planted, ...]) -> tuple[Planted, ...]:
    """Parse the faults that are given as text.

    Raises:
        InvalidOption: As for `Planted`.
    """
    return tuple(fault if isinstance(fault, Planted) else Planted.from_text(fault) for fault in faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedResponse:
    """The response of a simulator that may have faults.

    Attributes:
        response: The response, as far as it is HTTP.
        steps: How to send it over a connection that is closed afterwards; None for the usual way.
        entry: The request in the log; None if it is not logged.
    """

    response: Response
    steps: Iterator[Step] | None = field(default=None, repr=False)
    entry: LoggedRequest | None = field(default=None, repr=False)


class FaultInjector:
    """The faults between a conforming server and its clients; not safe to share between threads."""

    def __init__(self, contract: Contract, planted: tuple[Planted, ...] = (), *, seed: int = 0) -> None:
        """Plant faults, which are applied in this order.

        Raises:
            InvalidOption: A fault does not break this contract.
        """
        self._contract = contract
        self._planted = self._check(planted)
        self._seed = seed
        self._by_path = {operation.path: operation for operation in contract.operations.values()}
        self._randoms: dict[str, Random] = {}
        self._memories: dict[Planted, dict[str, Any]] = {}

    def respond(self, request: Request, state: State, server: Server) -> SimulatedResponse:
        """Return the response of a conforming server to which the faults, and those of the request, are added."""
        operation = self._by_path.get(request.path)
        header = request.header(HEADER)
        if operation is None or not (self._planted or header):
            return SimulatedResponse(response=server(request, _ALL_RULES))
        try:
            requested = self._check(parse_faults(tuple(header.split(",")) if header else ()))
        except InvalidOption as error:
            return SimulatedResponse(response=error_response(400, str(error)))
        active = [
            (planted, is_triggered)
            for planted in (*self._planted, *requested)
            if (is_triggered := self._is_triggered(planted, request, operation, state))
            or _find_fault(planted.fault).lasts
        ]
        for planted, is_triggered in active:
            server = self._wrap(server, planted, state, is_triggered=is_triggered)
        response = server(request, _ALL_RULES)
        for fault in (_find_fault(planted.fault) for planted, _ in active):
            if fault.script and request.method == operation.method:
                from vocode_contract.simulator.faults.network import limit_steps

                steps = fault.script(response, self._random(fault.name))
                return SimulatedResponse(response=response, steps=limit_steps(steps))
        return SimulatedResponse(response=response)

    def _check(self, planted: tuple[Planted, ...]) -> tuple[Planted, ...]:
        """Return the faults if each of them breaks the contract.

        Raises:
            InvalidOption: One does not.
        """
        if not self._contract.is_shipped:  # what breaks it cannot be known from its name
            return planted
        date = self._contract.date
        for fault in (_find_fault(one.fault) for one in planted):
            if not fault.breaks_contract(date):
                dates = f"from {fault.since} on" if fault.since else f"before {fault.before}"
                raise InvalidOption("fault", f"{fault.name!r} breaks no contract of {date}, only those {dates}")
        return planted

    def _is_triggered(self, planted: Planted, request: Request, operation: Operation, state: State) -> bool:
        """Return whether a fault affects a request, by its conditions and by chance."""
        if not planted.affects(request, operation):
            return False
        if planted.conditions:
            conditions = tuple(map(parse_condition, planted.conditions))
            if not holds_for_request(conditions, request, self._memories.setdefault(planted, {})):
                return False
            if operation.name != "list_calls" and not holds(conditions, find_call(request, state)):
                return False
        return self._is_due(planted)

    def _is_due(self, planted: Planted) -> bool:
        return planted.probability == 1.0 or self._random(planted.fault).random() < planted.probability

    def _random(self, name: str) -> Random:
        # Each fault has its own source, so that its series does not depend on the other faults.
        if name not in self._randoms:
            self._randoms[name] = Random(f"{self._seed} {name}")  # noqa: S311 - faults, not keys
        return self._randoms[name]

    def _wrap(self, inner: Server, planted: Planted, state: State, *, is_triggered: bool) -> Server:
        """Return a server with one more fault."""
        fault = _find_fault(planted.fault)
        conditions = tuple(map(parse_condition, planted.conditions))

        def respond(request: Request, rules: Rules) -> Response:
            operation = self._by_path.get(request.path)
            if operation is None or (operation.name not in fault.operations and not fault.lasts):
                return inner(request, rules)
            ctx = FaultContext(
                request=request,
                operation=operation,
                state=state,
                rules=rules,
                memory=self._memories.setdefault(planted, {}),
                inner=inner,
                conditions=conditions,
                is_triggered=is_triggered,
            )
            return fault.apply(ctx)

        return respond
