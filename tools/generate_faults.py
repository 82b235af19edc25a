"""Write `docs/reference/faults.md`: the catalogue of planted faults, from its table.

Run ``python tools/generate_faults.py`` from the project's root after a change of the faults, and
commit what it writes; a test holds the file current.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from vocode_contract.simulator import FAULTS, SOUND_VARIANTS, Fault  # noqa: E402  # the checkout's own package
from vocode_contract.simulator.faults.catalog import GROUPS  # noqa: E402
from vocode_contract.simulator.faults.claims import CLAIMS  # noqa: E402
from vocode_contract.simulator.faults.fault import ALL  # noqa: E402

TARGET = ROOT / "docs" / "reference" / "faults.md"

_INTRODUCTION = """# Faults

Written by `tools/generate_faults.py`; do not edit.

The simulator can be told to disobey its contract, so that a test shows that the disobedience is
noticed. It knows {count} faults. Plant one on the command line or in Python, any number of times:

```console
$ vocode-contract simulate --fault wrong-enum --fault server-error@end_call:0.2
```

```python
from vocode_contract.simulator import Planted, simulator

with simulator(faults=("wrong-enum", Planted(fault="server-error", probability=0.2))) as running:
    ...
```

## Choosing

A fault is written `NAME[@WHERE]...[:PROBABILITY]`.

- `WHERE` is the name of an operation (`end_call`) or the id of a call, as the query of a request has
  it. It may stand several times. Without it, the fault touches all operations of its line below.
- `PROBABILITY` is a number from 0 to 1: how often a request that could be touched is. The same seed
  gives the same series for each fault, whichever others are planted; a reset begins it anew.
- One request alone asks for faults by its header `X-Simulator-Fault`, separated by commas.

Several faults act one on the other, the first planted nearest to the sound server. Of several faults
of the wire the first one named is carried out. A fault that does not break the contract that is
served is refused. `Simulation.arm(...)` plants others while the simulator runs.

Faults of the wire are seen over a socket, and in the exceptions of httpx in process. Each ends by
itself after ten seconds or 64 MiB, and at once when the client goes away.

## The catalogue

*Breaks* is what a checker should report: codes of `vocode-contract explain`, or claims of the last
table. The first is the fault itself; the others may follow from it.
"""


def text() -> str:
    """Return the text of the file."""
    return "\n".join([_INTRODUCTION.format(count=len(FAULTS)), *_groups(), *_claims(), *_variants()])


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


def _claims() -> Iterator[str]:
    yield "## Claims\n"
    yield "What faults break beside the codes of one payload, and what breaking it leads to.\n"
    rows = [(f"`{name}`", claim.title, claim.outcome) for name, claim in CLAIMS.items()]
    yield from _table(("Claim", "What a sound server keeps", "Outcome"), rows)


def _variants() -> Iterator[str]:
    yield "## Sound servers\n"
    yield "Servers that conform and differ in what no document decides (`SOUND_VARIANTS`). A check that"
    yield "speaks up against one of them is wrong.\n"
    rows = [(f"`{name}`", sound.contract, sound.title) for name, sound in SOUND_VARIANTS.items()]
    yield from _table(("Server", "Contract", "What it does"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text(), encoding="utf-8")
