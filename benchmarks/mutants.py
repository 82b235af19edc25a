"""Mutants found: the suite in front of servers with one drawn mutation each.

A mutant is a server with one mutation, drawn by seed: an operator, a place, an operation, conditions and a probability.
Every operator is drawn equally often, and at a place in a call as often as at another, whatever lies below them.

A mutant is left out as *equivalent* if it gives, byte for byte, the answers of the server without the mutation to a
fixed series of requests at the same times: those of a run of the suite against that server, and after them pages of
several sizes and orders, the suite's requests to create calls, and Get Call, Get Recording and End Call for every call
that there was. It is left out as *allowed* if its answers differ only as sound servers differ: a key is missing or null
where its value is the contract's default, there are keys that the contract does not declare, a time is spelt otherwise,
or a refusal has another body or another status code that the contract or a policy allows there.

What is left is *found* if the suite reports an error or advice, or is inconclusive; it *survives* if the suite is
silent.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from statistics import median
from typing import Any
from urllib.parse import quote

import orjson

from benchmarks.finding import ROOT, TOKEN, RequestCount, of_schemathesis
from benchmarks.measuring import Reading
from vocode_contract.contract.model import Contract, dates
from vocode_contract.errors import InvalidOption
from vocode_contract.http.message import Exchange, Request, Response
from vocode_contract.http.policies import DEFAULT_POLICIES
from vocode_contract.simulator import Planted, Running, Simulation, simulator
from vocode_contract.simulator.faults.operators import OPERATORS
from vocode_contract.simulator.faults.places import FaultPlace, places
from vocode_contract.validation.scalars import instant

#: Operators that are not drawn, since what they change is no byte.
NOT_DRAWN = ("delay",)
#: Values to draw for an operator that sets any value, by the JSON type of the place.
_SET: Mapping[str, tuple[object, ...]] = {
    "string": ("", "text"),
    "boolean": (True, False),
    "integer": (0, 1),
    "number": (0, 1),
    "array": ([],),
    "object": ({},),
}
#: Bounds of schemathesis, so that a run takes some seconds.
_BOUNDS = ("--max-examples", "10")
_STATUSES = ("not_started", "in_progress", "ended", "error")
_FLAGS = ("hipaa_compliant", "recording_available", "run_do_not_call_detection", "on_no_human_answer=hangup")
_SIDES = ("", "", "", "", "request", "query", "state")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A server: the date of its contract, its mutation, and the operator of that."""

    date: str
    mutation: str
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """What a tool reports of a mutant, with the number of its requests and the seconds that it took."""

    errors: Sequence[str] = ()
    advice: Sequence[str] = ()
    inconclusive: Sequence[str] = ()
    requests: int
    seconds: float

    @property
    def is_found(self) -> bool:
        """Whether it is reported in any way."""
        return bool(self.errors or self.advice or self.inconclusive)


# --- drawing ---


def draw(seed: int) -> Iterator[Mutant]:
    """Yield different mutants without end."""
    random, drawn = Random(seed), set()
    names = [name for name in OPERATORS if name not in NOT_DRAWN]
    while True:
        date, name = random.choice(dates()), random.choice(names)
        text = _draw_mutation(random, Contract.load(date), name)
        if text is None or (date, text) in drawn:
            continue
        drawn.add((date, text))
        yield Mutant(date, text, name)


def _draw_mutation(random: Random, contract: Contract, name: str) -> str | None:
    """Return a mutation of an operator; None if what was drawn does not go together."""
    operator, side = OPERATORS[name], random.choice(_SIDES)
    operation = "create_call" if side == "request" else random.choice(operator.operations)
    text, pointer = name, ""
    if operator.change is None:
        value = random.choice(operator.values or ("",))
    else:
        fitting = {
            pointer: place
            for pointer, place in places(contract, operation, side).items()
            if operator.is_applicable(place)
        }
        if not fitting:
            return None
        pointer = _draw_place(random, fitting)
        value = _draw_value(random, name, pointer, fitting)
        text = f"{name}:{side}{pointer}"
    condition = _draw_condition(random, operation, has_call=operation != "list_calls" or "/items/*/" in pointer)
    probability = random.choice(("", "", "", "", "", "", "", "", ":0.5", ":0.2"))
    assigned = f"={quote(value)}" if value else ""
    text = f"{text}{assigned}@{operation}{condition}{probability}"
    try:
        Planted.from_text(text)
        Simulation(contract, faults=(text,))
    except InvalidOption:
        return None
    return text


