"""The state of the simulated account, and its pending events."""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from heapq import heappop, heappush
from typing import Any
from uuid import UUID

from vocode_contract.contract.model import Contract, has_timed_transcripts
from vocode_contract.simulator.lifecycle.clock import Clock
from vocode_contract.simulator.lifecycle.life import CallEvent, Life, events, properties_at
from vocode_contract.simulator.lifecycle.scenarios import DEFAULT
from vocode_contract.simulator.serialization import SerializationCache

#: Returns the events of a call from a number on, past and future.
EventSource = Callable[[str, int], Iterator[CallEvent]]


@dataclass(slots=True)
class Outbox:
    """The events of many calls in order of time, each taken once.

    It holds the time and the number of the next event of each call, in a heap. When that is due, the event is
    computed again, since the course of the call may have changed.
    """

    _next: list[tuple[float, str, int]] = field(default_factory=list, repr=False)
    _taken: dict[str, int] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self._next)

    def watch(self, call_id: str, source: EventSource) -> None:
        """Add the next event of a call that was placed, or whose course has changed."""
        self._push(source(call_id, self._taken.setdefault(call_id, 0)))

    def due(self, now: float, source: EventSource) -> Iterator[CallEvent]:
        """Yield the events that have happened by now and were not taken yet, in order of time."""
        while self._next and self._next[0][0] <= now:
            at, call_id, number = heappop(self._next)
            if self._taken[call_id] != number:
                continue
            coming = source(call_id, number)
            event = next(coming, None)
            if event is None or event.at != at:
                continue
            self._taken[call_id] += 1
            self._push(coming)
            yield event

    def _push(self, coming: Iterator[CallEvent]) -> None:
        if (event := next(coming, None)) is not None:
            heappush(self._next, (event.at, event.call_id, event.number))

    def next_at(self) -> float:
        """Return when the next event may be due, in seconds since the epoch; infinity if never."""
        return self._next[0][0] if self._next else math.inf


Call = dict[str, Any]


class NotStored(Exception):
    """No object of a kind, such as ``Agent``, is stored under an id; its text is the kind. Never leaves the core."""


@cache
def event_types(contract: Contract) -> frozenset[str]:
    """Return the event types of a contract."""
    return frozenset(contract.schemas["EventType"]["enum"])


@dataclass(slots=True, kw_only=True)
class State:
    """The account: one owner, with calls and objects.

    Attributes:
        calls: By id, oldest first. A call has every property of the contract's Call, in its order, unset ones as
            None; times are seconds since the epoch. A call with a life has the state in which it was last read.
        lives: By id of the call; the initial calls have none and do not change.
        scenario: Default scenario for calls whose number selects none.
        timed: Whether the lines of a transcript are timed.
        stored: Agents, prompts, voices and the like: id to kind and object.
    """

    contract: Contract
    clock: Clock = field(repr=False)
    ids: random.Random = field(repr=False)
    owner: str = ""
    calls: dict[str, Call] = field(default_factory=dict, repr=False)
    lives: dict[str, Life] = field(default_factory=dict, repr=False)
    outbox: Outbox = field(default_factory=Outbox, repr=False)
    scenario: str = DEFAULT
    stored: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict, repr=False)
    json_cache: SerializationCache = field(init=False, repr=False)
    timed: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.json_cache = SerializationCache(self.contract)
        self.timed = has_timed_transcripts(self.contract)

    @classmethod
    def create(cls, contract: Contract, *, clock: Clock, seed: int, scenario: str = DEFAULT) -> "State":
        """Return the state of an account without calls; the same seed gives the same ids."""
        ids = random.Random(seed)  # noqa: S311 - ids, not keys
        state = cls(contract=contract, clock=clock, ids=ids, scenario=scenario)
        state.owner = state.create_id()
        return state

    def create_id(self) -> str:
        """Return a new id."""
        return str(UUID(int=self.ids.getrandbits(128), version=4))

    def call(self, identifier: str) -> Call:
        """Return a call as it is now.

        Raises:
            NotStored: No call has that id.
        """
        call = self.calls.get(identifier)
        if call is None:
            raise NotStored("Call")
        if life := self.lives.get(identifier):
            values = properties_at(life, call, self.clock(), timed=self.timed)
            call.update((name, value) for name, value in values.items() if name in call)
        return call

    def lead(self, call: Call, life: Life) -> None:
        """Set the course of a call."""
        self.lives[call["id"]] = life
        self.outbox.watch(call["id"], self.events)

    def events(self, identifier: str, first: int = 0) -> Iterator[CallEvent]:
        """Yield the events of a call from that number on, past and future, in order of time."""
        if life := self.lives.get(identifier):
            yield from events(life, self.calls[identifier], event_types(self.contract), first)

    def thing(self, kind: str, identifier: str) -> Mapping[str, Any]:
        """Return a stored object.

        Raises:
            NotStored: No object of that kind has that id.
        """
        found, thing = self.stored.get(str(UUID(identifier)), ("", {}))
        if found != kind:
            raise NotStored(kind)
        return thing
