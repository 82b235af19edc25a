"""The body of a response: what its headers declare, and its JSON value."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from typing import Any

from vocode_contract.contract.model import Operation
from vocode_contract.http.message import Exchange, Headers, Response
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Limits, Unreadable

#: A response may be larger than a payload that a service takes in: 8 MiB unless told, and 64 MiB at most.
MAX_BODY, LARGEST_BODY = 8_388_608, 67_108_864
#: Whoever reads a response from a network has stopped before.
ANSWER_LIMITS = Limits(size=LARGEST_BODY)

_JSON = "application/json"
_REFUSED = ("q=0", "q=0.0", "q=0.00", "q=0.000")


class _Unread:
    """Stands for the value of a body that holds none."""


UNREAD = _Unread()


def parsed_body(exchange: Exchange) -> Any:
    """Return the JSON value of the body, `UNREAD` where it is compressed or holds none."""
    if unasked_coding(exchange):
        return UNREAD
    try:
        return read_body(exchange.response)
    except Unreadable:
        return UNREAD


def read_body(response: Response) -> Any:
    """Return the JSON value of the body, strictly read.

    Raises:
        Unreadable: It holds none.
    """
    kept = _KEPT.get()
    if kept is not None and kept.response is response:
        if isinstance(kept.value, Unreadable):
            raise kept.value.with_traceback(None)
        return kept.value
    body = response.body
    if kept is None or len(body) < _LARGE:
        return read(body, ANSWER_LIMITS)
    try:
        value: Any = read(body, ANSWER_LIMITS)
    except Unreadable as error:
        value = error
    kept.response, kept.value = response, value
    return read_body(response)


@contextmanager
def kept_in_mind() -> Iterator[None]:
    """Read a large body once, however often it is asked for meanwhile; nobody may change what it holds."""
    token = _KEPT.set(_Kept())
    try:
        yield
    finally:
        _KEPT.reset(token)


class _Kept:
    """The response whose large body was read last, and the result of that."""

    response: Response | None = None
    value: Any = None


_KEPT: ContextVar[_Kept | None] = ContextVar("_KEPT", default=None)
#: Bytes from which on reading is slow enough to be done once.
_LARGE = 65_536


def declared_schema(exchange: Exchange, operation: Operation) -> str | None:
    """Return the name of the schema of a JSON body that the contract declares and that can be read."""
    if unasked_coding(exchange):
        return None
    return operation.responses.get(exchange.response.status, {}).get(_JSON)


def media_type(response: Response) -> str:
    """Return the media type without parameters, in lower case; empty for none."""
    return (response.header("content-type") or "").partition(";")[0].strip().lower()


def unasked_coding(exchange: Exchange) -> str:
    """Return the content codings that the request did not ask for, with commas between them; empty for none.

    Source: RFC 9110, sections 8.4 and 12.5.3; a field may come in several lines.
    """
    codings = (name for name, _ in map(_weighed, _listed(exchange.response.headers, "content-encoding")))
    taken = {
        name
        for name, weight in map(_weighed, _listed(exchange.request.headers, "accept-encoding"))
        if weight not in _REFUSED
    }
    return ", ".join(name for name in codings if name != "identity" and not taken & {name, "*"})


def _listed(headers: Headers, name: str) -> list[str]:
    """Return the items of a field whose value is a list, in lower case."""
    values = (value for key, value in headers if key.lower() == name)
    return [item for value in values for item in map(str.strip, value.lower().split(",")) if item]


def _weighed(item: str) -> tuple[str, str]:
    name, _, weight = item.partition(";")
    return name.strip(), weight.replace(" ", "")


def date_of(response: Response) -> float | None:
    """Return the server's time, in seconds since the epoch; ``None`` where it tells none."""
    try:
        return parsedate_to_datetime(response.header("date") or "").timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
