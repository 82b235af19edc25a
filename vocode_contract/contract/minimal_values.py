"""Make the shortest values that a schema allows, within the bounds that contracts of users may declare."""

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from vocode_contract.contract.documents import BOUNDS
from vocode_contract.contract.json_types import allows_type, json_type
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Schema
from vocode_contract.errors import InvalidOption

#: Keywords that rule out values of the declared type.
LIMITS = BOUNDS | {"pattern"}
#: What a string of a format looks like.
_PATTERNS = {
    "uuid": "(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "date-time": r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:]{8}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})",
}
#: Strings of which one may match a pattern.
_TEXTS = (
    "a",
    "A",
    "1",
    "aa",
    "11",
    "en",
    "en-US",
    "text",
    "example",
    "Example",
    "12025550123",
    "+12025550123",
    "2023-11-07",
    "05:31:56",
    "1.0.0",
    "name@example.com",
    "https://example.com/",
    "3c90c3cc-0d44-4b50-8888-8dd25736052a",
)


def is_within(schema: Schema, value: object) -> bool:
    """Return whether a string or a number is within the bounds of its schema, and matches its pattern."""
    if isinstance(value, str):
        length_fits = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", math.inf)
        return length_fits and ("pattern" not in schema or bool(re.search(schema["pattern"], value)))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    least, most = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    above, below = schema.get("exclusiveMinimum", -math.inf), schema.get("exclusiveMaximum", math.inf)
    step = schema.get("multipleOf")
    return least <= value <= most and above < value < below and (step is None or _is_multiple(value, step))


def fit_value(schema: Schema, usual: Any) -> Any:
    """Return a string or a number within the bounds of its schema: the usual value, if it is, else an example.

    Raises:
        InvalidOption: The schema has a pattern without an example, and no common string matches it.
    """
    if not LIMITS & schema.keys():
        return usual
    candidates = (usual, *schema.get("examples", ()), schema.get("default"), *_candidates(schema, usual))
    for value in candidates:
        if type(value) is type(usual) and is_within(schema, value):
            return value
    keywords = ", ".join(sorted(LIMITS & schema.keys()))
    raise InvalidOption("contract", f"needs an example beside {keywords}: no value is known that fits")


def _candidates(schema: Schema, usual: Any) -> Iterator[Any]:
    if isinstance(usual, str):
        yield from _TEXTS
        least, most = schema.get("minLength", 0), schema.get("maxLength", len(usual))
        for text in (usual, *_TEXTS):
            yield (text or "a") * (least // max(len(text), 1) + 1)
            yield text.ljust(least, "a")[: max(least, most)]
        return
    bounds = [schema[key] for key in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum") if key in schema]
    for bound in (*bounds, 0):
        for value in (bound, bound + 1, bound - 1, bound + 0.5, bound - 0.5, sum(bounds) / max(len(bounds), 1)):
            yield type(usual)(value)
        if step := schema.get("multipleOf"):
            yield type(usual)(math.ceil(bound / step) * step)
            yield type(usual)(math.floor(bound / step) * step)


def _is_multiple(value: float, step: float) -> bool:
    return math.isclose(value / step, round(value / step), abs_tol=1e-12)


def branches_of(schema: Schema) -> tuple[Schema, ...]:
    """Return the branches of a union except null; in the order of the tags if it has a discriminator."""
    if "discriminator" in schema:
        references = dict.fromkeys(schema["discriminator"]["mapping"].values())
        return tuple({"$ref": reference} for reference in references)
    options = schema.get("oneOf") or schema.get("anyOf") or ()
    return tuple(option for option in options if option.get("type") != "null")


def follow(contract: Contract, schema: Schema) -> Schema:
    """Return a schema with its references resolved."""
    while "$ref" in schema:
        schema = contract.target(schema["$ref"])
    return schema


def minimal_value(contract: Contract, schema: Schema) -> Any:
    """Return the shortest valid value."""
    schema = follow(contract, schema)
    if branches := branches_of(schema):
        return minimal_of_branch(contract, schema, branches[0])
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    kind = (*contract.types(schema), "object")[0]
    if kind == "object":
        properties = schema.get("properties", {})
        return {key: minimal_value(contract, properties.get(key, {})) for key in schema.get("required", ())}
    if kind == "array":
        return [minimal_value(contract, schema["items"]) for _ in range(schema.get("minItems", 0))]
    shortest = _FORMATTED.get(schema.get("format", ""), "") if kind == "string" else _SHORTEST[kind]()
    return fit_value(schema, shortest)


def minimal_of_branch(contract: Contract, union: Schema, branch: Schema) -> Any:
    """Return the shortest valid value of one branch of a union, with its tag if the union has a discriminator."""
    made = minimal_value(contract, branch)
    if "discriminator" in union:
        tag = union["discriminator"]["propertyName"]
        tags = (value for value, target in union["discriminator"]["mapping"].items() if target == branch["$ref"])
        made.setdefault(tag, next(tags))
    return made


_SHORTEST: dict[str, Callable[[], Any]] = {"integer": int, "number": int, "boolean": bool, "null": lambda: None}
_FORMATTED = {"uuid": "00000000-0000-0000-0000-000000000000", "date-time": "2023-11-07T05:31:56+00:00"}


def usual_value(contract: Contract, schema: Schema) -> Any:
    """Return the default of a schema or its first example, if that is a plain value, else its shortest value."""
    found = contract.branch(schema, "") or schema
    for value in (schema.get("default"), *found.get("examples", ())):
        if isinstance(value, str | int | float):
            chosen = contract.branch(schema, value)
            is_of_type = allows_type(contract.types(chosen or {}), json_type(value))
            if chosen is not None and is_of_type and is_allowed(chosen, value):
                return value
    return minimal_value(contract, schema)


def is_allowed(schema: Schema, value: Any) -> bool:
    """Return whether a plain value of the right type is listed, of the declared format, and within the bounds."""
    listed = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if listed is not None and value not in listed:
        return False
    if isinstance(value, str) and schema.get("format") in _PATTERNS:
        return bool(re.fullmatch(_PATTERNS[schema["format"]], value))
    return is_within(schema, value)
