"""Injection: which faults a simulator has, where, and how often."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from vocode_contract.contract.model import Contract, Operation
from vocode_contract.errors import InvalidOption, did_you_mean
from vocode_contract.http.message import Request, Response
from vocode_contract.simulator.account import State
from vocode_contract.simulator.faults.fault import Fault, FaultContext, Server, Step, call_ids
from vocode_contract.simulator.operations import Rules
from vocode_contract.simulator.responses import error_response
from vocode_contract.validation.scalars import uuid_of

#: The header with which one request asks for faults of its own.
HEADER = "x-simulator-fault"

_ALL_RULES = Rules()
_PROBABILITY = re.compile(r"[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}", re.ASCII)


def _faults() -> Mapping[str, Fault]:
    # Most simulators have no fault, and the table takes longer to load than everything else.
    from vocode_contract.simulator.faults.catalog import FAULTS

    return FAULTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One fault, planted.

    Attributes:
        fault: Name in `FAULTS`.
        operations: Names of the only operations to affect; by default all operations of the fault.
        calls: Ids of the only calls to affect, read from the query of a request; by default all.
        probability: That a request is affected, from 0 to 1.

    Raises:
        InvalidOption: There is no such fault or operation, the fault does not affect the operation,
            or the probability is out of range.
    """

    fault: str
    operations: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    probability: float = 1.0

    def __post_init__(self) -> None:
        """Reject invalid values."""
        if self.fault not in _faults():
            hint = did_you_mean(self.fault, _faults()) or "; 'vocode-contract simulate --list-faults' lists them"
            raise InvalidOption("fault", f"there is no {self.fault!a}{hint}")
        touched = _faults()[self.fault].operations
        if unknown := [name for name in self.operations if name not in touched]:
            reason = f"{self.fault!r} does not touch {unknown[0]!a}; it touches {', '.join(touched)}"
            raise InvalidOption("fault", reason)
        if not 0.0 <= self.probability <= 1.0:
            raise InvalidOption("fault", "a probability is a number from 0 to 1")

    @classmethod
    def from_text(cls, text: str) -> "Planted":
        """Parse ``NAME[@WHERE]...[:PROBABILITY]``.

        Args:
            text: Such as ``wrong-enum`` or ``server-error@end_call:0.2``. WHERE is the name of an
                operation or the id of a call, and may be repeated.

        Raises:
            InvalidOption: As for the class itself.
        """
        places, colon, probability = text.strip().partition(":")
        name, *where = places.split("@")
        if colon and not _PROBABILITY.fullmatch(probability):
            raise InvalidOption("fault", "a probability is a number from 0 to 1, such as 0.25")
        return cls(
            fault=name,
            operations=tuple(place for place in where if not uuid_of(place)),
            calls=tuple(str(call_id) for call_id in map(uuid_of, where) if call_id),
            probability=float(probability) if colon else 1.0,
        )

    def affects(self, request: Request, operation: Operation) -> bool:
        """Return whether the fault affects a request, whatever the probability."""
        names = self.operations or _faults()[self.fault].operations
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
    """

    response: Response
    steps: Iterator[Step] | None = field(default=None, repr=False)


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
        self._memories: dict[str, dict[str, Any]] = {}

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
        faults = [
            _faults()[planted.fault]
            for planted in (*self._planted, *requested)
            if planted.affects(request, operation) and self._is_due(planted)
        ]
        for fault in faults:
            server = self._wrap(server, fault, state)
        response = server(request, _ALL_RULES)
        for fault in faults:
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
        date = self._contract.date
        for fault in (_faults()[one.fault] for one in planted):
            if not fault.breaks_contract(date):
                dates = f"from {fault.since} on" if fault.since else f"before {fault.before}"
                raise InvalidOption("fault", f"{fault.name!r} breaks no contract of {date}, only those {dates}")
        return planted

    def _is_due(self, planted: Planted) -> bool:
        return planted.probability == 1.0 or self._random(planted.fault).random() < planted.probability

    def _random(self, name: str) -> Random:
        # Each fault has its own source, so that its series does not depend on the other faults.
        if name not in self._randoms:
            self._randoms[name] = Random(f"{self._seed} {name}")  # noqa: S311 - faults, not keys
        return self._randoms[name]

    def _wrap(self, inner: Server, fault: Fault, state: State) -> Server:
        """Return a server with one more fault."""

        def respond(request: Request, rules: Rules) -> Response:
            operation = self._by_path.get(request.path)
            if operation is None or operation.name not in fault.operations:
                return inner(request, rules)
            ctx = FaultContext(
                request=request,
                operation=operation,
                state=state,
                rules=rules,
                memory=self._memories.setdefault(fault.name, {}),
                inner=inner,
            )
            return fault.apply(ctx)

        return respond
