"""The pytest plugin, loaded by every pytest run of every project that has this package installed.

Nothing is imported but pytest: what a hook or a fixture needs is imported when there is something to do.
"""

import time
from collections.abc import Generator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

import pytest

from vocode_contract.pytest_plugin.options import MARKERS, URL_TYPED, declare, is_any_given, is_url_typed, resolve
from vocode_contract.pytest_plugin.state import (
    CLIENT,
    PLANNER,
    REPORTS,
    RUN,
    SETTINGS,
    TALLY,
    TOUCHED,
    TRAFFIC,
    UNWRITTEN,
    in_processes,
    reports_of,
    run_of,
    settings_of,
    watch_coverage,
)

if TYPE_CHECKING:
    from types import TracebackType

    from vocode_contract.conformance.run.run import Run
    from vocode_contract.report.outcome import Outcome
    from vocode_contract.report.results import ResultCollector

pytest_plugins = ["vocode_contract.pytest_plugin.fixtures"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare options and keys of the configuration file."""
    declare(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare markers, and refuse what cannot be used before any test is looked for."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(_Counting(config), "vocode_contract_counting")
    config.pluginmanager.register(_Overhearing(), "vocode_contract_overhearing")
    if is_any_given(config):
        settings_of(config)
    watch_coverage(config)
    if config.getoption("vocode_report"):
        config.stash[REPORTS] = reports_of(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse what the environment holds and cannot be used, once there is a test that would use it."""
    if _is_used(items):
        settings_of(config)


def _is_used(items: list[pytest.Item]) -> bool:
    return any("vocode_contract" in getattr(item, "fixturenames", ()) for item in items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give all tests to one process where a host is asked that is not this machine: one request in flight.

    Groups (``--dist=loadgroup``) would leave other tests alone, but pytest-xdist 3.8 marks them in an
    attribute that pytest 9.2 does not read any more.
    """
    try:
        from vocode_contract.conformance.run.options import URL

        is_live = bool(resolve(config, URL).value) and settings_of(config).is_live
    except pytest.UsageError:  # told where it is used, if it is
        return None
    if not is_live:
        return None
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = lambda _nodeid: "vocode-live"
    return scheduler


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of pytest-xdist whether the URL was given for this run."""
    node.workerinput[URL_TYPED] = is_url_typed(node.config)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Record the operation and the claim of a test of the suite."""
    marker = item.get_closest_marker("vocode_operation")
    if marker:
        operation = str(marker.args[0])
        item.user_properties += [("vocode_operation", operation), ("vocode_claim", _claim(item.name, operation))]
        if marker.kwargs.get("is_main"):
            item.user_properties.append(("vocode_main", "true"))
        if _is_of_the_suite(item):
            item.user_properties.append(("vocode_module", f"vocode_contract.conformance.{item.path.stem}"))


def _claim(name: str, operation: str) -> str:
    """Read the name of a test as a phrase."""
    words, _, case = name.removeprefix("test_").removeprefix(f"{operation}_").partition("[")
    cases = [part for part in case.removesuffix("]").split("-") if part and part != operation]
    return words.replace("_", " ") + (f" ({', '.join(cases).replace('_', ' ')})" if cases else "")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Bring a test that has a client to its verdict."""
    __tracebackhide__ = True
    client = pyfuncitem.stash.get(CLIENT, None)
    if client is None:
        return (yield)
    from vocode_contract.conformance.run.verdict import conclude

    with conclude(pyfuncitem, client):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show our own errors by their text alone: no traceback, no local variables, so no payload."""
    if call.excinfo is not None and _is_ours(call.excinfo.value):
        from vocode_contract.report.results import noted

        noted(item, call.excinfo.value)
    report = yield
    if call.excinfo is not None and _is_ours(call.excinfo.value):  # unittest's own may have come in between
        representation = call.excinfo.getrepr(style="value")
        if representation.reprcrash is not None:  # what pytest's short summary and JUnit tell
            representation.reprcrash.message = _in_short(call.excinfo.value)
        where = _line_in(call.excinfo.tb, item)
        if where:
            representation.addsection("raised at", where, "-")
        report.longrepr = representation
    elif call.excinfo is not None and report.failed and _is_of_the_suite(item):
        kind, place = call.excinfo.typename, _line_in(call.excinfo.tb, item)
        report.longrepr = f"a bug of the suite: {kind} at {place}; its message is left out, since it may hold a payload"
    return report


def _is_of_the_suite(item: pytest.Item) -> bool:
    return item.path.parent == Path(__file__).parents[1] / "conformance"


def _line_in(traceback: "TracebackType", item: pytest.Item) -> str:
    """Return the innermost line of a traceback that is in the test's own file; empty without."""
    lines = [line for frame, line in walk_tb(traceback) if frame.f_code.co_filename == str(item.path)]
    return f"{item.location[0]}:{lines[-1]}" if lines else ""


def _in_short(error: BaseException) -> str:
    """Write one of our own errors as one line: of several violations, the first error."""
    from vocode_contract.validation.safe_text import inert
    from vocode_contract.validation.violation import ContractViolated

    if not isinstance(error, ContractViolated):
        return inert(str(error).partition("\n")[0])
    ordered = sorted(zip(error.violations, error.lines, strict=True), key=lambda found: found[0].severity != "error")
    more = f" (and {len(ordered) - 1:,} more)" if len(ordered) > 1 else ""
    return f"{inert(ordered[0][1])}{more}"


def _is_ours(error: BaseException) -> bool:
    from vocode_contract.errors import ContractError
    from vocode_contract.http.inconclusive import Inconclusive
    from vocode_contract.validation.violation import ContractViolated

    return isinstance(error, (ContractError, ContractViolated, Inconclusive))


def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> tuple[str, str, str] | None:
    """Keep apart what could not be checked from what failed."""
    if report.failed and ("vocode_verdict", "inconclusive") in getattr(report, "user_properties", ()):
        return "inconclusive", "?", "INCONCLUSIVE"
    return None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Show the plan before anything is sent beyond this machine, and act there alone."""
    config = session.config
    settings = config.stash.get(SETTINGS, None)
    if config.option.collectonly:
        return (yield)
    if settings is None or settings.endpoint is None or session.testsfailed or in_processes(config):
        if config.getoption("vocode_plan"):
            raise pytest.UsageError("--vocode-plan needs --vocode-url, and one process")
        return (yield)  # nothing has an effect beyond this machine: the run does not act
    if not is_url_typed(config) and not _is_used(session.items):
        return (yield)
    from vocode_contract.conformance.run.dry_run import rehearse, require_approval

    run = run_of(config)
    if run.settings.is_live or config.getoption("vocode_plan"):
        plan = rehearse(session, run, PLANNER)
        require_approval(session, run, plan, only=config.getoption("vocode_plan"))
    _act(run, config)
    return (yield)


def _act(run: "Run", config: pytest.Config) -> None:
    """Let a run act, and keep others from it until the last of its calls is ended."""
    from vocode_contract.errors import ContractError

    stack = ExitStack()
    config.add_cleanup(stack.close)
    try:
        stack.enter_context(run.acting())
    except ContractError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """Add the remarks on the run to every result collector, once its calls are ended; skipped checks are no failure."""
    result = yield
    if TALLY in session.config.stash:
        _tell_tallies(session)
        run = run_of(session.config)
        if session.exitstatus == pytest.ExitCode.OK and (run.left or run.unanswered):
            session.exitstatus = 3  # what goes on may cost money
        if session.testsfailed and session.testsfailed == session.config.stash[TALLY].count("inconclusive"):
            session.exitstatus = 3  # what `vocode-contract check` ends with too
    _write_reports(session)
    return result


def _write_reports(session: pytest.Session) -> None:
    """Write the reports that were asked for; a run whose report is lost does not pass."""
    config = session.config
    if REPORTS not in config.stash or hasattr(config, "workerinput"):  # a process of pytest-xdist reports nothing
        return
    from vocode_contract.report.files import write_all

    config.stash[UNWRITTEN] = list(write_all(_outcome(config), config.stash[REPORTS]))
    if config.stash[UNWRITTEN] and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = 3  # what `vocode-contract check` ends with too


def _tell_tallies(session: pytest.Session) -> None:
    from vocode_contract.report.results import ResultCollector

    run = run_of(session.config)

    tallies = [
        plugin for _, plugin in session.config.pluginmanager.list_name_plugin() if isinstance(plugin, ResultCollector)
    ]
    for tally in (*tallies, session.config.stash[TALLY]):
        tally.remarks += [*run.remarks(), *tally.unchecked.remarks()]
        tally.is_left_open = bool(run.left or run.unanswered)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write the result of the run, if it asked an endpoint, and which reports could not be written."""
    tally = config.stash.get(TALLY, None)
    shown = tally.without_sound_traffic() if tally is not None else None
    if shown is not None and any(row.endpoint for row in shown.rows):
        from vocode_contract.report.summary import lines

        outcome = _outcome(config, shown)
        run = outcome.run
        terminalreporter.section(f"contract {run.contract}, {run.profile}: {run.where}")
        for line in lines(outcome, full=config.get_verbosity() > 1):
            terminalreporter.write_line(line)
    elif tally is not None and (remarks := [*tally.unchecked.remarks()]):
        terminalreporter.section("contract")
        for line in remarks:
            terminalreporter.write_line(line)
    for line in config.stash.get(UNWRITTEN, ()):
        from vocode_contract.validation.safe_text import inert

        terminalreporter.write_line(inert(line), red=True)


def _outcome(config: pytest.Config, tally: "ResultCollector | None" = None) -> "Outcome":
    """Return the result of the run so far, or of a part of it."""
    from vocode_contract.conformance.run.command_line import outcome_of_pytest
    from vocode_contract.report.results import ResultCollector

    counting: _Counting = config.pluginmanager.getplugin("vocode_contract_counting")
    tally = tally or config.stash.get(TALLY, None) or ResultCollector()
    seconds = time.monotonic() - counting.started
    return outcome_of_pytest(settings_of(config), tally, seconds)


class _Overhearing:
    """Brings tests to their verdict whose traffic was checked, and counts what their client touched.

    Its hooks hold for tests of any kind, `unittest.TestCase` among them, and for what fixtures do after a test.
    """

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        __tracebackhide__ = True
        overheard = item.stash.get(TRAFFIC, None)
        with overheard.judged() if overheard is not None else nullcontext():
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        __tracebackhide__ = True
        self._count_touched(item)
        overheard = item.stash.get(TRAFFIC, None)
        with overheard.judged(is_last=True) if overheard is not None else nullcontext():
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        overheard = item.stash.get(TRAFFIC, None)
        if overheard is None:
            return (yield)
        if call.excinfo is not None:
            overheard.note()
        report = yield
        if report.failed or hasattr(report, "wasxfail"):
            told = overheard.told(call.excinfo.value if call.excinfo is not None else None)
            if told:
                report.sections.append(("the traffic of this test violates the contract", told))
        return report

    def _count_touched(self, item: pytest.Item) -> None:
        client, touched = item.stash.get(CLIENT, None), item.config.stash.get(TOUCHED, None)
        if client is not None and touched is not None:
            for answer in client.answers:
                touched.add_exchange(answer.operation, answer.exchange)
        if client is not None:  # pytest keeps its items to the end of the run
            del item.stash[CLIENT]


class _Counting:
    """Counts the result of the tests that are ours, once there is one."""

    def __init__(self, config: pytest.Config) -> None:
        self.started = time.monotonic()
        self._config = config
        self._session: pytest.Session | None = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._session = session

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if any(name.startswith("vocode_") for name, _ in report.user_properties):
            self._tally().pytest_runtest_logreport(report)

    def pytest_keyboard_interrupt(self, excinfo: "pytest.ExceptionInfo[BaseException]") -> None:
        if RUN in self._config.stash:
            self._config.stash[RUN].is_interrupted = True
        if TALLY in self._config.stash:
            self._tally().pytest_keyboard_interrupt(excinfo)

    def _tally(self) -> "ResultCollector":
        from vocode_contract.report.results import ResultCollector

        if TALLY not in self._config.stash:
            tally = self._config.stash[TALLY] = ResultCollector()
            if self._session is not None:
                tally.pytest_collection_finish(self._session)
        return self._config.stash[TALLY]