def _draw_place(random: Random, fitting: Mapping[str, FaultPlace]) -> str:
    """Return a place: first one of a call, of its agent or of a page, then one of those in it."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for pointer in fitting:
        tokens = pointer.removeprefix("/items/*").split("/")[1:]
        groups.setdefault(tuple(tokens[: 2 if tokens[:1] == ["agent"] else 1]), []).append(pointer)
    return random.choice(groups[random.choice([*groups])])


def _draw_value(random: Random, name: str, pointer: str, fitting: Mapping[str, FaultPlace]) -> str:
    """Return what follows ``=`` in a mutation at one of the places that fit its operator; empty for nothing."""
    place = fitting[pointer]
    if name in ("set", "add"):
        kinds = sorted(place.types - {"null"}) or ["string"]
        return orjson.dumps(random.choice(place.values or _SET[random.choice(kinds)])).decode()
    if name == "swap":
        beside = [other for other in fitting if other != pointer and _parent(other) == _parent(pointer)]
        return random.choice(beside).removeprefix("/items/*") if beside else ""
    return random.choice(OPERATORS[name].values or ("",))


def _parent(pointer: str) -> str:
    return pointer.rpartition("/")[0]


def _draw_condition(random: Random, operation: str, *, has_call: bool) -> str:
    words = [*_STATUSES, *_FLAGS] if has_call else []
    if operation == "create_call":
        words = [*_FLAGS]
    of_request = ("again", "nth=2", "nth=3", "nth=5", *(("page=2",) * 2 if operation == "list_calls" else ()))
    kind = random.random()
    if kind < 0.5 or (kind < 0.85 and not words):
        return ""
    return f"[{random.choice(words) if kind < 0.85 else random.choice(of_request)}]"


# --- equivalents ---

#: A request, and the seconds between the start of the run and it.
Timed = tuple[float, Request]


@cache
def record(date: str) -> tuple[Timed, ...]:
    """Return the requests of a run of the suite against the server of a contract, and further ones."""
    with _suite(ROOT) as run, _serve(date) as (running, _):
        simulation, sent = running.simulation, []
        answer, start = simulation.answer, simulation.now

        def remember(request: Request) -> Any:
            sent.append((simulation.now - start, request))
            return answer(request)

        simulation.answer = remember  # type: ignore[method-assign]  # a log of requests is masked
        reports = run(running.url, date)
        if any(reports[name] for name in ("error", "advice", "inconclusive")):
            raise RuntimeError(f"the suite is not silent about a server of {date}: {reports}")
        further = _further(simulation, [request for _, request in sent])
    last = sent[-1][0]
    return (*sent, *((last + (index + 1) / 100, request) for index, request in enumerate(further)))


def _further(simulation: Simulation, sent: Sequence[Request]) -> Iterator[Request]:
    """Yield further requests: the suite reads few calls, and a mutation of what it does not read is no equivalent."""
    calls, paths = [*simulation.state.calls], {name: op.path for name, op in simulation.contract.operations.items()}
    headers = (("authorization", f"Bearer {TOKEN}"),)

    def get(name: str, query: str) -> Request:
        operation = simulation.contract.operations[name]
        return Request(method=operation.method, path=operation.path, query=query, headers=headers)

    for query in ("", "page=1&size=3", "page=2&size=3", "page=2&size=10", "page=1&size=100", "page=99&size=3"):
        yield get("list_calls", query)
        yield get("list_calls", f"{query}&sort_column=start_time&sort_desc=true")
    created = [request for request in sent if request.path == paths["create_call"] and request.method == "POST"]
    yield from (request for request in created if request.body and request.header("authorization") == headers[0][1])
    for call in calls:
        for name in ("get_call", "get_recording", "end_call", "get_call", "end_call", "get_call"):
            yield get(name, f"id={call}")
    yield get("list_calls", "page=1&size=100")


def compare(mutant: Mutant) -> str:
    """Return ``equivalent`` or ``allowed`` if a mutant is no fault, and an empty text if it is."""
    contract, now = Contract.load(mutant.date), [0.0]
    sound, broken = (
        Simulation(contract, token=TOKEN, clock=lambda: _START + now[0], faults=faults)
        for faults in ((), (mutant.mutation,))
    )
    by_path = {operation.path: operation for operation in contract.operations.values()}
    is_same = True
    for at, request in record(mutant.date):
        now[0] = at
        one, other = sound.handle(request), broken.handle(request)
        if (one.status, one.headers, one.body) == (other.status, other.headers, other.body):
            continue
        is_same = False
        operation = by_path.get(request.path)
        is_allowed = operation is not None and (
            other.status in operation.statuses
            if other.status == one.status
            else one.status >= 400
            and DEFAULT_POLICIES.find_policy(Exchange(request=request, response=other), operation) is not None
        )
        if operation is None or not is_allowed:
            return ""
        if _normalize(one, contract, operation.name) != _normalize(other, contract, operation.name):
            return ""
    return "equivalent" if is_same else "allowed"


#: Seconds since the epoch at which a replay starts.
_START = 1_735_689_600.0


def _normalize(response: Response, contract: Contract, operation: str) -> object:
    """Return what sound servers must agree on in a response."""
    if response.status >= 400:
        return None
    try:
        value = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return response.headers, response.body
    return _normalize_value(value, "", places(contract, operation))


def _normalize_value(value: Any, pointer: str, known: Mapping[str, FaultPlace]) -> object:
    """Return a value without what sound servers may leave out or add, and times as numbers."""
    if isinstance(value, dict):
        is_free = not any(place.startswith(f"{pointer}/") for place in known)
        return {
            key: _normalize_value(each, f"{pointer}/{key}", known)
            for key, each in value.items()
            if is_free or ((place := known.get(f"{pointer}/{key}")) and not _is_unset(each, place))
        }
    if isinstance(value, list):
        return [_normalize_value(each, f"{pointer}/*", known) for each in value]
    is_time = pointer in known and "date-time" in known[pointer].formats
    return instant(value) if is_time and instant(value) is not None else value


def _is_unset(value: object, place: FaultPlace) -> bool:
    """Return whether a value is null or the default; false is not 0."""
    return value is None or (value == place.default and isinstance(value, bool) is isinstance(place.default, bool))


# --- measuring ---


@contextmanager
def _serve(date: str) -> Iterator[tuple[Running, RequestCount]]:
    with simulator(contract=date, token=TOKEN) as running:
        running.simulation.request_log = count = RequestCount()
        yield running, count


@contextmanager
def _suite(root: Path) -> Iterator[Callable[[str, str], dict[str, Any]]]:
    """Run the suite of a checkout as often as it is called, each time in front of one address."""
    environment = {**os.environ, "VOCODE_API_KEY": TOKEN, "PYTHONPATH": str(root)}
    command = (sys.executable, str(ROOT / "benchmarks" / "suite_process.py"))
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command, cwd=root, env=environment, stdin=pipe, stdout=pipe, stderr=errors, text=True
        ) as process,
    ):

        def run(url: str, date: str) -> dict[str, Any]:
            assert process.stdin is not None
            assert process.stdout is not None
            print(url, date, file=process.stdin, flush=True)
            if line := process.stdout.readline():
                return dict(json.loads(line))
            errors.seek(0)
            raise RuntimeError(errors.read().decode(errors="replace")[-2_000:])

        yield run
        process.stdin.close()  # type: ignore[union-attr]  # it is a pipe


def figures(count: int = 300, *, seed: int = 0, suite: str = "", schemathesis: bool = False) -> Iterator[Reading]:
    """Yield the share of mutants that is found, as a whole and by operator; list those that survive.

    Args:
        count: How many mutants are drawn that are neither equivalent nor allowed.
        seed: Draws them.
        suite: A checkout whose suite is measured instead of this one's.
        schemathesis: Whether schemathesis is measured, too.
    """
    left_out: Counter[str] = Counter()
    runs: dict[Any, Any] = {}
    theirs: dict[Any, Any] = {}
    with ExitStack() as stack:
        run = stack.enter_context(_suite(Path(suite).resolve() if suite else ROOT))
        servers = {date: stack.enter_context(_serve(date)) for date in dates()}
        for mutant in draw(seed):
            if len(runs) == count:
                break
            if reason := compare(mutant):
                left_out[reason] += 1
                continue
            runs[mutant] = _measure(run, *servers[mutant.date], mutant)
            if schemathesis:
                theirs[mutant] = _measure_schemathesis(mutant)
            _print_progress(mutant, runs[mutant], theirs.get(mutant))
    yield from _summarize(runs, left_out, theirs)


def _measure(
    run: Callable[[str, str], dict[str, Any]], running: Running, count: RequestCount, mutant: Mutant
) -> Reports:
    running.disarm()
    running.reset()
    running.arm(mutant.mutation)
    count.requests = 0
    found = run(running.url, mutant.date)
    return Reports(
        errors=found["error"],
        advice=found["advice"],
        inconclusive=found["inconclusive"],
        requests=count.requests,
        seconds=found["seconds"],
    )


def _measure_schemathesis(mutant: Mutant) -> Reports:
    found = of_schemathesis(mutant.date, (mutant.mutation,), *_BOUNDS)
    return Reports(errors=found.found, requests=found.requests, seconds=found.seconds)


def _print_progress(mutant: Mutant, reports: Reports, theirs: Reports | None) -> None:
    words = ", ".join((*reports.errors, *reports.advice, *reports.inconclusive)) or "SURVIVES"
    beside = "" if theirs is None else f" | schemathesis: {', '.join(theirs.errors) or 'nothing'}"
    print(f"  {mutant.date} {mutant.mutation}: {words}{beside}", flush=True)


def _summarize(
    runs: Mapping[Mutant, Reports], left_out: Mapping[str, int], theirs: Mapping[Mutant, Reports]
) -> Iterator[Reading]:
    for reason in ("equivalent", "allowed"):
        yield Reading(name=f"left out: {reason}", value=left_out[reason], unit="mutants")
    tools = {"suite": runs} if not theirs else {"suite": runs, "schemathesis": theirs}
    for tool, reports in tools.items():
        yield Reading(name=f"{tool}: found", value=_count_found(reports.values()), unit=f"of {len(reports)}")
        for kind in ("errors", "advice", "inconclusive"):
            only = [each for each in reports.values() if _strongest(each) == kind]
            yield Reading(name=f"{tool}: {kind}", value=len(only), unit="mutants")
        yield Reading(
            name=f"{tool}: requests, median", value=median(each.requests for each in reports.values()), unit=""
        )
        yield Reading(name=f"{tool}: requests, most", value=max(each.requests for each in reports.values()), unit="")
        yield Reading(
            name=f"{tool}: seconds, median", value=median(each.seconds for each in reports.values()), unit="s"
        )
        for name in OPERATORS:
            of_operator = [each for mutant, each in reports.items() if mutant.operator == name]
            if of_operator:
                yield Reading(name=f"{tool}: {name}", value=_count_found(of_operator), unit=f"of {len(of_operator)}")


def _count_found(reports: Any) -> int:
    return sum(each.is_found for each in reports)


def _strongest(reports: Reports) -> str:
    return next((kind for kind in ("errors", "advice", "inconclusive") if getattr(reports, kind)), "")
