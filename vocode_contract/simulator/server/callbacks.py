"""Callbacks: send the deliveries of a simulation, which itself sends nothing, to webhooks and external actions."""

import threading
from collections.abc import Collection
from typing import TYPE_CHECKING, Self

from vocode_contract.webhooks.sending.delivery import Attempt
from vocode_contract.webhooks.sending.retries import ONCE, RetryPolicy, find_policy

if TYPE_CHECKING:
    from vocode_contract.simulator.simulation import Simulation
    from vocode_contract.webhooks.sending.deliverer import Deliverer


#: Seconds between two checks for deliveries that are due.
_INTERVAL = 0.02


class Callbacks:
    """Sends the deliveries of a simulation while it is used as a context manager, or on `hand_over`."""

    def __init__(
        self, simulation: "Simulation", *, policy: RetryPolicy | str = ONCE, allowed_hosts: Collection[str] = ()
    ) -> None:
        """Prepare to deliver.

        Args:
            simulation: The core.
            policy: The retry policy, or its name in `POLICIES`.
            allowed_hosts: Exact names of hosts beyond loopback that may receive deliveries.

        Raises:
            InvalidOption: There is no such policy.
        """
        self._simulation = simulation
        self._policy = find_policy(policy)
        self._allowed = tuple(allowed_hosts)
        self._deliverer: Deliverer | None = None
        simulation.attempts = lambda: self.log
        self._handing_over = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="callbacks", daemon=True)

    @property
    def log(self) -> tuple[Attempt, ...]:
        """The latest delivery attempts, oldest first, without secrets."""
        return tuple(self._deliverer.log) if self._deliverer else ()

    def hand_over(self) -> int:
        """Start the deliveries that are due, without waiting, and return how many there are."""
        with self._handing_over:  # else two threads could start the deliveries of one call out of order
            due = self._simulation.take_deliveries()
            if due and self._deliverer is None:
                # Loads the HTTP library, which most simulators do not need.
                from vocode_contract.webhooks.sending import Deliverer

                self._deliverer = Deliverer(policy=self._policy, allowed_hosts=self._allowed)
            if self._deliverer is not None:
                for delivery in due:
                    self._deliverer.deliver(delivery)
        return len(due)

    def drain(self, timeout: float | None = None) -> bool:
        """Start the deliveries that are due, wait for all, and return whether they are finished.

        Args:
            timeout: Seconds; None for no limit.
        """
        self.hand_over()
        return self._deliverer is None or self._deliverer.drain(timeout)

    def __enter__(self) -> Self:
        """Start to deliver."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop, and abandon unfinished deliveries."""
        self._stopped.set()
        self._thread.join()
        if self._deliverer is not None:
            self._deliverer.close()

    def _run(self) -> None:
        while not self._stopped.wait(_INTERVAL):
            self.hand_over()
