"""Rate limits, retries and waiting: one request in flight at a time on remote hosts."""

import math
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from threading import Lock, RLock
from typing import Self


class RateLimit:
    """Lets one through at a time, and the next no sooner than an interval after it.

    A thread that is interrupted while it waits, by Ctrl-C or the signal of a time limit, lets go; and
    were it ever to hold on, it could still enter again, to end calls: the lock is its own.
    """

    def __init__(self, interval: float) -> None:
        """Let the first one through at once.

        Args:
            interval: Seconds between two starts.
        """
        self._interval = interval
        self._next = 0.0
        self._lock = RLock()

    def __enter__(self) -> float:
        """Wait; return for how long, in seconds, which is no time of the server's."""
        started = time.monotonic()
        self._lock.acquire()
        try:
            time.sleep(max(0.0, self._next - time.monotonic()))
        except BaseException:  # no __exit__ follows an __enter__ that fails
            self._lock.release()
            raise
        now = time.monotonic()
        self._next = now + self._interval
        return now - started

    def __exit__(self, *_exception: object) -> None:
        self._lock.release()


#: The seconds that one exchange may take, at least and at most.
SHORTEST, LONGEST = 0.05, 600.0
#: Of all the time, what one phase may take where there may be a second attempt, and what the pause before that.
_SHARE_OF_A_PHASE, _SHARE_OF_A_PAUSE = 0.6, 0.1
#: What a server that limits the rate may spread our requests to, in seconds between two of them.
_SLOWEST = 1.0
#: A little less than what was found to be too much.
_SLOWER = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long is waited, in seconds.

    Attributes:
        connect: For a connection, the look-up of the name included, and again for TLS.
        read: For the next bytes of the response.
        write: For the server to take the next bytes of the request.
        total: For one exchange, what is sent again included, what the server asked to wait not.
        pauses: Before a request that only reads is sent a second and a third time; up to a fifth is added.
        patience: The longest ``Retry-After`` that is waited for.
        in_all: The longest time that is waited in a run because the server asked for it; a slower pace not counted.
        interval: Between the starts of two requests beyond loopback; one is in flight at a time.
    """

    connect: float = 5
    read: float = 10
    write: float = 10
    total: float = 30
    pauses: tuple[float, ...] = (0.5, 1)
    patience: float = 30
    in_all: float = 60
    interval: float = 0.5

    @classmethod
    def within(cls, total: float) -> Self:
        """Return the time-outs for exchanges that may take so many seconds in all."""
        usual = cls()
        return cls(
            connect=min(usual.connect, 0.9 * total),  # each phase ends before the whole, so that it is reported apart
            read=min(usual.read, 0.9 * total),
            write=min(usual.write, 0.9 * total),
            total=total,
            pauses=tuple(min(pause, _SHARE_OF_A_PAUSE * total) for pause in usual.pauses),
        )

    def phase(self, seconds: float, *, is_retried: bool) -> float:
        """Return what one phase may take: where a request may be sent again, there is time for another attempt.

        Args:
            seconds: What it may take at most.
            is_retried: Whether the request may be sent again.
        """
        return min(seconds, _SHARE_OF_A_PHASE * self.total) if is_retried else seconds


@dataclass(slots=True)
class Throttle:
    """Waits as a server asks that limits the rate of requests; shared by all who send in a run.

    Attributes:
        waited: Seconds waited so far, for whichever reason.
        interval: Seconds kept between the starts of two requests, since faster ones were too many.
    """

    waited: float = 0.0
    interval: float = 0.0
    _asked: float = 0.0  # of these, what the server asked for in so many words
    _until: float = 0.0
    _next: float = 0.0
    _begun: float = field(default_factory=time.monotonic)
    _count: int = 0
    _lock: Lock = field(default_factory=Lock)

    def told(self, wait: float, timing: Timing) -> bool:
        """Note that the server asked to wait, and go from now on as fast as it seems to allow.

        Args:
            wait: Seconds.
            timing: Holds the bounds.

        Returns:
            Whether that is waited for: not what is beyond patience, for one request or in all.
        """
        with self._lock:
            if wait > timing.patience or self._asked + wait > timing.in_all:
                return False
            now = time.monotonic()
            found = _SLOWER * (now - self._begun + wait) / max(1, self._count - 1)  # the last one was refused
            self.interval = min(_SLOWEST, max(self.interval * 2, found))
            self._until = max(self._until, now + wait)
            self._begun, self._count = self._until, 0
            return True

    def wait(self, timing: Timing, *, at_most: float = math.inf) -> float:
        """Wait before a request, as far as the server asked for it; return for how many seconds.

        Args:
            timing: Holds the bounds.
            at_most: Seconds after which it is in vain.
        """
        with self._lock:
            self._count += 1
            now = time.monotonic()
            asked = max(0.0, min(self._until - now, timing.in_all - self._asked, at_most))
            seconds = max(asked, min(max(0.0, self._next - now), self.interval))
            self._asked += asked
            self.waited += seconds
            self._next = now + seconds + self.interval
        if seconds:
            time.sleep(seconds)
        return seconds


def seconds_of(retry_after: str | None) -> float | None:
    """Return how long to wait; ``None`` for no number of seconds and no date.

    Source: RFC 9110, section 10.2.3.
    """
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit() and len(text) <= 10:
        return float(text)
    try:
        when = parsedate_to_datetime(text)
        return max(0.0, when.timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
