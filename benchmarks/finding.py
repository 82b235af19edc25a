"""Faults found in the same broken servers: our suite and schemathesis, each as a command in a process of its own.

schemathesis runs twice. *As it comes*: the document, the address and the token. *Tuned*: with the ids
of calls and agents that exist, a limit on the time of an answer, and a document in which what servers
send as null may be null. What it reports of a sound server goes into a baseline first, by its own means
and over several seeds. Its find is a failure, or an error of the network, beyond that; a status with
which a sound server refuses a malformed request is none. Whether a find is the fault is not looked at.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measuring import Reading
from vocode_contract.contract.model import Contract, dates
from vocode_contract.contract.operation import Operation
from vocode_contract.contract.profile import may_be_null_on_wire
from vocode_contract.http.message import Request
from vocode_contract.simulator import FAULTS, SOUND_VARIANTS, Simulation, SoundServer, simulator
from vocode_contract.simulator.request_log import LoggedRequest, RequestLog

#: Seconds that one exchange may take, for either, and that one run of schemathesis may take.
TIMEOUT = 2
PATIENCE = 60
#: Seconds that one run may take if options of schemathesis bound it.
_BOUNDED = 600
TOKEN = "token-of-the-benchmark"
TOOLS = ("vocode-contract", "schemathesis", "schemathesis, tuned")
_SEEDS = (1, 2, 3, 4, 1)
ROOT = Path(__file__).parent.parent
_BASELINE, _DOCUMENT = "baseline.json", "openapi.json"
#: Statuses with which a sound server refuses what is malformed, or not there.
_REFUSALS = frozenset(("401", "403", "404", "405", "413", "414", "431"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One tool in front of one server.

    Attributes:
        found: What it reports: codes and kinds of ours, failures and errors of schemathesis; none for silence.
        requests: How many reached the server.
        seconds: Wall time of the whole process.
    """

    found: tuple[str, ...]
    requests: int
    seconds: float


@dataclass(slots=True)
class RequestCount(RequestLog):
    """Counts what reaches the simulator, in place of remembering it."""

    requests: int = 0

    def write(self, at: float, operation: Operation | None, request: Request, status: int) -> LoggedRequest:
        """Count a request."""
        self.requests += 1
        return RequestLog.write(self, at, operation, request, status)  # a class with slots is made anew: no super()


def date_of(fault: str) -> str:
    """Return the oldest contract that a fault breaks."""
    return next(date for date in dates() if FAULTS[fault].breaks_contract(date))


def of_fault(fault: str) -> Iterator[Run]:
    """Yield the runs of `TOOLS` in front of a server with one fault."""
    yield from _runs(SoundServer(title="", contract=date_of(fault)), (fault,))


def of_sound(name: str) -> Iterator[Run]:
    """Yield the runs of `TOOLS` in front of a server in `SOUND_VARIANTS`; nothing is known of it beforehand."""
    yield from _runs(SOUND_VARIANTS[name])


def of_schemathesis(date: str, faults: tuple[str, ...], *bounds: str) -> Run:
    """Return the run of schemathesis as it comes, but for options that bound it, in front of a server with faults."""
    with tempfile.TemporaryDirectory() as directory:
        server, accepted = SoundServer(title="", contract=date), _accepted(date, *bounds, tuned=False, most=_BOUNDED)
        return _theirs(server, faults, Path(directory), *bounds, tuned=False, accepted=accepted, most=_BOUNDED)


def of_suite(name: str) -> Run:
    """Return the run of the suite alone, in front of a server with one fault or of a sound one."""
    sound = SOUND_VARIANTS.get(name) or SoundServer(title="", contract=date_of(name))
    with tempfile.TemporaryDirectory() as directory:
        return _ours(sound, () if name in SOUND_VARIANTS else (name,), Path(directory) / "report.json")


