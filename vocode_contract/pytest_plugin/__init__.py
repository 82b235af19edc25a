"""The pytest plugin, loaded by every pytest run in every environment in which this package is installed.

It imports nothing but pytest: hooks and fixtures import what they need when there is something to do.
"""

import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from vocode_contract.pytest_plugin.options import MARKERS, URL_TYPED, declare, is_any_given, is_url_typed, resolve
from vocode_contract.pytest_plugin.state import (
    ATTEMPT_KEYS,
    CLIENT,
    COVERAGE_COLLECTOR,
    ONLY_INCONCLUSIVE,
    PLANNER,
    PRINTED_REPORTS,
    REPORT_FAILURES,
    REPORTS,
    RESULTS,
    RUN,
    RUN_ID,
    RUN_IDENTIFIER,
    SENDER,
    SETTINGS,
    SIMULATED,
    TRAFFIC,
    collect_coverage,
    get_offline_settings,
    get_reports,
    get_run,
    get_settings,
    is_distributed,
    usage_errors,
)

if TYPE_CHECKING:
    from types import TracebackType

    from vocode_contract.conformance.run.run import Run
    from vocode_contract.report.outcome import Outcome
    from vocode_contract.report.results import ResultCollector

#: Attribute of a report of a test that failed only by requests without a complete response.
INCONCLUSIVE_ATTRIBUTE = "vocode_inconclusive"
#: Title of the section that adds violations to the report of a test that fails by itself.
VIOLATIONS_TITLE = "vocode-contract: violations in the traffic of this test"

_STRATEGIES = ("vocode_contract.strategies", "vocode_contract.webhooks.stress.strategies")
#: The modules of the suite, and where a worker of pytest-xdist notes that some of its tests were deselected.
_SUITE = Path(__file__).parents[1] / "conformance"
DESELECTED, CALLS = "vocode_deselected", "vocode_calls"

