"""Acceptance: an entry of a TOML file of what a team accepts for now, violations or changes, each with a reason."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from vocode_contract.contract.json_pointer import tokens_of
from vocode_contract.contract.reading import read_toml
from vocode_contract.errors import InvalidOption, did_you_mean

#: Key that every entry may have -> the type of its value, and what that is called in messages.
_KEYS: Mapping[str, tuple[type, str]] = {
    "reason": (str, "a string"),
    "place": (str, "a string"),
    "expires": (date, "a date without quotes, such as 2027-03-01"),
}
#: Maximum size of the file in bytes.
_LARGEST = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One entry of the file: it accepts what matches all of its conditions.

    Attributes:
        number: Its position in the file, from 1.
        reason: Why that is accepted, such as the number of a ticket.
        conditions: Key to value, such as the code of a violation.
        place: JSON Pointer to it, in which ``*`` stands for one token; ``None`` for any place.
        expires: The last day on which it accepts anything, in UTC; ``None`` for no end.
    """

    number: int
    reason: str
    conditions: Mapping[str, str]
    place: str | None = None
    expires: date | None = None

    def __str__(self) -> str:
        """Name the entry by its position and its conditions, first the narrowest."""
        code, *others = self.conditions.values()
        words = filter(None, (*others, self.place, code))
        return f"accepted entry {self.number} ({' '.join(words)}: {self.reason})"

    @property
    def is_expired(self) -> bool:
        """Whether its last day is over."""
        return self.expires is not None and self.expires < datetime.now(UTC).date()

    def accepts(self, place: str, **facts: str) -> bool:
        """Return whether what is at a place matches all conditions."""
        is_meant = all(facts[key] == value for key, value in self.conditions.items())
        return is_meant and self._is_place(place) and not self.is_expired

    def _is_place(self, pointer: str) -> bool:
        if self.place is None:
            return True
        wanted, found = tokens_of(self.place), tokens_of(pointer)
        return len(wanted) == len(found) and all(one in ("*", other) for one, other in zip(wanted, found, strict=True))

    def describe_outdated(self, noun: str, *, is_unused: bool) -> str:
        """Return what to do about the entry if it has expired, or is of no use; else an empty string.

        Args:
            noun: What it accepts.
            is_unused: Whether it has accepted nothing although it could have.
        """
        if self.is_expired:
            return f"{self} was valid until {self.expires}: remove it, or extend the date"
        return f"{self} matched no {noun}: remove it" if is_unused else ""


def read_acceptances(path: str, source: str, known: Mapping[str, Collection[str] | None]) -> tuple[Acceptance, ...]:
    """Read a file of entries ``[[accepted]]``; return none if no file is given.

    Args:
        path: The file, or an empty string.
        source: The option that names it, for errors.
        known: Key of each condition to its possible values, ``None`` for any text; the first one is required.

    Raises:
        InvalidOption: The file cannot be read, or an entry cannot be used.
    """
    if not path:
        return ()
    try:
        document = read_toml(path, _LARGEST)
    except OSError as error:
        raise InvalidOption(source, f"{path}: {error.strerror or type(error).__name__}") from None
    except ValueError as error:
        raise InvalidOption(source, f"{path}: {error}") from None
    entries: Any = document.pop("accepted", [])
    if document:
        name = next(iter(document))
        hint = did_you_mean(name, ["accepted"]) or "; it holds only [[accepted]]"
        raise InvalidOption(source, f"{path}: unknown key {name!a}{hint}")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InvalidOption(source, f"{path}: each entry is a table [[accepted]]")
    try:
        return tuple(_parse_entry(number, entry, known) for number, entry in enumerate(entries, 1))
    except ValueError as error:
        raise InvalidOption(source, f"{path}: {error}") from None


def _parse_entry(number: int, entry: dict[str, Any], known: Mapping[str, Collection[str] | None]) -> Acceptance:
    """Parse one entry.

    Raises:
        ValueError: It cannot be used; the message names it.
    """
    keys = [*known, *_KEYS]
    for key, value in entry.items():
        if key not in keys:
            hint = did_you_mean(key, keys) or f"; known: {', '.join(keys)}"
            raise ValueError(f"entry {number}: unknown key {key!a}{hint}")
        kind, name = _KEYS.get(key, (str, "a string"))
        if not isinstance(value, kind) or isinstance(value, datetime):
            raise ValueError(f"entry {number}: {key} must be {name}")
    if missing := [key for key in (keys[0], "reason") if not str(entry.get(key, "")).strip()]:
        raise ValueError(f"entry {number}: {missing[0]} is missing")
    for key, values in known.items():
        if values is not None and entry.get(key) and entry[key] not in values:
            raise ValueError(f"entry {number}: unknown {key} {entry[key]!a}{did_you_mean(entry[key], values)}")
    place = entry.get("place")
    if place and not place.startswith("/"):
        raise ValueError(f"entry {number}: place must be a JSON Pointer, such as /items/*/status")
    conditions = {key: value for key in known if (value := entry.pop(key, ""))}
    return Acceptance(number=number, conditions=conditions, **entry)
