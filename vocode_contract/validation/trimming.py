"""Reduce long arrays and maps to their invalid members, before the errors are listed.

The compiled engine lists all errors of an instance at once, which takes about twenty microseconds each. A small body
can hold a hundred thousand; to ask which members are invalid is a hundred times faster. Keys of maps that look like
numbers are renamed, since that engine reports them as indices.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from vocode_contract.contract.json_types import allows_type, json_type
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Schema
from vocode_contract.validation.json_value import is_vast
from vocode_contract.validation.masking import HIDDEN_KEY

#: Arrays and maps with more members are trimmed.
LONG = 20

#: Objects with more keys are trimmed: the engine copies an object for each error at it.
WIDE = 200

#: Instances with more values are trimmed, wherever they are: the engine copies what surrounds an error too.
LARGE = 2_000

_NUMERIC = frozenset("+0123456789")

#: Whether a value is valid against the schema at a JSON Pointer.
IsValid = Callable[[str, object], bool]


@dataclass(slots=True)
class _Shape:
    """Where a schema has arrays and maps: below which keys, and whether at this place."""

    keys: dict[str, "_Shape"] = field(default_factory=dict)
    members: "_Shape | None" = None

    def __bool__(self) -> bool:
        return bool(self.keys) or self.members is not None

    def add(self, other: "_Shape") -> None:
        """Add the shape of another branch of a union."""
        for key, below in other.keys.items():
            self.keys.setdefault(key, _Shape()).add(below)
        if other.members is not None:
            self.members = self.members or _Shape()
            self.members.add(other.members)


def is_long(contract: Contract, name: str, instance: object) -> bool:
    """Return whether an instance has an array, map or object that must be trimmed, or is large in all."""
    return _exceeds(instance, _shape_of(contract, name)) or is_vast(instance, LARGE)


@cache
def _shape_of(contract: Contract, name: str) -> _Shape:
    return _shape(contract, contract.schemas[name])


def _shape(contract: Contract, schema: Schema, above: tuple[str, ...] = ()) -> _Shape:
    """Return the shape of a schema; a reference back to one above it is cut off."""
    shape = _Shape()
    if "$ref" in schema:
        reference = schema["$ref"]
        return shape if reference in above else _shape(contract, contract.target(reference), (*above, reference))
    for option in schema.get("oneOf") or schema.get("anyOf") or ():
        shape.add(_shape(contract, option, above))
    for key, value in schema.get("properties", {}).items():
        if found := _shape(contract, value, above):
            shape.keys[key] = found
    members = schema.get("items", schema.get("additionalProperties"))
    if isinstance(members, dict):
        shape.members = _shape(contract, members, above)
    return shape


def _exceeds(value: Any, shape: _Shape) -> bool:
    if type(value) is dict:
        if len(value) > WIDE:
            return True
        for key, below in shape.keys.items():
            child = value.get(key)
            if child and _exceeds(child, below):
                return True
    members = shape.members
    if members is None or type(value) not in (list, dict):
        return False
    if len(value) > LONG or (type(value) is dict and _has_numeric_keys(value)):
        return True
    return bool(members) and any(_exceeds(member, members) for member in _members(value))


def _has_numeric_keys(value: dict[str, Any]) -> bool:
    """Return whether jsonschema-rs 0.60 would report a key as an index: ``07`` as 7, ``+7`` too."""
    return any(str(key)[:1] in _NUMERIC for key in value)


def _members(value: Any) -> list[Any]:
    return list(value.values()) if type(value) is dict else value


def _without_depth(value: Any) -> Any:
    """Copy an array or object with null in place of each array and object in it."""
    if type(value) is list:
        return [None if type(item) in (dict, list) else item for item in value]
    return {key: None if type(item) in (dict, list) else item for key, item in value.items()}


class Trimming:
    """Trims one instance to at most `most` invalid members in all.

    Attributes:
        indices: The original indices of the items of each trimmed array, by its `id`.
    """

    def __init__(self, contract: Contract, is_valid: IsValid, most: int) -> None:
        self.indices: dict[int, list[int]] = {}
        self._contract = contract
        self._is_valid = is_valid
        self._left = most

    def trim(self, value: Any, schema: Schema) -> Any:
        """Copy a value, its long arrays and maps reduced to their first invalid members."""
        if type(value) not in (dict, list):
            return value
        if not self._admits(schema, json_type(value)):  # whatever it holds; only its length is reported
            return _without_depth(value)
        found = self._contract.branch(schema, value)
        if found is None:
            return value
        if type(value) is list:
            return self._trim_list(value, found["items"]) if "items" in found else value
        members = found.get("additionalProperties")
        if isinstance(members, dict):
            return self._trim_map(value, members)
        declared = found.get("properties", {})
        closed = members is False
        return {
            key: self.trim(child, declared[key]) if key in declared else None
            for key, child in value.items()
            if closed or key in declared
        }

    def _admits(self, schema: Schema, kind: str) -> bool:
        """Return whether a schema, or a branch of it, admits a JSON type."""
        if "$ref" in schema:
            return self._admits(self._contract.target(schema["$ref"]), kind)
        if options := schema.get("oneOf") or schema.get("anyOf"):
            return any(self._admits(option, kind) for option in options)
        return allows_type(self._contract.types(schema), kind)

    def _trim_list(self, value: list[Any], items: Schema) -> list[Any]:
        if len(value) <= LONG:
            return [self.trim(item, items) for item in value]
        wrong = self._find_invalid(enumerate(value), items)
        trimmed = [self.trim(item, items) for _, item in wrong]
        self.indices[id(trimmed)] = [index for index, _ in wrong]
        return trimmed

    def _trim_map(self, value: dict[str, Any], members: Schema) -> dict[str, Any]:
        kept = value.items() if len(value) <= LONG else self._find_invalid(value.items(), members)
        return {f"{HIDDEN_KEY}{key}": member for key, member in kept}

    def _find_invalid(self, members: Any, schema: Schema) -> list[tuple[Any, Any]]:
        source = self._contract.pointer_to(schema)
        wrong: list[tuple[Any, Any]] = []
        for key, value in members:
            if self._left <= 0:
                break
            if not self._is_valid(source, value):
                wrong.append((key, value))
                self._left -= 1
        return wrong
