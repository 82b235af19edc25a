"""Subjects: what a receiver is told in an attack, as deliveries: the events of a story, or an external action."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vocode_contract.adversary.arrangements import ARRANGEMENTS
from vocode_contract.adversary.malformed import Odd, odd_actions, odd_events
from vocode_contract.adversary.scenarios import STORIES, content, story
from vocode_contract.delivery.actions import LABEL, action_delivery
from vocode_contract.delivery.content import JSON, Delivery, event_delivery
from vocode_contract.validation.masking import Secret

_OF_ACTIONS = ("plain", "retried", "duplicated", "interleaved")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a receiver is told of one call.

    Attributes:
        name: Of the story.
        kinds: Of the events in order.
        url: The receiver's.
        arrangements: Names of the arrangements that say something about it.
        secret: Of external actions; ``None`` for events.
        payload: Of the external action.
    """

    name: str
    kinds: tuple[str, ...]
    url: str = field(repr=False)
    arrangements: tuple[str, ...] = ARRANGEMENTS
    secret: Secret | None = None
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)

    def delivery(self, index: int, call_id: str) -> Delivery:
        """Return the delivery of an event."""
        if self.secret is not None:
            return action_delivery(self.url, self.secret, self.payload, call_id)
        return event_delivery(content(story(self.name, call_id)[index]), self.url)

    def odds(self, call_id: str) -> Iterator[Odd]:
        """Yield what is made of one of the deliveries and should not be taken."""
        if self.secret is not None:
            yield from odd_actions({"payload": dict(self.payload), "call_id": call_id}, self.secret)
        else:
            yield from odd_events(content(story(self.name, call_id)[min(1, len(self.kinds) - 1)]))

    def odd_delivery(self, odd: Odd, call_id: str) -> Delivery:
        """Return the delivery of something odd."""
        return Delivery(url=self.url, body=odd.body, headers=(JSON, *odd.headers), label=odd.kind, call_id=call_id)

    @property
    def odd_kind(self) -> str:
        """Kind of the delivery that odd ones are made of."""
        return self.kinds[min(1, len(self.kinds) - 1)]


def of_story(name: str, url: str) -> Subject:
    """Return a story of events.

    Raises:
        InvalidOption: There is no story of that name.
    """
    story(name, "")  # says what is known where the name is not
    return Subject(name=name, kinds=tuple(told.type for told in STORIES[name]), url=url)


def of_action(url: str, secret: Secret, payload: Mapping[str, Any]) -> Subject:
    """Return an external action."""
    return Subject(name=LABEL, kinds=(LABEL,), url=url, arrangements=_OF_ACTIONS, secret=secret, payload=payload)
