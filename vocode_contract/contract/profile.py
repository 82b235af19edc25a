"""Rewrite a contract's schemas for a validation engine, under a profile.

The schema files contain only the published document. This module adds what a profile allows, and makes each union a
choice by discriminator or by JSON type, so that one invalid value is one violation and not one per branch. Every
rewritten schema names its origin in the document under ``x-source``.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from vocode_contract.contract.documents import BOUNDS
from vocode_contract.contract.json_pointer import escape
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"

#: The shape of an RFC 3339 date-time, in addition to the format: jsonschema-rs up to 0.60.3 accepts ``* + , - . /`` as
#: digits, and jsonschema accepts a trailing newline.
DATE_TIME_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"

#: Formats that are checked; all others are annotations, which is the default in JSON Schema 2020-12.
FORMATS = frozenset(("date-time", "uuid"))
_KEPT_KEYWORDS = (*sorted(BOUNDS), "pattern", "required")


@cache
def schemas_under_profile(contract: Contract) -> Mapping[str, Schema]:
    """Return every schema of a contract under its profile, by name."""
    return _ProfileRewriter(contract).rewrite_all()


@cache
def _closed_schemas(contract: Contract) -> Mapping[str, Schema]:
    return _ProfileRewriter(contract, closes_objects=True).rewrite_all()


def schema_under_profile(contract: Contract, reference: str, *, is_closed: bool = False) -> dict[str, Any]:
    """Return one self-contained schema for an engine.

    Args:
        contract: The contract.
        reference: JSON Pointer to the schema in the contract's document.
        is_closed: Whether undeclared keys are forbidden.
    """
    schemas = _closed_schemas(contract) if is_closed else schemas_under_profile(contract)
    return {"$schema": DIALECT, "$ref": "#" + reference, "components": {"schemas": schemas}}


class _ProfileRewriter:
    """Rewrites the schemas of one contract under its profile."""

    def __init__(self, contract: Contract, *, closes_objects: bool = False) -> None:
        self.contract = contract
        self.closes_objects = closes_objects
        self.adds_null = contract.profile != "documented"
        self.names_values = contract.profile != "tolerant"

    def rewrite_all(self) -> Mapping[str, Schema]:
        """Return every schema rewritten, by name."""
        schemas = self.contract.schemas
        return {name: self.rewrite(schema, f"/components/schemas/{name}") for name, schema in schemas.items()}

    def rewrite(self, schema: Schema, source: str, *, nullable: bool = False) -> dict[str, Any]:
        """Return one schema rewritten; `source` is its JSON Pointer in the contract's document."""
        if "$ref" in schema:
            rewritten = {"$ref": schema["$ref"], "x-source": source}
            return self._or_null(rewritten, self.contract.types(schema), source) if nullable else rewritten
        keyword = "oneOf" if "oneOf" in schema else "anyOf"
        if keyword in schema:
            return self._union(schema, keyword, source, nullable=nullable)
        return self._plain(schema, source, nullable=nullable)

    def _or_null(self, rewritten: dict[str, Any], types: Sequence[str], source: str) -> dict[str, Any]:
        return {"type": [*types, "null"], "if": {"type": list(types)}, "then": rewritten, "x-source": source}

    def _plain(self, schema: Schema, source: str, *, nullable: bool) -> dict[str, Any]:
        rewritten: dict[str, Any] = {key: schema[key] for key in _KEPT_KEYWORDS if key in schema}
        rewritten["x-source"] = source
        if schema.get("format") in FORMATS:
            rewritten["format"] = schema["format"]
        types = list(self.contract.types(schema))
        if types:
            rewritten["type"] = [*types, "null"] if nullable and "null" not in types else schema["type"]
        if self.names_values and ("enum" in schema or "const" in schema):
            values = schema.get("enum", [schema.get("const")])
            rewritten["enum"] = [*values, None] if nullable and None not in values else values
        if schema.get("format") == "date-time":
            rewritten["pattern"] = DATE_TIME_PATTERN
        if "items" in schema:
            rewritten["items"] = self.rewrite(schema["items"], f"{source}/items")
        if isinstance(schema.get("additionalProperties"), dict):
            rewritten["additionalProperties"] = self.rewrite(
                schema["additionalProperties"], f"{source}/additionalProperties"
            )
        elif schema.get("additionalProperties") is False or (
            self.closes_objects and "properties" in schema and not schema.get("additionalProperties")
        ):
            rewritten["additionalProperties"] = False
        if "properties" in schema:
            rewritten["properties"] = {
                name: self.rewrite(
                    value,
                    f"{source}/properties/{escape(name)}",
                    nullable=self.adds_null and may_be_null_on_wire(schema, name),
                )
                for name, value in schema["properties"].items()
            }
        return rewritten

    def _union(self, schema: Schema, keyword: str, source: str, *, nullable: bool) -> dict[str, Any]:
        options = [
            (option, f"{source}/{keyword}/{index}")
            for index, option in enumerate(schema[keyword])
            if option.get("type") != "null"
        ]
        nullable = nullable or len(options) < len(schema[keyword])
        if len(options) == 1:
            option, place = options[0]
            return self.rewrite(option, place, nullable=nullable)
        if "discriminator" in schema:
            rewritten = self._chain_branches(schema, source)
            return self._or_null(rewritten, ["object"], source) if nullable else rewritten
        return self._by_type(options, source, nullable=nullable)

    def _chain_branches(self, schema: Schema, source: str) -> dict[str, Any]:
        """Rewrite a union with a discriminator as a chain of conditions; with oneOf, the tag is required.

        The list of tags is checked only for values that match no branch, which is faster for valid values.
        """
        tag, mapping = schema["discriminator"]["propertyName"], schema["discriminator"]["mapping"]
        tags_of: dict[str, list[str]] = {}
        for value, reference in mapping.items():
            tags_of.setdefault(reference, []).append(value)
        tag_schema: dict[str, Any] = {"type": "string", "x-source": f"{source}/discriminator", "x-tag": True}
        if self.names_values:
            tag_schema["enum"] = list(mapping)
        unmatched = {"x-source": source, "properties": {tag: tag_schema}}
        choices = [({"properties": {tag: {"enum": tags}}}, {"$ref": reference}) for reference, tags in tags_of.items()]
        # Whether there is a tag is checked once: in each condition, that would cost more than comparing the tags.
        has_tag = {"type": "object", "required": [tag]}
        untagged = {"x-source": source, "required": [tag]} if "oneOf" in schema else None
        chain = _chain([(has_tag, _chain(choices, otherwise=unmatched))], otherwise=untagged)
        return {"type": "object", "x-source": source} | chain

    def _by_type(self, options: list[tuple[Schema, str]], source: str, *, nullable: bool) -> dict[str, Any]:
        """Rewrite a union whose branches differ in JSON type as a chain of conditions.

        If they do not differ, a value must be valid under at least one of them.
        """
        types = {place: list(self.contract.types(option)) for option, place in options}
        if not is_union_by_type(self.contract, [option for option, _ in options]):
            branches = [self.rewrite(option, place) for option, place in options]
            return {"anyOf": [*branches, *([{"type": "null"}] if nullable else [])], "x-source": source}
        every = list(dict.fromkeys(kind for kinds in types.values() for kind in kinds))
        if "number" in every:  # an integer is a number
            every = [kind for kind in every if kind != "integer"]
        choices = [({"type": types[place]}, self.rewrite(option, place)) for option, place in options]
        return {"type": [*every, "null"] if nullable else every, "x-source": source} | _chain(choices)


def is_union_by_type(contract: Contract, options: Sequence[Schema]) -> bool:
    """Return whether the JSON type of a value determines its branch of a union; an integer is a number, too."""
    kinds = [contract.types(option) for option in options]
    every = [kind for listed in kinds for kind in set(listed)]
    is_bounded = any((BOUNDS | {"enum", "const"}) & option.keys() for option in options)
    overlaps = len(every) > len(set(every)) or (is_bounded and {"integer", "number"} <= set(every))
    return all(kinds) and not overlaps


def _chain(
    choices: Sequence[tuple[dict[str, Any], dict[str, Any]]], *, otherwise: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Combine choices into nested if/then/else, in which an engine stops at the first match."""
    chain = otherwise or {}
    for condition, consequence in reversed(choices):
        chain = {"if": condition, "then": consequence} | ({"else": chain} if chain else {})
    return chain


def may_be_null_on_wire(schema: Schema, name: str) -> bool:
    """Return whether servers may send null for an unset property: an optional one without default, unless excluded."""
    value = schema["properties"][name]
    return name not in schema.get("required", ()) and "default" not in value and value.get("x-nullable-on-wire", True)
