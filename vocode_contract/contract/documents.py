"""The OpenAPI documents of contracts: the shipped ones, put together from their files, and those of users."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import orjson

from vocode_contract.contract import files
from vocode_contract.contract.json_pointer import escape
from vocode_contract.errors import InvalidOption

_Document = Mapping[str, Any]
#: Where the schemas of a document are.
COMPONENTS = "/components/schemas/"

#: Keywords that bound a value.
BOUNDS = frozenset(
    (
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
    )
)

#: Keywords whose values are instances, not schemas.
DATA = frozenset(("const", "default", "enum", "example", "examples"))


@cache
def read_index() -> _Document:
    """Return the dates of the shipped contracts, and which one is the default."""
    index: _Document = orjson.loads(files.read_bytes("contract.json"))
    return index


#: A document as text with sorted keys -> the document. None is ever discarded, like the validators made from them.
_DOCUMENTS: dict[bytes, _Document] = {}


def share_document(document: _Document) -> _Document:
    """Return the one copy that all equal documents share, so that they also share what is cached for it.

    Since it is a copy, later changes of the argument do not affect a contract.

    Raises:
        InvalidOption: The document is not JSON, has no schemas, or has a reference to none of them.
    """
    try:
        text = orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS)
    except TypeError:  # its text may quote the document
        raise InvalidOption("document", "is not JSON: it must consist of dicts, lists, strings and numbers") from None
    if text not in _DOCUMENTS:
        # Sorted keys are for the comparison: the copy keeps the document's order.
        copy: _Document = orjson.loads(orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS))
        components = copy.get("components") if isinstance(copy, dict) else None
        if not isinstance(components, dict) or not isinstance(components.get("schemas"), dict):
            raise InvalidOption("document", "has no schemas: an OpenAPI document has them under /components/schemas")
        _refuse_bad_references(copy["components"]["schemas"])
        mark_sensitive(copy["components"]["schemas"])
        shared = _DOCUMENTS.setdefault(orjson.dumps(copy, option=orjson.OPT_SORT_KEYS), copy)
        _DOCUMENTS.setdefault(text, shared)
    return _DOCUMENTS[text]


def _refuse_bad_references(schemas: _Document) -> None:
    """Refuse schemas that are not objects, and references that name none of the schemas.

    Raises:
        InvalidOption: There is one.
    """
    level: list[Any] = list(schemas.values())
    if not all(isinstance(schema, dict) for schema in level):
        raise InvalidOption("document", "has a schema under /components/schemas that is not an object")
    while level:
        for node in level:
            reference = node.get("$ref") if isinstance(node, dict) else None
            if isinstance(reference, str) and reference.removeprefix("#" + COMPONENTS) not in schemas:
                raise InvalidOption("document", f"has a $ref that names no schema of it: {reference!r}")
        level = [child for node in level for key, child in list_members(node) if key not in DATA]


@cache
def load_document(date: str) -> _Document:
    """Load a shipped contract's files as one document with each schema under ``components``."""
    document = join_files(lambda name: orjson.loads(files.read_bytes(date, name)))
    return _DOCUMENTS.setdefault(orjson.dumps(document, option=orjson.OPT_SORT_KEYS), document)


def join_files(read: Callable[[str], Any]) -> dict[str, Any]:
    """Join the files of a contract's folder into one OpenAPI document with each schema under ``components``.

    Args:
        read: Returns the parsed content of a file: of ``openapi.json``, and of each one that a ``$ref`` names.
    """
    contents: dict[str, Any] = {}
    document: dict[str, Any] = _rebase(read("openapi.json"), "openapi.json", contents)
    waiting = [name for name in contents if contents[name] is None]
    while waiting:
        for name in waiting:
            contents[name] = _rebase(read(name), name, contents)
        waiting = [name for name in contents if contents[name] is None]
    schemas: dict[str, Any] = {}
    for name in sorted(contents):
        schema = {key: value for key, value in contents[name].items() if key != "$schema"}
        below = schema.pop("$defs", {})
        if not isinstance(below, dict):
            raise refuse(name, "/$defs", "must be an object")
        schemas.update(below)
        schemas[name.removesuffix(".json")] = schema
    components = document.setdefault("components", {})
    if not isinstance(components, dict):
        raise refuse("openapi.json", "/components", "must be an object")
    components["schemas"] = schemas
    return document


def list_members(node: Any) -> list[tuple[str | int, Any]]:
    """Return the members of an object by their JSON Pointer tokens, or the items of an array; else nothing."""
    if isinstance(node, dict):
        return [(escape(key), child) for key, child in node.items()]
    return list(enumerate(node)) if isinstance(node, list) else []


def _rebase(node: Any, here: str, contents: dict[str, Any]) -> Any:
    """Copy a file's content with its references changed to the one document; add the files it names to `contents`."""
    if isinstance(node, list):
        return [_rebase(item, here, contents) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: _rebase(value, here, contents) for key, value in node.items()}
    if isinstance(node.get("$ref"), str):
        copy["$ref"] = _reference(node["$ref"], here, contents)
    mapping = node["discriminator"].get("mapping") if isinstance(node.get("discriminator"), dict) else None
    if isinstance(mapping, dict):
        copy["discriminator"]["mapping"] = {
            tag: _reference(ref, here, contents) if isinstance(ref, str) else ref for tag, ref in mapping.items()
        }
    return copy


def _reference(reference: str, here: str, contents: dict[str, Any]) -> str:
    name, _, fragment = reference.partition("#")
    contents.setdefault(name or here, None)
    last = fragment.rpartition("/")[2] or (name or here).removesuffix(".json")
    return f"#{COMPONENTS}{last}"


@cache
def operation_names() -> Mapping[tuple[str, str], str]:
    """Map the method and path of each operation of the shipped contracts to its name."""
    return {
        (method, path): spec["operationId"]
        for date in read_index()["contracts"]
        for path, methods in load_document(date)["paths"].items()
        for method, spec in methods.items()
    }


@cache
def sensitive_names() -> Mapping[str, str]:
    """Map the name of each property that a shipped contract marks sensitive, folded, to its kind."""
    found: dict[str, str] = {}
    waiting: list[Any] = [load_document(date)["components"]["schemas"] for date in read_index()["contracts"]]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            for name, schema in node.get("properties", {}).items():
                if "x-sensitivity" in schema and found.get(_fold(name)) != "credential":
                    found[_fold(name)] = schema["x-sensitivity"]
        waiting += node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return found


def mark_sensitive(schemas: Any) -> None:
    """Mark each property with a known name of a credential or of personal data that is not marked.

    Personal data with listed values stays as it is: what the document itself lists tells nothing about a person.
    """
    known, waiting = sensitive_names(), [*schemas.values()]
    while waiting:
        node = waiting.pop()
        properties = node.get("properties") if isinstance(node, dict) else None
        for name, schema in properties.items() if isinstance(properties, dict) else ():
            kind = known.get(_fold(name))
            if kind and isinstance(schema, dict) and (kind == "credential" or not {"enum", "const"} & schema.keys()):
                schema.setdefault("x-sensitivity", kind)
        if isinstance(properties, dict):
            waiting += properties.values()
        if isinstance(node, dict):
            waiting += [child for key, child in node.items() if key not in DATA and key != "properties"]
        elif isinstance(node, list):
            waiting += node


def _fold(name: str) -> str:
    """Return a property's name as it reads in snake case and camel case alike."""
    return name.replace("_", "").casefold()


def refuse(source: str, place: str, reason: str) -> InvalidOption:
    """Return the error about one place of a document."""
    return InvalidOption(source, f"{place or 'the document'} {reason}")
