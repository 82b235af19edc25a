"""Check redirects, and describe where they lead without the secrets in a Location."""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from vocode_contract.http.message import Request
from vocode_contract.http.operation_exchange import OperationExchange
from vocode_contract.http.url import DEFAULT_PORTS
from vocode_contract.validation.safe_text import escape_hashes
from vocode_contract.validation.violation import Violation

_NOT_MODIFIED = 304
_SHOWN = 100
#: A phone number, a token; not an id of a call, whose longest group has twelve characters.
_SUSPECT = re.compile(r"[0-9]{7,}|[A-Za-z0-9_]{20,}")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,15}")


def is_redirect(status: int) -> bool:
    """Return whether a status code sends the client elsewhere; 304 sends it to what it has."""
    return 300 <= status < 400 and status != _NOT_MODIFIED


def check_redirect(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield a violation for a redirect: a client that sends a POST again may end or place a call twice.

    Source: RFC 6454, section 4, for origins; RFC 6750, section 5.3, for tokens without TLS.
    """
    status, statuses = exchange.response.status, exchange.operation.statuses
    if is_redirect(status) and status not in statuses:
        request = exchange.exchange.request
        is_elsewhere, destination = _find_destination(request, exchange.response.header("location") or "")
        yield exchange.violation(
            "redirect-elsewhere" if is_elsewhere else "redirect",
            expected=f"one of {', '.join(map(str, sorted(statuses)))}",
            actual=f"{status} {destination}",
            source="/responses",
        )


def _find_destination(request: Request, location: str) -> tuple[bool, str]:
    """Return whether a redirect leads to another origin, and a description of where.

    The description contains no user name, query or fragment, and nothing that may be a phone number or a token.
    """
    try:
        there = urlsplit(location.strip())
        if there.netloc and there.hostname is None:
            raise ValueError
        other = _find_difference(request, there)
    except ValueError:
        return True, "to an invalid URL"
    if there.scheme and there.scheme not in DEFAULT_PORTS:
        known = _SCHEME.fullmatch(there.scheme)
        return True, f"to an address of the scheme {there.scheme}" if known else "to an address of another scheme"
    host = there.netloc.rpartition("@")[2]
    text = escape_hashes(f"{f'//{host}' if host else ''}{_SUSPECT.sub('*', there.path)}"[:_SHOWN])
    return bool(other), f"to {f'{other}, ' if other else ''}{text}" if text else "without a Location"


def _find_difference(request: Request, there: SplitResult) -> str:
    """Return the part of the origin in which a URL differs from that of the request; empty if none differs.

    Raises:
        ValueError: A port is not a number.
    """
    if not there.netloc:
        return ""
    scheme = request.scheme or there.scheme
    here = urlsplit(f"{scheme}://{request.header('host') or ''}")
    target = there.scheme or scheme
    if there.hostname != here.hostname:
        return "another host"
    if target != scheme:
        return "http, without TLS" if target == "http" else "another scheme"
    default = DEFAULT_PORTS.get(scheme)
    return "" if (there.port or default) == (here.port or default) else "another port"
