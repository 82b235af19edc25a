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

_TEXT = """# What may be sent to a remote host

Written by `tools/generate_live.py`; do not edit.

Any request may be sent to a server on this machine: an address in 127.0.0.0/8, `::1`, or exactly `localhost`.
Every other host is remote, including `api.localhost` and `127.0.0.1.`. Without further opt-ins, a remote host
only receives requests that read, and unauthenticated requests that must be rejected and are harmless if they
are not: they call a phone number reserved for fiction, or end a call that does not exist. Everything else needs
all of these opt-ins, with or without a token:

- **`--allow EFFECT`** for this run, for each effect: `hangs-up`, `rings`, `bills`, `writes`;
- **the host**, and **each phone number** that may be rung, in your own configuration file, never in a
  repository's. Numbers reserved for fiction do not have to be named: +1, a geographic area code and 555-0100
  to 555-0199, and 800-555-0199. The targets of transfers and conferences count as well, unless they are hidden
  in an agent that is referenced by id;
- **the call** to end, with `--call-id`, unless this run created it;
- **`--budget N`**, the maximum number of state-changing requests (default 1). Requests that end calls of this
  run are not counted;
- for production, **`--production`** and a **second confirmation**: type the host's name at a terminal, or pass
  `--approve-sends N` with the number of state-changing requests that the plan shows. Production never receives
  more than the plan shows, whatever the budget.

`VOCODE_CONTRACT_READ_ONLY=1` overrides all of these. Generated data never has an effect on a remote host; neither
do requests from a test under Hypothesis's `@given`, nor from a forked process. A request with a method or URL path
other than its operation's is treated as one that rings, unless it only reads.

With pytest, the options start with `--vocode-`, and an option that widens what may be sent only counts on the
command line of the run: it is rejected in `addopts` or `PYTEST_ADDOPTS`, and `ca` and `proxy` are rejected anywhere
else. A URL from `VOCODE_URL` or a configuration file is only used with pytest if its host is in your own file.

```toml
# ~/.config/vocode-contract/config.toml: must be outside the project, and not writable by others
[live]
hosts = ["staging.example.com"]
numbers = ["14155550999"]
```

```toml
# vocode-contract.toml, in a repository: can only restrict, never widen
[live]
read_only = true
```

## The plan, and ending the calls of a run

`--plan` prints what would be sent, and sends nothing. The plan is also printed before anything is sent to a remote
host. It is computed by running the suite against a simulator, without the autouse fixtures of your project (its hooks
do run) and without your own tests, whose effects are limited by the budget.

Each call that is created on a remote host, also by your own tests, is first written to a journal
(`~/.local/state/vocode-contract/journal.jsonl`) and is ended at the end of the run, also after Ctrl-C, SIGTERM and
SIGHUP. Ending all calls may take ten seconds in total; a second Ctrl-C stops it and lists the calls that are still
open. A call counts as ended when Get Call says so. A call that the server may have confused with somebody else's is
not ended: its id was known before, or its phone numbers or its mark differ from the request's. A run that leaves a
call open exits with 3, and the next run lists the call.

Requests to a remote host are sent one at a time, two per second, from one process, and only through the proxy that
`--proxy` names, if any. With pytest-xdist, and if tests could not be collected, nothing has an effect on a remote host.
A second run that may act on the same host exits with 2 (with pytest 4, which means wrong usage).

## Truth table

*yes* means that the request is sent. The first column has every opt-in; each of the others lacks the one it names.
"""

_POLICIES = """## Policies

A policy is a choice where no document decides. Change one with `--policy NAME=VALUE`. By default, no policy turns
something that the documents leave open into a violation of the contract.

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
