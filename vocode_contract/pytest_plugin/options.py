"""Read the values of the plugin's options."""

import argparse
from collections.abc import Mapping
from dataclasses import replace

import pytest

from vocode_contract.conformance.run.options import Given, resolve_option
from vocode_contract.errors import PYTEST_PREFIX
from vocode_contract.run_options import COVERAGE, OPTIONS, RunOption

#: What the files of the project set, by the name of the option; a run of ``check`` has read them already.
PROJECT: pytest.StashKey[Mapping[str, Given]] = pytest.StashKey()
#: The keys under which workers of pytest-xdist learn whether the URL was typed, and which options were not.
URL_TYPED, IN_ADDOPTS = "vocode_url_typed", "vocode_in_addopts"


def resolve(config: pytest.Config, option: RunOption) -> Given:
    """Return the value of an option. Precedence: option, variable, pytest's configuration file, the project's files."""
    files = []
    if option.has_key:
        source = f"{option.ini_key} in the configuration file"
        files.append(Given(value=config.getini(option.ini_key), source=source, is_from_file=True))
    if option.is_configurable and option is not COVERAGE and (given := _read_project(config).get(option.name)):
        files.append(given)
    found = resolve_option(option, config.getoption(option.ini_key), prefix=PYTEST_PREFIX, files=files)
    is_typed = found.source == option.pytest_name
    if is_typed and option.is_configurable and option.ini_key in list_in_addopts(config):
        return replace(found, source=f"{found.source} in addopts", is_from_file=True)
    return found


def _read_project(config: pytest.Config) -> Mapping[str, Given]:
    """Return what the files of the project set, read once, and only if an option is used."""
    if PROJECT not in config.stash:
        from vocode_contract.conformance.run.project_file import read_project
        from vocode_contract.errors import InvalidOption

        try:
            config.stash[PROJECT] = read_project(config.rootpath)
        except InvalidOption as error:
            from vocode_contract.validation.safe_text import limit_error

            raise pytest.UsageError(limit_error(str(error))) from None
    return config.stash[PROJECT]


def require_typed(config: pytest.Config) -> None:
    """Refuse options that widen what may be sent to a remote host unless they were typed for this run.

    Anybody may have written ``addopts`` and the keys of a configuration file, and a variable outlives its purpose.
    Workers of pytest-xdist are checked by the process that started them.

    Raises:
        pytest.UsageError: The value of such an option comes from elsewhere.
    """
    if hasattr(config, "workerinput"):
        return
    typed = _parse_typed(config)
    for option in (option for option in OPTIONS if option.is_typed):
        found, name = resolve(config, option), option.pytest_name
        value = list(found.value) if option.is_repeatable else found.value
        if option.is_set(value) and value != getattr(typed, option.ini_key):
            where = "not in addopts or PYTEST_ADDOPTS" if found.source == name else f"as {name}"
            message = "must be given on the command line of the run itself if the host is remote"
            raise pytest.UsageError(f"{found.source} {message}, {where}")


def is_url_typed(config: pytest.Config) -> bool:
    """Return whether the URL was typed on the command line of this run."""
    if hasattr(config, "workerinput"):
        return bool(config.workerinput.get(URL_TYPED))
    return bool(_parse_typed(config).vocode_url)


def list_in_addopts(config: pytest.Config) -> list[str]:
    """Return the options that only ``addopts`` of the configuration file gives, by the name that pytest has for them.

    Anybody may have written that file.
    """
    if hasattr(config, "workerinput"):
        return list(config.workerinput.get(IN_ADDOPTS, ()))
    words = config.getini("addopts")
    if not any("--vocode-" in word for word in words):
        return []
    typed = vars(_parse_typed(config))
    return [name for name, value in vars(_parse(words)).items() if value and not typed[name]]


def _parse_typed(config: pytest.Config) -> argparse.Namespace:
    """Return the values that were given on the command line, or by a program to `pytest.main`.

    pytest merges ``addopts`` into its own result, so the command line is parsed a second time.
    """
    return _parse(list(map(str, config.invocation_params.args)))


def _parse(words: list[str]) -> argparse.Namespace:
    """Return the values of our options among words of a command line."""
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False, argument_default=None, exit_on_error=False)
    for option in OPTIONS:
        parser.add_argument(option.pytest_name, **option.argument)
    try:
        return parser.parse_known_args(words)[0]
    except (argparse.ArgumentError, SystemExit):  # such as the value of another option that looks like one of these
        raise pytest.UsageError("the options that begin with --vocode- cannot be distinguished from others") from None
