"""Runs of the suite in front of the Flask application, on one clock: no load of the machine decides what is seen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

from tests.servers.flask_app import Server
from tests.servers.flask_calls import TOKENS, Api
from tests.servers.flask_faults import FAULTS
from tests.servers.flask_variants import VARIANTS
from tests.support.waiting import one_clock
from vocode_contract.cli.run_suite import SuiteMonitor, run_suite
from vocode_contract.report.results import ResultCollector

#: Runs the suite in front of the application with the changes of these names.
Run = Callable[..., ResultCollector]

#: pytest's own services that the suite does not use; they take time in each run.
BARE = ["--capture=no", "-p", "no:logging", "-p", "no:faulthandler"]
SECONDS = 0.01  # that a request takes
CHANGES = {**VARIANTS, **{name: fault.change for name, fault in FAULTS.items()}}
#: Variants on which the main test cannot run, so that the exit code is that of an inconclusive run.
NOT_RUN = ("fails-at-once", "own-numbers-only")


@contextmanager
def run_in_front_of_flask() -> Iterator[Run]:
    """Yield what runs the suite in front of the application in some variants and with some faults."""
    with one_clock() as clock, Server(lambda: clock.put_forward(SECONDS)).running() as server:
        token, other_token = TOKENS

        def run(*names: str) -> ResultCollector:
            on = [variant for name in names if name in FAULTS for variant in FAULTS[name].on]
            changes = [VARIANTS[name] for name in on] + [CHANGES[name] for name in names]
            api, watch = Api(*changes), SuiteMonitor()
            server.serve(api)
            tokens = {"VOCODE_API_KEY": token, "VOCODE_OTHER_API_KEY": other_token}
            options = [*BARE, f"--vocode-url={server.url}", f"--vocode-contract={api.date}"]
            tally = run_suite(options, tokens, watch)
            assert watch.interruption is None
            assert tally.count("broken") == 0
            return tally

        yield run


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
