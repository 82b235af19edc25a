"""Objects in the contract's shape, made from what a client sent."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from vocode_contract.contract.model import Schema
from vocode_contract.simulator.state import State
from vocode_contract.simulator.written import kind_of


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
        return state.thing(kind_of(schema), value)
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
        state.keep(kind_of(schema), thing)
    return thing


def _default(schema: Schema) -> Any:
    return deepcopy(schema.get("default"))
