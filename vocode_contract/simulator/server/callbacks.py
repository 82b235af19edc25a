"""Callbacks: what the webhooks of agents are reported, taken from the core and handed to whoever delivers.

The core makes deliveries and sends nothing. A `Callbacks` looks for them while a server runs, or by hand.
"""

import threading
from collections.abc import Collection
from types import TracebackType
from typing import TYPE_CHECKING, Self

from vocode_contract.webhooks.sending.log import Attempt
from vocode_contract.webhooks.sending.retries import ONCE, RetryPolicy, policy_of

if TYPE_CHECKING:
    from vocode_contract.simulator.simulation import Simulation
    from vocode_contract.webhooks.sending.deliverer import Deliverer


#: Seconds between two looks for what is due.
_INTERVAL = 0.02


class Callbacks:
    """Delivers what a simulation's webhooks are reported; use it as context manager.

    The HTTP library is loaded when there is something to deliver.
    """

    def __init__(
        self, simulation: "Simulation", *, policy: RetryPolicy | str = ONCE, allowed_hosts: Collection[str] = ()
    ) -> None:
        """Prepare.

        Args:
            simulation: The core.
            policy: When to send again, or its name in `POLICIES`.
            allowed_hosts: Exact hosts beyond loopback that may be delivered to.

        Raises:
            InvalidOption: There is no such policy.
        """
        self._simulation = simulation
        self._policy = policy_of(policy)
        self._allowed = tuple(allowed_hosts)
        self._deliverer: Deliverer | None = None
        simulation.delivered_by(lambda: self.log)
        self._handing_over = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, name="callbacks", daemon=True)

    @property
    def log(self) -> tuple[Attempt, ...]:
        """The latest attempts to deliver, oldest first; safe to show."""
        return tuple(self._deliverer.log) if self._deliverer else ()

    def hand_over(self) -> int:
        """Hand over what is due, without waiting, and return how many deliveries that is."""
        with self._handing_over:  # or two threads would hand over one call's events out of order
            due = self._simulation.take_deliveries()
            if due and self._deliverer is None:
                from vocode_contract.webhooks.sending import Deliverer

                self._deliverer = Deliverer(policy=self._policy, allowed_hosts=self._allowed)
            if self._deliverer is not None:
                for delivery in due:
                    self._deliverer.deliver(delivery)
        return len(due)

    def drain(self, timeout: float | None = None) -> bool:
        """Hand over what is due and wait until all of it is finished.

        Args:
            timeout: Seconds; without, as long as it takes.

        Returns:
            Whether it is.
        """
        self.hand_over()
        return self._deliverer is None or self._deliverer.drain(timeout)

    def __enter__(self) -> Self:
        """Start to look for what is due."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop; what is not delivered by then is abandoned."""
        self._stopped.set()
        self._thread.join()
        if self._deliverer is not None:
            self._deliverer.close()

    def _look(self) -> None:
        while not self._stopped.wait(_INTERVAL):
            self.hand_over()
