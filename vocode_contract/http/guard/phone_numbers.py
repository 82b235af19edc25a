"""Find the phone numbers that a request may dial, and recognise fictional ones."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

#: The only toll-free number that is reserved for fiction.
_TOLL_FREE = "18005550199"
_FICTIONAL = re.compile(r"\+?1([2-9][0-9]{2})55501[0-9]{2}")
#: A value that looks like the address of a telephone, under any key.
_ADDRESS = re.compile(r"\s*(?:\+[0-9 ().-]{6,}|(?:tel|sips?):.*)", re.IGNORECASE | re.DOTALL)
_CALLED, _CALLING = "to_number", "from_number"


def is_fictional(number: str) -> bool:
    """Return whether a phone number is reserved for fiction, so that it rings nobody.

    Ten digits without a country code are not: they may be a number of another country.

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
    """Return whether an area code is geographic, and not toll-free, premium, personal or reserved.

    Source: North American Numbering Plan: codes whose last two digits are equal serve no place, nor do 52X, 88X, 710
    and N9X.
    """
    return area[1] != area[2] and area[1] != "9" and not area.startswith(("52", "88")) and area != "710"


def find_numbers(body: bytes, arguments: Iterable[tuple[str, str]] = ()) -> tuple[str, ...]:
    """Return every phone number that a Create Call request may dial, as written, each once.

    These are the number to call, each time it is given, and every value whose key mentions a number or phone, or that
    looks like the address of a telephone, such as the target of a transfer; the caller's own number is left out. What
    an agent that is given by its id does cannot be seen here.

    Returns:
        Nothing if the number to call cannot be read without doubt.
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
        elif _names_a_number(key) and value is not None and not isinstance(value, bool):
            yield str(value)
        elif isinstance(value, str) and _ADDRESS.fullmatch(value):
            yield value


def _names_a_number(key: str) -> bool:
    folded = key.casefold()
    return "number" in folded or "phone" in folded
