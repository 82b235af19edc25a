"""What time it is in the simulator."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from vocode_contract.errors import InvalidOption

#: Returns seconds since the epoch; `time.time` is one.
Clock = Callable[[], float]

#: The most that a clock is put forward at once: ten years.
LEAP = 315_576_000


@dataclass(slots=True, kw_only=True)
class ManualClock:
    """A clock that stands still until it is moved.

    Attributes:
        now: Seconds since the epoch.
    """

    now: float = field(default=1_704_067_200.0)

    def __call__(self) -> float:
        """Return the time in seconds since the epoch."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move the clock.

        Args:
            seconds: How far; not negative.
        """
        if seconds < 0:
            raise ValueError("a clock does not run backwards")
        self.now += seconds


class ScaledClock:
    """A clock that runs at another speed than the one beneath it, never backwards, and can be put forward."""

    def __init__(self, beneath: Clock, *, speed: float = 1.0) -> None:
        """Start where the clock beneath is.

        Args:
            beneath: Tells seconds since the epoch.
            speed: Seconds that pass in one of the clock beneath; 0 for time that only `advance` moves.

        Raises:
            InvalidOption: The speed is negative or no number.
        """
        if not 0 <= speed < math.inf:
            raise InvalidOption("speed", "must be 0 or more")
        self.speed = speed
        self._beneath = beneath
        self.restart()

    def restart(self) -> None:
        """Go to where the clock beneath is."""
        self._shift = 0.0
        self._origin = self._latest = self._beneath()

    def __call__(self) -> float:
        """Return the time in seconds since the epoch, to the microsecond."""
        now = self._origin + (self._beneath() - self._origin) * self.speed + self._shift
        self._latest = max(self._latest, round(now, 6))
        return self._latest

    def advance(self, seconds: float) -> None:
        """Put the clock forward.

        Args:
            seconds: How far, from 0 to `LEAP`.

        Raises:
            InvalidOption: That is backwards, or too far.
        """
        if not 0 <= seconds <= LEAP:
            raise InvalidOption("seconds", f"must be from 0 to {LEAP}")
        self._shift += seconds


def date_time(seconds: float, offset: Literal["+00:00", "Z"]) -> str:
    """Write a time as servers do: UTC, six fraction digits or none.

    Args:
        seconds: Since the epoch.
        offset: How UTC is written.
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00") + offset
