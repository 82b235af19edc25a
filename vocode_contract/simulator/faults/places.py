"""Places: where a mutation can act, in the bodies of responses and requests, in queries, and in stored calls."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from vocode_contract.contract.json_pointer import tokens_of
from vocode_contract.contract.model import Contract, dates
from vocode_contract.contract.operation import Schema

#: Levels of a body; no schema is deeper.
_DEPTH = 8


class FaultPlace(NamedTuple):
    """One place as the contract declares it; a union counts as all its branches.

    Attributes:
        types: JSON types of its value.
        values: Values of its enumeration; empty if it has none.
        formats: Formats of its strings, such as ``date-time``.
        default: Its default, or None.
    """

    types: frozenset[str]
    values: tuple[Any, ...]
    formats: frozenset[str]
    default: Any


def parse_place(text: str) -> tuple[str, str]:
    """Split a place into its side (empty for the response, else request, query or state) and its pointer."""
    side, slash, rest = text.partition("/")
    return side, slash + rest


@cache
def places(contract: Contract, operation: str, side: str = "") -> Mapping[str, FaultPlace]:
    """Return the places of an operation on one side by their pointers, in which ``*`` stands for every item."""
    how = contract.operations[operation]
    shown = how.responses[200].get("application/json")
    if side == "query":
        return {f"/{parameter.name}": _describe(contract, [parameter.schema]) for parameter in how.parameters}
    name = how.body if side == "request" else shown
    if side == "state" and name != "Call":
        return {}
    return dict(_walk(contract, "", [contract.schema(name)])) if name else {}


def _walk(contract: Contract, pointer: str, schemas: list[Schema]) -> Iterator[tuple[str, FaultPlace]]:
    if pointer.count("/") > _DEPTH:
        return
    below: dict[str, list[Schema]] = {}
    for schema in (branch for one in schemas for branch in _branches(contract, one)):
        for key, child in schema.get("properties", {}).items():
            below.setdefault(key, []).append(child)
        if isinstance(schema.get("items"), dict):
            below.setdefault("*", []).append(schema["items"])
    for key, children in below.items():
        yield f"{pointer}/{key}", _describe(contract, children)
        yield from _walk(contract, f"{pointer}/{key}", children)


def _branches(contract: Contract, schema: Schema) -> Iterator[Schema]:
    """Yield the schemas without reference or union that a schema stands for."""
    if "$ref" in schema:
        yield from _branches(contract, contract.target(schema["$ref"]))
    elif options := schema.get("oneOf") or schema.get("anyOf"):
        for option in options:
            yield from _branches(contract, option)
    else:
        yield schema


def _describe(contract: Contract, schemas: list[Schema]) -> FaultPlace:
    found = [branch for schema in schemas for branch in _branches(contract, schema)]
    enums = [branch.get("enum", [branch["const"]] if "const" in branch else []) for branch in found]
    return FaultPlace(
        types=frozenset(kind for branch in found for kind in contract.types(branch)),
        values=tuple(dict.fromkeys(value for enum in enums for value in enum)),
        formats=frozenset(branch["format"] for branch in found if "format" in branch),
        default=next((schema["default"] for schema in (*schemas, *found) if "default" in schema), None),
    )


@cache
def operations_with(side: str, pointer: str) -> Mapping[str, tuple[str, ...]]:
    """Return the operations that have a place, with the dates of the contracts in which they have it."""
    names = Contract.load().operations
    found = {
        name: tuple(date for date in dates() if pointer in places(Contract.load(date), name, side)) for name in names
    }
    return {name: having for name, having in found.items() if having}


def find_holders(root: Any, pointer: str) -> Iterator[tuple[Any, Any]]:
    """Yield each object or array that has the place, and the key or index of the value in it.

    The last key may be missing from an object; all before it are there.
    """
    *parents, last = tokens_of(pointer)
    level = [root]
    for token in parents:
        level = [value[key] for value in level for key in _keys(value, token)]
    for value in level:
        if last != "*" and isinstance(value, dict):
            yield value, last
        else:
            yield from ((value, key) for key in _keys(value, last))


def _keys(value: Any, token: str) -> list[Any]:
    if isinstance(value, list):
        return list(range(len(value))) if token == "*" else []  # noqa: S105 - no secret
    return [token] if isinstance(value, dict) and token in value else []
