"""What the simulator knows: the account's calls and the stored things they are made of."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from vocode_contract.contract.model import Contract
from vocode_contract.simulator.clock import Clock
from vocode_contract.simulator.lives import Event, Life, events, seen
from vocode_contract.simulator.outbox import Outbox
from vocode_contract.simulator.scenarios import DEFAULT
from vocode_contract.simulator.written import Written

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
            values = seen(life, call, self.clock(), self.contract.date)
            call.update((name, value) for name, value in values.items() if name in call)
        return call

    def lead(self, call: Call, life: Life) -> None:
        """Give a call a life, its first or another one."""
        self.lives[call["id"]] = life
        self.outbox.watch(call["id"], self.events)

    def events(self, identifier: str, first: int = 0) -> Iterator[Event]:
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
