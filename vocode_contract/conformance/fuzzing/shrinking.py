"""Shrink a JSON value while it still fails: greedy, biggest steps first."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

#: Longer texts only lose halves, no single characters: each attempt is a request.
_LETTER_BY_LETTER = 12


def shrink(value: Any, shows: Callable[[Any], bool]) -> Any:
    """Return the smallest value found that still fails.

    Keys and items are removed first, in halves and then one by one; the rest is emptied, shortened or
    moved towards zero.

    Args:
        value: A JSON value that fails.
        shows: Whether another value fails too; ``False`` stops the search.
    """
    empty = _empty(value)
    if value == empty or shows(empty):
        return empty
    if isinstance(value, dict):
        pairs = shrink_sequence(list(value.items()), lambda kept: shows(dict(kept)))
        return _shorten_keys(_shrink_each(dict(pairs), [key for key, _ in pairs], shows), shows)
    if isinstance(value, list):
        items = shrink_sequence(value, shows)
        return _shrink_each(items, range(len(items)), shows)
    return _shrink_scalar(value, shows)


def shrink_sequence(items: Sequence[T], shows: Callable[[list[T]], bool]) -> list[T]:
    """Return as few items as still fail, in their order.

    Source: the minimising half of Zeller and Hildebrandt's ddmin (2002).
    """
    kept, size = list(items), len(items)
    while size:
        index = 0
        while index < len(kept):
            rest = kept[:index] + kept[index + size :]
            if shows(rest):
                kept = rest
            else:
                index += size
        size //= 2
    return kept


def _shrink_each(whole: Any, places: Sequence[Any], shows: Callable[[Any], bool]) -> Any:
    """Return a copy of an object or array with each member or item shrunk."""
    whole = whole.copy()
    for place in places:

        def child_shows(child: Any, place: Any = place) -> bool:
            changed = whole.copy()
            changed[place] = child
            return shows(changed)

        whole[place] = shrink(whole[place], child_shows)
    return whole


def _shorten_keys(whole: dict[str, Any], shows: Callable[[Any], bool]) -> dict[str, Any]:
    """Shorten keys that are not identifiers."""
    for strange in [key for key in whole if not (key.isascii() and key.isidentifier())]:
        whole = _with_short_key(whole, strange, shows)
    return whole


def _with_short_key(whole: dict[str, Any], long: str, shows: Callable[[Any], bool]) -> dict[str, Any]:
    def rename(key: str) -> dict[str, Any]:
        return {key if one == long else one: value for one, value in whole.items()}

    return rename(shrink(long, lambda key: key not in whole and shows(rename(key))))


def _shrink_scalar(value: Any, shows: Callable[[Any], bool]) -> Any:
    """Take the first step that still fails, and continue from there."""
    while (smaller := next(filter(shows, _steps(value)), None)) is not None:
        value = smaller
    return value


def _empty(value: Any) -> Any:
    if isinstance(value, (dict, list, str)):
        return type(value)()
    return value if value is None or isinstance(value, bool) else 0


def _steps(value: Any) -> Iterator[Any]:
    """Yield values that are one step simpler; there is no endless chain of them."""
    if isinstance(value, str):
        yield from _shorter(value)
    elif isinstance(value, float):
        yield from (whole for whole in (_whole(value),) if whole is not None)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from _nearer(value)


def _nearer(value: int) -> Iterator[int]:
    """Yield numbers nearer to zero: 1, half of the digits, three digits less, the half."""
    sign, size = (1 if value > 0 else -1), abs(value)
    smaller = (1, size // 10 ** (len(str(size)) // 2), size // 1_000, size // 2)
    yield from (sign * number for number in dict.fromkeys(smaller) if 0 < number < size)


def _shorter(text: str) -> Iterator[str]:
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "a" for letter in text)
    half = len(text) // 2
    yield from (text[:half], text[half:]) if half else ()
    if 1 < len(text) <= _LETTER_BY_LETTER:
        yield from (text[:index] + text[index + 1 :] for index in range(len(text)))
    if text != plain:
        yield plain


def _whole(value: float) -> int | None:
    """Return a number without its fraction; ``None`` for NaN and infinity."""
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None
