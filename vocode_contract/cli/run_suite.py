"""Run the contract suite with pytest inside this process, isolated from the user's own tests and their settings."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vocode_contract import conformance
from vocode_contract.cli.output import USAGE
from vocode_contract.conformance.run.options import Given
from vocode_contract.errors import InvalidOption
from vocode_contract.pytest_plugin.options import PROJECT
from vocode_contract.pytest_plugin.state import SIMULATED
from vocode_contract.report.results import ResultCollector

if TYPE_CHECKING:
    import pytest

#: pytest's own plugins that the suite does not use; loading all of them takes a large part of the start-up time.
_UNUSED = (
    *("debugging", "doctest", "junitxml", "legacypath", "monkeypatch", "pastebin", "recwarn", "setuponly"),
    *("setupplan", "stepwise", "subtests", "tmpdir", "unittest"),
)
#: Isolate the run from the project in the current directory, and that project from the run.
_ISOLATION = (
    "--disable-plugin-autoload",
    f"--config-file={os.devnull}",
    "--import-mode=importlib",
    "-pno:cacheprovider",
    "-pno:terminal",
    "--override-ini=norecursedirs=*",  # the suite's subdirectories contain only helpers
    *(f"-pno:{name}" for name in _UNUSED),
)
_ISOLATION_VARIABLES: Mapping[str, str | None] = {"PYTEST_ADDOPTS": None, "PYTEST_PLUGINS": None}
#: All tests passed, some failed, Ctrl-C, no failed test was checked. pytest ends with 3 too where it fails itself.
_EXPECTED = (0, 1, 2, 3)


@dataclass(slots=True, eq=False)
class SuiteMonitor:
    """A pytest plugin that selects tests, shows the progress, and records how the run ended.

    Attributes:
        only: Texts, one of which the name or the claim of a test must contain; empty for all tests.
        skip: Texts, none of which the name or the claim of a test may contain.
        show: Called with a line about the progress of the run, and at the end with an empty one.
        project: What the files of the project set, which the command has read.
        is_simulated: Whether the endpoint is a simulator that this process started.
        interruption: The exception that interrupted the run, if one did.
        failure: The exception with which pytest itself failed, if it did.
        selected: Number of tests to run.
        started: Number of them that have started.
    """

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    show: Callable[[str], None] = lambda _: None
    project: Mapping[str, Given] = field(default_factory=dict)
    is_simulated: bool = False
    interruption: BaseException | None = None
    failure: BaseException | None = None
    selected: int = 0
    started: int = 0

    def pytest_configure(self, config: "pytest.Config") -> None:
        """Keep pytest from parsing source code for tracebacks, which nobody sees here, and the files of the project."""
        config.option.tbstyle = "native"
        config.stash[PROJECT] = self.project
        if self.is_simulated:
            config.stash[SIMULATED] = True

    def pytest_collection_modifyitems(self, config: "pytest.Config", items: "list[pytest.Item]") -> None:
        """Select tests, after they were numbered: each acts on the same call as in a complete run."""
        deselected = [item for item in items if not self._is_selected(item.nodeid)]
        if deselected:
            config.hook.pytest_deselected(items=deselected)
            items[:] = [item for item in items if self._is_selected(item.nodeid)]
        self.selected = len(items)

    def _is_selected(self, nodeid: str) -> bool:
        names = (nodeid, nodeid.replace("_", " "))
        is_named, is_skipped = (
            any(text in name for text in texts for name in names) for texts in (self.only, self.skip)
        )
        return (is_named or not self.only) and not is_skipped

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show the progress."""
        self.started += 1
        self.show(f"{self.started} of {self.selected}: {nodeid}")

    def pytest_sessionfinish(self) -> None:
        """Clear the progress."""
        self.show("")

    def pytest_keyboard_interrupt(self, excinfo: "pytest.ExceptionInfo[BaseException]") -> None:
        """Record an interruption."""
        self.interruption = excinfo.value

    def pytest_internalerror(self, excinfo: "pytest.ExceptionInfo[BaseException]") -> bool:
        """Record a failure, and keep pytest from printing it, since it may contain a part of a payload."""
        self.failure = excinfo.value
        return True


def run_suite(options: Sequence[str], variables: Mapping[str, str | None], monitor: SuiteMonitor) -> ResultCollector:
    """Run the suite and return its results.

    Args:
        options: Options of our pytest plugin.
        variables: Environment variables to set during the run; ``None`` removes one.
        monitor: Selects the tests, and records what interrupted them.

    Raises:
        InvalidOption: No test was selected.
        click.exceptions.Exit: The run cannot start; the reason was written to standard error.
        RuntimeError: pytest itself failed.
    """
    import click
    import pytest

    from vocode_contract import pytest_plugin

    collector = ResultCollector()
    # With --pyargs, pytest would also load a conftest.py of the current directory.
    directory = os.path.dirname(os.path.abspath(conformance.__file__))
    arguments = [*_ISOLATION, f"--rootdir={directory}", *options, directory]
    with _environment({**_ISOLATION_VARIABLES, **variables}):
        code = pytest.main(arguments, plugins=[pytest_plugin, collector, monitor])
    if code == pytest.ExitCode.NO_TESTS_COLLECTED and monitor.only and not monitor.skip:
        raise InvalidOption("--only", "matches no test, neither by name nor by description")
    if code == pytest.ExitCode.NO_TESTS_COLLECTED and monitor.skip:
        raise InvalidOption("--skip", "leaves no test to run")
    if code == pytest.ExitCode.USAGE_ERROR and monitor.failure is None:
        raise click.exceptions.Exit(USAGE)
    is_interrupted = isinstance(monitor.interruption, pytest.Session.Interrupted)
    if is_interrupted or monitor.failure is not None or code not in _EXPECTED:
        raise RuntimeError(f"pytest ended with {code!r}") from monitor.failure
    return collector


@contextmanager
def _environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    _update_environment(changes)
    try:
        yield
    finally:
        _update_environment(before)


def _update_environment(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
