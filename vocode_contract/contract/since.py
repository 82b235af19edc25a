"""Notes for violations, such as "known since 2024-04-19"."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from vocode_contract.contract import json_pointer
from vocode_contract.contract.model import Contract, dates
from vocode_contract.contract.operation import Schema


def values_since(date: str, source: str) -> Mapping[object, str]:
    """Map each value that a later contract lists at a schema or discriminator to a note such as the module's."""
    since: dict[object, str] = {}
    for later in _later(date):
        found = _at(later, source)
        listed = (*found.get("enum", ()), *found.get("mapping", ()), found.get("const"))
        since = {value: f"known since {later}" for value in listed if value is not None} | since
    return since


@cache
def null_since(date: str, source: str) -> str:
    """Return a note on the first later contract that documents null at a place; empty if none does."""
    return next((f"null is documented since {later}" for later in _later(date) if _has_null(later, source)), "")


def key_since(date: str, source: str, key: str) -> str:
    """Return a note on the first later contract whose object schema declares a key; empty if none does."""
    return next(
        (f"known since {later}" for later in _later(date) if key in _at(later, source).get("properties", ())), ""
    )


def _later(date: str) -> tuple[str, ...]:
    is_date = re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", date)  # a contract of a user's own may have another name
    return tuple(later for later in dates() if later > date) if is_date else ()


@cache
def _at(date: str, source: str) -> Schema:
    """Return the schema at a pointer, references resolved; an empty one if there is none."""
    contract = Contract.load(date)
    try:
        found: Any = json_pointer.resolve(contract.document, source)
    except LookupError:
        return {}
    while isinstance(found, dict) and "$ref" in found:
        found = contract.target(found["$ref"])
    return found if isinstance(found, dict) else {}


def _has_null(date: str, source: str) -> bool:
    return "null" in Contract.load(date).types(_at(date, source))
