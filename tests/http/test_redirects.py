"""What is said of a redirect, and what of its Location is left out."""

import pytest

from vocode_contract.contract.model import Contract
from vocode_contract.http.message import Exchange, Request, Response
from vocode_contract.http.operation_exchange import OperationExchange
from vocode_contract.http.redirects import check_redirect, is_redirect

CONTRACT = Contract.load("2023-11-30")


def told(location: str | None, status: int = 307) -> tuple[str, str]:
    headers = () if location is None else (("Location", location),)
    request = Request(method="GET", path="/v1/calls", headers=(("Host", "here.example:8443"),))
    exchange = Exchange(request=request, response=Response(status=status, headers=headers))
    operation = CONTRACT.operations["get_call"]
    [found] = check_redirect(OperationExchange(exchange=exchange, operation=operation, contract=CONTRACT))
    return found.code, found.actual


@pytest.mark.parametrize(
    ("location", "code", "actual"),
    [
        ("/v2/calls?token=canary#canary", "redirect", "307 to /v2/calls, which"),
        ("https://canary:canary@here.example/v2", "redirect", "307 to //here.example/v2, which"),
        ("https://there.example/v2", "redirect-elsewhere", "307 to another host, //there.example/v2, which"),
        ("//there.example", "redirect-elsewhere", "307 to another host, //there.example, which"),
        ("file:///etc/canary", "redirect-elsewhere", "307 to an address of the scheme file, which"),
        ("javascript:canary(1)", "redirect-elsewhere", "307 to an address of the scheme javascript, which"),
        ("http://[canary", "redirect-elsewhere", "307 to what is no URL, which"),
        ("/calls/15558675309/canary_canary_canary_canary", "redirect", "307 to /calls/*/*, which"),
        ("/a\x1b[31m", "redirect", r"307 to /a\x1b[31m, which"),
        (None, "redirect", "307 without a Location, which"),
    ],
)
def test_redirect_tells_where_it_leads_and_nothing_secret(location, code, actual):
    found, text = told(location)
    assert (found, text) == (code, f"{actual} was not followed")
    assert "canary" not in text


def test_not_modified_is_no_redirect():
    assert not is_redirect(304)
    assert is_redirect(303)
