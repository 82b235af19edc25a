"""Call a function with many arguments, in this process or in several, any of which may die."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Thread
from types import TracebackType
from typing import Any, Protocol, Self

from vocode_contract.audit.examine import Task

#: Called with the number of bytes that were read.
Tick = Callable[[int], None]
#: A function that takes the task, an argument and a `Tick`, and whose result depends only on the first two.
Work = Callable[..., Any]
#: Number of times in a row that processes may die without finishing an argument.
_MOST_DEATHS = 3
_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The place of a result that does not exist, such as of one whose processes all died; `reason` is a phrase."""

    reason: str


class Executor(Protocol):
    """Runs the functions of one audit."""

    def run(self, function: Work, arguments: Iterable[Any], tick: Tick) -> Iterator[tuple[Any, Any]]:
        """Yield each argument with its result or `Lost`, in any order; take arguments only as they are needed."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class SerialExecutor:
    """Runs everything in this process."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def run(self, function: Work, arguments: Iterable[Any], tick: Tick) -> Iterator[tuple[Any, Any]]:
        """Yield each argument with its result, in order."""
        for argument in arguments:
            yield argument, function(self._task, argument, tick)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class ProcessExecutor:
    """Runs everything in child processes. If one dies, another one repeats its work."""

    def __init__(self, task: Task, workers: int) -> None:
        self._task = task
        self._workers = min(workers, 61) if sys.platform == "win32" else workers  # Windows can wait for no more
        self._context = get_context("spawn")  # a fork would copy the locks of other threads
        self._pool: ProcessPoolExecutor | None = None
        self._read: Any = None
        self._lifeline: Connection | None = None

    def run(self, function: Work, arguments: Iterable[Any], tick: Tick) -> Iterator[tuple[Any, Any]]:
        """Yield each argument with its result, or with `Lost` if processes died three times without a result."""
        left: list[Any] = []
        waiting, deaths = iter(arguments), 0
        while True:
            finished = 0
            try:
                for done in self._run_once(function, left, waiting, tick):
                    finished += 1
                    yield done
            except BrokenProcessPool:
                self._stop()
                deaths = 0 if finished else deaths + 1
                if deaths < _MOST_DEATHS:
                    continue
                yield from ((argument, Lost(reason="the process that read it died three times")) for argument in left)
                left.clear()
                deaths = 0
            else:
                return

    def _run_once(
        self, function: Work, left: list[Any], waiting: Iterator[Any], tick: Tick
    ) -> Iterator[tuple[Any, Any]]:
        """Yield results until one process dies; `left` then holds what was started but not finished."""
        running = {self._submit(function, argument): argument for argument in left}
        while True:
            for argument in islice(waiting, max(2 * self._workers - len(running), 0)):
                left.append(argument)
                running[self._submit(function, argument)] = argument
            if not running:
                return
            done, _ = wait(running, timeout=_SECONDS, return_when=FIRST_COMPLETED)
            if self._read.get_lock().acquire(timeout=_SECONDS):  # a process that was killed may hold it
                count, self._read.value = self._read.value, 0
                self._read.get_lock().release()
                tick(count)
            for future in done:
                result = future.result()
                argument = running.pop(future)
                left.remove(argument)
                yield argument, result

    def _submit(self, function: Work, argument: Any) -> Future[Any]:
        if self._pool is None:
            self._pool = self._start()
        with _block_interrupts():  # this may start a process
            return self._pool.submit(_run_in_worker, function, argument)

    def _start(self) -> ProcessPoolExecutor:
        end, self._lifeline = self._context.Pipe(duplex=False)
        self._read = self._context.Value("Q", 0)
        return ProcessPoolExecutor(
            self._workers, self._context, initializer=_start_worker, initargs=(self._task, self._read, end)
        )

    def _stop(self) -> None:
        """End the processes at once, whatever they are doing."""
        if self._lifeline is not None:
            self._lifeline.close()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()


@contextmanager
def _block_interrupts() -> Iterator[None]:
    """Block Ctrl-C in processes that are started in the body; it is delivered here afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_worker: dict[str, Any] = {}


def _start_worker(task: Task, read: Any, lifeline: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process stops the others
    gc.disable()  # payloads have no cycles
    _worker.update(task=task, read=read)
    Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    """End this process as soon as the main process closes its end of a pipe, or is dead."""
    with suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os._exit(1)


def _run_in_worker(function: Work, argument: Any) -> Any:
    return function(_worker["task"], argument, _tick_in_worker)


def _tick_in_worker(count: int) -> None:
    read = _worker["read"]
    with read.get_lock():
        read.value += count
