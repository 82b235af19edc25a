"""Walk a JSON value together with the schema that describes it."""

from collections.abc import Iterator
from typing import Any

from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Schema


def walk(contract: Contract, name: str, instance: object) -> Iterator[tuple[str, Schema, Schema, Any]]:
    """Yield each array and object that a schema describes, level by level, the outermost first.

    Undeclared keys and those of free-form maps are data: nothing below them is visited.

    Args:
        contract: The contract that has the schema.
        name: The schema to read the value as.
        instance: A parsed JSON value, which may be invalid.

    Yields:
        JSON Pointer to the array or object, the schema declared there, that schema with references and unions
        resolved, and the array or object itself.
    """
    level: list[tuple[str, Schema, object]] = [("", contract.schemas[name], instance)]
    while level:
        below: list[tuple[str, Schema, object]] = []
        for pointer, declared, value in level:
            schema = contract.branch(declared, value) if isinstance(value, (dict, list)) else None
            if schema is None:
                continue
            yield pointer, declared, schema, value
            if isinstance(value, dict):
                properties = schema.get("properties", {})
                below += [
                    (f"{pointer}/{key}", properties[key], child)
                    for key, child in value.items()
                    if isinstance(child, (dict, list)) and key in properties
                ]
            elif isinstance(value, list) and "items" in schema:
                below += [(f"{pointer}/{index}", schema["items"], item) for index, item in enumerate(value)]
        level = below
