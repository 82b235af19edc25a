"""Code: the description of one kind of violation; and its basis, the source that it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vocode_contract.validation.violation import SEVERITIES, Violation

#: Basis to its description, as a phrase. A basis can also be ``policy NAME``, or the section of a standard.
BASES: Mapping[str, str] = {
    "contract": "the contract's own words",
    "logic": "logic: one statement excludes the other",
    "inference": "an inference from the contract and from observed behaviour; no document states it",
    "practice": "what users of the API depend on; no document states it",
    "limit": "a limit of this program, which can be changed",
}

_POLICY = "policy "


def describe_basis(basis: str) -> str:
    """Return the description of a basis, as a phrase."""
    if basis.startswith(_POLICY):
        return f"the {basis}, which can be changed; no document decides it"
    return BASES.get(basis, basis)


def basis_of(violation: Violation, basis: str) -> str:
    """Return the basis of one violation: its policy if one applied; else that of its code.

    If the basis of the code is a policy that did not apply, the violation rests on the contract.
    """
    if violation.policy:
        return f"{_POLICY}{violation.policy}"
    return "contract" if basis.startswith(_POLICY) else basis


Level = Literal["error", "drift", "advice", "off"]
LEVELS: tuple[Level, ...] = (*SEVERITIES, "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """The description of one kind of violation.

    Attributes:
        title: The rule, as a statement about what is valid.
        meaning: What a violation means, and its usual causes.
        example: Something that violates the rule.
        level: Severity; ``off`` reports nothing.
        tolerant: Severity under the profile ``tolerant``; ``None`` if it is the same.
        basis: One of `BASES`, ``policy NAME``, or the section of a standard.
    """

    title: str
    meaning: str
    example: str
    level: Level = "error"
    tolerant: Level | None = None
    basis: str = "contract"
