"""Change the document of a contract: by an OpenAPI Overlay, or by JSON Merge Patches of its schemas.

Source: Overlay Specification 1.0.0; RFC 7396.
"""

from collections.abc import Mapping
from typing import Any

from vocode_contract.contract.documents import refuse
from vocode_contract.errors import MissingExtra

_FIELDS = ("target", "description", "update", "remove")


def is_overlay(document: Any) -> bool:
    """Return whether a document is an Overlay, and not the patches of single schemas by their names."""
    return isinstance(document, dict) and isinstance(document.get("overlay"), str)


def apply_overlay(document: Any, overlay: Mapping[str, Any], source: str) -> Any:
    """Apply the actions of an Overlay, one after the other.

    Args:
        document: The parsed document that is changed, in place.
        overlay: The parsed Overlay.
        source: What to call it in errors.

    Raises:
        InvalidOption: It cannot be applied; with the place and the reason.
        MissingExtra: The package for JSONPath is not installed.
    """
    if not overlay["overlay"].startswith("1.0"):
        raise refuse(source, "/overlay", "must be a version 1.0")
    actions = overlay.get("actions")
    if not isinstance(actions, list):
        raise refuse(source, "/actions", "must be a list")
    for index, action in enumerate(actions):
        document = _apply(document, action, source, f"/actions/{index}")
    return document


def _apply(document: Any, action: Any, source: str, place: str) -> Any:
    if not isinstance(action, dict) or not isinstance(action.get("target"), str):
        raise refuse(source, place, "must be an object with a target")
    if unknown := [key for key in action if key not in _FIELDS and not key.startswith("x-")]:
        raise refuse(source, f"{place}/{unknown[0]}", f"is no field of an action: {', '.join(_FIELDS)}")
    is_removal = action.get("remove") is True
    if "update" not in action and not is_removal:
        raise refuse(source, place, "must have an update, or remove: true")
    # The last first, so that the removal of an item moves none that is still to be removed, and leaves its parents.
    for parts in reversed(_find(document, action["target"], source, f"{place}/target")):
        container = _follow(document, parts[:-1])
        node = _follow(document, parts)
        if not isinstance(node, dict | list):
            reason = "selects a value that is neither object nor array: select what holds it"
            raise refuse(source, f"{place}/target", reason)
        if not is_removal:
            _update(node, action["update"], source, f"{place}/update")
        elif parts:
            del container[parts[-1]]
        else:
            raise refuse(source, f"{place}/remove", "cannot remove the whole document")
    return document


def _follow(document: Any, parts: tuple[str | int, ...]) -> Any:
    for part in parts:
        document = document[part]
    return document


def _update(node: dict[str, Any] | list[Any], update: Any, source: str, place: str) -> None:
    if isinstance(node, list):
        node.append(update)
    elif isinstance(update, dict):
        _merge(node, update, source, place)
    else:
        raise refuse(source, place, "must be an object, as its target is one")


def _find(document: Any, target: str, source: str, place: str) -> list[tuple[str | int, ...]]:
    """Return the keys and indices on the way to each node that a JSONPath selects."""
    try:
        from jsonpath import JSONPathEnvironment, JSONPathError
    except ImportError:
        raise MissingExtra("overlay", "an OpenAPI Overlay") from None
    try:
        found = JSONPathEnvironment(strict=True).finditer(target, document)
        return sorted({tuple(match.parts): None for match in found}, key=_position)
    except (JSONPathError, RecursionError):
        raise refuse(source, place, "is no JSONPath (RFC 9535)") from None


def _position(parts: tuple[str | int, ...]) -> tuple[tuple[str, int], ...]:
    """Return a key that sorts what is inside after what holds it, and items by their index."""
    return tuple(("", part) if isinstance(part, int) else (part, 0) for part in parts)


def _merge(node: dict[str, Any], update: dict[str, Any], source: str, place: str) -> None:
    """Merge an object into another: objects recursively, arrays by appending; other values replace what was there."""
    for key, value in update.items():
        old = node.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            _merge(old, value, source, f"{place}/{key}")
        elif isinstance(old, list) and isinstance(value, list):
            node[key] = [*old, *value]
        elif isinstance(old, dict | list):
            raise refuse(source, f"{place}/{key}", "is of another type than what it is merged into")
        else:
            node[key] = value


def merge_patch(target: Any, patch: Any) -> Any:
    """Return a value with a JSON Merge Patch applied; neither is changed.

    Source: RFC 7396, section 2.
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged
