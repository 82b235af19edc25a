"""Collect the results of tests, also from workers of pytest-xdist."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from vocode_contract.pytest_plugin.state import INCONCLUSIVE_ATTRIBUTE, RESULTS, RUN
from vocode_contract.pytest_plugin.suite import is_suite_test, list_modules

if TYPE_CHECKING:
    from vocode_contract.conformance.run.run import Run
    from vocode_contract.report.results import ResultCollector

#: Keys of what a worker of pytest-xdist puts out: whether tests of the suite were deselected, and its calls.
DESELECTED, CALLS = "vocode_deselected", "vocode_calls"
#: The attributes of `Run` that name calls.
_CALLS = ("created", "ended", "left")


class ResultHooks:
    """Collects the results of tests that use this plugin, once there is one.

    Attributes:
        inconclusive: Number of reports that pytest counts as failed although they are inconclusive.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.inconclusive = 0
        self._config = config
        self._has_deselected = False
        #: Attribute of `Run` -> the IDs of calls that workers of pytest-xdist report for it.
        self._calls: dict[str, list[str]] = {name: [] for name in _CALLS}

    def pytest_deselected(self, items: "Sequence[pytest.Item]") -> None:
        """Note that a test of the suite was deselected; a worker of pytest-xdist passes it on."""
        self._has_deselected = self._has_deselected or any(map(is_suite_test, items))
        if self._has_deselected and hasattr(self._config, "workeroutput"):
            self._config.workeroutput[DESELECTED] = True

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Collect the output of a pytest-xdist worker; a worker that crashed has none."""
        output = getattr(node, "workeroutput", {DESELECTED: True})
        self._has_deselected = self._has_deselected or output.get(DESELECTED, False)
        for name, calls in output.get(CALLS, {}).items():
            self._calls[name] += calls

    def share_calls(self, run: "Run") -> None:
        """Add the calls of workers to a run; in a worker, put out its own."""
        for name, calls in self._calls.items():
            getattr(run, name).extend(calls)
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[CALLS] = {name: [*getattr(run, name)] for name in _CALLS}

    def is_complete(self, session: pytest.Session) -> bool:
        """Return whether the run contains each test of the suite; the fuzzing tests depend on an option."""
        results = self.get_results()
        is_cut_short = self._has_deselected or results.interrupted or session.shouldstop or session.shouldfail
        modules = {row.module.rpartition(".")[2] for row in results.rows}
        return not is_cut_short and modules >= list_modules() - {"test_fuzzing"}

    @pytest.hookimpl(tryfirst=True)  # as the hook by which pytest counts failures, which other plugins change later
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count an inconclusive failure, and collect the result of a test that uses this plugin."""
        self.inconclusive += (
            report.failed and not hasattr(report, "wasxfail") and hasattr(report, INCONCLUSIVE_ATTRIBUTE)
        )
        if RESULTS in self._config.stash or any(name.startswith("vocode_") for name, _ in report.user_properties):
            self.get_results().pytest_runtest_logreport(report)

    def pytest_keyboard_interrupt(self, excinfo: "pytest.ExceptionInfo[BaseException]") -> None:
        """Record the interruption in the run, so that its cleanup is short, and in its results."""
        if RUN in self._config.stash:
            self._config.stash[RUN].is_interrupted = True
        if RESULTS in self._config.stash:
            self.get_results().pytest_keyboard_interrupt(excinfo)

    def get_results(self) -> "ResultCollector":
        """Return the results so far."""
        from vocode_contract.report.results import ResultCollector

        if RESULTS not in self._config.stash:
            results = self._config.stash[RESULTS] = ResultCollector()
            session: Any = self._config.pluginmanager.get_plugin("session")
            results.pytest_collection_finish(session)
        return self._config.stash[RESULTS]

    def list_collectors(self) -> "list[ResultCollector]":
        """Return all result collectors: those that a program passed to `pytest.main`, and our own."""
        from vocode_contract.report.results import ResultCollector

        plugins = self._config.pluginmanager.get_plugins()
        return [*(plugin for plugin in plugins if isinstance(plugin, ResultCollector)), self.get_results()]


#: The hooks of a run.
RESULT_HOOKS: pytest.StashKey[ResultHooks] = pytest.StashKey()


def register_results(config: pytest.Config) -> None:
    """Collect results from now on."""
    hooks = config.stash[RESULT_HOOKS] = ResultHooks(config)
    config.pluginmanager.register(hooks, "vocode_contract_results")
