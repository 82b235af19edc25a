"""Write `docs/reference/found.md`: what the suite and schemathesis find in servers with a planted fault.

Run ``python tools/generate_found.py [FILE]`` from the project's root after a change of the faults, and commit the
result; a test fails if its codes are out of date. It takes more than an hour. Results are saved to the file, one line
for each server, so that an interrupted run can be resumed. After a change of the suite only,
``python tools/generate_found.py --suite`` measures the suite again, in minutes, and keeps the page's other figures.
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

The first table shows what the suite finds in servers with one of the simulator's [faults](faults.md), the second
that it reports nothing for conforming servers. For comparison, schemathesis {schemathesis} ran against the same
servers, once with its defaults (`st run` with the document, the URL and the token), and once tuned: with the ids of
existing calls and agents, a limit on the response time, and a document that allows null wherever servers send it.
Each run is a command in its own process. Requests are counted at the server, and the time is that of the whole
process. Both tools have a timeout of {timeout} s for each exchange; schemathesis is stopped after {patience} s.

What schemathesis reports for a conforming server, over four seeds, is its baseline. It has found a fault if it reports
a failure or an error beyond the baseline, other than a status with which a conforming server rejects a malformed
request. It was not checked whether the report is about the planted fault. The second table uses no baseline, so it
shows what a user sees on the first run.

The suite was measured on {day}, schemathesis on {theirs}, with {python} on two cores that also did other
work, so the times only show orders of magnitude. `python -m benchmarks finding N` measures N faults again.

"""


def text(found: Runs, silent: Runs, *, theirs: str = "") -> str:
    """Return the text of the page.

    Args:
        found: The runs against servers with a fault.
        silent: The runs against conforming servers.
        theirs: The day on which schemathesis was measured; by default today.
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
    yield f"## Servers with a fault ({len(found)})\n"
    values = [_format(reading) for reading in summary(found)]
    each = len(values) // len(TOOLS)
    rows = [(tool, *values[each * index : each * (index + 1)]) for index, tool in enumerate(TOOLS)]
    yield from _table(("", "Found", "Requests, median", "Wall time, median"), rows)


def _format(reading: Reading) -> str:
    return f"{reading.value:,.{0 if reading.value >= 10 else 1}f} {reading.unit}".rstrip()


def _faults(found: Runs) -> Iterator[str]:
    yield "For each tool: what it reported, its requests and its seconds. The suite reports codes, or why there was no"
    yield "complete response.\n"
    rows = [(f"`{name}`", date_of(name), *_row(runs)) for name, runs in found.items()]
    yield from _table(("Fault", *_HEAD), rows)


def _sound(silent: Runs) -> Iterator[str]:
    yield "## Conforming servers\n"
    yield "Servers that conform to the contract and differ only in what no document specifies. Anything reported for"
    yield "them is a false positive.\n"
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


def measure(saved: Path | None) -> Iterator[tuple[str, tuple[Run, ...]]]:
    """Yield the runs against each server; those that are in the file are not measured again."""
    lines = saved.read_text(encoding="utf-8").splitlines() if saved and saved.exists() else []
    known = dict(json.loads(line) for line in lines)
    for name in track((*FAULTS, *SOUND_VARIANTS), "measuring"):
        if name not in known:
            known[name] = [asdict(run) for run in (of_fault if name in FAULTS else of_sound)(name)]
            if saved:
                with saved.open("a", encoding="utf-8") as file:
                    file.write(json.dumps((name, known[name])) + "\n")
        yield name, tuple(Run(**{**run, "found": tuple(run["found"])}) for run in known[name])


def measure_suite() -> Iterator[tuple[str, tuple[Run, ...]]]:
    """Yield the runs against each server: the suite's are measured, the others are read from the page."""
    rows = [line.strip("| ").split(" | ") for line in TARGET.read_text(encoding="utf-8").splitlines()]
    known = {row[0].strip("`"): row[2:] for row in rows if row[0].startswith("`") and len(row) == 2 + 3 * len(TOOLS)}
    for name in track((*FAULTS, *SOUND_VARIANTS), "measuring"):
        cells = known[name]
        yield name, (of_suite(name), *(_parse(*cells[start : start + 3]) for start in range(3, len(cells), 3)))


def _parse(found: str, requests: str, seconds: str) -> Run:
    words = () if found == "-" else tuple(word.strip("`") for word in found.split(", "))
    return Run(found=words, requests=int(requests.replace(",", "")), seconds=float(seconds))


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else None
    page = TARGET.read_text(encoding="utf-8") if given == "--suite" else ""
    before = re.search(r"schemathesis on ([0-9-]{10})", page)
    everything = dict(measure_suite() if given == "--suite" else measure(Path(given) if given else None))
    TARGET.write_text(
        text(
            {name: everything[name] for name in FAULTS},
            {name: everything[name] for name in SOUND_VARIANTS},
            theirs=before[1] if before else "",
        ),
        encoding="utf-8",
    )
