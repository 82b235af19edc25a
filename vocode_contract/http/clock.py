"""Clocks that tests cannot freeze or move, for deadlines, measured times and comparisons with a server's clock.

freezegun replaces the functions of `time` in every module that has them, and time-machine changes their results.
Neither affects ``time.clock_gettime`` for the monotonic clock, and freezegun does not affect it at all.
"""

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

#: Seconds by which two readings of the same clock may differ.
_NOISE = 1.0

if sys.platform == "win32":
    #: In a tuple, because freezegun looks for functions only in the attributes of modules.
    _FUNCTIONS = (time.monotonic, time.time)

    def monotonic() -> float:
        """Return the seconds of a clock that never goes backwards."""
        return _FUNCTIONS[0]()

    def _read_wall_clock() -> float:
        return _FUNCTIONS[1]()

else:

    def monotonic() -> float:
        """Return the seconds of a clock that never goes backwards."""
        return time.clock_gettime(time.CLOCK_MONOTONIC)

    def _read_wall_clock() -> float:
        return time.clock_gettime(time.CLOCK_REALTIME)


def wall_time() -> float:
    """Return the real time in seconds since the epoch, even if a test freezes or moves the clock."""
    machine = sys.modules.get("time_machine")
    is_travelling = machine is not None and machine.escape_hatch.is_travelling()
    return float(machine.escape_hatch.time.time()) if machine and is_travelling else _read_wall_clock()


def is_moved() -> bool:
    """Return whether a test froze or moved the clock that other code of this process reads."""
    return abs(time.time() - wall_time()) > _NOISE


def keep_time(loop: "asyncio.AbstractEventLoop") -> None:
    """Let the time-outs of an event loop follow the real clock; uvloop's do so anyway."""
    import asyncio

    if isinstance(loop, asyncio.BaseEventLoop):
        loop.time = monotonic  # type: ignore[method-assign]  # the loop reads no other clock
