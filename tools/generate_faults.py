"""Write `docs/reference/faults.md`: the catalogue of faults.

Run ``python tools/generate_faults.py`` from the project's root after a change of the faults, and commit the
result; a test fails if the file is out of date.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from vocode_contract.http.inconclusive import KINDS  # noqa: E402  # the checkout's own package
from vocode_contract.simulator import FAULTS, SOUND_VARIANTS, Fault  # noqa: E402  # the checkout's own package
from vocode_contract.simulator.faults.catalog import GROUPS  # noqa: E402
from vocode_contract.simulator.faults.fault import ALL  # noqa: E402

TARGET = ROOT / "docs" / "reference" / "faults.md"

_INTRODUCTION = """# Faults

Written by `tools/generate_faults.py`; do not edit.

The simulator can break its contract on purpose, so that a test can show that a checker notices. It has {count}
faults. Plant any number of them on the command line or in Python:

```console
$ vocode-contract simulate --fault wrong-enum --fault server-error@end_call:0.2
```

```python
from vocode_contract.simulator import Planted, simulator

with simulator(faults=("wrong-enum", Planted(fault="server-error", probability=0.2))) as running:
    ...
```

## Planting

A fault is written `NAME[@WHERE]...[:PROBABILITY]`.

- `WHERE` is the name of an operation (`end_call`) or the id of a call as it appears in the query of a request. It
  can be given several times. By default, a fault affects all operations in its row below.
- `PROBABILITY` is a number from 0 to 1: the share of these requests that are affected. The same seed gives the same
  series for each fault, whatever other faults are planted; a reset starts the series again.
- The header `X-Simulator-Fault` plants faults, separated by commas, for one request only.

Several faults are applied in the order in which they are planted. Of several network faults, only the first has an
effect. A fault that does not break the contract that is served is rejected. `Simulation.arm(...)` plants more faults
while the simulator runs.

Network faults take effect over a socket; in process, they raise the exceptions of httpx. Each one ends after ten
seconds or 64 MiB, and as soon as the client disconnects.

## The catalogue

*Breaks* lists what a checker should report: the [codes](codes.md) of violations, or the [reason](#reasons) why there
is no complete response. The first one is the fault itself; the others may follow from it.
"""


def text() -> str:
    """Return the text of the file."""
    return "\n".join([_INTRODUCTION.format(count=len(FAULTS)), *_groups(), *_reasons(), *_variants()])


def _groups() -> Iterator[str]:
    for title, faults in GROUPS.items():
        yield f"### {title}\n"
        yield from _table(("Fault", "What the server does wrong", "Operations", "Breaks"), map(_row, faults))


def _row(fault: Fault) -> tuple[str, ...]:
    dates = f" (contracts from {fault.since} on)" if fault.since else ""
    dates += f" (contracts before {fault.before})" if fault.before else ""
    names = "all" if set(fault.operations) == set(ALL) else _coded(fault.operations)
    return f"`{fault.name}`", fault.title + dates, names, _coded(fault.breaks)


def _coded(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _reasons() -> Iterator[str]:
    yield "## Reasons\n"
    yield "Why there may be no complete response to check. The result is then inconclusive; it is not a violation.\n"
    broken = {name for fault in FAULTS.values() for name in fault.breaks}
    yield from _table(
        ("Reason", "What happened"), ((f"`{name}`", KINDS[name].title) for name in KINDS if name in broken)
    )


def _variants() -> Iterator[str]:
    yield "## Conforming servers\n"
    yield "Servers that conform to their contract and differ only in what no document specifies (`SOUND_VARIANTS`). A"
    yield "checker that reports a violation for one of them is wrong.\n"
    rows = [(f"`{name}`", sound.contract, sound.title) for name, sound in SOUND_VARIANTS.items()]
    yield from _table(("Server", "Contract", "How it differs"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text(), encoding="utf-8")
