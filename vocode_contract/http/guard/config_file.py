"""What a user's own configuration says of hosts that are not on this machine.

Hosts and numbers are taken from the user's own file alone; a repository's files can narrow what may be
sent, never widen it, since their author may be anybody.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vocode_contract.contract.files import open_regular
from vocode_contract.errors import InvalidOption, did_you_mean

PROJECT_FILE, PYPROJECT = "vocode-contract.toml", "pyproject.toml"
TOOL = "vocode-contract"
_KEYS = ("hosts", "numbers", "rate", "read_only")
#: Bounds of the requests per second.
_SLOWEST, _FASTEST = 0.1, 100
_NUMBER_CHARACTERS = frozenset("0123456789")
#: A configuration file is a few lines; a pyproject.toml holds those of other tools too.
_LARGEST, _LARGEST_PYPROJECT = 65_536, 1_048_576
#: What lies at the root of a project.
_MARKS = (".git", ".hg", PROJECT_FILE, "pytest.ini", PYPROJECT, "tox.ini", "setup.cfg", "setup.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What may be touched beyond loopback, as far as files say.

    Attributes:
        hosts: Exact host names, in lower case.
        numbers: Phone numbers, digits only.
        read_only: Whether a file forbids every effect.
        rate: Maximum requests per second to these hosts; ``None`` for the default.
        read_only_in: The first file that forbids every effect; empty if there is none.
    """

    hosts: frozenset[str] = frozenset()
    numbers: frozenset[str] = field(default=frozenset(), repr=False)
    read_only: bool = False
    rate: float | None = None
    read_only_in: str = field(default="", compare=False)


def user_file(environment: Mapping[str, str] | None = None) -> Path:
    """Return where the user's own configuration is, whether or not it exists."""
    return _base("XDG_CONFIG_HOME", ".config", environment) / "vocode-contract" / "config.toml"


def state_directory(environment: Mapping[str, str] | None = None) -> Path:
    """Return the directory for what is kept from one run to the next, whether or not it exists."""
    return _base("XDG_STATE_HOME", ".local/state", environment) / "vocode-contract"


def read_live(user: Path, *directories: Path) -> Live:
    """Read the files; one that does not exist says nothing.

    Args:
        user: The user's own file: ``[live]`` with ``hosts``, ``numbers``, ``rate`` and ``read_only``.
        directories: Where the run begins. A repository's file, there or in any directory above, may have the table
            ``[live]`` with ``read_only = true`` and nothing else.

    Raises:
        InvalidOption: A file cannot be read, or holds what it may not hold.
    """
    _require_own(user, directories)
    document = _read(user, _LARGEST)
    if document.keys() - {"live"}:
        raise InvalidOption(str(user), "holds another table than [live]")
    own = _live(document, user)
    places = dict.fromkeys(place for start in directories for place in (start, *start.parents))
    tables = (found for place in places for found in read_project_tables(place))
    narrowing = [str(path) for path, table in tables if _narrows(path, table)]  # all are read: each may be wrong
    narrowing += [str(user)] if _flag(own, user) else []
    numbers = frozenset(text.removeprefix("+") for text in _texts(own, "numbers", user))
    if not all(number and _NUMBER_CHARACTERS.issuperset(number) for number in numbers):
        raise InvalidOption(str(user), "numbers under [live] are digits with country code, with or without +")
    return Live(
        hosts=frozenset(text.lower() for text in _texts(own, "hosts", user)),
        numbers=numbers,
        read_only=bool(narrowing),
        read_only_in=next(iter(narrowing), ""),
        rate=_rate(own, user),
    )


def _require_own(user: Path, directories: tuple[Path, ...]) -> None:
    """Refuse a file as the user's own that a repository may bring along, or that others may write.

    Raises:
        InvalidOption: It is one of those.
    """
    if not os.path.exists(user):
        return
    file, home = user.resolve(), _home()
    for repository in _projects(tuple(start.resolve() for start in directories)):
        if repository in file.parents and repository != home and repository not in home.parents:
            raise InvalidOption(str(user), "lies inside the project, whose author may be anybody; keep it elsewhere")
    if os.name == "posix" and any(path.stat().st_mode & 0o022 for path in (file, file.parent)):
        raise InvalidOption(str(user), "may be written by others, or its directory may; chmod go-w both")


