"""Limits and defects of parsed JSON values, and walks that never recurse."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from vocode_contract.errors import InvalidOption

#: orjson serializes 254 levels, jsonschema-rs copies 255.
_DEEPEST = 200

Bytes = (bytes, bytearray, memoryview)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of an untrusted payload is checked.

    Attributes:
        size: Bytes of a raw payload, inclusive; 1 MiB.
        depth: Levels of nested arrays and objects, inclusive, at most 200; a Call has 9.
        values: Values of all kinds in a payload, inclusive.
        violations: Violations that are listed, inclusive; all others become one ``more-violations``.

    Raises:
        InvalidOption: A limit is below 1, or the depth beyond what orjson and jsonschema-rs can handle.
    """

    size: int = 1_048_576
    depth: int = 64
    values: int = 500_000
    violations: int = 100

    def __post_init__(self) -> None:
        for name in ("size", "depth", "values", "violations"):
            if getattr(self, name) < 1:
                raise InvalidOption(name, "a limit is at least 1")
        if self.depth > _DEEPEST:
            raise InvalidOption("depth", f"at most {_DEEPEST} levels: the engines stop soon after")


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """Why bytes, or a parsed value, are not JSON that can be validated."""

    code: str
    expected: str
    actual: str  # without any part of the payload
    offset: int | None = None  # in bytes, from 0
    tokens: tuple[str | int, ...] = ()  # reference tokens of the place, not masked


class Unreadable(Exception):
    """Bytes hold no JSON value that may be validated. Never leaves the package."""

    def __init__(self, defect: Defect) -> None:
        super().__init__(defect.code)
        self.defect = defect


def too_deep(limits: Limits) -> Defect:
    """Return the defect of a document that is nested too deeply."""
    return Defect(code="json-too-deep", expected=f"at most {limits.depth} nested levels", actual="more")


def _children(node: object) -> list[object]:
    if type(node) is dict:
        return list(node.values())
    return node if type(node) is list else []


def _containers_in(level: list[Any]) -> list[Any]:
    """Return the arrays and objects in those of one level."""
    return [
        child
        for node in level
        if node
        for child in (node.values() if type(node) is dict else node)
        if type(child) is list or type(child) is dict
    ]


def is_deeper_than(value: object, depth: int) -> bool:
    """Return whether arrays and objects are nested deeper than a number of levels."""
    level = [value] if type(value) in (dict, list) else []
    for _ in range(depth):
        level = _containers_in(level)
    return bool(level)


def refuse_many(value: object, limits: Limits) -> None:
    """Raise `Unreadable` if a document holds too many values."""
    if is_vast(value, limits.values):
        raise Unreadable(_too_many(limits))


def _too_many(limits: Limits) -> Defect:
    return Defect(code="json-too-many-values", expected=f"at most {limits.values} values", actual="more")


def is_vast(value: object, most: int) -> bool:
    """Return whether a parsed value holds more than `most` values, each counted as often as it is reached.

    A list that holds another one many times, as from YAML aliases, is small until it is copied.
    """
    level: list[Any] = [value] if type(value) in (dict, list) else []
    count = 1
    while level:
        count += sum(map(len, level))
        if count > most:
            return True
        level = _containers_in(level)
    return False


#: The last token of a place, and the place of its container: a chain, since most places are never reported.
_Place = tuple[str | int, "_Place | None"]


def iter_places(value: object, kinds: type | tuple[type, ...] = object) -> Iterator[tuple[_Place | None, object]]:
    """Yield every value of some types, reached through values of these types, with its place, level by level."""
    level: list[tuple[_Place | None, object]] = [(None, value)]
    while level:
        yield from level
        level = [
            ((key, place), child) for place, node in level for key, child in _members(node) if isinstance(child, kinds)
        ]


def tokens_of_place(place: _Place | None) -> tuple[str | int, ...]:
    """Return the reference tokens of a place."""
    tokens: list[str | int] = []
    while place is not None:
        token, place = place
        tokens.append(token)
    return tuple(reversed(tokens))


def _members(node: object) -> Iterable[tuple[str | int, object]]:
    if isinstance(node, dict):
        return node.items()
    return enumerate(node) if isinstance(node, list) else ()


def survey(value: object, limits: Limits = DEFAULT_LIMITS) -> tuple[Defect | None, int]:
    """Return the first defect of a parsed value, if there is one, and the number of values seen."""
    count, level = 0, [value]
    for _ in range(limits.depth + 1):
        count += len(level)
        if count > limits.values:
            return _too_many(limits), count
        if any(map(_has_defect, level)):
            defects = (_defect_of(tokens_of_place(place), node) for place, node in iter_places(value))
            return next(filter(None, defects)), count
        below = chain.from_iterable(map(_children, level))
        level = list(islice(below, limits.values + 1 - count))
        if not level:
            return None, count
    return too_deep(limits), count


def _has_defect(node: object) -> bool:
    return type(node) not in _SAFE_TYPES and _defect_of((), node) is not None


def _defect_of(tokens: tuple[str | int, ...], node: object) -> Defect | None:
    kind = type(node)
    if kind is str:
        text = node if isinstance(node, str) else ""
        return None if text.isascii() or not _SURROGATE.search(text) else _lone(tokens)
    if kind is dict:
        keys = list(node) if isinstance(node, dict) else []
        if not all(type(key) is str for key in keys):
            return Defect(code="not-json", expected="keys that are strings", actual="other keys", tokens=tokens)
        return _lone(tokens) if any(not key.isascii() and _SURROGATE.search(key) for key in keys) else None
    if kind is float:
        return _not_finite(tokens) if node != node or node in (_INFINITY, -_INFINITY) else None
    if kind in _SAFE_TYPES:
        return None
    return Defect(code="not-json", expected="a JSON value", actual=f"a Python {kind.__name__}", tokens=tokens)


_SAFE_TYPES = (int, bool, list, type(None))
_SURROGATE = re.compile("[\ud800-\udfff]")
_INFINITY = float("inf")


def _lone(tokens: tuple[str | int, ...]) -> Defect:
    return Defect(code="json-surrogate", expected="surrogates in pairs", actual="a lone one", tokens=tokens)


def _not_finite(tokens: tuple[str | int, ...]) -> Defect:
    return Defect(code="json-constant", expected="a JSON number", actual="NaN or Infinity", tokens=tokens)
