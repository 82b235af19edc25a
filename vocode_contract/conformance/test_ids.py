"""Ids that no call has: a documented refusal, never a failure of the server, never a call."""

import pytest

from vocode_contract.conformance.calls import UNKNOWN_ID
from vocode_contract.conformance.claims import answered, no_call
from vocode_contract.conformance.client import CheckedClient

each_operation = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=name, marks=pytest.mark.vocode_operation(name))
        for name in ("end_call", "get_call", "get_recording")
    ],
)
each_malformed_id = pytest.mark.parametrize(
    "malformed",
    [
        pytest.param("", id="empty"),
        pytest.param(f"{UNKNOWN_ID}0", id="too_long"),
        pytest.param("f" * 3_000, id="overlong"),
        pytest.param(f"<b onload='x'>{UNKNOWN_ID}</b>", id="markup"),
        pytest.param(f"{UNKNOWN_ID}\r\n\x00\x1b[2J", id="control_bytes"),
    ],
)


@each_operation
def test_missing_id_is_not_understood(api: CheckedClient, name: str) -> None:
    answered(api.ask(name), 422)


@each_operation
def test_malformed_id_is_not_understood(api: CheckedClient, name: str) -> None:
    answered(api.ask(name, {"id": "not-a-uuid"}), 422)


@pytest.mark.vocode_operation("end_call")
@each_malformed_id
def test_misleading_id_is_refused(api: CheckedClient, malformed: str) -> None:
    no_call(api.ask("end_call", {"id": malformed}))


@each_operation
def test_unknown_id_is_refused(api: CheckedClient, name: str) -> None:
    no_call(api.ask(name, {"id": UNKNOWN_ID}))
