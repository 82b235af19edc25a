"""The options of a run: one table that drives pytest, click, the environment and the configuration file.

Every pytest run of every project that has this package installed imports it, to declare the options, so it is quick to
import.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

#: Values that mean that an option is not given.
UNSET: tuple[object, ...] = (None, "", (), [])
#: What stands in help for a value that is a number.
_NUMBERS = ("N", "SECONDS", "BYTES")


class RunOption:
    """One option of a run; not a dataclass, whose creation takes longer than all else in this module.

    Attributes:
        name: Its name without a prefix, such as ``max-body``.
        metavar: Stands for its value in help; empty for a flag.
        help: What it sets, as a phrase.
        default: Its value if it is not given; a tuple may be given several times, and None stands for a number.
        shown_default: The default in help, if it is not that value itself.
        is_cumulative: Whether the values of all sources count, and not only those of the first one.
        has_variable: Whether an environment variable gives it too; several values are separated by spaces.
        has_key: Whether a key of pytest's configuration file gives it too.
        is_typed: Whether it widens what is sent to a remote host, or who may see it: it must be typed for each run.
        alias: A second name on the command line of ``check``; empty for none.
        is_for_check: Whether the command ``check`` has it too.
        scope: ``endpoint`` if it concerns requests to a server or the built-in simulator, ``server`` if it concerns
            only those to a server. If nothing is sent there, the environment variable of the option has no effect.
    """

    def __init__(
        self,
        name: str,
        metavar: str,
        help: str,  # noqa: A002 - as click and argparse name it
        *,
        default: "Any" = "",
        shown_default: str = "",
        is_cumulative: bool = False,
        has_variable: bool = False,
        has_key: bool = False,
        is_typed: bool = False,
        alias: str = "",
        is_for_check: bool = True,
        scope: 'Literal["", "endpoint", "server"]' = "",
    ) -> None:
        self.name = name
        self.metavar = metavar
        self.help = help
        self.default = default
        self.shown_default = shown_default
        self.is_cumulative = is_cumulative
        self.has_variable = has_variable
        self.has_key = has_key
        self.is_typed = is_typed
        self.alias = alias
        self.is_for_check = is_for_check
        self.scope = scope

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
        return isinstance(self.default, bool)

    @property
    def is_number(self) -> bool:
        """Whether its value is a number."""
        return self.metavar in _NUMBERS

    @property
    def is_path(self) -> bool:
        """Whether its value is the path of a file, or may be one."""
        return self.metavar in ("FILE", "DATE|PATH")

    @property
    def is_configurable(self) -> bool:
        """Whether the files of a project may set it, which can narrow what is sent but never widen it."""
        return not (self.is_typed or self.is_flag)

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be given several times."""
        return isinstance(self.default, tuple)

    @property
    def type(self) -> type:
        """Type of one value."""
        return str if self.default in ("", ()) else int

    @property
    def default_text(self) -> str:
        """The default as help shows it."""
        return self.shown_default or ("none" if self.default in UNSET else str(self.default))

    @property
    def description(self) -> str:
        """The help text: what it sets, its default, and whether it may be repeated."""
        if self.is_flag:
            return f"{self.help} (default: no)"
        return (
            f"{self.help} (default: {self.default_text}){'; may be given several times' if self.is_repeatable else ''}"
        )

    @property
    def pytest_name(self) -> str:
        """The option on the command line of pytest."""
        return f"--vocode-{self.name}"

    @property
    def pytest_help(self) -> str:
        """The help text, with its other sources in a run of pytest."""
        sources = [self.variable] if self.has_variable else []
        sources += [f"{self.ini_key} in the configuration file"] if self.has_key else []
        return self.description + (f"; also {' or '.join(sources)}" if sources else "")

    @property
    def argument(self) -> "dict[str, Any]":
        """The keyword arguments of ``add_argument`` of argparse and pytest, without the help text."""
        if self.is_flag:
            return {"dest": self.ini_key, "action": "store_true"}
        # None differs from an empty text that was typed, which is refused, and from 0.
        action = {"action": "append", "default": []} if self.is_repeatable else {"default": None}
        return {"dest": self.ini_key, "metavar": self.metavar, "type": self.type, **action}

    def is_set(self, value: "Any") -> bool:
        """Return whether a value differs from what the option has if it is not given."""
        return value not in UNSET and value != self.default

    def as_words(self, value: "Any", prefix: str) -> list[str]:
        """Return the words of a command line that give the option a value; none for its default."""
        if not self.is_set(value):
            return []
        if self.is_flag:
            return [f"{prefix}{self.name}"]
        return [f"{prefix}{self.name}={one}" for one in (value if self.is_repeatable else (value,))]


URL = RunOption(
    "url",
    "URL",
    "server to check",
    shown_default="the built-in simulator",
    has_variable=True,
    has_key=True,
    scope="endpoint",
)

