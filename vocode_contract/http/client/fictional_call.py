"""The Create Call request that rings nobody, and the mark that tells the calls it created from others."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from vocode_contract.contract.minimal_values import follow, usual_value
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Schema
from vocode_contract.http.client.created_calls import MARK

#: Rings nobody, since both numbers are set aside for fiction, and has the fewest keys that a request can have.
REQUEST: Mapping[str, Any] = {
    "from_number": "12025550123",
    "to_number": "12025550145",
    "agent": {"prompt": {"content": "Say that this is a test, and say goodbye."}},
}
_MESSAGE = 'Grüße & "这是" <测试>.'  # no server may mangle what is not ASCII, or what has a meaning in HTML

#: A voice that every contract knows.
VOICE: Mapping[str, Any] = {"type": "voice_azure", "voice_name": "en-US-SteffanNeural", "pitch": 5, "rate": 10}

#: Stands in the context beside the mark.
CONTEXT: Mapping[str, str] = {"occasion": "Prüfung 测试", "order": "007"}
_MARK = re.compile("[0-9a-f]{32}")
_WORD = re.compile("[a-z_]{1,40}")

#: Keys of the two numbers.
NUMBERS = ("from_number", "to_number")

#: Place in a request: a key of it, or ``agent`` and a key of the agent.
Place = tuple[str, ...]


@cache
def request_options(contract: Contract) -> Mapping[Place, tuple[object, ...]]:
    """Return the booleans, enums and numbers that a Create Call request may set, each with its values."""
    return {place: values for place, schema in request_places(contract) if (values := _values(contract, schema))}


def request_places(contract: Contract) -> Iterator[tuple[Place, Schema]]:
    """Yield every key of a Create Call request and of the agent in it, with its schema."""
    for above, schema in _request_objects(contract):
        for key, child in schema.get("properties", {}).items():
            yield (*above, key), child


def _request_objects(contract: Contract) -> tuple[tuple[Place, Schema], ...]:
    """Return the schemas of a Create Call request and of the agent in it, each with its place."""
    create = contract.operations.get("create_call")
    request = follow(contract, contract.schemas[create.body]) if create and create.body else {}
    agent = contract.branch(request.get("properties", {}).get("agent", {}), {}) or {}
    return ((), request), (("agent",), agent)


def fill_request(contract: Contract, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request with what the contract, one of the user's own, requires in addition."""
    filled = {**request, "agent": {**request["agent"]}}
    for above, schema in _request_objects(contract):
        members = filled["agent"] if above else filled
        for key in schema.get("required", ()):
            if key not in members:
                members[key] = usual_value(contract, schema.get("properties", {}).get(key, {}))
    return filled


def _values(contract: Contract, schema: Schema) -> tuple[object, ...]:
    found = contract.branch(schema, "") or schema
    if "boolean" in contract.types(schema):
        return (True, False)
    if isinstance(default := schema.get("default"), float):
        return (default, default + 0.5)
    return tuple(value for value in found.get("enum", ()) if value is not None)


def vary_request(contract: Contract, turn: int) -> dict[str, Any]:
    """Return a request whose options depend on a number: three in a row take both values of every option that has two.

    Neighbouring options change at different rates, so that a server that confuses them is found.
    """
    request = fill_request(contract, {**REQUEST, "agent": {**REQUEST["agent"], "initial_message": _MESSAGE}})
    for index, (place, values) in enumerate(request_options(contract).items()):
        rate = index % 2 if len(values) == 2 else 0
        above = request["agent"] if place[0] == "agent" else request
        above[place[-1]] = values[((turn >> rate) + index // 2) % len(values)]
    if turn % 2:
        request["agent"]["voice"] = VOICE
    return request


def expected_options(contract: Contract, request: Mapping[str, Any]) -> Iterator[tuple[Place, object]]:
    """Yield what the call of a request must show: the options that it sets, and the contract's defaults of the others.

    A default is left out if a comment in the schema says that documents disagree about it.
    """
    for place, schema in request_places(contract):
        *above, key = place
        members = request["agent"] if above else request
        if key in NUMBERS:
            continue  # servers write numbers in several ways
        if key in members and not isinstance(members[key], (dict, list)):
            yield place, members[key]
        elif (
            key not in members
            and isinstance(schema.get("default"), (str, bool, int, float))
            and "$comment" not in schema
        ):
            yield place, schema["default"]


def default_option(contract: Contract, place: Place) -> object:
    """Return the contract's default of a boolean, enum or number of a request; None if it has none."""
    return next((schema.get("default") for known, schema in request_places(contract) if known == place), None)


def is_own(request: object) -> bool:
    """Return whether a request to create a call is one that the suite made up, whatever its phone numbers."""
    if not isinstance(request, dict) or not isinstance(request.get("agent"), dict):
        return False
    mark, numbers = mark_of(request), {key: request.get(key) for key in NUMBERS}
    always = {"initial_message": _MESSAGE, "voice": VOICE}
    agent = {**always, **_without_options(request["agent"])}
    own = {**REQUEST, "agent": {**REQUEST["agent"], **always}, "context": {**CONTEXT, MARK: mark}}
    is_same = {**_without_options(request), "agent": agent} == {**own, **numbers}
    return is_same and all(isinstance(number, str) for number in numbers.values()) and bool(_MARK.fullmatch(mark))


def _without_options(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that are no boolean, no number and no word of an enum, so that they may be a user's."""
    return {
        key: value
        for key, value in members.items()
        if not isinstance(value, (bool, float)) and not (isinstance(value, str) and _WORD.fullmatch(value))
    }


def mark_of(call: Mapping[str, Any]) -> str:
    """Return the mark in the context of a call; empty if there is none."""
    context = call.get("context")
    mark = context.get(MARK) if isinstance(context, dict) else None
    return mark if isinstance(mark, str) else ""


def is_marked(call: Mapping[str, Any], mark: str | None = None) -> bool:
    """Return whether a call was asked for by this suite, or by one request of it."""
    found = mark_of(call)
    return bool(found) if mark is None else found == mark
