"""Get Call: reading a call finds it, and changes nothing."""

import pytest

from vocode_contract.conformance.calls import Calls
from vocode_contract.conformance.claims import answered
from vocode_contract.conformance.client import CheckedClient

pytestmark = pytest.mark.vocode_operation("get_call")


def test_get_call_answers_with_the_call(api: CheckedClient, calls: Calls) -> None:
    answered(api.get_call(calls.any()), 200)
