"""What tests of the suite claim, and which words they give to what was expected."""

import pytest

pytest.importorskip("httpx")

from vocode_contract.conformance.assertions.responses import Claimed, assert_not_served, assert_refused, assert_status
from vocode_contract.contract.model import Contract
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.message import Exchange, Request, Response
from vocode_contract.http.policies import Policies
from vocode_contract.validation.violation import Violation

END_CALL = Contract.load().operations["end_call"]


def answer(status: int, *policies: str, method: str = "POST") -> CheckedExchange:
    exchange = Exchange(request=Request(method=method, path="/v1/calls/end"), response=Response(status=status))
    return CheckedExchange(
        operation=END_CALL,
        exchange=exchange,
        violations=(),
        contract="2023-11-30",
        policies=Policies.from_words(policies),
    )


def claimed(claim, got, *arguments, **options) -> Violation:
    with pytest.raises(Claimed) as raised:
        claim(got, *arguments, **options)
    assert raised.value.answer is got
    [violation] = raised.value.violations
    return violation


def test_claim_of_a_status_names_what_was_expected_and_no_policy():
    violation = claimed(assert_status, answer(422), 200)
    assert (violation.code, violation.expected, violation.policy) == ("status-unexpected", "200", "")


def test_claim_under_a_policy_names_it_and_sorts_what_it_takes():
    violation = claimed(assert_status, answer(422), 200, policy="ended-call")
    assert (violation.expected, violation.policy) == ("200, 400, 404 or 409", "ended-call=400,404,409")


def test_claim_of_a_status_says_the_same_of_an_undeclared_one_as_the_check():
    found = {claimed(assert_status, answer(404), 200), claimed(assert_status, answer(404, "ended-call=none"), 200)}
    [violation] = found
    assert violation.expected == "one of 200, 422"
    assert violation.schema_pointer.endswith("/post/responses")


@pytest.mark.parametrize("policy", ["ended-call", ""])
def test_claim_takes_what_is_taken_everywhere(policy):
    assert_status(answer(202, "other-statuses=202"), 200, policy=policy)


def test_claim_of_a_refusal_names_the_policy():
    violation = claimed(assert_refused, answer(200))
    assert (violation.expected, violation.policy) == ("401 or 403", "authentication=401,403")


def test_claim_of_another_method_names_it_and_the_policy():
    violation = claimed(assert_not_served, answer(200, method="GET"), "method-taken")
    assert (violation.expected, violation.policy) == ("404, 405 or 501 to GET", "other-method=404,405,501")


def test_claim_of_the_same_method_names_no_policy():
    violation = claimed(assert_not_served, answer(200), "recording-unexpected")
    assert (violation.expected, violation.policy) == ("a refusal", "")
