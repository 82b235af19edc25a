"""Exceptions for invalid arguments and missing prerequisites.

An API that violates its contract is never an exception here: it is a value, a violation. Every leaf has fields, equals
another of the same class and fields, survives pickling and copying, and reads as one line: what, where, the remedy.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


class ContractError(Exception):
    """Base of every error of this package."""

    # A leaf hands all its fields, in order, to this constructor: equality, hash, `copy` and `pickle` rest on them.

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.args == other.args

    def __hash__(self) -> int:
        return hash((type(self), self.args))


class SchemasNotFound(ContractError):
    """The schemas are not installed.

    Attributes:
        looked_in: The directories that were searched, in that order.
    """

    def __init__(self, looked_in: tuple[str, ...]) -> None:
        super().__init__(looked_in)
        self.looked_in = looked_in

    def __str__(self) -> str:
        places = " or ".join(map(repr, self.looked_in))
        remedy = describe_install("", "--force-reinstall")
        return f"the schemas are missing: no contract.json in {places}; reinstall {remedy}"


class _Unknown(ContractError):
    noun: str
    listed_by = ""  # a command that lists the names, if there are too many for a message

    def __init__(self, name: str, known: tuple[str, ...] = ()) -> None:
        super().__init__(name, known)
        self.name = name
        self.known = known

    def __str__(self) -> str:
        return describe_unknown(self.noun, self.name, self.known, listed_by=self.listed_by)


class UnknownContract(_Unknown):
    """There is no contract of that date.

    Attributes:
        date: The unknown date.
        known: The dates of all contracts.
    """

    noun = "contract"

    def __init__(self, date: str, known: tuple[str, ...] = ()) -> None:
        super().__init__(date, known)
        self.date = date


class UnknownSchema(_Unknown):
    """There is no schema of that name.

    Attributes:
        name: The unknown name.
        known: The names of all schemas.
    """

    noun = "schema"
    listed_by = "vocode-contract schema --list"


class UnknownProfile(_Unknown):
    """There is no profile of that name.

    Attributes:
        name: The unknown name.
        known: The names of all profiles.
    """

    noun = "profile"


class MissingExtra(ContractError):
    """A feature needs an extra that is not installed.

    Attributes:
        extra: Name of the extra.
        needed_for: The feature, as a noun: ``"the simulator"``.
    """

    def __init__(self, extra: str, needed_for: str) -> None:
        super().__init__(extra, needed_for)
        self.extra = extra
        self.needed_for = needed_for

    def __str__(self) -> str:
        return f"{self.needed_for} needs the extra {self.extra!r}; install it {describe_install(self.extra)}"


class InvalidOption(ContractError):
    """The value of an option is invalid. It is not stored here, since it may be a token.

    Attributes:
        name: The option as its user wrote it: ``"--vocode-url"``.
        reason: What is wrong with the value, and what would be right.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


#: Names that a message lists, at most, if a command lists them too.
_FEW = 12


def describe_unknown(noun: str, name: object, known: "Collection[str]", *, listed_by: str = "") -> str:
    """Return a message about an unknown name, with the closest known name and a list of all.

    Args:
        noun: What the name names.
        name: The unknown name.
        known: All names.
        listed_by: A command that lists them; empty if there is none.
    """
    message = f"unknown {noun} {name!r}"
    if not known:
        return message
    remedy = f"'{listed_by}' lists them" if listed_by and len(known) > _FEW else f"known: {', '.join(known)}"
    return f"{message}{did_you_mean(str(name), known) or ';'} {remedy}"


#: How `check` and the pytest plugin spell the options of a run.
CHECK_PREFIX, PYTEST_PREFIX = "--", "--vocode-"
#: The prefix of the command that runs in this process; threads share it.
_prefix = PYTEST_PREFIX


def spell_option(name: str) -> str:
    """Return an option of a run with the prefix that it has in the running command."""
    return f"{_prefix}{name}"


def set_option_prefix(prefix: str) -> str:
    """Set the prefix of options in messages from now on; return the previous prefix."""
    global _prefix
    before, _prefix = _prefix, prefix
    return before


_NAME = "vocode-contract"


def describe_install(extra: str = "", *options: str) -> str:
    """Return how to install this package again, such as ``"with: python3 -m pip install vocode-contract"``.

    The command names the source that the installer recorded, since no index may have the package.

    Args:
        extra: An extra to add; empty for none.
        options: Options of ``pip install``.
    """
    import shlex

    found = _find_source(f"[{extra}]" if extra else "")
    command = shlex.join(["python3", "-m", "pip", "install", *options, *(found or [f".[{extra}]" if extra else "."])])
    return f"with: {command}" if found else f"from a checkout with: {command}"


def _find_source(extra: str) -> list[str]:
    """Return what pip takes to install the package from where it came; nothing if that is unknown.

    Source: PEP 610, ``direct_url.json``.
    """
    import json
    import os
    from importlib.metadata import PackageNotFoundError, distribution
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        record = json.loads(distribution(_NAME).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return []
    if not record:
        return [f"{_NAME}{extra}"]
    parts = urlsplit(record["url"])
    path = url2pathname(parts.path)
    if parts.scheme == "file" and not os.path.exists(path):
        return []
    if record.get("dir_info", {}).get("editable"):
        return ["-e", f"{path}{extra}"]
    url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()  # a user name may be a token
    vcs = record.get("vcs_info")
    return [f"{_NAME}{extra} @ {vcs['vcs']}+{url}@{vcs['commit_id']}" if vcs else f"{_NAME}{extra} @ {url}"]


def did_you_mean(word: str, known: "Iterable[str]") -> str:
    """Return ``"; did you mean X?"`` for the known word that is closest, or the empty string."""
    from difflib import get_close_matches

    folded: Mapping[str, str] = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), folded, n=1)
    return f"; did you mean {folded[close[0]]}?" if close else ""


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP was received; everything that cleans up on Ctrl-C, such as pytest, cleans up on it too.

    Attributes:
        exit_code: 128 plus the number of the signal.
    """

    def __init__(self, number: int = 15) -> None:
        super().__init__(number)
        self.exit_code = 128 + number
