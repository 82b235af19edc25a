"""One connection for one request, with a deadline over all of it; and what its failures mean.

httpx has time-outs for each phase and none over all: a server that drips a byte a second holds it for
ever (https://github.com/encode/httpx/discussions/1450). So each read and write here gets what is left.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from typing import Any

from vocode_contract.endpoint import PROXY_AUTH_VARIABLE, Proxy
from vocode_contract.errors import InvalidOption, MissingExtra
from vocode_contract.guard import is_loopback
from vocode_contract.redaction import printable

try:
    import httpcore
    import httpx
except ImportError:
    raise MissingExtra("client", "talking to a server") from None

__all__ = ["NETWORK_ERRORS", "Line", "Network", "fault_of", "httpx", "trusted"]

#: What either library raises for a network that fails.
NETWORK_ERRORS = (
    httpx.TransportError,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)

_CONNECT_ERRORS = (httpx.ConnectError, httpcore.ConnectError)
_PROTOCOL_ERRORS = (httpx.ProtocolError, httpcore.ProtocolError)
_TIMEOUTS = {
    "timeout-connect": (httpx.ConnectTimeout, httpcore.ConnectTimeout, httpx.PoolTimeout, httpcore.PoolTimeout),
    "timeout-write": (httpx.WriteTimeout, httpcore.WriteTimeout),
    "timeout-read": (httpx.TimeoutException, httpcore.TimeoutException),
}
_SHORTEST = 0.001  # a time-out of 0 means "do not wait at all" to a socket, and that is another error
_SHOWN = 120
_HTTP = b"HTTP/"


class Line:
    """What is seen of one connection while it lives.

    Attributes:
        deadline: When it must be over, by the monotonic clock, in seconds.
        is_encrypted: Whether the request waits for TLS; what is written before is for a proxy.
        sent: Whether anything of the request may have left.
        received: Bytes that came, encrypted or not as the server sent them.
        ended: Whether the server closed it.
        in_tls: Whether it broke while TLS was being agreed on.
        in_body: Whether the head of the answer was complete.
        start: The first bytes that came, which say whether they are HTTP.
    """

    __slots__ = ("deadline", "ended", "in_body", "in_tls", "is_encrypted", "received", "sent", "start")

    def __init__(self, deadline: float, *, is_encrypted: bool = False) -> None:
        """Start with nothing seen."""
        self.deadline = deadline
        self.is_encrypted = is_encrypted
        self.sent = False
        self.received = 0
        self.ended = False
        self.in_tls = False
        self.in_body = False
        self.start = b""

    @property
    def is_over(self) -> bool:
        """Whether the deadline has passed."""
        return time.monotonic() >= self.deadline

    def forget_proxy(self) -> None:
        """Note that TLS stands: what came before it was not the server's answer."""
        self.in_tls = self.ended = False
        self.received = 0
        self.start = b""

    def left(self, timeout: float | None) -> float:
        """Return the seconds that one step may take."""
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise httpcore.ReadTimeout
        return max(_SHORTEST, remaining if timeout is None else min(timeout, remaining))


class Network(httpx.BaseTransport):
    """The network itself: no cookie, no redirect, nothing from the environment, nothing kept open."""

    def __init__(self, line: Line, tls: ssl.SSLContext | None, proxy: Proxy | None = None) -> None:
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
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Elsewhere(httpcore.ConnectError):
    """The name of this machine leads to another."""


def _require_this_machine(stream: httpcore.NetworkStream) -> None:
    """Close a connection that leads to another machine.

    Raises:
        httpcore.ConnectError: It does, or was closed already.
    """
    try:
        peer = str(stream.get_extra_info("server_addr")[0])
    except OSError:
        raise httpcore.ConnectError("closed at once") from None
    if not is_loopback(peer):
        stream.close()
        raise _Elsewhere


class _Backend(httpcore.NetworkBackend):
    def __init__(self, line: Line) -> None:
        self._line = line
        self._backend = httpcore.SyncBackend()

    def connect_tcp(  # noqa: PLR0917 - the signature is that of httpcore
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._line.left(timeout)
        stream = self._backend.connect_tcp(host, port, left, local_address, socket_options)
        if is_loopback(host):  # it may get a token in the clear, so a name that leads elsewhere gets not a byte
            _require_this_machine(stream)
        return _Stream(self._line, stream, carries=not self._line.is_encrypted)


class _Stream(httpcore.NetworkStream):
    def __init__(self, line: Line, stream: httpcore.NetworkStream, *, carries: bool) -> None:
        self._line = line
        self._stream = stream
        self._carries = carries  # the request, not what is said to a proxy

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, self._line.left(timeout))
        self._line.received += len(data)
        self._line.start += data[: len(_HTTP) - len(self._line.start)]
        self._line.ended = self._line.ended or not data
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._line.sent = self._line.sent or self._carries
        self._stream.write(buffer, self._line.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        self._line.in_tls = True
        stream = self._stream.start_tls(ssl_context, server_hostname, self._line.left(timeout))
        self._line.forget_proxy()
        return _Stream(self._line, stream, carries=True)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def trusted(ca_file: str = "") -> ssl.SSLContext:
    """Return what verifies certificates; the environment can neither add to it nor switch it off.

    Args:
        ca_file: PEM file of certificates to trust besides the public ones; empty for none.

    Raises:
        InvalidOption: The file holds none.
    """
    context = httpx.create_ssl_context(verify=True, trust_env=False)
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError):
            raise InvalidOption("the file of certificates", "cannot be read, or holds no PEM certificate") from None
    return context


def fault_of(error: Exception, line: Line) -> tuple[str, str]:
    """Classify what a library raised.

    Args:
        error: One of `NETWORK_ERRORS`.
        line: The connection that failed.

    Returns:
        A kind of inconclusive, and what was seen, without any byte that the server sent.
    """
    if isinstance(error, httpcore.ProxyError):
        return "proxy", _proxy_reason(error)
    if line.in_tls:
        return "tls", _tls_reason(error)
    if line.is_over:
        return "timeout-total", f"{line.received} bytes came before the deadline"
    for kind, classes in _TIMEOUTS.items():
        if isinstance(error, classes):
            return kind, ""
    if isinstance(error, _CONNECT_ERRORS):
        return "unreachable", _connect_reason(error)
    is_none = not _HTTP.startswith(line.start)
    if isinstance(error, _PROTOCOL_ERRORS) and (is_none or (not line.ended and "without" not in str(error))):
        return "protocol", f"{line.received} bytes came, which break RFC 9112"
    if line.in_body:
        return "truncated", f"{line.received} bytes came"
    return "closed", f"{line.received} bytes came"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _connect_reason(error: Exception) -> str:
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return "the name of the host was not found"
        if isinstance(cause, ConnectionRefusedError):
            return "the connection was refused"
        if isinstance(cause, _Elsewhere):
            return "its name is this machine's, and leads to another"
    return "the host could not be reached"


def _proxy_reason(error: httpcore.ProxyError) -> str:
    status = str(error).partition(" ")[0]
    wants = f"; {PROXY_AUTH_VARIABLE} holds user name and password" if status == "407" else ""
    return f"it answers with {status if status.isdecimal() else 'something else'}{wants}"


def _tls_reason(error: Exception) -> str:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return printable(cause.verify_message[:_SHOWN])
        if isinstance(cause, ssl.SSLError):
            return printable((cause.reason or "")[:_SHOWN].replace("_", " ").lower())
    return "the handshake did not come to an end"
