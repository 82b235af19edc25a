"""What is odd around a body that can be read all the same: over a real socket."""

import pytest

from tests.support.raw import CONTRACT, GET, OK, client, says, serving
from vocode_contract.http.checks import violations_of

FINE = OK + b"Content-Length: 2\r\n\r\n{}"
ODD: dict[str, tuple[bytes, list[str]]] = {
    "nothing": (FINE, []),
    "nothing, after 103": (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + FINE, []),
    "HTTP/1.0": (FINE.replace(b"HTTP/1.1", b"HTTP/1.0"), []),
    "HTTP/2.0": (FINE.replace(b"HTTP/1.1", b"HTTP/2.0"), ["a version that is neither HTTP/1.0 nor HTTP/1.1"]),
    "LF alone": (FINE.replace(b"\r\n", b"\n"), ["lines of the head that end without CR"]),
    "folded": (OK + b"X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}", ["a line of the head that is folded"]),
    "more": (FINE + b"HTTP/1.1 500 Oh\r\n\r\n", ["more bytes than the answer has"]),
}


@pytest.mark.parametrize("name", ODD)
def test_oddity_is_advice_and_no_more(name):
    data, expected = ODD[name]
    with serving(says(data)) as server:
        exchange = client(server).exchange(GET)
    assert exchange.response.body == b"{}"
    found = [one for one in violations_of(exchange, GET.operation, CONTRACT) if one.code == "framing"]
    assert [one.actual for one in found] == expected
    assert {one.severity for one in found} <= {"advice"}


def test_media_types_that_differ_are_odd():
    with serving(says(OK + b"Content-Type: text/html\r\nContent-Length: 2\r\n\r\n{}")) as server:
        exchange = client(server).exchange(GET)
    [found] = (one for one in violations_of(exchange, GET.operation, CONTRACT) if one.code == "framing")
    assert (found.expected, found.actual) == ("one Content-Type", "several that differ")
