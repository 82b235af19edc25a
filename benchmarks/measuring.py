"""Paired measurements in CPU time, and how they are printed.

A machine's speed drifts, so ours and the rival's are run in turn and only the ratio of each pair
counts; its median is the figure.
"""

import gc
import os
import re
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One comparison.

    Attributes:
        name: What was measured.
        rival: Against what.
        ours: Our CPU seconds for one unit of work, median.
        theirs: The rival's CPU seconds, median.
        ratio: Median of ours over theirs, pair by pair.
        goal: The ratio to stay below; ``None`` for a figure without a goal.
    """

    name: str
    rival: str
    ours: float
    theirs: float
    ratio: float
    goal: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value that is measured against nothing but its bounds.

    Attributes:
        name: What was measured.
        value: How much.
        unit: Of what; may be empty.
        least: The bound to stay above, inclusive; ``None`` for none.
        most: The bound to stay below, inclusive; ``None`` for none.
    """

    name: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None


def resident(pid: int | str = "self") -> int:
    """Return the bytes of memory that a process has, this one without an id."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024  # type: ignore[index]  # it is always there


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the line that fits points best; 0 for fewer than three."""
    if len(points) < 3:
        return 0.0
    return statistics.linear_regression(*zip(*points, strict=True)).slope


def paired(
    name: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    *,
    rival: str,
    units: int = 1,
    goal: float | None = None,
    rounds: int = ROUNDS,
) -> Figure:
    """Measure two functions of this process in turn.

    Args:
        name: What is measured.
        ours: Does `units` units of work our way.
        theirs: Does the same work the rival's way.
        rival: What `theirs` uses.
        units: Units of work in one call of either.
        goal: The ratio to stay below.
        rounds: Pairs that count, after one that does not.
    """
    pairs = [(_cpu_seconds(ours), _cpu_seconds(theirs)) for _ in range(rounds + 1)][1:]
    return _figure(name, rival, [(mine / units, other / units) for mine, other in pairs], goal)


def paired_commands(
    name: str,
    ours: Sequence[str],
    theirs: Sequence[str],
    *,
    rival: str,
    goal: float | None = None,
    rounds: int = ROUNDS,
) -> Figure:
    """Measure two whole processes in turn, start and end included."""
    pairs = [(_process_seconds(ours), _process_seconds(theirs)) for _ in range(rounds + 1)][1:]
    return _figure(name, rival, pairs, goal)


def _figure(name: str, rival: str, pairs: list[tuple[float, float]], goal: float | None) -> Figure:
    return Figure(
        name=name,
        rival=rival,
        ours=statistics.median(mine for mine, _ in pairs),
        theirs=statistics.median(other for _, other in pairs),
        ratio=statistics.median(mine / other for mine, other in pairs),
        goal=goal,
    )


def _cpu_seconds(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def _process_seconds(command: Sequence[str]) -> float:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def print_figures(figures: Iterable[Figure | Reading]) -> None:
    """Print a line for each figure as it comes, times in microseconds."""
    for line in _lines(figures):
        print(line, flush=True)


def _bounds(reading: Reading) -> Iterator[str]:
    if reading.least is not None:
        yield f" (at least {reading.least:,.6g}: {'kept' if reading.value >= reading.least else 'MISSED'})"
    if reading.most is not None:
        yield f" (at most {reading.most:,.6g}: {'kept' if reading.value <= reading.most else 'MISSED'})"


def _lines(figures: Iterable[Figure | Reading]) -> Iterator[str]:
    for figure in figures:
        if isinstance(figure, Reading):
            yield f"  {figure.name}: {figure.value:,.6g} {figure.unit}".rstrip() + "".join(_bounds(figure))
            continue
        goal = (
            ""
            if figure.goal is None
            else f" (goal {figure.goal:g}: {'kept' if figure.ratio <= figure.goal else 'MISSED'})"
        )
        times = f"{figure.ours * 1e6:,.1f} us against {figure.theirs * 1e6:,.1f} us of {figure.rival}"
        yield f"  {figure.name}: {figure.ratio:.3g} times, {times}{goal}"
