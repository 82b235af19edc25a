import copy
import pickle
from dataclasses import replace

import pytest

from vocode_contract.contract.model import Contract
from vocode_contract.http import message
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.checks import violations_of
from vocode_contract.http.message import Exchange, Request, Response
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Limits

HEADERS = (("Content-Type", "application/json"), ("X-Token", "CANARY"), ("x-token", "second"))
REQUEST = Request(method="POST", path="/v1/calls/end", query="id=CANARY", headers=HEADERS, body=b"CANARY")
RESPONSE = Response(status=200, headers=HEADERS, body=b"CANARY")


@pytest.mark.parametrize("message", [REQUEST, RESPONSE], ids=["request", "response"])
def test_header_is_found_whatever_its_case(message):
    assert message.header("content-TYPE") == "application/json"
    assert message.header("X-TOKEN") == "CANARY"
    assert message.header("missing") is None


@pytest.mark.parametrize("value", [REQUEST, RESPONSE, Exchange(request=REQUEST, response=RESPONSE, seconds=0.1)])
def test_representation_shows_no_header_query_or_body(value):
    assert "CANARY" not in f"{value}{value!r}"


def test_exchanges_are_values():
    assert Exchange(request=REQUEST, response=RESPONSE) == Exchange(request=REQUEST, response=RESPONSE)
    assert (
        len({REQUEST, Request(method="POST", path="/v1/calls/end", query="id=CANARY", headers=HEADERS, body=b"CANARY")})
        == 1
    )


@pytest.mark.parametrize("name", ["Authorization", "AUTHORIZATION", "Cookie", "Proxy-Authorization", "X-Api-Key"])
def test_request_that_is_pickled_or_copied_holds_no_token(name):
    request = Request(method="GET", path="/v1/calls", headers=((name, "Bearer CANARY"), ("Accept", "*/*")))
    exchange = Exchange(request=request, response=RESPONSE)
    assert b"Bearer CANARY" not in pickle.dumps(exchange)
    assert copy.deepcopy(request).headers == ((name, "<token>"), ("Accept", "*/*"))
    assert pickle.loads(pickle.dumps(REQUEST)) == REQUEST  # noqa: S301 - our own bytes


def test_checks_parse_a_body_once(monkeypatch):
    parsed = []

    def count(body: bytes, limits: Limits) -> object:
        parsed.append(body)
        return read(body, limits)

    monkeypatch.setattr(message, "read", count)
    exchange = Exchange(request=Request(method="GET", path="/v1/calls"), response=Response(status=200, body=b"[1]"))
    operation, contract = Contract.load().operations["get_call"], Contract.load()
    assert [violation.code for violation in violations_of(exchange, operation, contract, received_at=0.0)]
    checked = CheckedExchange(operation=operation, exchange=exchange, violations=(), contract=contract.date)
    assert parsed == [b"[1]"]
    assert (checked.value, checked.items, checked.call_id) == ([1], (), None)


def test_exchange_does_not_hold_the_parsed_body():
    exchange = Exchange(request=REQUEST, response=Response(status=200, body=b'{"status": "ended"}'))
    checked = CheckedExchange(
        operation=Contract.load().operations["get_call"], exchange=exchange, violations=(), contract="2023-11-30"
    )
    checked.value["status"] = "changed by its user"
    assert checked.value == {"status": "ended"}


def test_compressed_body_is_not_parsed():
    response = Response(status=200, headers=(("Content-Encoding", "gzip"),), body=b"[1]")
    request = Request(method="GET", path="/")
    assert Exchange(request=request, response=response).document.defect is not None
    asked = replace(request, headers=(("Accept-Encoding", "br, gzip;q=0.5"),))
    assert Exchange(request=asked, response=response).document.value == [1]
