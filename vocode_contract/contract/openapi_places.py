"""The places of an OpenAPI document: what is at a place, and the names of the schemas that it refers to."""

import re
from itertools import chain
from typing import Any
from urllib.parse import unquote

from vocode_contract.contract import json_pointer
from vocode_contract.contract.documents import COMPONENTS, refuse

#: Parts of a path to a schema that say nothing in the schema's name.
_SILENT = frozenset(("allOf", "anyOf", "components", "content", "oneOf", "paths", "properties", "schema", "schemas"))
_SAFE = re.compile("[^A-Za-z0-9._-]+")


class Places:
    """The places of one document, and the schemas that it refers to.

    Attributes:
        document: The document; it is not changed.
        source: What to call it in errors.
        names: Names of the schemas by their pointers in the document.
        waiting: Pointers to schemas that are to be normalized.
        schemas: Normalized schemas by name.
    """

    def __init__(self, document: dict[str, Any], source: str) -> None:
        """Start without any schema."""
        self.document = document
        self.source = source
        self.names: dict[str, str] = {}
        self.waiting: list[str] = []
        self.schemas: dict[str, Any] = {}
        self._taken: set[str] = set()

    def refuse(self, place: str, reason: str) -> Exception:
        """Return the error about a place."""
        return refuse(self.source, place, reason)

    def require_object(self, node: Any, place: str) -> dict[str, Any]:
        """Return what is at a place if it is an object."""
        if not isinstance(node, dict):
            raise self.refuse(place, "must be an object")
        return node

    def find(self, pointer: str, place: str) -> Any:
        """Return what is at a pointer that stands at a place."""
        try:
            return json_pointer.resolve(self.document, pointer)
        except LookupError:
            raise self.refuse(place, "is a $ref that names nothing in the document") from None

    def read_pointer(self, reference: Any, place: str) -> str:
        """Return the JSON Pointer that a ``$ref`` holds."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise self.refuse(
                place, "is a $ref to another document, which is never fetched: bundle the documents first"
            )
        pointer = unquote(reference.removeprefix("#"))
        self.find(pointer, place)
        return pointer

    def dereference(self, node: Any, place: str) -> tuple[dict[str, Any], str]:
        """Return what is at a place, or what the chain of references there leads to."""
        seen: set[str] = set()
        while isinstance(node, dict) and "$ref" in node:
            target = self.read_pointer(node["$ref"], f"{place}/$ref")
            if target in seen:
                raise self.refuse(place, "is a $ref that leads back to itself")
            seen.add(target)
            node, place = self.find(target, place), target
        return self.require_object(node, place), place

    def name(self, pointer: str, hint: str) -> str:
        """Return the name of the schema at a pointer; a new one is to be normalized."""
        if pointer not in self.names:
            self.names[pointer] = self.new_name(hint)
            self.waiting.append(pointer)
        return self.names[pointer]

    def new_name(self, hint: str) -> str:
        r"""Return a name that is a legal one of a component, and not taken.

        Source: OpenAPI 3.1.1, section "Components Object": ``^[a-zA-Z0-9\.\-_]+$``.
        """
        name = _SAFE.sub("_", hint) or "_"
        numbered = (f"{name}_{n}" for n in range(2, len(self._taken) + 3))
        free = next(each for each in chain([name], numbered) if each not in self._taken)
        self._taken.add(free)
        return free

    def refer_to(self, pointer: str, hint: str = "") -> dict[str, Any]:
        """Return a reference to the schema at a pointer, which is to be normalized."""
        tokens = [token for token in json_pointer.tokens_of(pointer) if token not in _SILENT]
        return {"$ref": f"#{COMPONENTS}{self.name(pointer, hint or '.'.join(tokens))}"}

    def add(self, place: str, schema: dict[str, Any]) -> dict[str, Any]:
        """Add a schema that the document has not written as one; return a reference to it."""
        name = self.new_name(".".join(token for token in json_pointer.tokens_of(place) if token not in _SILENT))
        self.schemas[name] = schema
        return {"$ref": f"#{COMPONENTS}{name}"}
