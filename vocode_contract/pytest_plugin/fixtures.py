"""The fixtures of the plugin; those whose names begin with an underscore belong to the suite."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from vocode_contract.pytest_plugin.state import (
    CLIENT,
    COVERAGE_COLLECTOR,
    PLANNER,
    SENDER,
    TRAFFIC,
    get_offline_settings,
    get_run,
    get_settings,
)

if TYPE_CHECKING:
    from vocode_contract.conformance.checked_client import CheckedClient
    from vocode_contract.conformance.health import Health
    from vocode_contract.conformance.run.run import Run
    from vocode_contract.contract.model import Contract
    from vocode_contract.http.client.client import Client
    from vocode_contract.http.traffic import Traffic
    from vocode_contract.pytest_plugin.coverage import CoverageCollector
    from vocode_contract.simulator import Running
    from vocode_contract.webhooks.stress.stress_test import Adversary


@pytest.fixture(scope="session")
def vocode_contract(pytestconfig: pytest.Config) -> "Contract":
    """The selected contract; ``--vocode-contract`` and ``--vocode-profile`` select it."""
    return get_offline_settings(pytestconfig).contract


@pytest.fixture(scope="session")
def vocode_call_ids(pytestconfig: pytest.Config) -> tuple[str, ...]:
    """The ids of the calls that may be ended, from ``--vocode-call-id``."""
    return get_offline_settings(pytestconfig).call_ids


@pytest.fixture(scope="session")
def _vocode_running(vocode_contract: "Contract") -> Iterator["Running"]:
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
    return get_run(pytestconfig)


@pytest.fixture(scope="session")
def _vocode_sender(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Iterator["Client"]:
    """The one client of the run: its guard counts what is sent, and the calls that it created are ended."""
    from vocode_contract.conformance.checked_client import CheckedClient
    from vocode_contract.conformance.run.cleanup import finish, finish_run
    from vocode_contract.http.client.authentication import token_of_environment
    from vocode_contract.http.client.client import Client
    from vocode_contract.http.guard.guard import Guard
    from vocode_contract.validation.masking import Secret

    settings = get_settings(pytestconfig)
    contract = settings.contract
    if planner := pytestconfig.stash.get(PLANNER, None):
        yield planner
        finish(CheckedClient(planner, contract))
        return
    if settings.endpoint is None:
        running = request.getfixturevalue("_vocode_running")
        token, guard = Secret(running.token), Guard(is_embedded=True)
        yield Client(running.url, token, guard=guard, timing=settings.timing, max_body=settings.max_body)
        return
    run = get_run(pytestconfig)
    sender = pytestconfig.stash.get(SENDER, None) or run.sender(token_of_environment(run.settings.authentication))
    yield sender
    journal = str(run.journal.path) if run.journal else ""
    client = CheckedClient(sender, contract)
    finish_run(client, pytestconfig, journal=journal, is_last_word=run.is_interrupted)


@pytest.fixture
def _vocode_client_factory(
    request: pytest.FixtureRequest, vocode_contract: "Contract", _vocode_health: "Health"
) -> Callable[["Client"], "CheckedClient"]:
    """A function that makes the client of one test; any violation in a response fails the test."""
    from vocode_contract.conformance.checked_client import CheckedClient
    from vocode_contract.conformance.run.settings import SIMULATOR

    def make_client(sender: "Client") -> "CheckedClient":
        client = CheckedClient(
            sender,
            vocode_contract,
            health=_vocode_health,
            policies=get_settings(request.config).policies,
            selection=get_settings(request.config).selection,
        )
        request.node.stash[CLIENT] = client
        where = SIMULATOR if get_settings(request.config).endpoint is None else str(client.endpoint)
        request.node.user_properties.append(("vocode_endpoint", where))
        return client

    return make_client


@pytest.fixture
def vocode_client(
    request: pytest.FixtureRequest,
    _vocode_sender: "Client",
    _vocode_client_factory: Callable[["Client"], "CheckedClient"],
) -> "CheckedClient":
    """A client for the endpoint, by default the simulator; any violation in a response fails the test."""
    if get_settings(request.config).endpoint is None:
        request.getfixturevalue("vocode_simulator")
    return _vocode_client_factory(_vocode_sender)


@pytest.fixture(scope="session")
def assert_conforms(vocode_contract: "Contract", pytestconfig: pytest.Config) -> Callable[..., Any]:
    """A function that fails the test unless a payload, parsed or raw bytes, conforms to a schema of the contract.

    ``assert_conforms(payload, name="Call")`` returns the parsed value.
    """
    from vocode_contract.validation.validator import Validator

    selection = get_offline_settings(pytestconfig).selection

    def check(payload: object, name: str = "Call") -> Any:
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
    from vocode_contract.pytest_plugin.traffic import ItemTraffic

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
def webhook_adversary() -> Iterator["Adversary"]:
    """Stress-tests your own webhook receiver: ``webhook_adversary.attack(url)``."""
    from vocode_contract.webhooks.stress.stress_test import webhook_adversary

    yield from webhook_adversary()


@pytest.fixture(scope="session")
def vocode_coverage(vocode_contract: "Contract", pytestconfig: pytest.Config) -> "CoverageCollector":
    """Counts your own payloads towards ``--vocode-coverage``: ``vocode_coverage.add(payload, name)``."""
    from vocode_contract.pytest_plugin.coverage import CoverageCollector

    return pytestconfig.stash.get(COVERAGE_COLLECTOR, None) or CoverageCollector(vocode_contract)
