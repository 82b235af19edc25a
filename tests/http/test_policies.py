"""Policies: what no document decides is decided by a table, and by the user over it."""

import json

import pytest

from tests.support.payloads import SOUND
from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.http.checks import violations_of
from vocode_contract.http.message import Exchange, Request, Response
from vocode_contract.http.policies import DEFAULT_POLICIES, POLICIES, Policies

CONTRACT = Contract.load("2023-11-30")
END_CALL = CONTRACT.operations["end_call"]
GET_CALL = CONTRACT.operations["get_call"]
JSON = (("content-type", "application/json"),)


def codes(
    status: int, *words: str, body: bytes = b"{}", method: str = "POST", path: str = "/v1/calls/end"
) -> list[str]:
    request = Request(method=method, path=path, query="id=x")
    exchange = Exchange(request=request, response=Response(status=status, headers=JSON, body=body))
    policies = Policies.from_words(words)
    return [violation.code for violation in violations_of(exchange, END_CALL, CONTRACT, policies=policies)]


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        (401, [], []),
        (401, ["authentication=403"], ["status-undeclared"]),
        (418, ["authentication=418,401"], []),
        (409, [], []),
        (409, ["ended-call=none", "unknown-id=404"], ["status-undeclared"]),
        (202, [], ["status-undeclared"]),
        (202, ["other-statuses=201,202"], []),
        (500, [], ["status-undeclared"]),
        (307, [], ["redirect"]),
        (307, ["other-statuses=307"], []),
    ],
)
def test_policies_take_the_statuses_that_they_list(status, words, expected):
    assert codes(status, *words) == expected


def test_policies_take_no_redirect_to_another_host():
    request = Request(method="POST", path="/v1/calls/end/", headers=(("Host", "here.example"),))
    response = Response(status=307, headers=(("location", "https://there.example/v1/calls/end"),))
    found = violations_of(Exchange(request=request, response=response), END_CALL, CONTRACT)
    assert [violation.code for violation in found] == ["redirect-elsewhere"]


def test_policies_allow_keys_beyond_the_contract_unless_told():
    body = json.dumps({**SOUND, "sentiment": 1}).encode()
    assert codes(200, body=body) == []
    assert codes(200, "extra-keys=forbid", body=body) == ["unknown-key"]


def test_policies_leave_the_keys_of_an_error_to_the_server():
    body = b'{"detail": [{"loc": ["query"], "msg": "no", "type": "x", "input": null, "url": "x"}]}'  # as pydantic 2
    assert codes(422, "extra-keys=forbid", body=body) == []


@pytest.mark.parametrize(
    ("words", "found"),
    [([], [("drift", "")]), (["extra-keys=forbid"], [("error", "extra-keys=forbid")])],
    ids=["allowed", "forbidden"],
)
def test_policies_alone_make_an_error_of_what_is_drift(words, found):
    body = json.dumps({**SOUND, "sentiment": 1}).encode()
    exchange = Exchange(
        request=Request(method="POST", path="/v1/calls/end"), response=Response(status=200, headers=JSON, body=body)
    )
    policies = Policies.from_words(words)
    violations = violations_of(exchange, END_CALL, Contract.load(profile="tolerant"), policies=policies)
    assert [(violation.severity, violation.policy) for violation in violations] == found


def test_policies_allow_keys_with_defaults_to_be_left_out_unless_told():
    call = dict(SOUND)
    lacking = {key: value for key, value in call.items() if key != "hipaa_compliant"}
    found = [judged(value, "missing-keys=forbid") for value in (call, lacking)]
    assert judged(lacking) == set()
    assert ("default-missing", "/hipaa_compliant") in found[1] - found[0]


def judged(call: object, *words: str) -> set[tuple[str, str]]:
    import json

    response = Response(status=200, headers=JSON, body=json.dumps(call).encode())
    exchange = Exchange(request=Request(method="GET", path="/v1/calls"), response=response)
    found = violations_of(exchange, GET_CALL, CONTRACT, policies=Policies.from_words(words))
    return {(violation.code, violation.instance_pointer) for violation in found}


def test_policies_are_the_defaults_where_they_say_the_same():
    assert Policies.from_words([f"{name}={policy.default}" for name, policy in POLICIES.items()]) == DEFAULT_POLICIES


def test_policies_write_what_was_changed_and_read_it_again():
    text = str(Policies.from_words(["overload=503 , 502", "extra-keys=forbid"]))
    assert text == "overload=502,503; extra-keys=forbid"
    assert str(Policies.from_words(text.split("; "))) == text


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("", "must be NAME=VALUE; names: authentication"),
        ("authentication", "must be NAME=VALUE"),
        ("unheard-of=1", "must be NAME=VALUE"),
        ("extra-keys=perhaps", "extra-keys is one of allow, forbid"),
        ("authentication=", "takes status codes"),
        ("authentication=42", "takes status codes"),
        ("authentication=401;403", "takes status codes"),
        ("authentication=\u0664\u0660\u0661", "takes status codes"),
        ("authentication=999", "takes status codes"),
        ("authentication=200", "from 400 to 599"),
        ("unknown-id=404,204", "from 400 to 599"),
        ("other-method=307", "from 400 to 599"),
    ],
)
def test_policy_that_means_nothing_is_refused(word, reason):
    with pytest.raises(InvalidOption, match=reason):
        Policies.from_words([word], option="--policy")
