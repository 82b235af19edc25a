"""Parse events: raw bytes and header fields -> a typed event, or the violations that prevent it."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.validation.json_value import DEFAULT_LIMITS, Limits
from vocode_contract.validation.lifecycle.call_life import DETECTION
from vocode_contract.validation.lifecycle.event_order import digest_of_event
from vocode_contract.validation.masking import describe, shown_word
from vocode_contract.validation.validator import Verdict
from vocode_contract.validation.violation import Violation, has_error
from vocode_contract.webhooks.external_actions import ExternalAction
from vocode_contract.webhooks.request import Body, Headers, header_violations, raw, read_headers, report, validator
from vocode_contract.webhooks.signature import HEADER

if TYPE_CHECKING:
    from vocode_contract.contract.types import HumanDetectionEventPayload

#: The types of events in all contracts, except that of human detection.
FreeFormType: TypeAlias = Literal[
    "event_message",
    "event_action",
    "event_phone_call_connected",
    "event_phone_call_ended",
    "event_phone_call_did_not_connect",
    "event_transcript",
    "event_recording",
]

CONFIRM_HINT = "events are unsigned, so anyone can post one: confirm what matters by Get Call (GET /v1/calls?id=...)"
_FLAT_NOTE = "conversation_id came: events of the open-source library have a different, flat format"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Event:
    """One event of one call; its representation shows nothing of the payload.

    `parse_event` returns a `DetectionEvent` or a `FreeFormEvent`, which type checkers tell apart by `type`. Events are
    equal if their fields are.

    Attributes:
        type: Such as ``event_recording``; a type that the contract does not know is drift.
        call_id: Id of the call, in lower case.
        payload: Empty if it was missing or null. Documented only for ``event_human_detection``:
            ``{"result": "human" | "no_human"}``.
    """

    type: str
    call_id: str
    payload: Mapping[str, Any] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Event):
            return NotImplemented
        return (self.type, self.call_id, self.payload) == (other.type, other.call_id, other.payload)

    def __hash__(self) -> int:
        return hash((self.type, self.call_id, self.payload))

    def __repr__(self) -> str:
        kind = shown_word(self.type) or "*"
        return f"Event(type={kind}, payload=<{describe(dict(self.payload))}>)"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class DetectionEvent(Event):
    """The event of human detection, the only one with a documented payload.

    Under the profile ``tolerant`` the result may be a word that the type does not list.
    """

    type: Literal["event_human_detection"]
    payload: "HumanDetectionEventPayload"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class FreeFormEvent(Event):
    """An event whose payload is not documented.

    Under the profile ``tolerant`` it may be of a type that is not listed here.
    """

    type: FreeFormType


@dataclass(frozen=True, slots=True, kw_only=True)
class EventVerdict:
    """The result of checking a delivery to a webhook.

    Attributes:
        event: The event; ``None`` if there is a violation of severity ``error``.
        violations: Those of the body in the order of the schema, then those of the header fields; also drift and
            advice.
        authentic: Always false: events are not signed.
        hint: How to confirm an event.
    """

    event: DetectionEvent | FreeFormEvent | None
    violations: tuple[Violation, ...]
    authentic: ClassVar[Literal[False]] = False
    hint: ClassVar[str] = CONFIRM_HINT

    @property
    def conforms(self) -> bool:
        """Whether there is no violation of severity ``error``."""
        return not has_error(self.violations)


def parse_event(
    body: Body,
    headers: Headers = None,
    *,
    contract: str | Contract | None = None,
    profile: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> EventVerdict:
    """Check a delivery to a webhook; no input raises.

    For a date, the default profile is ``tolerant``: no document promises that a refused event is sent again, so a
    receiver that refuses an event type or value newer than its contract loses the event. Whatever is newer is reported
    as drift. Use ``wire`` to test the provider.

    Args:
        body: The raw body.
        headers: A mapping, another object with ``items()``, or pairs; names in any case.
        contract: A date, or a `Contract`; by default the default contract.
        profile: ``documented``, ``wire`` or ``tolerant``; by default that of the `Contract`, for a date
            ``tolerant``.
        limits: Bounds on the body.

    Raises:
        ContractError: There is no such contract or profile, the body is not bytes, or the headers have another form.
    """
    schema = validator("WebhookEvent", contract, profile, limits)
    verdict = schema.validate(raw(body))
    fields = read_headers(headers)
    found = (
        *_body_violations(verdict, contract, profile, limits),
        *header_violations(fields, schema.contract),
        *_signature_violations(fields, schema.contract),
    )
    return EventVerdict(event=None if has_error(found) else _event(verdict.value), violations=found)


def _event(value: dict[str, Any]) -> DetectionEvent | FreeFormEvent:
    kind, call_id = value["type"], value["call_id"].lower()
    payload: Any = value.get("payload") or {}
    if kind == DETECTION:
        return DetectionEvent(type=kind, call_id=call_id, payload=payload)
    return FreeFormEvent(type=kind, call_id=call_id, payload=payload)


def _body_violations(
    verdict: Verdict, contract: str | Contract | None, profile: str | None, limits: Limits
) -> Iterator[Violation]:
    value = verdict.value
    flat = isinstance(value, dict) and "conversation_id" in value and "call_id" not in value
    for violation in (*verdict.violations, *_other_violations(verdict, contract, profile, limits)):
        missing = violation.instance_pointer == "/call_id" and violation.code == "required"
        yield replace(violation, note=_FLAT_NOTE) if flat and missing else violation


def _other_violations(
    verdict: Verdict, contract: str | Contract | None, profile: str | None, limits: Limits
) -> Iterator[Violation]:
    """Yield the other violations of an event of unknown type, of which the union checks only the type."""
    if any(violation.code == "union-type" for violation in verdict.violations):
        other = validator("OtherEvent", contract, profile, limits).validate(verdict.value)
        yield from (violation for violation in other.violations if violation.instance_pointer != "/type")


def _signature_violations(fields: Mapping[bytes, bytes], contract: Contract) -> Iterator[Violation]:
    if HEADER.encode() in fields:
        yield from report("event-signed", contract, expected=f"no {HEADER}", actual="one", note="it was not verified")


def idempotency_key(received: Event | ExternalAction | Body) -> str:
    """Return a key that is the same for every copy of a delivery, however it is spelt.

    It is the SHA-256 of type, call and payload in canonical JSON (keys sorted, no spaces, 67 for 67.0), not of the raw
    body: a proxy or a second sender may use another order of keys, other spaces, escapes or spellings of numbers for
    the same event, and processing one event twice does harm. Payloads that are ``null``, ``{}`` or missing are the
    same.

    Two events that say the same, such as "yes" twice without a time in the payload, have the same key, as they would
    by their raw bodies. An external action has neither time nor nonce, so the same request made twice cannot be
    distinguished from a replay: send the stored response again instead of acting again.

    Args:
        received: An event, an action, or the raw body of an event. For a body that holds no event, the key is derived
            from its bytes.

    Returns:
        64 hexadecimal digits, from which the payload can be found only by guessing it.

    Raises:
        InvalidOption: The payload holds what JSON cannot, or the body is not bytes.
    """
    if isinstance(received, Event | ExternalAction):
        return _digest(received)
    data = raw(received)
    event = parse_event(data).event
    return _digest(event) if event else hashlib.sha256(b"raw:" + data).hexdigest()


def _digest(received: Event | ExternalAction) -> str:
    kind = received.type if isinstance(received, Event) else "external_action"
    try:
        return digest_of_event(kind, received.call_id, dict(received.payload)).hex()
    except TypeError:
        raise InvalidOption("received", "its payload cannot be written as JSON") from None
