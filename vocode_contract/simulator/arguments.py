"""Parse the query string and the body of a request into the arguments of an operation."""

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Operation, Parameter, Schema
from vocode_contract.http.message import Request
from vocode_contract.simulator.responses import ErrorDetail, describe_violation
from vocode_contract.validation.masking import mask_payload

if TYPE_CHECKING:
    from vocode_contract.validation.validator import Validator

#: Paths with queries whose arguments are in the cache.
_REMEMBERED = 256
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_ANY_CASE = re.ASCII | re.IGNORECASE
_UUID = re.compile(r"(?:urn:uuid:)?\{?([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?", _ANY_CASE)
_BOOLEANS = {
    **dict.fromkeys(("1", "on", "t", "true", "y", "yes"), True),
    **dict.fromkeys(("0", "f", "false", "n", "no", "off"), False),
}
#: Numbers from one on.
_COUNTS = frozenset(("page", "size"))
_SCALARS = frozenset(("string", "number", "integer", "boolean", "null"))


class InvalidRequest(Exception):
    """A request gets a 422. Never leaves the core.

    Attributes:
        details: At least one.
    """

    def __init__(self, *details: ErrorDetail) -> None:
        super().__init__(len(details))
        self.details = details


def parse_arguments(contract: Contract, operation: Operation, request: Request) -> Mapping[str, Any]:
    """Return the parameters and the body of a request; the argument for the body is named ``body``.

    Raises:
        InvalidRequest: With everything that is wrong.
    """
    arguments, details = _parse_parameters(contract, operation.name, request.path, request.query)
    if operation.body is not None:
        try:
            arguments = {**arguments, "body": _parse_body(contract, operation.body, request.body)}
        except InvalidRequest as error:
            details += error.details
    if details:
        raise InvalidRequest(*details)
    return arguments


# Clients poll: the same path and query come again and again, and parsing them takes longer than ending a call.
@lru_cache(maxsize=_REMEMBERED)
def _parse_parameters(
    contract: Contract, operation: str, path: str, query: str
) -> tuple[Mapping[str, Any], tuple[ErrorDetail, ...]]:
    """Return the valid parameters of a request, and what is wrong with the others."""
    known = contract.operations[operation]
    text = query.encode("utf-8", "replace").decode()
    given = dict(parse_qsl(text, keep_blank_values=True))  # the last of repeated ones counts
    arguments: dict[str, Any] = {}
    details: list[ErrorDetail] = []
    in_path = _read_path(known.path, path)
    for parameter in (each for each in known.parameters if each.location in ("query", "path")):
        try:
            found = in_path if parameter.location == "path" else given
            arguments[parameter.name] = _parse_parameter(contract, parameter, found)
        except InvalidRequest as error:
            details += error.details
    return arguments, tuple(details)


def _read_path(template: str, path: str) -> Mapping[str, str]:
    """Return the segments of a URL path for which ``{name}`` stands in the path of an operation."""
    pairs = zip(template.strip("/").split("/"), path.strip("/").split("/"), strict=False)
    return {name.strip("{}"): unquote(segment) for name, segment in pairs if name.startswith("{")}


def _parse_parameter(contract: Contract, parameter: Parameter, given: Mapping[str, str]) -> Any:
    name, schema = parameter.name, parameter.schema
    if name not in given:
        if parameter.required:
            raise InvalidRequest(ErrorDetail(place=("query", name), kind="missing"))
        return schema.get("default")
    kind = _kind(contract, name, schema)
    value = _PARSERS.get(kind, str)(given[name])
    if value is None or (kind == "column" and value not in columns(contract)):
        error = "value" if kind == "column" else kind
    elif kind == "integer" and value < 1 and name in _COUNTS:
        error = "minimum"
    else:
        return value
    raise InvalidRequest(ErrorDetail(place=("query", name), kind=error, given=given[name]))


def _kind(contract: Contract, name: str, schema: Schema) -> str:
    if name == "sort_column":
        return "column"
    if schema.get("format") == "uuid":
        return "uuid"
    return next((kind for kind in contract.types(schema) if kind != "null"), "string")


def _parse_uuid(text: str) -> str | None:
    """Parse an id as the framework does: upper case, no hyphens, braces and ``urn:uuid:`` are valid."""
    match = _UUID.fullmatch(text)
    if match is None:
        return None
    digits = match[1].replace("-", "").lower()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "boolean": lambda text: _BOOLEANS.get(text.lower()),
    "column": str,
    "integer": lambda text: int(text) if _INTEGER.fullmatch(text.strip()) else None,
    "string": str,
    "uuid": _parse_uuid,
}


@cache
def columns(contract: Contract) -> frozenset[str]:
    """Return the names of the properties that a list of calls can be sorted by."""
    declared = contract.schemas.get("NormalizedCall", {}).get("properties", {})
    return frozenset(name for name, schema in declared.items() if _SCALARS.issuperset(contract.types(schema)))


def _parse_body(contract: Contract, name: str, body: bytes) -> Any:
    verdict = _validator(contract, name).validate(body)
    if verdict.conforms:
        return verdict.value
    shown = mask_payload(verdict.value, contract, name)
    errors = (found for found in verdict.violations if found.severity == "error")
    raise InvalidRequest(*(describe_violation(found, shown) for found in errors))


@cache
def _validator(contract: Contract, name: str) -> "Validator":
    from vocode_contract.validation.validator import Validator

    # Not strict: like the framework, it accepts repeated keys and wide integers.
    return Validator(contract.with_profile("wire"), name, strict=False)
