"""Run an audit of all shards of an archive, on one core, several or a cluster, with results that survive a crash."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import orjson

from vocode_contract._version import __version__
from vocode_contract.audit.calls import MOST_OBSERVED, check_calls, observe
from vocode_contract.audit.examine import Examined, Task, examine
from vocode_contract.audit.executors import Executor, Lost, ProcessExecutor, SerialExecutor
from vocode_contract.audit.files import MOST_BYTES
from vocode_contract.audit.ids import find_repeated, pack_ids
from vocode_contract.audit.recognize import ID_BYTES
from vocode_contract.audit.sources import SHARD_BYTES, Shard, Source, cut, find_sources, look_at, spool
from vocode_contract.audit.summary import VERSION, Summary
from vocode_contract.contract.model import Contract, resolve_contract
from vocode_contract.errors import InvalidOption

STDIN = "-"
#: The sample has about as many bytes of an archive, and at least one payload in `_MOST_EVERY`.
_SAMPLE_BYTES = 1024 * 1024
_MOST_EVERY = 256
#: Bytes of an archive that are read in the time in which a process starts.
_FEW_BYTES = 64 * 1024 * 1024

#: What is being done, how many bytes of it are done, and how many there are.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """The result of an audit.

    Attributes:
        summary: What was found.
        sources: What was read; places in the summary count them from 0.
        unread: Each path that could not be read to the reason.
        every: One payload in this many was in the sample.
        contract: Date of the contract, and `profile` how it was read.
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
) -> Audited:
    """Audit an archive.

    Args:
        paths: Files, directories, glob patterns, URLs that fsspec opens; ``-`` is `stdin`.
        contract: A date, or a `Contract`; by default the default contract.
        profile: By default that of the `Contract`, for a date ``tolerant``: what is newer than the contract is drift.
        schema: Schema of all payloads; by default, that of each is recognized by its shape.
        every: Count coverage, properties and fitting dates in one payload of this many; by default in all of about
            1 MiB, and at least in one of 256.
        most: Maximum size of a payload in bytes.
        strict: Whether duplicate keys, integers beyond 64 bits and deep nesting are violations. An audit that does
            not check that is faster.
        workers: Number of processes; for more than one, `multiprocessing` has to be able to import the main module.
            0 stands for one per usable CPU, or for one alone if the archive is small.
        executor: Makes what runs the work elsewhere, such as `ClusterExecutor`; by default processes of this machine.
        checkpoint: Directory for the results of finished shards, from which an interrupted audit continues; by default
            a temporary one.
        progress: Called regularly with the name of the phase, the number of bytes that are done, and that of all bytes.
        stdin: Read for the path ``-``; it is copied into a temporary file.

    Raises:
        ContractError: There is no such contract, profile or schema; the checkpoint belongs to another audit or cannot
            be written; or an extra is missing.
    """
    loaded = resolve_contract(contract, profile, default="tolerant")
    if schema:
        loaded.schema(schema)
    with ExitStack() as stack:
        directory = Path(checkpoint or stack.enter_context(TemporaryDirectory(prefix="vocode-contract-audit-")))
        sources, unread = _find(list(paths), directory, stdin)
        store = _Store(directory, "--checkpoint" if checkpoint else "TMPDIR")
        task = store.start(
            Task(sources=sources, contract=loaded, schema=schema, every=every or 0, most=most, strict=strict)
        )
        size = sum(source.size for source in task.sources)
        task = replace(task, every=every or min(max(size // _SAMPLE_BYTES, 1), _MOST_EVERY))
        workers = workers or (_count_cpus() if size > _FEW_BYTES else 1)
        local = ProcessExecutor(task, workers) if workers > 1 else SerialExecutor(task)
        running = stack.enter_context(executor(task) if executor else local)
        summary = _Run(task, store, running, progress or (lambda *_: None)).run()
    return Audited(
        summary=summary,
        sources=task.sources,
        unread=unread,
        every=task.every,
        contract=loaded.date,
        profile=loaded.profile,
    )


def _find(paths: list[str], directory: Path, stdin: BinaryIO | None) -> tuple[tuple[Source, ...], dict[str, str]]:
    sources, unread = find_sources(path for path in paths if path != STDIN)
    if STDIN in paths and stdin is not None:
        copy = str(directory / "stdin")
        spool(stdin, copy)
        sources = (*sources, replace(look_at(copy), name="<stdin>"))
    return sources, unread


def _count_cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Store:
    """The directory of a checkpoint: the plan, and the results of finished shards, each written at once."""

    def __init__(self, directory: Path, option: str) -> None:
        """Use a directory that an option or a variable of that name sets."""
        self._directory = directory
        self._option = option

    def start(self, task: Task) -> Task:
        """Return the task as it was when the audit began, and make the directory.

        Raises:
            InvalidOption: It belongs to another audit, or cannot be written.
        """
        before = self.read("plan.json")
        if before is None:
            self.write("plan.json", _describe(task))
            return task
        earlier, now = (orjson.loads(plan) for plan in (before, _describe(task)))
        stored = tuple(Source(**each) for each in earlier.pop("sources"))
        now.pop("sources")
        if earlier != now or not _are_the_same(stored, task.sources):
            reason = "belongs to an audit of other files, or with other options; name another directory"
            raise InvalidOption(self._option, reason)
        return replace(task, sources=stored)

    def path(self, name: str) -> Path:
        """Return the path of a file."""
        return self._directory / name

    def read(self, name: str) -> bytes | None:
        """Return what is stored under a name; ``None`` if nothing is."""
        with self.report("read"):
            try:
                return self.path(name).read_bytes()
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        """Store something, at once or not at all."""
        partial = self.path(f"{name}.part")
        with self.report("written"):
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial.write_bytes(data)
            os.replace(partial, self.path(name))

    def append(self, name: str, data: bytes) -> None:
        """Add to what is stored."""
        with self.report("written"), self.path(name).open("ab") as file:
            file.write(data)

    def remove(self, pattern: str) -> None:
        """Remove the files whose names match a pattern."""
        for path in self._directory.glob(pattern):
            path.unlink()

    @contextmanager
    def report(self, verb: str) -> Iterator[None]:
        """Name the option in an error if a file cannot be read or written in the body.

        Raises:
            InvalidOption: One cannot.
        """
        try:
            yield
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise InvalidOption(self._option, f"intermediate results cannot be {verb}: {reason}") from None


def _describe(task: Task) -> bytes:
    """Return what two runs must share to be the same audit."""
    document = orjson.dumps(task.contract.document, option=orjson.OPT_SORT_KEYS)
    plan = {
        "version": [VERSION, __version__],
        "contract": [task.contract.date, task.contract.profile, hashlib.sha256(document).hexdigest()],
        "schema": task.schema,
        "every": task.every,
        "most": task.most,
        "strict": task.strict,
        "shard": SHARD_BYTES,
        "sources": [asdict(source) for source in task.sources],
    }
    return orjson.dumps(plan, option=orjson.OPT_INDENT_2)


def _are_the_same(stored: tuple[Source, ...], now: tuple[Source, ...]) -> bool:
    """Return whether sources are the stored ones; JSON Lines may have grown."""
    return len(stored) == len(now) and all(
        then == each
        or (
            then == replace(each, size=then.size, modified=then.modified)
            and each.form == "lines"
            and each.size > then.size
        )
        for then, each in zip(stored, now, strict=True)
    )


class _Run:
    """One audit."""

    def __init__(self, task: Task, store: _Store, executor: Executor, progress: Progress) -> None:
        self._store = store
        self._executor = executor
        self._progress = progress
        self._shards = cut(task.sources)

    def run(self) -> Summary:
        """Return the summary of all shards."""
        summary = self._examine()
        ids = {shard.number: self._store.path(_name(shard, "ids")) for shard in self._shards}
        with self._store.report("written"):
            counted, wanted = find_repeated(ids, self._store.path(""))
        return summary | counted | self._check(wanted)

    def _examine(self) -> Summary:
        summary, left = Summary(), []
        for shard in self._shards:
            stored = self._store.read(_name(shard, "json"))
            if stored is None:
                left.append(shard)
            else:
                summary |= Summary.from_bytes(stored)
        for shard, examined in self._work("examining", examine, left, sum(shard.end - shard.start for shard in left)):
            done = _as_damaged(shard, examined) if isinstance(examined, Lost) else examined
            self._store.write(_name(shard, "ids"), pack_ids(done))
            self._store.write(_name(shard, "json"), done.summary.to_bytes())
            summary |= done.summary
        return summary

    def _check(self, wanted: dict[int, list[int]]) -> Summary:
        """Check the repeated calls over time."""
        if not wanted:
            return Summary()
        left = [number for number in wanted if self._store.read(_name(self._shards[number], "calls")) is None]
        parts = ((self._shards[number], wanted[number]) for number in left)
        size = sum(self._shards[number].end - self._shards[number].start for number in left)
        for (shard, _), observed in self._work("reading calls that came again", observe, parts, size):
            self._store.write(_name(shard, "calls"), b"" if isinstance(observed, Lost) else observed)
        summary = Summary()
        names = [_name(self._shards[number], "calls") for number in wanted]
        size = sum(self._store.path(name).stat().st_size for name in names)
        for lines, checked in self._work("checking calls over time", check_calls, self._group(names, size), size):
            summary |= Summary(lost=len({line[:_HEAD] for line in lines})) if isinstance(checked, Lost) else checked
        return summary

    def _group(self, names: list[str], size: int) -> Iterator[list[bytes]]:
        """Yield all observations of some calls at a time, as few as fit into memory."""
        groups = min(size // MOST_OBSERVED + 1, 256)
        if groups > 1:
            self._store.remove("group-*")
            for name in names:
                self._distribute(name, groups)
            names = [f"group-{number:03}" for number in range(groups)]
        found = ((self._store.read(name) or b"").splitlines() for name in names)
        yield from found if groups > 1 else ([line for lines in found for line in lines],)

    def _distribute(self, name: str, groups: int) -> None:
        lines = (self._store.read(name) or b"").splitlines(keepends=True)
        for group, found in groupby(lines, key=lambda line: int(line[_HEX], 16) * groups // 256):
            self._store.append(f"group-{group:03}", b"".join(found))

    def _work(
        self, label: str, function: Callable[..., Any], arguments: Iterable[Any], size: int
    ) -> Iterator[tuple[Any, Any]]:
        """Yield each argument with what a function returns for it, or with the reason why it is lost."""
        done = 0

        def tick(count: int) -> None:
            nonlocal done
            done += count
            self._progress(label, min(done, size), size)

        yield from self._executor.run(function, arguments, tick)


def _as_damaged(shard: Shard, lost: Lost) -> Examined:
    return Examined(summary=Summary(damaged={(shard.source, shard.start): lost.reason}))


def _name(shard: Shard, suffix: str) -> str:
    return f"shard-{shard.number:06}.{suffix}"


#: Where a line of `observe` has the id of the call, and the first byte of it.
_HEAD = 2 + 2 * ID_BYTES
_HEX = slice(2, 4)
