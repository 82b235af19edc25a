"""Recognize the schema of a payload by its keys, and find the calls in it and their times."""

from binascii import unhexlify
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from typing import Any

from vocode_contract.validation.lifecycle.history import Observation, digest_of
from vocode_contract.validation.scalars import canonical_id, instant, to_datetime

#: Number of bytes that identify a call.
ID_BYTES = 16
_MEMBERS = ("id", "status", "agent", "telephony_provider", "to_number", "from_number")
#: A day outside of these is taken for a mistake.
_FIRST_DAY, _LAST_DAY = "2000-01-01", "2099-12-31"


def recognize_schema(value: object) -> str:
    """Return the schema that the keys of a payload indicate; empty if they indicate none."""
    if not isinstance(value, dict):
        return ""
    if "agent" in value and "id" in value:
        return "NormalizedCall" if isinstance(value["agent"], str) else "Call"
    if "call_id" in value:
        return "WebhookEvent" if "type" in value else "ExternalActionRequest"
    if "items" in value and "page" in value:
        return "CallPage"
    if "type" in value and str(value["type"]).startswith("event_"):
        return "WebhookEvent"
    return "Call" if sum(key in value for key in _MEMBERS) > 2 else ""


def iter_calls(schema: str, value: Any) -> Iterable[Observation]:
    """Return the observations of calls in a payload."""
    if schema == "Call" or schema == "NormalizedCall":
        return (Observation(value=value),)
    if schema == "WebhookEvent":
        return (Observation(source="event", value=value),)
    items = value.get("items") if schema == "CallPage" and isinstance(value, dict) else None
    return [Observation(value=item) for item in items if isinstance(item, dict)] if isinstance(items, list) else ()


def identify(text: str) -> bytes:
    """Return the `ID_BYTES` that stand for the id of a call, however it is spelled."""
    try:
        found = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        found = b""
    return found if len(found) == ID_BYTES else digest_of(canonical_id(text).lower())


def identify_all(ids: list[str]) -> bytes:
    """Return what `identify` returns for each id, all at once if they are UUIDs in their usual spelling."""
    with suppress(ValueError):  # it is no ASCII, or no hexadecimal
        text, count = "\n".join(ids).encode("ascii"), len(ids)
        digits = text.translate(None, b"-\n")
        hyphens = [text[at::37] for at in (8, 13, 18, 23)]
        if len(digits) == 32 * count and hyphens == 4 * [b"-" * count] and text[36::37] == b"\n" * (count - 1):
            return unhexlify(digits)
    return b"".join(map(identify, ids))


def time_of(value: Any) -> float | None:
    """Return the latest time that a Call holds; ``None`` if it holds none, or is no Call."""
    if not isinstance(value, dict):
        return None
    found = [instant(value.get(key)) for key in ("start_time", "end_time")]
    return max((time for time in found if time is not None), default=None)


def day_of(at: float | None) -> str:
    """Return the day of a time in UTC; empty if there is no time, or it is outside the calendar."""
    time = to_datetime(at)
    return time.date().isoformat() if time else ""


def is_plausible(day: str) -> bool:
    """Return whether a day exists and is not an obvious mistake, so that the number of days is bounded."""
    with suppress(ValueError):
        return _FIRST_DAY <= date.fromisoformat(day).isoformat() <= _LAST_DAY
    return False
