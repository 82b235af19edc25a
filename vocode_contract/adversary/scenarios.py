"""Stories: what a webhook is told of one call, in order.

No document tells what most payloads hold. These hold a little, so that a receiver can tell two events
of one kind apart, as a real one must be able to.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from vocode_contract.errors import InvalidOption
from vocode_contract.webhooks import Event


class Told(NamedTuple):
    """An event without its call."""

    type: str
    payload: Mapping[str, Any] | None = None


_CONNECTED = Told("event_phone_call_connected")
_ENDED = Told("event_phone_call_ended")
_RECORDING = Told("event_recording", {"available": True})
_TRANSCRIPT = Told("event_transcript", {"lines": 2})
_HUMAN = Told("event_human_detection", {"result": "human"})
_MACHINE = Told("event_human_detection", {"result": "no_human"})
_BOT = Told("event_message", {"sender": "bot", "text": "Hello, is this a good moment?"})
_PERSON = Told("event_message", {"sender": "human", "text": "Yes, go on."})
_ACTION = Told("event_action", {"action": "transfer_call"})

#: Name of a story to its events; the kinds are those that every contract knows.
STORIES: Mapping[str, tuple[Told, ...]] = {
    "human": (_CONNECTED, _HUMAN, _BOT, _PERSON, _ENDED, _TRANSCRIPT, _RECORDING),
    "voicemail": (_CONNECTED, _BOT, _MACHINE, _ENDED, _RECORDING),
    "transfer": (_CONNECTED, _HUMAN, _BOT, _PERSON, _ACTION, _ENDED, _TRANSCRIPT),
    "hang-up": (_CONNECTED, _BOT, _ENDED),
    "unanswered": (_ENDED,),
}


def story(name: str, call_id: str) -> tuple[Event, ...]:
    """Return a story's events as those of a call, in order.

    Raises:
        InvalidOption: There is no story of that name.
    """
    if name not in STORIES:
        raise InvalidOption("scenario", f"there is none of that name; known: {', '.join(STORIES)}")
    return tuple(Event(type=told.type, call_id=call_id, payload=told.payload or {}) for told in STORIES[name])


def content(event: Event) -> dict[str, Any]:
    """Return an event in the shape of the contract's WebhookEvent."""
    told: dict[str, Any] = {"type": event.type, "call_id": event.call_id}
    return told | {"payload": dict(event.payload)} if event.payload else told
