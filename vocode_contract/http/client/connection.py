"""One connection for one request, with a deadline over all of it.

httpx has time-outs for each phase and none over all: a server that drips a byte a second holds it for
ever (https://github.com/encode/httpx/discussions/1450). So each read and write here gets what is left.
"""

import socket
import ssl
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from vocode_contract.errors import InvalidOption, MissingExtra
from vocode_contract.http.client.endpoint import Proxy
from vocode_contract.http.client.tcp import connected
from vocode_contract.http.guard.guard import is_loopback

try:
    import certifi
    import httpcore
    import httpx
except ImportError:
    raise MissingExtra("client", "talking to a server") from None

__all__ = ["NETWORK_ERRORS", "ConnectionLog", "Elsewhere", "Network", "httpcore", "httpx", "trusted"]

#: What either library raises for a network that fails.
NETWORK_ERRORS = (
    httpx.TransportError,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)

Phase = Literal["connect", "write", "read"]

#: What is raised in each phase for a step that took too long, and for one that failed.
_RAISED: dict[Phase, tuple[type[Exception], type[Exception]]] = {
    "connect": (httpcore.ConnectTimeout, httpcore.ConnectError),
    "write": (httpcore.WriteTimeout, httpcore.WriteError),
    "read": (httpcore.ReadTimeout, httpcore.ReadError),
}
_SHORTEST = 0.001  # a time-out of 0 means "do not wait at all" to a socket, and that is another error
_START = len(b"HTTP/")
_MOST_HEAD = 131_072


class ConnectionLog:
    """What is seen of one connection while it lives.

    Attributes:
        deadline: When it must be over, by the monotonic clock, in seconds.
        is_encrypted: Whether the request waits for TLS; what is written before is for a proxy.
        sent: Whether anything of the request may have left.
        received: Bytes that came, encrypted or not as the server sent them.
        ended: Whether the server closed it.
        in_tls: Whether it broke while TLS was being agreed on.
        in_body: Whether the head of the response was complete.
        body: Bytes of the body that came.
        length: Bytes of the body that were announced; ``None`` where none were.
        start: The first bytes that came, which say whether they are HTTP.
        phase: What it is doing.
        limit: Seconds that the last step was allowed.
        head: The head of the response as it came, while it comes; informational ones before it too.
        is_cut: Whether the deadline, and not the time-out of its phase, limited the last step.
    """

    __slots__ = (
        *(
            "body",
            "deadline",
            "ended",
            "in_body",
            "head",
            "in_tls",
            "is_cut",
            "is_encrypted",
            "length",
            "limit",
            "phase",
        ),
        *("received", "sent", "start"),
    )

    def __init__(self, deadline: float, *, is_encrypted: bool = False) -> None:
        """Start with nothing seen."""
        self.deadline = deadline
        self.is_encrypted = is_encrypted
        self.sent = False
        self.received = 0
        self.ended = False
        self.in_tls = False
        self.in_body = False
        self.body = 0
        self.length: int | None = None
        self.start = b""
        self.head = bytearray()
        self.phase: Phase = "connect"
        self.limit = 0.0
        self.is_cut = False

    @property
    def is_over(self) -> bool:
        """Whether the deadline has passed."""
        return time.monotonic() >= self.deadline

    @property
    def is_flowing(self) -> bool:
        """Whether something of the response has come."""
        return self.received > 0 or self.in_body

    def forget_proxy(self) -> None:
        """Note that TLS stands: what came before it was not the server's answer."""
        self.in_tls = self.ended = False
        self.received = 0
        self.start = b""
        self.head.clear()

    def take(self, data: bytes) -> None:
        """Note what came; nothing means that the server closed."""
        self.received += len(data)
        self.start += data[: _START - len(self.start)]
        if not self.in_body and len(self.head) < _MOST_HEAD:
            self.head += data
        self.ended = self.ended or not data

    def left(self, timeout: float | None) -> float:
        """Return the seconds that one step may take.

        Raises:
            httpcore.TimeoutException: None are left; it names the phase.
        """
        remaining = self.deadline - time.monotonic()
        self.is_cut = timeout is None or remaining < timeout
        if remaining <= 0:
            raise _RAISED[self.phase][0]
        self.limit = max(_SHORTEST, remaining if timeout is None else min(timeout, remaining))
        return self.limit

    @contextmanager
    def step(self, phase: Phase) -> Iterator[None]:
        """Do one step; what a socket raises in it becomes what httpcore raises."""
        self.phase = phase
        late, broken = _RAISED[phase]
        try:
            yield
        except TimeoutError as error:
            raise late from error
        except ssl.SSLEOFError as error:  # closed without a word, so perhaps cut off: RFC 9112, section 9.8
            self.ended = True
            raise broken from error
        except OSError as error:
            raise broken from error


