"""Arrangements: which events of a scenario arrive, in which order and how often; and the shortest that still breaks.

Events of one kind keep their order: nothing in them tells a receiver which was first.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple, TypeVar


class Arrival(NamedTuple):
    """One arrival.

    Attributes:
        call: 0 for the call that the scenario is about, 1 for another one with the same story.
        place: Of the event in the scenario, from 0.
    """

    call: int
    place: int


Parts = tuple[Arrival, ...]

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """How a scenario arrives.

    Attributes:
        kind: Name in `ARRANGEMENTS`.
        parts: In the order of arrival.
    """

    kind: str
    parts: Parts


def in_order(parts: Sequence[Arrival], call: int = 0) -> Parts:
    """Return what arrived of a call as it should have: each event once, in the scenario's order."""
    return tuple(sorted({part for part in parts if part.call == call}))


def is_repeated(parts: Sequence[Arrival]) -> bool:
    """Return whether an event arrives twice."""
    return len(set(parts)) < len(parts)


def is_mixed(parts: Sequence[Arrival]) -> bool:
    """Return whether several calls arrive."""
    return len({part.call for part in parts}) > 1


def fair(parts: Sequence[Arrival], kinds: Sequence[str]) -> Parts:
    """Let events of one kind keep their order, by their first arrivals; all else stays where it is.

    Args:
        parts: In the order of arrival.
        kinds: Of the scenario's events.
    """
    renamed: dict[Arrival, Arrival] = {}
    for kind, call in {(kinds[part.place], part.call) for part in parts}:
        seen = [part for part in dict.fromkeys(parts) if kinds[part.place] == kind and part.call == call]
        renamed.update(zip(seen, sorted(seen), strict=True))
    return tuple(renamed[part] for part in parts)


def _plain(size: int, _chance: Random) -> Iterator[Sequence[Arrival]]:
    yield _story(size)


def _story(size: int, call: int = 0) -> list[Arrival]:
    return [Arrival(call, index) for index in range(size)]


def _duplicated(size: int, chance: Random) -> Iterator[Sequence[Arrival]]:
    """Yield the scenario with all of it twice, and with each event again somewhere later."""
    plain = _story(size)
    yield [*plain, *plain]
    for part in plain:
        at = chance.randint(part.place + 1, size)
        yield [*plain[:at], part, *plain[at:]]


def _retried(size: int, _chance: Random) -> Iterator[Sequence[Arrival]]:
    """Yield the scenario with each event sent again at once, as after a 500 from a proxy in front of a receiver."""
    yield [part for part in _story(size) for _ in range(2)]


def _reordered(size: int, chance: Random) -> Iterator[Sequence[Arrival]]:
    """Yield the scenario backwards, each pair of neighbours exchanged, and shuffled."""
    plain = _story(size)
    if size > 1:
        yield plain[::-1]
    for index in range(size - 1):
        yield [*plain[:index], plain[index + 1], plain[index], *plain[index + 2 :]]
    if size > 2:
        yield chance.sample(plain, size)


def _delayed(size: int, _chance: Random) -> Iterator[Sequence[Arrival]]:
    """Yield the scenario with each event held back until after the last."""
    plain = _story(size)
    for index in range(size - 1):
        yield [*plain[:index], *plain[index + 1 :], plain[index]]


def _dropped(size: int, _chance: Random) -> Iterator[Sequence[Arrival]]:
    """Yield the scenario without one of its events."""
    plain = _story(size)
    for index in range(size if size > 1 else 0):
        yield [*plain[:index], *plain[index + 1 :]]


def _interleaved(size: int, chance: Random) -> Iterator[Sequence[Arrival]]:
    """Yield the scenario with another call's in between: in turn, and as chance has it."""
    one, other = _story(size), _story(size, 1)
    yield [part for pair in zip(one, other, strict=True) for part in pair]
    turns = chance.sample([0] * size + [1] * size, 2 * size)
    left = (iter(one), iter(other))
    yield [next(left[turn]) for turn in turns]


_KINDS: Mapping[str, Callable[[int, Random], Iterator[Sequence[Arrival]]]] = {
    "plain": _plain,
    "retried": _retried,
    "duplicated": _duplicated,
    "reordered": _reordered,
    "delayed": _delayed,
    "dropped": _dropped,
    "interleaved": _interleaved,
}
ARRANGEMENTS = tuple(_KINDS)


def arrangements(kind: str, kinds: Sequence[str], chance: Random) -> Iterator[Arrangement]:
    """Yield the arrangements of one kind.

    Args:
        kind: One of `ARRANGEMENTS`.
        kinds: Of the scenario's events.
        chance: Decides what is left open.
    """
    for parts in _KINDS[kind](len(kinds), chance):
        yield Arrangement(kind=kind, parts=fair(parts, kinds))


def shortest(
    parts: tuple[Item, ...], breaks: Callable[[tuple[Item, ...]], bool], *, tries: int = 100
) -> tuple[Item, ...]:
    """Return a part of what arrived that still breaks the receiver, of which nothing can be left out.

    Args:
        parts: Which break it.
        breaks: Whether others do.
        tries: At most so many are tried.
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
