"""Run an audit of all shards of an archive: in this process, in several or on a cluster, with a checkpoint."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from vocode_contract.audit.calls import MOST_OBSERVED, check_calls, observe
from vocode_contract.audit.checkpoint import Checkpoint, report_failure
from vocode_contract.audit.examine import Task, examine
from vocode_contract.audit.executors import Executor, Lost, ProcessExecutor, SerialExecutor
from vocode_contract.audit.files import MOST_BYTES
from vocode_contract.audit.ids import find_repeated, pack_ids, spread
from vocode_contract.audit.recognize import ID_BYTES
from vocode_contract.audit.sources import Shard, Source, cut_sources, detect_source, find_sources, is_url, spool
from vocode_contract.audit.summary import Summary
from vocode_contract.contract.model import Contract, resolve_contract
from vocode_contract.errors import InvalidOption
from vocode_contract.http.lock import LockHeld, lock_file

STDIN = "-"
_SCRATCH = "vocode-contract-audit-"
#: Approximate size of the sample, which has at least one payload in `_MOST_EVERY`.
_SAMPLE_BYTES = 1024 * 1024
_MOST_EVERY = 256
#: For an archive of at most this many bytes, starting processes takes longer than it saves.
_FEW_BYTES = 64 * 1024 * 1024

#: Called with the name of the phase, the number of bytes done, and that of all bytes, 0 if it is unknown.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResult:
    """The result of an audit.

    Attributes:
        summary: What was found.
        sources: What was read; ``PayloadPlace.source`` is an index into it.
        unread: Path that could not be read to the reason.
        every: The sample has one payload in this many.
        contract: Date of the contract.
        profile: Its profile.
    """

    summary: Summary
    sources: tuple[Source, ...]
    unread: dict[str, str] = field(default_factory=dict)
    every: int = 1
    contract: str = ""
    profile: str = ""


def audit(
    paths: Iterable[str],
    *,
    contract: str | Contract | None = None,
    profile: str | None = None,
    schema: str = "",
    every: int | None = None,
    most: int = MOST_BYTES,
    strict: bool = True,
    workers: int = 1,
    executor: Callable[[Task], Executor] | None = None,
    checkpoint: str | None = None,
    progress: Progress | None = None,
    stdin: BinaryIO | None = None,
) -> AuditResult:
    """Audit an archive.

    Args:
        paths: Files, directories, glob patterns, URLs that fsspec opens; ``-`` is `stdin`.
        contract: A date, or a `Contract`; by default the default contract.
        profile: By default that of the `Contract`, or ``tolerant`` for a date, which reports what is newer as drift.
        schema: Schema of all payloads; by default, that of each is recognized by its shape.
        every: Measure coverage, properties and contract dates in one payload in this many; by default, in about 1 MiB
            of payloads, but at least one in 256.
        most: Maximum size of a payload in bytes.
        strict: Whether duplicate keys, integers beyond 64 bits and deep nesting are violations; ``False`` is faster.
        workers: Number of processes; for more than one, `multiprocessing` has to be able to import the main module.
            0 means one per usable CPU, or only one if the archive is small.
        executor: Creates an executor that runs the work elsewhere, such as `ClusterExecutor`; by default, processes on
            this machine do it.
        checkpoint: Directory for the results of finished shards, from which an interrupted audit continues; by default
            a temporary one.
        progress: Called regularly with the name of the phase, the number of bytes done, and that of all bytes, 0 if it
            is unknown.
        stdin: Read for the path ``-``; it is copied into a temporary file.

    Raises:
        ContractError: There is no such contract, profile or schema; the checkpoint belongs to another audit or cannot
            be written; or an extra is missing.
    """
    loaded = resolve_contract(contract, profile, default="tolerant")
    if schema:
        loaded.schema(schema)
    show = progress or (lambda *_: None)
    with ExitStack() as stack:
        store, scratch = _open_store(checkpoint, stack)
        sources, unread = _find(list(paths), scratch, stdin, show)
        task = store.start(
            Task(sources=sources, contract=loaded, schema=schema, every=every or 0, most=most, strict=strict)
        )
        size = sum(source.size for source in task.sources)
        task = replace(task, every=every or min(max(size // _SAMPLE_BYTES, 1), _MOST_EVERY))
        workers = workers or (_count_cpus() if size > _FEW_BYTES else 1)
        local = ProcessExecutor(task, workers) if workers > 1 else SerialExecutor(task)
        running = stack.enter_context(executor(task) if executor else local)
        run = _Run(store=store, scratch=scratch, shards=cut_sources(task.sources), executor=running, progress=show)
        summary = run.run()
    return AuditResult(
        summary=summary,
        sources=task.sources,
        unread=unread,
        every=task.every,
        contract=loaded.date,
        profile=loaded.profile,
    )


def _open_store(directory: str | None, stack: ExitStack) -> tuple[Checkpoint, Path]:
    """Return the store of the results, and a directory for temporary files, which is removed at the end."""
    option = "--checkpoint" if directory else "TMPDIR"
    if directory and is_url(directory):
        raise InvalidOption(option, "must be a directory of this machine, not a URL")
    with report_failure(option, "written", directory or ""):
        if directory:
            os.makedirs(directory, mode=0o700, exist_ok=True)
            _lock(directory, option, stack)
        temporary = TemporaryDirectory(prefix=_SCRATCH, dir=directory, ignore_cleanup_errors=True)
        scratch = Path(stack.enter_context(temporary))
    return Checkpoint(Path(directory) if directory else scratch, option), scratch


def _lock(directory: str, option: str, stack: ExitStack) -> None:
    """Lock a checkpoint, and remove what an audit that was killed left there besides results."""
    try:
        descriptor = lock_file(Path(directory, "lock"))
    except LockHeld as holder:
        reason = f"{directory} is in use by another audit (process {holder}); wait until it ends"
        raise InvalidOption(option, reason) from None
    if descriptor is not None:
        stack.callback(os.close, descriptor)
        for left in Path(directory).glob(f"{_SCRATCH}*"):
            rmtree(left, ignore_errors=True)


def _find(
    paths: list[str], scratch: Path, stdin: BinaryIO | None, progress: Progress
) -> tuple[tuple[Source, ...], dict[str, str]]:
    sources, unread = find_sources(path for path in paths if path != STDIN)
    if STDIN in paths and stdin is None:
        unread["<stdin>"] = "standard input is closed"
    elif STDIN in paths and stdin is not None:
        copy = str(scratch / "stdin")
        spool(stdin, copy, lambda done: progress("reading standard input", done, 0))
        sources = (*sources, replace(detect_source(copy), name="<stdin>"))
    return sources, unread


def _count_cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One audit."""

    store: Checkpoint
    scratch: Path
    shards: tuple[Shard, ...]
    executor: Executor
    progress: Progress

    def run(self) -> Summary:
        """Return the summary of all shards."""
        summary, examined = self._examine()
        size = sum(self.store.size(_name(number, "ids")) for number in examined)
        with self.store.report("written", self.scratch):
            counted, wanted = find_repeated(sorted(examined), self._read_ids, size, self.scratch)
        return summary | counted | self._check(wanted)

    def _read_ids(self, number: int) -> bytes:
        return self.store.require(_name(number, "ids"))

    def _examine(self) -> tuple[Summary, list[int]]:
        """Return the summary of all shards, and the numbers of those that were examined."""
        summary, left, examined = Summary(), [], []
        for shard in self.shards:
            stored = self.store.read(_name(shard.number, "summary"))
            found = Summary.from_bytes(stored) if stored and self.store.read(_name(shard.number, "ids")) else None
            if found is None or found.damaged:  # what could not be read may be there again
                left.append(shard)
            else:
                summary |= found
                examined.append(shard.number)
        for shard, done in self._work("examining", examine, left, sum(shard.end - shard.start for shard in left)):
            if isinstance(done, Lost):
                summary |= Summary(damaged={(shard.source, shard.start): done.reason})
                continue
            self.store.write(_name(shard.number, "ids"), pack_ids(done))
            self.store.write(_name(shard.number, "summary"), done.summary.to_bytes())
            summary |= done.summary
            examined.append(shard.number)
        return summary, examined

    def _check(self, wanted: dict[int, list[int]]) -> Summary:
        """Check the calls that occur more than once over time."""
        if not wanted:
            return Summary()
        left = [number for number in wanted if self.store.read(_name(number, "calls")) is None]
        parts = ((self.shards[number], wanted[number]) for number in left)
        size = sum(self.shards[number].end - self.shards[number].start for number in left)
        summary = Summary()
        for (shard, numbers), observed in self._work("rereading repeated calls", observe, parts, size):
            if isinstance(observed, Lost):
                summary |= Summary(lost=len(numbers))
                wanted.pop(shard.number)
            else:
                self.store.write(_name(shard.number, "calls"), observed)
        names = [_name(number, "calls") for number in wanted]
        size = sum(map(self.store.size, names))
        for lines, checked in self._work("checking calls over time", check_calls, self._group(names, size), size):
            summary |= Summary(lost=len({line[:_HEAD] for line in lines})) if isinstance(checked, Lost) else checked
        return summary

    def _group(self, names: list[str], size: int) -> Iterator[list[bytes]]:
        """Yield all observations of some calls at a time, so that each group fits into memory."""
        count = min(size // MOST_OBSERVED + 1, 256)
        parts = (self.store.require(name).splitlines(keepends=True) for name in names)
        if count == 1:
            yield [line for lines in parts for line in lines]
            return
        files = [self.scratch / f"group-{number:03}" for number in range(count)]
        with self.store.report("written", self.scratch):
            spread((((int(line[_HEX], 16), line) for line in lines) for lines in parts), files)
        for file in files:
            with self.store.report("read", file):
                lines = file.read_bytes().splitlines()
            yield lines

    def _work(
        self, label: str, function: Callable[..., Any], arguments: Iterable[Any], size: int
    ) -> Iterator[tuple[Any, Any]]:
        """Yield each argument with what a function returns for it, or with `Lost`."""
        done = 0

        def tick(count: int) -> None:
            nonlocal done
            done += count
            self.progress(label, min(done, size), size)

        yield from self.executor.run(function, arguments, tick)


def _name(number: int, suffix: str) -> str:
    return f"shard-{number:06}.{suffix}"


#: A line of `observe` starts with ``["``, the id of the call in hexadecimal, and a quote: how many bytes that is
#: without the quote, and where the first byte of the id is.
_HEAD = 2 + 2 * ID_BYTES
_HEX = slice(2, 4)
