"""Every planted fault is found by the suite, under its name, and nothing else is; the table is kept in the docs.

The suite runs in this process, one fault after the other, against one server on loopback.
"""

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("rich")

from vocode_contract.cli.suite import Watch, run_suite
from vocode_contract.conformance.tally import Tally
from vocode_contract.contract import Contract, dates
from vocode_contract.simulator import FAULTS, SCENARIOS, simulator

TOKEN = "tok_0123456789"
#: Faults that are seen by waiting; one test asks for one thing.
SLOW = {
    "no-answer": "timeout-read",
    "delay-fixed": "slow",
    "drip-head": "timeout-total",
    "drip-body": "timeout-total",
    "continue-flood": "timeout-total",
}
#: Faults that need chance, or a gigabyte.
LEFT_OUT = {"delay-uniform", "delay-long-tail", "endless-body", "endless-head", "gzip-bomb"}
#: What else shows, since one wrong answer stands beside right ones.
FOLLOWS = {
    "confidential-transcript": {"transcript-lost-text"},
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
    "end-answers-before": {"start-time-moved"},
    "create-answers-ended": {"start-time-moved"},
}


def suite(*faults: str, date: str, options: tuple[str, ...] = ()) -> Tally:
    with simulator(contract=Contract.load(date), token=TOKEN, faults=faults) as running:
        arguments = [f"--vocode-url={running.url}", f"--vocode-contract={date}", *options]
        watch = Watch()
        tally = run_suite(arguments, {"VOCODE_API_KEY": TOKEN}, watch)
    assert watch.interruption is None
    return tally


def named(tally: Tally) -> set[str]:
    """The codes that were found, those of JSON by their own name, and the kinds of what is inconclusive."""
    codes = {found.note if found.code == "body-not-json" else found.code for found in tally.violations}
    return codes | {row.reason.rpartition("[")[2].rstrip("]") for row in tally.rows if row.verdict == "inconclusive"}


def noise(tally: Tally) -> set[str]:
    """The codes of errors, without what follows from not having an answer."""
    errors = (found for found in tally.violations if found.severity == "error")
    return {found.note if found.code == "body-not-json" else found.code for found in errors}


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in LEFT_OUT | SLOW.keys()])
def test_suite_names_a_planted_fault_and_nothing_else(name):
    fault = FAULTS[name]
    tally = suite(name, date=next(date for date in dates() if fault.breaks_contract(date)))
    assert named(tally) & set(fault.breaks)
    assert noise(tally) <= {*fault.breaks, *FOLLOWS.get(name, ())}
    assert tally.exit_code in (1, 3) or all(found.severity != "error" for found in tally.violations)
    assert tally.count("broken") == 0


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_suite_finds_nothing_wrong_with_a_call_of_any_scenario(scenario):
    with simulator(token=TOKEN, scenario=scenario) as running:
        tally = run_suite([f"--vocode-url={running.url}"], {"VOCODE_API_KEY": TOKEN}, Watch())
    assert [str(found) for found in tally.violations if found.severity == "error"] == []
    assert tally.exit_code == 0


@pytest.mark.parametrize("name", SLOW)
def test_suite_waits_for_a_slow_server_no_longer_than_told(name):
    options = ("--vocode-timeout=1.5", "-k", "test_list_calls_answers")
    assert SLOW[name] in named(suite(name, date="2023-11-30", options=options))


def test_follow_ups_are_of_faults_that_there_are():
    assert FOLLOWS.keys() | SLOW.keys() | LEFT_OUT <= FAULTS.keys()
