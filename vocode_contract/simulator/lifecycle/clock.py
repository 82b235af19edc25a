"""Clocks of the simulator."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from vocode_contract.errors import InvalidOption

#: Returns seconds since the epoch; `time.time` is one.
Clock = Callable[[], float]

#: Maximum number of seconds by which a clock is advanced at once: ten years.
LEAP = 315_576_000
#: Maximum speed: more than eleven days in a second.
FASTEST = 1_000_000


@dataclass(slots=True, kw_only=True)
class ManualClock:
    """A clock that stands still until it is advanced; `now` is in seconds since the epoch."""

    now: float = 1_704_067_200.0

    def __call__(self) -> float:
        """Return the time in seconds since the epoch."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Advance the clock by a number of seconds that is not negative."""
        if seconds < 0:
            raise ValueError("a clock does not run backwards")
        self.now += seconds


class ScaledClock:
    """A clock that runs at another speed than the one beneath it, never backwards, and can be advanced."""

    def __init__(self, beneath: Clock, *, speed: float = 1.0) -> None:
        """Start at the time of the clock beneath.

        Args:
            beneath: Returns seconds since the epoch.
            speed: Seconds per second of the clock beneath; at 0, only `advance` moves the clock.

        Raises:
            InvalidOption: The speed is out of range.
        """
        if not 0 <= speed <= FASTEST:
            raise InvalidOption("speed", f"must be from 0 to {FASTEST}")
        self.speed = speed
        self._beneath = beneath
        self.restart()

    def restart(self) -> None:
        """Set the clock to the time of the clock beneath."""
        self._shift = 0.0
        self._origin = self._latest = self._beneath()

    def __call__(self) -> float:
        """Return the time in seconds since the epoch, to the microsecond."""
        now = self._origin + (self._beneath() - self._origin) * self.speed + self._shift
        self._latest = max(self._latest, round(now * 1e6) / 1e6)  # a fifth of the time of round(now, 6)
        return self._latest

    def advance(self, seconds: float) -> None:
        """Advance the clock by 0 to `LEAP` seconds.

        Raises:
            InvalidOption: The number of seconds is out of range.
        """
        if not 0 <= seconds <= LEAP:
            raise InvalidOption("seconds", f"must be from 0 to {LEAP}")
        self._shift += seconds


def date_time(seconds: float, offset: Literal["+00:00", "Z"]) -> str:
    """Return seconds since the epoch as servers write them: in UTC, with six fraction digits or none."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00") + offset
