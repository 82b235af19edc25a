"""Normalize the schemas of an OpenAPI document: JSON Schema 2020-12, in one way of writing each thing.

Source: OpenAPI 3.0.4 and 3.1.1, section "Schema Object".
"""

import re
import warnings
from typing import Any

from vocode_contract.contract import json_pointer
from vocode_contract.contract.documents import BOUNDS, COMPONENTS
from vocode_contract.contract.json_types import json_type
from vocode_contract.contract.openapi_places import Places

_ANNOTATIONS = frozenset(
    (
        "$comment",
        "contentEncoding",
        "contentMediaType",
        "default",
        "deprecated",
        "description",
        "example",
        "examples",
        "externalDocs",
        "readOnly",
        "title",
        "writeOnly",
        "xml",
    )
)
_COPIED = frozenset((*BOUNDS, "const", "enum", "format", "pattern", "required", "type"))
_APPLIED = frozenset(("$ref", "additionalProperties", "allOf", "anyOf", "items", "oneOf", "properties"))
_KNOWN = _ANNOTATIONS | _COPIED | _APPLIED | {"discriminator", "nullable", "$defs", "definitions"}
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NULL = {"type": "null"}


class SchemaNormalizer:
    """Normalizes the schemas of one document."""

    def __init__(self, places: Places) -> None:
        """Normalize the schemas that are at these places."""
        self._places = places
        self._merging: list[str] = []

    def normalize(self, node: Any, place: str) -> dict[str, Any]:
        """Return one schema in the package's form."""
        if node is True:
            return {}
        node = self._places.require_object(node, place)
        for key in node:
            if key not in _KNOWN and not key.startswith("x-"):
                raise self._places.refuse(f"{place}/{json_pointer.escape(key)}", "is a keyword that is not supported")
        sensitivity = node.get("x-sensitivity", "personal")
        if sensitivity not in ("personal", "credential"):
            raise self._places.refuse(f"{place}/x-sensitivity", "must be personal or credential")
        result = self._annotations(node)
        combined = [key for key in ("$ref", "allOf", "anyOf", "oneOf") if key in node]
        if "discriminator" in node and not {"anyOf", "oneOf"} & node.keys():
            raise self._places.refuse(
                f"{place}/discriminator", "needs oneOf or anyOf beside it: inheritance is not supported"
            )
        if not combined:
            result |= self._plain(node, place)
        elif combined == ["allOf"]:
            result = self._all_of(node, place, result)
        else:
            beside = (_COPIED | _APPLIED) & node.keys() - {combined[0]}
            if beside - {"type"} or len(combined) > 1:
                extra = min(beside | {*combined[1:]})
                raise self._places.refuse(
                    f"{place}/{extra}", f"cannot stand beside {combined[0]}: this is not supported"
                )
            if combined == ["$ref"]:
                result |= self._places.refer_to(self._places.read_pointer(node["$ref"], f"{place}/$ref"))
            else:
                result |= self._union(node, combined[0], place)
        return self._with_null(result, place) if node.get("nullable") is True else result

    def _annotations(self, node: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in node.items() if key in _ANNOTATIONS or key.startswith("x-")}
        if not isinstance(kept.get("examples", []), list):
            del kept["examples"]
        if "example" in kept:
            kept["examples"] = [kept.pop("example"), *kept.get("examples", ())]
        return kept

    def _plain(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        result = {key: value for key, value in node.items() if key in _COPIED}
        _write_exclusive_bounds(result)
        self._check_values(result, place)
        if "type" not in result and ("enum" in result or "const" in result):
            result["type"] = list(dict.fromkeys(map(json_type, result.get("enum", [result.get("const")]))))
        kinds = [result["type"]] if isinstance(result.get("type"), str) else result.get("type", [])
        self._check_text(result, place)
        if result.get("format") == "password":
            result["x-sensitivity"] = "credential"
        if "properties" in node:
            result |= self._properties(node, place)
        if "array" in kinds or "items" in node:
            result["items"] = self.normalize(node.get("items", True), f"{place}/items")
        extra = node.get("additionalProperties")
        if isinstance(extra, dict) and extra:
            result["additionalProperties"] = self.normalize(extra, f"{place}/additionalProperties")
        elif extra is not None:
            result["additionalProperties"] = extra is not False
        return result

    def _properties(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        """Return the properties of an object, and which are required: one-way ones are so in one direction only."""
        members = self._places.require_object(node["properties"], f"{place}/properties")
        result: dict[str, Any] = {
            "properties": {
                key: self.normalize(value, f"{place}/properties/{json_pointer.escape(key)}")
                for key, value in members.items()
            }
        }
        hidden = {key for key, value in members.items() if isinstance(value, dict) and _is_one_way(value)}
        if "required" in node:
            result["required"] = [key for key in node["required"] if key not in hidden]
        return result

    def _check_values(self, keywords: dict[str, Any], place: str) -> None:
        """Refuse a keyword whose value is none that JSON Schema allows for it."""
        import jsonschema_rs  # it is slow to import

        try:
            jsonschema_rs.meta.validate({**keywords, "$schema": _DIALECT})
        except jsonschema_rs.ValidationError as error:  # its text quotes the document
            keyword = str(error.instance_path[0])
            reason = "names no JSON type" if keyword == "type" else "is no value that this keyword can have"
            raise self._places.refuse(f"{place}/{keyword}", reason) from None

    def _check_text(self, result: dict[str, Any], place: str) -> None:
        pattern = result.get("pattern")
        if pattern is None:
            return
        if result.get("format") in ("uuid", "date-time"):
            raise self._places.refuse(f"{place}/pattern", f"cannot stand beside the format {result['format']}")
        import jsonschema_rs  # it is slow to import

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # of what other languages read in another way
                re.compile(pattern)  # for the values that are made up
            jsonschema_rs.Draft202012Validator({"pattern": pattern})
        except (re.error, TypeError, jsonschema_rs.ValidationError):
            raise self._places.refuse(f"{place}/pattern", "is a regular expression that cannot be compiled") from None

    def _with_null(self, schema: dict[str, Any], place: str) -> dict[str, Any]:
        """Return a schema that allows null too: what ``nullable`` says in OpenAPI 3.0."""
        if "$ref" in schema or "anyOf" in schema or "oneOf" in schema:
            above = {key: schema[key] for key in schema if key in _ANNOTATIONS or key.startswith("x-")}
            below = {key: schema[key] for key in schema if key not in above}
            if "$ref" not in below and "discriminator" in below:
                below = self._places.add(place, below)
            if "$ref" in below:
                return above | {"anyOf": [below, _NULL]}
            keyword = "oneOf" if "oneOf" in below else "anyOf"
            has_null = _NULL in below[keyword]
            return above | {keyword: [*below[keyword], *([] if has_null else [_NULL])]}
        kinds = schema.get("type")
        if kinds is None:
            return schema
        listed = [kinds] if isinstance(kinds, str) else kinds
        changed = {**schema, "type": [*listed, *([] if "null" in listed else ["null"])]}
        if "const" in changed:
            changed["enum"] = [changed.pop("const")]
        if "enum" in changed and None not in changed["enum"]:
            changed["enum"] = [*changed["enum"], None]
        return changed

    def _all_of(self, node: dict[str, Any], place: str, result: dict[str, Any]) -> dict[str, Any]:
        """Merge the members of ``allOf`` and what stands beside it; one reference stays one."""
        members = node["allOf"]
        if not isinstance(members, list) or not members:
            raise self._places.refuse(f"{place}/allOf", "must be a list of schemas")
        beside = {key: node[key] for key in node if key in _COPIED | _APPLIED and key != "allOf"}
        if len(members) == 1 and not beside and isinstance(members[0], dict):
            return self.normalize(members[0], f"{place}/allOf/0") | result
        parts = [*((f"{place}/allOf/{index}", each) for index, each in enumerate(members)), (place, beside)]
        for at, part in parts:
            content, where = self._places.dereference(part, at)
            if where in self._merging:
                raise self._places.refuse(at, "is part of an allOf that contains itself")
            self._merging.append(where)
            schema = self.normalize(content, where)
            self._merging.pop()
            if {"$ref", "anyOf", "oneOf"} & schema.keys():
                raise self._places.refuse(at, "cannot be merged: allOf over unions is not supported")
            for key, value in schema.items():
                result[key] = self._merge_keyword(key, result.get(key, value), value, at)
        if result.get("additionalProperties") is False:
            raise self._places.refuse(f"{place}/allOf", "cannot be merged: a member forbids additional properties")
        return result

    def _merge_keyword(self, key: str, old: Any, new: Any, place: str) -> Any:
        if key == "properties":
            if clash := [name for name in new if name in old and old[name] != new[name]]:
                raise self._places.refuse(
                    place, f"cannot be merged: two members of allOf declare {clash[0]!r} differently"
                )
            return {**old, **new}
        if key == "required":
            return list(dict.fromkeys((*old, *new)))
        if old != new and key not in _ANNOTATIONS and not key.startswith("x-"):
            raise self._places.refuse(place, f"cannot be merged: two members of allOf have another {key}")
        return old

    def _union(self, node: dict[str, Any], keyword: str, place: str) -> dict[str, Any]:
        options = node[keyword]
        if not isinstance(options, list) or not options:
            raise self._places.refuse(f"{place}/{keyword}", "must be a list of schemas")
        places = [f"{place}/{keyword}/{index}" for index in range(len(options))]
        schemas = [self._option(option, at) for option, at in zip(options, places, strict=True)]
        has_null = any(schema == _NULL for schema in schemas)
        values = [(schema, at) for schema, at in zip(schemas, places, strict=True) if schema != _NULL]
        objects = [(schema, at) for schema, at in values if self._is_object(schema)]
        discriminator = self._discriminator(node, objects, place)
        if discriminator is None:
            return {keyword: schemas}
        tagged = {keyword: [schema for schema, _ in objects], "discriminator": discriminator}
        others = [schema for schema, at in values if (schema, at) not in objects]
        if not others and not has_null:
            return tagged
        return {"anyOf": [self._places.add(place, tagged), *others, *([_NULL] if has_null else [])]}

    def _option(self, option: Any, place: str) -> dict[str, Any]:
        """Return a branch of a union; one that is an object gets a name, by which the union can choose it."""
        schema = self.normalize(option, place)
        if "properties" in schema:
            return self._places.refer_to(place)
        kept = {key: value for key, value in schema.items() if key not in ("title", "description")}
        return kept if kept == _NULL else schema

    def _source(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the document's own schema behind a reference that this class wrote."""
        name = schema["$ref"].removeprefix(f"#{COMPONENTS}")
        pointer = next((pointer for pointer, each in self._places.names.items() if each == name), None)
        if pointer is None:
            return dict(self._places.schemas.get(name, {}))
        node = self._places.find(pointer, pointer)
        return self._places.dereference(node, pointer)[0] if isinstance(node, dict) else {}

    def _is_object(self, schema: dict[str, Any]) -> bool:
        return "$ref" in schema and bool({"properties", "allOf"} & self._source(schema).keys())

    def _discriminator(
        self, node: dict[str, Any], objects: list[tuple[dict[str, Any], str]], place: str
    ) -> dict[str, Any] | None:
        """Return the discriminator of a union: the document's own, or the property whose constants differ."""
        if "discriminator" not in node:
            return self._constants(objects)
        given = self._places.require_object(node["discriminator"], f"{place}/discriminator")
        tag = given.get("propertyName")
        if not isinstance(tag, str) or not objects:
            raise self._places.refuse(f"{place}/discriminator", "needs a propertyName, and branches that are objects")
        mapping: dict[str, str] = {}
        for value, target in self._places.require_object(
            given.get("mapping", {}), f"{place}/discriminator/mapping"
        ).items():
            at = f"{place}/discriminator/mapping/{json_pointer.escape(value)}"
            written = target if str(target).startswith("#") or "/" in str(target) else f"#{COMPONENTS}{target}"
            mapping[value] = self._places.refer_to(self._places.read_pointer(written, at))["$ref"]
        for schema, at in objects:
            if schema["$ref"] not in mapping.values():
                if not isinstance(self._places.find(at, at).get("$ref"), str):
                    raise self._places.refuse(at, "is a branch that the discriminator's mapping does not name")
                mapping[schema["$ref"].rpartition("/")[2]] = schema["$ref"]
        return {"propertyName": tag, "mapping": mapping}

    def _constants(self, objects: list[tuple[dict[str, Any], str]]) -> dict[str, Any] | None:
        if len(objects) < 2:
            return None
        sources = [self._source(schema).get("properties") for schema, _ in objects]
        properties = [each if isinstance(each, dict) else {} for each in sources]
        for tag in properties[0]:
            values = [_constant(each.get(tag)) for each in properties]
            if all(isinstance(value, str) for value in values) and len(set(values)) == len(values):
                references = [schema["$ref"] for schema, _ in objects]
                return {"propertyName": tag, "mapping": dict(zip(map(str, values), references, strict=True))}
        return None


def _constant(schema: Any) -> Any:
    """Return the only value that a schema allows; ``None`` if there is no only one."""
    if not isinstance(schema, dict):
        return None
    listed = schema.get("enum", [schema.get("const")])
    return listed[0] if isinstance(listed, list) and len(listed) == 1 else None


def _write_exclusive_bounds(schema: dict[str, Any]) -> None:
    """Write exclusive bounds as numbers: in OpenAPI 3.0 they are booleans beside the bound."""
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive) and bound in schema:
            schema[exclusive] = schema.pop(bound)


def _is_one_way(schema: dict[str, Any]) -> bool:
    return schema.get("readOnly") is True or schema.get("writeOnly") is True
