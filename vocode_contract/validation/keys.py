"""Check keys that the contract does not declare, and keys that a policy requires."""

from collections.abc import Iterator, Mapping

from vocode_contract.contract import json_pointer
from vocode_contract.contract.model import Contract, Schema
from vocode_contract.contract.since import key_since
from vocode_contract.validation.masking import shown_key
from vocode_contract.validation.violation import Violation


def unknown_keys(contract: Contract, name: str, instance: object) -> Iterator[Violation]:
    """Yield a violation for each undeclared key, outermost first; what lies below one is not looked at.

    Keys of free-form maps are data and none of them is undeclared.

    Args:
        contract: The contract to check against.
        name: The schema the instance is checked as.
        instance: A parsed JSON value.
    """
    level: list[tuple[str, Schema, object]] = [("", contract.schemas[name], instance)]
    while level:
        below: list[tuple[str, Schema, object]] = []
        for place, schema, value in level:
            found = contract.branch(schema, value)
            if found is None:
                continue
            if isinstance(value, list) and "items" in found:
                below += [(f"{place}/{index}", found["items"], item) for index, item in enumerate(value)]
            elif isinstance(value, dict) and "properties" in found:
                declared = found["properties"]
                yield from (_unknown(contract, place, found, key) for key in value if key not in declared)
                below += [(f"{place}/{key}", declared[key], child) for key, child in value.items() if key in declared]
        level = below


def _unknown(contract: Contract, place: str, schema: Schema, key: str) -> Violation:
    source = contract.pointer_to(schema)
    return Violation(
        instance_pointer=f"{place}/{json_pointer.escape(shown_key(key))}",
        code="unknown-key",
        expected="a declared key",
        actual="another key",
        schema_pointer=f"{source}/properties",
        contract=contract.date,
        note=key_since(contract.date, source, key),
    )


def absent_keys(contract: Contract, name: str, value: object) -> Iterator[Violation]:
    """Yield a violation for each key with a default that is absent."""
    level: list[tuple[str, object, object]] = [("", contract.schemas[name], value)]
    while level:
        below: list[tuple[str, object, object]] = []
        for place, schema, instance in level:
            found = contract.branch(schema, instance) if isinstance(schema, dict) else None
            if found is None:
                continue
            if isinstance(instance, list):
                below += [(f"{place}/{index}", found.get("items"), item) for index, item in enumerate(instance)]
            elif isinstance(instance, dict):
                declared = found.get("properties", {})
                lacking = [key for key in declared if "default" in declared[key] and key not in instance]
                yield from (_lacking(contract, f"{place}/{json_pointer.escape(key)}", declared[key]) for key in lacking)
                below += [(f"{place}/{key}", declared[key], instance[key]) for key in declared if key in instance]
        level = below


def _lacking(contract: Contract, place: str, schema: Mapping[str, object]) -> Violation:
    return Violation(
        instance_pointer=place,
        code="default-missing",
        expected="a value",
        actual="nothing",
        schema_pointer=contract.pointer_to(schema),
        contract=contract.date,
        policy="missing-keys=forbid",
    )
