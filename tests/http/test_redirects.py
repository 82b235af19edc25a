"""What is said of a redirect, and what of its Location is left out."""

import pytest

from vocode_contract.contract.model import Contract
from vocode_contract.http.message import Exchange, Request, Response
from vocode_contract.http.operation_exchange import OperationExchange
from vocode_contract.http.redirects import check_redirect, is_redirect

CONTRACT = Contract.load("2023-11-30")


def told(location: str | None, status: int = 307) -> tuple[str, str]:
    headers = () if location is None else (("Location", location),)
    request = Request(method="GET", path="/v1/calls", headers=(("Host", "here.example:8443"),), scheme="https")
    exchange = Exchange(request=request, response=Response(status=status, headers=headers))
    operation = CONTRACT.operations["get_call"]
    [found] = check_redirect(OperationExchange(exchange=exchange, operation=operation, contract=CONTRACT))
    return found.code, found.actual


@pytest.mark.parametrize(
    ("location", "code", "actual"),
    [
        ("/v2/calls?token=canary#canary", "redirect", "307 to /v2/calls"),
        ("https://canary:canary@here.example:8443/v2", "redirect", "307 to //here.example:8443/v2"),
        ("//here.example:8443/v2", "redirect", "307 to //here.example:8443/v2"),
        ("https://here.example/v2", "redirect-elsewhere", "307 to another port, //here.example/v2"),
        ("http://here.example:8443/v2", "redirect-elsewhere", "307 to http, without TLS, //here.example:8443/v2"),
        ("https://here.example:canary/v2", "redirect-elsewhere", "307 to an invalid URL"),
        ("https://there.example/v2", "redirect-elsewhere", "307 to another host, //there.example/v2"),
        ("//there.example", "redirect-elsewhere", "307 to another host, //there.example"),
        ("file:///etc/canary", "redirect-elsewhere", "307 to an address of the scheme file"),
        ("javascript:canary(1)", "redirect-elsewhere", "307 to an address of the scheme javascript"),
        ("http://[canary", "redirect-elsewhere", "307 to an invalid URL"),
        ("/calls/15558675309/canary_canary_canary_canary", "redirect", "307 to /calls/*/*"),
        ("/a\x1b[31m", "redirect", r"307 to /a\x1b[31m"),
        (None, "redirect", "307 without a Location"),
    ],
)
def test_redirect_tells_where_it_leads_and_nothing_secret(location, code, actual):
    found, text = told(location)
    assert (found, text) == (code, actual)
    assert "canary" not in text


@pytest.mark.parametrize(
    ("host", "scheme", "location", "code"),
    [
        ("here.example", "https", "https://HERE.example:443/v2", "redirect"),
        ("here.example:443", "https", "https://here.example/v2", "redirect"),
        ("here.example", "http", "https://here.example/v2", "redirect-elsewhere"),
        ("here.example", "", "https://here.example/v2", "redirect"),
        ("here.example", "", "http://here.example:8080/v2", "redirect-elsewhere"),
    ],
)
def test_redirect_compares_origins_with_their_default_ports(host, scheme, location, code):
    request = Request(method="GET", path="/v1/calls", headers=(("Host", host),), scheme=scheme)
    response = Response(status=307, headers=(("Location", location),))
    exchange = Exchange(request=request, response=response)
    operation = CONTRACT.operations["get_call"]
    [found] = check_redirect(OperationExchange(exchange=exchange, operation=operation, contract=CONTRACT))
    assert found.code == code


def test_not_modified_is_no_redirect():
    assert not is_redirect(304)
    assert is_redirect(303)
