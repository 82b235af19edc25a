"""Compare ids as servers do, parse times into seconds since the epoch, and describe malformed ones."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

_ISO = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<clock>[0-9]{2}:[0-9]{2}):(?P<second>[0-9]{2})"
    r"(?P<fraction>[.,][0-9]{1,40})?(?P<offset>[Zz]|(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2})?)?"
)

_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHORTEST_UUID = 32  # to look is a tenth of the time in which UUID() refuses a word
_EPOCH_TEXT = re.compile(r"[0-9]{9,11}(?:\.[0-9]{1,20})?")
_LONGEST = 80
_FURTHEST = 2.0**53


def instant(value: object) -> float | None:
    """Return a value as a time; ``None`` if it is not a time, or has no offset.

    Args:
        value: A date-time string with offset, epoch seconds as a number or as text, or anything.

    Returns:
        Seconds since 1970-01-01 UTC. A leap second counts as the second after it.

    Source: RFC 3339; for epoch seconds the contract of 2024-08-27, whose strings have no format.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) if abs(value) <= _FURTHEST else None  # false for NaN and infinity
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    if _EPOCH_TEXT.fullmatch(value):
        return float(value)
    match = _ISO.fullmatch(value)
    return _seconds(match) if match is not None and match["offset"] else None


def to_datetime(at: float | None) -> datetime | None:
    """Return seconds since 1970-01-01 UTC as a datetime; ``None`` for no time, and for one that it cannot hold."""
    try:
        return None if at is None else datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def is_naive(value: object) -> bool:
    """Return whether a value is a date-time string without offset from UTC."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        return False
    match = _ISO.fullmatch(value)
    return match is not None and not match["offset"] and _seconds(match) is not None


def _seconds(match: re.Match[str]) -> float | None:
    """Compute whole seconds first, so that two spellings of an instant give the same number."""
    offset = timedelta(hours=int(match["hours"] or 0), minutes=int(match["minutes"] or 0))
    second = int(match["second"])
    try:
        zone = timezone(-offset if match["sign"] == "-" else offset) if match["sign"] else UTC
        minute = datetime.fromisoformat(f"{match['date']}T{match['clock']}:00").replace(tzinfo=zone)
        whole = minute.timestamp()
    except (ValueError, OverflowError):
        return None
    return whole + second + float("0" + (match["fraction"] or ".0").replace(",", ".")) if second <= 60 else None


_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
_OFFSET = "(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
_UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

#: Format -> strings that lack it, as a pattern and in words that show none of them; the first that matches counts.
_FORMAT_ERRORS: Mapping[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    name: tuple((re.compile(pattern), phrase) for pattern, phrase in slips)
    for name, slips in {
        "date-time": (
            (f"{_DATE}[Tt ]{_CLOCK}", "a time without offset"),
            (f"{_DATE} {_CLOCK}{_OFFSET}", "a time with a space in place of the T"),
            (f"{_DATE}[Tt]{_CLOCK}[+-][0-9]{{2}}(?:[0-9]{{2}})?", "a time whose offset is not written as +HH:MM"),
            (f"{_DATE}[Tt]{_CLOCK}{_OFFSET}", "a time that does not exist"),
            (rf"\s*{_DATE}[Tt]{_CLOCK}{_OFFSET}\s*", "a time with blanks or line breaks around it"),
            (f"{_DATE}[Tt ][0-9]{{2}}:[0-9]{{2}}{_OFFSET}?", "a time without seconds"),
            (f"{_DATE}[Tt][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}},[0-9]+{_OFFSET}", "a time with a comma for the point"),
            (_DATE, "a date without time"),
            (r"[0-9]+(?:\.[0-9]+)?", "a number in a string"),
        ),
        "uuid": (
            ("[0-9a-fA-F]{32}", "a UUID without hyphens"),
            (rf"\{{{_UUID}\}}", "a UUID in braces"),
            (f"urn:uuid:{_UUID}", "a UUID with the prefix urn:uuid:"),
            (rf"\s*{_UUID}\s*", "a UUID with blanks or line breaks around it"),
        ),
    }.items()
}


def describe_format_error(text: str, name: str) -> str | None:
    """Return what is wrong with a string that lacks a format, in words that show none of it.

    Returns:
        ``None`` if nothing more can be said than that it is another string.
    """
    if len(text) > _LONGEST:
        return None
    return next((phrase for pattern, phrase in _FORMAT_ERRORS.get(name, ()) if pattern.fullmatch(text)), None)


def uuid_of(value: object) -> UUID | None:
    """Return the UUID that a string spells; ``None`` for anything else.

    Servers also accept upper case, braces, ``urn:uuid:`` and missing hyphens.
    """
    try:
        return UUID(value) if isinstance(value, str) and len(value) >= _SHORTEST_UUID else None
    except ValueError:
        return None


def canonical_id(value: object) -> str:
    """Return the one spelling in which ids are compared: of a UUID the usual one, of anything else its own."""
    if isinstance(value, str) and _CANONICAL_UUID.fullmatch(value):  # nearly all are; UUID() is ten times slower
        return value
    return str(uuid_of(value) or value)
