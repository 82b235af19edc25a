"""How common serialisers write a JSON value, to recognise by its bytes who wrote a body."""

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from itertools import permutations
from typing import Any

import orjson

_COMPACT = (",", ":")


def _json_dumps(value: object, **options: Any) -> bytes:
    return json.dumps(value, **options).encode()


#: The serialiser of the provider.
PROVIDER = "Python json.dumps"

SERIALISERS: Mapping[str, Callable[[Any], bytes]] = {
    PROVIDER: _json_dumps,
    "Python json.dumps(separators=(',', ':'))": partial(_json_dumps, separators=_COMPACT),
    "Python json.dumps(ensure_ascii=False)": partial(_json_dumps, ensure_ascii=False),
    "Python json.dumps(separators=(',', ':'), ensure_ascii=False)": partial(
        _json_dumps, separators=_COMPACT, ensure_ascii=False
    ),
    "Python json.dumps(indent=2)": partial(_json_dumps, indent=2),
    "JavaScript JSON.stringify": lambda value: _javascript(value).encode(),
    "orjson.dumps": orjson.dumps,
}

#: Those that sort keys.
SORTING: Mapping[str, Callable[[Any], bytes]] = {
    "Python json.dumps(sort_keys=True)": partial(_json_dumps, sort_keys=True),
    "Python json.dumps(sort_keys=True, separators=(',', ':'))": partial(
        _json_dumps, sort_keys=True, separators=_COMPACT
    ),
    "orjson.dumps(option=OPT_SORT_KEYS)": partial(orjson.dumps, option=orjson.OPT_SORT_KEYS),
}


def writers_of(body: bytes, value: object) -> tuple[str, ...]:
    """Return the names of the serialisers that write a value as exactly this body.

    If several keys are sorted, only serialisers that sort are named, since the provider's order differs.
    """
    if isinstance(value, dict) and len(value) > 1:
        sorting = tuple(name for name, write in SORTING.items() if write(value) == body)
        if sorting:
            return sorting
    return tuple(name for name, write in SERIALISERS.items() if write(value) == body)


def spellings(value: object, *, orders: bool) -> Iterator[bytes]:
    """Yield a value as each serialiser writes it, in the orders of keys that the provider may have used.

    Args:
        value: A JSON value that was read within the limits, so not deep.
        orders: Whether to try all orders of the payload's keys too: up to 1,000 spellings.
    """
    for ordered in (value, *_reorder(value, orders=orders)):
        for write in SERIALISERS.values():
            yield write(ordered)
    for write in SORTING.values():
        yield write(value)


#: Number of keys of a payload up to which all orders are tried: 120 orders.
_MOST_ORDERED = 5


def _reorder(value: object, *, orders: bool) -> Iterator[dict[str, object]]:
    """Yield an action with its keys in the provider's order, and its payload's keys in every order."""
    if not isinstance(value, dict) or value.keys() != {"payload", "call_id"}:
        return
    payload = value["payload"]
    if not orders or not isinstance(payload, dict) or len(payload) > _MOST_ORDERED:
        yield {"payload": payload, "call_id": value["call_id"]}
        return
    for keys in permutations(payload):
        yield {"payload": {key: payload[key] for key in keys}, "call_id": value["call_id"]}


def _javascript(value: Any) -> str:
    """Write a value as JSON.stringify does: it knows one kind of number, and puts index keys first."""
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: _index(member[0]))
        return "{" + ",".join(f"{_javascript(key)}:{_javascript(child)}" for key, child in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_javascript, value)) + "]"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(float(value))
    return json.dumps(value, ensure_ascii=False)


def _index(key: str) -> int:
    """Return the rank of a key: array indices come first, in order; other keys keep their places after them."""
    canonical = key.isascii() and key.isdigit() and len(key) <= 10 and str(int(key)) == key
    return int(key) if canonical and int(key) < 2**32 - 1 else 2**32


def _number(number: float) -> str:
    """Write a number as JavaScript does.

    Source: ECMA-262, Number::toString; the names are its.
    """
    if number == 0:
        return "0"
    _, figures, exponent = Decimal(repr(abs(number))).normalize().as_tuple()
    digits, k = "".join(map(str, figures)), len(figures)
    n = k + int(exponent)
    if k <= n <= 21:
        text = digits + "0" * (n - k)
    elif 0 < n <= 21:
        text = f"{digits[:n]}.{digits[n:]}"
    elif -6 < n <= 0:
        text = "0." + "0" * -n + digits
    else:
        text = f"{digits[0]}{'.' if k > 1 else ''}{digits[1:]}e{n - 1:+d}"
    return f"-{text}" if number < 0 else text
