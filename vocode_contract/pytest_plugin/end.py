"""After the last test: the exit code, the reports and the summary."""

import time
from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from vocode_contract.errors import spell_option
from vocode_contract.pytest_plugin import STARTED
from vocode_contract.pytest_plugin.results import RESULT_HOOKS
from vocode_contract.pytest_plugin.state import (
    PRINTED_REPORTS,
    REPORT_FAILURES,
    REPORTS,
    RESULTS,
    SETTINGS,
    get_offline_settings,
    get_run,
)

if TYPE_CHECKING:
    from vocode_contract.report.outcome import Outcome
    from vocode_contract.report.results import ResultCollector


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """Add remarks to all result collectors after the calls were ended, and set the exit code as ``check`` does."""
    result = yield
    if RESULTS in session.config.stash:
        _add_remarks(session)
        results, hooks = session.config.stash[RESULTS], session.config.stash[RESULT_HOOKS]
        if results.outdated:
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
        elif session.exitstatus == pytest.ExitCode.OK and (results.is_left_open or results.obstacle):
            session.exitstatus = 3  # a call in progress may cost money
        elif session.exitstatus == pytest.ExitCode.TESTS_FAILED and session.testsfailed == hooks.inconclusive:
            session.exitstatus = 3
    _write_reports(session)
    return result


def _write_reports(session: pytest.Session) -> None:
    """Write the reports; a run does not pass if one could not be written."""
    config = session.config
    if REPORTS not in config.stash or hasattr(config, "workerinput"):  # workers of pytest-xdist report nothing
        return
    from vocode_contract.report.files import write_reports

    printed = config.stash[PRINTED_REPORTS] = []
    failures = write_reports(_make_outcome(config), config.stash[REPORTS], printed.append)
    config.stash[REPORT_FAILURES] = list(failures)
    if config.stash[REPORT_FAILURES] and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = 3


def _add_remarks(session: pytest.Session) -> None:
    config, hooks = session.config, session.config.stash[RESULT_HOOKS]
    try:
        run = get_run(config) if SETTINGS in config.stash else None  # else nothing was sent to an endpoint
    except pytest.UsageError:  # it failed the test that wanted to send something
        run = None
    if run is not None:
        hooks.share_calls(run)
    outdated = _list_outdated(session)
    for results in hooks.list_collectors():
        results.outdated += outdated
        results.remarks += [*(run.remarks() if run else ()), *results.late_remarks(), *_list_unused_options(config)]
        results.is_left_open = run is not None and bool(run.left or run.unanswered)


def _list_unused_options(config: pytest.Config) -> list[str]:
    """Return a line for each option of fuzzing that had no effect; none if the run was cut short."""
    results = config.stash.get(RESULTS, None)
    if config.option.collectonly or config.getoption("vocode_plan"):
        return []
    if results is not None and (results.interrupted or results.obstacle):
        return []
    if results is not None and any("test_fuzzing" in row.module for row in results.rows):
        return []
    return [
        f"{spell_option(name)} has no effect: no fuzzing test was run"
        for name in ("fuzz", "seed")
        if config.getoption(f"vocode_{name}")
    ]


def _list_outdated(session: pytest.Session) -> list[str]:
    """Return a line for each entry of the file of accepted violations that must be removed."""
    config = session.config
    if SETTINGS not in config.stash or not config.stash[SETTINGS].accepted:
        return []
    from vocode_contract.conformance.run.accepted import list_outdated

    is_complete = config.stash[RESULT_HOOKS].is_complete(session)
    return list(list_outdated(config.stash[SETTINGS].accepted, config.stash[RESULTS], is_complete=is_complete))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write the result of the run if it checked a server, and the reports that could not be written."""
    results = config.stash.get(RESULTS, None)
    shown = results.without_conforming_traffic() if results is not None else None
    if shown is not None and any(row.endpoint or row.verdict == "inconclusive" for row in shown.rows):
        from vocode_contract.report.summary import render_summary

        outcome, verbosity = _make_outcome(config, shown), config.get_verbosity()
        run = outcome.run
        if verbosity >= 0 or outcome.exit_code:
            terminalreporter.section(f"contract {run.contract}, {run.profile}: {run.where}")
        for line in render_summary(outcome, full=verbosity > 1, verbosity=verbosity):
            terminalreporter.write_line(line)
    elif remarks := [*(results.late_remarks() if results is not None else ()), *_list_unused_options(config)]:
        terminalreporter.section("contract")
        for line in remarks:
            terminalreporter.write_line(line)
    for text in config.stash.get(PRINTED_REPORTS, ()):
        terminalreporter.write_line("")
        terminalreporter.write(text)
    for line in config.stash.get(REPORT_FAILURES, ()):
        from vocode_contract.validation.safe_text import inert

        terminalreporter.write_line(inert(line), red=True)


def _make_outcome(config: pytest.Config, results: "ResultCollector | None" = None) -> "Outcome":
    """Return the outcome of the given results, by default of all so far."""
    from vocode_contract.conformance.run.command_line import outcome_of_pytest
    from vocode_contract.report.results import ResultCollector

    results = results or config.stash.get(RESULTS, None) or ResultCollector()
    settings = config.stash.get(SETTINGS, None) or get_offline_settings(config)
    return outcome_of_pytest(settings, results, time.monotonic() - config.stash[STARTED])
