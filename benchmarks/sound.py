"""Sound servers passed in silence: pairs and triples of ways in which they differ, drawn by seed.

Half of them are the Flask application of the tests in some of its variants, half the simulator with some of its options
changed. Silence is an exit code of 0, or of 3 where the server does not let the main test run, and no violation.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random

from benchmarks.measuring import Reading
from tests.servers.flask_runs import NOT_RUN, complaints, draw_sound_servers, run_in_front_of_flask, unclear
from tests.support.suite_runs import collected_suite
from tests.support.waiting import put_forward
from vocode_contract.contract.model import dates
from vocode_contract.report.results import ResultCollector
from vocode_contract.simulator import simulator, variant_of

TOKEN = "token-of-the-benchmark"
#: Words that change one option of the simulator each.
_WORDS = (
    "refusal=401",
    "nulls=no",
    "pydantic=2",
    "extra_keys=yes",
    "offset=Z",
    "charset=yes",
    "redirects=no",
    "odd_bodies=no",
    "live_transcript=yes",
    "provider=twilio",
)


def figures(count: int = 40, *, seed: int = 0) -> Iterator[Reading]:
    """Yield how many sound servers are passed in silence; print what is said of the others."""
    flask, simulated = count - count // 2, count // 2
    silent = sum(_flask(islice(draw_sound_servers(Random(seed)), flask)))
    yield Reading(name="silent about the Flask application", value=silent, unit=f"of {flask}", least=flask)
    silent = sum(_simulated(Random(seed), simulated))
    yield Reading(name="silent about the simulator", value=silent, unit=f"of {simulated}", least=simulated)


def _flask(drawn: Iterator[tuple[str, ...]]) -> Iterator[bool]:
    with run_in_front_of_flask() as run:
        for names in drawn:
            yield _is_silent(names, run(*names), 3 if {*names} & {*NOT_RUN} else 0)


def _simulated(random: Random, count: int) -> Iterator[bool]:
    with collected_suite(VOCODE_API_KEY=TOKEN) as suite:
        for _ in range(count):
            date, words = random.choice(dates()), random.sample(_WORDS, random.choice((2, 3)))
            with simulator(contract=date, token=TOKEN, variant=variant_of(words)) as running, put_forward():
                tally = suite.run(running.url, date, is_simulated=True, VOCODE_API_KEY=TOKEN)
            yield _is_silent((date, *words), tally, 0)


def _is_silent(names: Sequence[str], tally: ResultCollector, exit_code: int) -> bool:
    said = [*complaints(tally), *unclear(tally)]
    if tally.exit_code != exit_code:
        said.append(f"exit code {tally.exit_code}")
    print(f"  {' '.join(names)}: {'; '.join(said) or 'silent'}", flush=True)
    return not said
