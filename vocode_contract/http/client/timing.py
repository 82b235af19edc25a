"""Rate limits, retries and waiting: one request in flight at a time on remote hosts."""

import math
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from threading import Lock, RLock
from typing import Self

from vocode_contract.http import clock


class RateLimit:
    """Lets one request through at a time, and the next one no sooner than an interval after it.

    The lock is re-entrant and is released on interruption, so that cleanup can still send.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._next = 0.0
        self._lock = RLock()

    def __enter__(self) -> float:
        """Wait; return the seconds waited, which do not count as response time."""
        started = clock.monotonic()
        self._lock.acquire()
        try:
            time.sleep(max(0.0, self._next - clock.monotonic()))
        except BaseException:  # no __exit__ follows an __enter__ that fails
            self._lock.release()
            raise
        now = clock.monotonic()
        self._next = now + self._interval
        return now - started

    def __exit__(self, *_exception: object) -> None:
        self._lock.release()


#: Bounds of the option for the total time of one exchange, in seconds.
SHORTEST, LONGEST = 0.05, 600.0
#: Shares of the total time: of one phase if a second attempt is possible, and of the pause before it.
_SHARE_OF_A_PHASE, _SHARE_OF_A_PAUSE = 0.6, 0.1
#: Longest interval between two requests to a server that limits the rate, in seconds.
_SLOWEST = 1.0
#: Factor by which requests are sent more slowly than the rate that was refused.
_SLOWER = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Time-outs and pauses, in seconds.

    Attributes:
        connect: For a connection, DNS lookup included, and again for TLS.
        read: For the next bytes of the response.
        write: For the server to take the next bytes of the request.
        total: For one exchange, retries included, ``Retry-After`` excluded.
        pauses: Before a request that only reads is sent a second and a third time; up to a fifth is added.
        max_retry_after: The longest ``Retry-After`` that is honoured.
        max_total_wait: The longest total time that a run waits because of ``Retry-After``.
        interval: Between the starts of two requests to a remote host; one is in flight at a time.
    """

    connect: float = 5
    read: float = 10
    write: float = 10
    total: float = 30
    pauses: tuple[float, ...] = (0.5, 1)
    max_retry_after: float = 30
    max_total_wait: float = 60
    interval: float = 0.5

    @classmethod
    def within(cls, total: float) -> Self:
        """Return the time-outs for exchanges that may take *total* seconds."""
        usual = cls()
        return cls(
            connect=min(usual.connect, 0.9 * total),  # each phase ends before the whole, so that it is reported apart
            read=min(usual.read, 0.9 * total),
            write=min(usual.write, 0.9 * total),
            total=total,
            pauses=tuple(min(pause, _SHARE_OF_A_PAUSE * total) for pause in usual.pauses),
        )

    def phase(self, seconds: float, *, is_retried: bool) -> float:
        """Return the time-out of one phase; it leaves time for another attempt if the request may be sent again."""
        return min(seconds, _SHARE_OF_A_PHASE * self.total) if is_retried else seconds


@dataclass(slots=True)
class Throttle:
    """Honours a server's rate limit; shared by all clients of a run.

    Attributes:
        waited: Seconds waited so far, for whichever reason.
        interval: Seconds between the starts of two requests, learned from the server's refusals.
    """

    waited: float = 0.0
    interval: float = 0.0
    _asked: float = 0.0  # of these, what the server asked for by Retry-After
    _until: float = 0.0
    _next: float = 0.0
    _started: float = field(default_factory=lambda: clock.monotonic())  # noqa: PLW0108 - a clock that tests replace
    _count: int = 0
    _lock: Lock = field(default_factory=Lock)

    def slow_down(self, wait: float, timing: Timing) -> bool:
        """Honour a 429: wait before the next request, and send more slowly from now on.

        Returns:
            Whether that is honoured: not if it exceeds a bound, for one request or in total.
        """
        with self._lock:
            if wait > timing.max_retry_after or self._asked + wait > timing.max_total_wait:
                return False
            now = clock.monotonic()
            found = _SLOWER * (now - self._started + wait) / max(1, self._count - 1)  # the last one was refused
            self.interval = min(_SLOWEST, max(self.interval * 2, found))
            self._until = max(self._until, now + wait)
            self._started, self._count = self._until, 0
            return True

    def wait(self, timing: Timing, *, at_most: float = math.inf) -> float:
        """Wait before a request if the server asked for it; return the seconds waited."""
        with self._lock:
            self._count += 1
            now = clock.monotonic()
            asked = max(0.0, min(self._until - now, timing.max_total_wait - self._asked, at_most))
            seconds = max(asked, min(max(0.0, self._next - now), self.interval))
            self._asked += asked
            self.waited += seconds
            self._next = now + seconds + self.interval
        if seconds:
            time.sleep(seconds)
        return seconds


def seconds_of(retry_after: str | None) -> float | None:
    """Return the seconds of a ``Retry-After``; ``None`` if it is neither a number nor a date.

    Source: RFC 9110, section 10.2.3.
    """
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit() and len(text) <= 10:
        return float(text)
    try:
        when = parsedate_to_datetime(text)
        return max(0.0, when.timestamp() - clock.wall_time())
    except (ValueError, TypeError, OverflowError):
        return None
