"""Normalize an OpenAPI document, so that the rest of the package knows one form only.

OpenAPI 3.0 and 3.1 write the same things in several ways. The result has one: JSON Schema 2020-12, each schema that is
referred to under ``/components/schemas``, each body by reference, unions of objects with a discriminator wherever one
property tells the branches apart. What cannot be checked is refused, never ignored.

Source: OpenAPI 3.0.4 and 3.1.1, section "Schema Object".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from vocode_contract.contract import json_pointer
from vocode_contract.contract.documents import COMPONENTS, operation_names, refuse
from vocode_contract.contract.openapi_places import Places
from vocode_contract.contract.openapi_schemas import SchemaNormalizer
from vocode_contract.contract.operation import Effect

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


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
    """Normalizes one document."""

    def __init__(self, document: dict[str, Any], source: str, operations: Mapping[str, str]) -> None:
        self._places = Places(document, source)
        self._schemas = SchemaNormalizer(self._places)
        self._operations = operations

    def normalize(self) -> dict[str, Any]:
        places, document = self._places, self._places.document
        components = places.require_object(document.get("components", {}), "/components")
        for name in places.require_object(components.get("schemas", {}), COMPONENTS.rstrip("/")):
            places.name(COMPONENTS + json_pointer.escape(name), name)
        chosen = self._choose_operations()
        result = {key: value for key, value in document.items() if key not in ("components", "paths", "webhooks")}
        result["openapi"] = "3.1.0"
        result["paths"] = self._path_items("paths", chosen)
        if "webhooks" in document:
            result["webhooks"] = self._path_items("webhooks", {})
        while places.waiting:
            pointer = places.waiting.pop(0)
            places.schemas[places.names[pointer]] = self._schemas.normalize(places.find(pointer, pointer), pointer)
        _refuse_endless_unions(places)
        result["components"] = {key: components[key] for key in ("securitySchemes",) if key in components}
        result["components"]["schemas"] = places.schemas
        return result

    def _choose_operations(self) -> dict[tuple[str, str], str]:
        """Return the name of each operation by method and path."""
        found: dict[tuple[str, str], str] = {}
        known, by_path = set(operation_names().values()), operation_names()
        wanted = {value: name for name, value in self._operations.items()}
        for path, method, spec, place in self._iter_operations("paths"):
            given = spec.get("operationId")
            if given is not None and not isinstance(given, str):
                raise self._places.refuse(f"{place}/operationId", "must be a string")
            spelled = f"{method.upper()} {path}"
            name = wanted.pop(spelled, None) or wanted.pop(given or "", None)
            if name is None:
                name = given if given in known else by_path.get((method, path), given or spelled)
            if name in found.values():
                raise self._places.refuse(place, f"is a second operation {name}")
            found[method, path] = name
        if wanted:
            raise self._places.refuse("/paths", f"has no operation {next(iter(wanted))!r}")
        return found

    def _iter_operations(self, section: str) -> Iterator[tuple[str, str, dict[str, Any], str]]:
        for path, item in self._places.require_object(self._places.document.get(section, {}), f"/{section}").items():
            place = f"/{section}/{json_pointer.escape(path)}"
            content, place = self._places.dereference(item, place)
            for method in _METHODS:
                if method in content:
                    yield (
                        path,
                        method,
                        self._places.require_object(content[method], f"{place}/{method}"),
                        f"{place}/{method}",
                    )

    def _path_items(self, section: str, chosen: Mapping[tuple[str, str], str]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for path, method, spec, place in self._iter_operations(section):
            name = chosen.get((method, path)) or spec.get("operationId") or path
            result.setdefault(path, {})[method] = self._operation(name, spec, place)
        return result

    def _operation(self, name: str, spec: dict[str, Any], place: str) -> dict[str, Any]:
        if spec.get("callbacks"):
            raise self._places.refuse(f"{place}/callbacks", "cannot be checked: callbacks are not supported")
        effect = spec.get("x-effect")
        if effect is not None and effect not in get_args(Effect):
            raise self._places.refuse(f"{place}/x-effect", f"must be one of {', '.join(get_args(Effect))}")
        result = {**spec, "operationId": name}
        if parameters := self._parameters(place):
            result["parameters"] = parameters
        if "requestBody" in spec:
            body, where = self._places.dereference(spec["requestBody"], f"{place}/requestBody")
            result["requestBody"] = {**body, "content": self._content(body, where, f"{name}.request")}
        responses = self._places.require_object(spec.get("responses", {}), f"{place}/responses")
        result["responses"] = {}
        for status, response in responses.items():
            at = f"{place}/responses/{status}"
            if not re.fullmatch("[1-5][0-9]{2}", status):
                raise self._places.refuse(
                    at, "is no status code: 'default' and ranges are not supported, list each code"
                )
            described, where = self._places.dereference(response, at)
            result["responses"][status] = {**described, "content": self._content(described, where, f"{name}.{status}")}
            if not result["responses"][status]["content"]:
                del result["responses"][status]["content"]
        return result

    def _parameters(self, place: str) -> list[dict[str, Any]]:
        """Return the parameters of an operation, those of its path first."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        above = place.rpartition("/")[0]
        for where in (above, place):
            holder = self._places.require_object(json_pointer.resolve(self._places.document, where), where)
            listed = holder.get("parameters", [])
            if not isinstance(listed, list):
                raise self._places.refuse(f"{where}/parameters", "must be a list")
            for index, node in enumerate(listed):
                parameter, at = self._places.dereference(node, f"{where}/parameters/{index}")
                if not isinstance(parameter.get("name"), str) or not isinstance(parameter.get("in"), str):
                    raise self._places.refuse(at, "must have a name and 'in'")
                content = self._places.require_object(parameter.get("content", {}), f"{at}/content")
                held = next(iter(content.items()), None)
                schema, at_schema = parameter.get("schema", {}), f"{at}/schema"
                if "schema" not in parameter and held is not None:
                    at_content = f"{at}/content/{json_pointer.escape(held[0])}"
                    schema, at_schema = (
                        self._places.require_object(held[1], at_content).get("schema", {}),
                        f"{at_content}/schema",
                    )
                kept = {key: value for key, value in parameter.items() if key != "content"}
                kept["schema"] = self._schemas.normalize(schema, at_schema)
                found[parameter["name"], parameter["in"]] = kept
        return list(found.values())

    def _content(self, body: dict[str, Any], place: str, hint: str) -> dict[str, Any]:
        """Return media types with their schemas, by reference; only JSON is checked."""
        result: dict[str, Any] = {}
        for written, content in self._places.require_object(body.get("content", {}), f"{place}/content").items():
            media_type = written.partition(";")[0].strip().lower()
            at = f"{place}/content/{json_pointer.escape(written)}"
            schema = self._places.require_object(content, at).get("schema")
            is_json = media_type == "application/json" or media_type.endswith("+json")
            if not is_json or not schema:
                result[media_type] = {"schema": {}}
            elif isinstance(schema, dict) and schema.keys() == {"$ref"}:
                result[media_type] = {
                    "schema": self._places.refer_to(self._places.read_pointer(schema["$ref"], f"{at}/schema/$ref"))
                }
            else:
                result[media_type] = {"schema": self._places.refer_to(f"{at}/schema", hint)}
        return result


def _refuse_endless_unions(places: Places) -> None:
    """Refuse a schema that leads back to itself through references and unions alone: no value could end it."""
    below = {
        name: [each["$ref"].rpartition("/")[2] for each in _alternatives(schema)]
        for name, schema in places.schemas.items()
    }
    for name, targets in below.items():
        seen: set[str] = set()
        waiting = [*targets]
        while waiting:
            target = waiting.pop()
            if target == name:
                raise places.refuse(COMPONENTS + name, "is a schema that leads back to itself")
            if target not in seen:
                seen.add(target)
                waiting += below[target]


def _alternatives(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the references that a schema may stand for."""
    if "$ref" in schema:
        yield schema
    for option in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _alternatives(option)
