"""The contract suite, run by pytest inside this process, apart from the user's own tests and their settings."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vocode_contract import conformance
from vocode_contract.cli.output import USAGE
from vocode_contract.errors import InvalidOption
from vocode_contract.report.results import ResultCollector

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


@dataclass(slots=True, eq=False)
class Watch:
    """A pytest plugin that picks tests, tells how far they are and notes how they ended, in place of pytest's own.

    Attributes:
        only: Texts of which the name or the claim of a test must hold one; empty for all tests.
        shown: Takes a line for whom it may concern how far the run is.
        interruption: What interrupted the run, if anything did.
        failure: What pytest itself failed with, if it did.
        picked: How many tests are run.
        begun: How many of them were begun.
    """

    only: tuple[str, ...] = ()
    shown: Callable[[str], None] = lambda _: None
    interruption: BaseException | None = None
    failure: BaseException | None = None
    picked: int = 0
    begun: int = 0

    def pytest_collection_modifyitems(self, config: "pytest.Config", items: "list[pytest.Item]") -> None:
        """Pick tests, after they were numbered: each acts on the same call as in a complete run."""
        left_out = [item for item in items if not self._is_picked(item.nodeid)]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if self._is_picked(item.nodeid)]
        self.picked = len(items)

    def _is_picked(self, nodeid: str) -> bool:
        readable = nodeid.replace("_", " ")
        return not self.only or any(text in nodeid or text in readable for text in self.only)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Return how far the run is."""
        self.begun += 1
        self.shown(f"{self.begun} of {self.picked}: {nodeid}")

    def pytest_sessionfinish(self) -> None:
        """Tell nothing any more."""
        self.shown("")

    def pytest_keyboard_interrupt(self, excinfo: "pytest.ExceptionInfo[BaseException]") -> None:
        """Note an interruption."""
        self.interruption = excinfo.value

    def pytest_internalerror(self, excinfo: "pytest.ExceptionInfo[BaseException]") -> bool:
        """Note a failure, and keep pytest from writing it, since it may hold a part of a payload."""
        self.failure = excinfo.value
        return True


def run_suite(options: Sequence[str], variables: Mapping[str, str | None], watch: Watch) -> ResultCollector:
    """Run the suite.

    Args:
        options: Of our pytest plugin.
        variables: Environment of the run, over that of the process; ``None`` removes one.

        watch: Picks the tests, and notes what interrupted them.

    Returns:
        The result of it.

    Raises:
        InvalidOption: No test was picked.
        click.exceptions.Exit: What was asked for cannot be done; why was written to standard error.
        RuntimeError: pytest could not run it.
    """
    import click
    import pytest

    tally = ResultCollector()
    # Named by --pyargs, the suite would come with whatever conftest.py is in the current directory.
    directory = os.path.dirname(os.path.abspath(conformance.__file__))
    arguments = [*_APART, f"--rootdir={directory}", *options, directory]
    with _environment({**_APART_VARIABLES, **variables}):
        code = pytest.main(arguments, plugins=[tally, watch])
    if code == pytest.ExitCode.NO_TESTS_COLLECTED and watch.only:
        raise InvalidOption("--only", "names no test, neither by its name nor by its claim")
    if code == pytest.ExitCode.USAGE_ERROR and watch.failure is None:
        raise click.exceptions.Exit(USAGE)
    is_interrupted = isinstance(watch.interruption, pytest.Session.Interrupted)
    if is_interrupted or watch.failure is not None or code not in _EXPECTED:
        raise RuntimeError(f"pytest ended with {code!r}") from watch.failure
    return tally


#: All tests passed, some failed, Ctrl-C, none that failed was checked. pytest ends with 3 too where it fails itself.
_EXPECTED = (0, 1, 2, 3)


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
