"""Check a stream of events: duplicates, late and out-of-order events, any number of calls."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator

from vocode_contract.errors import InvalidOption
from vocode_contract.validation.lifecycle.event_order import REMEMBERED, EventHistory, conflicts, missing_types
from vocode_contract.validation.masking import shown_word
from vocode_contract.validation.violation import Violation
from vocode_contract.webhooks.events import Event, idempotency_key
from vocode_contract.webhooks.request import report


class EventSequence:
    """Check events one by one as they arrive, for any number of calls at once.

    A bounded number of calls is remembered. The call that had no event for the longest time is forgotten first, and
    ended calls are counted apart from live ones; a forgotten call starts anew. Uses neither clock nor I/O. Not
    thread-safe: share it only under a lock.
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
        """Start with no events.

        Args:
            subscriptions: Event types that the webhook subscribes to. By default, no event is reported as missing,
                since it may never have been sent.
            live: Maximum number of live calls to remember.
            ended: Maximum number of ended calls to remember, for late events.
            repeats: Latest events of each call among which duplicates are recognised.

        Raises:
            InvalidOption: A bound is below 1.
        """
        for name, bound in (("live", live), ("ended", ended), ("repeats", repeats)):
            if bound < 1:
                raise InvalidOption(name, "at least 1")
        self._subscriptions = None if subscriptions is None else frozenset(subscriptions)
        self._most = {"live": live, "ended": ended, "repeats": repeats}
        self._live: OrderedDict[str, EventHistory] = OrderedDict()
        self._ended: OrderedDict[str, EventHistory] = OrderedDict()
        self._count = 0
        self._forgot = False

    def __len__(self) -> int:
        """Return the number of calls that are remembered."""
        return len(self._live) + len(self._ended)

    def observe(self, event: Event) -> tuple[Violation, ...]:
        """Check the next event.

        The pointer of a violation is ``/n``, where n is the event's number among those observed, from 0. The note names
        the event that it conflicts with.
        """
        number, call_id = self._count, event.call_id.lower()
        self._count += 1
        history = self._live.pop(call_id, None) or self._ended.pop(call_id, None) or EventHistory()
        digest = bytes.fromhex(idempotency_key(event))[:16]
        found = tuple(self._check(history, event, digest, number))
        self._remember(call_id, history.add(event.type, digest, number, limit=self._most["repeats"]))
        return found

    def finish(self) -> tuple[Violation, ...]:
        """Return the missing events of the calls that are remembered; call it when no more events will come.

        Reports nothing without subscriptions, nor after a call was forgotten: its early events may have been
        forgotten with it. The pointer of a violation is that of the call's last event.
        """
        if self._subscriptions is None or self._forgot:
            return ()
        found: list[Violation] = []
        for history in sorted((*self._live.values(), *self._ended.values()), key=lambda history: history.last):
            for kind, later in missing_types(history):
                if kind in self._subscriptions:
                    pointer, note = f"/{history.last}", f"see /{later}"
                    found += report("event-missing", expected=kind, actual="nothing", pointer=pointer, note=note)
        return tuple(found)

    def _check(self, history: EventHistory, event: Event, digest: bytes, number: int) -> Iterator[Violation]:
        pointer = f"/{number}"
        if self._subscriptions is not None and event.type not in self._subscriptions:
            expected, actual = "a kind that is subscribed to", shown_word(event.type) or "another kind"
            yield from report("event-unsubscribed", expected=expected, actual=actual, pointer=pointer)
        for each in conflicts(history, event.type, event.payload, digest):
            note = "" if each.other is None else f"see /{each.other}"
            yield from report(each.code, expected=each.expected, actual=each.actual, pointer=pointer, note=note)

    def _remember(self, call_id: str, history: EventHistory) -> None:
        name, calls = ("ended", self._ended) if history.is_over else ("live", self._live)
        calls[call_id] = history
        if len(calls) > self._most[name]:
            calls.popitem(last=False)
            self._forgot = True


def check_sequence(events: Iterable[Event], *, subscriptions: Collection[str] | None = None) -> tuple[Violation, ...]:
    """Check events of any number of calls in the order in which they came; see `EventSequence`.

    The pointer of a violation is ``/n``, the event's index. Missing events come last.
    """
    sequence = EventSequence(subscriptions=subscriptions)
    found = [violation for event in events for violation in sequence.observe(event)]
    return (*found, *sequence.finish())
