"""Arrangements: which events of a scenario arrive, in which order and how often; and the shortest that still fails.

Events of one type keep their order, since nothing in them shows which was first.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple, TypeVar


class Arrival(NamedTuple):
    """The arrival of one event.

    Attributes:
        call: 0 for the call under test, 1 for another call with the same scenario.
        place: Index of the event in the scenario.
    """

    call: int
    place: int


Parts = tuple[Arrival, ...]

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """How a scenario arrives: the kind, such as ``dropped``, and the events in the order of arrival."""

    kind: str
    parts: Parts


def in_order(parts: Sequence[Arrival], call: int = 0) -> Parts:
    """Return the events that arrived of a call, each once and in the scenario's order."""
    return tuple(sorted({part for part in parts if part.call == call}))


def is_repeated(parts: Sequence[Arrival]) -> bool:
    """Return whether an event arrives twice."""
    return len(set(parts)) < len(parts)


def is_mixed(parts: Sequence[Arrival]) -> bool:
    """Return whether several calls arrive."""
    return len({part.call for part in parts}) > 1


def fair(parts: Sequence[Arrival], kinds: Sequence[str]) -> Parts:
    """Return the arrivals with events of one type in the scenario's order, by the types of its events."""
    renamed: dict[Arrival, Arrival] = {}
    for kind, call in {(kinds[part.place], part.call) for part in parts}:
        seen = [part for part in dict.fromkeys(parts) if kinds[part.place] == kind and part.call == call]
        renamed.update(zip(seen, sorted(seen), strict=True))
    return tuple(renamed[part] for part in parts)


_Plain = list[Arrival]


def _duplicate(plain: _Plain, chance: Random) -> Iterator[_Plain]:
    """Yield the scenario twice in a row, and with each event again somewhere later."""
    yield [*plain, *plain]
    for part in plain:
        at = chance.randint(part.place + 1, len(plain))
        yield [*plain[:at], part, *plain[at:]]


def _reorder(plain: _Plain, chance: Random) -> Iterator[_Plain]:
    """Yield the scenario reversed, with each pair of neighbours swapped, and shuffled."""
    size = len(plain)
    if size > 1:
        yield plain[::-1]
    for index in range(size - 1):
        yield [*plain[:index], plain[index + 1], plain[index], *plain[index + 2 :]]
    if size > 2:
        yield chance.sample(plain, size)


def _delay(plain: _Plain, _chance: Random) -> Iterator[_Plain]:
    for index in range(len(plain) - 1):
        yield [*plain[:index], *plain[index + 1 :], plain[index]]


def _drop(plain: _Plain, _chance: Random) -> Iterator[_Plain]:
    for index in range(len(plain) if len(plain) > 1 else 0):
        yield [*plain[:index], *plain[index + 1 :]]


def _interleave(plain: _Plain, chance: Random) -> Iterator[_Plain]:
    """Yield the scenario with another call's events in between: alternately, and at random."""
    size, other = len(plain), [Arrival(1, part.place) for part in plain]
    yield [part for pair in zip(plain, other, strict=True) for part in pair]
    turns = chance.sample([0] * size + [1] * size, 2 * size)
    left = (iter(plain), iter(other))
    yield [next(left[turn]) for turn in turns]


_KINDS: Mapping[str, Callable[[_Plain, Random], Iterator[_Plain]]] = {
    "plain": lambda plain, _: iter([plain]),
    # Each event twice in a row, as after a 500 from a proxy in front of the receiver.
    "retried": lambda plain, _: iter([[part for part in plain for _ in range(2)]]),
    "duplicated": _duplicate,
    "reordered": _reorder,
    "delayed": _delay,
    "dropped": _drop,
    "interleaved": _interleave,
}
ARRANGEMENTS = tuple(_KINDS)


def arrangements(kind: str, kinds: Sequence[str], chance: Random) -> Iterator[Arrangement]:
    """Yield the arrangements of one kind, given the types of the scenario's events."""
    for parts in _KINDS[kind]([Arrival(0, index) for index in range(len(kinds))], chance):
        yield Arrangement(kind=kind, parts=fair(parts, kinds))


def shortest(
    parts: tuple[Item, ...], breaks: Callable[[tuple[Item, ...]], bool], *, tries: int = 100
) -> tuple[Item, ...]:
    """Return a part of a sequence that still breaks the receiver, of which nothing can be left out.

    At most so many sequences are tried. Unlike the shrinking of values, it starts anew after each event that it leaves
    out: a sequence is short, and a shorter one is worth more requests.
    """
    index = 0
    while index < len(parts) and tries > 0:
        fewer = (*parts[:index], *parts[index + 1 :])
        tries -= 1
        if fewer and breaks(fewer):
            parts, index = fewer, 0
        else:
            index += 1
    return parts
