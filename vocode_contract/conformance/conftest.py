"""Fixtures of the suite: a client that checks every response, and the scenario that the tests share."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.health import Health
from vocode_contract.conformance.run.cleanup import finish
from vocode_contract.conformance.run.run import Run
from vocode_contract.conformance.scenario import steps
from vocode_contract.conformance.scenario.calls import Calls
from vocode_contract.conformance.scenario.scenario import ScenarioRunner, SharedScenario
from vocode_contract.contract.model import Contract
from vocode_contract.http.client.client import Client
from vocode_contract.http.guard.guard import NOT_OFFERED, Guard, NotPermitted
from vocode_contract.report.row import READ_ONLY, record_verdict
from vocode_contract.validation.masking import Secret

#: Modules that come last, in this order: the pages of the list, which no test changes after that; what needs time; and
#: fuzzing, whose calls would disturb other tests.
_LAST = ("test_list_calls.py", "test_whole_run.py", "test_fuzzing.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run some modules last."""
    items.sort(key=lambda item: _LAST.index(item.path.name) if _is_late(item) else -1)


def _is_late(item: pytest.Item) -> bool:
    return item.path.parent == Path(__file__).parent and item.path.name in _LAST


@pytest.fixture(autouse=True)
def _offered(request: pytest.FixtureRequest, vocode_contract: Contract) -> None:
    """Skip a test about an operation that the contract, one of the user's own, does not have."""
    marker = request.node.get_closest_marker("vocode_operation")
    if marker is not None and marker.args[0] not in vocode_contract.operations:
        record_verdict(request.node, "not-permitted")
        request.node.user_properties.append((READ_ONLY, "true"))
        pytest.skip(str(NotPermitted(marker.args[0], NOT_OFFERED)))


@pytest.fixture(scope="session")
def _sender(request: pytest.FixtureRequest, _vocode_run: Run, vocode_contract: Contract) -> Iterator[Client]:
    """Return the client of the endpoint; the suite has a simulator of its own, which no other test resets."""
    if _vocode_run.settings.endpoint is not None:
        yield request.getfixturevalue("_vocode_sender")
        return
    from vocode_contract.simulator import simulator

    with simulator(contract=vocode_contract) as running:
        client = Client(
            running.url,
            Secret(running.token),
            guard=Guard(is_embedded=True),
            timing=_vocode_run.settings.timing,
            max_body=_vocode_run.settings.max_body,
            run_id=_vocode_run.run_id,
            journal=_vocode_run,
        )
        yield client
        finish(CheckedClient(client, vocode_contract))


@pytest.fixture(scope="session")
def _shared_scenario(
    _sender: Client, _vocode_run: Run, _vocode_health: Health, pytestconfig: pytest.Config
) -> SharedScenario:
    """Return the scenario that the tests of this process share."""
    settings = _vocode_run.settings
    client = CheckedClient(
        _sender,
        settings.contract,
        health=_vocode_health,
        policies=settings.policies,
        selection=settings.selection,
    )
    calls = Calls(
        client,
        given=settings.call_ids,
        number=settings.number,
        from_number=settings.from_number,
        turn=_turn(pytestconfig),
    )
    return SharedScenario(calls)


def _turn(config: pytest.Config) -> tuple[int, int]:
    """Return the index of this pytest-xdist worker, and the number of workers."""
    worker = getattr(config, "workerinput", {})
    return int(str(worker.get("workerid", "gw0")).removeprefix("gw")), int(worker.get("workercount", 1))


@pytest.fixture
def api(
    _sender: Client, _shared_scenario: SharedScenario, _vocode_client_factory: Callable[[Client], CheckedClient]
) -> CheckedClient:
    """Return a client of the endpoint that checks every response."""
    client = _vocode_client_factory(_sender)
    client.require_service = partial(steps.require_service, _shared_scenario)
    client.list_earlier = lambda: _shared_scenario.answers
    return client


@pytest.fixture
def scenario(_shared_scenario: SharedScenario, api: CheckedClient) -> ScenarioRunner:
    """Return a runner of scenario steps for this test."""
    return ScenarioRunner(_shared_scenario, api.answers)
