"""Classify network errors: the kind of inconclusive result, and what to report about it."""

import os
import socket
import ssl
from collections.abc import Iterator, Mapping

from vocode_contract.contract.operation import Effect
from vocode_contract.errors import spell_option
from vocode_contract.http.client.connection import ConnectionLog, Elsewhere, Public, httpcore, httpx
from vocode_contract.http.client.endpoint import PROXY_AUTH_VARIABLE, Proxy
from vocode_contract.http.client.tcp import Blocked, Unresolved
from vocode_contract.http.inconclusive import NOTHING_SENT
from vocode_contract.validation.masking import printable

_CONNECT_ERRORS = (httpx.ConnectError, httpcore.ConnectError)
_PROTOCOL_ERRORS = (httpx.ProtocolError, httpcore.ProtocolError)
_TIMEOUTS = (httpx.TimeoutException, httpcore.TimeoutException)
_CONNECT_TIMEOUTS = (httpx.ConnectTimeout, httpcore.ConnectTimeout, httpx.PoolTimeout, httpcore.PoolTimeout)
_WRITE_TIMEOUTS = (httpx.WriteTimeout, httpcore.WriteTimeout)
_WANTED = f"set {PROXY_AUTH_VARIABLE} to user name and password"
_SHOWN = 120
_HTTP = b"HTTP/"
#: First bytes of an alert, with which a server responds to bytes that are not TLS: RFC 8446, section 5.1.
_TLS_ALERT = b"\x15\x03"
#: Reasons of OpenSSL for bytes that are not TLS.
_NOT_TLS = frozenset(("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"))
#: OpenSSL's codes for a certificate that leads to no trusted authority.
_UNKNOWN_AUTHORITY = frozenset((2, 18, 19, 20, 21))
_AUTHORITY_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
#: How the libraries report that the server closed the connection, which is not a protocol error.
_ENDS = ("peer closed", "peer unexpectedly closed", "Server disconnected")
#: Message of h11 0.16 to our own, since its messages may contain what the server sent.
_RULES: Mapping[str, str] = {
    "Received server _SWITCH_UPGRADE": "an unrequested protocol switch: RFC 9110, section 15.2.2",
    "illegal status line": "the status line: RFC 9112, section 4",
    "illegal request line": "the status line: RFC 9112, section 4",
    "no response line": "the status line: RFC 9112, section 4",
    "InformationalResponse status_code": "the status code: RFC 9110, section 15",
    "Response status_code": "the status code: RFC 9110, section 15",
    "illegal header line": "a line of the head: RFC 9112, section 5",
    "continuation line": "a line of the head: RFC 9112, section 5.2",
    "conflicting Content-Length": "two different lengths: RFC 9112, section 6.3",
    "bad Content-Length": "the length of the body: RFC 9112, section 6.3",
    "multiple Transfer-Encoding": "Transfer-Encoding twice: RFC 9112, section 6.1",
    "Only Transfer-Encoding": "a transfer coding other than chunked: RFC 9112, section 6.1",
    "illegal chunk header": "the size of a chunk: RFC 9112, section 7.1",
    "malformed chunk footer": "the end of a chunk: RFC 9112, section 7.1",
    "Receive buffer too long": "a head or a line longer than 100 KiB",
}


def classify(error: Exception, line: ConnectionLog, proxy: Proxy | None = None) -> tuple[str, str]:
    """Classify a network error.

    Returns:
        A kind of inconclusive, and what was observed, without any byte that the server sent.
    """
    if isinstance(error, httpcore.ProxyError):
        return "proxy", _proxy_reason(error, proxy)
    if line.in_tls:
        return "tls", _tls_reason(error)
    if reason := _alert_reason(error, line):
        return "tls", reason
    if isinstance(error, _CONNECT_TIMEOUTS):
        name = "the host name was not resolved " if _is_caused_by(error, Unresolved) else ""
        return "timeout-connect", f"{name}{_within(line)}".strip()
    if isinstance(error, _WRITE_TIMEOUTS):
        return "timeout-write", _within(line)
    if not _HTTP.startswith(line.start):
        return "protocol", f"{line.received} bytes came, which do not start an HTTP response: RFC 9112, section 4"
    if isinstance(error, _TIMEOUTS):
        return _late(line)
    if isinstance(error, _CONNECT_ERRORS):
        return _classify_connect_error(error)
    if isinstance(error, _PROTOCOL_ERRORS) and not str(error).startswith(_ENDS):
        return "protocol", f"{line.received} bytes came, which violate a rule: {_rule(error)}"
    return ("truncated", _cut(line)) if line.in_body else ("closed", f"{line.received} bytes came")


