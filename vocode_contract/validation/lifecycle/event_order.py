"""The events of one call: duplicates, events out of order, and events that others presuppose.

No document states an order, or that each event comes once. So every conflict is advice, except two types that
contradict each other.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from vocode_contract.validation.lifecycle.call_life import (
    ACTION,
    CONNECTED,
    DETECTION,
    ENDED,
    ENDINGS,
    EVENT_TYPES,
    MESSAGE,
    RECORDING,
    TRANSCRIPT,
    UNCONNECTED,
)

#: How many of a call's latest events are kept to recognise duplicates.
REMEMBERED = 64

_SINGLE = frozenset((CONNECTED, DETECTION, RECORDING, *ENDINGS))
_CONVERSATION = frozenset((DETECTION, MESSAGE, ACTION))
#: Type to the types that it precedes. A transcript may precede the end or follow it.
_BEFORE: Mapping[str, frozenset[str]] = {
    CONNECTED: frozenset((DETECTION, MESSAGE, ACTION, TRANSCRIPT, RECORDING, ENDED)),
    DETECTION: ENDINGS,
    MESSAGE: frozenset((ENDED,)),
    ACTION: ENDINGS,
    ENDED: frozenset((RECORDING,)),
}
#: Type to the types of which a call has one in all.
_ONCE: Mapping[str, frozenset[str]] = {
    CONNECTED: frozenset((CONNECTED,)),
    DETECTION: frozenset((DETECTION,)),
    ENDED: ENDINGS,
    UNCONNECTED: ENDINGS,
}
_CONTRADICTS: Mapping[str, frozenset[str]] = {
    UNCONNECTED: frozenset((CONNECTED, MESSAGE)),
    CONNECTED: frozenset((UNCONNECTED,)),
    MESSAGE: frozenset((UNCONNECTED,)),
}

#: The codes of `Conflict`.
CONFLICTS = ("event-repeated", "event-contradicts", "event-again", "event-order", "event-after-end")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventHistory:
    """What is kept of the events of one call; its size is bounded.

    Attributes:
        first: Each known type that came, and the number of its first event.
        last: Number of the latest event.
        digests: Of the latest events, oldest first; see `digest_of_event`.
    """

    first: Mapping[str, int] = field(default_factory=dict, hash=False)
    last: int = 0
    digests: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def is_over(self) -> bool:
        """Whether the end of the call was reported."""
        return not ENDINGS.isdisjoint(self.first)

    def add(self, kind: object, digest: bytes | None, number: int, *, limit: int = REMEMBERED) -> "EventHistory":
        """Return the history with one more event, and at most so many digests."""
        return EventHistory(
            first={kind: number, **self.first} if isinstance(kind, str) and kind in EVENT_TYPES else self.first,
            last=number,
            digests=self.digests if digest is None or digest in self.digests else (*self.digests, digest)[-limit:],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A reason why an event does not fit those that came before.

    Attributes:
        code: One of `CONFLICTS`.
        other: Number of the event that it conflicts with; ``None`` for a duplicate, whose first copy is not known.
    """

    code: str
    expected: str
    actual: str
    other: int | None = None


def conflicts(history: EventHistory, kind: object, payload: object, digest: bytes | None) -> Iterator[Conflict]:
    """Yield the conflicts of one more event with those that came before."""
    if not isinstance(kind, str):
        return
    if digest in history.digests:  # a late copy is no evidence about the order
        # Two messages without a payload may be two messages.
        if payload or kind in _SINGLE:
            yield Conflict(code="event-repeated", expected="each event once", actual="one that came before")
        return
    contradicted = _first_of(_CONTRADICTS.get(kind, ()), history)
    if contradicted is not None:
        expected = "a call that either connects or does not"
        yield Conflict(code="event-contradicts", expected=expected, actual="both", other=contradicted)
    same = _first_of(_ONCE.get(kind, ()), history)
    if same is not None:
        actual = "another one that says something else"
        yield Conflict(code="event-again", expected=f"{kind} once", actual=actual, other=same)
    later = {other: number for other, number in history.first.items() if other in _BEFORE.get(kind, ())}
    if later:
        other = min(later, key=lambda name: later[name])
        code = "event-after-end" if kind in _CONVERSATION else "event-order"
        yield Conflict(code=code, expected=f"{kind} before {other}", actual="it came after", other=later[other])


def missing_types(history: EventHistory) -> Iterator[tuple[str, int]]:
    """Yield each type that never came though an event presupposes it, and the number of that event."""
    for kind in (CONNECTED, ENDED):
        later = _first_of(_BEFORE[kind], history)
        if later is not None and kind not in history.first:
            yield kind, later


def _first_of(kinds: Collection[str], history: EventHistory) -> int | None:
    return min((number for kind, number in history.first.items() if kind in kinds), default=None)


def digest_of_event(kind: str, call_id: str, payload: object) -> bytes:
    """Return 32 bytes that are the same for the same event in any spelling.

    Raises:
        TypeError: The payload holds what JSON cannot; the error's text may quote it.
    """
    text = orjson.dumps([kind, call_id.lower(), payload], option=orjson.OPT_SORT_KEYS)
    if _FRACTION.search(text):
        text = orjson.dumps(_write_whole(orjson.loads(text)))
    return hashlib.sha256(text).digest()


#: Matches every number with a fraction or an exponent, and possibly other text.
_FRACTION = re.compile(b"[0-9][.e]")


def _write_whole(value: Any) -> Any:
    """Copy a value that orjson wrote, at most 254 levels deep, with each whole number as an integer if 64 bits suffice.

    Integers beyond 2**53 stay as they are, unlike in RFC 8785: two of them that differ may be two ids.

    Source: RFC 8259 section 6, which knows one kind of number: 67 and 67.0 are the same.
    """
    if type(value) is float and value.is_integer() and -(2.0**63) <= value < 2.0**64:
        return int(value)
    if type(value) is dict:
        return {key: _write_whole(child) for key, child in value.items()}
    return [_write_whole(child) for child in value] if type(value) is list else value
