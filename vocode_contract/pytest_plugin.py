"""The pytest plugin, loaded by every pytest run of every project that has this package installed.

Nothing is imported here but pytest: what a hook needs is imported when there is something to do.
"""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import TracebackType

    from vocode_contract.conformance.client import CheckedClient, Health
    from vocode_contract.conformance.run import Run
    from vocode_contract.conformance.settings import Settings
    from vocode_contract.conformance.tally import Tally
    from vocode_contract.contract import Contract
    from vocode_contract.simulator import Running
    from vocode_contract.transport import Client

#: What may be set by an option, else by the environment, else in the configuration file.
_KEYS = {
    "url": "endpoint to hold against the contract; the built-in simulator without",
    "contract": "date of the contract",
    "profile": "how literally the contract is read: documented, wire or tolerant",
    "timeout": "seconds that one exchange may take",
}
_LIVE = "only against a host that is not this machine"
#: Options that may be given several times: name, metavar, help.
_LISTS = (
    ("call-id", "ID", "a call that may be ended"),
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
_MARKERS = ("vocode_operation(name): the operation of the contract that a test is about",)

_client: pytest.StashKey["CheckedClient"] = pytest.StashKey()
_planner: pytest.StashKey["Client"] = pytest.StashKey()
_run: pytest.StashKey["Run"] = pytest.StashKey()
_settings: pytest.StashKey["Settings"] = pytest.StashKey()
_tally: pytest.StashKey["Tally"] = pytest.StashKey()


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


def pytest_configure(config: pytest.Config) -> None:
    """Declare markers, and refuse what cannot be used before any test is looked for."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(_Counting(config), "vocode_contract_counting")
    options = [config.getoption(f"vocode_{key}") or config.getini(f"vocode_{key}") for key in _KEYS]
    lists = [config.getoption(f"vocode_{key.replace('-', '_')}") for key, *_ in _LISTS]
    if any(options) or any(lists) or config.getini("vocode_policy") or config.getoption("vocode_plan"):
        _settings_of(config)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse what the environment holds and cannot be used, once there is a test that would use it."""
    asking = [item for item in items if "vocode_contract" in getattr(item, "fixturenames", ())]
    if asking and _settings_of(config).is_live and _in_processes(config):
        for item in asking:  # one process keeps the pace; see pytest_xdist_setupnodes
            item.add_marker(pytest.mark.xdist_group("vocode-live"))


def _in_processes(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput") or bool(getattr(config.option, "numprocesses", None))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Let one process ask a host that is not this machine, so that no more than one request is in flight."""
    try:
        is_live = bool(_given(config, "url").value) and _settings_of(config).is_live
    except pytest.UsageError:  # told where it is used, if it is
        return
    if is_live:
        config.option.dist = "loadgroup"


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
def assert_conforms(vocode_contract: "Contract") -> Callable[..., Any]:
    """Call it with a payload, parsed or raw, and perhaps the name of a schema; it returns the parsed value."""
    from vocode_contract.validation import Validator

    def check(payload: object, name: str = "Call") -> Any:
        __tracebackhide__ = True
        return Validator(vocode_contract, name).ensure(payload)

    return check


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note what a test of the suite claims."""
    marker = item.get_closest_marker("vocode_operation")
    if marker:
        operation = str(marker.args[0])
        item.user_properties.append(("vocode_operation", operation))
        item.user_properties.append(("vocode_claim", _claim(item.name, operation)))


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
    return report


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
    return result


def _tell_tallies(session: pytest.Session) -> None:
    from vocode_contract.conformance.tally import Tally

    run = _run_of(session.config)

    tallies = [plugin for _, plugin in session.config.pluginmanager.list_name_plugin() if isinstance(plugin, Tally)]
    for tally in (*tallies, session.config.stash[_tally]):
        tally.remarks += run.remarks()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write what came of the run, if it asked an endpoint."""
    tally = config.stash.get(_tally, None)
    if tally is None or not any(row.endpoint for row in tally.rows):
        return
    from vocode_contract.conformance.summary import lines
    from vocode_contract.redaction import printable

    settings = _settings_of(config)
    where = settings.endpoint or "the built-in simulator"
    terminalreporter.section(f"contract {settings.contract.date}, {settings.contract.profile}: {where}")
    for line in lines(tally):
        terminalreporter.write_line(printable(line))


class _Counting:
    """Counts what came of the tests that are ours, once there is one."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not any(name.startswith("vocode_") for name, _ in report.user_properties):
            return
        from vocode_contract.conformance.tally import Tally

        tally = self._config.stash.setdefault(_tally, Tally())
        tally.pytest_runtest_logreport(report)
