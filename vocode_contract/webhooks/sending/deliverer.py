"""Send deliveries to their receivers, many at once, those of one call in order."""

import asyncio
from collections import deque
from collections.abc import Collection, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Condition, Lock, Thread
from types import TracebackType
from typing import Self

import httpx

from vocode_contract.errors import InvalidOption
from vocode_contract.http import clock
from vocode_contract.validation.scalars import uuid_of
from vocode_contract.webhooks.sending.delivery import Attempt, Delivery, DeliveryResult, Outcome
from vocode_contract.webhooks.sending.retries import ONCE, RETRIED, RetryPolicy, find_policy
from vocode_contract.webhooks.sending.send import SECONDS, open_transports, send_once
from vocode_contract.webhooks.sending.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A delivery that was submitted, and its next attempt; both are numbered from 1."""

    number: int
    delivery: Delivery
    target: Target
    future: "Future[DeliveryResult] | None" = field(default=None, repr=False)
    attempt: int = 1

    @property
    def lane(self) -> tuple[str, object]:
        """Key of the deliveries that keep their order; a delivery without a call is alone in its lane."""
        return self.target.url, self.delivery.call_id or self.number


class DeliveryLog:
    """The latest attempts, and the number of deliveries of each outcome; thread-safe."""

    def __init__(self, most: int = 1_000) -> None:
        """Keep at most so many attempts, 1 or more."""
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


class Deliverer:
    """Sends deliveries from an event loop in a thread of its own; thread-safe.

    A delivery that waits to be sent again delays only those of its own call. Use it as a context manager, or close it.
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
        """Create a deliverer; its thread starts with the first delivery.

        Args:
            policy: Retry policy, or its name in `POLICIES`.
            allowed_hosts: Exact hosts beyond loopback that may be delivered to.
            at_once: Maximum number of requests in flight.
            seconds: How long to wait for a response.
            log: Maximum number of attempts in the log.

        Raises:
            InvalidOption: There is no such policy, or a bound is invalid.
        """
        if at_once < 1:
            raise InvalidOption("at_once", "must be 1 or more")
        if not 0 < seconds < float("inf"):
            raise InvalidOption("seconds", "must be more than 0")
        self.log = DeliveryLog(log)
        self._policy = find_policy(policy)
        self._allowed = frozenset(name.lower() for name in allowed_hosts)
        self._at_once = at_once
        self._seconds = seconds
        self._changed = Condition()
        self._pending = 0
        self._submitted = 0
        self._closed = False
        self._incoming: deque[_Job] = deque()
        self._lanes: dict[tuple[str, object], deque[_Job]] = {}
        self._ready: deque[deque[_Job]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None

    @property
    def pending(self) -> int:
        """The number of deliveries that are not finished."""
        return self._pending

    def deliver(self, delivery: Delivery) -> None:
        """Submit a delivery without waiting; the log has its result.

        A URL that is not allowed does not raise, since it came from an agent, not from the caller: it is logged as
        ``not-allowed``.

        Raises:
            InvalidOption: The deliverer is closed.
        """
        try:
            target = Target.from_url(delivery.url, allowed_hosts=self._allowed)
        except InvalidOption:
            with self._changed:
                job = self._number(delivery, Target(url="", shown="*"))
            self._record(job, DeliveryResult(outcome="not-allowed"), final=True)
        else:
            self._submit(delivery, target)

    def send(self, delivery: Delivery) -> DeliveryResult:
        """Deliver and wait for the last response.

        Raises:
            InvalidOption: The URL is not allowed, or the deliverer is closed.
        """
        future: Future[DeliveryResult] = Future()
        self._submit(delivery, Target.from_url(delivery.url, allowed_hosts=self._allowed), future)
        return future.result()

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until nothing is pending, at most so many seconds; return whether nothing is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._pending == 0, timeout)

    def close(self) -> None:
        """Stop; deliveries in flight or pending are logged as ``abandoned``. May be called more than once."""
        with self._changed:
            self._closed = True
            thread, loop = self._thread, self._loop
        if thread is not None and loop is not None:
            with suppress(RuntimeError):  # the loop has ended: another thread closed it too
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

    def _number(self, delivery: Delivery, target: Target, future: "Future[DeliveryResult] | None" = None) -> _Job:
        if self._closed:
            raise InvalidOption("deliverer", "is closed")
        self._submitted += 1
        return _Job(number=self._submitted, delivery=delivery, target=target, future=future)

    def _submit(self, delivery: Delivery, target: Target, future: "Future[DeliveryResult] | None" = None) -> None:
        with self._changed:
            self._incoming.append(self._number(delivery, target, future))
            self._pending += 1
            if self._thread is None:
                self._start()
            elif len(self._incoming) == 1 and self._loop is not None:
                self._loop.call_soon_threadsafe(self._sort_into_lanes)

    def _start(self) -> None:
        self._loop = asyncio.new_event_loop()
        clock.keep_time(self._loop)
        self._stopped = asyncio.Event()
        self._waiting = asyncio.Semaphore(0)
        self._thread = Thread(target=self._run, args=(self._loop,), name="deliverer", daemon=True)
        self._thread.start()

    # Everything below runs in the deliverer's thread.

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(self._deliver_until_stopped())

    async def _deliver_until_stopped(self) -> None:
        transports = open_transports(self._at_once)
        self._sort_into_lanes()
        try:
            async with asyncio.TaskGroup() as group:
                workers = [group.create_task(self._work(transport)) for transport in transports]
                await self._stopped.wait()
                for worker in workers:
                    worker.cancel()
        finally:  # also after a bug of ours: nobody may wait forever
            for transport in transports:
                await transport.aclose()
            self._abandon()

    def _abandon(self) -> None:
        with self._changed:
            self._closed = True
        for job in (*self._incoming, *(job for lane in self._lanes.values() for job in lane)):
            self._finish(job, DeliveryResult(outcome="abandoned"))

    def _sort_into_lanes(self) -> None:
        with self._changed:
            jobs = tuple(self._incoming)
            self._incoming.clear()
        for job in jobs:
            lane = self._lanes.get(job.lane)
            if lane is None:
                self._lanes[job.lane] = lane = deque()
                self._mark_ready(lane)
            lane.append(job)

    def _mark_ready(self, lane: deque[_Job]) -> None:
        self._ready.append(lane)
        self._waiting.release()

    async def _work(self, transport: httpx.AsyncBaseTransport) -> None:
        while True:
            await self._waiting.acquire()
            await self._advance(self._ready.popleft(), transport)

    async def _advance(self, lane: deque[_Job], transport: httpx.AsyncBaseTransport) -> None:
        """Send the first delivery of a lane, which stays in it until it is finished."""
        job = lane[0]
        answer = await send_once(transport, job.delivery, job.target, self._seconds)
        pauses = self._policy.pauses[job.attempt - 1 :] if job.delivery.again else ()
        if pauses and (answer.status is None or answer.status in RETRIED):
            self._record(job, answer, final=False)
            lane[0] = replace(job, attempt=job.attempt + 1)
            asyncio.get_running_loop().call_later(pauses[0], self._mark_ready, lane)
            return
        lane.popleft()
        if lane:
            self._mark_ready(lane)
        else:
            del self._lanes[job.lane]
        self._finish(job, answer)

    def _finish(self, job: _Job, answer: DeliveryResult) -> None:
        self._record(job, answer, final=True)
        if job.future is not None:
            job.future.set_result(answer)
        with self._changed:
            self._pending -= 1
            if self._pending == 0:
                self._changed.notify_all()

    def _record(self, job: _Job, answer: DeliveryResult, *, final: bool) -> None:
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
