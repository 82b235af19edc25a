"""Limits on hosts, sizes and times, which protect the simulator from browsers, other users and fuzzers.

Without them, a web page could reach the simulator by DNS rebinding, and a half-sent request would hold its connection
for ever.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from vocode_contract.http.message import Response
from vocode_contract.simulator.responses import error_response

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
RawHeaders = Sequence[tuple[bytes, bytes]]

#: Bytes of a request's head line or of one header, inclusive.
LINE = 8_192
HEADERS = 100
#: Bytes of a request's whole head.
HEAD = 65_536
#: Bytes of a request's body, inclusive.
BODY = 1_048_576
#: Seconds for a request to be received completely, and for a connection to start one.
PATIENCE = 10.0
CONNECTIONS = 64

#: A Host header that names this machine.
LOOPBACK_AUTHORITY = re.compile(rb"(?:127(?:\.[0-9]{1,3}){3}|localhost|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)


def check_head(target: bytes, headers: RawHeaders) -> Response | None:
    """Return the refusal of a request because of its raw path and query, or its headers; None if all is well."""
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) != 1:
        return error_response(400, "Exactly one Host header is required")
    if not LOOPBACK_AUTHORITY.fullmatch(hosts[0]):
        return error_response(421, "Misdirected Request")
    if len(target) > LINE:
        return error_response(414, "URI Too Long")
    if len(headers) > HEADERS or any(len(name) + len(value) > LINE for name, value in headers):
        return error_response(431, "Request Header Fields Too Large")
    return None


async def read_body(receive: Receive, headers: RawHeaders) -> bytes | Response:
    """Return the body of a request, or the refusal if it is too large, too slow or incomplete."""
    if not any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0") for name, value in headers
    ):
        return b""
    try:
        async with asyncio.timeout(PATIENCE):
            return await _read(receive)
    except TimeoutError:
        return error_response(408, "Request Timeout", ("connection", "close"))


async def _read(receive: Receive) -> bytes | Response:
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return error_response(400, "The client went away")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > BODY:
            return error_response(413, "Request Entity Too Large", ("connection", "close"))
        more = message.get("more_body", False)
    return b"".join(chunks)


class ImpatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 that closes connections which do not send a request in time, and the idlest if there are too many.

    uvicorn has no timeout for a request's head, and returns 503 to everybody once slow connections have used up its
    limit; httptools accepts heads of any size.
    """

    _head_size = 0
    _in_head = True
    _since: float | None = None
    _alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Accept a connection, and close the one that is idle longest if there are too many."""
        super().connection_made(transport)
        # Network faults send what is not HTTP; this is the only way for an application to reach the connection.
        self.app_state = {**self.app_state, "connection": self}
        self._since = self.loop.time()
        self._alarm = self.loop.call_later(PATIENCE, self._check_patience)
        if len(self.connections) >= CONNECTIONS:
            idle = [other for other in self.connections if isinstance(other, ImpatientProtocol) and other._since]
            min(idle, key=lambda other: other._since or 0.0, default=self)._give_up()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Receive bytes, and close the connection if an incomplete head is too large."""
        self._head_size += len(data)
        super().data_received(data)
        if self._in_head and self._head_size > HEAD and not self.transport.is_closing():
            self.send_400_response("Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """Start to read a request."""
        self._in_head, self._head_size = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop waiting for a request whose head is complete."""
        self._in_head, self._since = False, None
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._since = self.loop.time()
        super().on_response_complete()

    def _check_patience(self) -> None:
        """Close the connection if it has been idle for too long; else check again when it may have been."""
        now = self.loop.time()
        left = PATIENCE if self._since is None else self._since + PATIENCE - now
        if left > 0:
            self._alarm = self.loop.call_at(now + left, self._check_patience)
        else:
            self._give_up()

    def _stop_waiting(self) -> None:
        self._since = None
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _give_up(self) -> None:
        self._stop_waiting()
        self.connections.discard(self)
        self.transport.abort()
