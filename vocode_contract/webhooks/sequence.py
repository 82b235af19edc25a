"""Check a stream of events: duplicates, late and out-of-order events, any number of calls."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from vocode_contract.contract.model import DEFAULT_PROFILE
from vocode_contract.errors import InvalidOption
from vocode_contract.validation.codes import default_level
from vocode_contract.validation.lifecycle.event_order import (
    BEFORE,
    CONNECTED,
    ENDED,
    ENDINGS,
    KINDS,
    REMEMBERED,
    can_be_known_again,
    conflicts,
    first_of,
)
from vocode_contract.validation.masking import shown_word
from vocode_contract.validation.violation import Violation
from vocode_contract.webhooks.events import Event, idempotency_key


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

    def told(self, event: Event, number: int, key: bytes, most: int) -> "_Story":
        """Return a copy with one more event."""
        first = {event.type: number, **self.first} if event.type in KINDS else self.first
        keys = self.keys if key in self.keys else (*self.keys, key)[-most:]
        return replace(self, first=first, last=number, keys=keys)


def _violation(code: str, number: int, *, expected: str, actual: str, note: str = "") -> Iterator[Violation]:
    level = default_level(code, DEFAULT_PROFILE)
    if level != "off":
        yield Violation(
            instance_pointer=f"/{number}", code=code, severity=level, expected=expected, actual=actual, note=note
        )


class EventSequence:
    """A check of events as they come: twice, late, out of order, of many calls at once.

    It remembers a bounded number of calls and forgets the longest untouched, ended ones for themselves;
    nothing more is reported about a forgotten call. Neither clock nor input/output; not to be shared
    between threads without a lock.
    """

    __slots__ = ("_count", "_ended", "_forgot", "_live", "_most", "_subscriptions")

    def __init__(
        self,
        *,
        subscriptions: Collection[str] | None = None,
        live: int = 10_000,
        ended: int = 1_000,
        repeats: int = REMEMBERED,
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
        if repeated and can_be_known_again(event.type, event.payload):
            yield from _violation("event-repeated", number, expected="each event once", actual="one that came before")
        if repeated:  # a late copy says nothing about order
            return
        for conflict in conflicts(event.type, story.first):
            note = f"see /{conflict.other}"
            yield from _violation(conflict.code, number, expected=conflict.expected, actual=conflict.actual, note=note)

    def _missing(self, story: _Story) -> Iterator[Violation]:
        for kind in (CONNECTED, ENDED):
            shown_by = first_of(BEFORE[kind], story.first)
            if shown_by is not None and kind not in story.first and kind in (self._subscriptions or ()):
                note = f"see /{shown_by}"
                yield from _violation("event-missing", story.last, expected=kind, actual="nothing", note=note)

    def _remember(self, call_id: str, story: _Story) -> None:
        name, shelf = ("ended", self._ended) if ENDINGS & story.first.keys() else ("live", self._live)
        shelf[call_id] = story
        if len(shelf) > self._most[name]:
            shelf.popitem(last=False)
            self._forgot = True


def check_sequence(events: Iterable[Event], *, subscriptions: Collection[str] | None = None) -> tuple[Violation, ...]:
    """Check the events of calls in the order in which they came.

    Args:
        events: Of any number of calls, interleaved or not.
        subscriptions: The kinds that the webhook subscribes to; see `EventSequence`.

    Returns:
        Violations whose pointer is ``/n``: the event's place in `events`; what is missing comes last.
    """
    sequence = EventSequence(subscriptions=subscriptions)
    found = [violation for event in events for violation in sequence.observe(event)]
    return (*found, *sequence.finish())