def figures(count: int = len(FAULTS)) -> Iterator[Reading]:
    """Yield what each tool finds in some faults, spread evenly over the catalogue."""
    chosen = tuple(islice(FAULTS, 0, None, max(1, len(FAULTS) // count)))
    yield from summary({fault: tuple(of_fault(fault)) for fault in chosen})


def summary(runs: Mapping[str, Sequence[Run]]) -> Iterator[Reading]:
    """Yield what each tool found, and what that took."""
    for index, tool in enumerate(TOOLS):
        of_tool = [of_server[index] for of_server in runs.values()]
        least = len(runs) if index == 0 else None
        yield Reading(name=f"{tool}: found", value=sum(bool(run.found) for run in of_tool), unit="", least=least)
        yield Reading(name=f"{tool}: requests, median", value=median(run.requests for run in of_tool), unit="")
        yield Reading(name=f"{tool}: wall time, median", value=median(run.seconds for run in of_tool), unit="s")


def _runs(server: SoundServer, faults: tuple[str, ...] = ()) -> Iterator[Run]:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        yield _ours(server, faults, directory / "report.json")
        for tuned in (False, True):
            accepted = _accepted(server.contract, tuned=tuned) if faults else ""
            (own := directory / f"tuned-{tuned}").mkdir()
            yield _theirs(server, faults, own, tuned=tuned, accepted=accepted)


def _ours(server: SoundServer, faults: tuple[str, ...], report: Path) -> Run:
    with _serving(server, faults) as (url, _, count):
        options = ("--url", url, "--contract", server.contract, "--timeout", str(TIMEOUT), "--report", f"json={report}")
        seconds = _seconds((sys.executable, "-m", "vocode_contract", "check", *options), report.parent, most=600)
    told = json.loads(report.read_bytes())
    wrong = [found for found in told["violations"] if found["severity"] != "drift"]
    codes = {found["note"] if found["code"] == "body-not-json" else found["code"] for found in wrong}
    unjudged = [test["reason"] for test in told["tests"] if test["verdict"] == "inconclusive"]
    kinds = {reason.rpartition("[")[2].rstrip("]") for reason in unjudged}
    return Run(found=tuple(sorted(codes | kinds)), requests=count.requests, seconds=seconds)


@cache
def _accepted(date: str, *options: str, tuned: bool, most: float = PATIENCE) -> str:
    """Return the baseline of all that schemathesis reports of a sound server, as text."""
    server = SoundServer(title="", contract=date)
    with tempfile.TemporaryDirectory() as name:
        for seed in _SEEDS:
            _theirs(server, (), Path(name), *options, tuned=tuned, seed=seed, most=most)
        return (Path(name) / _BASELINE).read_text(encoding="utf-8")


def _theirs(
    server: SoundServer,
    faults: tuple[str, ...],
    directory: Path,
    *options: str,
    tuned: bool,
    accepted: str = "",
    seed: int = _SEEDS[0],
    most: float = PATIENCE,
) -> Run:
    report, baseline = directory / "run.json", directory / _BASELINE
    report.unlink(missing_ok=True)
    with _serving(server, faults) as (url, simulation, count):
        _configure(directory, simulation, tuned=tuned)
        if accepted:
            baseline.write_text(accepted, encoding="utf-8")
        known = set(_failures(baseline))
        command = (
            *(sys.executable, "-m", "schemathesis.cli", "run", _DOCUMENT, "--url", url, "--seed", str(seed)),
            *("--header", f"Authorization: Bearer {TOKEN}", "--request-timeout", str(TIMEOUT)),
            *("--baseline", _BASELINE, "--baseline-update", "--report", "json", "--report-json-path", str(report)),
            *options,
        )
        seconds = _seconds(command, directory, most=most)
    found = {failure for failure in _failures(baseline) if failure not in known}
    if accepted:
        known_anywhere = {failure[1:] for failure in known}
        found = {failure for failure in found if failure[1:] not in known_anywhere and failure[2] not in _REFUSALS}
    return Run(
        found=(*sorted({name for _, name, _ in found}), *_errors(report)), requests=count.requests, seconds=seconds
    )


def _failures(baseline: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the failures in a baseline: operation, name, and what tells it from others of that name."""
    if baseline.exists():
        for entry in json.loads(baseline.read_bytes())["entries"]:
            yield entry["operation"], entry["failure"], entry["signature"]


def _configure(directory: Path, simulation: Simulation, *, tuned: bool) -> None:
    """Write what schemathesis is told of the server."""
    contract = simulation.contract
    document = document_on_wire(contract) if tuned else contract.document
    if tuned:
        calls = simulation.state.calls
        known = {"query.id": sorted(calls), "body.agent": sorted({call["agent"]["id"] for call in calls.values()})}
        lists = [f'"{place}" = {{ values = {json.dumps(ids)} }}' for place, ids in known.items()]
        bound = [f'"{place}" = {{ dictionary = "{place}", probability = 0.5 }}' for place in known]
        text = "\n".join(("[dictionaries]", *lists, "[parameters]", *bound, "[checks]", "max_response_time = 0.5"))
        (directory / "schemathesis.toml").write_text(text, encoding="utf-8")
    (directory / _DOCUMENT).write_text(json.dumps(document), encoding="utf-8")


def document_on_wire(contract: Contract) -> Any:
    """Return a copy of a contract's document in which what servers send as null may be null."""
    document = json.loads(json.dumps(contract.document))
    for schema in document["components"]["schemas"].values():
        for key in [key for key in schema.get("properties", ()) if may_be_null_on_wire(schema, key)]:
            schema["properties"][key] = {"anyOf": [schema["properties"][key], {"type": "null"}]}
    return document


def _errors(report: Path) -> list[str]:
    """Return why a part of a run came to no end; nothing of a run that was stopped."""
    if not report.exists() or not report.stat().st_size:
        return []
    return sorted({error.get("title") or "error" for error in json.loads(report.read_bytes())["errors"]})


@contextmanager
def _serving(server: SoundServer, faults: tuple[str, ...]) -> Iterator[tuple[str, Simulation, RequestCount]]:
    contract = Contract.load(server.contract)
    with simulator(contract=contract, token=TOKEN, variant=server.variant, faults=faults) as running:
        running.simulation.request_log = count = RequestCount()
        yield running.url, running.simulation, count


def _seconds(command: Sequence[str], directory: Path, *, most: float) -> float:
    """Run a command to its end, or until its time is up; return how long that took."""
    environment = {**os.environ, "VOCODE_API_KEY": TOKEN, "PYTHONPATH": str(ROOT)}
    started = time.monotonic()
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(command, cwd=directory, env=environment, capture_output=True, check=False, timeout=most)
    return time.monotonic() - started
