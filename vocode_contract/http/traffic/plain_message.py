"""Requests and responses made of plain values from any HTTP library, with the same attributes as those of httpx."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from vocode_contract.errors import InvalidOption

HeaderValues = Mapping[str, Any] | Iterable[tuple[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainUrl:
    """A URL without user name and password."""

    scheme: str
    host: str
    port: int | None
    netloc: str
    path: str
    query: str

    @classmethod
    def from_text(cls, text: str) -> "PlainUrl":
        """Parse an absolute URL.

        Raises:
            InvalidOption: It is not one.
        """
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host:
            raise InvalidOption("url", "must be absolute, such as https://api.example/v1/calls")
        netloc = parts.netloc.rpartition("@")[2]
        path, query = unquote(parts.path) or "/", parts.query
        return cls(scheme=parts.scheme, host=host, port=port, netloc=netloc, path=path, query=query)


@dataclass(frozen=True, slots=True)
class PlainHeaders:
    """Headers in order; a name may occur several times."""

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def from_values(cls, values: HeaderValues) -> "PlainHeaders":
        """Return headers from a mapping or pairs; some libraries use bytes."""
        pairs = values.items() if isinstance(values, Mapping) or hasattr(values, "items") else values
        return cls(tuple((_decode(name), _decode(value)) for name, value in pairs))

    def multi_items(self) -> tuple[tuple[str, str], ...]:
        """Return all pairs."""
        return self.pairs


def _decode(text: Any) -> str:
    return text.decode("latin-1") if isinstance(text, bytes) else str(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainMessage:
    """A request, or a response; ``content`` is ``None`` if it is not known."""

    url: PlainUrl
    headers: PlainHeaders
    content: bytes | None
    method: str = ""
    status_code: int = 0


def read_content(content: object) -> bytes | None:
    """Return a body; ``None`` for one that is not known, such as a stream."""
    if isinstance(content, str):
        return content.encode()
    return bytes(content) if isinstance(content, (bytes, bytearray, memoryview)) else None
