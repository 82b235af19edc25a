"""Find the phone numbers that a request may dial, and recognise fictional ones."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

#: The one number of a toll-free area that is set aside for fiction.
_TOLL_FREE = "18005550199"
_FICTIONAL = re.compile(r"\+?1([2-9][0-9]{2})55501[0-9]{2}")
#: What reads as the address of a telephone, under whatever key it stands.
_ADDRESS = re.compile(r"\s*(?:\+[0-9 ().-]{6,}|(?:tel|sips?):.*)", re.IGNORECASE | re.DOTALL)
_CALLED, _CALLING = "to_number", "from_number"


def is_fictional(number: str) -> bool:
    """Return whether a phone number is set aside for fiction and rings nobody; what is not known to be, is real.

    Ten digits alone are none: they are a number of another country where its code comes first.

    Args:
        number: With country code, with or without ``+``.

    Source: ATIS-0300115, 555 NXX assignment guidelines: 555-0100 through 555-0199 of geographic areas,
    and 800-555-0199.
    """
    if number.removeprefix("+") == _TOLL_FREE:
        return True
    found = _FICTIONAL.fullmatch(number)
    return found is not None and _is_geographic(found[1])


def _is_geographic(area: str) -> bool:
    """Return whether an area code may be that of a place, not of free, dear, personal or reserved numbers.

    Source: North American Numbering Plan: codes whose last two digits are equal serve no place, nor do 52X, 88X, 710
    and N9X.
    """
    return area[1] != area[2] and area[1] != "9" and not area.startswith(("52", "88")) and area != "710"


def dialled(body: bytes, arguments: Iterable[tuple[str, str]] = ()) -> tuple[str, ...]:
    """Return every number that a request to create a call may ring, as written, each once.

    That is the number called, each time it is given, and whatever stands under a key that speaks of
    numbers or phones or reads as the address of a telephone, such as the target of a transfer; not
    the number that calls. What an agent does that is named by its id cannot be seen here.

    Args:
        body: JSON in UTF-8.
        arguments: Names and values of the query.

    Returns:
        None where the number called cannot be read without doubt.
    """
    try:
        document = json.loads(body.decode(), object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        return ()
    members = document if isinstance(document, tuple) else ()
    called = [value for key, value in members if key == _CALLED]
    if not called or not all(isinstance(value, str) for value in called):
        return ()
    said = (*members, *arguments)
    return tuple(dict.fromkeys(_numbers(tuple((key, value) for key, value in said if key != _CALLING))))


def _numbers(document: tuple[tuple[str, Any], ...]) -> Iterator[str]:
    waiting: list[tuple[str, Any]] = [*document]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, tuple):
            waiting += value
        elif isinstance(value, list):
            waiting += [(key, item) for item in value]
        elif _speaks_of_numbers(key) and value is not None and not isinstance(value, bool):
            yield str(value)
        elif isinstance(value, str) and _ADDRESS.fullmatch(value):
            yield value


def _speaks_of_numbers(key: str) -> bool:
    folded = key.casefold()
    return "number" in folded or "phone" in folded
