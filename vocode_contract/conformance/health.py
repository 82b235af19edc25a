"""How the endpoint of a run fares: whether it responds, and whether it is worth while to wait for it."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from vocode_contract.http import clock
from vocode_contract.http.body_store import Store
from vocode_contract.http.inconclusive import KINDS, NOTHING_SENT, Inconclusive

Sent = TypeVar("Sent")

#: Seconds to wait for the end of a call after an accepted request to end it, on this machine and elsewhere.
PATIENCE = {True: 5.0, False: 30.0}
#: Seconds between two reads of a call or list that is waited for: at first, and at most.
_PAUSES = (0.02, 0.5)
#: Consecutive failures after which nothing more is sent.
_DOWN_AFTER = 3


@dataclass(slots=True, kw_only=True)
class Health:
    """The state of an endpoint in this run.

    Attributes:
        failures: Number of consecutive requests that got no response from the endpoint itself.
        last: How the last of them failed.
        is_patient: Whether to wait without a limit of its own; false once that was in vain.
        store: Keeps response bodies.
    """

    failures: int = 0
    last: str = ""
    is_patient: bool = True
    store: Store = field(default_factory=Store)

    def record(self, inconclusive: Inconclusive | None) -> None:
        """Record the outcome of a request."""
        if inconclusive is not None and inconclusive.is_down:
            self.failures += 1
            self.last = KINDS[inconclusive.kind].title
        # A rate limit says nothing about health until it was waited for.
        elif inconclusive is None or inconclusive.kind != "rate-limited":
            self.failures = 0

    def require(self, authority: str) -> None:
        """Refuse to send after several consecutive requests without a response.

        Raises:
            Inconclusive: The endpoint seems to be down.
        """
        __tracebackhide__ = True
        if self.failures >= _DOWN_AFTER:
            what = authority + (f"; the last time: {self.last}" if self.last else "")
            raise Inconclusive("stopped", what, NOTHING_SENT)

    def poll(
        self, send: Callable[[], Sent], is_early: Callable[[Sent], bool], *, patience: float, within: float
    ) -> Sent:
        """Send again until the response no longer comes too early, or time runs out; return the last one."""
        __tracebackhide__ = True
        deadline = clock.monotonic() + min(patience if self.is_patient else 0, within)
        pause, longest = _PAUSES
        sent = send()
        while is_early(sent) and (left := deadline - clock.monotonic()) > 0:
            time.sleep(min(pause, left))
            pause = min(2 * pause, longest)
            sent = send()
        if within == math.inf:
            self.is_patient = self.is_patient and not is_early(sent)
        return sent
