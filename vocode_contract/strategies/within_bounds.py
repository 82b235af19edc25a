"""Strategies for values within declared bounds, and schemas that contain themselves: contracts of users have both."""

import json
import math
from functools import cache
from typing import Any

import hypothesis.strategies as st

from vocode_contract.contract.coverage import below
from vocode_contract.contract.minimal_values import LIMITS, is_within
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Schema

Strategy = st.SearchStrategy[Any]

_INT64 = (-(2**63), 2**64 - 1)
#: A pattern of ECMAScript and one of Python mean the same for these.
_PRINTABLE = st.characters(min_codepoint=32, max_codepoint=126)
_MORE = 3


def is_bounded(schema: Schema) -> bool:
    """Return whether a schema declares bounds or a pattern."""
    return bool(LIMITS & schema.keys())


def scalars_within(kind: str, schema: Schema) -> Strategy:
    """Return a strategy for the strings or numbers that a schema with bounds allows."""
    if kind == "string":
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        if "pattern" not in schema:
            return st.text(st.characters(exclude_categories=["Cs"]), min_size=least, max_size=most)
        texts = st.from_regex(schema["pattern"], alphabet=_PRINTABLE)
        return texts.filter(lambda text: is_within(schema, text) and "\n" not in text)
    step = schema.get("multipleOf")
    if kind == "integer" or step:
        return _multiples(schema, step or 1, kind).filter(lambda number: is_within(schema, number))
    least = max((schema[key] for key in ("minimum", "exclusiveMinimum") if key in schema), default=None)
    most = min((schema[key] for key in ("maximum", "exclusiveMaximum") if key in schema), default=None)
    # A bound that no float equals is rounded, and the filter makes up for it.
    numbers = st.floats(
        None if least is None else float(least),
        None if most is None else float(most),
        allow_nan=False,
        allow_infinity=False,
    )
    return numbers.filter(lambda number: is_within(schema, number))


def _multiples(schema: Schema, step: float, kind: str) -> Strategy:
    bounds = [schema.get(key, _INT64[0]) for key in ("minimum", "exclusiveMinimum")]
    least = math.ceil(max(bounds) / step) if kind == "integer" or max(bounds) > _INT64[0] else -1000
    bounds = [schema.get(key, _INT64[1]) for key in ("maximum", "exclusiveMaximum")]
    most = math.floor(min(bounds) / step) if kind == "integer" or min(bounds) < _INT64[1] else 1000
    return st.integers(least, max(least, most)).map(lambda number: number * step)


def arrays_within(schema: Schema, items: Strategy) -> Strategy:
    """Return a strategy for the arrays that a schema with bounds allows."""
    least = schema.get("minItems", 0)
    most = min(schema.get("maxItems", math.inf), least + _MORE)
    unique = (lambda item: json.dumps(item, sort_keys=True)) if schema.get("uniqueItems") else None
    return st.lists(items, min_size=least, max_size=int(most), unique_by=unique)


def objects_within(schema: Schema, objects: Strategy) -> Strategy:
    """Return a strategy for the objects that a schema with bounds allows."""
    least, most = schema.get("minProperties", 0), schema.get("maxProperties", math.inf)
    return objects.filter(lambda made: least <= len(made) <= most)


@cache
def names_of_recursive_schemas(contract: Contract) -> frozenset[str]:
    """Return the names of the schemas that contain themselves, directly or through others."""
    direct = {name: _references(contract, schema) for name, schema in contract.schemas.items()}
    found = set()
    for name, references in direct.items():
        seen: set[str] = set()
        waiting = [*references]
        while waiting:
            target = waiting.pop()
            if target not in seen:
                seen.add(target)
                waiting += direct[target]
        if name in seen:
            found.add(name)
    return frozenset(found)


def _references(contract: Contract, schema: Schema) -> frozenset[str]:
    found, waiting = set(), [schema]
    while waiting:
        node = waiting.pop()
        if "$ref" in node:
            found.add(node["$ref"].rpartition("/")[2])
        else:
            waiting += below(contract, node)
    return frozenset(found)
