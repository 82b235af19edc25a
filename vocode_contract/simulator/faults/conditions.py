"""Conditions: which of the requests that a fault could affect it does affect."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from vocode_contract.contract.json_pointer import resolve
from vocode_contract.contract.model import Contract, dates
from vocode_contract.errors import InvalidOption, did_you_mean
from vocode_contract.http.message import Request
from vocode_contract.simulator.account import State
from vocode_contract.validation.scalars import uuid_of

#: Conditions of a request that take a number, and one that takes none.
_COUNTS = ("nth", "page")
_AGAIN = "again"


class Condition(NamedTuple):
    """One condition, such as ``ended`` or ``page=2``.

    Attributes:
        key: ``nth``, ``page`` or ``again``, or the pointer to a property of the call.
        value: What it must be, as text; a flag must be ``true``.
    """

    key: str
    value: str

    @property
    def is_of_call(self) -> bool:
        """Whether it is about the call, and not about the request."""
        return self.key.startswith("/")


@cache
def parse_condition(text: str) -> Condition:
    """Parse a condition: a status, ``again``, ``nth=N``, ``page=N``, ``FLAG`` or ``PROPERTY=VALUE``.

    Raises:
        InvalidOption: It is none of them.
    """
    statuses = {status for date in dates() for status in Contract.load(date).schema("CallStatus")["enum"]}
    key, equals, value = text.partition("=")
    if text in statuses:
        return Condition("/status", text)
    if text == _AGAIN:
        return Condition(_AGAIN, "")
    if key in _COUNTS and value.isascii() and value.isdecimal() and 0 < len(value) < 10:
        return Condition(key, value)
    from vocode_contract.simulator.faults.places import places

    known = {pointer for date in dates() for pointer in places(Contract.load(date), "get_call")}
    if f"/{key}" in known:
        return Condition(f"/{key}", value if equals else "true")
    words = (*sorted(statuses), _AGAIN, "nth=2", "page=2", *(pointer.removeprefix("/") for pointer in known))
    hint = (
        did_you_mean(text, words) or f"; a condition is {', '.join(words[: len(statuses) + 3])}, or a flag of the call"
    )
    raise InvalidOption("fault", f"there is no condition {text!a}{hint}")


def holds(conditions: tuple[Condition, ...], call: Mapping[str, Any]) -> bool:
    """Return whether the conditions of the call hold; of an unknown call none does."""
    return all(_has(call, condition) for condition in conditions if condition.is_of_call)


def call_ids(request: Request) -> tuple[str, ...]:
    """Return the valid call ids in a query, in order, in lower case with hyphens."""
    ids = (uuid_of(value) for name, value in parse_qsl(request.query) if name == "id")
    return tuple(str(call_id) for call_id in ids if call_id)


def find_call(request: Request, state: State) -> Mapping[str, Any]:
    """Return the call that a request is about, as the account has it; the body of a request that creates one."""
    if ids := call_ids(request):
        return state.call(ids[0]) if ids[0] in state.calls else {}
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def holds_for_request(conditions: tuple[Condition, ...], request: Request, memory: dict[str, Any]) -> bool:
    """Return whether the conditions of the request hold; it counts as one more."""
    query = dict(parse_qsl(request.query))
    count = memory["requests"] = memory.get("requests", 0) + 1
    seen: set[tuple[str, str]] = memory.setdefault("seen queries", set())
    is_again = (request.path, request.query) in seen
    seen.add((request.path, request.query))
    actual = {"nth": str(count), "page": query.get("page", "1"), _AGAIN: "" if is_again else "no"}
    return all(actual[key] == value for key, value in conditions if key in actual)


def _has(call: Mapping[str, Any], condition: Condition) -> bool:
    try:
        value = resolve(call, condition.key)
    except LookupError:
        return False
    word = str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)
    return word == condition.value
