"""Payloads by the thousand: a strategy, drawn from a seed, without a test around it."""

from collections.abc import Iterator
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

#: Bytes for one value; the largest payloads, adversarial ones, take a tenth of them.
_BYTES = 65_536
#: Draws in a row without a value, after which there is none to come.
_DRY = 100


def seeded(strategy: SearchStrategy[Any], seed: int) -> Iterator[Any]:
    """Yield values of a strategy without end, in an order that the seed decides.

    Bytes of the standard generator are read as choices, which is what Hypothesis offers fuzzers. Its own
    generation would take in the constants of whatever modules are loaded, remember every value, and
    lean towards what it has drawn before. The same seed gives the same values in every process, with
    the same release of Hypothesis.

    Args:
        strategy: Any strategy.
        seed: Any integer.
    """
    found: list[Any] = []

    @settings(database=None)
    @given(strategy)
    def take(value: Any) -> None:
        found.append(value)

    read = take.hypothesis.fuzz_one_input  # type: ignore[attr-defined]  # given() says nothing of it
    random, dry = Random(seed), 0  # noqa: S311 - it is to be predictable
    while dry < _DRY:
        read(random.randbytes(_BYTES))
        dry = 0 if found else dry + 1
        yield from found
        found.clear()
