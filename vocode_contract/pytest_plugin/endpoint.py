"""What the fixtures of the plugin do in front of an endpoint, the simulator or a server."""

from collections.abc import Iterator

import pytest

from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.health import Health
from vocode_contract.conformance.run.cleanup import finish, finish_run
from vocode_contract.conformance.run.settings import SIMULATOR
from vocode_contract.contract.model import Contract
from vocode_contract.http.client.authentication import token_of_environment
from vocode_contract.http.client.client import Client
from vocode_contract.http.guard.guard import Guard
from vocode_contract.pytest_plugin.state import CLIENT, PLANNER, SENDER, get_run, get_settings
from vocode_contract.validation.masking import Secret


def send(request: pytest.FixtureRequest) -> Iterator[Client]:
    """Yield the one client of the run; then end the calls that it created."""
    settings = get_settings(request.config)
    if planner := request.config.stash.get(PLANNER, None):
        yield planner
        finish(CheckedClient(planner, settings.contract))
        return
    if settings.endpoint is None:
        running = request.getfixturevalue("_vocode_running")
        token, guard = Secret(running.token), Guard(is_embedded=True)
        yield Client(running.url, token, guard=guard, timing=settings.timing, max_body=settings.max_body)
        return
    run = get_run(request.config)
    sender = request.config.stash.get(SENDER, None) or run.sender(token_of_environment(run.settings.authentication))
    yield sender
    journal = str(run.journal.path) if run.journal else ""
    finish_run(
        CheckedClient(sender, settings.contract), request.config, journal=journal, is_last_word=run.is_interrupted
    )


def make_client(request: pytest.FixtureRequest, sender: Client, contract: Contract, health: Health) -> CheckedClient:
    """Return the client of one test."""
    settings = get_settings(request.config)
    client = CheckedClient(sender, contract, health=health, policies=settings.policies, selection=settings.selection)
    request.node.stash[CLIENT] = client
    where = SIMULATOR if settings.endpoint is None else str(client.endpoint)
    request.node.user_properties.append(("vocode_endpoint", where))
    return client