def _late(line: ConnectionLog) -> tuple[str, str]:
    """Distinguish a response that does not end from one that does not start, or stops."""
    if line.is_flowing and line.is_cut:
        return "timeout-total", f"{line.received} bytes came before the deadline"
    if line.is_flowing:
        return "timeout-read", f"{line.received} bytes came, and then nothing {_within(line)}"
    return "timeout-read", f"nothing came {_within(line)}" if line.limit else ""


def _within(line: ConnectionLog) -> str:
    return f"within {line.limit:.3g} s" if line.limit else ""


def _cut(line: ConnectionLog) -> str:
    return f"got {line.body} of {line.length if line.length is not None else 'an unknown number of'} bytes of the body"


def _rule(error: Exception) -> str:
    text = str(error)
    return next((rule for words, rule in _RULES.items() if text.startswith(words)), "one of RFC 9112")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_caused_by(error: BaseException, kind: type[BaseException]) -> bool:
    return any(isinstance(cause, kind) for cause in _causes(error))


def _classify_connect_error(error: Exception) -> tuple[str, str]:
    if blocked := next((cause for cause in _causes(error) if isinstance(cause, Blocked)), None):
        return "blocked", f"the network is blocked by {printable(blocked.by[:_SHOWN])}"
    return "unreachable", _connect_reason(error)


def _connect_reason(error: Exception) -> str:
    if _is_caused_by(error, socket.gaierror):
        return "the host name does not exist"
    if _is_caused_by(error, Elsewhere):
        return "its name is this machine's, but resolves to another"
    if _is_caused_by(error, Public):
        return "its address is public, and plain http is for private networks; start the URL with https://"
    if _is_caused_by(error, ConnectionRefusedError):
        return "the connection was refused"
    return "the host could not be reached"


def _proxy_reason(error: httpcore.ProxyError, proxy: Proxy | None) -> str:
    status = str(error).partition(" ")[0]
    is_known = proxy is not None and proxy.credentials is not None
    remedy = f"; it rejects the credentials in {PROXY_AUTH_VARIABLE}" if is_known else f"; {_WANTED}"
    return f"it responds with {status if status.isdecimal() else 'something else'}{remedy if status == '407' else ''}"


def _tls_reason(error: Exception) -> str:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return printable(cause.verify_message[:_SHOWN]) + _authority_remedy(cause)
        if isinstance(cause, ssl.SSLError) and cause.reason in _NOT_TLS:
            return "the server does not speak TLS on this port; check the port, or start the URL with http://"
        if isinstance(cause, ssl.SSLError):
            return printable((cause.reason or "")[:_SHOWN].replace("_", " ").lower())
    return "the handshake was not completed"


def _alert_reason(error: Exception, line: ConnectionLog) -> str:
    """Return the reason that an alert outside of the handshake gives; empty if there was no alert."""
    if line.start.startswith(_TLS_ALERT):
        return "the server expects TLS; start the URL with https://"
    reasons = (cause.reason or "" for cause in _causes(error) if isinstance(cause, ssl.SSLError))
    reason = next((reason for reason in reasons if "ALERT" in reason), "")
    if "CERTIFICATE_REQUIRED" in reason:
        return f"the server requires a client certificate; name one with {spell_option('cert')} FILE"
    remedy = "; the server may have rejected the client certificate" if reason else ""
    return printable(reason[:_SHOWN]).replace("_", " ").lower() + remedy


def _authority_remedy(error: ssl.SSLCertVerificationError) -> str:
    """Return how to trust an authority that is unknown; empty if something else is wrong with the certificate."""
    if error.verify_code not in _UNKNOWN_AUTHORITY:
        return ""
    ignored = next((f"; {name} is ignored" for name in _AUTHORITY_VARIABLES if os.environ.get(name)), "")
    return f"; {spell_option('ca')} FILE trusts a private authority{ignored}"


#: Effect -> what a request without a response may have done.
_DONE: Mapping[str, str] = {
    "hangs-up": "the call may have been ended, Get Call tells",
    "rings": "a phone may have been rung, List Calls tells",
    "bills": "it may have cost money",
    "writes": "data may have been changed",
}


def describe_consequence(effect: Effect, *, sent: bool) -> str:
    """Return what a request without a response may have done; empty if it only reads."""
    if not sent:
        return NOTHING_SENT
    return "" if effect == "reads" else _DONE.get(effect, _DONE["rings"])
