"""The last requests that came, so that a person can see what a client really sends; shown masked."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from vocode_contract.contract.model import Contract, Operation
from vocode_contract.http.message import Request
from vocode_contract.simulator.lifecycle.clock import date_time
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Unreadable
from vocode_contract.validation.masking import mask, masked, shown_key

#: How many requests are remembered, and how many bytes of each body.
REMEMBERED = 100
_KEPT = 16_384
_LONGEST = 2_048

_METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))
_PLAIN = re.compile(r"[0-9]{1,4}|true|false|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """A request that was answered; its headers are not kept.

    Attributes:
        at: When, in seconds since the epoch.
        operation: The operation that it reached, if any.
        method: HTTP method, as it came.
        path: The beginning of the URL path.
        query: The beginning of the query string.
        body: Raw bytes; empty for a body that is too long.
        size: Bytes of the body.
        status: Status of the response.
    """

    at: float
    operation: Operation | None
    method: str
    path: str = field(repr=False)
    query: str = field(repr=False)
    body: bytes = field(repr=False)
    size: int
    status: int


@dataclass(slots=True)
class RequestLog:
    """A ring of requests."""

    _entries: deque[LoggedRequest] = field(default_factory=lambda: deque(maxlen=REMEMBERED), repr=False)

    def write(self, at: float, operation: Operation | None, request: Request, status: int) -> None:
        """Remember a request, and forget the oldest if there are too many."""
        size = len(request.body)
        self._entries.append(
            LoggedRequest(
                at=at,
                operation=operation,
                method=request.method,
                path=request.path[:_LONGEST],
                query=request.query[:_LONGEST],
                body=request.body if size <= _KEPT else b"",
                size=size,
                status=status,
            )
        )

    def shown(self, contract: Contract) -> Iterator[dict[str, Any]]:
        """Yield the requests as JSON values, the newest first, with everything masked that may tell something."""
        for entry in reversed(tuple(self._entries)):
            operation = entry.operation
            yield {
                "at": date_time(entry.at, "Z"),
                "operation": operation.name if operation else None,
                "method": entry.method if entry.method in _METHODS else mask(entry.method, "text"),
                "path": operation.path if operation else mask(entry.path, "text"),
                "query": _query(entry.query),
                "body": _body(entry.body, operation, contract),
                "body_bytes": entry.size,
                "status": entry.status,
            }


def _query(query: str) -> list[list[str]]:
    given = parse_qsl(query.encode("utf-8", "replace").decode(), keep_blank_values=True)
    return [[shown_key(name), value if _PLAIN.fullmatch(value) else mask(value, "text")] for name, value in given]


def _body(body: bytes, operation: Operation | None, contract: Contract) -> object:
    if not body or operation is None or operation.body is None:
        return None
    try:
        return masked(read(body, strict=False), contract, operation.body)
    except Unreadable:
        return mask(body, "text")
