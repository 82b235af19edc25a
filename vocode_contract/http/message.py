"""HTTP messages as values: a request, a response, and the exchange of both."""

from dataclasses import dataclass, field
from typing import Any

Headers = tuple[tuple[str, str], ...]

_SECRETS = frozenset(("authorization", "proxy-authorization", "cookie", "x-api-key"))
_MASK = "<token>"


def _header(headers: Headers, name: str) -> str | None:
    wanted = name.lower()
    for key, value in headers:
        if key.lower() == wanted:
            return value
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request; its representation shows neither headers, query nor body.

    Attributes:
        method: HTTP method in capitals.
        path: URL path, percent-encoded, without the query.
        query: Query string without ``?``; may be empty.
        headers: Names and values in order of appearance.
        body: Raw bytes; empty for none.
    """

    method: str
    path: str
    query: str = field(default="", repr=False)
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """Return the first header of that name, whatever its case."""
        return _header(self.headers, name)

    def __reduce__(self) -> tuple[object, ...]:
        """Leave out what authenticates where it is pickled or copied: a file or another process has no use for it."""
        headers = tuple((name, _MASK if name.lower() in _SECRETS else value) for name, value in self.headers)
        return _restored, (self.method, self.path, self.query, headers, self.body)


def _restored(*values: Any) -> Request:
    method, path, query, headers, body = values
    return Request(method=method, path=path, query=query, headers=headers, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An HTTP response; its representation shows neither headers nor body.

    Attributes:
        status: Status code.
        headers: Names and values in order of appearance.
        body: Raw bytes as received, no content coding undone.
        oddities: What was odd in the bytes around them, as phrases; empty where nobody looked.
    """

    status: int
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    oddities: tuple[str, ...] = ()

    def header(self, name: str) -> str | None:
        """Return the first header of that name, whatever its case."""
        return _header(self.headers, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and the complete response to it.

    Attributes:
        request: What was asked.
        response: What was answered.
        seconds: Time from sending to the last byte; ``None`` where nobody measured.
    """

    request: Request
    response: Response
    seconds: float | None = None
