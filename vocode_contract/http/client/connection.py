"""One connection for one request, with a deadline for the whole exchange.

httpx has a time-out for each phase but none for the whole: a server that sends one byte per second keeps it waiting
forever (https://github.com/encode/httpx/discussions/1450). So each read and write here gets the remaining time.
"""

import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from ipaddress import ip_address
from typing import Any, Literal

from vocode_contract.errors import MissingExtra
from vocode_contract.http import clock
from vocode_contract.http.client.endpoint import Proxy
from vocode_contract.http.client.tcp import connect
from vocode_contract.http.guard.guard import is_loopback

try:
    import httpcore
    import httpx
except ImportError:
    raise MissingExtra("client", "talking to a server") from None

__all__ = [
    "NETWORK_ERRORS",
    "ConnectionLog",
    "Elsewhere",
    "Network",
    "Public",
    "httpcore",
    "httpx",
    "open_connection",
]

#: The network errors of both libraries.
NETWORK_ERRORS = (
    httpx.TransportError,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)

Phase = Literal["connect", "write", "read"]

#: Phase -> the exceptions for a step that took too long, and for one that failed.
_RAISED: dict[Phase, tuple[type[Exception], type[Exception]]] = {
    "connect": (httpcore.ConnectTimeout, httpcore.ConnectError),
    "write": (httpcore.WriteTimeout, httpcore.WriteError),
    "read": (httpcore.ReadTimeout, httpcore.ReadError),
}
_SHORTEST = 0.001  # a time-out of 0 makes a socket non-blocking, which raises another error
_START = len(b"HTTP/")
_MOST_HEAD = 131_072


@dataclass(slots=True, eq=False)
class ConnectionLog:
    """Observations of one connection.

    Attributes:
        deadline: When the exchange must be over, in seconds of the monotonic clock.
        is_encrypted: Whether the request is sent after TLS is established; earlier bytes are for a proxy.
        sent: Whether a part of the request may have been sent.
        received: Number of received bytes, before decryption.
        ended: Whether the server closed the connection.
        in_tls: Whether the TLS handshake is going on.
        in_body: Whether the head of the response is complete.
        body: Number of received bytes of the body.
        length: Length of the body by its Content-Length; ``None`` without one.
        start: The first received bytes, which show whether it is HTTP.
        limit: Time-out of the last step in seconds.
        head: The head of the response so far, with informational responses before it.
        is_cut: Whether the deadline limited the last step, and not the time-out of its phase.
    """

    deadline: float
    _: KW_ONLY
    is_encrypted: bool = False
    sent: bool = False
    received: int = 0
    ended: bool = False
    in_tls: bool = False
    in_body: bool = False
    body: int = 0
    length: int | None = None
    start: bytes = b""
    head: bytearray = field(default_factory=bytearray)
    phase: Phase = "connect"
    limit: float = 0.0
    is_cut: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the deadline has passed."""
        return clock.monotonic() >= self.deadline

    @property
    def is_flowing(self) -> bool:
        """Whether a part of the response has come."""
        return self.received > 0 or self.in_body

    def forget_proxy(self) -> None:
        """Record that TLS is established: earlier bytes were not the server's response."""
        self.in_tls = self.ended = False
        self.received = 0
        self.start = b""
        self.head.clear()

    def take(self, data: bytes) -> None:
        """Record received bytes; none means that the server closed the connection."""
        self.received += len(data)
        self.start += data[: _START - len(self.start)]
        if not self.in_body and len(self.head) < _MOST_HEAD:
            self.head += data
        self.ended = self.ended or not data

    def next_timeout(self, timeout: float | None) -> float:
        """Return the time-out of the next step in seconds.

        Raises:
            httpcore.TimeoutException: The deadline has passed; its type names the phase.
        """
        remaining = self.deadline - clock.monotonic()
        self.is_cut = timeout is None or remaining < timeout
        if remaining <= 0:
            raise _RAISED[self.phase][0]
        self.limit = max(_SHORTEST, remaining if timeout is None else min(timeout, remaining))
        return self.limit

    @contextmanager
    def step(self, phase: Phase) -> Iterator[None]:
        """Run one step, and turn a socket's exceptions into those of httpcore."""
        self.phase = phase
        late, broken = _RAISED[phase]
        try:
            yield
        except TimeoutError as error:
            raise late from error
        except ssl.SSLEOFError as error:  # closed without close_notify, so perhaps cut off: RFC 9112, section 9.8
            self.ended = True
            raise broken from error
        except OSError as error:
            raise broken from error


