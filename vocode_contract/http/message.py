"""HTTP messages as values: a request, a response, and the exchange of both."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from vocode_contract.http.content_coding import Undecodable, decode
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Defect, Limits, Unreadable

Headers = tuple[tuple[str, str], ...]

#: Bytes of a response body: the default maximum, and the highest maximum that can be set.
MAX_BODY, LARGEST_BODY = 8_388_608, 67_108_864
#: The size of a body was limited where it was received, so no other limit applies here.
BODY_LIMITS = Limits(size=LARGEST_BODY)

_REFUSED = ("q=0", "q=0.0", "q=0.00", "q=0.000")

#: Headers that authenticate, in lower case.
SECRET_HEADERS = frozenset(("authorization", "proxy-authorization", "cookie", "x-api-key"))
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
        secret_headers: Names of headers, in lower case, whose values are not kept in a copy.
        scheme: ``https`` or ``http``; empty if unknown.
    """

    method: str
    path: str
    query: str = field(default="", repr=False)
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    secret_headers: frozenset[str] = field(default=SECRET_HEADERS, repr=False)
    scheme: str = ""

    def header(self, name: str) -> str | None:
        """Return the first header of that name, whatever its case."""
        return _header(self.headers, name)

    def __reduce__(self) -> tuple[object, ...]:
        """Mask credentials when pickled or copied: no file and no other process needs them."""
        headers = tuple((name, _MASK if name.lower() in self.secret_headers else value) for name, value in self.headers)
        return _restore, (self.method, self.path, self.query, headers, self.body, self.secret_headers, self.scheme)


def _restore(*values: Any) -> Request:
    method, path, query, headers, body, names, scheme = values
    return Request(
        method=method, path=path, query=query, headers=headers, body=body, secret_headers=names, scheme=scheme
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The JSON value of a body, or the reason why it has none.

    Attributes:
        value: The parsed value; ``None`` if there is none.
        defect: Why the body holds no JSON; ``None`` if it does.
    """

    value: Any = field(default=None, repr=False)
    defect: Defect | None = None

    @classmethod
    def from_bytes(cls, body: bytes) -> "Document":
        """Parse a body strictly (RFC 8259; RFC 7493 for duplicate keys and wide numbers)."""
        try:
            return cls(value=read(body, BODY_LIMITS))
        except Unreadable as error:
            return cls(defect=error.defect)


@dataclass(frozen=True, kw_only=True)
class Response:
    """An HTTP response; its representation shows neither headers nor body.

    Attributes:
        headers: Names and values in order of appearance.
        body: Raw bytes as received, or their content if `is_decoded`.
        oddities: Framing errors in the bytes around them, as phrases; empty if nobody looked.
        is_decoded: Whether the content codings that the headers name are undone.
        undecodable: A phrase that describes the body if a coding could not be undone; empty otherwise.
    """

    status: int
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    oddities: tuple[str, ...] = ()
    is_decoded: bool = False
    undecodable: str = ""

    def header(self, name: str) -> str | None:
        """Return the first header of that name, whatever its case."""
        return _header(self.headers, name)

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case; empty for none."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    @cached_property
    def date(self) -> float | None:
        """The server's time, in seconds since the epoch; ``None`` without a valid Date header."""
        try:
            return parsedate_to_datetime(self.header("date") or "").timestamp()
        except (ValueError, TypeError, OverflowError):
            return None

    @property
    def document(self) -> Document:
        """The body parsed as JSON; parsed on every access, since a value can take 20 times the memory of its text."""
        return Document.from_bytes(self.body)


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request and the complete response to it.

    Attributes:
        seconds: Time from sending to the last byte; ``None`` if nobody measured.
    """

    request: Request
    response: Response
    seconds: float | None = None

    @property
    def document(self) -> Document:
        """The response body parsed as JSON, if its content coding is undone."""
        if self.response.is_decoded or not self.unasked_coding:
            return self.response.document
        actual = self.response.undecodable or "a body with a content coding"
        return Document(defect=Defect(code="json-invalid", expected="a JSON value", actual=actual))

    def with_decoded_body(self, most: int = MAX_BODY) -> "Exchange":
        """Return the exchange with the body decoded, if the request did not ask for its content coding.

        Args:
            most: Maximum size of the content in bytes.
        """
        response = self.response
        if not self.unasked_coding or not response.body or response.is_decoded or response.undecodable:
            return self
        try:
            content = decode(response.body, self.unasked_coding, most)
        except Undecodable as reason:
            return replace(self, response=replace(response, undecodable=str(reason)))
        return replace(self, response=replace(response, body=content, is_decoded=True))

    @cached_property
    def unasked_coding(self) -> str:
        """The content codings that the request did not ask for, with commas between them; empty for none.

        Source: RFC 9110, sections 8.4 and 12.5.3; a field may come in several lines.
        """
        taken = {
            name for name, weight in _split_field(self.request.headers, "accept-encoding") if weight not in _REFUSED
        }
        codings = (name for name, _ in _split_field(self.response.headers, "content-encoding"))
        return ", ".join(name for name in codings if name != "identity" and not taken & {name, "*"})


def _split_field(headers: Headers, name: str) -> Iterator[tuple[str, str]]:
    """Yield the items of a list-valued field in lower case, each with its weight, such as ``q=0.5``."""
    for value in (value.lower() for key, value in headers if key.lower() == name):
        for item in filter(None, map(str.strip, value.split(","))):
            coding, _, weight = item.partition(";")
            yield coding.strip(), weight.replace(" ", "")