OPTIONS: tuple[RunOption, ...] = (
    URL,
    RunOption(
        "contract",
        "DATE|PATH",
        "date of the contract, or a folder or OpenAPI file of your own",
        shown_default="2023-11-30",
        has_variable=True,
        has_key=True,
    ),
    RunOption(
        "profile",
        "NAME",
        "how literally the contract is read: documented, wire or tolerant",
        shown_default="wire",
        has_variable=True,
        has_key=True,
    ),
    RunOption(
        "operation",
        "NAME=OPERATION",
        "operation of your own contract that is one of the published ones under another operationId and path, such as "
        "'end_call=hangUp' or 'end_call=POST /hangup'",
        default=(),
    ),
    RunOption("call-id", "ID", "ID of a call that may be ended", default=(), is_typed=True),
    RunOption(
        "select",
        "CODES",
        "check only these codes, separated by commas; wildcards such as json-* are allowed",
        default=(),
        shown_default="all",
        has_key=True,
    ),
    RunOption(
        "ignore", "CODES", "skip these codes, separated by commas; wildcards are allowed", default=(), has_key=True
    ),
    RunOption(
        "error",
        "CODES",
        "report these codes as errors, whatever their severity, separated by commas; wildcards are allowed",
        default=(),
        has_key=True,
    ),
    RunOption(
        "accepted",
        "FILE",
        "TOML file of violations that are accepted, each with a reason",
        has_variable=True,
        has_key=True,
    ),
    RunOption(
        "traffic-host",
        "HOST",
        "host whose traffic vocode_traffic checks, with or without a port",
        default=(),
        shown_default="any",
        has_key=True,
        is_for_check=False,
    ),
    RunOption(
        "policy",
        "NAME=VALUE",
        "policy for behaviour that the documents leave open; 'vocode-contract explain --policies' lists the values "
        "and their defaults",
        default=(),
        shown_default="none changed",
        is_cumulative=True,
        has_variable=True,
        has_key=True,
    ),
    RunOption("fuzz", "N", "number of generated requests per operation", default=0),
    RunOption("seed", "N", "random seed for generated requests", default=0),
    RunOption(
        "ca",
        "FILE",
        "PEM file of an additional certificate authority to trust",
        has_variable=True,
        has_key=True,
        is_typed=True,
        scope="server",
    ),
    RunOption(
        "cert",
        "FILE",
        "PEM file of the client certificate, and of its key unless another file is given",
        is_typed=True,
        scope="server",
    ),
    RunOption(
        "key",
        "FILE",
        "PEM file of the key of the client certificate; VOCODE_KEY_PASSPHRASE holds its passphrase",
        is_typed=True,
        scope="server",
    ),
    RunOption(
        "auth",
        "SCHEME",
        "how VOCODE_API_KEY is sent: bearer, basic (it holds user:password) or header:NAME",
        shown_default="bearer",
        has_key=True,
        scope="server",
    ),
    RunOption(
        "header-env",
        "NAME=VARIABLE",
        "header to add to every request, with its value from an environment variable",
        default=(),
        is_typed=True,
        scope="server",
    ),
    RunOption(
        "proxy",
        "URL",
        "HTTP proxy to use; VOCODE_PROXY_AUTH holds its credentials",
        shown_default="none, HTTPS_PROXY is ignored",
        has_variable=True,
        has_key=True,
        is_typed=True,
        scope="server",
    ),
    RunOption(
        "allow-http",
        "HOST",
        "host in a private network that may be reached over plain http, where others can read the token",
        default=(),
        is_typed=True,
        scope="server",
    ),
    RunOption(
        "timeout",
        "SECONDS",
        "maximum duration of one exchange in seconds",
        shown_default="30",
        has_variable=True,
        has_key=True,
        scope="endpoint",
    ),
    RunOption(
        "max-body",
        "BYTES",
        "maximum response size in bytes",
        shown_default="8388608",
        has_variable=True,
        has_key=True,
        scope="endpoint",
    ),
    RunOption(
        "plan",
        "",
        "print the requests that would be sent, and send nothing",
        default=False,
        alias="dry-run",
        scope="server",
    ),
    RunOption(
        "allow",
        "EFFECT",
        "permit an effect on a remote host: rings, hangs-up, bills or writes",
        default=(),
        is_typed=True,
        scope="server",
    ),
    RunOption("allow-number", "NUMBER", "phone number that a remote host may call", default=(), is_typed=True),
    RunOption(
        "from-number",
        "NUMBER",
        "phone number of your account that calls are placed from",
        shown_default="a fictional one",
    ),
    RunOption(
        "budget",
        "N",
        "maximum number of state-changing requests to a remote host",
        default=1,
        is_typed=True,
        scope="server",
    ),
    RunOption(
        "production", "", "confirm that the target is a production host", default=False, is_typed=True, scope="server"
    ),
    RunOption(
        "approve-sends",
        "N",
        "number of state-changing requests that the plan shows, as confirmation for production without a terminal",
        default=None,
        is_typed=True,
        scope="server",
    ),
)

#: The percentage of the contract that tests must exercise: an option of pytest only.
COVERAGE = RunOption(
    "coverage",
    "PERCENT",
    "report which parts of the contract the tests exercise, and fail below a percentage",
    has_variable=True,
    has_key=True,
)
