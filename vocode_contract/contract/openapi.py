"""Normalize an OpenAPI document, so that the rest of the package knows one form only.

OpenAPI 3.0 and 3.1 write the same things in several ways. The result has one: JSON Schema 2020-12, each schema that is
referred to under ``/components/schemas``, each body by reference, unions of objects with a discriminator wherever one
property tells the branches apart. What cannot be checked is refused, never ignored.

Source: OpenAPI 3.0.4 and 3.1.1, section "Schema Object".
"""

import re
import warnings
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any
from urllib.parse import unquote

from vocode_contract.contract import json_pointer
from vocode_contract.contract.documents import BOUNDS, COMPONENTS, operation_names, refuse

EFFECTS = ("reads", "writes", "bills", "rings", "hangs-up")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

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
#: Parts of a path to a schema that say nothing in the schema's name.
_SILENT = frozenset(("allOf", "anyOf", "components", "content", "oneOf", "paths", "properties", "schema", "schemas"))
_SAFE = re.compile("[^A-Za-z0-9._-]+")


def normalize(document: Any, source: str, operations: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return an OpenAPI document in the package's form.

    Args:
        document: The parsed document; it is not changed.
        source: What to call it in errors.
        operations: Name of an operation to its ``operationId``, or method and path as in ``POST /v1/calls/end``.

    Raises:
        InvalidOption: With the place of what cannot be used, and the reason.
    """
    version = document.get("openapi") if isinstance(document, dict) else None
    if not isinstance(version, str) or not version.startswith(("3.0", "3.1")):
        raise refuse(
            source, "/openapi", "must name a version 3.0 or 3.1: this is no OpenAPI document of these versions"
        )
    return _Normalizer(document, source, operations or {}).normalize()


class _Normalizer:
    """Normalizes one document; `names` holds the schemas that it refers to by their pointers in it."""

    def __init__(self, document: dict[str, Any], source: str, operations: Mapping[str, str]) -> None:
        self.document = document
        self.source = source
        self.operations = operations
        self.names: dict[str, str] = {}
        self.taken: set[str] = set()
        self.waiting: list[str] = []
        self.schemas: dict[str, Any] = {}
        self.merging: list[str] = []

    def normalize(self) -> dict[str, Any]:
        components = self._object(self.document.get("components", {}), "/components")
        declared = self._object(components.get("schemas", {}), COMPONENTS.rstrip("/"))
        for name in declared:
            self._name(COMPONENTS + json_pointer.escape(name), name)
        chosen = self._choose_operations()
        result = {key: value for key, value in self.document.items() if key not in ("components", "paths", "webhooks")}
        result["openapi"] = "3.1.0"
        result["paths"] = self._path_items("paths", chosen)
        if "webhooks" in self.document:
            result["webhooks"] = self._path_items("webhooks", {})
        while self.waiting:
            pointer = self.waiting.pop(0)
            self.schemas[self.names[pointer]] = self._schema(self._find(pointer, pointer), pointer)
        self._refuse_endless_unions()
        result["components"] = {key: components[key] for key in ("securitySchemes",) if key in components}
        result["components"]["schemas"] = self.schemas
        return result

    # --- places and references ---

    def _refuse(self, place: str, reason: str) -> Exception:
        return refuse(self.source, place, reason)

    def _object(self, node: Any, place: str) -> dict[str, Any]:
        if not isinstance(node, dict):
            raise self._refuse(place, "must be an object")
        return node

    def _find(self, pointer: str, place: str) -> Any:
        try:
            return json_pointer.resolve(self.document, pointer)
        except LookupError:
            raise self._refuse(place, "is a $ref that names nothing in the document") from None

    def _pointer(self, reference: Any, place: str) -> str:
        """Return the JSON Pointer that a ``$ref`` holds."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise self._refuse(
                place, "is a $ref to another document, which is never fetched: bundle the documents first"
            )
        pointer = unquote(reference.removeprefix("#"))
        self._find(pointer, place)
        return pointer

    def _dereference(self, node: Any, place: str) -> tuple[dict[str, Any], str]:
        """Return what is at a place, or what the chain of references there leads to."""
        seen: set[str] = set()
        while isinstance(node, dict) and "$ref" in node:
            target = self._pointer(node["$ref"], f"{place}/$ref")
            if target in seen:
                raise self._refuse(place, "is a $ref that leads back to itself")
            seen.add(target)
            node, place = self._find(target, place), target
        return self._object(node, place), place

    def _name(self, pointer: str, hint: str) -> str:
        """Return the name of the schema at a pointer; a new one is to be normalized."""
        if pointer not in self.names:
            self.names[pointer] = self._new_name(hint)
            self.waiting.append(pointer)
        return self.names[pointer]

    def _new_name(self, hint: str) -> str:
        r"""Return a name that is a legal one of a component, and not taken.

        Source: OpenAPI 3.1.1, section "Components Object": ``^[a-zA-Z0-9\.\-_]+$``.
        """
        name = _SAFE.sub("_", hint) or "_"
        numbered = (f"{name}_{n}" for n in range(2, len(self.taken) + 3))
        free = next(each for each in chain([name], numbered) if each not in self.taken)
        self.taken.add(free)
        return free

    def _reference_to(self, pointer: str, hint: str = "") -> dict[str, Any]:
        tokens = [token for token in json_pointer.tokens_of(pointer) if token not in _SILENT]
        return {"$ref": f"#{COMPONENTS}{self._name(pointer, hint or '.'.join(tokens))}"}

    def _refuse_endless_unions(self) -> None:
        """Refuse a schema that leads back to itself through references and unions alone: no value could end it."""
        below = {
            name: [each["$ref"].rpartition("/")[2] for each in _alternatives(schema)]
            for name, schema in self.schemas.items()
        }
        for name, references in below.items():
            seen: set[str] = set()
            waiting = [*references]
            while waiting:
                target = waiting.pop()
                if target == name:
                    raise self._refuse(COMPONENTS + name, "is a schema that leads back to itself")
                if target not in seen:
                    seen.add(target)
                    waiting += below[target]

    # --- operations ---

    def _choose_operations(self) -> dict[tuple[str, str], str]:
        """Return the name of each operation by method and path."""
        found: dict[tuple[str, str], str] = {}
        known, by_path = set(operation_names().values()), operation_names()
        wanted = {value: name for name, value in self.operations.items()}
        for path, method, spec, place in self._iter_operations("paths"):
            given = spec.get("operationId")
            if given is not None and not isinstance(given, str):
                raise self._refuse(f"{place}/operationId", "must be a string")
            spelled = f"{method.upper()} {path}"
            name = wanted.pop(spelled, None) or wanted.pop(given or "", None)
            if name is None:
                name = given if given in known else by_path.get((method, path), given or spelled)
            if name in found.values():
                raise self._refuse(place, f"is a second operation {name}")
            found[method, path] = name
        if wanted:
            raise self._refuse("/paths", f"has no operation {next(iter(wanted))!r}")
        return found

    def _iter_operations(self, section: str) -> Iterator[tuple[str, str, dict[str, Any], str]]:
        for path, item in self._object(self.document.get(section, {}), f"/{section}").items():
            place = f"/{section}/{json_pointer.escape(path)}"
            content, place = self._dereference(item, place)
            for method in METHODS:
                if method in content:
                    yield path, method, self._object(content[method], f"{place}/{method}"), f"{place}/{method}"

    def _path_items(self, section: str, chosen: Mapping[tuple[str, str], str]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for path, method, spec, place in self._iter_operations(section):
            name = chosen.get((method, path)) or spec.get("operationId") or path
            result.setdefault(path, {})[method] = self._operation(name, spec, place)
        return result

    def _operation(self, name: str, spec: dict[str, Any], place: str) -> dict[str, Any]:
        if spec.get("callbacks"):
            raise self._refuse(f"{place}/callbacks", "cannot be checked: callbacks are not supported")
        effect = spec.get("x-effect")
        if effect is not None and effect not in EFFECTS:
            raise self._refuse(f"{place}/x-effect", f"must be one of {', '.join(EFFECTS)}")
        result = {**spec, "operationId": name}
        if parameters := self._parameters(place):
            result["parameters"] = parameters
        if "requestBody" in spec:
            body, where = self._dereference(spec["requestBody"], f"{place}/requestBody")
            result["requestBody"] = {**body, "content": self._content(body, where, f"{name}.request")}
        responses = self._object(spec.get("responses", {}), f"{place}/responses")
        result["responses"] = {}
        for status, response in responses.items():
            at = f"{place}/responses/{status}"
            if not re.fullmatch("[1-5][0-9]{2}", status):
                raise self._refuse(at, "is no status code: 'default' and ranges are not supported, list each code")
            described, where = self._dereference(response, at)
            result["responses"][status] = {**described, "content": self._content(described, where, f"{name}.{status}")}
            if not result["responses"][status]["content"]:
                del result["responses"][status]["content"]
        return result

    def _parameters(self, place: str) -> list[dict[str, Any]]:
        """Return the parameters of an operation, those of its path first."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        above = place.rpartition("/")[0]
        for where in (above, place):
            holder = self._object(json_pointer.resolve(self.document, where), where)
            listed = holder.get("parameters", [])
            if not isinstance(listed, list):
                raise self._refuse(f"{where}/parameters", "must be a list")
            for index, node in enumerate(listed):
                parameter, at = self._dereference(node, f"{where}/parameters/{index}")
                if not isinstance(parameter.get("name"), str) or not isinstance(parameter.get("in"), str):
                    raise self._refuse(at, "must have a name and 'in'")
                content = self._object(parameter.get("content", {}), f"{at}/content")
                held = next(iter(content.items()), None)
                schema, at_schema = parameter.get("schema", {}), f"{at}/schema"
                if "schema" not in parameter and held is not None:
                    at_content = f"{at}/content/{json_pointer.escape(held[0])}"
                    schema, at_schema = self._object(held[1], at_content).get("schema", {}), f"{at_content}/schema"
                kept = {key: value for key, value in parameter.items() if key != "content"}
                kept["schema"] = self._schema(schema, at_schema)
                found[parameter["name"], parameter["in"]] = kept
        return list(found.values())

    def _content(self, body: dict[str, Any], place: str, hint: str) -> dict[str, Any]:
        """Return media types with their schemas, by reference; only JSON is checked."""
        result: dict[str, Any] = {}
        for written, content in self._object(body.get("content", {}), f"{place}/content").items():
            media_type = written.partition(";")[0].strip().lower()
            at = f"{place}/content/{json_pointer.escape(written)}"
            schema = self._object(content, at).get("schema")
            is_json = media_type == "application/json" or media_type.endswith("+json")
            if not is_json or not schema:
                result[media_type] = {"schema": {}}
            elif isinstance(schema, dict) and schema.keys() == {"$ref"}:
                result[media_type] = {"schema": self._reference_to(self._pointer(schema["$ref"], f"{at}/schema/$ref"))}
            else:
                result[media_type] = {"schema": self._reference_to(f"{at}/schema", hint)}
        return result

    # --- schemas ---

    def _schema(self, node: Any, place: str) -> dict[str, Any]:
        """Return one schema in the package's form."""
        if node is True:
            return {}
        node = self._object(node, place)
        for key in node:
            if key not in _KNOWN and not key.startswith("x-"):
                raise self._refuse(f"{place}/{json_pointer.escape(key)}", "is a keyword that is not supported")
        sensitivity = node.get("x-sensitivity", "personal")
        if sensitivity not in ("personal", "credential"):
            raise self._refuse(f"{place}/x-sensitivity", "must be personal or credential")
        result = self._annotations(node)
        combined = [key for key in ("$ref", "allOf", "anyOf", "oneOf") if key in node]
        if "discriminator" in node and not {"anyOf", "oneOf"} & node.keys():
            raise self._refuse(f"{place}/discriminator", "needs oneOf or anyOf beside it: inheritance is not supported")
        if not combined:
            result |= self._plain(node, place)
        elif combined == ["allOf"]:
            result = self._all_of(node, place, result)
        else:
            beside = (_COPIED | _APPLIED) & node.keys() - {combined[0]}
            if beside - {"type"} or len(combined) > 1:
                extra = min(beside | {*combined[1:]})
                raise self._refuse(f"{place}/{extra}", f"cannot stand beside {combined[0]}: this is not supported")
            if combined == ["$ref"]:
                result |= self._reference_to(self._pointer(node["$ref"], f"{place}/$ref"))
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
            result["type"] = list(dict.fromkeys(map(_json_type, result.get("enum", [result.get("const")]))))
        kinds = [result["type"]] if isinstance(result.get("type"), str) else result.get("type", [])
        self._check_text(result, place)
        if result.get("format") == "password":
            result["x-sensitivity"] = "credential"
        if "properties" in node:
            result |= self._properties(node, place)
        if "array" in kinds or "items" in node:
            result["items"] = self._schema(node.get("items", True), f"{place}/items")
        extra = node.get("additionalProperties")
        if isinstance(extra, dict) and extra:
            result["additionalProperties"] = self._schema(extra, f"{place}/additionalProperties")
        elif extra is not None:
            result["additionalProperties"] = extra is not False
        return result

    def _properties(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        """Return the properties of an object, and which are required: one-way ones are so in one direction only."""
        members = self._object(node["properties"], f"{place}/properties")
        result: dict[str, Any] = {
            "properties": {
                key: self._schema(value, f"{place}/properties/{json_pointer.escape(key)}")
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
            raise self._refuse(f"{place}/{keyword}", reason) from None

    def _check_text(self, result: dict[str, Any], place: str) -> None:
        pattern = result.get("pattern")
        if pattern is None:
            return
        if result.get("format") in ("uuid", "date-time"):
            raise self._refuse(f"{place}/pattern", f"cannot stand beside the format {result['format']}")
        import jsonschema_rs  # it is slow to import

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # of what other languages read in another way
                re.compile(pattern)  # for the values that are made up
            jsonschema_rs.Draft202012Validator({"pattern": pattern})
        except (re.error, TypeError, jsonschema_rs.ValidationError):
            raise self._refuse(f"{place}/pattern", "is a regular expression that cannot be compiled") from None

    def _with_null(self, schema: dict[str, Any], place: str) -> dict[str, Any]:
        """Return a schema that allows null too: what ``nullable`` says in OpenAPI 3.0."""
        if "$ref" in schema or "anyOf" in schema or "oneOf" in schema:
            above = {key: schema[key] for key in schema if key in _ANNOTATIONS or key.startswith("x-")}
            below = {key: schema[key] for key in schema if key not in above}
            if "$ref" not in below and "discriminator" in below:
                below = self._add(place, below)
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

    def _add(self, place: str, schema: dict[str, Any]) -> dict[str, Any]:
        """Add a schema that the document has not written as one; return a reference to it."""
        name = self._new_name(".".join(token for token in json_pointer.tokens_of(place) if token not in _SILENT))
        self.schemas[name] = schema
        return {"$ref": f"#{COMPONENTS}{name}"}

    def _all_of(self, node: dict[str, Any], place: str, result: dict[str, Any]) -> dict[str, Any]:
        """Merge the members of ``allOf`` and what stands beside it; one reference stays one."""
        members = node["allOf"]
        if not isinstance(members, list) or not members:
            raise self._refuse(f"{place}/allOf", "must be a list of schemas")
        beside = {key: node[key] for key in node if key in _COPIED | _APPLIED and key != "allOf"}
        if len(members) == 1 and not beside and isinstance(members[0], dict):
            return self._schema(members[0], f"{place}/allOf/0") | result
        parts = [*((f"{place}/allOf/{index}", each) for index, each in enumerate(members)), (place, beside)]
        for at, part in parts:
            content, where = self._dereference(part, at)
            if where in self.merging:
                raise self._refuse(at, "is part of an allOf that contains itself")
            self.merging.append(where)
            schema = self._schema(content, where)
            self.merging.pop()
            if {"$ref", "anyOf", "oneOf"} & schema.keys():
                raise self._refuse(at, "cannot be merged: allOf over unions is not supported")
            for key, value in schema.items():
                result[key] = self._merge_keyword(key, result.get(key, value), value, at)
        if result.get("additionalProperties") is False:
            raise self._refuse(f"{place}/allOf", "cannot be merged: a member forbids additional properties")
        return result

    def _merge_keyword(self, key: str, old: Any, new: Any, place: str) -> Any:
        if key == "properties":
            if clash := [name for name in new if name in old and old[name] != new[name]]:
                raise self._refuse(place, f"cannot be merged: two members of allOf declare {clash[0]!r} differently")
            return {**old, **new}
        if key == "required":
            return list(dict.fromkeys((*old, *new)))
        if old != new and key not in _ANNOTATIONS and not key.startswith("x-"):
            raise self._refuse(place, f"cannot be merged: two members of allOf have another {key}")
        return old

    def _union(self, node: dict[str, Any], keyword: str, place: str) -> dict[str, Any]:
        options = node[keyword]
        if not isinstance(options, list) or not options:
            raise self._refuse(f"{place}/{keyword}", "must be a list of schemas")
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
        return {"anyOf": [self._add(place, tagged), *others, *([_NULL] if has_null else [])]}

    def _option(self, option: Any, place: str) -> dict[str, Any]:
        """Return a branch of a union; one that is an object gets a name, by which the union can choose it."""
        schema = self._schema(option, place)
        if "properties" in schema:
            return self._reference_to(place)
        kept = {key: value for key, value in schema.items() if key not in ("title", "description")}
        return kept if kept == _NULL else schema

    def _source(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the document's own schema behind a reference that this class wrote."""
        name = schema["$ref"].removeprefix(f"#{COMPONENTS}")
        pointer = next((pointer for pointer, each in self.names.items() if each == name), None)
        if pointer is None:
            return dict(self.schemas.get(name, {}))
        node = self._find(pointer, pointer)
        return self._dereference(node, pointer)[0] if isinstance(node, dict) else {}

    def _is_object(self, schema: dict[str, Any]) -> bool:
        return "$ref" in schema and bool({"properties", "allOf"} & self._source(schema).keys())

    def _discriminator(
        self, node: dict[str, Any], objects: list[tuple[dict[str, Any], str]], place: str
    ) -> dict[str, Any] | None:
        """Return the discriminator of a union: the document's own, or the property whose constants differ."""
        if "discriminator" not in node:
            return self._constants(objects)
        given = self._object(node["discriminator"], f"{place}/discriminator")
        tag = given.get("propertyName")
        if not isinstance(tag, str) or not objects:
            raise self._refuse(f"{place}/discriminator", "needs a propertyName, and branches that are objects")
        mapping: dict[str, str] = {}
        for value, target in self._object(given.get("mapping", {}), f"{place}/discriminator/mapping").items():
            at = f"{place}/discriminator/mapping/{json_pointer.escape(value)}"
            written = target if str(target).startswith("#") or "/" in str(target) else f"#{COMPONENTS}{target}"
            mapping[value] = self._reference_to(self._pointer(written, at))["$ref"]
        for schema, at in objects:
            if schema["$ref"] not in mapping.values():
                if not isinstance(json_pointer.resolve(self.document, at).get("$ref"), str):  # type: ignore[attr-defined]
                    raise self._refuse(at, "is a branch that the discriminator's mapping does not name")
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


def _alternatives(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the references that a schema may stand for."""
    if "$ref" in schema:
        yield schema
    for option in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _alternatives(option)


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


def _json_type(value: object) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "null")