class Network(httpx.BaseTransport):
    """The network itself: no cookie, no redirect, nothing from the environment, nothing kept open."""

    def __init__(self, line: ConnectionLog, tls: ssl.SSLContext | None, proxy: Proxy | None = None) -> None:
        """Note where to record what is seen, whom to trust, and what to go through."""
        told: dict[str, Any] = {"ssl_context": tls, "max_keepalive_connections": 0, "network_backend": _Backend(line)}
        self._pool = (
            httpcore.ConnectionPool(**told)
            if proxy is None
            else httpcore.HTTPProxy(str(proxy), proxy_auth=proxy.user_and_password, **told)
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.content,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_TimedBody(answer))

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()


class _TimedBody(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class Elsewhere(httpcore.ConnectError):
    """The name of this machine leads to another."""


def _require_this_machine(one: socket.socket) -> None:
    """Close a connection that leads to another machine.

    Raises:
        httpcore.ConnectError: It does, or was closed already.
    """
    try:
        peer = _peer(one)
    except OSError:
        raise httpcore.ConnectError("closed at once") from None
    if not is_loopback(peer):
        one.close()
        raise Elsewhere


def _peer(one: socket.socket) -> str:
    return str(one.getpeername()[0])


class _Backend(httpcore.NetworkBackend):
    def __init__(self, line: ConnectionLog) -> None:
        self._line = line

    def connect_tcp(  # noqa: PLR0917 - the signature is that of httpcore
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 - the same
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - the same
    ) -> httpcore.NetworkStream:
        with self._line.step("connect"):
            one = connected(host, port, within=self._line.left(timeout))
        if is_loopback(host):  # it may get a token in the clear, so a name that leads elsewhere gets not a byte
            _require_this_machine(one)
        return _Stream(self._line, one, carries=not self._line.is_encrypted)


class _Stream(httpcore.NetworkStream):
    def __init__(self, line: ConnectionLog, connection: socket.socket, *, carries: bool) -> None:
        self._line = line
        self._connection = connection
        self._carries = carries  # the request, not what is said to a proxy

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with self._line.step("read"):
            self._connection.settimeout(self._line.left(timeout))
            data = self._connection.recv(max_bytes)
        self._line.take(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        with self._line.step("write"):
            while rest:
                self._connection.settimeout(self._line.left(timeout))
                self._line.sent = self._line.sent or self._carries
                rest = rest[self._connection.send(rest) :]

    def close(self) -> None:
        self._connection.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        self._line.in_tls = True
        with self._line.step("connect"):
            try:
                self._connection.settimeout(self._line.left(timeout))
                secured = ssl_context.wrap_socket(
                    self._connection, server_hostname=server_hostname, suppress_ragged_eofs=False
                )
            except BaseException:
                self.close()
                raise
        self._line.forget_proxy()
        return _Stream(self._line, secured, carries=True)

    def get_extra_info(self, info: str) -> object:
        if info == "ssl_object" and isinstance(self._connection, ssl.SSLSocket):
            return self._connection  # it tells the protocol that was agreed on, which is all that is asked
        return None


def trusted(ca_file: str = "") -> ssl.SSLContext:
    """Return what verifies certificates; the environment can neither add to it nor switch it off.

    It is what `ssl.create_default_context` returns, but for the variable ``SSLKEYLOGFILE``: that would
    have the keys of each connection written to a file.

    Args:
        ca_file: PEM file of certificates to trust besides the public ones; empty for none.

    Raises:
        InvalidOption: The file holds none.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies certificate and name
    if sys.version_info >= (3, 13):
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cafile=certifi.where())
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError):
            raise InvalidOption("the file of certificates", "cannot be read, or holds no PEM certificate") from None
    return context
