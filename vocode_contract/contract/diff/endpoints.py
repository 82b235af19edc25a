"""The operations and webhooks of a document, as they are written there."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vocode_contract.contract.diff.change import Change
from vocode_contract.contract.diff.kinds import Direction
from vocode_contract.contract.json_pointer import escape, resolve
from vocode_contract.contract.operation import Schema

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
#: Directions of what only requests, and what only responses hold.
SENT: tuple[Direction, ...] = ("sent",)
RECEIVED: tuple[Direction, ...] = ("received",)
_TEMPLATE = re.compile(r"\{[^}]*\}")
#: Headers that are no parameters, whatever a document says.
_IGNORED_HEADERS = frozenset(("accept", "authorization", "content-type"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationEntry:
    """One operation or webhook of a document."""

    path: str
    method: str
    spec: Schema
    shared: Schema
    document: Schema
    pointer: str

    @property
    def key(self) -> tuple[str, str]:
        """What it is found by: names of path parameters are no part of a URL."""
        return self.method, _TEMPLATE.sub("{}", self.path)

    @property
    def operation_id(self) -> str:
        """The ``operationId``; empty if there is none."""
        return str(self.spec.get("operationId", ""))

    @property
    def name(self) -> str:
        """The ``operationId``, else method and path."""
        return self.operation_id or f"{self.method.upper()} {self.path}"

    def find(self, node: Any) -> Any:
        """Return an object of the document, references to components other than schemas resolved."""
        return follow(node, self.document)

    @property
    def parameters(self) -> Mapping[tuple[str, str], Schema]:
        """The parameters by place and name; of a path parameter, by its position."""
        found: dict[tuple[str, str], Schema] = {}
        in_path = _TEMPLATE.findall(self.path)
        for each in (*get_items(self.shared.get("parameters")), *get_items(self.spec.get("parameters"))):
            parameter = self.find(each)
            if not isinstance(parameter, dict):
                continue
            location, name = str(parameter.get("in", "")), str(parameter.get("name", ""))
            if location == "header" and name.lower() in _IGNORED_HEADERS:
                continue
            if location == "path" and f"{{{name}}}" in in_path:
                found[location, str(in_path.index(f"{{{name}}}"))] = parameter
            else:
                found[location, name.lower() if location == "header" else name] = parameter
        return found


def follow(node: Any, document: Schema) -> Any:
    """Return what a reference leads to, or the node itself; an empty object if it leads nowhere."""
    for _ in range(8):
        if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
            return node
        try:
            node = resolve(document, node["$ref"].removeprefix("#"))
        except LookupError:
            return {}
    return {}


def list_endpoints(document: Schema, section: str = "paths") -> Iterator[OperationEntry]:
    """Yield the operations of a document, or with the section ``webhooks`` its webhooks."""
    for path, found in get_members(document.get(section)).items():
        item = follow(found, document)
        for method, spec in get_members(item).items():
            if method.lower() in METHODS and isinstance(spec, dict):
                pointer = f"/{section}/{escape(path)}/{method}"
                yield OperationEntry(
                    path=path, method=method.lower(), spec=spec, shared=item, document=document, pointer=pointer
                )


def list_callbacks(document: Schema) -> Iterator[Schema]:
    """Yield each operation that a server calls at an address that it was given."""
    for endpoint in list_endpoints(document):
        for found in get_members(endpoint.spec.get("callbacks")).values():
            for item in get_members(endpoint.find(found)).values():
                yield from (spec for method, spec in get_members(item).items() if method.lower() in METHODS)


def make_change(kind: str, was: OperationEntry, now: OperationEntry, *, before: str = "", after: str = "") -> Change:
    """Return a change of an operation itself, which concerns those who send requests."""
    return Change(kind=kind, pointer=now.pointer, old_pointer=was.pointer, before=before, after=after, directions=SENT)


def get_members(node: Any) -> Mapping[str, Any]:
    """Return an object of a document as it is, and an empty one for any other value."""
    return node if isinstance(node, dict) else {}


def get_items(node: Any) -> Iterable[Any]:
    """Return an array of a document as it is, and an empty one for any other value."""
    return node if isinstance(node, list) else ()
