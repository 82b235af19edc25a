"""Run an audit on a Dask cluster, whose workers must be able to open the same paths as this process."""

from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from importlib import import_module
from itertools import islice
from typing import Any, Self

from vocode_contract.audit.examine import Task
from vocode_contract.audit.executors import Lost, Tick, Work
from vocode_contract.errors import InvalidOption, MissingExtra

#: Seconds to wait for the scheduler.
_TIMEOUT = 5
#: Arguments submitted at once for each thread of the cluster.
_AHEAD = 4


class ClusterExecutor:
    """Runs everything on the workers of a Dask scheduler, which repeats the work of a worker that died."""

    def __init__(self, task: Task, address: str) -> None:
        """Connect to a scheduler.

        Raises:
            MissingExtra: Dask is not installed.
            InvalidOption: There is no scheduler.
        """
        try:
            self._dask: Any = import_module("distributed")  # its types are of no use
        except ImportError:
            raise MissingExtra("cluster", "auditing on a cluster") from None
        try:
            self._client = self._dask.Client(address, timeout=_TIMEOUT)
        except (OSError, ValueError) as error:
            raise InvalidOption("--cluster", f"no Dask scheduler at this address ({type(error).__name__})") from None
        self._task = self._client.scatter(task, broadcast=True)

    def run(self, function: Work, arguments: Iterable[Any], tick: Tick) -> Iterator[tuple[Any, Any]]:
        """Yield each argument with its result, or with `Lost` if every worker that processed it died."""
        waiting = iter(arguments)
        most = _AHEAD * max(sum(self._client.nthreads().values()), 1)
        running = {self._submit(function, argument): argument for argument in islice(waiting, most)}
        completed = self._dask.as_completed(running)
        for future in completed:
            argument = running.pop(future)
            for following in islice(waiting, 1):
                added = self._submit(function, following)
                running[added] = following
                completed.add(added)
            try:
                result: Any = future.result()
            except (self._dask.KilledWorker, CancelledError):
                result = Lost(reason="every worker that read it died")
            tick(_size_of(argument))
            yield argument, result

    def _submit(self, function: Work, argument: Any) -> Any:
        return self._client.submit(function, self._task, argument, pure=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()


def _size_of(argument: Any) -> int:
    """Return the size of an argument in bytes, since workers do not report progress while they read."""
    shard = argument[0] if isinstance(argument, tuple) else argument
    return shard.end - shard.start if hasattr(shard, "end") else sum(map(len, argument))
