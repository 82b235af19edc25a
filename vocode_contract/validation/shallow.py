"""Accept the usual payloads by a schema that bounds their depth, so that nobody has to measure it.

A schema of a contract accepts anything in undeclared keys and in free objects. The schemas made here accept a few
levels of arrays and objects there. Then no value that they accept is deeper than the schema itself, which is measured
once. What they refuse may be valid all the same, and has to be looked at by other means.
"""

import math
from collections.abc import Callable, Mapping
from functools import cache

from vocode_contract.contract.documents import COMPONENTS
from vocode_contract.contract.json_types import json_type
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Schema
from vocode_contract.contract.profile import schema_under_profile
from vocode_contract.validation.engine import best_engine
from vocode_contract.validation.json_value import is_deeper_than

_CONTAINERS = frozenset(("object", "array"))
#: Levels of arrays and objects that are accepted where the contract says nothing; a JSON Schema there has about five.
_FREE_LEVELS = 8
_FREE = [{"$ref": f"#/$defs/free-{levels}"} for levels in range(_FREE_LEVELS + 1)]
_DEFINITIONS: Mapping[str, Schema] = {
    "free-0": {"type": ["string", "number", "boolean", "null"]},
    **{
        f"free-{levels}": {"additionalProperties": _FREE[levels - 1], "items": _FREE[levels - 1]}
        for levels in range(1, _FREE_LEVELS + 1)
    },
}


@cache
def accept_shallow(contract: Contract, name: str, depth: int, *, is_closed: bool) -> Callable[[object], bool]:
    """Return a function that accepts only values that are valid and nest no deeper than some levels.

    It may raise ValueError for a value that JSON cannot hold.

    Args:
        contract: The date and profile.
        name: A schema of the contract.
        depth: Levels of arrays and objects, inclusive.
        is_closed: Whether undeclared keys are forbidden.
    """
    schema = schema_under_profile(contract, COMPONENTS + name, is_closed=is_closed)
    shallow = _Shallow(schema["components"]["schemas"])
    if shallow.measure(schema["$ref"]) > depth:
        is_valid = best_engine(schema).is_valid
        return lambda value: not is_deeper_than(value, depth) and is_valid(value)
    return best_engine({**schema, "components": {"schemas": shallow.schemas}, "$defs": _DEFINITIONS}).is_valid


class _Shallow:
    """Rewrites the schemas that `profile` makes, and measures the deepest value that each accepts."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self.schemas: dict[str, Schema] = {}
        self._originals = schemas
        self._depths: dict[str, float] = {}

    def measure(self, reference: str) -> float:
        """Return the levels of the deepest value that is accepted; infinity for a schema that contains itself."""
        name = reference.removeprefix("#" + COMPONENTS)
        if name not in self._depths:
            self._depths[name] = math.inf  # for references to it from within
            self.schemas[name], self._depths[name] = self._rewrite(self._originals[name])
        return self._depths[name]

    def _rewrite(self, schema: Schema) -> tuple[Schema, float]:
        """Return a schema that accepts no more than another one, and its depth."""
        if "$ref" in schema:
            return schema, self.measure(schema["$ref"])
        if "anyOf" in schema:
            branches, depths = zip(*map(self._rewrite, schema["anyOf"]), strict=True)
            return {**schema, "anyOf": list(branches)}, max(depths)
        if "if" in schema:
            return self._rewrite_choice(schema)
        return self._rewrite_plain(schema)

    def _rewrite_choice(self, schema: Schema) -> tuple[Schema, float]:
        then, depth = self._rewrite(schema.get("then", {}))
        is_last = schema["if"].keys() == {"type"} and not (_kinds(schema) - _kinds(schema["if"])) & _CONTAINERS
        if is_last and "else" not in schema:
            return {**schema, "then": then}, depth
        otherwise, other = self._rewrite(schema.get("else", {}))
        return {**schema, "then": then, "else": otherwise}, max(depth, other)

    def _rewrite_plain(self, schema: Schema) -> tuple[Schema, float]:
        kinds, depths = _kinds(schema), [0.0]
        rewritten = dict(schema)
        for kind, keyword in (("object", "additionalProperties"), ("array", "items")):
            if kind in kinds and keyword not in schema:
                rewritten[keyword] = _FREE[-1]
                depths.append(1 + _FREE_LEVELS)
            elif kind in kinds and schema[keyword] is not False:
                rewritten[keyword], depth = self._rewrite(schema[keyword])
                depths.append(1 + depth)
        if "object" in kinds:
            members = {key: self._rewrite(member) for key, member in schema.get("properties", {}).items()}
            rewritten["properties"] = {key: member for key, (member, _) in members.items()}
            depths += [1, *(1 + depth for _, depth in members.values())]
        if "enum" in schema and all(json_type(value) in kinds for value in schema["enum"]):
            rewritten.pop("type", None)  # it says nothing more, and takes time
        return rewritten, max(depths)


def _kinds(schema: Schema) -> frozenset[str]:
    """Return the JSON types that a schema allows, of those that matter for its depth."""
    kinds = schema.get("type", _CONTAINERS)
    return frozenset((kinds,) if isinstance(kinds, str) else kinds)
