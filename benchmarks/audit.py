"""An audit of half a gigabyte of Calls, on one core and on two."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    bare = jsonschema_rs.Draft202012Validator(plain_schema(), validate_formats=True, offline=True)
    with _archive(megabytes * 1_000_000) as (path, count):
        size = path.stat().st_size

        def loop() -> int:
            with path.open("rb") as file:
                return sum(bare.is_valid(orjson.loads(line)) for line in file)

        for name, strict in (("plainly", False), ("strictly", True)):
            yield paired(
                f"audit of {size / 1e6:,.0f} MB read {name} on one core, for each Call",
                lambda strict=strict: audit([str(path)], strict=strict),
                loop,
                rival="a loop of orjson and jsonschema-rs, which reads plainly",
                units=count,
                goal=None if strict else 1 / 0.85,
                rounds=ROUNDS,
            )
        alone, together = (_seconds(lambda workers=workers: audit([str(path)], workers=workers)) for workers in (1, 2))
        yield Reading(name="on one core", value=size / 1e6 / alone, unit="MB/s")
        yield Reading(name="on two cores", value=size / 1e6 / together, unit="MB/s")
        yield Reading(name="two cores against one", value=alone / together, unit="times", least=1.8)


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
