"""The events that a receiver gets for one call, in order, and the deliveries made of them.

No document says what most payloads hold. These hold a little, so that a receiver can distinguish two events of one
type.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vocode_contract.contract.fit import fit
from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.validation.lifecycle.call_life import (
    ANSWER,
    DETECT_HUMAN,
    DETECT_MACHINE,
    ENDED,
    RECORD,
    SPEAK,
    START_TRANSFER,
    TRANSCRIBE,
    CallStep,
)
from vocode_contract.validation.masking import Secret
from vocode_contract.webhooks import Event
from vocode_contract.webhooks.sending.delivery import JSON, Delivery, event_delivery
from vocode_contract.webhooks.sending.external_actions import LABEL, action_delivery
from vocode_contract.webhooks.stress.arrival_orders import ARRANGEMENTS
from vocode_contract.webhooks.stress.malformed import Odd, odd_actions, odd_events

_END = CallStep(ENDED)
_BOT = SPEAK._replace(payload={"sender": "bot", "text": "Hello, is this a good moment?"})
_PERSON = SPEAK._replace(payload={"sender": "human", "text": "Yes, go on."})
_TRANSFER = START_TRANSFER._replace(payload={"action": "transfer_call"})
_TRANSCRIPT = TRANSCRIBE._replace(payload={"lines": 2})
_RECORDING = RECORD._replace(payload={"available": True})

#: Name of a scenario to its events, whose types every contract knows.
STORIES: Mapping[str, tuple[CallStep, ...]] = {
    "human": (ANSWER, DETECT_HUMAN, _BOT, _PERSON, _END, _TRANSCRIPT, _RECORDING),
    "voicemail": (ANSWER, _BOT, DETECT_MACHINE, _END, _RECORDING),
    "transfer": (ANSWER, DETECT_HUMAN, _BOT, _PERSON, _TRANSFER, _END, _TRANSCRIPT),
    "hang-up": (ANSWER, _BOT, _END),
    "unanswered": (_END,),
}


def story(name: str, call_id: str) -> tuple[Event, ...]:
    """Return the events of a scenario, in order, as those of a call.

    Raises:
        InvalidOption: There is no such scenario.
    """
    if name not in STORIES:
        raise InvalidOption("scenario", f"there is none of that name; known: {', '.join(STORIES)}")
    return tuple(Event(type=step.type, call_id=call_id, payload=step.payload or {}) for step in STORIES[name])


def content(event: Event, contract: Contract | None = None) -> dict[str, Any]:
    """Return an event in the shape of the contract's WebhookEvent; without a contract, in that of the shipped ones."""
    content: dict[str, Any] = {"type": event.type, "call_id": event.call_id}
    content |= {"payload": dict(event.payload)} if event.payload else {}
    if contract is None or contract.is_shipped or "WebhookEvent" not in contract.schemas:
        return content
    fitted: dict[str, Any] = fit(contract, "WebhookEvent", content)
    return fitted


#: An action has no order to change, and nothing is missing without it.
_ACTION_ARRANGEMENTS = ("plain", "retried", "duplicated", "interleaved")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a receiver gets for one call: the events of a scenario, or an external action.

    Attributes:
        kinds: Types of the events, in order.
        arrangements: The kinds of arrangement that apply.
        secret: Secret of the external action; ``None`` for events.
        contract: The contract whose events they are; ``None`` for the shipped ones.
    """

    name: str
    kinds: tuple[str, ...]
    url: str = field(repr=False)
    arrangements: tuple[str, ...] = ARRANGEMENTS
    secret: Secret | None = None
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    contract: Contract | None = None

    def delivery(self, index: int, call_id: str) -> Delivery:
        """Return the delivery of the event at an index, or of the action."""
        if self.secret is not None:
            return action_delivery(self.url, self.secret, self.payload, call_id)
        return event_delivery(content(story(self.name, call_id)[index], self.contract), self.url)

    def odds(self, call_id: str) -> Iterator[Odd]:
        """Yield the invalid and unusual deliveries made from one of the valid ones."""
        if self.secret is not None:
            yield from odd_actions({"payload": dict(self.payload), "call_id": call_id}, self.secret)
        else:
            yield from odd_events(content(story(self.name, call_id)[self._odd_place], self.contract))

    def odd_delivery(self, odd: Odd, call_id: str) -> Delivery:
        """Return the delivery of an odd one."""
        return Delivery(url=self.url, body=odd.body, headers=(JSON, *odd.headers), label=odd.kind, call_id=call_id)

    @property
    def odd_kind(self) -> str:
        """Type of the delivery that odd ones are made from."""
        return self.kinds[self._odd_place]

    @property
    def _odd_place(self) -> int:
        return min(1, len(self.kinds) - 1)


def scenario_subject(name: str, url: str, contract: Contract | None = None) -> Subject:
    """Return the events of a scenario as a subject.

    Raises:
        InvalidOption: There is no such scenario.
    """
    return Subject(name=name, kinds=tuple(event.type for event in story(name, "")), url=url, contract=contract)


def action_subject(url: str, secret: Secret, payload: Mapping[str, Any], contract: Contract | None = None) -> Subject:
    """Return an external action as a subject."""
    return Subject(
        name=LABEL,
        kinds=(LABEL,),
        url=url,
        arrangements=_ACTION_ARRANGEMENTS,
        secret=secret,
        payload=payload,
        contract=contract,
    )
