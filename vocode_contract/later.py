"""What the later contracts that are shipped know of a place: notes for violations."""

from functools import cache
from typing import Any

from vocode_contract import pointer
from vocode_contract.contract import Contract, Schema, dates


def value_since(contract: Contract, source: str, value: object) -> str:
    """Say since which contract a value is among those listed at a place.

    Args:
        contract: The contract that does not list it.
        source: JSON Pointer to a schema or a discriminator in the contract's document.
        value: A parsed JSON value.

    Returns:
        A remark, or the empty string.
    """
    if not isinstance(value, str):
        return ""
    return next((f"known since {date}" for date in _later(contract) if value in _values(date, source)), "")


def null_since(contract: Contract, source: str) -> str:
    """Say since which contract null is documented at a place; see `value_since`."""
    return next((f"null is documented since {date}" for date in _later(contract) if _has_null(date, source)), "")


def key_since(contract: Contract, source: str, key: str) -> str:
    """Say since which contract the object schema at a place declares a key; see `value_since`."""
    later = _later(contract)
    return next((f"known since {date}" for date in later if key in _at(date, source).get("properties", ())), "")


@cache
def _later(contract: Contract) -> tuple[str, ...]:
    return tuple(date for date in dates() if date > contract.date)


@cache
def _at(date: str, source: str) -> Schema:
    """Return what a later document has at a pointer, references followed; nothing is an empty schema."""
    contract = Contract.load(date)
    try:
        found: Any = pointer.resolved(contract.document, source)
    except LookupError:
        return {}
    while isinstance(found, dict) and "$ref" in found:
        found = contract.target(found["$ref"])
    return found if isinstance(found, dict) else {}


def _values(date: str, source: str) -> tuple[object, ...]:
    found = _at(date, source)
    return (*found.get("enum", ()), *found.get("mapping", ()), *([found["const"]] if "const" in found else []))


@cache
def _has_null(date: str, source: str) -> bool:
    return "null" in Contract.load(date).types(_at(date, source))
