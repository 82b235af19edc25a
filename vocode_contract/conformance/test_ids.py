"""IDs that no call has: a documented rejection, never a server error, never a call."""

from collections.abc import Callable

import pytest

from vocode_contract.conformance.assertions.responses import assert_no_call, assert_status
from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.scenario import steps
from vocode_contract.conformance.scenario.calls import UNKNOWN_ID
from vocode_contract.conformance.scenario.scenario import ScenarioRunner

each_operation = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=name, marks=pytest.mark.vocode_operation(name))
        for name in ("end_call", "get_call", "get_recording")
    ],
)
#: Operation, what is odd, and how it is made of an id that may be known.
ODD: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("end_call", "known id and more", lambda known: f"{known}0"),
    (
        "end_call",
        "overlong markup with control bytes",
        lambda _: f"<b onload='x'>{UNKNOWN_ID}</b>\r\n\x00\x1b[2J{'f' * 3_000}",
    ),
    ("get_call", "start of known id", lambda known: known[:8]),
)
each_odd_id = pytest.mark.parametrize(
    ("name", "make"),
    [
        pytest.param(name, make, id=f"{name}-{case.replace(' ', '_')}", marks=pytest.mark.vocode_operation(name))
        for name, case, make in ODD
    ],
)
#: No call has them; the second is the one that programs fill in where they have none.
UNKNOWN = {"end_call": UNKNOWN_ID, "get_call": "00000000-0000-0000-0000-000000000000", "get_recording": UNKNOWN_ID}


@each_operation
def test_missing_id_gives_422(api: CheckedClient, name: str) -> None:
    assert_status(api.send(name), 422)


@each_odd_id
def test_malformed_id_is_rejected(
    api: CheckedClient, scenario: ScenarioRunner, name: str, make: Callable[[str], str]
) -> None:
    assert_no_call(api.send(name, {"id": make(steps.known_id(scenario.shared, name))}))


@each_operation
def test_unknown_id_is_rejected(api: CheckedClient, name: str) -> None:
    assert_no_call(api.send(name, {"id": UNKNOWN[name]}))
