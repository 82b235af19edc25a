"""What time it is in the simulator."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

#: Returns seconds since the epoch; `time.time` is one.
Clock = Callable[[], float]


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


def date_time(seconds: float, offset: Literal["+00:00", "Z"]) -> str:
    """Write a time as servers do: UTC, six fraction digits or none.

    Args:
        seconds: Since the epoch.
        offset: How UTC is written.
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00") + offset
