"""The verdict on 10,000 varied Calls, parsed and as bytes, and the list of violations."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import jsonschema_rs
import orjson

from benchmarks import corpus
from benchmarks.measuring import Figure, paired
from vocode_contract.contract.model import Contract
from vocode_contract.validation.validator import Validator

COUNT = 10_000
SLOW_COUNT = 100  # what takes jsonschema about as long


def plain_schema() -> dict[str, Any]:
    """Return what a user without this library would write: the document, null added where servers send it.

    Unions stay ``oneOf`` and ``anyOf``, as in the document.
    """
    contract = Contract.load(profile="wire")
    schemas = {name: _with_null(schema) for name, schema in contract.schemas.items()}
    return {"$ref": "#/components/schemas/Call", "components": {"schemas": schemas}}


def _with_null(schema: Any) -> Any:
    required = schema.get("required", ())
    if "properties" not in schema:
        return schema
    properties = {
        key: value
        if key in required or "default" in value
        else {"anyOf": [value, {"type": "null"}]}
        if "type" not in value or "enum" in value
        else {**value, "type": [value["type"], "null"]}
        for key, value in schema["properties"].items()
    }
    return {**schema, "properties": properties}


def figures() -> Iterator[Figure]:
    """Measure, best rival first."""
    bare = jsonschema_rs.Draft202012Validator(plain_schema(), validate_formats=True, offline=True)
    slow = jsonschema.Draft202012Validator(plain_schema(), format_checker=jsonschema.FormatChecker())
    ours = Validator(Contract.load())
    plainly = Validator(Contract.load(), strict=False)
    for invalid in (0.0, 0.01, 0.5):
        share = f"{invalid:.0%} invalid"
        calls, raw = corpus.calls(COUNT, invalid=invalid), corpus.payloads(COUNT, invalid=invalid)
        yield paired(
            f"parsed, {share}",
            lambda calls=calls: [ours.conforms(call) for call in calls],
            lambda calls=calls: [bare.is_valid(call) for call in calls],
            rival="jsonschema-rs with formats",
            units=COUNT,
            goal=1.15,
        )
        yield paired(
            f"bytes read plainly, {share}",
            lambda raw=raw: [plainly.conforms(body) for body in raw],
            lambda raw=raw: [bare.is_valid(orjson.loads(body)) for body in raw],
            rival="orjson and jsonschema-rs",
            units=COUNT,
            goal=1.10,
        )
        yield paired(
            f"bytes read strictly, {share}",
            lambda raw=raw: [ours.conforms(body) for body in raw],
            lambda raw=raw: [bare.is_valid(orjson.loads(body)) for body in raw],
            rival="orjson and jsonschema-rs",
            units=COUNT,
            goal=1.6,
        )
    few = corpus.payloads(SLOW_COUNT, invalid=0.01)
    for name, validator in (("plainly", plainly), ("strictly", ours)):
        yield paired(
            f"bytes read {name}, 1% invalid",
            lambda validator=validator: [validator.conforms(body) for body in few * 10],
            lambda: [slow.is_valid(json.loads(body)) for body in few * 10],
            rival="json and jsonschema",
            units=SLOW_COUNT * 10,
            goal=1 / 55,
            rounds=3,
        )
    wrong = [call for call in corpus.calls(COUNT, invalid=1.0) if not ours.conforms(call)][:2000]
    yield paired(
        "all violations of an invalid Call",
        lambda: [list(ours.violations(call)) for call in wrong],
        lambda: [list(bare.iter_errors(call)) for call in wrong],
        rival="jsonschema-rs iter_errors, same unions as documented",
        units=len(wrong),
        goal=2.0,
    )
    engine = jsonschema_rs.Draft202012Validator(_judged(), validate_formats=True, offline=True)
    yield paired(
        "all violations of an invalid Call",
        lambda: [list(ours.violations(call)) for call in wrong],
        lambda: [list(engine.iter_errors(call)) for call in wrong],
        rival="jsonschema-rs iter_errors, unions resolved as ours",
        units=len(wrong),
        goal=2.0,
    )


def _judged() -> dict[str, Any]:
    from vocode_contract.contract.profile import schema_under_profile

    return schema_under_profile(Contract.load(), "/components/schemas/Call")
