"""What is kept of one call between two observations of it."""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from vocode_contract.validation.lifecycle.call_life import DETECTION, EVENT_TYPES, FINAL, RESULTS, STAGES, STATUSES
from vocode_contract.validation.lifecycle.event_order import EventHistory, digest_of_event
from vocode_contract.validation.scalars import canonical_id

Source = Literal["call", "event"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One look at a call at a time.

    Attributes:
        at: In seconds since 1970-01-01 UTC; ``None`` if unknown.
        source: ``call`` for a Call (or an item of a list), ``event`` for a webhook event.
        operation: The operation that showed it; empty if unknown. One operation must repeat a time exactly, while two
            may write it with different precision.
        value: The parsed payload; not shown.
    """

    at: float | None = None
    source: Source = "call"
    operation: str = ""
    value: Mapping[str, Any] = field(repr=False)

    @property
    def call_id(self) -> str | None:
        """The id of the call; ``None`` if the payload has none."""
        found = members(self.value).get("id" if self.source == "call" else "call_id")
        return found if isinstance(found, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHistory:
    """What is kept of one call; its size does not grow with the observations.

    Attributes:
        seen: Number of observations.
        fixed: Digests of the properties that may not change (`FIXED`).
        start_time: As written, like the end time.
        operation: The operation that shows the next observation; empty if unknown.
        shown: Status, start and end time by the operation that showed them last.
        settled: Length and digest of that part of the transcript that may not change any more.
        detected: Result of human detection in the call.
        reported: Result of human detection in an event.
        subscriptions: Event types that the agent's webhook subscribes to.
    """

    seen: int = 0
    call_id: str | None = None
    status: str | None = None
    stage: str | None = None
    fixed: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    start_time: object = field(default=None, repr=False)
    end_time: object = field(default=None, repr=False)
    operation: str = ""
    shown: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False, hash=False)
    settled: tuple[int, bytes] = field(default=(0, b""), repr=False)
    recording: bool = False
    detected: str | None = None
    reported: str | None = None
    events: EventHistory = field(default_factory=EventHistory)
    subscriptions: frozenset[str] = frozenset()

    @property
    def is_over(self) -> bool:
        """Whether the call is known to have ended or failed."""
        return self.status in FINAL or self.events.is_over


NEW = CallHistory()
NUMBERS = ("to_number", "from_number", "agent_phone_number")
AGENT_OWNER = "owner of the agent"
#: Properties of a Call that must not change.
FIXED = ("user_id", "agent", AGENT_OWNER, "telephony_provider", *NUMBERS)
_ID_LENGTH = 64


def add_call(history: CallHistory, call: Mapping[str, Any]) -> CallHistory:
    """Return the history with one more observation, a Call."""
    webhook = members(members(call.get("agent")).get("webhook"))
    subscriptions = webhook.get("subscriptions")
    listed = subscriptions if isinstance(subscriptions, list) else ()
    status = known_word(call.get("status"), STATUSES) or history.status
    start, end = _time(call.get("start_time")), _time(call.get("end_time"))
    return replace(
        history,
        call_id=history.call_id or _text(call.get("id")),
        status=status,
        stage=known_word(call.get("stage"), STAGES) or history.stage,
        fixed={**history.fixed, **digest_fixed(call)},
        start_time=start,
        end_time=end,
        shown={**history.shown, history.operation: {"status": status, "start_time": start, "end_time": end}},
        settled=_digest_transcript(call),
        recording=call.get("recording_available") is True,
        detected=known_word(call.get("human_detection_result"), RESULTS) or history.detected,
        subscriptions=frozenset(kind for kind in EVENT_TYPES if kind in listed) if webhook else history.subscriptions,
    )


def add_event(history: CallHistory, event: Mapping[str, Any]) -> CallHistory:
    """Return the history with one more observation, an event."""
    return replace(
        history,
        call_id=history.call_id or _text(event.get("call_id")),
        events=history.events.add(event.get("type"), event_digest(event), history.seen),
        reported=detection_result(event) or history.reported,
    )


def event_digest(event: Mapping[str, Any]) -> bytes | None:
    """Return 16 bytes that identify an event; ``None`` if it has no type, no call or a payload that is not JSON."""
    kind, call_id = event.get("type"), event.get("call_id")
    if isinstance(kind, str) and isinstance(call_id, str):
        with suppress(TypeError):
            return digest_of_event(kind, call_id, event.get("payload") or {})[:16]
    return None


def known_word(value: object, known: Iterable[str]) -> str | None:
    """Return a value if it is one of the known words."""
    return value if isinstance(value, str) and value in known else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= _ID_LENGTH else None


def _time(value: object) -> object:
    return value if isinstance(value, (int, float)) or _text(value) else None


def members(value: object) -> Mapping[str, Any]:
    """Return an object as it is, and an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def digest_fixed(call: Mapping[str, Any], names: Iterable[str] = FIXED) -> dict[str, str]:
    """Return digests of the properties that may not change."""
    agent = call.get("agent")
    if isinstance(agent, dict):  # an item of a list has only the id
        call = {**call, "agent": agent.get("id"), AGENT_OWNER: agent.get("user_id")}
    found = {name: call.get(name) for name in names}
    return {name: digest_of_id(value) for name, value in found.items() if isinstance(value, str)}


def digest_of_id(text: str) -> str:
    """Return a digest of an id or a phone number that does not depend on its spelling: a history holds neither."""
    return digest_of(canonical_id(text).lower().replace("-", "").removeprefix("+")).hex()


def digest_of(text: str) -> bytes:
    """Return the 16-byte digest of a text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _digest_transcript(call: Mapping[str, Any]) -> tuple[int, bytes]:
    """Return length and digest of the transcript, without the last line while the call goes on."""
    text = call.get("transcript")
    if not isinstance(text, str):
        return 0, b""
    if known_word(call.get("status"), FINAL) is None:
        text = text[: text.rfind("\n") + 1]  # a line may be cut while its speaker is interrupted
    text = text.rstrip()
    return len(text), digest_of(text)


def detection_result(event: Mapping[str, Any]) -> str | None:
    """Return the result that an event of human detection reports."""
    if event.get("type") != DETECTION:
        return None
    return known_word(members(event.get("payload")).get("result"), RESULTS)
