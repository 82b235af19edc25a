"""Basis: what a rule rests on, the contract's own words or something else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vocode_contract.validation.violation import SEVERITIES, Violation

#: One word for a basis -> what it means, as a phrase. Beside these, a basis is ``policy NAME`` or the
#: section of a standard.
BASES: Mapping[str, str] = {
    "contract": "the contract's own words",
    "inference": "what follows from the contract and from what was seen; no document states it",
    "practice": "what its users depend on; no document states it",
    "limit": "a limit of this program, which its user may change",
}

_POLICY = "policy "


def told(basis: str) -> str:
    """Say what a basis is, as a phrase."""
    if basis.startswith(_POLICY):
        return f"the {basis}, which its user may change; no document decides it"
    return BASES.get(basis, basis)


def basis_of(violation: Violation, basis: str) -> str:
    """Return what one violation rests on.

    Args:
        violation: Names a policy, if one had a say.
        basis: Of its code. A policy that had no say leaves the contract.
    """
    if violation.policy:
        return f"{_POLICY}{violation.policy}"
    return "contract" if basis.startswith(_POLICY) else basis


Level = Literal["error", "drift", "advice", "off"]
LEVELS: tuple[Level, ...] = (*SEVERITIES, "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One rule's name and what there is to say of it.

    Attributes:
        title: The rule as a claim.
        meaning: What its violation tells, and what usually lies behind it.
        example: Something that breaks the rule.
        level: Severity under every profile that `tolerant` does not override.
        tolerant: Severity under the profile ``tolerant``; that of `level` without.
        basis: What the rule rests on: one of `BASES`, ``policy NAME``, or the section of a standard.
    """

    title: str
    meaning: str
    example: str
    level: Level = "error"
    tolerant: Level | None = None
    basis: str = "contract"
