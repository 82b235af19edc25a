"""Clocks that are put forward where the client would wait, so that a test need not."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from vocode_contract.conformance import checked_client
from vocode_contract.http import clock
from vocode_contract.http.client import client, timing

#: Every module in which the client waits.
_MODULES = (checked_client, client, timing)
#: Seconds that are waited at most, so that a server has its turn.
_TURN = 0.005


@contextmanager
def put_forward() -> Iterator[None]:
    """Put the client's clock forward by what it sleeps; time that a server takes counts as ever."""
    skipped = 0.0

    def sleep(seconds: float) -> None:
        nonlocal skipped
        turn = min(seconds, _TURN)
        time.sleep(turn)
        skipped += seconds - turn

    monotonic = clock.monotonic
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "monotonic", lambda: monotonic() + skipped)
        for module in _MODULES:
            patch.setattr(module, "time", SimpleNamespace(sleep=sleep))
        yield


class Clock:
    """A clock that no machine's load moves: it goes on where somebody sleeps, and by what it is put forward.

    Args:
        tick: Seconds by which each look at the clock moves it.
    """

    def __init__(self, tick: float = 0.0) -> None:
        self._tick = tick
        self._lock = threading.Lock()
        self.restart()

    def restart(self) -> None:
        """Set the clock to the time of the machine."""
        self._now = time.time()

    def now(self) -> float:
        if self._tick:
            self.put_forward(self._tick)
        return self._now

    def put_forward(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds


@contextmanager
def one_clock(shared: Clock | None = None) -> Iterator[Clock]:
    """Let the client, and servers in this process, read and wait by one clock."""
    shared = shared or Clock()
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((clock, "monotonic"), (clock, "wall_time"), (time, "time")):
            patch.setattr(module, name, shared.now)
        patch.setattr(time, "sleep", shared.put_forward)
        yield shared
