"""Violations that a team accepts for now: entries of a TOML file, each with a reason."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from vocode_contract.conformance.run.options import Given
from vocode_contract.contract.json_pointer import tokens_of
from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption, did_you_mean
from vocode_contract.http.guard.config_file import read_toml
from vocode_contract.validation.codes import CODES
from vocode_contract.validation.violation import Violation

if TYPE_CHECKING:
    from vocode_contract.report.results import ResultCollector

#: Key of an entry -> the type of its value, and what that is called in messages.
_KEYS: Mapping[str, tuple[type, str]] = {
    "code": (str, "a string"),
    "reason": (str, "a string"),
    "operation": (str, "a string"),
    "place": (str, "a string"),
    "expires": (date, "a date without quotes, such as 2027-03-01"),
}
_REQUIRED = ("code", "reason")
#: Maximum size of the file in bytes.
_LARGEST = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One entry of the file: it accepts the errors that match all of its conditions.

    Attributes:
        number: Its position in the file, from 1.
        code: The code of the violations.
        reason: Why they are accepted, such as the number of a ticket.
        operation: The operation whose exchanges show them; empty for any.
        place: JSON Pointer to them, in which ``*`` stands for one token; ``None`` for any place.
        expires: The last day on which it accepts anything, in UTC; ``None`` for no end.
    """

    number: int
    code: str
    reason: str
    operation: str = ""
    place: str | None = None
    expires: date | None = None

    def __str__(self) -> str:
        """Name the entry by its position and its conditions."""
        conditions = filter(None, (self.operation, self.place, self.code))
        return f"accepted entry {self.number} ({' '.join(conditions)}: {self.reason})"

    @property
    def is_expired(self) -> bool:
        """Whether its last day is over."""
        return self.expires is not None and self.expires < datetime.now(UTC).date()

    def accepts(self, violation: Violation, operation: str) -> bool:
        """Return whether a violation in an exchange of an operation matches all conditions."""
        return (
            violation.severity == "error"
            and violation.code == self.code
            and self.operation in ("", operation)
            and self._is_place(violation.instance_pointer)
            and not self.is_expired
        )

    def _is_place(self, pointer: str) -> bool:
        if self.place is None:
            return True
        wanted, found = tokens_of(self.place), tokens_of(pointer)
        return len(wanted) == len(found) and all(one in ("*", other) for one, other in zip(wanted, found, strict=True))


def accept(violation: Violation, operation: str, entries: Sequence[Acceptance]) -> tuple[Violation, tuple[int, ...]]:
    """Return a violation with the reason why it is accepted, if it is, and the numbers of the entries that match."""
    matching = [entry for entry in entries if entry.accepts(violation, operation)]
    if not matching:
        return violation, ()
    return replace(violation, accepted=matching[0].reason), tuple(entry.number for entry in matching)


def list_outdated(entries: Iterable[Acceptance], results: "ResultCollector", *, is_complete: bool) -> Iterator[str]:
    """Yield a line for each entry that has expired, or that accepted nothing although it could have."""
    used = {number for row in results.rows for number in row.accepted}
    for entry in entries:
        rows = [row for row in results.rows if row.module and entry.operation in ("", row.operation)]
        if entry.is_expired:
            yield f"{entry} was valid until {entry.expires}: remove it, or extend the date"
        elif is_complete and rows and all(row.has_verdict for row in rows) and entry.number not in used:
            yield f"{entry} matched no violation: remove it"


def read_accepted(given: Given, contract: Contract) -> tuple[Acceptance, ...]:
    """Read the file of accepted violations; return none if no file is given.

    Raises:
        InvalidOption: The file cannot be read, or an entry cannot be used.
    """
    path: str = given.value
    if not path:
        return ()
    try:
        document = read_toml(path, _LARGEST)
    except OSError as error:
        raise InvalidOption(given.source, f"{path}: {error.strerror or type(error).__name__}") from None
    except ValueError as error:
        raise InvalidOption(given.source, f"{path}: {error}") from None
    entries: Any = document.pop("accepted", [])
    if document:
        name = next(iter(document))
        hint = did_you_mean(name, ["accepted"]) or "; it holds only [[accepted]]"
        raise InvalidOption(given.source, f"{path}: unknown key {name!a}{hint}")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InvalidOption(given.source, f"{path}: each entry is a table [[accepted]]")
    try:
        return tuple(_parse_entry(number, entry, contract) for number, entry in enumerate(entries, 1))
    except ValueError as error:
        raise InvalidOption(given.source, f"{path}: {error}") from None


def _parse_entry(number: int, entry: Mapping[str, Any], contract: Contract) -> Acceptance:
    """Parse one entry.

    Raises:
        ValueError: It cannot be used; the message names it.
    """
    for key, value in entry.items():
        if key not in _KEYS:
            hint = did_you_mean(key, _KEYS) or f"; known: {', '.join(_KEYS)}"
            raise ValueError(f"entry {number}: unknown key {key!a}{hint}")
        kind, name = _KEYS[key]
        if not isinstance(value, kind) or isinstance(value, datetime):
            raise ValueError(f"entry {number}: {key} must be {name}")
    if missing := [key for key in _REQUIRED if not str(entry.get(key, "")).strip()]:
        raise ValueError(f"entry {number}: {missing[0]} is missing")
    for key, known in (("code", CODES), ("operation", contract.operations)):
        if entry.get(key) and entry[key] not in known:
            raise ValueError(f"entry {number}: unknown {key} {entry[key]!a}{did_you_mean(entry[key], known)}")
    place = entry.get("place")
    if place and not place.startswith("/"):
        raise ValueError(f"entry {number}: place must be a JSON Pointer, such as /items/*/status")
    return Acceptance(number=number, **entry)
