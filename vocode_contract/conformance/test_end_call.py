"""End Call: the call that was asked for comes back, and ends."""

import pytest

from vocode_contract.conformance.calls import Calls
from vocode_contract.conformance.claims import answered, ended
from vocode_contract.conformance.client import CheckedClient
from vocode_contract.policies import POLICIES

pytestmark = pytest.mark.vocode_operation("end_call")


def test_end_call_answers_with_the_call_and_ends_it(api: CheckedClient, calls: Calls) -> None:
    call = calls.fresh()
    answered(api.end_call(call), 200)
    ended(api.settled(call))


def test_end_call_twice_does_no_harm(api: CheckedClient, calls: Calls) -> None:
    call = calls.fresh()
    answered(api.end_call(call), 200)
    before = api.get_call(call)
    answered(api.end_call(call), 200, *POLICIES["ended-call"].statuses)
    if before.call_status == "ended":
        ended(api.get_call(call))


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        pytest.param(b"", "application/x-www-form-urlencoded", id="empty_form"),
        pytest.param(b"null", "application/json", id="json_null"),
    ],
)
def test_end_call_takes_every_form_of_no_body(api: CheckedClient, calls: Calls, body: bytes, media_type: str) -> None:
    call = calls.fresh()
    answered(api.ask("end_call", {"id": call}, body=body, media_type=media_type), 200)
