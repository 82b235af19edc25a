"""Memory over many verdicts: flat, on varied valid and invalid Calls, parsed and as bytes."""

import gc
from collections.abc import Iterator

from benchmarks import corpus
from benchmarks.measuring import Reading, resident
from vocode_contract.contract.model import Contract
from vocode_contract.validation.validator import Validator

#: Verdicts; `python -m benchmarks memory 1000000` for a million.
COUNT = 200_000
_CORPUS = 2_000
#: Every so many verdicts the violations are listed as well.
_LISTED = 20
#: MB of growth that count as flat; the allocator rounds by about one.
_FLAT = 2.0


def figures(count: int = COUNT) -> Iterator[Reading]:
    """Judge the corpus over and over, and compare memory before and after."""
    validator = Validator(Contract.load())
    mixed = [*corpus.calls(_CORPUS, invalid=0.5), *corpus.payloads(_CORPUS, invalid=0.5)]
    _judge(validator, mixed, 2 * len(mixed))  # what is loaded and kept once
    gc.collect()
    before = resident()
    wrong = _judge(validator, mixed, count)
    gc.collect()
    after = resident()
    yield Reading(name="verdicts", value=count, unit="")
    yield Reading(name="of them invalid", value=wrong / count, unit="of 1")
    yield Reading(name="memory before", value=before / 1e6, unit="MB")
    yield Reading(name="memory after", value=after / 1e6, unit="MB")
    yield Reading(name="growth", value=(after - before) / 1e6, unit="MB", most=_FLAT)


def _judge(validator: Validator, mixed: list[object], count: int) -> int:
    """Return how many are invalid."""
    wrong = 0
    for number in range(count):
        value = mixed[number % len(mixed)]
        if number % _LISTED:
            wrong += not validator.conforms(value)
        else:
            wrong += not validator.validate(value).conforms
    return wrong
