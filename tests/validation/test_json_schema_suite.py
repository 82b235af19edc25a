"""The official JSON-Schema test suite, for the keywords that the contract's schemas are judged by.

The suite is part of jsonschema's source package. `tox run -e suite` fetches that and says where it is.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vocode_contract.contract.profile import DIALECT
from vocode_contract.validation.engine import CompiledEngine, ReferenceEngine

FILES = [
    *("additionalProperties", "allOf", "anyOf", "const", "defs", "enum", "if-then-else", "items", "oneOf", "pattern"),
    *("properties", "ref", "required", "type", "optional/format/date-time", "optional/format/uuid"),
]
#: Their schemas need what the contract has not: documents fetched, other dialects, base URIs, anchors, keywords.
UNUSED = (
    "http://",
    "https://",
    "urn:",
    "$id",
    "$anchor",
    "$dynamic",
    "unevaluated",
    "prefixItems",
    "patternProperties",
)
LEAST = 300


def suite() -> Path | None:
    [found] = (
        Path(os.environ["JSON_SCHEMA_SUITE"]).glob("**/tests/draft2020-12")
        if "JSON_SCHEMA_SUITE" in os.environ
        else [None]
    )
    return found


def cases() -> Iterator[Any]:
    tests = suite()
    for name in FILES if tests else ():
        for group in json.loads((tests / f"{name}.json").read_bytes()):  # type: ignore[operator]  # there are files
            schema = group["schema"]
            written = json.dumps(
                {key: value for key, value in schema.items() if key != "$schema"}
                if isinstance(schema, dict)
                else schema
            )
            if isinstance(schema, dict) and not any(word in written for word in UNUSED):
                for test in group["tests"]:
                    label = f"{name}: {group['description']}: {test['description']}"
                    yield pytest.param(schema | {"$schema": DIALECT}, test["data"], test["valid"], id=label)


CASES = list(cases())

needs_suite = pytest.mark.skipif(not CASES, reason="JSON_SCHEMA_SUITE names no suite; `tox run -e suite` fetches it")


@needs_suite
@pytest.mark.parametrize("engine", [CompiledEngine, ReferenceEngine])
@pytest.mark.parametrize(("schema", "data", "valid"), CASES)
def test_engine_passes_the_official_case(schema, data, valid, engine):
    judging = engine(schema)
    assert judging.is_valid(data) is valid
    assert bool(list(judging.errors(data))) is not valid


@needs_suite
def test_suite_was_found_in_full():
    assert len(CASES) >= LEAST
