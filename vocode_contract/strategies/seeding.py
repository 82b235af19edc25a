"""Generate the values of a strategy from a seed, outside a test."""

from collections.abc import Iterator
from random import Random
from typing import Any

from hypothesis import Verbosity, given, settings
from hypothesis.strategies import SearchStrategy

#: Bytes for one value; the largest payloads, adversarial ones, take a tenth of them.
_BYTES = 65_536
#: Attempts in a row without a value, after which the strategy has no more.
_DRY = 100


def sample(strategy: SearchStrategy[Any], seed: int) -> Iterator[Any]:
    """Yield values of a strategy without end; the same seed and release of Hypothesis give the same values.

    Random bytes are used as choices, an interface that Hypothesis offers to fuzzers. Its own generation would use
    constants from all loaded modules, remember every value, and prefer values similar to earlier ones.
    """
    found: list[Any] = []

    @settings(database=None, verbosity=Verbosity.quiet)  # other settings of a user's profile have no effect here
    @given(strategy)
    def take(value: Any) -> None:
        found.append(value)

    read = take.hypothesis.fuzz_one_input  # type: ignore[attr-defined]  # given() does not declare it
    random, dry = Random(seed), 0  # noqa: S311 - it must be predictable
    while dry < _DRY:
        read(random.randbytes(_BYTES))
        dry = 0 if found else dry + 1
        yield from found
        found.clear()
