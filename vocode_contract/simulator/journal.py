"""The last requests that came, so that a person can see what a client really sends; shown masked."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from vocode_contract.contract import Contract, Operation
from vocode_contract.exchange import Request
from vocode_contract.reading import Unreadable, read
from vocode_contract.redaction import mask, masked, shown_key
from vocode_contract.simulator.clock import date_time

#: How many requests are remembered, and how many bytes of each body.
REMEMBERED = 100
_KEPT = 16_384
_LONGEST = 2_048

_METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))
_PLAIN = re.compile(r"[0-9]{1,4}|true|false|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A request that was answered; its headers are not kept.

    Attributes:
        at: When, in seconds since the epoch.
        operation: The operation that it reached, if any.
        request: What was asked, without headers, and without a body that is too long.
        size: Bytes of the body.
        status: Status of the answer.
    """

    at: float
    operation: Operation | None
    request: Request
    size: int
    status: int


@dataclass(slots=True)
class Journal:
    """A ring of requests."""

    _entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=REMEMBERED), repr=False)

    def write(self, at: float, operation: Operation | None, request: Request, status: int) -> None:
        """Remember a request, and forget the oldest if there are too many."""
        body = request.body if len(request.body) <= _KEPT else b""
        kept = Request(method=request.method, path=request.path[:_LONGEST], query=request.query[:_LONGEST], body=body)
        entry = Entry(at=at, operation=operation, request=kept, size=len(request.body), status=status)
        self._entries.append(entry)

    def shown(self, contract: Contract) -> Iterator[dict[str, Any]]:
        """Yield the requests as JSON values, the newest first, with everything masked that may tell something."""
        for entry in reversed(tuple(self._entries)):
            request, operation = entry.request, entry.operation
            yield {
                "at": date_time(entry.at, "Z"),
                "operation": operation.name if operation else None,
                "method": request.method if request.method in _METHODS else mask(request.method, "text"),
                "path": operation.path if operation else mask(request.path, "text"),
                "query": _query(request.query),
                "body": _body(request.body, operation, contract),
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
