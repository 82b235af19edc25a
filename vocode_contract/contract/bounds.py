"""Values within the bounds that a schema declares: the shipped contracts declare none, those of users may."""

import math
import re
from collections.abc import Iterator
from typing import Any

from vocode_contract.contract.documents import BOUNDS
from vocode_contract.contract.model import Schema
from vocode_contract.errors import InvalidOption

#: Keywords that rule out values of the declared type.
LIMITS = BOUNDS | {"pattern"}
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