class Network(httpx.BaseTransport):
    """The network: no cookies, no redirects, no settings from the environment, no connection kept open."""

    def __init__(self, line: ConnectionLog, tls: ssl.SSLContext | None, proxy: Proxy | None = None) -> None:
        """Prepare a connection that records to *line*, with TLS and a proxy if they are given."""
        options: dict[str, Any] = {
            "ssl_context": tls,
            "max_keepalive_connections": 0,
            "network_backend": _Backend(line, is_plain=tls is None and proxy is None),
        }
        self._pool = (
            httpcore.ConnectionPool(**options)
            if proxy is None
            else httpcore.HTTPProxy(str(proxy), proxy_auth=proxy.user_and_password, **options)
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
    """The name of this machine resolves to another machine."""


class Public(httpcore.ConnectError):
    """The name of a host in a private network resolves to a public address."""


def open_connection(
    line: ConnectionLog, host: str, port: int, *, timeout: float | None, is_plain: bool
) -> socket.socket:
    """Return a TCP connection to a host, whose address fits its name.

    Args:
        line: Records the connection.
        host: Name or address.
        port: 1 to 65535.
        timeout: Maximum seconds; ``None`` for no limit but the deadline.
        is_plain: Whether the server gets the token unencrypted, so that it must be in a private network.

    Raises:
        httpcore.ConnectError: There is no connection, or it leads to another machine than the name says.
        httpcore.ConnectTimeout: There is none in time.
    """
    with line.step("connect"):
        one = connect(host, port, within=line.next_timeout(timeout))
    # A host that gets the token unencrypted must have an address that fits its name; if not, it gets no byte.
    if is_loopback(host):
        _require_peer(one, is_loopback, Elsewhere)
    elif is_plain:
        _require_peer(one, _is_private, Public)
    return one


def _require_peer(one: socket.socket, is_expected: Callable[[str], bool], error: type[httpcore.ConnectError]) -> None:
    """Close a connection to a machine that is not the expected one.

    Raises:
        httpcore.ConnectError: It leads to another machine, or was closed already.
    """
    try:
        peer = _peer(one)
    except OSError:
        raise httpcore.ConnectError("closed at once") from None
    if not is_expected(peer):
        one.close()
        raise error


def _is_private(address: str) -> bool:
    return not ip_address(address.partition("%")[0]).is_global


def _peer(one: socket.socket) -> str:
    return str(one.getpeername()[0])


class _Backend(httpcore.NetworkBackend):
    def __init__(self, line: ConnectionLog, *, is_plain: bool) -> None:
        self._line = line
        self._is_plain = is_plain  # whether the server gets the token unencrypted

    def connect_tcp(  # noqa: PLR0917 - the signature is that of httpcore
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 - the same
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - the same
    ) -> httpcore.NetworkStream:
        one = open_connection(self._line, host, port, timeout=timeout, is_plain=self._is_plain)
        return _Stream(self._line, one, carries=not self._line.is_encrypted)


class _Stream(httpcore.NetworkStream):
    def __init__(self, line: ConnectionLog, connection: socket.socket, *, carries: bool) -> None:
        self._line = line
        self._connection = connection
        self._carries = carries  # whether it carries the request, and not a message to a proxy

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with self._line.step("read"):
            self._connection.settimeout(self._line.next_timeout(timeout))
            data = self._connection.recv(max_bytes)
        self._line.take(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        with self._line.step("write"):
            while rest:
                self._connection.settimeout(self._line.next_timeout(timeout))
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
                self._connection.settimeout(self._line.next_timeout(timeout))
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
            return self._connection  # httpcore only asks it for the negotiated protocol
        return None
