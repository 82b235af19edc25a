"""A delivery to a receiver, its result, and the record of an attempt."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from vocode_contract.errors import InvalidOption
from vocode_contract.validation.masking import shown_word

Outcome: TypeAlias = Literal[
    "delivered",  # 2xx
    "redirected",  # 3xx, which is not followed
    "refused",  # 4xx
    "failed",  # 5xx, or an invalid status
    "timeout",
    "unreachable",
    "closed",
    "protocol",
    "too-large",
    "not-allowed",  # nothing was sent
    "abandoned",  # the deliverer was closed first
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """The result of a delivery.

    Attributes:
        status: Of the response; ``None`` if none came.
        body: Raw bytes, not shown; empty if none came or it was too large.
        seconds: How long it took.
    """

    outcome: Outcome
    status: int | None = None
    body: bytes = field(default=b"", repr=False)
    seconds: float = 0.0


METHODS = ("GET", "POST")
JSON = ("content-type", "application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One request to a receiver; its representation shows neither body nor URL.

    Attributes:
        method: ``POST`` or ``GET``; a GET has the body too, since no document says otherwise.
        headers: In addition to those that HTTP needs.
        label: Name in the log, such as the type of the event.
        call_id: Deliveries of one call to one URL arrive in order.
        again: Whether it may be sent again by the retry policy.
        describe: Describes the last response for the log, safe to show.

    Raises:
        InvalidOption: The method is neither GET nor POST.
    """

    url: str = field(repr=False)
    body: bytes = field(repr=False)
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = field(default=(JSON,), repr=False)
    label: str = ""
    call_id: str = field(default="", repr=False)
    again: bool = True
    describe: "Callable[[DeliveryResult], str] | None" = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InvalidOption("method", "must be GET or POST")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to deliver, safe to show.

    Attributes:
        number: Number of the delivery, from 1.
        label: What was delivered, such as the type of the event; may be empty.
        call_id: Empty if it is not a UUID.
        url: Without query and whatever may be a token.
        attempt: From 1.
        status: Of the response; ``None`` if none came.
        seconds: Until the last byte was received, or the attempt was given up.
        final: Whether there is no further attempt.
        note: The description of the response, if the delivery has one.
    """

    number: int
    label: str
    call_id: str
    url: str
    method: str
    attempt: int
    outcome: Outcome
    status: int | None
    seconds: float
    final: bool
    note: str = ""


def event_body(content: Mapping[str, Any]) -> bytes:
    """Return the body of an event as the API's framework writes JSON: without spaces, in UTF-8."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def event_delivery(content: Mapping[str, Any], url: str, *, method: str = "POST") -> Delivery:
    """Return the delivery of an event, given in the shape of the contract's WebhookEvent, to a webhook."""
    return Delivery(
        url=url,
        body=event_body(content),
        method=method,
        label=(shown_word(content.get("type")) or "").strip('"'),
        call_id=str(content.get("call_id", "")),
    )
