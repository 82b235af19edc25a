"""Write `docs/reference/found.md`: what the suite finds in servers with a planted fault, and schemathesis beside it.

Run ``python tools/generate_found.py [FILE]`` from the project's root after a change of the faults, and
commit what it writes; a test holds its codes current. It takes more than an hour. A file keeps what was
measured, a line for each server, so that a run that was broken off goes on there. After a change of the
suite alone, ``python tools/generate_found.py --suite`` measures the suite anew, in minutes, and leaves
the others' figures as the page has them.
"""

import json
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.progress import track

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.finding import PATIENCE, TIMEOUT, TOOLS, Run, date_of, of_fault, of_sound, of_suite, summary  # noqa: E402
from benchmarks.measuring import Reading  # noqa: E402
from vocode_contract.simulator import FAULTS, SOUND_VARIANTS  # noqa: E402  # the checkout's own package

TARGET = ROOT / "docs" / "reference" / "found.md"
Runs = Mapping[str, tuple[Run, ...]]

_HEAD = ("Contract", *(word for tool in ("suite", "schemathesis", "tuned") for word in (tool, "requests", "s")))
_INTRODUCTION = """# What is found

Written by `tools/generate_found.py`; do not edit.

Two tables: what the suite finds in each of the simulator's [faulty servers](faults.md), and that it is
silent in front of sound ones. Beside it, in front of the same servers, schemathesis {schemathesis}: as it comes
(`st run` with the document, the address and the token), and tuned, with the ids of calls and agents
that exist, a limit on the time of an answer, and a document in which what servers send as null may be
null. Each tool is a command in a process of its own; requests are counted at the server; the time is that
of the whole process. One exchange may take {timeout} s for either; a run of schemathesis is stopped after {patience} s.

What schemathesis reports of a sound server was put into a baseline by its own means, over four seeds; its
find is any failure or error beyond that, but for a status with which a sound server refuses a malformed
request. Whether a find is the planted fault was not looked at. The sound servers of the second table were
judged without a baseline, as a user sees it the first time.

The suite was measured on {day}, schemathesis on {theirs}, with {python} on two cores that had other work
too, so times tell orders of magnitude;
`python -m benchmarks finding N` measures anew, in N faults.

"""


def text(found: Runs, silent: Runs, *, theirs: str = "") -> str:
    """Return the text of the page.

    Args:
        found: The runs in front of faulty servers.
        silent: The runs in front of sound ones.
        theirs: The day on which schemathesis was measured; today without.
    """
    today = str(datetime.now(UTC).date())
    introduction = _INTRODUCTION.format(
        schemathesis=version("schemathesis"),
        timeout=TIMEOUT,
        patience=PATIENCE,
        day=today,
        theirs=theirs or today,
        python=f"Python {platform.python_version()}",
    )
    return "\n".join((introduction.rstrip("\n"), "", *_summary(found), *_faults(found), *_sound(silent)))


def _summary(found: Runs) -> Iterator[str]:
    yield f"## In {len(found)} faulty servers\n"
    values = [
        f"{reading.value:,.{0 if reading.value >= 10 else 1}f} {reading.unit}".rstrip() for reading in summary(found)
    ]
    each = len(values) // len(TOOLS)
    rows = [(tool, *values[each * index : each * (index + 1)]) for index, tool in enumerate(TOOLS)]
    yield from _table(("", "Found", "Requests, median", "Wall time, median"), rows)


def _shown(reading: Reading) -> str:
    return f"{reading.value:,.{0 if reading.value >= 10 else 1}f} {reading.unit}".rstrip()


def _faults(found: Runs) -> Iterator[str]:
    yield "Each tool with what it reported, its requests and its seconds. The suite's words are codes, or why there"
    yield "was no answer that it could judge.\n"
    rows = [(f"`{name}`", date_of(name), *_row(runs)) for name, runs in found.items()]
    yield from _table(("Fault", *_HEAD), rows)


def _sound(silent: Runs) -> Iterator[str]:
    yield "## In sound servers\n"
    yield "Servers that keep the contract, and differ in what no document decides: whatever is said of them is no"
    yield "violation.\n"
    rows = [(f"`{name}`", SOUND_VARIANTS[name].contract, *_row(runs)) for name, runs in silent.items()]
    yield from _table(("Server", *_HEAD), rows)


def _row(runs: tuple[Run, ...]) -> Iterator[str]:
    for run in runs:
        yield ", ".join(f"`{word}`" for word in run.found) or "-"
        yield from (f"{run.requests:,}", f"{run.seconds:.1f}")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def measured(kept: Path | None) -> Iterator[tuple[str, tuple[Run, ...]]]:
    """Yield the runs in front of each server, those that a file keeps as it has them."""
    lines = kept.read_text(encoding="utf-8").splitlines() if kept and kept.exists() else []
    known = dict(json.loads(line) for line in lines)
    for name in track((*FAULTS, *SOUND_VARIANTS), "measuring"):
        if name not in known:
            known[name] = [asdict(run) for run in (of_fault if name in FAULTS else of_sound)(name)]
            if kept:
                with kept.open("a", encoding="utf-8") as file:
                    file.write(json.dumps((name, known[name])) + "\n")
        yield name, tuple(Run(**{**run, "found": tuple(run["found"])}) for run in known[name])


def measured_anew() -> Iterator[tuple[str, tuple[Run, ...]]]:
    """Yield the runs in front of each server: the suite's of today, the others' as the page has them."""
    rows = [line.strip("| ").split(" | ") for line in TARGET.read_text(encoding="utf-8").splitlines()]
    known = {row[0].strip("`"): row[2:] for row in rows if row[0].startswith("`") and len(row) == 2 + 3 * len(TOOLS)}
    for name in track((*FAULTS, *SOUND_VARIANTS), "measuring"):
        cells = known[name]
        yield name, (of_suite(name), *(_read(*cells[start : start + 3]) for start in range(3, len(cells), 3)))


def _read(found: str, requests: str, seconds: str) -> Run:
    words = () if found == "-" else tuple(word.strip("`") for word in found.split(", "))
    return Run(found=words, requests=int(requests.replace(",", "")), seconds=float(seconds))


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else None
    page = TARGET.read_text(encoding="utf-8") if given == "--suite" else ""
    before = re.search(r"schemathesis on ([0-9-]{10})", page)
    everything = dict(measured_anew() if given == "--suite" else measured(Path(given) if given else None))
    TARGET.write_text(
        text(
            {name: everything[name] for name in FAULTS},
            {name: everything[name] for name in SOUND_VARIANTS},
            theirs=before[1] if before else "",
        ),
        encoding="utf-8",
    )
