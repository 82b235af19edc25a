"""One connection of a client: HTTP/1.1 that answers each request as soon as it is complete."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from vocode_contract.http.guard.guard import SIMULATOR_HEADER
from vocode_contract.http.message import Headers, Request, Response
from vocode_contract.simulator.faults.injection import SimulatedResponse
from vocode_contract.simulator.request_log import LoggedRequest
from vocode_contract.simulator.responses import error_response
from vocode_contract.simulator.server.limits import BODY, CONNECTIONS, HEAD, HEADERS, LINE, PATIENCE, check_head

#: Called with a request to the API, and the seconds until its response was sent.
Show = Callable[[LoggedRequest, float], object]

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_CLOSE = ("connection", "close")
_MARK = SIMULATOR_HEADER.lower().encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the connections of a server serve.

    Attributes:
        answer: Returns the response to a request.
        show: Called after each response.
        is_exposed: Whether other machines can reach the server.
    """

    answer: Callable[[Request], SimulatedResponse]
    show: Show
    is_exposed: bool = False


class Connection(HttpToolsProtocol):
    """HTTP/1.1 without ASGI: the application is a function, and its response is written at once.

    A task and two messages for each request would take longer than the response itself. Besides, ASGI cannot express
    network faults, which send what is not HTTP. A connection is closed if it does not send a request in time, and the
    one that is idle longest if there are too many: uvicorn has no timeout for a request's head, and httptools accepts
    heads of any size.

    Attributes:
        gone: Set once the connection is closed.
    """

    app: Service
    gone: asyncio.Event
    _since: float | None
    _alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Accept a connection, and close the one that is idle longest if there are too many."""
        super().connection_made(transport)
        self.gone = asyncio.Event()
        self._ready: list[tuple[Request | Response, bool]] = []  # with whether the connection stays open
        self._size = 0  # bytes since the request or a part of its body began: of its head, or of its trailers
        self._is_reading, self._in_head = True, True
        self._awaits_body = self._plays = False
        self._since = self.loop.time()
        self._alarm = self.loop.call_later(PATIENCE, self._check_patience)
        if len(self.connections) >= CONNECTIONS:
            idle = [other for other in self.connections if isinstance(other, Connection) and other._since]
            min(idle, key=lambda other: other._since or 0.0, default=self)._give_up()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        self.gone.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Receive bytes, and answer the requests that they complete."""
        if self._is_over():
            return
        self._size += len(data)
        super().data_received(data)
        # Not within the callbacks of the parser, which would take an exception for invalid HTTP.
        while self._ready and not self._is_over():
            self._answer(*self._ready.pop(0))
        if self._is_reading and self._size > HEAD and not self._is_over():
            self.send_400_response("Request Header Fields Too Large")

    def pause_writing(self) -> None:
        """Accept no more requests from a client that does not read their responses."""
        super().pause_writing()
        self.flow.pause_reading()

    def resume_writing(self) -> None:
        """Accept requests again."""
        super().resume_writing()
        self.flow.resume_reading()

    # --- callbacks of the parser ---

    def on_message_begin(self) -> None:
        """Start to read a request."""
        self._is_reading, self._in_head, self._size = True, True, 0
        self.url, self.headers = b"", []
        self._fields: list[tuple[str, str]] = []
        self._body = bytearray()  # a list of small chunks would take many times their size
        self._trailer_count = 0
        self._is_refused = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header, or drop a trailer, whose name could be that of any header (RFC 9110, section 6.5.1)."""
        if self._in_head:
            self._fields.append((name.lower().decode("latin-1"), value.decode("latin-1")))
            return
        self._trailer_count += 1
        if not self._is_refused and (self._trailer_count > HEADERS or len(name) + len(value) > LINE):
            self._refuse(error_response(431, "Request Header Fields Too Large", _CLOSE))

    def on_headers_complete(self) -> None:
        """Refuse a request, or wait for its body."""
        self._in_head = False
        self._is_lasting = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        refusal = check_head(self.url, self._fields, is_exposed=self.app.is_exposed)
        if refusal is not None:
            self._refuse(refusal)
            return
        fields = dict(self._fields)
        if fields.get("content-length", "0") != "0" or "transfer-encoding" in fields:
            self._awaits_body, self._since = True, self.loop.time()
            if fields.get("expect", "").lower() == "100-continue":
                self.transport.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        """Collect the body of a request, and refuse one that is too large."""
        self._size = 0
        if self._is_refused:
            return
        self._body += body
        if len(self._body) > BODY:
            self._refuse(error_response(413, "Request Entity Too Large", _CLOSE))

    def on_message_complete(self) -> None:
        """Pass on a request."""
        self._awaits_body = self._is_reading = False
        if self._is_refused:
            return
        target = httptools.parse_url(self.url)
        request = Request(
            method=self.parser.get_method().decode("ascii"),
            path=target.path.decode("ascii"),
            query=(target.query or b"").decode("latin-1"),
            headers=tuple(self._fields),
            body=bytes(self._body),
        )
        self._ready.append((request, self._is_lasting))

    def _refuse(self, response: Response) -> None:
        self._is_refused = True
        self._awaits_body = False
        self._ready.append((response, self._is_lasting))

    # --- answers ---

    def _is_over(self) -> bool:
        """Return whether no more requests are taken from this connection."""
        return self._plays or self.transport.is_closing()

    def _answer(self, request: Request | Response, is_lasting: bool) -> None:
        if isinstance(request, Response):
            self._write(request, is_lasting=is_lasting)
            return
        started = time.monotonic()
        answer = self.app.answer(request)
        if answer.steps is None:
            self._write(answer.response, is_lasting=is_lasting, has_body=request.method != "HEAD")
            self._show(answer.entry, started)
            return
        from vocode_contract.simulator.server.raw_responses import play

        self._plays, self._since = True, None
        task = self.loop.create_task(play(answer.steps, self.transport, self.flow, self.gone))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(lambda _: self._show(answer.entry, started))

    def _show(self, entry: LoggedRequest | None, started: float) -> None:
        if entry is not None:  # the control plane is not the API
            self.app.show(entry, time.monotonic() - started)

    def _write(self, response: Response, *, is_lasting: bool, has_body: bool = True) -> None:
        """Write a response in one piece, and close the connection if it is the last."""
        closes = not is_lasting or _CLOSE in response.headers
        lines = [STATUS_LINE[response.status]]
        for name, value in self.server_state.default_headers:
            lines += (name, b": ", value, b"\r\n")
        lines += (_encode(response.headers), b"content-length: %d\r\n%b: true\r\n" % (len(response.body), _MARK))
        lines.append(b"connection: close\r\n\r\n" if closes and _CLOSE not in response.headers else b"\r\n")
        if has_body:
            lines.append(response.body)
        self.transport.write(b"".join(lines))
        self._since = self.loop.time()
        if closes:
            self.transport.close()

    # --- patience ---

    def _check_patience(self) -> None:
        """Close the connection if it has been idle for too long; else check again when it may have been."""
        now = self.loop.time()
        left = PATIENCE if self._since is None else self._since + PATIENCE - now
        if left > 0:
            self._alarm = self.loop.call_at(now + left, self._check_patience)
        elif self._awaits_body:
            self._write(error_response(408, "Request Timeout", _CLOSE), is_lasting=False)
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


@lru_cache(maxsize=64)
def _encode(headers: Headers) -> bytes:
    return "".join(f"{name.lower()}: {value}\r\n" for name, value in headers).encode("latin-1")
