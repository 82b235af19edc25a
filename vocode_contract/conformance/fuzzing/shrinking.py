"""Making a JSON value smaller while it still shows what it showed: greedy, biggest steps first."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

#: Longer texts lose halves alone, no single characters: each try is a request.
_LETTER_BY_LETTER = 12


def reduced(value: Any, shows: Callable[[Any], bool]) -> Any:
    """Return the smallest value found that still shows it.

    Keys and items go first, in halves and then one by one; what is left is emptied, shortened or
    brought nearer to zero.

    Args:
        value: A JSON value that shows it.
        shows: Tells whether another value does; who has enough of being asked returns ``False``.
    """
    empty = _empty(value)
    if value == empty or shows(empty):
        return empty
    if isinstance(value, dict):
        pairs = fewer(list(value.items()), lambda kept: shows(dict(kept)))
        return _renamed(_each_reduced(dict(pairs), [key for key, _ in pairs], shows), shows)
    if isinstance(value, list):
        items = fewer(value, shows)
        return _each_reduced(items, range(len(items)), shows)
    return _stepwise(value, shows)


def fewer(items: Sequence[T], shows: Callable[[list[T]], bool]) -> list[T]:
    """Return as few of some items as still show it, in their order.

    Args:
        items: All of them show it.
        shows: Tells whether some of them do.

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


def _each_reduced(whole: Any, places: Sequence[Any], shows: Callable[[Any], bool]) -> Any:
    """Reduce what is at each place of an object or array; a copy of it is returned."""
    whole = whole.copy()
    for place in places:

        def child_shows(child: Any, place: Any = place) -> bool:
            changed = whole.copy()
            changed[place] = child
            return shows(changed)

        whole[place] = reduced(whole[place], child_shows)
    return whole


def _renamed(whole: dict[str, Any], shows: Callable[[Any], bool]) -> dict[str, Any]:
    """Shorten the keys that nobody would choose."""
    for strange in [key for key in whole if not (key.isascii() and key.isidentifier())]:
        whole = _with_short_key(whole, strange, shows)
    return whole


def _with_short_key(whole: dict[str, Any], long: str, shows: Callable[[Any], bool]) -> dict[str, Any]:
    def renamed(key: str) -> dict[str, Any]:
        return {key if one == long else one: value for one, value in whole.items()}

    return renamed(reduced(long, lambda key: key not in whole and shows(renamed(key))))


def _stepwise(value: Any, shows: Callable[[Any], bool]) -> Any:
    """Take the first step that still shows it, and go on from there."""
    while (smaller := next(filter(shows, _steps(value)), None)) is not None:
        value = smaller
    return value


def _empty(value: Any) -> Any:
    if isinstance(value, (dict, list, str)):
        return type(value)()
    return value if value is None or isinstance(value, bool) else 0


def _steps(value: Any) -> Iterator[Any]:
    """Yield values that are simpler by a step, each but finitely often simpler."""
    if isinstance(value, str):
        yield from _shorter(value)
    elif isinstance(value, float):
        yield from (whole for whole in (_whole(value),) if whole is not None)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from _nearer(value)


def _nearer(value: int) -> Iterator[int]:
    """Yield numbers nearer to zero: one, with half of the digits, with three less, the half."""
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
    """Return a number without its fraction; ``None`` for what is no number."""
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None
