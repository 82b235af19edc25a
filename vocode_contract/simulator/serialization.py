"""Objects as a server sends them, written anew only where something has changed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from vocode_contract.contract.model import Contract, Schema
from vocode_contract.simulator.lifecycle.clock import date_time
from vocode_contract.simulator.variants import Variant

#: How many objects are remembered as they were written.
_REMEMBERED = 256

_TIMES = frozenset(("start_time", "end_time"))
_NESTED = frozenset((dict, list))
_EXTENDED = ("Call", "NormalizedCall", "Agent")
_EXTRA_KEY = "organization_tier"


class _Last(NamedTuple):
    """What an object was when it was last written, by which variant, and the JSON of it."""

    thing: Mapping[str, Any]
    variant: Variant
    json: bytes


class Written:
    """The objects of one account as they were last written; not safe to share between threads.

    An object is written again as soon as one of its values is another. The objects in those values,
    such as agents, never change once they are made.
    """

    def __init__(self, contract: Contract) -> None:
        """Remember nothing.

        Args:
            contract: The one that all objects are modelled on.
        """
        self._contract = contract
        self._last: dict[tuple[str, str], _Last] = {}

    def json(self, name: str, thing: Mapping[str, Any], variant: Variant) -> bytes:
        """Write a stored object as `sent` does, as JSON.

        Args:
            name: Name of the schema, such as ``Call``.
            thing: The object, which has an id.
            variant: How this server differs from others.
        """
        key = (name, thing["id"])
        last = self._last.get(key)
        if last is None or last.variant != variant or last.thing != thing:
            content = orjson.dumps(sent(self._contract, name, thing, variant))
            last = _Last(dict(thing), variant, content)
            self._last[key] = last
            if len(self._last) > _REMEMBERED:
                del self._last[next(iter(self._last))]
        return last.json


def sent(contract: Contract, name: str, thing: Mapping[str, Any], variant: Variant) -> dict[str, Any]:
    """Write a stored object as the contract's servers send it.

    Times become what the schema says, objects become their ids where it has ids, and the variant
    decides on nulls and on keys beyond the contract.

    Args:
        contract: The contract.
        name: Name of the schema, such as ``Call``.
        thing: An object that `made` made.
        variant: How this server differs from others.
    """
    result: dict[str, Any] = _Writing(contract, variant).of({"$ref": f"#/components/schemas/{name}"}, thing)
    return result


class _Writing:
    """The writing of one object under one variant."""

    def __init__(self, contract: Contract, variant: Variant) -> None:
        self.contract = contract
        self.variant = variant

    def of(self, schema: Schema, value: Any) -> Any:
        if isinstance(value, dict):
            return self._object(schema, value)
        if isinstance(value, list):
            items = (self.contract.branch(schema, value) or {}).get("items", {})
            return [self.of(items, item) for item in value]
        return value

    def _object(self, schema: Schema, value: dict[str, Any]) -> Any:
        if "id" in value and "$ref" not in schema and "string" in self.contract.types(schema):
            return value["id"]
        found = self.contract.branch(schema, value) or {}
        if "properties" not in found:
            return dict(value)
        declared, required = found["properties"], found.get("required", ())
        written = {
            key: self.of(declared[key], child) if type(child) in _NESTED else child
            for key, child in value.items()
            if child is not None or self.variant.nulls or key in required
        }
        for key in _TIMES.intersection(written):
            written[key] = self._time(declared[key], written[key])
        if self.variant.extra_keys and kind_of(schema) in _EXTENDED:
            written[_EXTRA_KEY] = "standard"
        return written

    def _time(self, schema: Schema, seconds: float | None) -> Any:
        if seconds is None or "number" in self.contract.types(schema):
            return seconds
        return date_time(seconds, self.variant.offset)


def kind_of(schema: Schema) -> str:
    """Name the kind of a schema by the reference to it, through ``anyOf`` with null."""
    options = (schema, *schema.get("anyOf", ()))
    return next((str(option["$ref"]).rpartition("/")[2] for option in options if "$ref" in option), "")
