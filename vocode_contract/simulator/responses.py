"""JSON responses and error responses, in the wording of the framework that the real servers use."""

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
    """Return an error response whose detail is a string."""
    return json_response(status, {"detail": detail}, *headers)


def authentication_error(variant: Variant, detail: str) -> Response:
    """Return the 401 or 403 of a variant."""
    if variant.refusal == 401:
        return error_response(401, detail, ("www-authenticate", "Bearer"))
    return error_response(403, detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDetail:
    """One entry of a 422 body.

    Attributes:
        place: ``query`` or ``body``, then names and indices.
        kind: A key of `_WORDING`.
        permitted: The permitted values of an enumeration.
        given: The invalid value without secrets, which newer servers repeat.
    """

    place: tuple[str | int, ...]
    kind: str
    permitted: str = ""
    given: Any = field(default=None, repr=False)


#: Kind of error to the message and type of pydantic 1, and those of pydantic 2.
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


def validation_error(details: Iterable[ErrorDetail], variant: Variant) -> Response:
    """Return the 422 that lists what is wrong with a request."""
    return json_response(422, {"detail": [_serialize(detail, variant) for detail in details]})


def _serialize(detail: ErrorDetail, variant: Variant) -> dict[str, Any]:
    message, kind = _WORDING[detail.kind][variant.pydantic - 1]
    place, message = list(detail.place), message.format(permitted=detail.permitted)
    if variant.pydantic == 1:
        return {"loc": place, "msg": message, "type": kind}
    return {"type": kind, "loc": place, "msg": message, "input": detail.given}


_KINDS: Mapping[str, str] = {
    "required": "missing",
    "null": "null",
    "enum": "enum",
    "union-type": "union",
    "format": "uuid",
    "closed": "extra",
    "json-empty": "missing",
}


def describe_violation(violation: Violation, masked: object) -> ErrorDetail:
    """Describe a violation of a request body as the framework would; ``masked`` is the body without secrets."""
    tokens = tuple(
        int(token) if token.isdecimal() else token for token in json_pointer.tokens_of(violation.instance_pointer)
    )
    return ErrorDetail(
        place=("body", *tokens),
        kind=_kind(violation),
        permitted=", ".join(f"'{word}'" for word in violation.expected.removeprefix("one of ").split(", ")),
        given=_get_value(masked, tokens),
    )


def _kind(violation: Violation) -> str:
    if violation.code == "type":
        name = violation.expected.partition(" ")[2]  # "an integer"
        return name if name in _WORDING else "value"
    return _KINDS.get(violation.code, "json" if violation.code.startswith("json-") else "value")


def _get_value(masked: object, tokens: Sequence[str | int]) -> object:
    """Return the value at a place or, if it is missing, the object that lacks it."""
    for token in tokens:
        if isinstance(masked, dict) and token in masked:
            masked = masked[token]
            continue
        if not isinstance(masked, list) or not isinstance(token, int):
            break
        masked = masked[token]
    return masked
