"""The connection of an application to the proxy: what it sends, and what the proxy itself answers."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import orjson

from vocode_contract.http.message import Response
from vocode_contract.simulator.proxy.inspector import MARK
from vocode_contract.simulator.server.limits import PATIENCE

#: Seconds that an application may be silent, and that open exchanges have to end when the proxy stops.
IDLE, GRACE = 75.0, 1.0
#: Bytes that are read at once; a larger body is checked in a thread, so that other connections go on.
PIECE = 65_536
_REASONS: Mapping[int, str] = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    413: "Content Too Large",
    421: "Misdirected Request",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Refusal(Exception):
    """A request that is not passed on; it is answered with a status code and a reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason


class ClientGone(Exception):
    """The application closed its connection, or neither sends nor takes any bytes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """One of the two connections of a conversation.

    Attributes:
        reader: Its bytes.
        writer: Takes bytes.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes, timeout: float) -> None:
        """Send bytes, and wait until the other end takes them.

        Raises:
            OSError: The connection is gone.
            TimeoutError: The other end does not take them.
        """
        if self.writer.is_closing():  # uvloop raises RuntimeError for bytes to a connection that was reset
            raise ConnectionResetError
        self.writer.write(data)
        async with asyncio.timeout(timeout):
            await self.writer.drain()

    async def has_something(self) -> bool:
        """Return whether bytes, or the end of the connection, arrived before a request was sent."""
        try:
            async with asyncio.timeout(0):
                await self.reader.read(1)
        except TimeoutError:
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        """Close the connection once the other end has taken what was sent, or after a moment."""
        self.writer.close()
        asyncio.get_running_loop().call_later(GRACE, self.writer.transport.abort)


class Application:
    """A connection that an application has opened.

    Attributes:
        side: The connection.
        pending: Bytes that came after the last request.
        deadline: Time of the event loop by which the request has to arrive; ``None`` before its first byte.
        method: Method of the last request.
    """

    def __init__(self, side: Side) -> None:
        """Start before the first request."""
        self.side = side
        self.pending = b""
        self.deadline: float | None = None
        self.method = ""

    def extend_deadline(self, seconds: float) -> None:
        """Give the rest of the request some seconds from now."""
        self.deadline = asyncio.get_running_loop().time() + seconds

    async def send(self, data: bytes) -> None:
        """Send bytes to the application.

        Raises:
            ClientGone: It does not take them.
        """
        try:
            await self.side.send(data, IDLE)
        except (OSError, TimeoutError) as error:
            raise ClientGone from error

    async def refuse(
        self, status: int, reason: str, *, closes: bool, mark: str = "not-sent", **members: object
    ) -> None:
        """Answer a request with an error in the proxy's own words.

        Args:
            status: Status code.
            reason: What is wrong, and what to do about it; no part of any message.
            closes: Whether the connection ends with it.
            mark: The value of the header `MARK`.
            members: Further members of the body.

        Source: RFC 9457, problem details.
        """
        content = {"type": "about:blank", "title": _REASONS[status], "status": status, "detail": reason, **members}
        headers = (("Content-Type", "application/problem+json"), (MARK, mark), ("Cache-Control", "no-store"))
        response = Response(status=status, headers=headers, body=orjson.dumps(content))
        await self.answer(response, closes=closes)

    async def answer(self, response: Response, *, closes: bool) -> None:
        """Send a response of the proxy's own."""
        length = ("Content-Length", str(len(response.body)))
        headers = (*response.headers, length, *([("Connection", "close")] if closes else []))
        lines = [f"HTTP/1.1 {response.status} {_REASONS[response.status]}", *(f"{n}: {v}" for n, v in headers)]
        head = "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1")
        await self.send(head if self.method == "HEAD" else head + response.body)

    async def linger(self) -> None:
        """Take what the application still sends: a connection with unread bytes is reset, and the response lost."""
        if self.side.writer.is_closing():
            return
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(GRACE):
                self.side.writer.write_eof()
                while await self.side.reader.read(PIECE):
                    pass

    async def receive(self) -> bytes:
        """Return the next bytes that came; none at the end of the connection.

        Raises:
            ClientGone: It is silent, or sends its request too slowly.
        """
        data, self.pending = self.pending, b""
        if not data:
            latest = asyncio.get_running_loop().time() + IDLE
            try:
                async with asyncio.timeout_at(min(latest, latest if self.deadline is None else self.deadline)):
                    data = await self.side.reader.read(PIECE)
            except (OSError, TimeoutError) as error:
                raise ClientGone from error
        if self.deadline is None:
            self.extend_deadline(PATIENCE)
        return data
