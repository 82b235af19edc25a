"""Pass HTTP/1.1 between an application and a server, byte for byte, and let the inspector see each exchange.

A connection of the application has one connection to the server, so that keeping it alive or ending it means the same
on both. Only the Host header and the path's prefix of requests are changed, and responses get one header more.
Redirects are not followed, and every request is sent at most once.
"""

import asyncio
import math
import ssl
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

import h11

from vocode_contract.http import clock
from vocode_contract.http.client.connection import NETWORK_ERRORS, ConnectionLog, httpcore, open_connection
from vocode_contract.http.client.network_errors import classify, describe_consequence
from vocode_contract.http.client.timing import Timing
from vocode_contract.http.guard.guard import NotPermitted
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.http.message import Request, Response
from vocode_contract.simulator.proxy.application import GRACE, PIECE, Application, ClientGone, Refusal, Side
from vocode_contract.simulator.proxy.incoming import IncomingMessage, address_head, mark_head
from vocode_contract.simulator.proxy.inspector import MARK, Inspector, OpenExchange, SeenExchange
from vocode_contract.simulator.proxy.pages import PAGES, find_page
from vocode_contract.simulator.server.limits import BODY, LOOPBACK_AUTHORITY, PATIENCE

#: Connections at once; those of browsers and of pools stay open.
_MOST_CONNECTIONS = 256
#: Bytes of a body with its chunk headers, which may be longer than their chunks.
_MOST_FRAMED = 8 * BODY
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(slots=True, kw_only=True, eq=False)
class Relay:
    """Serves the connections of applications.

    Attributes:
        inspector: Admits requests and checks responses.
        timing: Time-outs for the server.
        tls: How to encrypt; ``None`` for plain http.
        enforces: Whether a response that violates the contract is replaced by an error.
    """

    inspector: Inspector
    timing: Timing
    tls: ssl.SSLContext | None = None
    enforces: bool = False
    _busy: set["Conversation"] = field(default_factory=set)
    _tasks: set[asyncio.Task[object]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""
        conversation = Conversation(self, Side(reader=reader, writer=writer))
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        try:
            if len(self._tasks) > _MOST_CONNECTIONS:
                await conversation.application.refuse(503, "the proxy has too many connections", closes=True)
            else:
                await conversation.run(self._busy)
        except (ClientGone, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            conversation.close_server()
            conversation.application.side.close()
            self._busy.discard(conversation)
            if task is not None:
                self._tasks.discard(task)

    async def stop(self) -> None:
        """Wait a moment for open exchanges, then end all connections."""
        until = clock.monotonic() + GRACE
        while self._busy and clock.monotonic() < until:
            await asyncio.sleep(0.01)
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Conversation:
    """A connection of an application, and the one to the server that belongs to it."""

    def __init__(self, relay: Relay, client: Side) -> None:
        self.relay = relay
        self.server: Side | None = None
        self.application = Application(client)

    async def run(self, busy: set["Conversation"]) -> None:
        """Serve one request after the other, and be among the busy ones in the meantime."""
        while True:
            busy.discard(self)
            self.application.deadline = None
            request = IncomingMessage(h11.SERVER, self.application.receive, most=BODY)
            try:
                if not await request.read_head() or not isinstance(request.head, h11.Request):
                    return
            except h11.RemoteProtocolError:
                await self.application.refuse(400, "the request is not HTTP/1.1", closes=True)
                await self.application.linger()
                return
            busy.add(self)
            self.application.method = request.head.method.decode("latin-1")
            try:
                is_reusable = await self._serve(request, request.head)
            except (Refusal, h11.RemoteProtocolError) as error:
                refusal = error if isinstance(error, Refusal) else Refusal(400, "the request is not HTTP/1.1")
                with suppress(h11.RemoteProtocolError):
                    await request.read(wait=False)
                await self.application.refuse(refusal.status, refusal.reason, closes=not request.keeps_alive)
                is_reusable = True
            if not request.is_over:
                await self.application.linger()
            if not (is_reusable and request.keeps_alive):
                return
            self.application.pending = request.rest

    def close_server(self) -> None:
        """Close the connection to the server, if there is one."""
        if self.server is not None:
            self.server.close()
        self.server = None

    async def _serve(self, message: IncomingMessage, head: h11.Request) -> bool:
        """Serve one request; return whether the connections can be used for another.

        Raises:
            Refusal: The request is not passed on.
            ClientGone: The application is gone.
            h11.RemoteProtocolError: The body of the request is broken.
        """
        _require_origin_form(message, head)
        path, _, query = head.target.decode("latin-1").partition("?")
        inspector = self.relay.inspector
        if path.startswith(PAGES):
            is_read = self.application.method in ("GET", "HEAD")
            page = find_page(inspector, path.removeprefix(PAGES)) if is_read else None
            if page is None:
                raise Refusal(404, f"the proxy has no such page; its start is {PAGES}")
            await message.read(wait=False)
            await self.application.answer(page, closes=not message.keeps_alive)
            return True
        request = Request(
            method=self.application.method,
            path=inspector.endpoint.path + path,
            query=query,
            headers=tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items()
            ),
            scheme=inspector.endpoint.scheme,
        )
        body = await message.read(wait=False)
        is_held = inspector.needs_body(request)
        self.application.extend_deadline(PATIENCE if is_held else math.inf)  # the server limits the time of others
        if is_held:
            body += await self._read_rest(message, head)
        try:
            opened = inspector.open(replace(request, body=bytes(message.content)))
        except NotPermitted as refusal:
            raise Refusal(403, str(refusal)) from None
        start = address_head(
            message.raw_head, inspector.endpoint.authority, inspector.endpoint.path, expects=not is_held
        )
        return await _Exchange(self, message, opened).run(start + body)

    async def _read_rest(self, message: IncomingMessage, head: h11.Request) -> bytes:
        """Return the rest of a body that decides whether the request is sent."""
        if not message.is_over and any(name == b"expect" for name, _ in head.headers):
            await self.application.send(_CONTINUE)
        pieces, size = [], 0
        while piece := await message.read():
            pieces.append(piece)
            size += len(piece)
            if message.size > BODY or size > _MOST_FRAMED:
                raise Refusal(413, f"the body has more than {BODY} bytes, so it is not known what the request does")
        return b"".join(pieces)


class _Exchange:
    """One request on its way to the server, and the response on its way back."""

    def __init__(self, conversation: Conversation, message: IncomingMessage, opened: OpenExchange) -> None:
        self._conversation = conversation
        self._application = conversation.application
        self._relay = conversation.relay
        self._inspector = conversation.relay.inspector
        self._message = message
        self._opened = opened
        self._started = clock.monotonic()
        self._line = ConnectionLog(self._started + self._relay.timing.total, is_encrypted=self._relay.tls is not None)
        self._response = IncomingMessage(h11.CLIENT, self._receive, most=self._inspector.max_body)
        self._body = bytearray()  # of the response, as far as it is held back
        self._is_begun = False  # whether a part of the response was passed on
        self._is_cut = False  # whether the request was cut off by the application
        self._is_checked = False

    async def run(self, data: bytes) -> bool:
        """Send the request, whose first bytes are given, and pass on the response.

        Returns:
            Whether the connections can be used for another exchange.

        Raises:
            ClientGone: The application is gone.
        """
        sending: asyncio.Task[None] | None = None
        try:
            await self._connect()
            await self._send(data)
            if not self._message.is_over:
                sending = asyncio.create_task(self._send_rest())
            self._response.expect_response(self._message.head.method)  # type: ignore[union-attr]  # it is a request
            if not await self._response.read_head(self._application.send):
                raise httpcore.RemoteProtocolError("Server disconnected without sending a response.")
            await self._pass_on()
        except NETWORK_ERRORS as error:
            return await self._fail(error)
        except h11.RemoteProtocolError as error:
            return await self._fail(httpcore.RemoteProtocolError(str(error)))
        except ClientGone:
            if isinstance(self._response.head, h11.Response) and not self._is_checked:
                await self._check(self._response.head, is_whole=False)
            raise
        finally:
            if sending is not None:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        is_alive = self._response.keeps_alive and not self._response.rest
        if not is_alive:
            self._conversation.close_server()
        return is_alive or not self._is_begun

    async def _connect(self) -> None:
        """Connect to the server, unless the last connection is still there."""
        conversation, timing, line = self._conversation, self._relay.timing, self._line
        if conversation.server is not None and not await conversation.server.has_something():
            return
        conversation.close_server()
        endpoint, tls = self._inspector.endpoint, self._relay.tls
        connect = partial(open_connection, line, endpoint.host, endpoint.port)
        connection = await asyncio.to_thread(connect, timeout=timing.connect, is_plain=tls is None)
        connection.setblocking(False)
        line.in_tls = tls is not None
        name = endpoint.host if tls else None
        with line.step("connect"):
            async with asyncio.timeout(line.next_timeout(timing.connect)):
                reader, writer = await asyncio.open_connection(sock=connection, ssl=tls, server_hostname=name)
        line.forget_proxy()
        conversation.server = Side(reader=reader, writer=writer)

    @property
    def _server(self) -> Side:
        server = self._conversation.server
        if server is None:
            raise httpcore.ReadError("closed")
        return server

    async def _send(self, data: bytes) -> None:
        with self._line.step("write"):
            self._line.sent = True
            await self._server.send(data, self._line.next_timeout(self._relay.timing.total))

    async def _send_rest(self) -> None:
        """Send the rest of the request's body as it comes; the server sees a cut one as such."""
        try:
            while piece := await self._message.read():
                self._line.deadline = max(self._line.deadline, clock.monotonic() + self._relay.timing.total)
                await self._send(piece)
        except (ClientGone, h11.RemoteProtocolError):
            self._is_cut = True
            self._server.writer.transport.abort()

    async def _receive(self) -> bytes:
        with self._line.step("read"):
            while True:
                try:
                    async with asyncio.timeout(self._line.next_timeout(self._relay.timing.total)):
                        data = await self._server.reader.read(PIECE)
                    break
                except TimeoutError:
                    if self._message.is_over or self._line.is_over:
                        raise  # else a long request is still on its way
        self._line.take(data)
        return data

    async def _pass_on(self) -> None:
        """Pass on the response: after it is checked, or as it comes if it is not held back."""
        response, head = self._response, self._response.head
        if not isinstance(head, h11.Response):
            return
        self._line.in_body = True
        self._line.length = next((int(value) for name, value in head.headers if name == b"content-length"), None)
        self._body += await response.read(wait=False)
        if not response.is_over and self._inspector.holds_back(self._opened, _message_of(head)):
            while len(self._body) <= self._inspector.max_body and (piece := await response.read()):
                self._body += piece
        if response.is_over:
            seen = await self._check(head, is_whole=response.is_kept)
            if self._relay.enforces and seen.verdict == "violates":
                await self._replace(seen)
            else:
                await self._begin(seen.mark)
            return
        await self._begin("unchecked" if self._opened.operation else "unknown-operation")
        self._line.deadline = math.inf  # a stream may go on for as long as bytes come
        while piece := await response.read():
            await self._application.send(piece)
        await self._check(head, is_whole=response.is_kept)

    async def _begin(self, mark: str, rest: bytes = b"") -> None:
        """Pass on the head of the response, and as much of its body as was held back."""
        self._is_begun = True
        head = mark_head(self._response.raw_head, MARK, mark)
        await self._application.send(b"".join((head, bytes(self._body), rest)))

    async def _check(self, head: h11.Response, *, is_whole: bool) -> SeenExchange:
        self._is_checked = True
        message, response, seconds = self._message, _message_of(head), clock.monotonic() - self._started
        opened = replace(self._opened, request=replace(self._opened.request, body=bytes(message.content)))
        response = replace(response, body=bytes(self._response.content) if is_whole else b"")
        check = partial(self._inspector.check, opened, response)
        check = partial(check, seconds=seconds, is_whole=is_whole, has_request=message.is_kept)
        found = check() if len(response.body) <= PIECE else await asyncio.to_thread(check)
        is_long = self._response.size > self._inspector.max_body
        return self._inspector.close(opened, response, found, seconds=seconds, is_long=is_long)

    async def _replace(self, seen: SeenExchange) -> None:
        """Answer with an error that names the violations, and no value of the response."""
        found = [
            {"code": each.code, "pointer": each.instance_pointer, "expected": each.expected}
            for each in seen.violations
            if each.severity == "error"
        ]
        reason = f"the response to {seen.operation} violates the contract of {self._inspector.contract.date}"
        await self._application.refuse(502, reason, closes=False, mark=seen.mark, violations=found)

    async def _fail(self, error: Exception) -> bool:
        """Record that there is no complete response, and pass on what there is of it, or an error.

        Returns:
            Whether the connection to the application can be used for another exchange.
        """
        self._conversation.close_server()
        if self._is_cut:
            raise ClientGone
        line, endpoint, response = self._line, self._inspector.endpoint, self._response
        line.body = response.size
        kind, what = classify(error, line)
        consequence = describe_consequence(self._inspector.effect_of(self._opened), sent=line.sent)
        inconclusive = Inconclusive(kind, f"{endpoint.host} port {endpoint.port}: {what}", consequence)
        seen = self._inspector.fail(self._opened, inconclusive, seconds=clock.monotonic() - self._started)
        if self._is_begun:
            return False  # the application sees a cut response as such
        if response.head is not None and not self._relay.enforces:
            await self._begin(seen.mark, response.rest)
            return False
        status = 504 if kind.startswith("timeout") else 502
        is_over = self._message.is_over
        await self._application.refuse(status, str(inconclusive), closes=not is_over, mark=seen.mark, kind=kind)
        return True


def _message_of(head: h11.Response) -> Response:
    headers = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items())
    return Response(status=head.status_code, headers=tuple(headers))


def _require_origin_form(message: IncomingMessage, head: h11.Request) -> None:
    """Refuse a request that is not for this server, or whose end two servers may see in different places.

    Raises:
        Refusal: It is one.
    """
    hosts = [value for name, value in head.headers if name == b"host"]
    if head.method == b"CONNECT" or not head.target.startswith(b"/"):
        raise Refusal(421, "this is no forward proxy: give the application the proxy's URL as that of the API")
    if not all(map(LOOPBACK_AUTHORITY.fullmatch, hosts)):
        raise Refusal(421, "the Host header must name this machine, such as 127.0.0.1")
    if message.is_ambiguous:
        reason = "two servers may read the head in two ways: end each line with CRLF, fold none, and send one"
        raise Refusal(400, f"{reason} Content-Length or Transfer-Encoding")
    if b"#" in head.target:
        raise Refusal(400, "the request's target has a fragment, which is not for servers")
