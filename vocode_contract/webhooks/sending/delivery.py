"""Delivery: the bytes sent to one receiver, and the result."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vocode_contract.errors import InvalidOption
from vocode_contract.validation.masking import shown_word
from vocode_contract.webhooks.sending.log import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """The response; its representation holds no body.

    Attributes:
        outcome: The result of the delivery.
        status: Of the response; ``None`` where none came.
        body: Raw bytes; empty where none came or it was too large.
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
    """One request to a receiver; its representation holds neither body nor full address.

    Attributes:
        url: Where to.
        body: Raw bytes.
        method: ``POST`` or ``GET``; a GET carries the body too, since no document says otherwise.
        headers: Beside those that HTTP needs.
        label: What the log calls it, such as the kind of event.
        call_id: Deliveries of one call to one address arrive in the order in which they were handed over.
        again: Whether it is sent again as the policy says; once at most else.
        describe: Says in words, safe to show, what the last response is worth; ``None`` where nobody asks.
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
        """Refuse other methods.

        Raises:
            InvalidOption: The method is neither GET nor POST.
        """
        if self.method not in METHODS:
            raise InvalidOption("method", "is GET or POST")


def event_body(content: Mapping[str, Any]) -> bytes:
    """Write an event as the API's framework writes JSON: without spaces, in UTF-8."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def event_delivery(content: Mapping[str, Any], url: str, *, method: str = "POST") -> Delivery:
    """Make a delivery of an event.

    Args:
        content: In the shape of the contract's WebhookEvent.
        url: The webhook's.
        method: The webhook's.
    """
    return Delivery(
        url=url,
        body=event_body(content),
        method=method,
        label=(shown_word(content.get("type")) or "").strip('"'),
        call_id=str(content.get("call_id", "")),
    )
