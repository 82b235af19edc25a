"""Find the contracts that accept a payload."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

from vocode_contract.contract import json_pointer
from vocode_contract.contract.diff import Change, changes
from vocode_contract.contract.model import DEFAULT_PROFILE, Contract, dates
from vocode_contract.errors import UnknownSchema
from vocode_contract.validation.json_value import DEFAULT_LIMITS, Limits, is_vast
from vocode_contract.validation.keys import unknown_keys
from vocode_contract.validation.validator import Validator
from vocode_contract.validation.violation import Violation

__all__ = ["Change", "Fit", "changes", "which"]

_MOST_KEYS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How a payload fits one contract.

    Attributes:
        contract: Date of the contract.
        accepted: Whether the payload conforms.
        ruled_out_by: The first violation in the order of the payload; ``None`` if the payload conforms, or if the
            contract has no schema of that name.
        undeclared: Number of keys that the contract does not declare, at most 1,000: among the contracts that accept
            a payload, the one with the fewest fits best. 0 if the payload exceeds the limit of values.
    """

    contract: str
    accepted: bool
    ruled_out_by: Violation | None
    undeclared: int


def which(
    instance: object, name: str = "Call", *, profile: str = DEFAULT_PROFILE, limits: Limits = DEFAULT_LIMITS
) -> tuple[Fit, ...]:
    """Return how a payload fits each shipped contract, oldest first.

    Args:
        instance: A parsed JSON value, or the raw bytes of one.
        name: The schema to validate it against.
        profile: ``documented``, ``wire`` or ``tolerant``.
        limits: Bounds on the payload.

    Raises:
        UnknownSchema: No contract has a schema of that name.
        UnknownProfile: There is no such profile.
    """
    contracts = [Contract.load(date, profile=profile) for date in dates()]
    if not any(name in contract.schemas for contract in contracts):
        raise UnknownSchema(name, tuple(sorted(contracts[-1].schemas)))
    return tuple(_fit(instance, name, contract, limits) for contract in contracts)


def _fit(instance: object, name: str, contract: Contract, limits: Limits) -> Fit:
    if name not in contract.schemas:
        return Fit(contract=contract.date, accepted=False, ruled_out_by=None, undeclared=0)
    verdict = Validator(contract, name, limits=limits).validate(instance)
    errors = [violation for violation in verdict.violations if violation.severity == "error"]
    # Walking a value that exceeds the limit could take minutes.
    walked = None if is_vast(verdict.value, limits.values) else verdict.value
    undeclared = islice(unknown_keys(contract, name, walked), _MOST_KEYS)
    return Fit(
        contract=contract.date,
        accepted=not errors,
        ruled_out_by=min(errors, key=lambda error: _position(verdict.value, error), default=None),
        undeclared=sum(1 for _ in undeclared),
    )


def _position(value: Any, violation: Violation) -> tuple[float, ...]:
    """Return the position of a violation in a payload: the index of each member on the way.

    Missing and hidden keys come after all others of their object.
    """
    found: list[float] = []
    for token in json_pointer.tokens_of(violation.instance_pointer):
        if isinstance(value, dict) and token in value:
            found.append(list(value).index(token))
            value = value[token]
        elif isinstance(value, list) and token.isascii() and token.isdigit() and int(token) < len(value):
            found.append(int(token))
            value = value[int(token)]
        else:
            found.append(float("inf"))
            break
    return tuple(found)
