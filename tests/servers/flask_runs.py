"""Runs of the suite in front of the Flask application, on one clock: no load of the machine decides what is seen."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from email.utils import formatdate
from random import Random
from typing import Any

import httpx

from tests.servers.flask_app import Server
from tests.servers.flask_calls import TOKENS, Api
from tests.servers.flask_faults import FAULTS
from tests.servers.flask_variants import VARIANTS
from tests.support.suite_runs import carry_in_process, collected_suite
from tests.support.waiting import one_clock
from vocode_contract.report.results import ResultCollector

#: Runs the suite in front of the application with the changes of these names.
Run = Callable[..., ResultCollector]

SECONDS = 0.01  # that a request takes
CHANGES = {**VARIANTS, **{name: fault.change for name, fault in FAULTS.items()}}
#: Variants on which the main test cannot run, so that the exit code is that of an inconclusive run.
NOT_RUN = ("fails-at-once", "own-numbers-only")


@contextmanager
def run_in_front_of_flask() -> Iterator[Run]:
    """Yield what runs the suite in front of the application in some variants and with some faults.

    The variants are served on loopback, the faults, which are all in what it answers, in this process.
    """
    tokens: dict[str, Any] = dict(zip(("VOCODE_API_KEY", "VOCODE_OTHER_API_KEY"), TOKENS, strict=True))
    with (
        collected_suite(**tokens) as suite,
        one_clock() as clock,
        Server(lambda: clock.put_forward(SECONDS)).running() as server,
    ):

        def run(*names: str) -> ResultCollector:
            on = [variant for name in names if name in FAULTS for variant in FAULTS[name].on]
            api = Api(*(VARIANTS[name] for name in on), *(CHANGES[name] for name in names))
            server.serve(api)
            has_fault = not FAULTS.keys().isdisjoint(names)
            with carry_in_process(httpx.WSGITransport(app=_add_date(server.answer))) if has_fault else nullcontext():
                tally = suite.run(server.url, api.date, **tokens)
            assert tally.count("broken") == 0
            return tally

        yield run


def _add_date(app: Callable[..., Any]) -> Callable[..., Any]:
    """Add the header Date to all responses, as a web server does."""

    def answer(environ: Any, start_response: Callable[..., Any]) -> Any:
        def start(status: str, headers: list[tuple[str, str]], *others: Any) -> Any:
            return start_response(status, [*headers, ("Date", formatdate(time.time(), usegmt=True))], *others)

        return app(environ, start)

    return answer


def complaints(tally: ResultCollector, *, errors_only: bool = False) -> list[str]:
    """Return what the suite says against a server, but that it is slow."""
    severities = ("error",) if errors_only else ("error", "advice")
    found = [violation for violation in tally.violations if violation.severity in severities]
    return [str(violation) for violation in found if violation.code != "slow"]


def unclear(tally: ResultCollector) -> list[str]:
    """Return why tests were inconclusive."""
    return [row.reason for row in tally.rows if row.verdict == "inconclusive"]


def draw_sound_servers(random: Random) -> Iterator[tuple[str, ...]]:
    """Yield different pairs and triples of variants without end, none of which changes what another one does."""
    seen: set[frozenset[str]] = set()
    while True:
        names = random.sample([name for name in VARIANTS if VARIANTS[name]], random.choice((2, 3)))
        changed = [key for name in names for key in VARIANTS[name]]
        if len({*changed}) == len(changed) and frozenset(names) not in seen:
            seen.add(frozenset(names))
            yield tuple(names)
