"""The log of deliveries: the latest attempts, without their content."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Literal, TypeAlias

from vocode_contract.errors import InvalidOption

Outcome: TypeAlias = Literal[
    "delivered",  # 2xx
    "redirected",  # 3xx, which is not followed
    "refused",  # 4xx
    "failed",  # 5xx, or an invalid status
    "timeout",
    "unreachable",
    "closed",
    "protocol",
    "too-large",
    "not-allowed",  # nothing was sent
    "abandoned",  # the deliverer was closed first
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to deliver, safe to show.

    Attributes:
        number: Number of the delivery, from 1.
        label: What was delivered, such as the type of the event; may be empty.
        call_id: Empty if it is not a UUID.
        url: Without query and whatever may be a token.
        attempt: From 1.
        status: Of the response; ``None`` if none came.
        seconds: Until the last byte was received, or the attempt was given up.
        final: Whether there is no further attempt.
        note: The description of the response, if the delivery has one.
    """

    number: int
    label: str
    call_id: str
    url: str
    method: str
    attempt: int
    outcome: Outcome
    status: int | None
    seconds: float
    final: bool
    note: str = ""


class DeliveryLog:
    """The latest attempts, and the number of deliveries of each outcome; thread-safe."""

    def __init__(self, most: int = 1_000) -> None:
        """Keep at most so many attempts.

        Raises:
            InvalidOption: That is below 1.
        """
        if most < 1:
            raise InvalidOption("log", "must keep 1 attempt or more")
        self._attempts: deque[Attempt] = deque(maxlen=most)
        self._counts: dict[Outcome, int] = {}
        self._lock = Lock()

    def add(self, attempt: Attempt) -> None:
        """Add an attempt; the oldest is dropped if there are too many."""
        with self._lock:
            self._attempts.append(attempt)
            if attempt.final:
                self._counts[attempt.outcome] = self._counts.get(attempt.outcome, 0) + 1

    def __iter__(self) -> Iterator[Attempt]:
        """Yield the attempts, oldest first."""
        with self._lock:
            return iter(tuple(self._attempts))

    def __len__(self) -> int:
        """Return the number of attempts that are kept."""
        return len(self._attempts)

    @property
    def counts(self) -> dict[Outcome, int]:
        """The number of deliveries of each outcome, also of those no longer kept."""
        with self._lock:
            return dict(self._counts)
