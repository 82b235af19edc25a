"""What an answer holds, as far as it can be read: what its headers say, and the JSON value of its body."""

from email.utils import parsedate_to_datetime
from typing import Any

from vocode_contract.contract import Operation
from vocode_contract.exchange import Exchange, Response
from vocode_contract.reading import Limits, Unreadable, read

#: An answer may be larger than a payload that a service takes in: 8 MiB.
ANSWER_LIMITS = Limits(size=8_388_608)

_JSON = "application/json"


class _Unread:
    """Stands for the value of a body that holds none."""


UNREAD = _Unread()


def parsed_body(exchange: Exchange) -> Any:
    """Return the JSON value of the body, `UNREAD` where it is compressed or holds none."""
    if unasked_coding(exchange):
        return UNREAD
    try:
        return read(exchange.response.body, ANSWER_LIMITS)
    except Unreadable:
        return UNREAD


def declared_schema(exchange: Exchange, operation: Operation) -> str | None:
    """Return the name of the schema of a JSON body that the contract declares and that can be read."""
    if unasked_coding(exchange):
        return None
    return operation.responses.get(exchange.response.status, {}).get(_JSON)


def media_type(response: Response) -> str:
    """Return the media type without parameters, in lower case; empty for none."""
    return (response.header("content-type") or "").partition(";")[0].strip().lower()


def unasked_coding(exchange: Exchange) -> str:
    """Return the content coding of an answer to a request that asked for none; empty for none."""
    coding = (exchange.response.header("content-encoding") or "").strip().lower()
    asked = (exchange.request.header("accept-encoding") or "identity").lower()
    return "" if coding in ("", "identity") or coding in asked else coding


def date_of(response: Response) -> float | None:
    """Return the server's time, in seconds since the epoch; ``None`` where it tells none."""
    try:
        return parsedate_to_datetime(response.header("date") or "").timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
