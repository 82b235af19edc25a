"""Check keys that the contract does not declare, and keys that a policy requires."""

from collections.abc import Iterator

from vocode_contract.contract import json_pointer
from vocode_contract.contract.model import Contract
from vocode_contract.contract.since import key_since
from vocode_contract.contract.walk import walk
from vocode_contract.validation.masking import shown_key
from vocode_contract.validation.violation import Violation


def unknown_keys(contract: Contract, name: str, instance: object) -> Iterator[Violation]:
    """Yield a violation for each undeclared key, the outermost first; keys of free-form maps are data."""
    for pointer, _, schema, value in walk(contract, name, instance):
        if not isinstance(value, dict) or "properties" not in schema or schema.get("additionalProperties"):
            continue
        source = contract.pointer_to(schema)
        for key in value:
            if key not in schema["properties"]:
                yield Violation(
                    instance_pointer=f"{pointer}/{json_pointer.escape(shown_key(key))}",
                    code="unknown-key",
                    expected="a declared key",
                    actual="another key",
                    schema_pointer=f"{source}/properties",
                    contract=contract.date,
                    note=key_since(contract.date, source, key),
                )


def absent_keys(contract: Contract, name: str, instance: object) -> Iterator[Violation]:
    """Yield a violation for each absent key that has a default."""
    for pointer, _, schema, value in walk(contract, name, instance):
        for key, declared in schema.get("properties", {}).items() if isinstance(value, dict) else ():
            if "default" in declared and key not in value:
                yield Violation(
                    instance_pointer=f"{pointer}/{json_pointer.escape(key)}",
                    code="default-missing",
                    expected="a value",
                    actual="nothing",
                    schema_pointer=contract.pointer_to(declared),
                    contract=contract.date,
                    policy="missing-keys=forbid",
                )
