"""Fit values to the schemas of a contract of a user's own: add what it requires, and replace what it forbids."""

from typing import Any

from vocode_contract.contract.json_types import allows_type, json_type
from vocode_contract.contract.minimal_values import is_allowed, usual_value
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Schema
from vocode_contract.contract.profile import may_be_null_on_wire


def fit(contract: Contract, name: str, value: Any, *, drops_undeclared: bool = False) -> Any:
    """Return a JSON value with what a schema requires, and without what it does not allow.

    Args:
        contract: The contract that has the schema.
        name: Name of the schema.
        value: A value of the kind that the shipped contracts have.
        drops_undeclared: Whether to leave out keys that an open object does not declare.
    """
    return _Fitter(contract, drops_undeclared=drops_undeclared).fit({"$ref": f"#/components/schemas/{name}"}, value)


class _Fitter:
    """Fits values to the schemas of one contract."""

    def __init__(self, contract: Contract, *, drops_undeclared: bool) -> None:
        self.contract = contract
        self.drops_undeclared = drops_undeclared

    def fit(self, schema: Schema, value: Any) -> Any:
        """Return a value, with what its schema does not allow replaced."""
        found = self.contract.branch(schema, value)
        if found is None and "discriminator" in schema and isinstance(value, dict):
            return value  # another kind of object would be another thing
        if found is None or not allows_type(self.contract.types(found), json_type(value)):
            return value if value is None and "null" in self.contract.types(schema) else self.make(schema)
        if isinstance(value, dict):
            return self._fit_object(found, value)
        if isinstance(value, list):
            items = [self.fit(found.get("items", {}), item) for item in value]
            short = found.get("minItems", 0) - len(items)
            return [*items, *(self.make(found["items"]) for _ in range(short))][: found.get("maxItems")]
        return value if is_allowed(found, value) else self.make(found)

    def _fit_object(self, schema: Schema, value: dict[str, Any]) -> dict[str, Any]:
        declared, required = schema.get("properties"), schema.get("required", ())
        members = schema.get("additionalProperties", True)
        if declared is None:
            return (
                {key: self.fit(members, child) for key, child in value.items()} if isinstance(members, dict) else value
            )
        fitted: dict[str, Any] = {}
        for key, child in value.items():
            if key not in declared:
                if members is not False and not self.drops_undeclared:
                    fitted[key] = child
            elif child is not None or key in required:
                fitted[key] = self.fit(declared[key], child)
            elif may_be_null_on_wire(schema, key) or "null" in self.contract.types(declared[key]):
                fitted[key] = None
        return fitted | {key: self.make(declared.get(key, {})) for key in required if key not in fitted}

    def make(self, schema: Schema) -> Any:
        """Return a value for a place where there is none."""
        return usual_value(self.contract, schema)
