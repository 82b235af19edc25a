"""Small contracts for tests of what changed."""

from typing import Any

from vocode_contract.contract.diff import Change, changes
from vocode_contract.contract.diff.kinds import Direction
from vocode_contract.contract.model import Contract

JSON = "application/json"
REVERSE_EFFECT = {"widens": "narrows", "narrows": "widens"}
_REVERSE = {
    "added": "removed",
    "tightened": "loosened",
    "required": "optional",
    "closed": "opened",
    "narrowed": "widened",
    "deprecated": "deprecation-removed",
}
_REVERSE |= {after: before for before, after in _REVERSE.items()}


def dated(*, profile: Any = "documented", schemas: Any = (), paths: Any = (), **members: Any) -> Contract:
    """Make a contract, whose document has these paths, schemas and members."""
    components = members.pop("components", {}) | {"schemas": dict(schemas)}
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": dict(paths), **members}
    return Contract(date="2031-01-01", profile=profile, document={**document, "components": components})


def operated(**operation: Any) -> Contract:
    """Make a contract with one operation."""
    return dated(paths={"/calls": {"post": {"operationId": "create", "responses": {}, **operation}}})


def used(schema: Any, direction: Direction, *, profile: Any = "documented", **others: Any) -> Contract:
    """Make a contract with a schema ``Thing`` that clients only receive, or only send."""
    content = {"content": {JSON: {"schema": {"$ref": "#/components/schemas/Thing"}}}}
    operation = (
        {"responses": {"200": content}} if direction == "received" else {"requestBody": content, "responses": {}}
    )
    paths = {"/calls": {"post": {"operationId": "create", **operation}}}
    return dated(profile=profile, schemas={"Thing": schema, **others}, paths=paths)


def compare(old: Any, new: Any, direction: Direction = "received", **others: Any) -> list[Change]:
    """Return the changes between two schemas."""
    return list(changes(used(old, direction, **others), used(new, direction, **others)))


def reverse_kind(kind: str) -> str:
    """Return the kind that a change has if the contracts change places; itself if there is none."""
    stem, _, end = kind.rpartition("-")
    return _REVERSE.get(kind) or "-".join(filter(None, (stem, _REVERSE.get(end, end))))
