"""The state of the simulated account, and the events that are due."""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from heapq import heappop, heappush
from typing import Any
from uuid import UUID

from vocode_contract.contract.model import Contract
from vocode_contract.simulator.lifecycle.clock import Clock
from vocode_contract.simulator.lifecycle.life import CallEvent, Life, events, properties_at
from vocode_contract.simulator.lifecycle.scenarios import DEFAULT
from vocode_contract.simulator.serialization import Written

#: Returns the events of a call from a number on, past and to come.
Telling = Callable[[str, int], Iterator[CallEvent]]


@dataclass(slots=True)
class Outbox:
    """The events of many calls in order of time, each handed out once.

    Only the next event of each call is held, and it is looked up again when it is due: a call
    that goes on otherwise by then tells otherwise.
    """

    _next: list[tuple[float, str, int]] = field(default_factory=list, repr=False)
    _told: dict[str, int] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """Return how many events are held."""
        return len(self._next)

    def watch(self, call_id: str, telling: Telling) -> None:
        """Look out for the next event of a call that was placed, or whose life has changed."""
        self._hold(telling(call_id, self._told.setdefault(call_id, 0)))

    def due(self, now: float, telling: Telling) -> Iterator[CallEvent]:
        """Yield the events that have happened by now and were not yielded yet, in order of time."""
        while self._next and self._next[0][0] <= now:
            at, call_id, number = heappop(self._next)
            if self._told[call_id] != number:
                continue
            coming = telling(call_id, number)
            event = next(coming, None)
            if event is None or event.at != at:
                continue
            self._told[call_id] += 1
            self._hold(coming)
            yield event

    def _hold(self, coming: Iterator[CallEvent]) -> None:
        if (event := next(coming, None)) is not None:
            heappush(self._next, (event.at, event.call_id, event.number))

    def next_at(self) -> float:
        """Return when there may be something due again, in seconds since the epoch; infinity if never."""
        return self._next[0][0] if self._next else math.inf


Call = dict[str, Any]


class NotStored(Exception):
    """Nothing of the wanted kind is stored under an id. Never leaves the core.

    Attributes:
        noun: The wanted kind, such as ``Agent``.
    """

    def __init__(self, noun: str) -> None:
        """Name what is missing."""
        super().__init__(noun)
        self.noun = noun


@cache
def event_types(contract: Contract) -> frozenset[str]:
    """Return the kinds of event that a contract knows."""
    return frozenset(contract.schemas["EventType"]["enum"])


@dataclass(slots=True, kw_only=True)
class State:
    """The account: one owner, whose calls and things these are.

    Attributes:
        contract: The contract that all objects are modelled on.
        clock: Tells the time.
        chance: Source of every id, so that the same seed gives the same ones.
        owner: Id of the account.
        calls: By id, oldest first. A call has every property of the contract's Call, in its order,
            unset ones as None; its times are seconds since the epoch. One that lives is as it was
            when it was last looked at.
        lives: By id, of the calls that move by themselves; the seeded ones stand still.
        outbox: Which events are due.
        scenario: What happens to calls whose number chooses nothing.
        stored: Agents, prompts, voices and the like: id to kind and object.
        written: What calls were last sent as.
    """

    contract: Contract
    clock: Clock = field(repr=False)
    chance: random.Random = field(repr=False)
    owner: str = ""
    calls: dict[str, Call] = field(default_factory=dict, repr=False)
    lives: dict[str, Life] = field(default_factory=dict, repr=False)
    outbox: Outbox = field(default_factory=Outbox, repr=False)
    scenario: str = DEFAULT
    stored: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict, repr=False)
    written: Written = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Begin with nothing sent."""
        self.written = Written(self.contract)

    @classmethod
    def empty(cls, contract: Contract, *, clock: Clock, seed: int, scenario: str = DEFAULT) -> "State":
        """Return the state of an account without calls; the same seed gives the same ids."""
        chance = random.Random(seed)  # noqa: S311 - ids, not keys
        state = cls(contract=contract, clock=clock, chance=chance, scenario=scenario)
        state.owner = state.fresh_id()
        return state

    def fresh_id(self) -> str:
        """Return an id that was not given before."""
        return str(UUID(int=self.chance.getrandbits(128), version=4))

    def call(self, identifier: str) -> Call:
        """Return a call as it is now.

        Raises:
            NotStored: There is none of that id.
        """
        call = self.calls.get(identifier)
        if call is None:
            raise NotStored("Call")
        if life := self.lives.get(identifier):
            values = properties_at(life, call, self.clock(), self.contract.date)
            call.update((name, value) for name, value in values.items() if name in call)
        return call

    def lead(self, call: Call, life: Life) -> None:
        """Give a call a life, its first or another one."""
        self.lives[call["id"]] = life
        self.outbox.watch(call["id"], self.events)

    def events(self, identifier: str, first: int = 0) -> Iterator[CallEvent]:
        """Yield the events of a call from that number on, past and to come, in order of time."""
        if life := self.lives.get(identifier):
            yield from events(life, self.calls[identifier], event_types(self.contract), first)

    def keep(self, kind: str, thing: Mapping[str, Any]) -> None:
        """Store an object under its id."""
        self.stored[thing["id"]] = kind, thing

    def thing(self, kind: str, identifier: str) -> Mapping[str, Any]:
        """Return a stored object.

        Raises:
            NotStored: There is none of that kind under that id.
        """
        found, thing = self.stored.get(str(UUID(identifier)), ("", {}))
        if found != kind:
            raise NotStored(kind)
        return thing
