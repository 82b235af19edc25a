"""Read a response as it comes: within the deadline, up to a size, and with its framing errors."""

from collections.abc import Iterator

from vocode_contract.contract.operation import Operation
from vocode_contract.errors import spell_option
from vocode_contract.http.client.connection import ConnectionLog, httpx
from vocode_contract.http.framing import oddities
from vocode_contract.http.message import Response

_LENGTH_DIGITS = 20


class TooLarge(Exception):
    """The body exceeds the limit; the text says which limit, and how to raise it."""


def read_response(answer: httpx.Response, operation: Operation, line: ConnectionLog, most: int) -> Response:
    """Read a response with its raw body, no content coding undone.

    Raises:
        TooLarge: The body has more than *most* bytes, and is not a recording, of which the rest is counted only.
    """
    line.in_body = True
    length = "" if "transfer-encoding" in answer.headers else answer.headers.get("content-length", "")
    line.length = int(length) if length.isdecimal() and len(length) < _LENGTH_DIGITS else None
    is_recording = _is_recording(answer, operation)
    body = bytearray()
    try:
        for chunk in _within(answer, line):
            line.body += len(chunk)
            body += chunk[: most - len(body)] if is_recording else chunk
            if len(body) > most:
                raise TooLarge(f"more than {most} bytes; {spell_option('max-body')} raises the limit")
    finally:
        answer.close()
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw)
    odd = tuple(oddities(bytes(line.head), received=line.received, length=line.length))
    return Response(status=answer.status_code, headers=headers, body=bytes(body), oddities=odd)


def _is_recording(answer: httpx.Response, operation: Operation) -> bool:
    """Return whether the contract declares the body to be no JSON: its first bytes are all that is checked."""
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type != "application/json" and media_type in operation.responses.get(answer.status_code, {})


def _within(answer: httpx.Response, line: ConnectionLog) -> Iterator[bytes]:
    """Yield the chunks of a body until the deadline, whatever carries them."""
    stream = answer.stream  # iter_raw() would refuse what a transport has read already
    for chunk in stream if isinstance(stream, httpx.SyncByteStream) else ():
        yield chunk
        if line.is_over:
            line.is_cut = True
            raise httpx.ReadTimeout("the deadline has passed")
