"""The engines that hold an instance against a schema, behind one seam.

jsonschema-rs is compiled and gives the verdict in microseconds; jsonschema is the reference it is
tested against, and takes its place where no compiled build can be installed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from vocode_contract.reading import surveyed

Location = tuple[str | int, ...]


class Engine(Protocol):
    """One schema, ready to judge; both methods are free of side effects."""

    def is_valid(self, instance: object) -> bool:
        """Tell whether the instance is valid; may raise ValueError for what JSON cannot hold."""
        ...

    def errors(self, instance: object) -> Iterable[tuple[Location, Location]]:
        """Say where each error is: in the instance, and in the schema along its references."""
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
        """List where each error is."""
        return [(tuple(error.instance_path), tuple(error.evaluation_path)) for error in self._iter_errors(instance)]


class ReferenceEngine:
    """A schema in the hands of jsonschema, with this project's checks of formats."""

    __slots__ = ("_validator",)

    def __init__(self, schema: Mapping[str, Any]) -> None:
        import jsonschema
        import referencing

        from vocode_contract.formats import is_date_time, is_uuid

        checker = jsonschema.FormatChecker(formats=())
        checker.checks("uuid")(is_uuid)
        checker.checks("date-time")(is_date_time)
        self._validator = jsonschema.Draft202012Validator(
            schema, format_checker=checker, registry=referencing.Registry()
        )

    def is_valid(self, instance: object) -> bool:
        """Tell whether the instance is valid."""
        if surveyed(instance)[0]:  # jsonschema would put it into a message, and recurse
            raise ValueError
        return bool(self._validator.is_valid(instance))

    def errors(self, instance: object) -> Iterator[tuple[Location, Location]]:
        """Yield where each error is."""
        if surveyed(instance)[0]:
            raise ValueError
        for error in self._validator.iter_errors(instance):
            yield tuple(error.absolute_path), tuple(error.absolute_schema_path)


def best_engine(schema: Mapping[str, Any]) -> Engine:
    """Return the compiled engine, or the reference engine where the compiled one is not installed."""
    try:
        return CompiledEngine(schema)
    except ImportError:
        return ReferenceEngine(schema)
