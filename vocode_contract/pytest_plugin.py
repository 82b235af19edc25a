"""The pytest plugin, loaded by every pytest run of every project that has this package installed.

Nothing is imported here but pytest: what a hook needs is imported when there is something to do.
"""

import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import TracebackType

    from vocode_contract.adversary.fixtures import Adversary
    from vocode_contract.codes import Selection
    from vocode_contract.conformance.client import CheckedClient, Health
    from vocode_contract.conformance.coverage import Touched
    from vocode_contract.conformance.outcome import Outcome
    from vocode_contract.conformance.run import Run
    from vocode_contract.conformance.settings import Settings
    from vocode_contract.conformance.tally import Tally
    from vocode_contract.contract import Contract
    from vocode_contract.report.files import Wanted
    from vocode_contract.simulator import Running
    from vocode_contract.traffic import Traffic
    from vocode_contract.transport import Client

#: What may be set by an option, else by the environment, else in the configuration file.
_KEYS = {
    "url": "endpoint to hold against the contract; the built-in simulator without",
    "contract": "date of the contract",
    "profile": "how literally the contract is read: documented, wire or tolerant",
    "timeout": "seconds that one exchange may take",
    "ca": "PEM file of a private certificate authority to trust too",
    "proxy": "HTTP proxy to go through; HTTPS_PROXY and the like have no say",
}
_LIVE = "only against a host that is not this machine"
#: Options that may be given several times: name, metavar, help.
_LISTS = (
    ("call-id", "ID", "a call that may be ended"),
    ("select", "CODE", "a code to judge by, or a pattern such as json-*; all without (or vocode_select in the file)"),
    ("ignore", "CODE", "a code to leave out, or a pattern (or vocode_ignore in the file)"),
    ("policy", "NAME=VALUE", "how what no document decides is read (or VOCODE_POLICY, with spaces between them)"),
    ("allow", "EFFECT", f"writes, bills, rings or hangs-up; {_LIVE}"),
    ("allow-number", "NUMBER", f"a number that may be rung; {_LIVE}"),
)
#: Options with one number: name, default, help.
_NUMBERS = (
    ("budget", 1, f"mutating requests allowed; {_LIVE}"),
    ("approve-sends", None, "the number of mutating requests that the plan shows; for production without a terminal"),
    ("fuzz", 0, "requests to draw for each operation"),
    ("seed", 0, "of what is drawn"),
)
_FLAGS = (
    ("production", "the host is production, and is meant"),
    ("plan", "print what would be sent, and send nothing"),
)
_CODES = ("select", "ignore")
_MARKERS = ("vocode_operation(name): the operation of the contract that a test is about",)

