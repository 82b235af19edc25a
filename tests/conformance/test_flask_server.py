"""The suite against a server of another kind: Flask and SQLite, two tenants, and calls that move with time.

It is silent about sound variants and finds faults, apart from those in the tables below. An entry there that no longer
holds fails its test, so that it is taken out. Server and suite read one clock, so that no load of the machine decides
what is seen: a request takes 10 ms.
"""

import random
from collections.abc import Iterator, Mapping, Sequence

import pytest

pytest.importorskip("flask")
pytest.importorskip("httpx")

from tests.servers.flask_faults import ADVICE, ERROR, FAULTS, OUT_OF_REACH
from tests.servers.flask_runs import NOT_RUN, Run, complaints, draw_sound_servers, run_in_front_of_flask, unclear
from tests.servers.flask_variants import VARIANTS
from vocode_contract.report.results import ResultCollector

pytestmark = pytest.mark.slow

#: Sound servers that are tested, each variant at least once. What is known to be accused stands alone.
SOUND = [
    "as-it-is",
    "contract-2024-04-19 estimates-total leaves-nulls-out forbids-strangers",
    "contract-2024-04-19 sorts-nothing zulu-times forbids-others ends-once",
    "contract-2024-08-27 other-error-bodies answers-at-once small-pages",
    "list-lags",
    "list-lags-a-little",
    "list-lags ends-later",
    "list-lags many-calls",
    "list-lags small-pages",
    "hangs-up-soon answers-at-once",
    "hangs-up-soon ends-later list-lags-a-little",
    "get-lags",
    "ends-later forbids-others",
    "fails-at-once",
    "hangs-up-soon",
    "limits-rate",
    "own-numbers-only",
    "many-calls local-times",
    "many-calls oldest-first",
    "new-account",
    "oldest-first local-times forbids-strangers small-pages",
]
#: Sound servers that are accused, or about which the suite remains inconclusive.
FALSE_ALARMS: Mapping[str, str] = {}
#: A handful of drawn servers; `python -m benchmarks sound` draws more.
DRAWN = [" ".join(names) for _, names in zip(range(4), draw_sound_servers(random.Random(5)), strict=False)]
#: Faults that are missed, by what would find them.
MISSED: Mapping[str, Sequence[str]] = {
    "an agent that another user has stored": ("create-takes-agents-of-others",),
    "two calls of one list that are in progress when one of them is ended": ("end-ends-all-answered",),
    "a list while a call is in progress, and again after the time that a list may lag": ("list-knows-no-progress",),
    "the recording of a call that was ended before it was answered": ("recording-of-unanswered",),
    "a second view of a list of more than a hundred calls": ("list-stops-at-a-hundred",),
    "more than six listed calls, so that the rarest shapes are read too": (
        "list-denies-do-not-call",
        "unheard-actions-null",
        "detection-in-other-words",
        "connection-of-another-owner",
    ),
    "a look at the names of recordings, and at the text of refusals": ("recordings-swapped", "refusal-names-the-owner"),
}
UNSEEN = [name for names in MISSED.values() for name in names]
FOUND = [name for name, fault in FAULTS.items() if name not in UNSEEN and fault.expected != OUT_OF_REACH]
#: Faults that one server can have at once: none hides another, as long as none is found.
TOGETHER = {
    **{reason: [name for name in names if FAULTS[name].expected == ERROR] for reason, names in MISSED.items()},
    ADVICE: [name for name in UNSEEN if FAULTS[name].expected == ADVICE],
    OUT_OF_REACH: [name for name, fault in FAULTS.items() if fault.expected == OUT_OF_REACH],
}


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Run the suite against the application in some variants and with some faults."""
    with run_in_front_of_flask() as run:
        yield run


def is_found(tally: ResultCollector, name: str) -> bool:
    return bool(complaints(tally, errors_only=FAULTS[name].expected == ERROR))


@pytest.mark.parametrize("names", [*SOUND, *DRAWN])
def test_suite_is_silent_about_a_sound_variant_unless_it_is_known_to_be_wrong(run, names):
    tally = run(*names.split())
    if names in FALSE_ALARMS:
        assert [*complaints(tally), *unclear(tally)], "no longer accused: take it out of FALSE_ALARMS"
    else:
        assert [*complaints(tally), *unclear(tally)] == []
        assert tally.exit_code == (3 if {*names.split()} & {*NOT_RUN} else 0)


@pytest.mark.parametrize("name", FOUND)
def test_suite_finds_a_fault(run, name):
    assert is_found(run(name), name)


@pytest.mark.parametrize("names", [pytest.param(names, id=key) for key, names in TOGETHER.items() if names])
def test_suite_misses_the_faults_that_it_is_known_to_miss(run, names):
    found = names if is_found(run(*names), names[0]) else []
    assert [name for name in found if len(names) == 1 or is_found(run(name), name)] == [], "take them out of MISSED"


def test_tables_name_servers_that_there_are():
    assert set(FALSE_ALARMS) <= set(SOUND)
    assert set(UNSEEN) <= set(FAULTS)
    assert {name for names in SOUND for name in names.split()} == set(VARIANTS)
