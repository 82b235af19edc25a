"""The options of a run that the files of a project set: ``vocode-contract.toml``, or a table of ``pyproject.toml``.

Anybody may have written them, so options that widen what is sent, or who may see it, are refused.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vocode_contract.conformance.run.options import Given
from vocode_contract.errors import InvalidOption, describe_unknown
from vocode_contract.http.guard.config_file import PYPROJECT, TOOL, read_project_tables
from vocode_contract.run_options import OPTIONS, RunOption

CONFIGURABLE: Mapping[str, RunOption] = {option.name: option for option in OPTIONS if option.is_configurable}
_TYPED = frozenset(option.name for option in OPTIONS if not option.is_configurable)
#: A directory that has one of these is the root of a checkout, above which no file is read.
_ROOTS = (".git", ".hg")


def read_project(start: Path) -> Mapping[str, Given]:
    """Return what the files of a project set, by the name of the option.

    Args:
        start: Where to begin. The files of the nearest directory that sets an option count; of the two files there,
            ``vocode-contract.toml`` wins.

    Raises:
        InvalidOption: A file cannot be read, or has a key that is unknown or not allowed there.
    """
    for directory in (start, *start.parents):
        tables = [*read_project_tables(directory)]
        found = [dict(_parse(path, table)) for path, table in tables]
        if any(found):
            return {name: given for values in reversed(found) for name, given in values.items()}
        if any(os.path.exists(directory / root) for root in _ROOTS):
            break
    return {}


def _parse(path: Path, table: Mapping[str, Any]) -> Iterator[tuple[str, Given]]:
    where = os.path.relpath(path) if path.parent == Path.cwd() else str(path)
    for name, value in table.items():
        if name == "live":  # it is the guard's
            continue
        source = f"{name} in {where}"
        if name in _TYPED:
            raise InvalidOption(
                source, "must be given on the command line of each run, since anybody may write this file"
            )
        if name not in CONFIGURABLE:
            raise InvalidOption(where, describe_unknown("key", name, (*CONFIGURABLE, "live")))
        yield name, Given(value=_convert(CONFIGURABLE[name], value, path, source), source=source, is_from_file=True)


def _convert(option: RunOption, value: Any, path: Path, source: str) -> Any:
    """Return a value in the form that it has on the command line."""
    if option.is_repeatable:
        if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
            raise InvalidOption(source, "must be a list of strings")
        return tuple(value)
    if option.is_number:
        number = (int,) if option.metavar != "SECONDS" else (int, float)
        if isinstance(value, bool) or not isinstance(value, number):
            raise InvalidOption(source, f"must be {'a number' if float in number else 'an integer'}")
        return option.type(value)
    if not isinstance(value, str) or not value:
        raise InvalidOption(source, "must be a string, and not empty")
    return _resolve_path(option, value, path) if option.is_path else value


def _resolve_path(option: RunOption, value: str, file: Path) -> str:
    """Return the path of a file, relative to the file that names it; a contract date is returned unchanged."""
    path = file.parent / value
    return str(path) if option.metavar == "FILE" or os.path.exists(path) else value


def make_schema() -> dict[str, Any]:
    """Return the JSON Schema of the table.

    Source: ``OPTIONS``; draft 7, which editors and SchemaStore support.
    """
    properties = {name: _make_property(option) for name, option in CONFIGURABLE.items()}
    live = {
        "type": "object",
        "description": "What may be sent to a remote host: a project can only restrict it.",
        "properties": {"read_only": {"const": True, "description": "Send only requests that read."}},
        "additionalProperties": False,
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"Configuration of {TOOL}",
        "description": f"The file vocode-contract.toml, and the table [tool.{TOOL}] of {PYPROJECT}.",
        "type": "object",
        "properties": {**properties, "live": live},
        "additionalProperties": False,
    }


def _make_property(option: RunOption) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    kind = {"type": "number" if option.metavar == "SECONDS" else "integer"} if option.is_number else text
    schema: dict[str, Any] = {"type": "array", "items": text} if option.is_repeatable else kind
    return {"description": f"{option.help[0].upper()}{option.help[1:]} (default: {option.default_text}).", **schema}
