"""Detect framing that lenient parsers accept and others read otherwise (RFC 9112)."""

import re
from collections.abc import Iterator

from vocode_contract.http.operation_exchange import OperationExchange
from vocode_contract.validation.violation import Violation

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_VERSION = re.compile(rb"HTTP/1\.[01] ")
_INFORMATIONAL = re.compile(rb"HTTP/[0-9.]+ 1[0-9][0-9]\b")


def oddities(start: bytes, *, received: int, length: int | None) -> Iterator[str]:
    """Yield the framing errors of a response as phrases.

    Args:
        start: The bytes received up to the end of the head, perhaps more.
        received: Number of all bytes received.
        length: Number of bytes of the body by its Content-Length; ``None`` without one.

    Source: RFC 9112, sections 2.2, 2.3, 5.2 and 6.3.
    """
    begin = 0
    while (end := _HEAD_END.search(start, begin)) and _INFORMATIONAL.match(start, begin):
        begin = end.end()
    if end is None:
        return
    head = start[begin : end.end()]
    if not _VERSION.match(head):
        yield "a version that is neither HTTP/1.0 nor HTTP/1.1"
    if head.count(b"\n") != head.count(b"\r\n"):
        yield "lines of the head that end without CR"
    if b"\n " in head or b"\n\t" in head:
        yield "a line of the head that is folded"
    if length is not None and received > end.end() + length:
        yield "more bytes than the answer has"


def check_framing(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield a violation if a response can be read in two ways: its length, its media type, its lines.

    Source: RFC 9112, sections 2.2, 5.2 and 6.3; RFC 9110, section 5.3.
    """
    response = exchange.response
    odd = [("the form of RFC 9112", oddity) for oddity in response.oddities]
    if response.header("content-length") is not None and response.header("transfer-encoding") is not None:
        odd.append(("one of Content-Length and Transfer-Encoding", "both"))
    if len({value.lower() for name, value in response.headers if name.lower() == "content-type"}) > 1:
        odd.append(("one Content-Type", "several that differ"))
    for expected, actual in odd:
        yield exchange.violation("framing", expected=expected, actual=actual)
