"""Exceptions for invalid arguments and missing prerequisites.

An API that violates its contract is never an exception here: it is a value, a violation. Every leaf has fields, equals
another of the same class and fields, survives pickling and copying, and reads as one line: what, where, the remedy.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class ContractError(Exception):
    """Base of every error of this package.

    A leaf hands all its fields, in order, to this constructor: equality, hash, ``copy`` and ``pickle`` rest on them.
    """

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
        remedy = "python3 -m pip install --force-reinstall vocode-contract"
        return f"the schemas are missing: no contract.json in {places}; reinstall with: {remedy}"


class _Unknown(ContractError):
    noun: str

    def __init__(self, name: str, known: tuple[str, ...] = ()) -> None:
        super().__init__(name, known)
        self.name = name
        self.known = known

    def __str__(self) -> str:
        remedy = f"; known: {', '.join(self.known)}" if self.known else ""
        return f"unknown {self.noun} {self.name!r}{remedy}"


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
    """There is no schema of that name; `name` is the unknown one, `known` are all others."""

    noun = "schema"


class UnknownProfile(_Unknown):
    """There is no profile of that name; `name` is the unknown one, `known` are all others."""

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
        return (
            f"{self.needed_for} needs the extra {self.extra!r}; "
            f"install it with: python3 -m pip install 'vocode-contract[{self.extra}]'"
        )


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
