"""Fill in the documented defaults of absent properties."""

from copy import deepcopy
from typing import Any

from vocode_contract.contract.model import Contract, resolve_contract
from vocode_contract.contract.operation import Schema


def with_defaults(instance: Any, name: str = "Call", *, contract: str | Contract | None = None) -> Any:
    """Copy a payload, adding each absent property that has a documented default.

    A null in the payload is a value and stays null. A value that matches no branch of a union is returned unchanged.
    The input is not changed; parts without missing defaults are shared with it.

    Args:
        instance: A parsed JSON value; invalid ones are returned unchanged.
        name: The schema to read it as.
        contract: A date, or a `Contract`; by default the default contract.

    Raises:
        ContractError: There is no such contract or schema.
    """
    chosen = resolve_contract(contract)
    return _fill(chosen, chosen.schema(name), instance)


def _fill(contract: Contract, schema: Schema, value: Any) -> Any:
    """Fill in a value; the schema bounds the depth."""
    found = contract.branch(schema, value)
    if found is None:
        return value
    if isinstance(value, list) and "items" in found:
        return _original_if_same(value, [_fill(contract, found["items"], item) for item in value])
    if isinstance(value, dict) and "properties" in found:
        return _fill_object(contract, found, value)
    return value


def _fill_object(contract: Contract, schema: Schema, value: dict[str, Any]) -> dict[str, Any]:
    declared = schema["properties"]
    absent = {
        key: _fill(contract, below, deepcopy(below["default"]))
        for key, below in declared.items()
        if "default" in below and key not in value
    }
    present = {key: _fill(contract, declared[key], child) if key in declared else child for key, child in value.items()}
    same = not absent and all(present[key] is child for key, child in value.items())
    return value if same else present | absent


def _original_if_same(items: list[Any], filled: list[Any]) -> list[Any]:
    return items if all(new is old for new, old in zip(filled, items, strict=True)) else filled
