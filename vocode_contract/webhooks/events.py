"""Events: raw bytes and header fields -> a typed event, or the violations that say why there is none."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.validation.json_value import DEFAULT_LIMITS, Limits
from vocode_contract.validation.lifecycle.event_order import digest_of_event
from vocode_contract.validation.masking import described, shown_word
from vocode_contract.validation.validator import Verdict
from vocode_contract.validation.violation import Violation
from vocode_contract.webhooks.external_actions import ExternalAction
from vocode_contract.webhooks.request import Body, Headers, conforms, fields_of, header_violations, raw, told, validator
from vocode_contract.webhooks.signature import HEADER

#: What to do about events being unsigned.
CONFIRM_HINT = "events are unsigned, so anyone can post one: confirm what matters by Get Call (GET /v1/calls?id=...)"
_FLAT_NOTE = "conversation_id came: events of the open-source library have another, flat format"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Event:
    """One event of one call; its representation shows nothing of the payload.

    Attributes:
        type: Kind of event, such as ``event_recording``; one that the contract does not know is drift.
        call_id: Id of the call, in lower case.
        payload: What happened; empty where none or null came. Documented for
            ``event_human_detection`` alone: ``{"result": "human" | "no_human"}``.
    """

    type: str
    call_id: str
    payload: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        kind = shown_word(self.type) or "*"
        return f"Event(type={kind}, payload=<{described(dict(self.payload))}>)"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventVerdict:
    """What a delivery to a webhook was.

    Attributes:
        event: The event; ``None`` where a violation of severity ``error`` was found.
        violations: The body's first, in the order of the schema, then the header fields'; drift and
            advice among them.
        authentic: Never: no event is signed.
        hint: What to do about that.
    """

    event: Event | None
    violations: tuple[Violation, ...]
    authentic: ClassVar[Literal[False]] = False
    hint: ClassVar[str] = CONFIRM_HINT

    @property
    def conforms(self) -> bool:
        """Whether there is no violation of severity ``error``."""
        return conforms(self.violations)


def parse_event(
    body: Body,
    headers: Headers = None,
    *,
    contract: str | None = None,
    profile: str = "tolerant",
    limits: Limits = DEFAULT_LIMITS,
) -> EventVerdict:
    """Check what was posted to a webhook; no input raises.

    The profile is ``tolerant`` unless told: no document promises that a refused event is sent again, so
    a receiver that refuses a kind of event, or a value, newer than its contract loses it for good. What
    is newer is still told, as drift. Tests of the provider check by ``wire``.

    Args:
        body: The raw body.
        headers: A mapping, anything else with ``items()``, or pairs; names in any case.
        contract: A date; the default contract without.
        profile: ``documented``, ``wire`` or ``tolerant``.
        limits: Bounds on the body.

    Returns:
        The event or why there is none. The event is never authentic: nothing is signed.

    Raises:
        ContractError: There is no such contract or profile, the body is not bytes, or the headers have none
            of these forms.
    """
    judging = validator("WebhookEvent", contract, profile, limits)
    verdict = judging.validate(raw(body))
    fields = fields_of(headers)
    found = (
        *_body_violations(verdict, contract, profile, limits),
        *header_violations(fields, judging.contract),
        *_signed(fields, judging.contract),
    )
    return EventVerdict(event=_event(verdict.value) if conforms(found) else None, violations=found)


def _event(value: dict[str, Any]) -> Event:
    return Event(type=value["type"], call_id=value["call_id"].lower(), payload=value.get("payload") or {})


def _body_violations(verdict: Verdict, contract: str | None, profile: str, limits: Limits) -> Iterator[Violation]:
    value = verdict.value
    flat = isinstance(value, dict) and "conversation_id" in value and "call_id" not in value
    for violation in (*verdict.violations, *_envelope(verdict, contract, profile, limits)):
        missing = violation.instance_pointer == "/call_id" and violation.code == "required"
        yield replace(violation, note=_FLAT_NOTE) if flat and missing else violation


def _envelope(verdict: Verdict, contract: str | None, profile: str, limits: Limits) -> Iterator[Violation]:
    """Yield what else is wrong with an event of an unknown kind: its tag leaves the rest unjudged."""
    if any(violation.code == "union-type" for violation in verdict.violations):
        other = validator("OtherEvent", contract, profile, limits).validate(verdict.value)
        yield from (violation for violation in other.violations if violation.instance_pointer != "/type")


def _signed(fields: Mapping[bytes, bytes], contract: Contract) -> Iterator[Violation]:
    if HEADER.encode() in fields:
        yield from told("event-signed", contract, expected=f"no {HEADER}", actual="one", note="it was not verified")


def idempotency_key(received: Event | ExternalAction | Body) -> str:
    """Derive the key: the same for the same delivery, however often and in whatever spelling it comes.

    It is a SHA-256 over kind, call and payload written canonically (keys sorted, no spaces), not over the
    raw body: a proxy or a second sender may order keys, space or escape the same event otherwise, and to
    take one for two does harm, while nothing but the spelling tells such bodies apart. ``null``, ``{}``
    and no payload are one.

    The price: two events that truly say the same, such as "yes" said twice without a time in the
    payload, have one key; so they would by their raw bodies. An external action has neither time nor
    nonce, so the agent that asks twice for the same cannot be reported from a replay: answer it again with
    the response that was kept, do not act again.

    Args:
        received: An event, an action, or the raw body of an event. A body that holds no event has a key
            by its bytes.

    Returns:
        64 hexadecimal digits; they tell nothing of the payload to those who cannot guess it.

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
        raise InvalidOption("received", "its payload holds what JSON cannot") from None
