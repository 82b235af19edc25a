"""Which events are due: the seam between the lives of the calls and whoever delivers what they tell."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush

from vocode_contract.simulator.lives import Event

#: Returns the events of a call from a number on, past and to come.
Telling = Callable[[str, int], Iterator[Event]]


@dataclass(slots=True)
class Outbox:
    """The events of many calls in order of time, each handed out once.

    Only the next event of each call is held, and it is looked up again when it is due: a call
    that goes on otherwise by then tells otherwise.
    """

    _next: list[tuple[float, str, int]] = field(default_factory=list, repr=False)
    _told: dict[str, int] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """Return how many events are held."""
        return len(self._next)

    def watch(self, call_id: str, telling: Telling) -> None:
        """Look out for the next event of a call that was placed, or whose life has changed."""
        self._hold(telling(call_id, self._told.setdefault(call_id, 0)))

    def due(self, now: float, telling: Telling) -> Iterator[Event]:
        """Yield the events that have happened by now and were not yielded yet, in order of time."""
        while self._next and self._next[0][0] <= now:
            at, call_id, number = heappop(self._next)
            if self._told[call_id] != number:
                continue
            coming = telling(call_id, number)
            event = next(coming, None)
            if event is None or event.at != at:
                continue
            self._told[call_id] += 1
            self._hold(coming)
            yield event

    def _hold(self, coming: Iterator[Event]) -> None:
        if (event := next(coming, None)) is not None:
            heappush(self._next, (event.at, event.call_id, event.number))

    def next_at(self) -> float:
        """Return when there may be something due again, in seconds since the epoch; infinity if never."""
        return self._next[0][0] if self._next else math.inf
