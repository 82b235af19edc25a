"""The OpenAPI documents of contracts: the shipped ones, put together from their files, and those of users."""

from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from typing import Any

import orjson

from vocode_contract.contract import files
from vocode_contract.contract.json_pointer import escape
from vocode_contract.errors import InvalidOption

_Document = Mapping[str, Any]
#: Where the schemas of a document are.
COMPONENTS = "/components/schemas/"


@cache
def read_index() -> _Document:
    """Return the dates of the shipped contracts, and which one is the default."""
    index: _Document = orjson.loads(files.read_bytes("contract.json"))
    return index


#: Digest of a document to the document. They are kept for good, as what is compiled from them is.
_DOCUMENTS: dict[bytes, _Document] = {}


def share_document(document: _Document) -> _Document:
    """Return the one object that stands for all equal documents: what is cached for one is true of all.

    It is a copy, so that a later change of the document given changes no contract.

    Raises:
        InvalidOption: The document is not JSON, has no schemas, or has a reference to none of them.
    """
    try:
        text = orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # its text may quote the document
        raise InvalidOption("document", "is not JSON: it must consist of dicts, lists, strings and numbers") from None
    digest = _digest(text)
    if digest not in _DOCUMENTS:
        copy: _Document = orjson.loads(text)
        components = copy.get("components") if isinstance(copy, dict) else None
        if not isinstance(components, dict) or not isinstance(components.get("schemas"), dict):
            raise InvalidOption("document", "has no schemas: an OpenAPI document has them under /components/schemas")
        _refuse_bad_references(copy["components"]["schemas"])
        _DOCUMENTS.setdefault(digest, copy)
    return _DOCUMENTS[digest]


def _refuse_bad_references(schemas: _Document) -> None:
    """Refuse schemas that are no objects, and references that name none of them.

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
        level = [child for node in level for key, child in list_members(node) if key not in _DATA]


#: Keywords whose values are instances, not schemas.
_DATA = frozenset(("const", "default", "enum", "examples"))


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).digest()


@cache
def load_document(date: str) -> _Document:
    """Load a shipped contract's files as one document with each schema under ``components``."""
    files: dict[str, Any] = {}
    document: dict[str, Any] = _rebase(_read(date, "openapi.json"), "openapi.json", files)
    waiting = [name for name in files if files[name] is None]
    while waiting:
        for name in waiting:
            files[name] = _rebase(_read(date, name), name, files)
        waiting = [name for name in files if files[name] is None]
    schemas: dict[str, Any] = {}
    for name in sorted(files):
        schema = {key: value for key, value in files[name].items() if key != "$schema"}
        schemas.update(schema.pop("$defs", {}))
        schemas[name.removesuffix(".json")] = schema
    document.setdefault("components", {})["schemas"] = schemas
    return _DOCUMENTS.setdefault(_digest(orjson.dumps(document)), document)


def list_members(node: Any) -> list[tuple[str | int, Any]]:
    """Return the members of an object by their JSON Pointer tokens, or the items of an array; else nothing."""
    if isinstance(node, dict):
        return [(escape(key), child) for key, child in node.items()]
    return list(enumerate(node)) if isinstance(node, list) else []


def _read(date: str, name: str) -> Any:
    return orjson.loads(files.read_bytes(date, name))


def _rebase(node: Any, here: str, files: dict[str, Any]) -> Any:
    """Copy a file's content with its references changed to the one document; add the files it names to `files`."""
    if isinstance(node, list):
        return [_rebase(item, here, files) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: _rebase(value, here, files) for key, value in node.items()}
    if isinstance(node.get("$ref"), str):
        copy["$ref"] = _reference(node["$ref"], here, files)
    if "discriminator" in node and "mapping" in node["discriminator"]:
        mapping = node["discriminator"]["mapping"]
        copy["discriminator"]["mapping"] = {tag: _reference(ref, here, files) for tag, ref in mapping.items()}
    return copy


def _reference(reference: str, here: str, files: dict[str, Any]) -> str:
    name, _, fragment = reference.partition("#")
    files.setdefault(name or here, None)
    last = fragment.rpartition("/")[2] or (name or here).removesuffix(".json")
    return f"#{COMPONENTS}{last}"
