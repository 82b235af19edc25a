"""Planting: which faults a simulator has, where, and how often."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from vocode_contract.contract.model import Contract, Operation
from vocode_contract.errors import InvalidOption
from vocode_contract.http.message import Request, Response
from vocode_contract.simulator.account import State
from vocode_contract.simulator.faults.fault import Below, Fault, FaultyTurn, Step, canonical, identifiers
from vocode_contract.simulator.operations import Rules
from vocode_contract.simulator.responses import refused

#: The header by which one request asks for faults of its own.
HEADER = "x-simulator-fault"

_KEPT = Rules()
_PROBABILITY = re.compile(r"[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}", re.ASCII)


def _faults() -> Mapping[str, Fault]:
    """Return the table of faults, which takes longer to load than the rest: most servers are sound."""
    from vocode_contract.simulator.faults.catalog import FAULTS

    return FAULTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One fault, planted.

    Attributes:
        fault: Name in `FAULTS`.
        operations: Names of the only operations to touch; all that the fault touches without.
        calls: Ids of the only calls to touch, taken from the query of a request; all without.
        probability: Of a request to be touched, from 0 to 1.

    Raises:
        InvalidOption: There is no such fault or operation, the fault does not touch the operation,
            or there is no such probability.
    """

    fault: str
    operations: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    probability: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what means nothing."""
        if self.fault not in _faults():
            raise InvalidOption("fault", f"there is no {self.fault!a}{_meant(self.fault)}")
        touched = _faults()[self.fault].operations
        if unknown := [name for name in self.operations if name not in touched]:
            reason = f"{self.fault!r} does not touch {unknown[0]!a}; it touches {', '.join(touched)}"
            raise InvalidOption("fault", reason)
        if not 0.0 <= self.probability <= 1.0:
            raise InvalidOption("fault", "a probability is a number from 0 to 1")

    @classmethod
    def from_text(cls, text: str) -> "Planted":
        """Read ``NAME[@WHERE]...[:PROBABILITY]``.

        Args:
            text: Such as ``wrong-enum``, ``server-error@end_call:0.2``; WHERE is the name of an
                operation or the id of a call, and may be repeated.

        Raises:
            InvalidOption: As for the class itself.
        """
        places, colon, chance = text.strip().partition(":")
        name, *where = places.split("@")
        if colon and not _PROBABILITY.fullmatch(chance):
            raise InvalidOption("fault", "a probability is a number from 0 to 1, such as 0.25")
        return cls(
            fault=name,
            operations=tuple(place for place in where if not canonical(place)),
            calls=tuple(canonical(place) for place in where if canonical(place)),
            probability=float(chance) if colon else 1.0,
        )

    def concerns(self, request: Request, operation: Operation) -> bool:
        """Return whether a request is one that the fault is to touch."""
        names = self.operations or _faults()[self.fault].operations
        return operation.name in names and (not self.calls or not set(self.calls).isdisjoint(identifiers(request)))


def _meant(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, _faults(), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else "; docs/reference/faults.md lists them"


def planted_from(faults: tuple[str | Planted, ...]) -> tuple[Planted, ...]:
    """Read the faults that are given as text.

    Raises:
        InvalidOption: As for `Planted`.
    """
    return tuple(fault if isinstance(fault, Planted) else Planted.from_text(fault) for fault in faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedResponse:
    """What a server that may be faulty gives to a request.

    Attributes:
        response: The response as far as it is HTTP.
        steps: How to carry it over a connection that is closed afterwards; None for the usual way.
    """

    response: Response
    steps: Iterator[Step] | None = field(default=None, repr=False)


class Sabotage:
    """The faults between a sound server and its clients; not safe to share between threads."""

    def __init__(self, contract: Contract, planted: tuple[Planted, ...] = (), *, seed: int = 0) -> None:
        """Plant faults.

        Args:
            contract: The contract that is served.
            planted: The first one is nearest to the sound server.
            seed: Of all that is left to chance; the same seed gives the same series for each fault.

        Raises:
            InvalidOption: A fault does not break this contract.
        """
        for plant in planted:
            _refuse_harmless(_faults()[plant.fault], contract)
        self._contract = contract
        self._planted = planted
        self._seed = seed
        self._by_path = {operation.path: operation for operation in contract.operations.values()}
        self._chances: dict[str, Random] = {}
        self._memories: dict[str, dict[str, Any]] = {}

    def restart(self) -> None:
        """Forget what the faults noted, and begin the series of chance anew."""
        self._chances.clear()
        self._memories.clear()

    def answer(self, request: Request, state: State, sound: Below) -> SimulatedResponse:
        """Answer a request.

        Args:
            request: As it came over the wire; its header may ask for faults.
            state: The account.
            sound: The server as it should be.
        """
        operation = self._by_path.get(request.path)
        asked = request.header(HEADER)
        if operation is None or not (self._planted or asked):
            return SimulatedResponse(response=sound(request, _KEPT))
        try:
            planted = (*self._planted, *self._asked_for(asked))
        except InvalidOption as error:
            return SimulatedResponse(response=refused(400, str(error)))
        struck = [plant for plant in planted if plant.concerns(request, operation) and self._strikes(plant)]
        below = sound
        for plant in struck:
            below = self._spoilt(_faults()[plant.fault], state, below)
        response = below(request, _KEPT)
        scripts = [fault for plant in struck if (fault := _faults()[plant.fault]).script]
        if not scripts or request.method != operation.method:
            return SimulatedResponse(response=response)
        return SimulatedResponse(response=response, steps=self._carried(scripts[0], response))

    def _asked_for(self, header: str | None) -> tuple[Planted, ...]:
        planted = planted_from(tuple(header.split(",")) if header else ())
        for plant in planted:
            _refuse_harmless(_faults()[plant.fault], self._contract)
        return planted

    def _strikes(self, plant: Planted) -> bool:
        return plant.probability == 1.0 or self._chance(plant.fault).random() < plant.probability

    def _chance(self, name: str) -> Random:
        """Return the source of chance of one fault, which no other fault draws from."""
        if name not in self._chances:
            self._chances[name] = Random(f"{self._seed} {name}")  # noqa: S311 - faults, not keys
        return self._chances[name]

    def _spoilt(self, fault: Fault, state: State, below: Below) -> Below:
        """Return a server with one fault more."""

        def answer(request: Request, rules: Rules) -> Response:
            operation = self._by_path.get(request.path)
            if operation is None or operation.name not in fault.operations:
                return below(request, rules)
            turn = FaultyTurn(
                request=request,
                operation=operation,
                operations=self._contract.operations,
                state=state,
                rules=rules,
                memory=self._memories.setdefault(fault.name, {}),
                below=below,
            )
            return fault.spoil(turn)

        return answer

    def _carried(self, fault: Fault, response: Response) -> Iterator[Step] | None:
        from vocode_contract.simulator.faults.network import bounded

        return bounded(fault.script(response, self._chance(fault.name))) if fault.script else None


def _refuse_harmless(fault: Fault, contract: Contract) -> None:
    if not fault.breaks_contract(contract.date):
        dates = f"from {fault.since} on" if fault.since else f"before {fault.before}"
        raise InvalidOption("fault", f"{fault.name!r} breaks no contract of {contract.date}, only those {dates}")
