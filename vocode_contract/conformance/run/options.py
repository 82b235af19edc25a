"""The options of a run: one table that drives pytest, click, the environment and the configuration file.

Nothing is imported here but the standard library, so that `--help` stays quick.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: How an option is spelled for the command line and for pytest.
CHECK_PREFIX, PYTEST_PREFIX = "--", "--vocode-"
_UNSET: tuple[object, ...] = (None, "", (), [])


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The value of an option, and where it was given.

    Attributes:
        value: Of the option's type; its default if it was not given.
        source: An option, a variable or a key, as its user wrote it.
    """

    value: Any = field(repr=False)
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOption:
    """One option of a run.

    Attributes:
        name: Its name without a prefix, such as ``max-body``.
        help: What it sets, as a phrase.
        metavar: What stands for its value in help; empty for a flag.
        type: Type of one value.
        default: Its value if it is not given.
        shown_default: The default in help, if it is not that value itself.
        is_repeatable: Whether it may be given several times; its value is a tuple then.
        is_cumulative: Whether the values of all sources count, and not only those of the first one.
        has_variable: Whether an environment variable gives it too; several values are separated by spaces.
        has_key: Whether a key of pytest's configuration file gives it too.
        is_typed: Whether it widens what is sent to a remote host, or who may see it: it must be typed for each run.
        alias: A second name on the command line of ``check``; empty for none.
        is_for_check: Whether the command ``check`` has it too.
    """

    name: str
    help: str
    metavar: str = ""
    type: type = str
    default: Any = ""
    shown_default: str = ""
    is_repeatable: bool = False
    is_cumulative: bool = False
    has_variable: bool = False
    has_key: bool = False
    is_typed: bool = False
    alias: str = ""
    is_for_check: bool = True

    @property
    def key(self) -> str:
        """The name as an identifier."""
        return self.name.replace("-", "_")

    @property
    def ini_key(self) -> str:
        """The key in pytest's configuration file, which is also pytest's name of the option."""
        return f"vocode_{self.key}"

    @property
    def variable(self) -> str:
        """The environment variable."""
        return self.ini_key.upper()

    @property
    def is_flag(self) -> bool:
        """Whether it takes no value."""
        return self.type is bool

    @property
    def description(self) -> str:
        """The help text: what it sets, its default, and whether it may be repeated."""
        default = self.shown_default or ("" if self.is_flag else str(self.default))
        notes = f" (default: {default})" if default else ""
        return f"{self.help}{notes}{'; may be given several times' if self.is_repeatable else ''}"

    def is_set(self, value: Any) -> bool:
        """Return whether a value differs from what the option has if it is not given."""
        return value not in _UNSET and value != self.default

    def resolve(self, typed: Any, *, prefix: str, file: Any = None) -> Given:
        """Return what was given: an option beats the environment, and that the configuration file.

        Args:
            typed: The value on the command line.
            prefix: How options are spelled there.
            file: The value in the configuration file.
        """
        variable = os.environ.get(self.variable, "") if self.has_variable else ""
        sources = (
            (f"{prefix}{self.name}", typed),
            (self.variable, variable.split() if self.is_repeatable else variable),
            (f"{self.ini_key} in the configuration file", file),
        )
        if self.is_cumulative:
            return Given(
                value=tuple(word for _, words in reversed(sources) for word in words or ()), source=sources[0][0]
            )
        given = ((value, source) for source, value in sources if self.is_set(value))
        value, source = next(given, (self.default, sources[0][0]))
        return Given(value=tuple(value) if self.is_repeatable else value, source=source)

    def as_words(self, value: Any, prefix: str) -> list[str]:
        """Return the words of a command line that give the option a value; none for its default."""
        if not self.is_set(value):
            return []
        if self.is_flag:
            return [f"{prefix}{self.name}"]
        return [f"{prefix}{self.name}={one}" for one in (value if self.is_repeatable else (value,))]


URL = RunOption(
    name="url",
    metavar="URL",
    help="server to check",
    shown_default="the built-in simulator",
    has_variable=True,
    has_key=True,
)

