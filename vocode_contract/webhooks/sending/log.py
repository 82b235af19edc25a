"""The log of deliveries: the latest attempts, without anything that was sent."""

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
    "failed",  # 5xx, or a status that is none
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
        number: Of the delivery, from 1, in the order of handing over.
        label: What was delivered, such as the kind of event; may be empty.
        call_id: The call, where it has the form of an id; else empty.
        url: Where to, without query and whatever may be a token.
        method: GET or POST.
        attempt: From 1.
        outcome: The result of it.
        status: Of the response; ``None`` for none.
        seconds: From the first byte sent to the last one received, or until it was given up.
        final: Whether it is not tried again.
        note: What the response is worth, where somebody asked.
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
    """The latest attempts, and how many there were of each outcome; safe to share between threads."""

    def __init__(self, most: int = 1_000) -> None:
        """Remember at most so many attempts.

        Raises:
            InvalidOption: That is none.
        """
        if most < 1:
            raise InvalidOption("log", "must keep 1 attempt or more")
        self._attempts: deque[Attempt] = deque(maxlen=most)
        self._counts: dict[Outcome, int] = {}
        self._lock = Lock()

    def add(self, attempt: Attempt) -> None:
        """Remember an attempt; the oldest is forgotten for it."""
        with self._lock:
            self._attempts.append(attempt)
            if attempt.final:
                self._counts[attempt.outcome] = self._counts.get(attempt.outcome, 0) + 1

    def __iter__(self) -> Iterator[Attempt]:
        """Yield the attempts that are remembered, oldest first."""
        with self._lock:
            return iter(tuple(self._attempts))

    def __len__(self) -> int:
        """Return the number of attempts that are remembered."""
        return len(self._attempts)

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many deliveries came to each outcome, the forgotten ones among them."""
        with self._lock:
            return dict(self._counts)
