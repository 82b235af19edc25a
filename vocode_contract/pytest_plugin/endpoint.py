"""The fixtures on which ``vocode_client``, ``vocode_simulator`` and the suite rest, by `getfixturevalue`.

They are registered once a run uses the plugin, which may be after the collection of tests.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from vocode_contract.pytest_plugin.state import CLIENT, PLANNER, SENDER, get_run, get_settings

if TYPE_CHECKING:
    from vocode_contract.conformance.checked_client import CheckedClient
    from vocode_contract.conformance.health import Health
    from vocode_contract.conformance.run.run import Run
    from vocode_contract.contract.model import Contract
    from vocode_contract.http.client.client import Client
    from vocode_contract.simulator import Running


@pytest.fixture(scope="session")
def _vocode_running(vocode_contract: "Contract") -> Iterator["Running"]:
    from vocode_contract.simulator import simulator

    with simulator(contract=vocode_contract) as running:
        yield running


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


def make_client(request: pytest.FixtureRequest) -> "CheckedClient":
    """Return the client of one test that uses ``vocode_client``; the simulator is in its initial state."""
    sender: Client = request.getfixturevalue("_vocode_sender")
    if get_settings(request.config).endpoint is None:
        request.getfixturevalue("vocode_simulator")
    factory: Callable[[Client], CheckedClient] = request.getfixturevalue("_vocode_client_factory")
    return factory(sender)
