"""List Calls: a page is what was asked for."""

import pytest

from vocode_contract.conformance.claims import answered
from vocode_contract.conformance.client import CheckedClient

pytestmark = pytest.mark.vocode_operation("list_calls")


def test_list_calls_answers_with_a_page(api: CheckedClient) -> None:
    answered(api.list_calls(), 200)
