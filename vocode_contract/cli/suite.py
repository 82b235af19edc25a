"""The contract suite, run by pytest inside this process, apart from the user's own tests and their settings."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vocode_contract import conformance
from vocode_contract.cli import exits
from vocode_contract.conformance.tally import Tally

if TYPE_CHECKING:
    import pytest

#: What keeps a project around us out of the run, and the run out of the project.
_APART = (
    "--disable-plugin-autoload",
    f"--config-file={os.devnull}",
    "--import-mode=importlib",
    "-pno:cacheprovider",
    "-pno:terminal",
    "-pvocode_contract.pytest_plugin",
)
_APART_VARIABLES: Mapping[str, str | None] = {"PYTEST_ADDOPTS": None, "PYTEST_PLUGINS": None}


@dataclass(slots=True)
class Watch:
    """A pytest plugin that notes how a run ended, in place of pytest's own report.

    Attributes:
        interruption: What interrupted the run, if anything did.
        failure: What pytest itself failed with, if it did.
    """

    interruption: BaseException | None = None
    failure: BaseException | None = None

    def pytest_keyboard_interrupt(self, excinfo: "pytest.ExceptionInfo[BaseException]") -> None:
        """Note an interruption."""
        self.interruption = excinfo.value

    def pytest_internalerror(self, excinfo: "pytest.ExceptionInfo[BaseException]") -> bool:
        """Note a failure, and keep pytest from writing it, since it may hold a part of a payload."""
        self.failure = excinfo.value
        return True


def run_suite(options: Sequence[str], variables: Mapping[str, str | None]) -> tuple[Tally, BaseException | None]:
    """Run the suite.

    Args:
        options: Of our pytest plugin.
        variables: Environment of the run, over that of the process; ``None`` removes one.

    Returns:
        What came of it, and what interrupted it, if anything did.

    Raises:
        click.exceptions.Exit: What was asked for cannot be done; why was written to standard error.
        RuntimeError: pytest could not run it.
    """
    import click
    import pytest

    tally, watch = Tally(), Watch()
    # Named by --pyargs, the suite would come with whatever conftest.py is in the current directory.
    directory = os.path.dirname(os.path.abspath(conformance.__file__))
    arguments = [*_APART, f"--rootdir={directory}", *options, directory]
    with _environment({**_APART_VARIABLES, **variables}):
        code = pytest.main(arguments, plugins=[tally, watch])
    if code == pytest.ExitCode.USAGE_ERROR and watch.failure is None:
        raise click.exceptions.Exit(exits.USAGE)
    if isinstance(watch.interruption, pytest.Session.Interrupted) or code not in _EXPECTED:
        raise RuntimeError(f"pytest ended with {code!r}") from watch.failure
    return tally, watch.interruption


#: All tests passed, some failed, Ctrl-C.
_EXPECTED = (0, 1, 2)


@contextmanager
def _environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    _set(changes)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
