"""The options of the plugin: from the command line, the environment and the configuration file."""

import argparse
import os
from collections.abc import Mapping
from typing import Any

import pytest

#: What may be set by an option, else by the environment, else in the configuration file.
KEYS = {
    "url": "endpoint to check (default: the built-in simulator)",
    "contract": "date of the contract (default 2023-11-30)",
    "profile": "how literally the contract is read: documented, wire or tolerant (default wire)",
    "timeout": "maximum seconds for one exchange (default 30)",
    "ca": "PEM file of an additional certificate authority to trust",
    "max-body": "maximum response size in bytes (default 8388608)",
    "proxy": "HTTP proxy to use (default: none; HTTPS_PROXY is ignored)",
}
_LIVE = "applies to remote hosts only"
#: Options that may be given several times: name, metavar, help.
LISTS = (
    ("call-id", "ID", "ID of a call that the suite may end"),
    (
        "select",
        "CODE",
        "check only this code; wildcards such as json-* are allowed (default: all; or vocode_select in the file)",
    ),
    ("ignore", "CODE", "skip this code; wildcards are allowed (or vocode_ignore in the file)"),
    (
        "traffic-host",
        "HOST",
        "host whose traffic vocode_traffic checks (default: any; or vocode_traffic_host in the file)",
    ),
    (
        "policy",
        "NAME=VALUE",
        "policy for behaviour that the documents leave open (or VOCODE_POLICY, separated by spaces)",
    ),
    ("allow", "EFFECT", f"effect to permit: writes, bills, rings or hangs-up; {_LIVE}"),
    ("allow-number", "NUMBER", f"phone number that may be dialled; {_LIVE}"),
)
#: Options with one number: name, default, help.
NUMBERS = (
    ("budget", 1, f"maximum number of state-changing requests (default 1); {_LIVE}"),
    (
        "approve-sends",
        None,
        "number of state-changing requests that the plan shows, as confirmation for production without a terminal",
    ),
    ("fuzz", 0, "number of generated requests per operation (default 0)"),
    ("seed", 0, "random seed for generated requests (default 0)"),
)
_FLAGS = (
    ("production", "confirm that the target is a production host"),
    ("plan", "print the requests that would be sent, and send nothing"),
)
#: Options that widen what may be done beyond this machine, and what they are without.
_WIDENING: Mapping[str, Any] = {
    "allow": [],
    "allow-number": [],
    "call-id": [],
    "budget": 1,
    "approve-sends": None,
    "production": False,
}
#: Of `KEYS`, those that decide who may see what is sent.
_TYPED_KEYS = ("ca", "proxy")
#: Under which the processes of pytest-xdist are reported whether the URL was typed.
URL_TYPED = "vocode_url_typed"
_ON_THE_COMMAND_LINE = "is for the command line of the run itself where a host is not this machine"
CODES = ("select", "ignore")
HOSTS = "traffic-host"
MARKERS = ("vocode_operation(name): the operation of the contract that a test is about",)


def declare(parser: pytest.Parser) -> None:
    """Declare options and keys of the configuration file."""
    group = parser.getgroup("vocode-contract", "contract of the voice-call API")
    for key, help_text in KEYS.items():
        name = f"vocode_{key.replace('-', '_')}"
        group.addoption(f"--vocode-{key}", dest=name, metavar=key.upper(), help=f"{help_text} (or {name.upper()})")
        parser.addini(name, help_text, default="")
    for key, metavar, help_text in LISTS:
        dest = f"vocode_{key.replace('-', '_')}"
        text = f"{help_text}; may be given several times"
        group.addoption(f"--vocode-{key}", dest=dest, metavar=metavar, action="append", default=[], help=text)
    for key, default, help_text in NUMBERS:
        dest = f"vocode_{key.replace('-', '_')}"
        group.addoption(f"--vocode-{key}", dest=dest, metavar="N", type=int, default=default, help=help_text)
    for key, help_text in _FLAGS:
        group.addoption(f"--vocode-{key}", dest=f"vocode_{key}", action="store_true", help=help_text)
    parser.addini(
        "vocode_policy", "policies for behaviour that the documents leave open: NAME=VALUE", type="args", default=[]
    )
    for key in CODES:
        parser.addini(f"vocode_{key}", f"codes to {key}, or patterns of them", type="args", default=[])
    parser.addini("vocode_traffic_host", "hosts whose traffic vocode_traffic checks", type="args", default=[])
    _declare_coverage(parser, group)
    group.addoption(
        "--vocode-report",
        dest="vocode_report",
        metavar="FORMAT[=PATH]",
        action="append",
        default=[],
        help="write a report of the run to a file: json, junit, html, sarif or markdown",
    )


