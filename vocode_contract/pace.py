"""Pace: one request in flight at a time beyond this machine, and the next no sooner than an interval after it."""

import time
from threading import RLock


class Pace:
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
