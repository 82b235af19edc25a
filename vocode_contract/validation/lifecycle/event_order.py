"""What the events of one call say of each other, as far as the names of their kinds tell.

No document says in which order events come, nor whether twice. So all that is reported here is advice, but
for two kinds that deny each other.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import orjson

CONNECTED = "event_phone_call_connected"
UNCONNECTED = "event_phone_call_did_not_connect"
ENDED = "event_phone_call_ended"
DETECTION = "event_human_detection"
MESSAGE = "event_message"
ACTION = "event_action"
TRANSCRIPT = "event_transcript"
RECORDING = "event_recording"

#: The kinds after which a call is over.
ENDINGS = frozenset((ENDED, UNCONNECTED))
KINDS = frozenset((CONNECTED, DETECTION, MESSAGE, ACTION, TRANSCRIPT, RECORDING, *ENDINGS))
_SINGLE = frozenset((CONNECTED, DETECTION, RECORDING, *ENDINGS))
#: How many of a call's latest events are known again.
REMEMBERED = 64

_CONVERSATION = frozenset((DETECTION, MESSAGE, ACTION))
#: Kind to the kinds that it comes before. A transcript may come before the end or after it.
BEFORE: Mapping[str, frozenset[str]] = {
    CONNECTED: frozenset((DETECTION, MESSAGE, ACTION, TRANSCRIPT, RECORDING, ENDED)),
    DETECTION: ENDINGS,
    MESSAGE: frozenset((ENDED,)),
    ACTION: ENDINGS,
    ENDED: frozenset((RECORDING,)),
}
#: Kind to the kinds that are one thing with it, which a call has once.
_ONCE: Mapping[str, frozenset[str]] = {
    CONNECTED: frozenset((CONNECTED,)),
    DETECTION: frozenset((DETECTION,)),
    ENDED: ENDINGS,
    UNCONNECTED: ENDINGS,
}
#: Kind to the kinds whose names deny it.
_DENIED: Mapping[str, frozenset[str]] = {
    UNCONNECTED: frozenset((CONNECTED, MESSAGE)),
    CONNECTED: frozenset((UNCONNECTED,)),
    MESSAGE: frozenset((UNCONNECTED,)),
}

#: The codes that `conflicts` tells.
CONFLICTS = ("event-contradicts", "event-again", "event-order", "event-after-end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two events that do not go together.

    Attributes:
        code: One of `CONFLICTS`.
        other: Number of the earlier one.
        expected: What would have been right.
        actual: What came.
    """

    code: str
    other: int
    expected: str
    actual: str


def conflicts(kind: object, earlier: Mapping[str, int]) -> Iterator[Conflict]:
    """Yield what an event does not go with.

    Args:
        kind: Of the event, known or not.
        earlier: Each known kind that came before, and the number of the first of its events.
    """
    if not isinstance(kind, str):
        return
    denied, same = (first_of(kinds.get(kind, ()), earlier) for kinds in (_DENIED, _ONCE))
    if denied is not None:
        expected = "a call that either connects or does not"
        yield Conflict(code="event-contradicts", other=denied, expected=expected, actual="both")
    if same is not None:
        actual = "another one that says something else"
        yield Conflict(code="event-again", other=same, expected=f"{kind} once", actual=actual)
    later = {other: at for other, at in earlier.items() if other in BEFORE.get(kind, ())}
    if later:
        other = min(later, key=lambda name: later[name])
        code = "event-after-end" if kind in _CONVERSATION else "event-order"
        yield Conflict(code=code, other=later[other], expected=f"{kind} before {other}", actual="it came after")


def first_of(kinds: Collection[str], earlier: Mapping[str, int]) -> int | None:
    """Return the number of the first event of any of these kinds; ``None`` if there was none."""
    return min((at for kind, at in earlier.items() if kind in kinds), default=None)


def can_be_known_again(kind: str, payload: object) -> bool:
    """Return whether an event that looks the same is the same: it says something, or a call has it once."""
    return bool(payload) or kind in _SINGLE


def digest_of_event(kind: str, call_id: str, payload: object) -> bytes:
    """Return 32 bytes that are the same for the same event in any spelling.

    Raises:
        TypeError: The payload holds what JSON cannot; the error's text may quote it.
    """
    return hashlib.sha256(orjson.dumps([kind, call_id.lower(), payload], option=orjson.OPT_SORT_KEYS)).digest()
