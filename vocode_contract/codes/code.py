"""Code: one rule's name and what there is to say of it."""

from dataclasses import dataclass
from typing import Literal

from vocode_contract.violation import SEVERITIES

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
