"""Every response that is not the one that was hoped for, in the words of the framework behind the servers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from vocode_contract.contract import json_pointer
from vocode_contract.http.message import Response
from vocode_contract.simulator.variants import Variant
from vocode_contract.validation.violation import Violation

JSON = ("content-type", "application/json")


def json_response(status: int, content: object, *headers: tuple[str, str]) -> Response:
    """Return a response with a JSON body."""
    return Response(status=status, headers=(JSON, *headers), body=orjson.dumps(content))


def error_response(status: int, detail: str, *headers: tuple[str, str]) -> Response:
    """Return a refusal whose detail is a plain string."""
    return json_response(status, {"detail": detail}, *headers)


def authentication_error(variant: Variant, detail: str) -> Response:
    """Return the refusal of an authentication."""
    if variant.refusal == 401:
        return error_response(401, detail, ("www-authenticate", "Bearer"))
    return error_response(403, detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDetail:
    """One thing wrong with a request, as one entry of a 422 body.

    Attributes:
        place: Where: ``query`` or ``body``, then names and indices.
        kind: The violations, a key of the table of wordings.
        permitted: The words that would be right, where there are such.
        given: The value that came, as newer servers repeat it, without anything secret.
    """

    place: tuple[str | int, ...]
    kind: str
    permitted: str = ""
    given: Any = field(default=None, repr=False)


#: Kind of error to message and type under pydantic 1, message and type under pydantic 2.
_WORDING: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "missing": (("field required", "value_error.missing"), ("Field required", "missing")),
    "uuid": (
        ("value is not a valid uuid", "type_error.uuid"),
        ("Input should be a valid UUID, invalid character or length", "uuid_parsing"),
    ),
    "integer": (
        ("value is not a valid integer", "type_error.integer"),
        ("Input should be a valid integer, unable to parse string as an integer", "int_parsing"),
    ),
    "minimum": (
        ("ensure this value is greater than or equal to 1", "value_error.number.not_ge"),
        ("Input should be greater than or equal to 1", "greater_than_equal"),
    ),
    "boolean": (
        ("value could not be parsed to a boolean", "type_error.bool"),
        ("Input should be a valid boolean, unable to interpret input", "bool_parsing"),
    ),
    "number": (("value is not a valid float", "type_error.float"), ("Input should be a valid number", "float_type")),
    "string": (("str type expected", "type_error.str"), ("Input should be a valid string", "string_type")),
    "array": (("value is not a valid list", "type_error.list"), ("Input should be a valid list", "list_type")),
    "object": (
        ("value is not a valid dict", "type_error.dict"),
        ("Input should be a valid dictionary or object to extract fields from", "model_attributes_type"),
    ),
    "null": (
        ("none is not an allowed value", "type_error.none.not_allowed"),
        ("Input should be a valid value", "none_not_allowed"),
    ),
    "enum": (
        ("unexpected value; permitted: {permitted}", "value_error.const"),
        ("Input should be {permitted}", "literal_error"),
    ),
    "union": (
        ("No match for discriminator (allowed values: {permitted})", "value_error.discriminated_union.invalid"),
        ("Input tag does not match any of the expected tags: {permitted}", "union_tag_invalid"),
    ),
    "json": (("Invalid JSON", "value_error.jsondecode"), ("JSON decode error", "json_invalid")),
    "extra": (
        ("extra fields not permitted", "value_error.extra"),
        ("Extra inputs are not permitted", "extra_forbidden"),
    ),
    "value": (("value is not valid", "value_error"), ("Value error, value is not valid", "value_error")),
}


def validation_error(entries: Iterable[ErrorDetail], variant: Variant) -> Response:
    """Return the 422 that lists what is wrong with a request."""
    return json_response(422, {"detail": [_written(entry, variant) for entry in entries]})


def _written(entry: ErrorDetail, variant: Variant) -> dict[str, Any]:
    message, kind = _WORDING[entry.kind][variant.pydantic - 1]
    written = {"loc": list(entry.place), "msg": message.format(permitted=entry.permitted), "type": kind}
    if variant.pydantic == 1:
        return written
    return {"type": kind, "loc": written["loc"], "msg": written["msg"], "input": entry.given}


_KINDS: Mapping[str, str] = {
    "required": "missing",
    "null": "null",
    "enum": "enum",
    "union-type": "union",
    "format": "uuid",
    "closed": "extra",
    "json-empty": "missing",
}
_TYPES: Mapping[str, str] = {
    "an integer": "integer",
    "a number": "number",
    "a boolean": "boolean",
    "a string": "string",
    "an array": "array",
    "an object": "object",
}


def entry_for(violation: Violation, masked: object) -> ErrorDetail:
    """Word a violation of a request body as the framework would.

    Args:
        violation: The violation in the request.
        masked: The body without anything secret.
    """
    tokens = _tokens(violation.instance_pointer)
    return ErrorDetail(
        place=("body", *tokens),
        kind=_kind(violation),
        permitted=", ".join(f"'{word}'" for word in violation.expected.removeprefix("one of ").split(", ")),
        given=_at(masked, tokens),
    )


def _kind(violation: Violation) -> str:
    if violation.code == "type":
        return _TYPES.get(violation.expected, "value")
    return _KINDS.get(violation.code, "json" if violation.code.startswith("json-") else "value")


def _tokens(place: str) -> tuple[str | int, ...]:
    return tuple(int(token) if token.isdecimal() else token for token in json_pointer.tokens_of(place))


def _at(masked: object, tokens: Sequence[str | int]) -> object:
    """Return the value at a place; where it is missing, the object that lacks it."""
    for token in tokens:
        if isinstance(masked, dict) and token in masked:
            masked = masked[token]
            continue
        if not isinstance(masked, list) or not isinstance(token, int):
            break
        masked = masked[token]
    return masked
