"""What stands between the socket and the core: host, sizes and time, for other users, browsers and fuzzers.

Plain ASGI middleware and a uvicorn protocol; without them a page in a browser could reach the
simulator by rebinding a name, and a half-sent request would hold its connection for ever.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from vocode_contract.exchange import Response
from vocode_contract.simulator.refusals import refused

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
RawHeaders = Iterable[tuple[bytes, bytes]]

#: Bytes of a request's head line or of one header, inclusive.
LINE = 8_192
HEADERS = 100
#: Bytes of a request's body, inclusive.
BODY = 1_048_576
#: Seconds for a request to come in completely, and for a connection to begin one.
PATIENCE = 10.0
CONNECTIONS = 64

_LOOPBACK = re.compile(rb"(?:127(?:\.[0-9]{1,3}){3}|localhost|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)


def unfit(target: bytes, headers: RawHeaders) -> Response | None:
    """Return the refusal of a request by its head alone; None where it may pass.

    Args:
        target: URL path and query, raw.
        headers: Names in lower case, and values.
    """
    headers = list(headers)
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) != 1:
        return refused(400, "Exactly one Host header is required")
    if not _LOOPBACK.fullmatch(hosts[0]):
        return refused(421, "Misdirected Request")
    if len(target) > LINE:
        return refused(414, "URI Too Long")
    if len(headers) > HEADERS or any(len(name) + len(value) > LINE for name, value in headers):
        return refused(431, "Request Header Fields Too Large")
    return None


async def body_of(receive: Receive) -> bytes | Response:
    """Read a request's body.

    Args:
        receive: The ASGI channel.

    Returns:
        The bytes, or the refusal where they are too many, too slow or never come.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            return await _read(receive)
    except TimeoutError:
        return refused(408, "Request Timeout", ("connection", "close"))


async def _read(receive: Receive) -> bytes | Response:
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return refused(400, "The client went away")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > BODY:
            return refused(413, "Request Entity Too Large", ("connection", "close"))
        more = message.get("more_body", False)
    return b"".join(chunks)


class ImpatientProtocol(H11Protocol):
    """HTTP/1.1 for connections that must begin a request in time, and give way to newer ones.

    uvicorn itself has no time-out for a request's head (its issue 2018 list is still open), and
    answers 503 to everybody once slow connections fill the house.
    """

    _since: float | None = None
    _alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take a connection; close the one that idles longest when there are too many."""
        super().connection_made(transport)
        # The one way to let an application write what is no HTTP: faults of the wire do.
        self.app_state = {**self.app_state, "connection": self}
        self._wait()
        if len(self.connections) >= CONNECTIONS:
            idle = [other for other in self.connections if isinstance(other, ImpatientProtocol) and other._since]
            min(idle, key=lambda other: other._since or 0.0, default=self)._give_up()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Go on with what came in; a request that has begun is no longer waited for."""
        super().handle_events()
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._wait()
        super().on_response_complete()

    def _wait(self) -> None:
        self._stop_waiting()
        self._since = self.loop.time()
        self._alarm = self.loop.call_later(PATIENCE, self._give_up)

    def _stop_waiting(self) -> None:
        self._since = None
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _give_up(self) -> None:
        self._stop_waiting()
        self.connections.discard(self)
        self.transport.abort()
