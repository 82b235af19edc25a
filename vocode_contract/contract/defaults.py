"""What the contract says of keys that are left out: a payload with its defaults filled in."""

from copy import deepcopy
from typing import Any

from vocode_contract.contract.model import Contract, Schema


def with_defaults(instance: Any, name: str = "Call", *, contract: str | None = None) -> Any:
    """Copy a payload with each absent property filled in that has a documented default.

    Unions are followed by their discriminator; where a value fits no branch, it stays as it is. A
    null that is sent is a value and stays null. What needs no default is shared with the input,
    which stays untouched.

    Args:
        instance: A parsed JSON value; wrong ones come back unchanged.
        name: The schema to read it as.
        contract: A date; the default contract without.

    Raises:
        ContractError: There is no such contract or schema.
    """
    chosen = Contract.load(contract)
    return _filled(chosen, chosen.schema(name), instance)


def _filled(contract: Contract, schema: Schema, value: Any) -> Any:
    """Descend where the schema has properties or items, so no deeper than the contract nests."""
    found = contract.branch(schema, value)
    if found is None:
        return value
    if isinstance(value, list) and "items" in found:
        return _unless_same(value, [_filled(contract, found["items"], item) for item in value])
    if isinstance(value, dict) and "properties" in found:
        return _object_filled(contract, found, value)
    return value


def _object_filled(contract: Contract, schema: Schema, value: dict[str, Any]) -> dict[str, Any]:
    declared = schema["properties"]
    absent = {
        key: _filled(contract, below, deepcopy(below["default"]))
        for key, below in declared.items()
        if "default" in below and key not in value
    }
    present = {
        key: _filled(contract, declared[key], child) if key in declared else child for key, child in value.items()
    }
    same = not absent and all(present[key] is child for key, child in value.items())
    return value if same else present | absent


def _unless_same(items: list[Any], filled: list[Any]) -> list[Any]:
    return items if all(new is old for new, old in zip(filled, items, strict=True)) else filled
