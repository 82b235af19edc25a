"""Declare the options of the plugin, and read them from where they were given."""

import argparse
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from vocode_contract.conformance.run.options import Given, RunOption

#: Under this name, workers of pytest-xdist learn whether the URL was typed.
URL_TYPED = "vocode_url_typed"
_ON_THE_COMMAND_LINE = "is for the command line of the run itself where a host is not this machine"
MARKERS = ("vocode_operation(name): the operation of the contract that a test is about",)
_REPORT = "write a report of the run to a file: json, junit, html, sarif or markdown"
_COVERAGE = "report which parts of the contract the tests exercise, and fail below a percentage"


def declare(parser: pytest.Parser) -> None:
    """Declare options and keys of the configuration file."""
    from vocode_contract.conformance.run.options import OPTIONS, PYTEST_PREFIX

    group = parser.getgroup("vocode-contract", "contract of the voice-call API")
    for option in OPTIONS:
        name = f"{PYTEST_PREFIX}{option.name}"
        if option.is_flag:
            group.addoption(name, dest=option.ini_key, action="store_true", help=option.description)
        elif option.is_repeatable:
            group.addoption(
                name,
                dest=option.ini_key,
                metavar=option.metavar,
                action="append",
                default=[],
                help=_render_help(option),
            )
        else:
            group.addoption(
                name,
                dest=option.ini_key,
                metavar=option.metavar,
                type=option.type,
                default=option.default,
                help=_render_help(option),
            )
        if option.has_key and option.is_repeatable:
            parser.addini(option.ini_key, option.help, type="args", default=[])
        elif option.has_key:
            parser.addini(option.ini_key, option.help, default="")
    coverage: dict[str, Any] = {"metavar": "PERCENT", "nargs": "?", "const": "0", "dest": "vocode_coverage"}
    group.addoption("--vocode-coverage", help=f"{_COVERAGE} (or VOCODE_COVERAGE)", **coverage)
    parser.addini("vocode_coverage", _COVERAGE, default="")
    report: dict[str, Any] = {"metavar": "FORMAT[=PATH]", "action": "append", "default": [], "dest": "vocode_report"}
    group.addoption("--vocode-report", help=_REPORT, **report)


def _render_help(option: "RunOption") -> str:
    sources = [option.variable] if option.has_variable else []
    sources += [f"{option.ini_key} in the configuration file"] if option.has_key else []
    return option.description + (f"; also {' or '.join(sources)}" if sources else "")


def resolve(config: pytest.Config, option: "RunOption") -> "Given":
    """Return what was given for an option: it beats the environment, and that the configuration file."""
    from vocode_contract.conformance.run.options import PYTEST_PREFIX

    file = config.getini(option.ini_key) if option.has_key else None
    return option.resolve(config.getoption(option.ini_key), prefix=PYTEST_PREFIX, file=file)


def is_any_given(config: pytest.Config) -> bool:
    """Return whether an option was given, on the command line or in the configuration file."""
    from vocode_contract.conformance.run.options import OPTIONS

    return any(
        option.is_set(config.getoption(option.ini_key))
        or (option.has_key and option.is_set(config.getini(option.ini_key)))
        for option in OPTIONS
    )


def require_typed(config: pytest.Config) -> None:
    """Refuse options that widen what may happen on a remote host unless they were typed for this run.

    Anybody may have written ``addopts`` and the keys of a configuration file, and a variable outlives its purpose.
    Workers of pytest-xdist are checked by the process that started them.

    Raises:
        pytest.UsageError: One came from elsewhere.
    """
    if hasattr(config, "workerinput"):
        return
    from vocode_contract.conformance.run.options import OPTIONS

    typed = _parse_typed(config)
    for option in (option for option in OPTIONS if option.is_typed):
        found, name = resolve(config, option), f"--vocode-{option.name}"
        value = list(found.value) if option.is_repeatable else found.value
        if option.is_set(value) and value != getattr(typed, option.ini_key):
            where = "not in addopts or PYTEST_ADDOPTS" if found.source == name else f"as {name}"
            raise pytest.UsageError(f"{found.source} {_ON_THE_COMMAND_LINE}, {where}")


def is_url_typed(config: pytest.Config) -> bool:
    """Return whether the URL was given on the command line of this run."""
    if hasattr(config, "workerinput"):
        return bool(config.workerinput.get(URL_TYPED))
    return bool(_parse_typed(config).vocode_url)


def _parse_typed(config: pytest.Config) -> argparse.Namespace:
    """Return what was given on the command line, or by a program to `pytest.main`, and nowhere else.

    pytest merges ``addopts`` into its own result, so the command line is parsed a second time.
    """
    from vocode_contract.conformance.run.options import OPTIONS

    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False, argument_default=None, exit_on_error=False)
    for option in (option for option in OPTIONS if option.is_typed or option.name == "url"):
        action = "store_true" if option.is_flag else "append" if option.is_repeatable else "store"
        kind: dict[str, Any] = {} if option.is_flag else {"type": option.type}
        parser.add_argument(f"--vocode-{option.name}", dest=option.ini_key, action=action, **kind)
    try:
        return parser.parse_known_args(list(map(str, config.invocation_params.args)))[0]
    except (argparse.ArgumentError, SystemExit):  # such as the value of another option that looks like one of these
        raise pytest.UsageError("the options that begin with --vocode- cannot be told apart from others") from None
