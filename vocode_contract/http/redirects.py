"""Redirects: never followed, and reported without secrets in their Location."""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from vocode_contract.http.message import Exchange
from vocode_contract.http.operation_exchange import OperationExchange
from vocode_contract.validation.safe_text import escape_hashes
from vocode_contract.validation.violation import Violation

_HTTP = ("", "http", "https")
_NOT_MODIFIED = 304
_SHOWN = 100
#: A phone number, a token; not an id of a call, whose longest group has twelve characters.
_SUSPECT = re.compile(r"[0-9]{7,}|[A-Za-z0-9_]{20,}")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,15}")


def is_redirect(status: int) -> bool:
    """Return whether a status code sends the client elsewhere; 304 sends it to what it has."""
    return 300 <= status < 400 and status != _NOT_MODIFIED


def check_redirect(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield a violation for a redirect: a POST that is sent again ends or rings twice."""
    status, statuses = exchange.response.status, exchange.operation.statuses
    if is_redirect(status) and status not in statuses:
        location = _location(exchange.exchange)
        elsewhere = _leads_elsewhere(exchange.exchange, location)
        yield exchange.violation(
            "redirect-elsewhere" if elsewhere else "redirect",
            expected=f"one of {', '.join(map(str, sorted(statuses)))}",
            actual=f"{status} {_destination(location, elsewhere=elsewhere)}, which was not followed",
            source="/responses",
        )


def _location(exchange: Exchange) -> SplitResult | None:
    """Return where a redirect leads; ``None`` where that is no URL."""
    try:
        parts = urlsplit((exchange.response.header("location") or "").strip())
        return parts if parts.hostname is not None or not parts.netloc else None
    except ValueError:
        return None


def _leads_elsewhere(exchange: Exchange, location: SplitResult | None) -> bool:
    """Return whether a redirect leads away from the host that was asked."""
    if location is None or location.scheme not in _HTTP:
        return True
    asked = urlsplit(f"//{exchange.request.header('host') or ''}")
    return bool(location.netloc) and location.hostname != asked.hostname


def _destination(location: SplitResult | None, *, elsewhere: bool) -> str:
    """Describe where a redirect leads: no user, no query, no fragment, and nothing that may be a number or a token."""
    if location is None:
        return "to what is no URL"
    if location.scheme not in _HTTP:
        known = _SCHEME.fullmatch(location.scheme)
        return f"to an address of the scheme {location.scheme}" if known else "to an address of another scheme"
    path = _SUSPECT.sub("*", location.path)
    host = location.netloc.rpartition("@")[2]
    text = escape_hashes(f"{f'//{host}' if host else ''}{path}"[:_SHOWN])
    where = "to another host, " if elsewhere else "to "
    return f"{where}{text}" if text else "without a Location"
