"""Serialize objects as a server sends them, with a cache of their JSON."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Schema
from vocode_contract.simulator.lifecycle.clock import date_time
from vocode_contract.simulator.variants import Variant

#: Objects in the cache.
_REMEMBERED = 256

_TIMES = frozenset(("start_time", "end_time"))
_NESTED = frozenset((dict, list))
_EXTENDED = ("Call", "NormalizedCall", "Agent")
_EXTRA_KEY = "organization_tier"


class _Entry(NamedTuple):
    """An object when it was last serialized, the variant, and the JSON."""

    thing: Mapping[str, Any]
    variant: Variant
    json: bytes


class SerializationCache:
    """The JSON of the objects of one account; not safe to share between threads.

    An object is serialized again as soon as one of its values has changed. Nested objects, such as agents, never change
    after their creation.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._last: dict[tuple[str, str], _Entry] = {}

    def json(self, name: str, thing: Mapping[str, Any], variant: Variant) -> bytes:
        """Return the JSON of a stored object, which has an id; see `serialize`."""
        key = (name, thing["id"])
        last = self._last.get(key)
        if last is None or last.variant != variant or last.thing != thing:
            content = orjson.dumps(serialize(self._contract, name, thing, variant))
            last = _Entry(dict(thing), variant, content)
            self._last[key] = last
            if len(self._last) > _REMEMBERED:
                del self._last[next(iter(self._last))]
        return last.json


def serialize(contract: Contract, name: str, thing: Mapping[str, Any], variant: Variant) -> dict[str, Any]:
    """Return a stored object as the contract's servers send it.

    The schema, such as ``Call``, determines the form of times and whether a nested object is replaced by its id; the
    variant determines nulls and additional keys.
    """
    result: dict[str, Any] = _Serializer(contract, variant).serialize({"$ref": f"#/components/schemas/{name}"}, thing)
    return result


class _Serializer(NamedTuple):
    contract: Contract
    variant: Variant

    def serialize(self, schema: Schema, value: Any) -> Any:
        if isinstance(value, dict):
            return self._object(schema, value)
        if isinstance(value, list):
            items = (self.contract.branch(schema, value) or {}).get("items", {})
            return [self.serialize(items, item) for item in value]
        return value

    def _object(self, schema: Schema, value: dict[str, Any]) -> Any:
        if "id" in value and "$ref" not in schema and "string" in self.contract.types(schema):
            return value["id"]
        found = self.contract.branch(schema, value) or {}
        if "properties" not in found:
            return dict(value)
        declared, required = found["properties"], found.get("required", ())
        written = {
            key: self.serialize(declared[key], child) if type(child) in _NESTED else child
            for key, child in value.items()
            if key in declared and (child is not None or self.variant.nulls or key in required)
        }
        for key in _TIMES.intersection(written):
            if written[key] is not None and "number" not in self.contract.types(declared[key]):
                written[key] = date_time(written[key], self.variant.offset)
        if self.variant.extra_keys and kind_of(schema) in _EXTENDED:
            written[_EXTRA_KEY] = "standard"
        return written


def kind_of(schema: Schema) -> str:
    """Return the name of the schema that a reference names, directly or in an ``anyOf`` with null."""
    options = (schema, *schema.get("anyOf", ()))
    return next((str(option["$ref"]).rpartition("/")[2] for option in options if "$ref" in option), "")
