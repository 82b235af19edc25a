"""Every planted fault is found by the suite, under its name, and nothing else is; sound servers are passed in silence.

The suite runs in this process, one fault after the other, each against a server that begins anew: on loopback for the
faults of the wire, the scenarios and the sound servers, in this process for the faults of what a server answers. What
it finds is what the table in the docs says. Server and suite read one clock, so that no load of the machine decides it.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("rich")

from tests.support.suite_runs import BARE, carry_in_process, collected_suite
from tests.support.waiting import Clock, one_clock
from vocode_contract.cli.run_suite import SuiteMonitor, run_suite
from vocode_contract.contract.model import Contract, dates
from vocode_contract.report.results import ResultCollector
from vocode_contract.simulator import FAULTS, SCENARIOS, SOUND_VARIANTS, Running, SimulatorTransport, simulator

pytestmark = pytest.mark.slow

TOKEN = "tok_0123456789"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "found.md"
#: Faults that are seen by waiting; one test asks for one thing.
SLOW = {
    "no-answer": "timeout-read",
    "delay-fixed": "slow",
    "drip-head": "timeout-total",
    "drip-body": "timeout-total",
    "continue-flood": "timeout-total",
    "delay-uniform": "slow",
    "delay-long-tail": "slow",
}
#: What else shows, since one wrong answer stands beside right ones.
FOLLOWS = {
    "broken-gzip": {"json-invalid"},
    "cut-gzip": {"json-invalid"},
    "gzip-bomb": {"json-invalid"},
    "unknown-coding": {"json-invalid"},
    "confidential-transcript": {"transcript-lost-text", "not-as-asked", "list-disagrees"},
    "missing-id-ends-some": {"other-ended"},
    "page-ignored": {"status-unexpected"},
    "newest-call-unlisted": {"item-twice"},
    "item-missing": {"item-twice"},
    "create-answers-another": {"not-as-asked"},
    "create-ignores-agent": {"agent-changed"},
    "create-ignores-from-number": {"number-changed"},
    "create-ignores-to-number": {"number-changed"},
    "end-before-start": {"end-time-moved"},
    "end-in-words-only": {"start-time-moved"},
    "end-time-missing": {"end-time-moved"},
    "id-in-braces": {"foreign-owner", "owner-changed"},
    "id-malformed": {"agent-changed"},
    "stale-get": {"call-not-ended", "end-time-moved"},
    "start-time-moves": {"end-before-start"},
    "status-goes-back": {"call-not-ended"},
    "wrong-provider": {"provider-changed"},
    "end-of-another-call": {"start-time-moved"},
    "end-answers-before": {"start-time-moved", "transcript-lost-text"},
    "create-answers-ended": {"start-time-moved"},
}


@pytest.fixture(scope="module")
def suite() -> Iterator[Callable[[Running], ResultCollector]]:
    with collected_suite(VOCODE_API_KEY=TOKEN) as runs:
        yield lambda running: runs.run(
            running.url, running.simulation.contract.date, is_simulated=True, VOCODE_API_KEY=TOKEN
        )


def named(tally: ResultCollector) -> set[str]:
    """The codes that were found, those of JSON by their own name, and the kinds of what is inconclusive."""
    codes = {found.note if found.code == "body-not-json" else found.code for found in tally.violations}
    return codes | {row.reason.rpartition("[")[2].rstrip("]") for row in tally.rows if row.verdict == "inconclusive"}


#: What says nothing of a fault: slowness, which a busy machine adds, giving up, calls that go on while a run waits, and
#: the Date header, which the web server takes from the machine and not from the clock of the test.
_UNTOLD = {"slow", "stopped", "call-changed", "clock-skew"}


def told(tally: ResultCollector) -> set[str]:
    """What the table tells: all but drift, and what says nothing of a fault."""
    drift = {found.code for found in tally.violations if found.severity == "drift"}
    return named(tally) - drift - _UNTOLD


def kept() -> dict[str, set[str]]:
    """What the table in the docs says of each server."""
    rows = [line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    names = [(row[0].strip("| `"), row[2].replace("`", "")) for row in rows]
    return {name: set(codes.split(", ")) - {"-"} - _UNTOLD for name, codes in names}


KEPT = kept()


def noise(tally: ResultCollector) -> set[str]:
    """The codes of errors, without what follows from not having an answer."""
    errors = (found for found in tally.violations if found.severity == "error")
    return {found.note if found.code == "body-not-json" else found.code for found in errors}


def date_for(name: str) -> str:
    return next(date for date in dates() if FAULTS[name].breaks_contract(date))


@pytest.fixture(scope="module")
def clock() -> Clock:
    """A clock by which server and client live, so that no load of the machine decides what is seen."""
    return Clock(tick=0.001)


@pytest.fixture(scope="module")
def servers(clock) -> Iterator[dict[str, Running]]:
    """A server of each contract; to start and stop one for each fault takes longer than some runs."""
    with ExitStack() as stack:
        start = partial(simulator, token=TOKEN, clock=clock.now)
        yield {date: stack.enter_context(start(contract=date)) for date in dates()}


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in SLOW])
def test_suite_names_a_planted_fault_and_nothing_else(suite, servers, clock, name):
    fault, running = FAULTS[name], servers[date_for(name)]
    clock.restart()
    running.disarm()
    running.simulation.reset()
    running.arm(name)
    is_answer = fault.kind == "answer"
    with one_clock(clock), carry_in_process(SimulatorTransport(running.simulation)) if is_answer else nullcontext():
        tally = suite(running)
    assert named(tally) & set(fault.breaks)
    assert noise(tally) <= {*fault.breaks, *FOLLOWS.get(name, ())}
    assert tally.exit_code in (1, 3) or all(found.severity != "error" for found in tally.violations)
    assert tally.count("broken") == 0
    assert told(tally) == KEPT[name]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_suite_finds_nothing_wrong_with_a_call_of_any_scenario(suite, scenario):
    with simulator(token=TOKEN, scenario=scenario) as running:
        tally = suite(running)
    assert [str(found) for found in tally.violations if found.severity == "error"] == []
    assert tally.exit_code == 0


@pytest.mark.parametrize("name", SLOW)
def test_suite_waits_for_a_slow_server_no_longer_than_told(name):
    # With the default seed, the first delays of either distribution are long enough to be seen.
    seconds = 3 if SLOW[name] == "slow" else 1
    watch = SuiteMonitor(is_simulated=True)
    with simulator(token=TOKEN, faults=(name,)) as running:
        waits = [f"--vocode-timeout={seconds}", "-k", "test_list_calls_returns_a_page"]
        tally = run_suite([*BARE, f"--vocode-url={running.url}", *waits], {"VOCODE_API_KEY": TOKEN}, watch)
    assert watch.interruption is None
    assert SLOW[name] in named(tally)


@pytest.mark.parametrize("name", SOUND_VARIANTS)
def test_suite_is_silent_in_front_of_a_sound_server(suite, name):
    sound = SOUND_VARIANTS[name]
    with simulator(contract=Contract.load(sound.contract), token=TOKEN, variant=sound.variant) as running:
        tally = suite(running)
    assert (tally.exit_code, tally.count("conforms")) == (0, len(tally.rows))
    assert told(tally) == KEPT[name] == set()


def test_table_has_every_fault_and_every_sound_server():
    assert list(KEPT) == [*FAULTS, *SOUND_VARIANTS]
    assert all(KEPT[name] or name in SLOW for name in FAULTS)


def test_follow_ups_are_of_faults_that_there_are():
    assert FOLLOWS.keys() | SLOW.keys() <= FAULTS.keys()
