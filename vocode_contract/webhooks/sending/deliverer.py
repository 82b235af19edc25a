"""Deliverer: hands deliveries to their receivers, many at once, those of one call in order."""

import asyncio
from collections import deque
from collections.abc import Collection
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Condition, Thread
from types import TracebackType
from typing import Self

import httpx

from vocode_contract.errors import InvalidOption
from vocode_contract.validation.scalars import uuid_of
from vocode_contract.webhooks.sending.delivery import Delivery, DeliveryResult
from vocode_contract.webhooks.sending.log import Attempt, DeliveryLog
from vocode_contract.webhooks.sending.retries import ONCE, PASSING, RetryPolicy, policy_of
from vocode_contract.webhooks.sending.send import SECONDS, networks, sent
from vocode_contract.webhooks.sending.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A delivery that was handed over.

    Attributes:
        number: From 1, in the order of handing over.
        delivery: What to deliver.
        target: Where to.
        future: Gets the last response, where somebody waits for it.
        attempt: The next one, from 1.
    """

    number: int
    delivery: Delivery
    target: Target
    future: "Future[DeliveryResult] | None" = field(default=None, repr=False)
    attempt: int = 1

    @property
    def lane(self) -> tuple[str, object]:
        """What has to keep its order; a delivery without a call has a lane of its own."""
        return self.target.url, self.delivery.call_id or self.number


class Deliverer:
    """Delivers from one thread of its own, with an event loop; may be shared between threads.

    A delivery that waits to be sent again holds back those of its own call and nothing else.
    Use it as context manager, or close it.
    """

    def __init__(
        self,
        *,
        policy: RetryPolicy | str = ONCE,
        allowed_hosts: Collection[str] = (),
        at_once: int = 32,
        seconds: float = SECONDS,
        log: int = 1_000,
    ) -> None:
        """Prepare; the thread starts with the first delivery.

        Args:
            policy: When to send again, or its name in `POLICIES`.
            allowed_hosts: Exact hosts beyond loopback that may be delivered to.
            at_once: Requests in flight.
            seconds: That a receiver has to answer.
            log: Attempts that are remembered.

        Raises:
            InvalidOption: There is no such policy, or a bound is no bound.
        """
        if at_once < 1:
            raise InvalidOption("at_once", "must be 1 or more")
        if not 0 < seconds < float("inf"):
            raise InvalidOption("seconds", "must be more than 0")
        self.log = DeliveryLog(log)
        self._policy = policy_of(policy)
        self._allowed = frozenset(name.lower() for name in allowed_hosts)
        self._at_once = at_once
        self._seconds = seconds
        self._changed = Condition()
        self._pending = 0
        self._handed_over = 0
        self._closed = False
        self._incoming: deque[_Job] = deque()
        self._lanes: dict[tuple[str, object], deque[_Job]] = {}
        self._ready: deque[deque[_Job]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None

    @property
    def pending(self) -> int:
        """How many deliveries are not finished."""
        return self._pending

    def deliver(self, delivery: Delivery) -> None:
        """Hand over a delivery and go on at once; the log tells the result of it.

        An address that must not be delivered to is logged as ``not-allowed``: it came from an agent, and
        whoever serves the agent has nothing else to do about it.

        Raises:
            InvalidOption: The deliverer is closed.
        """
        try:
            target = Target.from_url(delivery.url, allowed_hosts=self._allowed)
        except InvalidOption:
            job = _Job(number=self._numbered(), delivery=delivery, target=Target(url="", shown="*"))
            self._tell(job, DeliveryResult(outcome="not-allowed"), final=True)
            return
        self._hand_over(delivery, target, None)

    def send(self, delivery: Delivery) -> DeliveryResult:
        """Deliver and wait for the last response.

        Raises:
            InvalidOption: The address must not be delivered to, or the deliverer is closed.
        """
        target = Target.from_url(delivery.url, allowed_hosts=self._allowed)
        future: Future[DeliveryResult] = Future()
        self._hand_over(delivery, target, future)
        return future.result()

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until nothing is pending.

        Args:
            timeout: Seconds; without, as long as it takes.

        Returns:
            Whether nothing is pending.
        """
        with self._changed:
            return self._changed.wait_for(lambda: self._pending == 0, timeout)

    def close(self) -> None:
        """Stop: what is in flight or pending is abandoned, and logged so. Closing twice is no harm."""
        with self._changed:
            self._closed = True
            thread, loop = self._thread, self._loop
        if thread is not None and loop is not None:
            with suppress(RuntimeError):  # the loop has ended: somebody else closed it as well
                loop.call_soon_threadsafe(self._stopped.set)
            thread.join()

    def __enter__(self) -> Self:
        """Return the deliverer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _numbered(self) -> int:
        with self._changed:
            if self._closed:
                raise InvalidOption("deliverer", "it is closed")
            self._handed_over += 1
            return self._handed_over

    def _hand_over(self, delivery: Delivery, target: Target, future: "Future[DeliveryResult] | None") -> None:
        with self._changed:
            if self._closed:
                raise InvalidOption("deliverer", "it is closed")
            self._handed_over += 1
            self._pending += 1
            job = _Job(number=self._handed_over, delivery=delivery, target=target, future=future)
            self._incoming.append(job)
            if self._thread is None:
                self._start()
            elif len(self._incoming) == 1 and self._loop is not None:
                self._loop.call_soon_threadsafe(self._taken)

    def _start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._stopped = asyncio.Event()
        self._work = asyncio.Semaphore(0)
        self._thread = Thread(target=self._run, args=(self._loop,), name="deliverer", daemon=True)
        self._thread.start()

    # What follows runs in the deliverer's thread.

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(self._deliver_until_stopped())

    async def _deliver_until_stopped(self) -> None:
        transports = networks(self._at_once)
        self._taken()
        try:
            async with asyncio.TaskGroup() as group:
                workers = [group.create_task(self._working(transport)) for transport in transports]
                await self._stopped.wait()
                for worker in workers:
                    worker.cancel()
        finally:  # also after a bug of ours: nobody may wait for ever
            for transport in transports:
                await transport.aclose()
            self._abandon()

    def _abandon(self) -> None:
        with self._changed:
            self._closed = True
        for job in (*self._incoming, *(job for lane in self._lanes.values() for job in lane)):
            self._finish(job, DeliveryResult(outcome="abandoned"))

    def _taken(self) -> None:
        """Sort what was handed over into lanes."""
        with self._changed:
            jobs = tuple(self._incoming)
            self._incoming.clear()
        for job in jobs:
            lane = self._lanes.get(job.lane)
            if lane is None:
                self._lanes[job.lane] = lane = deque()
                self._is_ready(lane)
            lane.append(job)

    def _is_ready(self, lane: deque[_Job]) -> None:
        self._ready.append(lane)
        self._work.release()

    async def _working(self, transport: httpx.AsyncBaseTransport) -> None:
        while True:
            await self._work.acquire()
            await self._advance(self._ready.popleft(), transport)

    async def _advance(self, lane: deque[_Job], transport: httpx.AsyncBaseTransport) -> None:
        """Try the first delivery of a lane, which stays in it until it is finished."""
        job = lane[0]
        answer = await sent(transport, job.delivery, job.target, self._seconds)
        pauses = self._policy.pauses[job.attempt - 1 :] if job.delivery.again else ()
        if pauses and (answer.status is None or answer.status in PASSING):
            self._tell(job, answer, final=False)
            lane[0] = replace(job, attempt=job.attempt + 1)
            asyncio.get_running_loop().call_later(pauses[0], self._is_ready, lane)
            return
        lane.popleft()
        if lane:
            self._is_ready(lane)
        else:
            del self._lanes[job.lane]
        self._finish(job, answer)

    def _finish(self, job: _Job, answer: DeliveryResult) -> None:
        self._tell(job, answer, final=True)
        if job.future is not None:
            job.future.set_result(answer)
        with self._changed:
            self._pending -= 1
            if self._pending == 0:
                self._changed.notify_all()

    def _tell(self, job: _Job, answer: DeliveryResult, *, final: bool) -> None:
        delivery = job.delivery
        self.log.add(
            Attempt(
                number=job.number,
                label=delivery.label,
                call_id=str(uuid_of(delivery.call_id) or ""),
                url=job.target.shown,
                method=delivery.method,
                attempt=job.attempt,
                outcome=answer.outcome,
                status=answer.status,
                seconds=round(answer.seconds, 6),
                final=final,
                note=delivery.describe(answer) if final and delivery.describe else "",
            )
        )
