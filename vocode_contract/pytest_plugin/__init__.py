"""The pytest plugin, loaded by every pytest run in every environment in which this package is installed.

A run that does not use it loads this module and the table of options, nothing else: what every run needs is here, the
options, the fixtures and the hooks that notice that a run uses the plugin, or whose order depends on when they are
registered. Bodies import late. `activation` registers the modules with all other hooks.
"""

import os
import sys
import time

import pytest

from vocode_contract.run_options import COVERAGE, OPTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Any

    from vocode_contract.conformance.checked_client import CheckedClient
    from vocode_contract.conformance.health import Health
    from vocode_contract.conformance.run.run import Run
    from vocode_contract.contract.model import Contract
    from vocode_contract.http.client.client import Client
    from vocode_contract.http.traffic import Traffic
    from vocode_contract.pytest_plugin.coverage import CoverageCollector
    from vocode_contract.simulator import Running
    from vocode_contract.webhooks.stress.stress_test import Adversary

#: When the run started.
STARTED: "pytest.StashKey[float]" = pytest.StashKey()
_PHASES = f"{__name__}.phases"
_FORMATS = "json, junit, html, sarif, markdown, github or accepted"


# --- hooks ---


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options and the keys of the configuration file."""
    group = parser.getgroup("vocode-contract", "contract of the voice-call API")
    for option in OPTIONS:
        group.addoption(option.pytest_name, help=option.pytest_help, **option.argument)
        if option.has_key and option.is_repeatable:
            parser.addini(option.ini_key, option.help, type="args", default=[])
        elif option.has_key:
            parser.addini(option.ini_key, option.help, default="")
    text = f"{COVERAGE.help} (default: off); also {COVERAGE.variable}"
    group.addoption(COVERAGE.pytest_name, help=text, metavar="PERCENT", nargs="?", const="0", dest=COVERAGE.ini_key)
    parser.addini(COVERAGE.ini_key, COVERAGE.help, default="")
    text = f"write a report of the run: {_FORMATS}; - is standard output (default: none)"
    group.addoption(
        "--vocode-report", help=text, metavar="FORMAT[=PATH]", action="append", default=[], dest="vocode_report"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare markers, and refuse options that cannot be used before tests are collected."""
    config.stash[STARTED] = time.monotonic()
    config.addinivalue_line("markers", "vocode_operation(name): the operation of the contract that a test is about")
    config.pluginmanager.register(_Phases(), "vocode_contract_phases")  # now, to wrap the hooks of all plugins so far
    # A run of pytest-xdist collects its tests in other processes.
    is_distributed = getattr(config.option, "dist", "no") != "no"
    if is_distributed or is_any_given(config) or config.getoption("vocode_report") or COVERAGE.variable in os.environ:
        _activate(config)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> "Generator[None, None, None]":
    """Look for tests that use the plugin, before plugins deselect some and after."""
    if any(map(_is_using, items)):
        _activate(config)
    yield
    if any(map(_is_using, items)) or config.getoption("vocode_url"):
        from vocode_contract.pytest_plugin.start import check_settings

        _activate(config)
        check_settings(config, items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> "Generator[None, pytest.TestReport, pytest.TestReport]":
    """Show only the text of our own errors."""
    if "vocode_contract.errors" not in sys.modules:  # all that is in use imports it
        return (yield)
    _activate(item.config)
    from vocode_contract.pytest_plugin.failures import make_report

    return (yield from make_report(item, call))


class _Phases:
    """The hooks of `phases`, which are of use once something has imported it."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if phases := sys.modules.get(_PHASES):
            phases.prepare(item)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> "Generator[None, object, object]":
        __tracebackhide__ = True
        phases = sys.modules.get(_PHASES)
        return (yield from phases.call(item)) if phases else (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> "Generator[None, object, object]":
        __tracebackhide__ = True
        phases = sys.modules.get(_PHASES)
        return (yield from phases.tear_down(item)) if phases else (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> "Generator[None, pytest.TestReport, pytest.TestReport]":
        phases = sys.modules.get(_PHASES)
        return (yield from phases.make_report(item, call)) if phases else (yield)


def is_any_given(config: pytest.Config) -> bool:
    """Return whether an option was given, on the command line or in the configuration file."""
    return any(
        option.is_set(typed := config.getoption(option.ini_key))
        or typed == ""
        or (option.has_key and option.is_set(config.getini(option.ini_key)))
        for option in (*OPTIONS, COVERAGE)
    )


def _is_using(item: pytest.Item) -> bool:
    """Return whether a test uses our marker, or the fixture on which most others rest."""
    return "vocode_contract" in getattr(item, "fixturenames", ()) or "vocode_operation" in item.keywords


def _activate(config: pytest.Config) -> None:
    from vocode_contract.pytest_plugin.activation import activate

    activate(config)


# --- fixtures ---


@pytest.fixture(scope="session")
def vocode_contract(pytestconfig: pytest.Config) -> "Contract":
    """The selected contract; ``--vocode-contract`` and ``--vocode-profile`` select it."""
    from vocode_contract.pytest_plugin.state import get_offline_settings

    _activate(pytestconfig)
    return get_offline_settings(pytestconfig).contract


@pytest.fixture(scope="session")
def vocode_call_ids(pytestconfig: pytest.Config) -> tuple[str, ...]:
    """The ids of the calls that may be ended, from ``--vocode-call-id``."""
    from vocode_contract.pytest_plugin.state import get_offline_settings

    return get_offline_settings(pytestconfig).call_ids


@pytest.fixture(scope="session")
def _vocode_running(vocode_contract: "Contract") -> "Iterator[Running]":
    from vocode_contract.simulator import simulator

    with simulator(contract=vocode_contract) as running:
        yield running


@pytest.fixture
def vocode_simulator(_vocode_running: "Running") -> "Running":
    """A running simulator in its initial state: ``.url``, ``.token``, ``.advance(seconds)``, ``.arm(fault)``."""
    _vocode_running.reset()
    return _vocode_running


@pytest.fixture(scope="session")
def _vocode_health() -> "Health":
    from vocode_contract.conformance.health import Health

    return Health()


@pytest.fixture(scope="session")
def _vocode_run(pytestconfig: pytest.Config) -> "Run":
    from vocode_contract.pytest_plugin.state import get_run

    return get_run(pytestconfig)


@pytest.fixture(scope="session")
def _vocode_sender(request: pytest.FixtureRequest) -> "Iterator[Client]":
    """The one client of the run: its guard counts what is sent, and the calls that it created are ended."""
    from vocode_contract.pytest_plugin.endpoint import send

    _activate(request.config)
    yield from send(request)


@pytest.fixture
def _vocode_client_factory(
    request: pytest.FixtureRequest, vocode_contract: "Contract", _vocode_health: "Health"
) -> "Callable[[Client], CheckedClient]":
    """A function that makes the client of one test; any violation in a response fails the test."""
    from vocode_contract.pytest_plugin.endpoint import make_client

    return lambda sender: make_client(request, sender, vocode_contract, _vocode_health)


@pytest.fixture
def vocode_client(
    request: pytest.FixtureRequest,
    _vocode_sender: "Client",
    _vocode_client_factory: "Callable[[Client], CheckedClient]",
) -> "CheckedClient":
    """A client for the endpoint, by default the simulator; any violation in a response fails the test."""
    from vocode_contract.pytest_plugin.state import get_settings

    if get_settings(request.config).endpoint is None:
        request.getfixturevalue("vocode_simulator")
    return _vocode_client_factory(_vocode_sender)


@pytest.fixture(scope="session")
def assert_conforms(vocode_contract: "Contract", pytestconfig: pytest.Config) -> "Callable[..., Any]":
    """A function that fails the test unless a payload, parsed or raw bytes, conforms to a schema of the contract.

    ``assert_conforms(payload, name="Call")`` returns the parsed value.
    """
    from vocode_contract.pytest_plugin.state import COVERAGE_COLLECTOR, get_offline_settings
    from vocode_contract.validation.validator import Validator

    _activate(pytestconfig)
    selection = get_offline_settings(pytestconfig).selection

    def check(payload: object, name: str = "Call") -> "Any":
        __tracebackhide__ = True
        value = Validator(vocode_contract, name, selection=selection).ensure(payload)
        if COVERAGE_COLLECTOR in pytestconfig.stash:
            pytestconfig.stash[COVERAGE_COLLECTOR].add(value, name)
        return value

    return check


@pytest.fixture
def vocode_traffic(
    vocode_contract: "Contract", vocode_coverage: "CoverageCollector", request: pytest.FixtureRequest
) -> "Traffic":
    """Checks the traffic of your own clients; any violation fails the test."""
    from vocode_contract.http.traffic import Traffic
    from vocode_contract.pytest_plugin.state import TRAFFIC, get_offline_settings
    from vocode_contract.pytest_plugin.traffic import ItemTraffic

    _activate(request.config)
    settings = get_offline_settings(request.config)
    traffic = Traffic(
        vocode_contract,
        selection=settings.selection,
        policies=settings.policies,
        hosts=settings.traffic_hosts,
        seen=vocode_coverage.add_exchange,
    )
    request.node.stash[TRAFFIC] = ItemTraffic(request.node, traffic, settings.accepted)
    return traffic


@pytest.fixture(scope="session")
def webhook_adversary() -> "Iterator[Adversary]":
    """Stress-tests your own webhook receiver: ``webhook_adversary.attack(url)``."""
    from vocode_contract.webhooks.stress.stress_test import webhook_adversary

    yield from webhook_adversary()


@pytest.fixture(scope="session")
def vocode_coverage(vocode_contract: "Contract", pytestconfig: pytest.Config) -> "CoverageCollector":
    """Counts your own payloads towards ``--vocode-coverage``: ``vocode_coverage.add(payload, name)``."""
    from vocode_contract.pytest_plugin.coverage import CoverageCollector
    from vocode_contract.pytest_plugin.state import COVERAGE_COLLECTOR

    return pytestconfig.stash.get(COVERAGE_COLLECTOR, None) or CoverageCollector(vocode_contract)
