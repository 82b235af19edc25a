"""Write `docs/reference/live.md`: what leaves this machine, as a truth table computed by the guard itself.

Run ``python tools/generate_live.py`` from the project's root after a change of the guard, and commit
what it writes; a test holds the file current.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from vocode_contract.contract.model import Effect  # noqa: E402  # the checkout's own package
from vocode_contract.http.guard.guard import PRODUCTION_HOSTS, Consents, Guard, Intent  # noqa: E402
from vocode_contract.http.policies import POLICIES  # noqa: E402

TARGET = ROOT / "docs" / "reference" / "live.md"

STAGING = "staging.example"
PRODUCTION = min(PRODUCTION_HOSTS)
CALL, NUMBER = "3c90c3cc-0d44-4b50-8888-8dd25736052a", "14155550999"
EFFECTS: tuple[Effect, ...] = ("reads", "hangs-up", "rings", "bills", "writes")
EVERYTHING = Consents(
    effects=frozenset(EFFECTS),
    hosts=frozenset({STAGING, PRODUCTION}),
    numbers=frozenset({NUMBER}),
    call_ids=frozenset({CALL}),
    production=True,
    approved=PRODUCTION,
    budget=1,
)
#: What one consent less looks like; the key is the table's word for it.
LACKING = {
    "`--allow`": {"effects": frozenset()},
    "host": {"hosts": frozenset()},
    "call or number": {"numbers": frozenset(), "call_ids": frozenset()},
    "`--production`": {"production": False},
    "second word": {"approved": None},
    "budget": {"budget": 0},
    "not read-only": {"read_only": True},
}

_TEXT = """# What leaves this machine

Written by `tools/generate_live.py`; do not edit.

Everything is sent to a server on this machine: an address of 127.0.0.0/8, `::1`, or exactly `localhost`.
To any other host, also `api.localhost` and `127.0.0.1.`, only what reads is sent, and what must be
refused for want of authentication and would do no harm if it were not: it rings a number of fiction, or
ends a call that nobody has. The rest needs several consents that agree, with a token and without:

- **`--allow EFFECT`**, for this run, for each effect: `hangs-up`, `rings`, `bills`, `writes`;
- **the host**, and **each number** that may be rung, in your own configuration file, never in a
  repository's; numbers that are set aside for fiction need no name: +1, an area code of a place and
  555-0100 to 555-0199, and 800-555-0199. The targets of transfers and conferences count as well, unless
  they are hidden in an agent that is named by its id;
- **the call** that is ended, by `--call-id`, unless this run created it;
- **`--budget N`**, the number of mutating requests, 1 unless given; the ends of calls that this run
  created are not counted;
- for production, **`--production`**, and a **second word**: the host's name typed at a terminal, or
  `--approve-sends N` with the number of mutating requests that the plan shows. Production never gets
  more than the plan shows, whatever the budget.

`VOCODE_CONTRACT_READ_ONLY=1` wins over all of it. Generated data never has an effect beyond this
machine, nor has anything that a test under Hypothesis's `@given` sends, nor a forked process. A request
with another method or URL path than its operation's counts as one that rings, unless it only reads.
With pytest, the options begin with `--vocode-`, and whatever widens what may be sent counts on the command
line of the run alone: in `addopts` or `PYTEST_ADDOPTS` it is refused, as are `ca` and `proxy` anywhere else.
A URL from `VOCODE_URL` or a configuration file is asked with pytest only if the host is in your own file.

```toml
# ~/.config/vocode-contract/config.toml: not inside the project, and not to be written by others
[live]
hosts = ["staging.example.com"]
numbers = ["14155550999"]
```

```toml
# vocode-contract.toml, in a repository: it can narrow, never widen
[live]
read_only = true
```

`--plan` prints what would be sent, and sends nothing. The plan is also printed before anything is sent
to another host; it is found out by running the suite against a simulator, without the autouse fixtures of
a project (its hooks do run) and without tests of your own, whose effects the budget bounds. Each call that
is created there, by such tests too, is written to a journal first
(`~/.local/state/vocode-contract/journal.jsonl`), and ended at the end, also after Ctrl-C, SIGTERM and SIGHUP,
with ten seconds for all of it; a second Ctrl-C stops that, and says which calls are open. A call counts as
ended when Get Call says so. One that the server may have mixed up with somebody else's is not ended: its id
was known before, or its numbers or its mark are not those of the request. A run that leaves a call open ends
with 3, and the next run lists it.

Requests to another host go out one at a time and two a second, in one process, and through no proxy but the
one that `--proxy` names; with pytest-xdist nothing has an effect there, nor where tests could not be
collected. A second run that may act on the same host ends with 2 (pytest: 4, its word for wrong usage).

## Truth table

*yes* is sent. The first column has every consent; each further one lacks the one that is named.
"""

_POLICIES = """## Policies

What no document decides. Change one with `--policy NAME=VALUE`; none of them makes a violation of the
contract out of what the documents leave open, unless you ask for it.

| Policy | What it decides | Default |
| --- | --- | --- |"""


def text() -> str:
    """Return the text of the file."""
    rows = [f"| `{name}` | {policy.title} | `{policy.default}` |" for name, policy in POLICIES.items()]
    return "\n".join([_TEXT, *_table(), "", _POLICIES, *rows, ""])


def _table() -> Iterator[str]:
    columns = ["all", *(f"no {name}" for name in LACKING)]
    columns = [column.replace("no not read-only", "read-only") for column in columns]
    yield f"| Host | Effect | {' | '.join([*columns, 'generated'])} |"
    yield f"|{' --- |' * (len(columns) + 3)}"
    for host, title in (("127.0.0.1", "this machine"), (STAGING, "another"), (PRODUCTION, "production")):
        for effect in EFFECTS:
            yield f"| {title} | `{effect}` | {' | '.join(_cells(host, effect))} |"


def _cells(host: str, effect: Effect) -> Iterator[str]:
    intent = Intent(operation="some_call", effect=effect, host=host, call_id=CALL, numbers=(NUMBER,))
    for change in ({}, *LACKING.values()):
        yield _word(replace(EVERYTHING, **change), intent)  # type: ignore[arg-type]  # each fits its field
    yield _word(EVERYTHING, replace(intent, generated=True))


def _word(consents: Consents, intent: Intent) -> str:
    return "yes" if Guard(consents).reason_against(intent) is None else "-"


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text(), encoding="utf-8")
