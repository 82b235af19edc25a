"""A log of the latest requests, masked, so that a person can see what a client really sends."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Operation
from vocode_contract.http.message import Request
from vocode_contract.simulator.lifecycle.clock import date_time
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Unreadable
from vocode_contract.validation.masking import mask, mask_method, mask_payload, shown_key

#: Requests in the log; bytes of a body, which is dropped if it is longer; characters of a path or query.
REMEMBERED = 100
_MAX_BODY = 16_384
_MAX_TEXT = 2_048

_PLAIN = re.compile(r"[0-9]{1,4}|true|false|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """A request and the status of its response, without headers; ``size`` counts the bytes of its body."""

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
    """The latest requests."""

    _entries: deque[LoggedRequest] = field(default_factory=lambda: deque(maxlen=REMEMBERED), repr=False)

    def write(self, at: float, operation: Operation | None, request: Request, status: int) -> LoggedRequest:
        """Add a request, and return its entry; ``at`` is in seconds since the epoch."""
        size = len(request.body)
        entry = LoggedRequest(
            at=at,
            operation=operation,
            method=request.method,
            path=request.path[:_MAX_TEXT],
            query=request.query[:_MAX_TEXT],
            body=request.body if size <= _MAX_BODY else b"",
            size=size,
            status=status,
        )
        self._entries.append(entry)
        return entry

    def clear(self) -> None:
        """Remove all requests."""
        self._entries.clear()

    def serialize(self, contract: Contract) -> Iterator[dict[str, Any]]:
        """Yield the requests as JSON values, newest first, with everything masked that may be confidential."""
        for entry in reversed(tuple(self._entries)):
            operation = entry.operation
            yield {
                "at": date_time(entry.at, "Z"),
                "operation": operation.name if operation else None,
                "method": mask_method(entry.method),
                "path": mask_path(entry.path, operation),
                "query": mask_query(entry.query),
                "body": mask_body(entry.body, operation, contract),
                "body_bytes": entry.size,
                "status": entry.status,
            }


def describe_request(entry: LoggedRequest, seconds: float) -> str:
    """Return a request, its status and the time until its response was sent on one line, masked."""
    path = mask_path(entry.path, entry.operation)
    request = join_request(mask_method(entry.method), path, mask_query(entry.query), entry.status)
    return f"{request}  {seconds * 1000:.0f} ms"


def join_request(method: str, path: str, query: Iterable[tuple[str, str]], status: int | None) -> str:
    """Return a request, which is masked already, and the status of its response on one line."""
    arguments = "&".join(f"{name}={value}" for name, value in query)
    return " ".join(filter(None, (method, f"{path}?{arguments}" if arguments else path, str(status or ""))))


def mask_path(path: str, operation: Operation | None) -> str:
    """Return the path of an operation without its prefix; nothing is shown of an unknown one."""
    return operation.path if operation else mask(path, "text")


@lru_cache(maxsize=REMEMBERED)
def mask_query(query: str) -> tuple[tuple[str, str], ...]:
    """Return the names and values of a query, those masked that may be a phone number or a token."""
    given = parse_qsl(query.encode("utf-8", "replace").decode(), keep_blank_values=True)
    return tuple(
        [(shown_key(name), value if _PLAIN.fullmatch(value) else mask(value, "text")) for name, value in given]
    )


def mask_body(body: bytes, operation: Operation | None, contract: Contract) -> object:
    """Return the JSON value of a request's body, masked; ``None`` if there is none."""
    if not body or operation is None or operation.body is None:
        return None
    try:
        return mask_payload(read(body, strict=False), contract, operation.body)
    except Unreadable:
        return mask(body, "text")