def _projects(starts: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the checkouts or projects that directories are in; a directory that is in none counts as one.

    pytest's root is none where it is but what the current directory and the tests have in common.
    """
    for start in starts:
        places = (place for place in (start, *start.parents) for mark in _MARKS if os.path.exists(place / mark))
        marked = next(places, None)
        if marked or not any(start in other.parents for other in starts):
            yield marked or start


def _home() -> Path:
    """Return the home of the account, whatever the environment says of it."""
    try:
        import pwd

        return Path(pwd.getpwuid(os.getuid()).pw_dir).resolve()
    except (ImportError, KeyError):
        return Path.home().resolve()


def _base(variable: str, default: str, environment: Mapping[str, str] | None) -> Path:
    value = (os.environ if environment is None else environment).get(variable, "")
    return Path(value) if os.path.isabs(value) else Path.home() / default  # a relative one is to be ignored


def read_project_tables(directory: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the files of a project in a directory, and what each says of this package; the one that wins first.

    Raises:
        InvalidOption: A file cannot be read, or holds a table that has no meaning.
    """
    for path, table in (
        (directory / PROJECT_FILE, _read(directory / PROJECT_FILE, _LARGEST)),
        (directory / PYPROJECT, _read_pyproject(directory / PYPROJECT)),
    ):
        if any(isinstance(value, dict) and key != "live" for key, value in table.items()):
            raise InvalidOption(str(path), "holds another table than [live]")
        _narrows(path, table)  # whoever reads the table, and for whatever it does
        if table:
            yield path, table


def _read_pyproject(path: Path) -> dict[str, Any]:
    """Return the table of this package; a file that never names it is not parsed, since it may be anybody's."""
    try:
        with open_regular(path) as file:
            is_ours = TOOL.encode() in file.read(_LARGEST_PYPROJECT)
    except OSError:
        return {}
    tools: Any = _read(path, _LARGEST_PYPROJECT).get("tool", {}) if is_ours else {}
    table: Any = tools.get(TOOL, {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        raise InvalidOption(str(path), f"tool.{TOOL} must be a table")
    return table


def _narrows(path: Path, table: Mapping[str, Any]) -> bool:
    narrowing = _live(table, path)
    if beyond := sorted(narrowing.keys() - {"read_only"}):
        raise InvalidOption(str(path), f"{beyond[0]!a} under [live] belongs into your own file")
    if narrowing.get("read_only") not in (None, True):
        raise InvalidOption(str(path), "read_only under [live] can only be true: a repository narrows, never widens")
    return narrowing.get("read_only") is True


def _read(path: Path, most: int) -> dict[str, Any]:
    try:
        if not os.path.lexists(path):  # as most often
            return {}
        from vocode_contract.contract.reading import read_toml

        return read_toml(path, most)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InvalidOption(str(path), f"cannot be read: {error.strerror or type(error).__name__}") from None
    except ValueError as error:
        raise InvalidOption(str(path), str(error)) from None


def _live(document: Mapping[str, Any], path: Path) -> dict[str, Any]:
    table: Any = document.get("live", {})
    if not isinstance(table, dict):
        raise InvalidOption(str(path), "holds another table than [live]")
    if unknown := sorted(table.keys() - set(_KEYS)):
        remedy = did_you_mean(unknown[0], _KEYS) or f"; known: {', '.join(_KEYS)}"
        raise InvalidOption(str(path), f"unknown key {unknown[0]!a} under [live]{remedy}")
    return table


def _texts(table: Mapping[str, Any], key: str, path: Path) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise InvalidOption(str(path), f"{key} under [live] is a list of strings")
    return value


def _flag(table: Mapping[str, Any], path: Path) -> bool:
    value = table.get("read_only", False)
    if not isinstance(value, bool):
        raise InvalidOption(str(path), "read_only under [live] is true or false")
    return value


def _rate(table: Mapping[str, Any], path: Path) -> float | None:
    value = table.get("rate")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _SLOWEST <= value <= _FASTEST:
        raise InvalidOption(
            str(path), f"rate under [live] is a number of requests per second, {_SLOWEST} to {_FASTEST}"
        )
    return float(value)
