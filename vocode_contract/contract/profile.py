"""A contract's schemas as an engine checks them: the document, read under a profile.

The schema files state the published document alone. What a profile adds is computed here, and
unions become a choice by discriminator or by JSON type, so that one wrong value is one violation
and not one for each branch. Every schema made here names its origin under ``x-source``.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from vocode_contract.contract.model import Contract, Schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"

#: The shape of an RFC 3339 date-time. It stands beside the format, since jsonschema-rs up to 0.60.3
#: takes ``* + , - . /`` for digits, and jsonschema takes a trailing newline.
DATE_TIME_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"

_KEPT = ("format", "required")


@cache
def schemas_under_profile(contract: Contract) -> Mapping[str, Schema]:
    """Return every schema of the contract as its profile reads it, by name."""
    reading = _ProfileRewriter(contract)
    return {name: reading.of(schema, f"/components/schemas/{name}") for name, schema in contract.schemas.items()}


def schema_under_profile(contract: Contract, reference: str) -> dict[str, Any]:
    """Return one self-contained schema for an engine.

    Args:
        contract: The contract and its profile.
        reference: JSON Pointer below the contract's document, such as ``/components/schemas/Call``.
    """
    return {
        "$schema": DIALECT,
        "$ref": "#" + reference,
        "components": {"schemas": schemas_under_profile(contract)},
    }


class _ProfileRewriter:
    """The rewriting of one contract's schemas under its profile."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.adds_null = contract.profile != "documented"
        self.names_values = contract.profile != "tolerant"

    def of(self, schema: Schema, source: str, *, nullable: bool = False) -> dict[str, Any]:
        """Rewrite one schema; `source` is its JSON Pointer in the contract's document."""
        if "$ref" in schema:
            judged = {"$ref": schema["$ref"], "x-source": source}
            return self._or_null(judged, self.contract.types(schema), source) if nullable else judged
        keyword = "oneOf" if "oneOf" in schema else "anyOf"
        if keyword in schema:
            return self._union(schema, keyword, source, nullable=nullable)
        return self._plain(schema, source, nullable=nullable)

    def _or_null(self, judged: dict[str, Any], types: Sequence[str], source: str) -> dict[str, Any]:
        return {"type": [*types, "null"], "if": {"type": list(types)}, "then": judged, "x-source": source}

    def _plain(self, schema: Schema, source: str, *, nullable: bool) -> dict[str, Any]:
        judged: dict[str, Any] = {key: schema[key] for key in _KEPT if key in schema}
        judged["x-source"] = source
        types = list(self.contract.types(schema))
        if types:
            judged["type"] = [*types, "null"] if nullable and "null" not in types else schema["type"]
        if self.names_values and ("enum" in schema or "const" in schema):
            values = schema.get("enum", [schema.get("const")])
            judged["enum"] = [*values, None] if nullable and None not in values else values
        if schema.get("format") == "date-time":
            judged["pattern"] = DATE_TIME_PATTERN
        if "items" in schema:
            judged["items"] = self.of(schema["items"], f"{source}/items")
        if isinstance(schema.get("additionalProperties"), dict):
            judged["additionalProperties"] = self.of(schema["additionalProperties"], f"{source}/additionalProperties")
        elif schema.get("additionalProperties") is False:
            judged["additionalProperties"] = False
        if "properties" in schema:
            judged["properties"] = {
                name: self.of(
                    value,
                    f"{source}/properties/{name}",
                    nullable=self.adds_null and may_be_null_on_wire(schema, name),
                )
                for name, value in schema["properties"].items()
            }
        return judged

    def _union(self, schema: Schema, keyword: str, source: str, *, nullable: bool) -> dict[str, Any]:
        options = [
            (option, f"{source}/{keyword}/{index}")
            for index, option in enumerate(schema[keyword])
            if option.get("type") != "null"
        ]
        nullable = nullable or len(options) < len(schema[keyword])
        if len(options) == 1:
            option, place = options[0]
            return self.of(option, place, nullable=nullable)
        if "discriminator" in schema:
            judged = self._tagged(schema, source)
            return self._or_null(judged, ["object"], source) if nullable else judged
        return self._by_type(options, source, nullable=nullable)

    def _tagged(self, schema: Schema, source: str) -> dict[str, Any]:
        """Resolve a union by its discriminator; the tag is required unless a branch does without.

        Only what names no branch is checked against the list of tags: the valid pass it by.
        """
        tag, mapping = schema["discriminator"]["propertyName"], schema["discriminator"]["mapping"]
        tags_of: dict[str, list[str]] = {}
        for value, reference in mapping.items():
            tags_of.setdefault(reference, []).append(value)
        tag_schema: dict[str, Any] = {"type": "string", "x-source": f"{source}/discriminator", "x-tag": True}
        if self.names_values:
            tag_schema["enum"] = list(mapping)
        untold: dict[str, Any] = {"x-source": source, "properties": {tag: tag_schema}}
        if "oneOf" in schema:
            untold["required"] = [tag]
        choices = [(_has_tag(tag, tags), {"$ref": reference}) for reference, tags in tags_of.items()]
        return {"type": "object", "x-source": source} | _chained(choices, otherwise=untold)

    def _by_type(self, options: list[tuple[Schema, str]], source: str, *, nullable: bool) -> dict[str, Any]:
        """Resolve a union whose branches differ in JSON type."""
        types = {place: list(self.contract.types(option)) for option, place in options}
        every = list(dict.fromkeys(kind for kinds in types.values() for kind in kinds))
        if "number" in every:  # an integer is a number
            every = [kind for kind in every if kind != "integer"]
        choices = [({"type": types[place]}, self.of(option, place)) for option, place in options]
        return {"type": [*every, "null"] if nullable else every, "x-source": source} | _chained(choices)


def _has_tag(tag: str, values: list[str]) -> dict[str, Any]:
    return {"type": "object", "required": [tag], "properties": {tag: {"enum": values}}}


def _chained(
    choices: Sequence[tuple[dict[str, Any], dict[str, Any]]], *, otherwise: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Write choices as one if/then/else: an engine stops at the first that holds."""
    chain = otherwise or {}
    for condition, consequence in reversed(choices):
        chain = {"if": condition, "then": consequence} | ({"else": chain} if chain else {})
    return chain


def may_be_null_on_wire(schema: Schema, name: str) -> bool:
    """Return whether servers send null for an unset property of an object schema.

    They do for every optional property without a default.
    """
    value = schema["properties"][name]
    return name not in schema.get("required", ()) and "default" not in value and value.get("x-nullable-on-wire", True)
