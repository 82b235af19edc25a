"""Violation: one way in which a payload or an exchange violates the contract, as a value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "drift", "advice"]

#: Codes whose problem is described by a sentence, not by expected and actual.
_SENTENCES: Mapping[str, str] = {
    "json-duplicate-key": "duplicate key",
    "json-empty": "the document is empty",
    "json-lines": "several JSON values, one per line: this looks like JSON Lines",
    "receiver-mixed": "state differs from delivering only this call's events",
    "receiver-order": "state differs from delivering the events in order",
    "receiver-repeat": "state differs from delivering each event once",
    "receiver-slow": "no response in time",
    "receiver-spoiled": "state differs from not sending this delivery",
    "required": "required property is missing",
}

SEVERITIES: tuple[Severity, ...] = ("error", "drift", "advice")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Violation:
    """One violation, safe to log: of the instance it holds only enumerated words.

    Attributes:
        instance_pointer: JSON Pointer to the place; for a missing key, to where it should be.
            Keys of free-form maps are ``*``. Empty for the whole document.
        code: Stable name of the rule; ``vocode-contract explain CODE`` describes it.
        severity: ``error`` is invalid, ``drift`` is newer than the contract, ``advice`` is neither.
        expected: What the contract requires, as a phrase.
        actual: What was found, masked: a JSON type and a size, or a word at an enumerated place.
        schema_pointer: JSON Pointer into the contract's OpenAPI document; empty if the rule is not there.
        contract: Date of the contract, ``YYYY-MM-DD``; empty if the rule has no date.
        offset: Byte offset in the raw payload, from 0; ``None`` if there is none.
        line: Line of that byte in the raw payload, from 1; ``None`` if there is no offset.
        column: Column of that byte in its line, in characters from 1; ``None`` if there is no offset.
        note: A further remark, such as the date since which a value is known; may be empty.
        policy: The policy that the violation rests on, as ``NAME=VALUE``; may be empty.
        accepted: Why the user accepts it, as the file of accepted violations says; empty if it is not accepted.
    """

    instance_pointer: str
    code: str
    severity: Severity = "error"
    expected: str
    actual: str
    schema_pointer: str = ""
    contract: str = ""
    offset: int | None = None
    line: int | None = None
    column: int | None = None
    note: str = ""
    policy: str = ""
    accepted: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The code, the severity if it is not error, whether it is accepted, the policy, and the contract's date."""
        severity = self.severity if self.severity != "error" else ""
        policy = f"policy {self.policy}" if self.policy else ""
        accepted = "accepted" if self.accepted else ""
        return tuple(filter(None, (self.code, severity, accepted, policy, self.contract)))

    @property
    def problem(self) -> str:
        """The problem as a phrase, such as ``expected a string, got null``."""
        return _SENTENCES.get(self.code) or f"expected {self.expected}, got {self.actual}"

    def __str__(self) -> str:
        """Return the violation as one line, the place first."""
        place = self.instance_pointer or "(document)"
        if self.offset is not None:
            place += f" at byte {self.offset}"
        if self.line is not None:
            place += f", line {self.line}, column {self.column}"
        line = f"{place}: {self.problem} [{', '.join(self.labels)}]"
        return f"{line} ({self.note})" if self.note else line


def has_error(violations: Iterable[Violation]) -> bool:
    """Return whether any is of severity ``error`` and not accepted."""
    return any(violation.severity == "error" and not violation.accepted for violation in violations)


class ContractViolated(AssertionError):
    """A payload or an exchange violates the contract.

    Attributes:
        violations: All violations, at least one.
        where: For each violation, the exchange in which it was found, as a phrase; empty if there are no exchanges.
    """

    def __init__(self, violations: tuple[Violation, ...], where: tuple[str, ...] = ()) -> None:
        super().__init__(*((violations, where) if where else (violations,)))
        self.violations = violations
        self.where = where

    def __str__(self) -> str:
        """List the violations, one per line."""
        count = len(self.violations)
        title = f"{count} violation{'s' if count != 1 else ''} of the contract"
        return "\n".join([title, *(f"  {line}" for line in self.lines)])

    @property
    def lines(self) -> tuple[str, ...]:
        """One line per violation, which starts with its exchange."""
        if not self.where:
            return tuple(map(str, self.violations))
        return tuple(f"{where}: {found}" for where, found in zip(self.where, self.violations, strict=True))
