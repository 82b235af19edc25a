"""Query string and body -> the arguments of an operation, or what is wrong with them."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from vocode_contract.contract.model import Contract, Operation, Parameter, Schema
from vocode_contract.http.message import Request
from vocode_contract.simulator.responses import ErrorDetail, entry_for
from vocode_contract.validation.masking import masked

if TYPE_CHECKING:
    from vocode_contract.validation.validator import Validator

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_ANY_CASE = re.ASCII | re.IGNORECASE
_UUID = re.compile(r"(?:urn:uuid:)?\{?([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?", _ANY_CASE)
_BOOLEANS = {
    **dict.fromkeys(("1", "on", "t", "true", "y", "yes"), True),
    **dict.fromkeys(("0", "f", "false", "n", "no", "off"), False),
}
_SCALARS = frozenset(("string", "number", "integer", "boolean", "null"))


class NotUnderstood(Exception):
    """A request cannot be read. Never leaves the core.

    Attributes:
        entries: The violations, at least one.
    """

    def __init__(self, *entries: ErrorDetail) -> None:
        """Hold the entries."""
        super().__init__(len(entries))
        self.entries = entries


def arguments(contract: Contract, operation: Operation, request: Request) -> Mapping[str, Any]:
    """Read an operation's parameters and body; the body's argument is named ``body``.

    Raises:
        NotUnderstood: With everything that is wrong.
    """
    query = request.query.encode("utf-8", "replace").decode()
    given = dict(parse_qsl(query, keep_blank_values=True))  # of repeated ones the last counts
    read: dict[str, Any] = {}
    wrong: list[ErrorDetail] = []
    for parameter in operation.parameters:
        try:
            read[parameter.name] = _parameter(contract, parameter, given)
        except NotUnderstood as error:
            wrong += error.entries
    if operation.body is not None:
        try:
            read["body"] = _body(contract, operation.body, request.body)
        except NotUnderstood as error:
            wrong += error.entries
    if wrong:
        raise NotUnderstood(*wrong)
    return read


def _parameter(contract: Contract, parameter: Parameter, given: Mapping[str, str]) -> Any:
    name, schema = parameter.name, parameter.schema
    if name not in given:
        if parameter.required:
            raise NotUnderstood(ErrorDetail(place=("query", name), kind="missing"))
        return schema.get("default")
    kind = _kind(contract, name, schema)
    value = _READERS[kind](given[name])
    if value is None or (kind == "column" and value not in columns(contract)):
        raise NotUnderstood(ErrorDetail(place=("query", name), kind=_ENTRIES.get(kind, kind), given=given[name]))
    if kind == "integer" and value < 1:
        raise NotUnderstood(ErrorDetail(place=("query", name), kind="minimum", given=given[name]))
    return value


def _kind(contract: Contract, name: str, schema: Schema) -> str:
    if name == "sort_column":
        return "column"
    if schema.get("format") == "uuid":
        return "uuid"
    return next(kind for kind in contract.types(schema) if kind != "null")


def _integer(text: str) -> int | None:
    return int(text) if _INTEGER.fullmatch(text.strip()) else None


def _uuid(text: str) -> str | None:
    """Read an id as the framework does: upper case, no hyphens, braces and ``urn:uuid:`` are fine."""
    match = _UUID.fullmatch(text)
    if match is None:
        return None
    digits = match[1].replace("-", "").lower()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


_READERS: Mapping[str, Callable[[str], Any]] = {
    "boolean": lambda text: _BOOLEANS.get(text.lower()),
    "column": str,
    "integer": _integer,
    "string": str,
    "uuid": _uuid,
}
_ENTRIES = {"column": "value"}


@cache
def columns(contract: Contract) -> frozenset[str]:
    """Return the names of the fields that a list of calls can be sorted by."""
    declared = contract.schema("NormalizedCall")["properties"]
    return frozenset(name for name, schema in declared.items() if _SCALARS.issuperset(contract.types(schema)))


def _body(contract: Contract, name: str, body: bytes) -> Any:
    verdict = _validator(contract, name).validate(body)
    if verdict.conforms:
        return verdict.value
    shown = masked(verdict.value, contract, name)
    raise NotUnderstood(*(entry_for(found, shown) for found in verdict.violations if found.severity == "error"))


@cache
def _validator(contract: Contract, name: str) -> "Validator":
    """Return the check of a request: as servers do, it takes repeated keys and wide integers."""
    from vocode_contract.validation.validator import Validator

    return Validator(Contract.load(contract.date, profile="wire"), name, strict=False)