OPTIONS: tuple[RunOption, ...] = (
    URL,
    RunOption(
        name="contract",
        metavar="DATE",
        help="date of the contract",
        shown_default="2023-11-30",
        has_variable=True,
        has_key=True,
    ),
    RunOption(
        name="profile",
        metavar="NAME",
        help="how literally the contract is read: documented, wire or tolerant",
        shown_default="wire",
        has_variable=True,
        has_key=True,
    ),
    RunOption(
        name="call-id",
        metavar="ID",
        help="ID of a call that the suite may end",
        default=(),
        shown_default="none",
        is_repeatable=True,
        is_typed=True,
    ),
    RunOption(
        name="select",
        metavar="CODE",
        help="check only this code; wildcards such as json-* are allowed",
        default=(),
        shown_default="all",
        is_repeatable=True,
        has_key=True,
    ),
    RunOption(
        name="ignore",
        metavar="CODE",
        help="skip this code; wildcards are allowed",
        default=(),
        shown_default="none",
        is_repeatable=True,
        has_key=True,
    ),
    RunOption(
        name="traffic-host",
        metavar="HOST",
        help="host whose traffic vocode_traffic checks",
        default=(),
        shown_default="any",
        is_repeatable=True,
        has_key=True,
        is_for_check=False,
    ),
    RunOption(
        name="policy",
        metavar="NAME=VALUE",
        help="policy for behaviour that the documents leave open",
        default=(),
        shown_default="those that each report lists",
        is_repeatable=True,
        is_cumulative=True,
        has_variable=True,
        has_key=True,
    ),
    RunOption(name="fuzz", metavar="N", help="number of generated requests per operation", type=int, default=0),
    RunOption(name="seed", metavar="N", help="random seed for generated requests", type=int, default=0),
    RunOption(
        name="ca",
        metavar="FILE",
        help="PEM file of an additional certificate authority to trust",
        shown_default="none",
        has_variable=True,
        has_key=True,
        is_typed=True,
    ),
    RunOption(
        name="proxy",
        metavar="URL",
        help="HTTP proxy to use",
        shown_default="none, HTTPS_PROXY is ignored",
        has_variable=True,
        has_key=True,
        is_typed=True,
    ),
    RunOption(
        name="timeout",
        metavar="SECONDS",
        help="maximum duration of one exchange",
        shown_default="30",
        has_variable=True,
        has_key=True,
    ),
    RunOption(
        name="max-body",
        metavar="BYTES",
        help="maximum response size in bytes",
        shown_default="8388608",
        has_variable=True,
        has_key=True,
    ),
    RunOption(
        name="plan",
        help="print the requests that would be sent, and send nothing",
        type=bool,
        default=False,
        alias="dry-run",
    ),
    RunOption(
        name="allow",
        metavar="EFFECT",
        help="permit an effect on a remote host: rings, hangs-up, bills or writes",
        default=(),
        shown_default="none",
        is_repeatable=True,
        is_typed=True,
    ),
    RunOption(
        name="allow-number",
        metavar="NUMBER",
        help="phone number that a remote host may dial",
        default=(),
        shown_default="none",
        is_repeatable=True,
        is_typed=True,
    ),
    RunOption(
        name="budget",
        metavar="N",
        help="maximum number of state-changing requests to a remote host",
        type=int,
        default=1,
        is_typed=True,
    ),
    RunOption(
        name="production",
        help="confirm that the target is a production host",
        type=bool,
        default=False,
        is_typed=True,
    ),
    RunOption(
        name="approve-sends",
        metavar="N",
        help="number of state-changing requests that the plan shows, as confirmation for production without a terminal",
        type=int,
        default=None,
        shown_default="none",
        is_typed=True,
    ),
)

#: The percentage of the contract that tests must exercise: an option of pytest only.
COVERAGE = RunOption(name="coverage", help="", has_variable=True, has_key=True)

#: Option -> what it has if nothing is given.
DEFAULTS: Mapping[str, Given] = {
    option.name: Given(value=option.default, source=f"{CHECK_PREFIX}{option.name}") for option in OPTIONS
}
