"""The JSON Schema engines, behind one protocol.

jsonschema-rs is compiled and validates in microseconds. jsonschema is the reference that it is tested against, and
replaces it where no compiled build can be installed.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from vocode_contract.validation.json_value import survey

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)

_DATE_TIME = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"[Tt](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:\.[0-9]+)?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<offset_hour>[0-9]{2}):(?P<offset_minute>[0-9]{2}))"
)


def is_uuid(value: object) -> bool:
    """Return whether a string is a UUID of 32 hexadecimal digits in five groups.

    Values that are not strings are valid: a format applies only to strings.

    Source: RFC 9562, section 4.
    """
    return not isinstance(value, str) or _UUID.fullmatch(value) is not None


def is_date_time(value: object) -> bool:
    """Return whether a string is a date-time with offset; a leap second is valid only at the end of a UTC day.

    Values that are not strings are valid: a format applies only to strings.

    Source: RFC 3339, section 5.6 and appendix D.
    """
    if not isinstance(value, str):
        return True
    match = _DATE_TIME.fullmatch(value)
    if match is None:
        return False
    part = {name: int(digits) for name, digits in match.groupdict().items() if digits and name != "sign"}
    if not (1 <= part["month"] <= 12 and 1 <= part["day"] <= _days(part["year"], part["month"])):
        return False
    offset_hour, offset_minute = part.get("offset_hour", 0), part.get("offset_minute", 0)
    if part["hour"] > 23 or part["minute"] > 59 or part["second"] > 60 or offset_hour > 23 or offset_minute > 59:
        return False
    if part["second"] < 60:
        return True
    offset = offset_hour * 60 + offset_minute
    return (part["hour"] * 60 + part["minute"] - (-offset if match["sign"] == "-" else offset)) % 1440 == 1439


def _days(year: int, month: int) -> int:
    return monthrange(year or 400, month)[1]  # the calendar module has no year 0, which is a leap year like 400


Location = tuple[str | int, ...]


class Engine(Protocol):
    """One compiled schema; its methods have no side effects."""

    def is_valid(self, instance: object) -> bool:
        """Return whether the instance is valid; may raise ValueError if it holds what JSON cannot."""
        ...

    def errors(self, instance: object) -> Iterable[tuple[Location, Location]]:
        """Return the location of each error in the instance, and in the schema along its references."""
        ...


EngineClass = Callable[[Mapping[str, Any]], Engine]


class CompiledEngine:
    """A schema compiled by jsonschema-rs."""

    __slots__ = ("_iter_errors", "is_valid")

    def __init__(self, schema: Mapping[str, Any]) -> None:
        import jsonschema_rs

        validator = jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True, offline=True)
        self.is_valid = validator.is_valid
        self._iter_errors = validator.iter_errors

    def errors(self, instance: object) -> list[tuple[Location, Location]]:
        """Return the locations of each error."""
        return [(tuple(error.instance_path), tuple(error.evaluation_path)) for error in self._iter_errors(instance)]


class ReferenceEngine:
    """A schema checked by jsonschema, with this project's format checks."""

    __slots__ = ("_validator",)

    def __init__(self, schema: Mapping[str, Any]) -> None:
        import jsonschema
        import referencing

        checker = jsonschema.FormatChecker(formats=())
        checker.checks("uuid")(is_uuid)
        checker.checks("date-time")(is_date_time)
        self._validator = jsonschema.Draft202012Validator(
            schema, format_checker=checker, registry=referencing.Registry()
        )

    def is_valid(self, instance: object) -> bool:
        """Return whether the instance is valid."""
        if survey(instance)[0]:  # jsonschema would recurse, and put it into a message
            raise ValueError
        return bool(self._validator.is_valid(instance))

    def errors(self, instance: object) -> Iterator[tuple[Location, Location]]:
        """Yield the locations of each error."""
        if survey(instance)[0]:
            raise ValueError
        for error in self._validator.iter_errors(instance):
            yield tuple(error.absolute_path), tuple(error.absolute_schema_path)


def best_engine(schema: Mapping[str, Any]) -> Engine:
    """Return the compiled engine, or the reference engine if the compiled one is not installed."""
    try:
        return CompiledEngine(schema)
    except ImportError:
        return ReferenceEngine(schema)