def _declare_coverage(parser: pytest.Parser, group: pytest.OptionGroup) -> None:
    text = "report which parts of the contract the tests exercise, and fail below a percentage"
    group.addoption(
        "--vocode-coverage",
        dest="vocode_coverage",
        metavar="PERCENT",
        nargs="?",
        const="0",
        help=f"{text} (or VOCODE_COVERAGE)",
    )
    parser.addini("vocode_coverage", text, default="")


def given(config: pytest.Config, key: str) -> Any:
    """Return what was `Given` for one of `KEYS`: an option beats the environment, and that the file."""
    from vocode_contract.conformance.run.settings import Given

    name = f"vocode_{key.replace('-', '_')}"
    sources = (
        (f"--vocode-{key}", config.getoption(name)),
        (name.upper(), os.environ.get(name.upper())),
        (f"{name} in the configuration file", config.getini(name)),
    )
    return next((Given(value=value, source=source) for source, value in sources if value), Given())


def require_typed(config: pytest.Config) -> None:
    """Refuse what widens what may be done beyond this machine and was not given on the command line of this run.

    Anybody may have written ``addopts`` and the keys of a configuration file, and a variable outlives its purpose. The
    processes of pytest-xdist are reported by the one that began them.

    Raises:
        pytest.UsageError: It came from elsewhere.
    """
    if hasattr(config, "workerinput"):
        return
    typed = _typed(config)
    for name, default in _WIDENING.items():
        dest = f"vocode_{name.replace('-', '_')}"
        if config.getoption(dest) not in (default, getattr(typed, dest)):
            raise pytest.UsageError(f"--vocode-{name} {_ON_THE_COMMAND_LINE}, not in addopts or PYTEST_ADDOPTS")
    for key in _TYPED_KEYS:
        found = given(config, key)
        if found.value and not getattr(typed, f"vocode_{key}"):
            raise pytest.UsageError(f"{found.source} {_ON_THE_COMMAND_LINE}, as --vocode-{key}")


def is_url_typed(config: pytest.Config) -> bool:
    """Return whether the URL was given on the command line of this run."""
    if hasattr(config, "workerinput"):
        return bool(config.workerinput.get(URL_TYPED))
    return bool(_typed(config).vocode_url)


def _typed(config: pytest.Config) -> argparse.Namespace:
    """Return what was given on the command line, or by a program to `pytest.main`, and nowhere else."""
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False, argument_default=None, exit_on_error=False)
    for name, default in _WIDENING.items():
        action = {list: "append", bool: "store_true"}.get(type(default), "store")
        kind: dict[str, Any] = {} if action == "store_true" else {"type": str if default == [] else int}
        parser.add_argument(f"--vocode-{name}", action=action, default=default, **kind)
    for key in ("url", *_TYPED_KEYS):
        parser.add_argument(f"--vocode-{key}")
    try:
        return parser.parse_known_args(list(map(str, config.invocation_params.args)))[0]
    except (argparse.ArgumentError, SystemExit):  # such as the value of another option that looks like one of these
        raise pytest.UsageError("the options that begin with --vocode- cannot be told apart from others") from None


def codes(config: pytest.Config, key: str) -> tuple[str, ...]:
    """Return the patterns of one of `CODES`, or `HOSTS`: options, else what the configuration file holds."""
    name = f"vocode_{key.replace('-', '_')}"
    return tuple(config.getoption(name) or config.getini(name))
