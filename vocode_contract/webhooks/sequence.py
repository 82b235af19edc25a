"""Many events as they come -> what is wrong with the stories they tell.

No document says in which order events come, nor whether twice. What is known of order lies in the names
of the kinds, so all that these rules find is advice, but for two kinds that deny each other.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from vocode_contract.codes import default_level
from vocode_contract.contract import DEFAULT_PROFILE
from vocode_contract.errors import InvalidOption
from vocode_contract.redaction import shown_word
from vocode_contract.violation import Violation
from vocode_contract.webhooks.events import Event
from vocode_contract.webhooks.identity import idempotency_key

_CONNECTED = "event_phone_call_connected"
_UNCONNECTED = "event_phone_call_did_not_connect"
_ENDED = "event_phone_call_ended"
_DETECTION = "event_human_detection"
_MESSAGE = "event_message"
_ACTION = "event_action"
_TRANSCRIPT = "event_transcript"
_RECORDING = "event_recording"

_ENDS = frozenset((_ENDED, _UNCONNECTED))
_KINDS = frozenset((_CONNECTED, _DETECTION, _MESSAGE, _ACTION, _TRANSCRIPT, _RECORDING, *_ENDS))

#: Kind to the kinds that it comes before. A transcript may come before the end or after it.
_BEFORE: Mapping[str, frozenset[str]] = {
    _CONNECTED: frozenset((_DETECTION, _MESSAGE, _ACTION, _TRANSCRIPT, _RECORDING, _ENDED)),
    _DETECTION: _ENDS,
    _MESSAGE: frozenset((_ENDED,)),
    _ACTION: _ENDS,
    _ENDED: frozenset((_RECORDING,)),
}
_OF_CONVERSATION = frozenset((_DETECTION, _MESSAGE, _ACTION))

#: Kind to the kinds that are one thing with it, which a call has once.
_ONCE: Mapping[str, frozenset[str]] = {
    _CONNECTED: frozenset((_CONNECTED,)),
    _DETECTION: frozenset((_DETECTION,)),
    _ENDED: _ENDS,
    _UNCONNECTED: _ENDS,
}

#: Kind to the kinds whose names deny it.
_DENIED: Mapping[str, frozenset[str]] = {
    _UNCONNECTED: frozenset((_CONNECTED, _MESSAGE)),
    _CONNECTED: frozenset((_UNCONNECTED,)),
    _MESSAGE: frozenset((_UNCONNECTED,)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """What is remembered of one call.

    Attributes:
        first: Known kind to the number of its first event.
        last: Number of the last event.
        keys: Halves of the latest idempotency keys, at most so many as are remembered.
    """

    first: Mapping[str, int] = field(default_factory=dict)
    last: int = 0
    keys: tuple[bytes, ...] = ()

    def earliest(self, kinds: Collection[str]) -> int | None:
        """Return the number of the first event of any of these kinds."""
        return min((at for kind, at in self.first.items() if kind in kinds), default=None)

    def told(self, event: Event, number: int, key: bytes, most: int) -> "_Story":
        """Return the story with one more event."""
        first = {event.type: number, **self.first} if event.type in _KINDS else self.first
        keys = self.keys if key in self.keys else (*self.keys, key)[-most:]
        return replace(self, first=first, last=number, keys=keys)


def _violation(code: str, number: int, *, expected: str, actual: str, note: str = "") -> Iterator[Violation]:
    level = default_level(code, DEFAULT_PROFILE)
    if level != "off":
        yield Violation(
            instance_pointer=f"/{number}", code=code, severity=level, expected=expected, actual=actual, note=note
        )


def _denied(story: _Story, event: Event, number: int) -> Iterator[Violation]:
    other = story.earliest(_DENIED.get(event.type, ()))
    if other is not None:
        expected = "a call that either connects or does not"
        yield from _violation("event-contradicts", number, expected=expected, actual="both", note=f"see /{other}")


def _once(story: _Story, event: Event, number: int) -> Iterator[Violation]:
    other = story.earliest(_ONCE.get(event.type, ()))
    if other is not None:
        expected, actual = f"{event.type} once", "another one that says something else"
        yield from _violation("event-again", number, expected=expected, actual=actual, note=f"see /{other}")


def _ordered(story: _Story, event: Event, number: int) -> Iterator[Violation]:
    later = {kind: at for kind, at in story.first.items() if kind in _BEFORE.get(event.type, ())}
    if later:
        kind = min(later, key=lambda kind: later[kind])
        code = "event-after-end" if event.type in _OF_CONVERSATION else "event-order"
        note = f"see /{later[kind]}"
        yield from _violation(code, number, expected=f"{event.type} before {kind}", actual="it came after", note=note)


_RULES: tuple[Callable[[_Story, Event, int], Iterator[Violation]], ...] = (_denied, _once, _ordered)


class EventSequence:
    """A judge of events as they come: twice, late, out of order, of many calls at once.

    It remembers a bounded number of calls and forgets the longest untouched, ended ones for themselves;
    of a forgotten call nothing is told any more. Neither clock nor input/output; not to be shared
    between threads without a lock.
    """

    __slots__ = ("_count", "_ended", "_forgot", "_live", "_most", "_subscriptions")

    def __init__(
        self,
        *,
        subscriptions: Collection[str] | None = None,
        live: int = 10_000,
        ended: int = 1_000,
        repeats: int = 64,
    ) -> None:
        """Remember nothing yet.

        Args:
            subscriptions: The kinds that the webhook subscribes to. Without them, nothing that did not
                come is missed: it may never have been sent.
            live: Calls remembered that have not ended.
            ended: Calls remembered that have, for what comes late.
            repeats: Latest events of each call that are known again.

        Raises:
            InvalidOption: A bound is below 1.
        """
        for name, bound in (("live", live), ("ended", ended), ("repeats", repeats)):
            if bound < 1:
                raise InvalidOption(name, "at least 1")
        self._subscriptions = None if subscriptions is None else frozenset(subscriptions)
        self._most = {"live": live, "ended": ended, "repeats": repeats}
        self._live: OrderedDict[str, _Story] = OrderedDict()
        self._ended: OrderedDict[str, _Story] = OrderedDict()
        self._count = 0
        self._forgot = False

    def __len__(self) -> int:
        """Return the number of calls that are remembered."""
        return len(self._live) + len(self._ended)

    def observe(self, event: Event) -> tuple[Violation, ...]:
        """Take the next event and return what it shows to be wrong.

        Returns:
            Violations whose pointer is ``/n``: the event's number among those observed, from 0. A note
            names the event that it does not go with.
        """
        number, call_id = self._count, event.call_id.lower()
        self._count += 1
        story = self._live.pop(call_id, None) or self._ended.pop(call_id, None) or _Story()
        key = bytes.fromhex(idempotency_key(event))[:16]
        found = tuple(self._found(story, event, number, repeated=key in story.keys))
        story = story.told(event, number, key, self._most["repeats"])
        self._remember(call_id, story)
        return found

    def finish(self) -> tuple[Violation, ...]:
        """Return what the calls still remembered lack, if all has come that will.

        Nothing is missed without subscriptions, nor once a call was forgotten, for its early events
        may have been forgotten with it.

        Returns:
            Violations whose pointer is that of the call's last event.
        """
        if self._subscriptions is None or self._forgot:
            return ()
        stories = sorted((*self._live.values(), *self._ended.values()), key=lambda story: story.last)
        return tuple(violation for story in stories for violation in self._missing(story))

    def _found(self, story: _Story, event: Event, number: int, *, repeated: bool) -> Iterator[Violation]:
        if self._subscriptions is not None and event.type not in self._subscriptions:
            actual = shown_word(event.type) or "another kind"
            expected = "a kind that is subscribed to"
            yield from _violation("event-unsubscribed", number, expected=expected, actual=actual)
        if repeated:  # a late copy says nothing about order
            yield from _violation("event-repeated", number, expected="each event once", actual="one that came before")
            return
        for rule in _RULES:
            yield from rule(story, event, number)

    def _missing(self, story: _Story) -> Iterator[Violation]:
        for kind in (_CONNECTED, _ENDED):
            shown_by = story.earliest(_BEFORE[kind])
            if shown_by is not None and kind not in story.first and kind in (self._subscriptions or ()):
                note = f"see /{shown_by}"
                yield from _violation("event-missing", story.last, expected=kind, actual="nothing", note=note)

    def _remember(self, call_id: str, story: _Story) -> None:
        name, shelf = ("ended", self._ended) if _ENDS & story.first.keys() else ("live", self._live)
        shelf[call_id] = story
        if len(shelf) > self._most[name]:
            shelf.popitem(last=False)
            self._forgot = True


def judge_sequence(events: Iterable[Event], *, subscriptions: Collection[str] | None = None) -> tuple[Violation, ...]:
    """Judge the events of calls in the order in which they came.

    Args:
        events: Of any number of calls, interleaved or not.
        subscriptions: The kinds that the webhook subscribes to; see `EventSequence`.

    Returns:
        Violations whose pointer is ``/n``: the event's place in `events`; what is missing comes last.
    """
    sequence = EventSequence(subscriptions=subscriptions)
    found = [violation for event in events for violation in sequence.observe(event)]
    return (*found, *sequence.finish())