pytest_plugins = ["vocode_contract.pytest_plugin.fixtures"]
#: Fixtures of tests that send requests to the endpoint.
_SENDERS = frozenset(("_sender", "_vocode_sender"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options and the keys of the configuration file."""
    declare(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare markers, and refuse options that cannot be used before tests are collected."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(_ResultHooks(config), "vocode_contract_results")
    config.pluginmanager.register(_TrafficHooks(), "vocode_contract_traffic")
    if is_any_given(config):
        get_offline_settings(config)
    collect_coverage(config)
    if config.getoption("vocode_report"):
        config.stash[REPORTS] = get_reports(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse environment variables that cannot be used, if there is a test that would use them."""
    if any(map(_is_sending, items)) or (config.getoption("vocode_url") and is_url_typed(config)):
        get_settings(config)
    elif any("vocode_contract" in _get_fixture_names(item) for item in items):
        get_offline_settings(config)


def _is_sending(item: pytest.Item) -> bool:
    """Return whether a test sends requests to the endpoint, or to the built-in simulator in place of one."""
    return bool(_SENDERS & {*_get_fixture_names(item)})


def _get_fixture_names(item: pytest.Item) -> Sequence[str]:
    return getattr(item, "fixturenames", ())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Run all tests in one process if requests go to a remote host: there is one request in flight.

    Groups (``--dist=loadgroup``) would not affect other tests, but pytest-xdist 3.8 marks them in an attribute that
    pytest 9.2 no longer reads.
    """
    try:
        from vocode_contract.conformance.run.options import URL

        is_live = bool(resolve(config, URL).value) and get_settings(config).is_live
    except pytest.UsageError:  # reported when the settings are used, if they are
        return None
    if not is_live:
        return None
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = lambda _nodeid: "vocode-live"
    return scheduler


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass on to a worker of pytest-xdist whether the URL was typed for this run, and the identity of the run."""
    node.workerinput[URL_TYPED] = is_url_typed(node.config)
    node.workerinput[RUN_ID] = node.config.stash.setdefault(RUN_IDENTIFIER, uuid4().hex[:12])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Forget an earlier attempt at the test, and record the operation and the claim of a test of the suite."""
    item.user_properties[:] = [each for each in item.user_properties if not each[0].startswith("vocode_")]
    for key in ATTEMPT_KEYS:
        if key in item.stash:
            del item.stash[key]
    marker = item.get_closest_marker("vocode_operation")
    if marker:
        operation = str(marker.args[0])
        item.user_properties += [("vocode_operation", operation), ("vocode_claim", _parse_claim(item.name, operation))]
        if marker.kwargs.get("is_main"):
            item.user_properties.append(("vocode_main", "true"))
        if _is_suite_test(item):
            item.user_properties.append(("vocode_module", f"vocode_contract.conformance.{item.path.stem}"))


def _parse_claim(name: str, operation: str) -> str:
    """Return the name of a test as a phrase."""
    words, _, case = name.removeprefix("test_").removeprefix(f"{operation}_").partition("[")
    cases = [part for part in case.removesuffix("]").split("-") if part and part != operation]
    return words.replace("_", " ") + (f" ({', '.join(cases).replace('_', ' ')})" if cases else "")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show only the text of our own errors: a traceback or local variables could contain a payload."""
    if call.excinfo is not None and _is_ours(call.excinfo.value):
        from vocode_contract.report.results import record_error

        record_error(item, call.excinfo.value)
    report = yield
    error = call.excinfo.value if call.excinfo is not None else None
    if error is not None and not _is_ours(error):
        _add_violations(item, report)
    _note_inconclusive(item, report, error)
    if call.excinfo is not None and _is_ours(call.excinfo.value):  # unittest's own may have come in between
        representation = call.excinfo.getrepr(style="value")
        if representation.reprcrash is not None:  # shown by pytest's short summary and JUnit
            representation.reprcrash.message = _summarize_error(call.excinfo.value)
        where = _find_line(call.excinfo.tb, item)
        if where:
            representation.addsection("raised at", where, "-")
        report.longrepr = representation
    elif call.excinfo is not None and report.failed and _is_suite_test(item):
        kind, place = call.excinfo.typename, _find_line(call.excinfo.tb, item)
        report.longrepr = f"a bug in the suite: {kind} at {place}; the message may contain a payload and is left out"
    return report


def _add_violations(item: pytest.Item, report: pytest.TestReport) -> None:
    """Add the violations in the exchanges of ``vocode_client``, which may explain why a test fails by itself."""
    client = item.stash.get(CLIENT, None)
    if client is None or not _needs_explanation(report) or _is_suite_test(item):
        return
    from vocode_contract.conformance.run.verdict import find_violations
    from vocode_contract.pytest_plugin.traffic import explain_violations
    from vocode_contract.report.results import record_violations

    found, entries = find_violations(client, accepted=get_settings(item.config).accepted)
    record_violations(item, found, client, entries)
    report.user_properties = list(item.user_properties)
    if text := explain_violations(client.answers):
        report.sections.append((VIOLATIONS_TITLE, text))


def _needs_explanation(report: pytest.TestReport) -> bool:
    return report.failed or hasattr(report, "wasxfail")


def _note_inconclusive(item: pytest.Item, report: pytest.TestReport, error: BaseException | None) -> None:
    """Note in a report whether the test has failed only by requests without a complete response.

    The note is an attribute of the report because the properties of a test outlive the phase in which they were set.
    pytest itself fails a test that passes after a subtest of it failed.
    """
    if error is not None and report.failed:
        from vocode_contract.http.inconclusive import Inconclusive

        earlier = item.stash.get(ONLY_INCONCLUSIVE, True)
        item.stash[ONLY_INCONCLUSIVE] = earlier and isinstance(error, Inconclusive)
    if item.stash.get(ONLY_INCONCLUSIVE, False):
        vars(report)[INCONCLUSIVE_ATTRIBUTE] = True


def _is_suite_test(item: pytest.Item) -> bool:
    return item.path.parent == _SUITE


def _find_line(traceback: "TracebackType", item: pytest.Item) -> str:
    """Return the innermost line of a traceback in the test's own file; empty if there is none."""
    lines = [line for frame, line in walk_tb(traceback) if frame.f_code.co_filename == str(item.path)]
    return f"{item.location[0]}:{lines[-1]}" if lines else ""


def _summarize_error(error: BaseException) -> str:
    """Return one of our own errors as one line: the first error among several violations."""
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


@pytest.hookimpl(wrapper=True)
def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport,
) -> Generator[None, tuple[str, str, Any] | None, tuple[str, str, Any] | None]:
    """Distinguish inconclusive tests from failed ones."""
    status = yield
    if report.failed and hasattr(report, INCONCLUSIVE_ATTRIBUTE):
        return "inconclusive", "?", "INCONCLUSIVE"
    return status


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Show the plan before anything is sent to a remote host, and lock the run only if it sends something."""
    config = session.config
    settings = config.stash.get(SETTINGS, None)
    if config.option.collectonly:
        return (yield)
    if settings is None or settings.endpoint is None or session.testsfailed or is_distributed(config):
        if config.getoption("vocode_plan"):
            raise pytest.UsageError("--vocode-plan needs --vocode-url and a single process")
        return (yield)  # nothing has an effect on a remote host
    from vocode_contract.conformance.run.dry_run import rehearse, require_approval

    run = get_run(config)
    if run.settings.is_live or config.getoption("vocode_plan"):
        plan = rehearse(session, run, PLANNER)
        require_approval(session, run, plan, only=config.getoption("vocode_plan"))
    stack = ExitStack()
    config.add_cleanup(stack.close)  # no other run may send requests with effects until the last call is ended
    with usage_errors():
        stack.enter_context(run.acting())
    if SIMULATED not in config.stash:
        _meet_server(session, run)
    return (yield)


def _meet_server(session: pytest.Session, run: "Run") -> None:
    """Leave out the tests of a server that cannot be checked, and print what one on this machine is taken for."""
    from vocode_contract.conformance.run.preflight import Preflight, run_preflight
    from vocode_contract.http.client.authentication import token_of_environment

    config, preflight = session.config, Preflight()
    if any(map(_is_suite_test, session.items)):
        with usage_errors():
            config.stash[SENDER] = run.sender(token_of_environment(run.settings.authentication))
        preflight = run_preflight(config.stash[SENDER], run.settings)
    if preflight.obstacle:
        using = [item for item in session.items if _is_sending(item)]
        config.hook.pytest_deselected(items=using)
        session.items[:] = [item for item in session.items if item not in using]
        hooks: _ResultHooks = config.pluginmanager.getplugin("vocode_contract_results")
        for results in (*_get_collectors(config), hooks.get_results()):
            results.record_obstacle(preflight.obstacle, str(run.settings.endpoint))
    elif run.loopback_notice and not preflight.is_simulated:
        sys.stderr.write(f"vocode-contract: {run.loopback_notice}\n")


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """Add remarks to all result collectors after the calls were ended, and set the exit code as ``check`` does."""
    result = yield
    if RESULTS in session.config.stash:
        _add_remarks(session)
        results = session.config.stash[RESULTS]
        hooks: _ResultHooks = session.config.pluginmanager.getplugin("vocode_contract_results")
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
    config = session.config
    try:
        run = get_run(config) if SETTINGS in config.stash else None  # else nothing was sent to an endpoint
    except pytest.UsageError:  # it failed the test that wanted to send something
        run = None
    if run is not None:
        hooks: _ResultHooks = config.pluginmanager.getplugin("vocode_contract_results")
        for name, calls in hooks.calls.items():
            getattr(run, name).extend(calls)
        if hasattr(config, "workeroutput"):
            config.workeroutput[CALLS] = {name: [*getattr(run, name)] for name in hooks.calls}
    for results in (*_get_collectors(config), config.stash[RESULTS]):
        results.outdated += _list_outdated(session)
        results.remarks += [*(run.remarks() if run else ()), *results.late_remarks()]
        results.is_left_open = run is not None and bool(run.left or run.unanswered)


def _list_outdated(session: pytest.Session) -> list[str]:
    """Return a line for each entry of the file of accepted violations that must be removed."""
    config = session.config
    if SETTINGS not in config.stash or not config.stash[SETTINGS].accepted:
        return []
    from vocode_contract.conformance.run.accepted import list_outdated

    results = config.stash[RESULTS]
    hooks: _ResultHooks = config.pluginmanager.getplugin("vocode_contract_results")
    is_complete = hooks.is_complete(session, results)
    return list(list_outdated(config.stash[SETTINGS].accepted, results, is_complete=is_complete))


def _get_collectors(config: pytest.Config) -> "list[ResultCollector]":
    from vocode_contract.report.results import ResultCollector

    return [plugin for plugin in config.pluginmanager.get_plugins() if isinstance(plugin, ResultCollector)]


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
    elif results is not None and (remarks := [*results.late_remarks()]):
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

    hooks: _ResultHooks = config.pluginmanager.getplugin("vocode_contract_results")
    results = results or config.stash.get(RESULTS, None) or ResultCollector()
    settings = config.stash.get(SETTINGS, None) or get_offline_settings(config)
    return outcome_of_pytest(settings, results, time.monotonic() - hooks.started)


@contextmanager
def _show_examples(item: pytest.Item) -> Iterator[None]:
    """Let Hypothesis show the values of a failing example if the test may draw them from our strategies.

    The plugin of Schemathesis replaces Hypothesis' printer in the whole process by one that prints nothing, which saves
    time in its own tests; those are left alone.
    """
    core = sys.modules.get("hypothesis.core")
    is_ours = any(name in sys.modules for name in _STRATEGIES) and not type(item).__module__.startswith("schemathesis")
    if core is None or "schemathesis" not in sys.modules or not is_ours:
        yield
        return
    from hypothesis.vendor.pretty import RepresentationPrinter

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core, "RepresentationPrinter", RepresentationPrinter, raising=False)
        yield


def _conclude(item: pytest.Item) -> AbstractContextManager[None]:
    """Derive the verdict of a test that uses ``vocode_client``."""
    client = item.stash.get(CLIENT, None)
    if client is None:
        return nullcontext()
    from vocode_contract.conformance.run.verdict import conclude

    return conclude(item, client, get_settings(item.config).accepted)


class _TrafficHooks:
    """Fails tests whose traffic has violations, and collects the coverage of ``vocode_client``.

    Its hooks work for tests of any kind, such as `unittest.TestCase`, and for what fixtures do after a test.
    """

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        __tracebackhide__ = True
        traffic = item.stash.get(TRAFFIC, None)
        with _show_examples(item), traffic.check_phase() if traffic is not None else nullcontext(), _conclude(item):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        __tracebackhide__ = True
        self._count_coverage(item)
        traffic = item.stash.get(TRAFFIC, None)
        with traffic.check_phase(is_last=True) if traffic is not None else nullcontext():
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        traffic = item.stash.get(TRAFFIC, None)
        if traffic is None:
            return (yield)
        if call.excinfo is not None:
            traffic.record_violations()
        report = yield
        if _needs_explanation(report):
            text = traffic.explain_failure(call.excinfo.value if call.excinfo is not None else None)
            if text:
                report.sections.append((VIOLATIONS_TITLE, text))
        return report

    def _count_coverage(self, item: pytest.Item) -> None:
        client, collector = item.stash.get(CLIENT, None), item.config.stash.get(COVERAGE_COLLECTOR, None)
        if client is not None and collector is not None:
            for answer in client.answers:
                collector.add_exchange(answer.operation, answer.exchange)
        if client is not None:  # pytest keeps its items to the end of the run
            del item.stash[CLIENT]


class _ResultHooks:
    """Collects the results of tests that use this plugin, once there is one.

    Attributes:
        started: When the run started.
        inconclusive: Number of the reports that pytest counts as failed, and that are inconclusive.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.started = time.monotonic()
        self.inconclusive = 0
        self._config = config
        self._session: pytest.Session | None = None
        self._has_deselected = False
        #: What workers of pytest-xdist did, by the attribute of `Run`: IDs of calls.
        self.calls: dict[str, list[str]] = {"created": [], "ended": [], "left": []}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._session = session

    def pytest_deselected(self, items: "Sequence[pytest.Item]") -> None:
        self._has_deselected = self._has_deselected or any(map(_is_suite_test, items))
        if self._has_deselected and hasattr(self._config, "workeroutput"):
            self._config.workeroutput[DESELECTED] = True

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of pytest-xdist knows; one that crashed has no output."""
        output = getattr(node, "workeroutput", {DESELECTED: True})
        self._has_deselected = self._has_deselected or output.get(DESELECTED, False)
        for name, calls in output.get(CALLS, {}).items():
            self.calls[name] += calls

    def is_complete(self, session: pytest.Session, results: "ResultCollector") -> bool:
        """Return whether the run contains each test of the suite; the fuzzing tests depend on an option."""
        is_cut_short = self._has_deselected or results.interrupted or session.shouldstop or session.shouldfail
        modules = {row.module.rpartition(".")[2] for row in results.rows}
        return not is_cut_short and modules >= {path.stem for path in _SUITE.glob("test_*.py")} - {"test_fuzzing"}

    @pytest.hookimpl(tryfirst=True)  # as the hook by which pytest counts failures, which other plugins change later
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.inconclusive += (
            report.failed and not hasattr(report, "wasxfail") and hasattr(report, INCONCLUSIVE_ATTRIBUTE)
        )
        if RESULTS in self._config.stash or any(name.startswith("vocode_") for name, _ in report.user_properties):
            self.get_results().pytest_runtest_logreport(report)

    def pytest_keyboard_interrupt(self, excinfo: "pytest.ExceptionInfo[BaseException]") -> None:
        if RUN in self._config.stash:
            self._config.stash[RUN].is_interrupted = True
        if RESULTS in self._config.stash:
            self.get_results().pytest_keyboard_interrupt(excinfo)

    def get_results(self) -> "ResultCollector":
        """Return the results so far."""
        from vocode_contract.report.results import ResultCollector

        if RESULTS not in self._config.stash:
            results = self._config.stash[RESULTS] = ResultCollector()
            if self._session is not None:
                results.pytest_collection_finish(self._session)
        return self._config.stash[RESULTS]
