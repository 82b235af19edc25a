"""What the simulator knows: the account's calls and the stored things they are made of."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from vocode_contract.contract import Contract
from vocode_contract.simulator.clock import Clock

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


@dataclass(slots=True, kw_only=True)
class State:
    """The account: one owner, whose calls and things these are.

    Attributes:
        contract: The contract that all objects are modelled on.
        clock: Tells the time.
        chance: Source of every id, so that the same seed gives the same ones.
        owner: Id of the account.
        calls: By id, oldest first. A call has every property of the contract's Call, in its order,
            unset ones as None; its times are seconds since the epoch.
        stored: Agents, prompts, voices and the like: id to kind and object.
    """

    contract: Contract
    clock: Clock = field(repr=False)
    chance: random.Random = field(repr=False)
    owner: str = ""
    calls: dict[str, Call] = field(default_factory=dict, repr=False)
    stored: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict, repr=False)

    @classmethod
    def empty(cls, contract: Contract, *, clock: Clock, seed: int) -> "State":
        """Return the state of an account without calls; the same seed gives the same ids."""
        state = cls(contract=contract, clock=clock, chance=random.Random(seed))  # noqa: S311 - ids, not keys
        state.owner = state.fresh_id()
        return state

    def fresh_id(self) -> str:
        """Return an id that was not given before."""
        return str(UUID(int=self.chance.getrandbits(128), version=4))

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
