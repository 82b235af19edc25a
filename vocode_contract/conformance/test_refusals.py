"""Requests without valid authentication: refused, and without effect."""

import pytest

from vocode_contract.conformance.calls import Calls
from vocode_contract.conformance.claims import answered, not_ended, refused
from vocode_contract.conformance.client import CheckedClient
from vocode_contract.redaction import Secret
from vocode_contract.transport import Credentials

each_way = pytest.mark.parametrize(
    "credentials",
    [
        pytest.param(None, id="no_token"),
        pytest.param(Credentials(token=Secret("")), id="empty_token"),
        pytest.param(Credentials(scheme="Basic"), id="wrong_scheme"),
        pytest.param(Credentials(token=Secret("vocode-contract-not-a-token")), id="wrong_token"),
    ],
)


@each_way
@pytest.mark.vocode_operation("end_call")
def test_end_call_is_refused_and_ends_nothing(
    api: CheckedClient, calls: Calls, credentials: Credentials | None
) -> None:
    call, exists = calls.probe()
    refused(api.ask("end_call", {"id": call}, credentials=credentials), for_want_of_authentication=exists)
    if exists:
        after = api.get_call(call)
        answered(after, 200)
        not_ended(after)


@each_way
@pytest.mark.vocode_operation("get_call")
def test_get_call_is_refused(api: CheckedClient, calls: Calls, credentials: Credentials | None) -> None:
    refused(api.ask("get_call", {"id": calls.any()}, credentials=credentials))


@each_way
@pytest.mark.vocode_operation("list_calls")
def test_list_calls_is_refused(api: CheckedClient, credentials: Credentials | None) -> None:
    refused(api.ask("list_calls", credentials=credentials))
