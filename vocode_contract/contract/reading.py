"""Read a user's own document: a mapping, a text or a file in JSON, YAML or TOML, or a folder of JSON files."""

import os
import re
import tomllib
from collections.abc import Mapping
from functools import partial
from typing import Any

import orjson

from vocode_contract.contract import documents, files
from vocode_contract.contract.documents import refuse
from vocode_contract.errors import InvalidOption, MissingExtra

#: Bounds of a document: no published one comes near, and deeper ones would exhaust the stack.
MOST_BYTES, MOST_LEVELS, MOST_VALUES = 16 * 1024 * 1024, 64, 1_000_000
#: Dots in a line: tomllib needs hours for a key with a hundred thousand parts.
_MOST_DOTS = 100


def read_openapi(document: Mapping[str, Any] | str | bytes | os.PathLike[str]) -> tuple[Any, str]:
    """Return a parsed OpenAPI document, and what to call it in errors.

    Args:
        document: A mapping; the text, which starts with ``{`` or has several lines; or the path of a file.

    Raises:
        InvalidOption: It cannot be read, is neither JSON nor YAML, or exceeds a bound.
        MissingExtra: It is YAML, and PyYAML is not installed.
    """
    if isinstance(document, Mapping):
        return _copy_limited(document, "document"), "document"
    if isinstance(document, bytes):
        return _copy_limited(_parse(document, "document"), "document"), "document"
    if isinstance(document, str) and (document.lstrip().startswith("{") or "\n" in document):
        return _copy_limited(_parse(document.encode("utf-8", "surrogatepass"), "document"), "document"), "document"
    source = os.fspath(document)
    return _copy_limited(_parse(_read_file(source), source), source), source


def read_folder(path: str) -> tuple[dict[str, Any], str]:
    """Return a folder in the form of ``schemas/DATE/`` as one document, and the folder's name.

    Raises:
        InvalidOption: A file is missing, is no JSON, or lies outside the folder.
    """

    def read(name: str) -> Any:
        file = os.path.join(path, name)
        content = _copy_limited(_parse(_read_in_folder(path, name), file), file)
        if not isinstance(content, dict):
            raise refuse(file, "", "must be an object")
        return content

    return documents.join_files(read), os.path.basename(os.path.abspath(path))


def read_files(path: str, *, is_shipped: bool = False) -> Mapping[str, bytes]:
    """Return the files of a contract by name: of a folder, or of a shipped date.

    Raises:
        InvalidOption: A file is missing, is no JSON, or lies outside the folder.
    """
    contents: dict[str, bytes] = {}

    def read(name: str) -> Any:
        contents[name] = files.read_bytes(path, name) if is_shipped else _read_in_folder(path, name)
        return _parse(contents[name], name)

    documents.join_files(read)
    return contents


def _read_in_folder(path: str, name: str) -> bytes:
    if os.path.basename(name) != name or not name.endswith(".json"):
        raise InvalidOption(path, f"has a $ref to {name!r}: only JSON files of the same folder are read")
    return _read_file(os.path.join(path, name))


def _read_file(path: str) -> bytes:
    try:
        with files.open_regular(path) as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidOption(path, f"cannot be read: {error.strerror or type(error).__name__}") from None


def _parse(content: bytes, source: str) -> Any:
    """Parse JSON, or YAML if it cannot be JSON; no error quotes the content."""
    if len(content) > MOST_BYTES:
        raise refuse(source, "", f"has more than {MOST_BYTES} bytes")
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        if content.lstrip()[:1] in (b"{", b"["):
            raise InvalidOption(source, f"is not JSON: line {error.lineno}, column {error.colno}") from None
    return _parse_yaml(content, source)


def _parse_yaml(content: bytes, source: str) -> Any:
    try:
        return load_yaml(content)
    except ImportError:
        raise MissingExtra("yaml", "a document in YAML") from None
    except ValueError as error:
        raise InvalidOption(source, f"is neither JSON nor YAML{error}") from None


def load_yaml(content: bytes) -> Any:
    """Parse YAML whose author may be anybody; aliases can make it larger than it looks.

    Raises:
        ImportError: PyYAML is not installed.
        ValueError: It is not YAML; the text says where, if that is known, and quotes nothing of it.
    """
    import yaml  # type: ignore[import-untyped]  # its stubs are no dependency of ours

    from vocode_contract.contract.yaml_loader import LimitedLoader

    try:
        return yaml.load(content, partial(LimitedLoader, most=MOST_VALUES))  # noqa: S506 - it is a safe loader
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:  # of wrong tags too
        mark = getattr(error, "problem_mark", None)
        raise ValueError(f": line {mark.line + 1}, column {mark.column + 1}" if mark else "") from None


def _copy_limited(document: Any, source: str) -> Any:
    """Return a copy that JSON can hold, its keys as text, after a look at its size: aliases of YAML can hide it."""
    level, count = [document], 0
    for _ in range(MOST_LEVELS):
        count += len(level)
        if count > MOST_VALUES:
            raise refuse(source, "", f"has more than {MOST_VALUES} values")
        level = [child for node in level for child in _children(node)]
        if not level:
            break
    if level:
        raise refuse(source, "", f"nests deeper than {MOST_LEVELS} levels, or contains itself")
    try:
        text = orjson.dumps(
            document, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME, default=_to_dict
        )
    except TypeError:  # its text may quote the document
        raise InvalidOption(source, "is not JSON: it must consist of mappings, lists, strings and numbers") from None
    return orjson.loads(text)


def _children(node: Any) -> Any:
    return node.values() if isinstance(node, Mapping) else node if isinstance(node, list | tuple) else ()


def _to_dict(value: object) -> dict[Any, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError


def read_toml(path: str | os.PathLike[str], most: int) -> dict[str, Any]:
    """Read a TOML file whose author may be anybody.

    Raises:
        OSError: It cannot be read.
        ValueError: It is not TOML, or exceeds a limit; the text is a phrase, and quotes nothing of the file.
    """
    with files.open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"is longer than {most:,} bytes")
    if any(line.count(b".") > _MOST_DOTS for line in content.split(b"\n")):
        raise ValueError(f"has more than {_MOST_DOTS} dots in a line")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))  # editors on Windows write a byte order mark
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except ValueError as error:  # a number with thousands of digits is no TOMLDecodeError
        place = re.search(r"\(at .*\)", str(error))
        raise ValueError(f"is not TOML{f' {place[0]}' if place else ''}") from None
