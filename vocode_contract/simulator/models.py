"""Objects in the contract's shape: made from what a client sent, and written as a server sends them."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from vocode_contract.contract import Contract, Schema
from vocode_contract.simulator.clock import date_time
from vocode_contract.simulator.state import State
from vocode_contract.simulator.variants import Variant

_TIMES = frozenset(("start_time", "end_time"))
_NESTED = frozenset((dict, list))
_EXTENDED = ("Call", "NormalizedCall", "Agent")
_EXTRA_KEY = "organization_tier"


def made(state: State, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Make a stored object of a schema, and all the objects in it.

    Every declared property is there, in the contract's order: given, by default, or None. Undeclared
    ones are dropped. Each object that has an id gets a fresh one, and the account as its owner; an id
    in the place of an object stands for the stored object.

    Args:
        state: Gives the ids and keeps the objects.
        name: Name of the schema, such as ``Agent``.
        values: What is given.

    Raises:
        NotStored: An id names nothing that is stored.
    """
    result: dict[str, Any] = _made(state, {"$ref": f"#/components/schemas/{name}"}, values)
    return result


def _made(state: State, schema: Schema, value: Any) -> Any:
    contract = state.contract
    if isinstance(value, str) and "string" not in contract.types(schema):
        return state.thing(_kind(schema), value)
    found = contract.branch(schema, value)
    if found is None or value is None:
        return value
    if isinstance(value, list):
        return [_made(state, found["items"], item) for item in value]
    if not isinstance(value, Mapping) or "properties" not in found:
        return value
    declared = found["properties"]
    given = {**value, "id": state.fresh_id(), "user_id": state.owner} if "user_id" in declared else value
    thing = {key: _made(state, child, given.get(key, _default(child))) for key, child in declared.items()}
    if "user_id" in declared:
        state.keep(_kind(schema), thing)
    return thing


def _default(schema: Schema) -> Any:
    return deepcopy(schema.get("default"))


def _kind(schema: Schema) -> str:
    """Name the kind of a schema by the reference to it, through ``anyOf`` with null."""
    options = (schema, *schema.get("anyOf", ()))
    return next((str(option["$ref"]).rpartition("/")[2] for option in options if "$ref" in option), "")


def sent(contract: Contract, name: str, thing: Mapping[str, Any], variant: Variant) -> dict[str, Any]:
    """Write a stored object as the contract's servers send it.

    Times become what the schema says, objects become their ids where it has ids, and the variant
    decides on nulls and on keys beyond the contract.

    Args:
        contract: The contract.
        name: Name of the schema, such as ``Call``.
        thing: An object that `made` made.
        variant: How this server differs from others.
    """
    result: dict[str, Any] = _Writing(contract, variant).of({"$ref": f"#/components/schemas/{name}"}, thing)
    return result


class _Writing:
    """The writing of one object under one variant."""

    def __init__(self, contract: Contract, variant: Variant) -> None:
        self.contract = contract
        self.variant = variant

    def of(self, schema: Schema, value: Any) -> Any:
        if isinstance(value, dict):
            return self._object(schema, value)
        if isinstance(value, list):
            items = (self.contract.branch(schema, value) or {}).get("items", {})
            return [self.of(items, item) for item in value]
        return value

    def _object(self, schema: Schema, value: dict[str, Any]) -> Any:
        if "id" in value and "$ref" not in schema and "string" in self.contract.types(schema):
            return value["id"]
        found = self.contract.branch(schema, value) or {}
        if "properties" not in found:
            return dict(value)
        declared, required = found["properties"], found.get("required", ())
        written = {
            key: self.of(declared[key], child) if type(child) in _NESTED else child
            for key, child in value.items()
            if child is not None or self.variant.nulls or key in required
        }
        for key in _TIMES.intersection(written):
            written[key] = self._time(declared[key], written[key])
        if self.variant.extra_keys and _kind(schema) in _EXTENDED:
            written[_EXTRA_KEY] = "standard"
        return written

    def _time(self, schema: Schema, seconds: float | None) -> Any:
        if seconds is None or "number" in self.contract.types(schema):
            return seconds
        return date_time(seconds, self.variant.offset)
