"""An audit of half a gigabyte of Calls, on one core and on two."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import jsonschema_rs
import orjson

from benchmarks import corpus
from benchmarks.measuring import Figure, Reading, paired
from benchmarks.verdict import plain_schema
from vocode_contract.audit import audit

BYTES = 500_000_000
#: Different Calls in the archive; all others differ from one of them in their id.
VARIED = 10_000
ROUNDS = 3


def figures(megabytes: int = BYTES // 1_000_000) -> Iterator[Figure | Reading]:
    """Measure beside a bare loop over the same lines; every call is in the archive once."""
    with _archive(megabytes * 1_000_000) as (path, count):
        size = path.stat().st_size
        for name, strict in (("plainly", False), ("strictly", True)):
            yield paired(
                f"audit of {size / 1e6:,.0f} MB read {name} on one core, for each Call",
                lambda strict=strict: audit([str(path)], strict=strict),
                lambda: _loop(path),
                rival="a loop of orjson and jsonschema-rs, which reads plainly",
                units=count,
                goal=None if strict else 1 / 0.85,
                rounds=ROUNDS,
            )
        alone, together = (_seconds(lambda workers=workers: audit([str(path)], workers=workers)) for workers in (1, 2))
        yield Reading(name="on one core", value=size / 1e6 / alone, unit="MB/s")
        yield Reading(name="on two cores", value=size / 1e6 / together, unit="MB/s")
        yield Reading(name="two cores against one", value=alone / together, unit="times", least=1.8)
        yield Reading(name="two cores against one, bare loop", value=_gain_of_loops(path), unit="times")


def _gain_of_loops(path: Path) -> float:
    """Return how much more two processes with a bare loop read in a time than one does.

    It is the most that a machine allows, and less than 2 where cores share caches or do other work.
    """
    with get_context("spawn").Pool(2) as pool:
        alone, together = (
            _seconds(lambda paths=paths: pool.map(_loop, paths, chunksize=1)) for paths in ([path], [path] * 2)
        )
    return 2 * alone / together


def _loop(path: Path) -> int:
    """Return how many lines of a file are valid."""
    is_valid = _bare()
    with path.open("rb") as file:
        return sum(is_valid(orjson.loads(line)) for line in file)


@cache
def _bare() -> Callable[[object], bool]:
    return jsonschema_rs.Draft202012Validator(plain_schema(), validate_formats=True, offline=True).is_valid


def _seconds(function: Callable[[], object]) -> float:
    """Return the least of some times, in seconds, that a function takes by the clock."""
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return min(taken)


@contextmanager
def _archive(size: int) -> Iterator[tuple[Path, int]]:
    """Write an archive of JSON Lines; yield its path and the number of its lines, and remove it."""
    calls = corpus.calls(VARIED, invalid=0.0)
    with TemporaryDirectory(prefix="vocode-contract-") as directory:
        path, count, written = Path(directory, "calls.jsonl"), 0, 0
        with path.open("wb") as file:
            while written < size:
                call = calls[count % VARIED] | {"id": str(UUID(int=count))}
                written += file.write(orjson.dumps(call) + b"\n")
                count += 1
            os.fsync(file.fileno())
        yield path, count
