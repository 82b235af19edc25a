"""Build a small set of payloads that exercises every part of a schema."""

from typing import Any

from vocode_contract.contract.coverage import Part, below, cases, optional_keys, own_parts, parts_in, parts_of, states
from vocode_contract.contract.minimal_values import fit_value
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Schema

#: Items in one array, at most, so that a payload stays readable.
_MOST_ITEMS = 12

_LEAVES: dict[str, Any] = {"boolean": True, "integer": 1, "number": 1.0, "string": "text", "null": None}
_FORMATS = {"uuid": "3c90c3cc-0d44-4b50-8888-8dd25736052a", "date-time": "2023-11-07T05:31:56Z"}


def covering_set(contract: Contract, name: str = "Call") -> tuple[Any, ...]:
    """Build payloads that together exercise every part of a schema that a payload can.

    The set is built greedily: each payload holds as many missing parts as it can, so the set is small, but not always
    the smallest. All payloads are valid, all objects in one have the same owner, and the same arguments give the same
    payloads.

    Raises:
        UnknownSchema: The contract has no schema of that name.
    """
    missing = set(parts_of(contract, name))
    payloads: list[Any] = []
    while missing:
        payload = _set_owner(_Builder(contract, set(missing)).build(contract.schema(name)), None)
        touched = missing.intersection(parts_in(contract, name, payload))
        if not touched:
            break
        missing -= touched
        payloads.append(payload)
    return tuple(payloads)


def _set_owner(value: Any, owner: str | None) -> Any:
    """Copy a payload, giving every object in it the outermost owner."""
    if isinstance(value, list):
        return [_set_owner(item, owner) for item in value]
    if not isinstance(value, dict):
        return value
    owner = owner or value.get("user_id")
    return {key: owner if key == "user_id" and owner else _set_owner(child, owner) for key, child in value.items()}


class _Builder:
    """Builds one payload for the parts that are still missing."""

    def __init__(self, contract: Contract, missing: set[Part]) -> None:
        self._contract = contract
        self._missing = missing
        self._parts: dict[int, frozenset[Part]] = {}
        self._above: list[str] = []  # the references that are being built

    def build(self, schema: Schema, hint: Any = None) -> Any:
        """Build a value; a `hint` is the value that an example has in its place."""
        if "$ref" in schema:
            self._above.append(schema["$ref"])
            try:
                return self.build(self._contract.target(schema["$ref"]), hint)
            finally:
                self._above.pop()
        if "oneOf" in schema or "anyOf" in schema:
            return self._branch(schema, hint)
        kind = (*self._contract.types(schema), "object")[0]
        if kind == "object":
            return self._object(schema, hint)
        if kind == "array":
            return self._array(schema)
        return self._leaf(schema, kind, hint)

    def _count_wanted(self, schema: Schema) -> int:
        """Count the missing parts that a value of a schema could exercise."""
        return len(self._reachable(schema) & self._missing)

    def _reachable(self, schema: Schema) -> frozenset[Part]:
        if "$ref" in schema:
            return parts_of(self._contract, schema["$ref"].rpartition("/")[2])
        parts = self._parts.get(id(schema))
        if parts is None:
            deeper = (self._reachable(child) for child in below(self._contract, schema))
            parts = self._parts[id(schema)] = frozenset(own_parts(self._contract, schema)).union(*deeper)
        return parts

    def _branch(self, schema: Schema, hint: Any) -> Any:
        place = self._contract.pointer_to(schema)
        if "discriminator" in schema:
            mapping = schema["discriminator"]["mapping"]
            tag = max(mapping, key=lambda tag: self._worth(Part(place, "branch", tag), {"$ref": mapping[tag]}))
            self._missing.discard(Part(place, "branch", tag))
            built = self.build({"$ref": mapping[tag]}, hint)
            return built | {schema["discriminator"]["propertyName"]: tag}
        branches: list[Schema] = schema.get("oneOf") or schema["anyOf"]
        options = {case: branch for branch in branches for case in cases(self._contract, {"anyOf": [branch]})}
        case = max(options, key=lambda case: self._worth(Part(place, "branch", case), options[case]))
        self._missing.discard(Part(place, "branch", case))
        return self.build(options[case])

    def _worth(self, part: Part, schema: Schema) -> int:
        return (part in self._missing) + self._count_wanted(schema)

    def _object(self, schema: Schema, hint: Any) -> dict[str, Any]:
        example = hint if isinstance(hint, dict) else (schema.get("examples") or [{}])[0]
        if isinstance(schema.get("additionalProperties"), dict):
            return dict(example) or {"key": self.build(schema["additionalProperties"])}
        built: dict[str, Any] = {}
        optional = optional_keys(self._contract, schema)
        for key, value in schema.get("properties", {}).items():
            state = self._state(schema, key) if key in optional else "present"
            if state == "present":
                built[key] = self.build(value, example.get(key))
            elif state == "null":
                built[key] = None
        return built

    def _state(self, schema: Schema, key: str) -> str:
        value = schema["properties"][key]
        place = self._contract.pointer_to(value)
        if self._is_repeated(value):
            return "absent"
        if self._count_wanted(value):
            state = "present"
        else:
            possible = states(self._contract, schema, key)
            wanted = [state for state in reversed(possible) if Part(place, "property", state) in self._missing]
            state = wanted[0] if wanted else "present"
        self._missing.discard(Part(place, "property", state))
        return state

    def _is_repeated(self, schema: Schema) -> bool:
        """Return whether a schema contains itself here once more than it has to."""
        options = (schema, *schema.get("oneOf", ()), *schema.get("anyOf", ()))
        return any(self._above.count(option.get("$ref", "")) > 1 for option in options)

    def _array(self, schema: Schema) -> list[Any]:
        place = self._contract.pointer_to(schema)
        if self._is_repeated(schema["items"]):
            return []
        empty, some = Part(place, "array", "empty"), Part(place, "array", "some")
        if empty in self._missing and some not in self._missing and not self._count_wanted(schema["items"]):
            self._missing.discard(empty)
            return []
        self._missing.discard(some)
        items = [self.build(schema["items"])]
        while self._count_wanted(schema["items"]) and len(items) < _MOST_ITEMS:
            items.append(self.build(schema["items"]))
        return items

    def _leaf(self, schema: Schema, kind: str, hint: Any) -> Any:
        values = [value for value in schema.get("enum", ()) if value is not None]
        if values:
            place = self._contract.pointer_to(schema)
            value = next((value for value in values if Part(place, "value", value) in self._missing), values[0])
            self._missing.discard(Part(place, "value", value))
            return value
        if "const" in schema:
            return schema["const"]
        if hint is not None and not isinstance(hint, (dict, list)):
            return hint
        return fit_value(schema, _FORMATS.get(schema.get("format", ""), _LEAVES[kind]))