_client: pytest.StashKey["CheckedClient"] = pytest.StashKey()
_planner: pytest.StashKey["Client"] = pytest.StashKey()
_run: pytest.StashKey["Run"] = pytest.StashKey()
_settings: pytest.StashKey["Settings"] = pytest.StashKey()
_tally: pytest.StashKey["Tally"] = pytest.StashKey()
_touched: pytest.StashKey["Touched"] = pytest.StashKey()
_traffic: pytest.StashKey["Traffic"] = pytest.StashKey()
_reports: pytest.StashKey[tuple["Wanted", ...]] = pytest.StashKey()
_unwritten: pytest.StashKey[list[str]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare options and keys of the configuration file."""
    group = parser.getgroup("vocode-contract", "contract of the voice-call API")
    for key, help_text in _KEYS.items():
        name = f"vocode_{key}"
        group.addoption(f"--vocode-{key}", dest=name, metavar=key.upper(), help=f"{help_text} (or {name.upper()})")
        parser.addini(name, help_text, default="")
    for key, metavar, help_text in _LISTS:
        dest = f"vocode_{key.replace('-', '_')}"
        text = f"{help_text}; may be given several times"
        group.addoption(f"--vocode-{key}", dest=dest, metavar=metavar, action="append", default=[], help=text)
    for key, default, help_text in _NUMBERS:
        dest = f"vocode_{key.replace('-', '_')}"
        group.addoption(f"--vocode-{key}", dest=dest, metavar="N", type=int, default=default, help=help_text)
    for key, help_text in _FLAGS:
        group.addoption(f"--vocode-{key}", dest=f"vocode_{key}", action="store_true", help=help_text)
    parser.addini("vocode_policy", "how what no document decides is read: NAME=VALUE", type="args", default=[])
    for key in _CODES:
        parser.addini(f"vocode_{key}", f"codes to {key}, or patterns of them", type="args", default=[])
    _add_coverage_option(parser, group)
    group.addoption(
        "--vocode-report",
        dest="vocode_report",
        metavar="FORMAT[=PATH]",
        action="append",
        default=[],
        help="write what came of the run to a file: json, junit, html, sarif or markdown",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare markers, and refuse what cannot be used before any test is looked for."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(_Counting(config), "vocode_contract_counting")
    config.pluginmanager.register(_Overhearing(), "vocode_contract_overhearing")
    options = [config.getoption(f"vocode_{key}") or config.getini(f"vocode_{key}") for key in _KEYS]
    lists = [config.getoption(f"vocode_{key.replace('-', '_')}") for key, *_ in _LISTS]
    if any(options) or any(lists) or config.getini("vocode_policy") or config.getoption("vocode_plan"):
        _settings_of(config)
    if any(_codes(config, key) for key in _CODES):
        _selection_of(config)
    _watch_coverage(config)
    if config.getoption("vocode_report"):
        config.stash[_reports] = _reports_of(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse what the environment holds and cannot be used, once there is a test that would use it."""
    if any("vocode_contract" in getattr(item, "fixturenames", ()) for item in items):
        _settings_of(config)


def _in_processes(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput") or bool(getattr(config.option, "numprocesses", None))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give all tests to one process where a host is asked that is not this machine: one request in flight.

    Groups (``--dist=loadgroup``) would leave other tests alone, but pytest-xdist 3.8 marks them in an
    attribute that pytest 9.2 does not read any more.
    """
    try:
        is_live = bool(_given(config, "url").value) and _settings_of(config).is_live
    except pytest.UsageError:  # told where it is used, if it is
        return None
    if not is_live:
        return None
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = lambda _nodeid: "vocode-live"
    return scheduler


def _settings_of(config: pytest.Config) -> "Settings":
    """Return what the suite is run against.

    Raises:
        pytest.UsageError: A value cannot be used.
    """
    if _settings not in config.stash:
        from vocode_contract.conformance.settings import Settings, Wishes
        from vocode_contract.errors import ContractError
        from vocode_contract.policies import Policies

        given = {key: _given(config, key) for key in _KEYS}
        get = config.getoption
        variable = os.environ.get("VOCODE_POLICY", "").split()
        policies = [*config.getini("vocode_policy"), *variable, *get("vocode_policy")]
        try:
            config.stash[_settings] = Settings.from_given(
                given,
                tuple(get("vocode_call_id")),
                policies=Policies.from_words(policies, option="--vocode-policy"),
                wishes=Wishes.from_words(
                    get("vocode_allow"),
                    get("vocode_allow_number"),
                    production=get("vocode_production"),
                    budget=get("vocode_budget"),
                    approve_sends=get("vocode_approve_sends"),
                ),
            )
        except ContractError as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[_settings]


def _reports_of(config: pytest.Config) -> "tuple[Wanted, ...]":
    from vocode_contract.errors import ContractError
    from vocode_contract.report.files import wanted

    try:
        return wanted(config.getoption("vocode_report"), "--vocode-report")
    except ContractError as error:
        raise pytest.UsageError(str(error)) from None


def _run_of(config: pytest.Config) -> "Run":
    """Return the run, which knows what it may do and what it did.

    Raises:
        pytest.UsageError: A file cannot be used.
    """
    if _run not in config.stash:
        from vocode_contract.conformance.run import Run
        from vocode_contract.errors import ContractError

        try:
            places = (config.rootpath, config.invocation_params.dir)
            run = Run.of(_settings_of(config), *places, alone=not _in_processes(config))
        except ContractError as error:
            raise pytest.UsageError(str(error)) from None
        config.stash[_run] = run
    return config.stash[_run]


def _given(config: pytest.Config, key: str) -> Any:
    from vocode_contract.conformance.settings import Given

    name = f"vocode_{key}"
    sources = (
        (f"--vocode-{key}", config.getoption(name)),
        (name.upper(), os.environ.get(name.upper())),
        (f"{name} in the configuration file", config.getini(name)),
    )
    return next((Given(value=value, source=source) for source, value in sources if value), Given())


def _codes(config: pytest.Config, key: str) -> tuple[str, ...]:
    return tuple(config.getoption(f"vocode_{key}") or config.getini(f"vocode_{key}"))


def _selection_of(config: pytest.Config) -> "Selection":
    """Return which codes count.

    Raises:
        pytest.UsageError: A pattern fits none.
    """
    from vocode_contract.codes import Selection
    from vocode_contract.errors import ContractError

    try:
        return Selection(select=_codes(config, "select"), ignore=_codes(config, "ignore"))
    except ContractError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.fixture(scope="session")
def vocode_contract(pytestconfig: pytest.Config) -> "Contract":
    """The contract that tests are run against: its date and profile are options."""
    return _settings_of(pytestconfig).contract


@pytest.fixture(scope="session")
def vocode_call_ids(pytestconfig: pytest.Config) -> tuple[str, ...]:
    """Ids of the calls that may be ended, as given."""
    return _settings_of(pytestconfig).call_ids


@pytest.fixture(scope="session")
def _vocode_running(vocode_contract: "Contract") -> Iterator["Running"]:
    from vocode_contract.simulator import simulator

    with simulator(contract=vocode_contract) as running:
        yield running


@pytest.fixture
def vocode_simulator(_vocode_running: "Running") -> "Running":
    """A simulator on this machine, with the calls that it starts with."""
    _vocode_running.reset()
    return _vocode_running


@pytest.fixture(scope="session")
def _vocode_health() -> "Health":
    from vocode_contract.conformance.client import Health

    return Health()


@pytest.fixture(scope="session")
def _vocode_run(pytestconfig: pytest.Config) -> "Run":
    return _run_of(pytestconfig)


@pytest.fixture(scope="session")
def _vocode_sender(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> "Client":
    """The one sender of the run: its guard counts what leaves this machine."""
    if planner := pytestconfig.stash.get(_planner, None):
        return planner
    from vocode_contract.redaction import Secret
    from vocode_contract.transport import TOKEN_VARIABLE, Client

    if _settings_of(pytestconfig).endpoint is None:
        running = request.getfixturevalue("_vocode_running")
        return Client(running.url, Secret(running.token))
    value = os.environ.get(TOKEN_VARIABLE)
    return _run_of(pytestconfig).sender(Secret(value) if value else None)


@pytest.fixture
def _vocode_judge(
    request: pytest.FixtureRequest, vocode_contract: "Contract", _vocode_health: "Health"
) -> Callable[["Client"], "CheckedClient"]:
    """Make the client of one test; whatever is wrong with an answer fails the test that got it."""
    from vocode_contract.conformance.client import CheckedClient

    def judging(sender: "Client") -> "CheckedClient":
        policies = _settings_of(request.config).policies
        client = CheckedClient(sender, vocode_contract, health=_vocode_health, policies=policies)
        client.selection = _selection_of(request.config)
        request.node.stash[_client] = client
        request.node.user_properties.append(("vocode_endpoint", str(client.endpoint)))
        return client

    return judging


@pytest.fixture
def vocode_client(
    request: pytest.FixtureRequest, _vocode_sender: "Client", _vocode_judge: Callable[["Client"], "CheckedClient"]
) -> "CheckedClient":
    """A client of the endpoint; whatever is wrong with an answer fails the test that got it."""
    if _settings_of(request.config).endpoint is None:
        request.getfixturevalue("vocode_simulator")
    return _vocode_judge(_vocode_sender)


@pytest.fixture(scope="session")
def assert_conforms(vocode_contract: "Contract", pytestconfig: pytest.Config) -> Callable[..., Any]:
    """Call it with a payload, parsed or raw, and perhaps the name of a schema; it returns the parsed value."""
    from vocode_contract.validation import Validator

    selection = _selection_of(pytestconfig)

    def check(payload: object, name: str = "Call") -> Any:
        __tracebackhide__ = True
        value = Validator(vocode_contract, name, selection=selection).ensure(payload)
        if _touched in pytestconfig.stash:
            pytestconfig.stash[_touched].add(value, name)
        return value

    return check


@pytest.fixture
def vocode_traffic(
    vocode_contract: "Contract", vocode_coverage: "Touched", request: pytest.FixtureRequest
) -> "Traffic":
    """Judge the traffic of a client of your own; what is wrong with it fails the test."""
    from vocode_contract.traffic import Traffic

    traffic = Traffic(vocode_contract, seen=vocode_coverage.add_exchange, selection=_selection_of(request.config))
    request.node.stash[_traffic] = traffic
    return traffic


@pytest.fixture(scope="session")
def webhook_adversary() -> Iterator["Adversary"]:
    """Deliver a call's story to a receiver of your own, soundly or not: ``webhook_adversary.attack(url)``."""
    from vocode_contract.adversary.fixtures import webhook_adversary

    yield from webhook_adversary()


@pytest.fixture(scope="session")
def vocode_coverage(vocode_contract: "Contract", pytestconfig: pytest.Config) -> "Touched":
    """Count payloads of your own towards ``--vocode-coverage``: ``vocode_coverage.add(payload, name)``."""
    from vocode_contract.conformance.coverage import Touched

    return pytestconfig.stash.get(_touched, None) or Touched(vocode_contract)


def _add_coverage_option(parser: pytest.Parser, group: pytest.OptionGroup) -> None:
    text = "tell which parts of the contract the tests touch, and fail below a percentage"
    group.addoption(
        "--vocode-coverage",
        dest="vocode_coverage",
        metavar="PERCENT",
        nargs="?",
        const="0",
        help=f"{text} (or VOCODE_COVERAGE)",
    )
    parser.addini("vocode_coverage", text, default="")


def _watch_coverage(config: pytest.Config) -> None:
    """Count what is touched, if that was asked for.

    Raises:
        pytest.UsageError: The percentage is none.
    """
    sources = (config.getoption("vocode_coverage"), os.environ.get("VOCODE_COVERAGE"), config.getini("vocode_coverage"))
    if not any(sources):
        return
    from vocode_contract.conformance.coverage import CoverageRun, Touched, threshold
    from vocode_contract.errors import InvalidOption

    given = _given(config, "coverage")
    try:
        least = threshold(given.value, given.source)
    except InvalidOption as error:
        raise pytest.UsageError(str(error)) from None
    touched = config.stash[_touched] = Touched(_settings_of(config).contract)
    config.pluginmanager.register(CoverageRun(touched, least), "vocode_contract_coverage")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note what a test of the suite claims."""
    marker = item.get_closest_marker("vocode_operation")
    if marker:
        operation = str(marker.args[0])
        item.user_properties.append(("vocode_operation", operation))
        item.user_properties.append(("vocode_claim", _claim(item.name, operation)))
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
    client = pyfuncitem.stash.get(_client, None)
    if client is None:
        return (yield)
    from vocode_contract.conformance.conclusion import concluded

    with concluded(pyfuncitem, client):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show our own errors by their text alone: no traceback, no local variables, so no payload."""
    ours = call.excinfo is not None and _is_ours(call.excinfo.value)
    if ours and call.excinfo is not None:
        from vocode_contract.conformance.properties import noted

        noted(item, call.excinfo.value)
    report = yield
    if ours and call.excinfo is not None:
        representation = call.excinfo.getrepr(style="value")
        where = _line_in(call.excinfo.tb, item)
        if where:
            representation.addsection("raised at", where, "-")
        report.longrepr = representation
    elif call.excinfo is not None and report.failed and _is_of_the_suite(item):
        kind, place = call.excinfo.typename, _line_in(call.excinfo.tb, item)
        report.longrepr = f"a bug of the suite: {kind} at {place}; its message is left out, since it may hold a payload"
    return report


def _is_of_the_suite(item: pytest.Item) -> bool:
    return item.path.parent == Path(__file__).parent / "conformance"


def _line_in(traceback: "TracebackType", item: pytest.Item) -> str:
    """Return the innermost line of a traceback that is in the test's own file; empty without."""
    lines = [line for frame, line in walk_tb(traceback) if frame.f_code.co_filename == str(item.path)]
    return f"{item.location[0]}:{lines[-1]}" if lines else ""


def _is_ours(error: BaseException) -> bool:
    from vocode_contract.errors import ContractError
    from vocode_contract.inconclusive import Inconclusive
    from vocode_contract.violation import ContractViolated

    return isinstance(error, (ContractError, ContractViolated, Inconclusive))


def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> tuple[str, str, str] | None:
    """Keep apart what could not be judged from what failed."""
    if report.failed and ("vocode_verdict", "inconclusive") in getattr(report, "user_properties", ()):
        return "inconclusive", "?", "INCONCLUSIVE"
    return None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Show the plan before anything is sent beyond this machine, and act there alone."""
    config = session.config
    settings = config.stash.get(_settings, None)
    if settings is None or settings.endpoint is None or session.testsfailed or _in_processes(config):
        if config.getoption("vocode_plan"):
            raise pytest.UsageError("--vocode-plan needs --vocode-url, and one process")
        return (yield)
    from vocode_contract.conformance.rehearsal import approved, rehearsed

    run = _run_of(config)
    if run.settings.is_live or config.getoption("vocode_plan"):
        plan = rehearsed(session, run, _planner)
        approved(session, run, plan, only=config.getoption("vocode_plan"))
    with _acting(run):
        return (yield)


@contextmanager
def _acting(run: "Run") -> Iterator[None]:
    from vocode_contract.errors import ContractError

    try:
        with run.acting():
            yield
    except ContractError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """Tell every tally what there is to say of the run, once its calls are ended."""
    result = yield
    if _tally in session.config.stash:
        _tell_tallies(session)
    _write_reports(session)
    return result


def _write_reports(session: pytest.Session) -> None:
    """Write the reports that were asked for; a run whose report is lost does not pass."""
    config = session.config
    if _reports not in config.stash or hasattr(config, "workerinput"):  # a process of pytest-xdist reports nothing
        return
    from vocode_contract.report.files import write_all

    config.stash[_unwritten] = list(write_all(_outcome(config), config.stash[_reports]))
    if config.stash[_unwritten] and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = 3  # what `vocode-contract check` ends with too


def _tell_tallies(session: pytest.Session) -> None:
    from vocode_contract.conformance.tally import Tally

    run = _run_of(session.config)

    tallies = [plugin for _, plugin in session.config.pluginmanager.list_name_plugin() if isinstance(plugin, Tally)]
    for tally in (*tallies, session.config.stash[_tally]):
        tally.remarks += run.remarks()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write what came of the run, if it asked an endpoint, and which reports could not be written."""
    tally = config.stash.get(_tally, None)
    if tally is not None and any(row.endpoint for row in tally.rows):
        from vocode_contract.conformance.summary import lines

        outcome = _outcome(config)
        run = outcome.run
        terminalreporter.section(f"contract {run.contract}, {run.profile}: {run.where}")
        for line in lines(outcome, full=config.get_verbosity() > 1):
            terminalreporter.write_line(line)
    for line in config.stash.get(_unwritten, ()):
        from vocode_contract.report.inert import inert

        terminalreporter.write_line(inert(line), red=True)


def _outcome(config: pytest.Config) -> "Outcome":
    """Return what came of the run so far."""
    from vocode_contract.conformance.outcome import outcome_of_pytest
    from vocode_contract.conformance.tally import Tally

    counting: _Counting = config.pluginmanager.getplugin("vocode_contract_counting")
    tally = config.stash.get(_tally, None) or Tally()
    return outcome_of_pytest(_settings_of(config), tally, time.monotonic() - counting.started)


class _Overhearing:
    """Brings tests to their verdict whose traffic was judged, and counts what their client touched."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        __tracebackhide__ = True
        traffic = pyfuncitem.stash.get(_traffic, None)
        if traffic is None:
            return (yield)
        from vocode_contract.conformance.overheard import overheard

        with overheard(pyfuncitem, traffic):
            return (yield)

    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        client, touched = item.stash.get(_client, None), item.config.stash.get(_touched, None)
        if client is not None and touched is not None:
            for answer in client.answers:
                touched.add_exchange(answer.operation, answer.exchange)


class _Counting:
    """Counts what came of the tests that are ours, once there is one."""

    def __init__(self, config: pytest.Config) -> None:
        self.started = time.monotonic()
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not any(name.startswith("vocode_") for name, _ in report.user_properties):
            return
        from vocode_contract.conformance.tally import Tally

        tally = self._config.stash.setdefault(_tally, Tally())
        tally.pytest_runtest_logreport(report)
