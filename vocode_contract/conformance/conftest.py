"""Fixtures of the suite: a client whose answers are judged, and calls to act on."""

from collections.abc import Iterator

import pytest

from vocode_contract.conformance.calls import Calls
from vocode_contract.conformance.client import CheckedClient

_TURN = pytest.StashKey[int]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test that acts on calls a turn, the same in every process and before anything is reordered."""
    acting = [item for item in items if "calls" in getattr(item, "fixturenames", ())]
    for turn, item in enumerate(acting):
        item.stash[_TURN] = turn


@pytest.fixture
def api(vocode_client: CheckedClient) -> CheckedClient:
    """Ask the endpoint; every answer is judged."""
    return vocode_client


@pytest.fixture
def calls(api: CheckedClient, vocode_call_ids: tuple[str, ...], request: pytest.FixtureRequest) -> Iterator[Calls]:
    """Find calls for the test to act on; end those that it created."""
    found = Calls(api, given=vocode_call_ids, turn=request.node.stash[_TURN])
    yield found
    found.finish()
