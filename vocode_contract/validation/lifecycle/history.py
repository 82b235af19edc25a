"""What is remembered of one call between two observations of it."""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from vocode_contract.validation.lifecycle.event_order import DETECTION, ENDINGS, KINDS, REMEMBERED, digest_of_event

Source = Literal["call", "event"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One sight of a call.

    Attributes:
        at: When it was seen, in seconds since 1970-01-01 UTC; ``None`` where that is unknown.
        source: ``call`` for a Call (or an item of a list), ``event`` for a webhook event.
        value: The parsed payload; not shown.
    """

    at: float | None = None
    source: Source = "call"
    value: Mapping[str, Any] = field(repr=False)

    @property
    def call_id(self) -> str | None:
        """The id of the call that was seen; ``None`` where the payload names none."""
        found = members(self.value).get("id" if self.source == "call" else "call_id")
        return found if isinstance(found, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHistory:
    """What is remembered of one call; its size does not grow with the observations.

    Attributes:
        seen: How many observations there were.
        call_id: Id of the call.
        status: Latest declared status.
        stage: Latest declared stage.
        kept: What may not change, by its place: owner, agent, provider, numbers.
        start: Latest start time, as written.
        end: Latest end time, as written.
        settled: Length and digest of that part of the transcript that may not change any more.
        recording: Whether a recording was available.
        detected: Result of human detection in the call.
        reported: Result of human detection in an event.
        events: Each known type of event that came, and the number of the first observation of it.
        told: What stands for the latest events, to know them again.
        subscriptions: Types of events that the agent's webhook subscribes to.
    """

    seen: int = 0
    call_id: str | None = None
    status: str | None = None
    stage: str | None = None
    kept: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    start: object = field(default=None, repr=False)
    end: object = field(default=None, repr=False)
    settled: tuple[int, bytes] = field(default=(0, b""), repr=False)
    recording: bool = False
    detected: str | None = None
    reported: str | None = None
    events: Mapping[str, int] = field(default_factory=dict, hash=False)
    told: tuple[bytes, ...] = field(default=(), repr=False)
    subscriptions: frozenset[str] = frozenset()

    @property
    def is_over(self) -> bool:
        """Whether the call is known to have ended or failed."""
        return STATUSES.get(self.status or "", 0) == OVER or not ENDINGS.isdisjoint(self.events)


NEW = CallHistory()
OVER = 2
STATUSES = {"not_started": 0, "in_progress": 1, "ended": OVER, "error": OVER}
STAGES = {"created": 0, "picked_up": 1, "transfer_started": 2, "transfer_successful": 3}
RESULTS = ("human", "no_human")
NUMBERS = ("to_number", "from_number", "agent_phone_number")
#: What may not change in a call.
KEPT = ("user_id", "agent", "telephony_provider", *NUMBERS)


def after(history: CallHistory, observation: Observation) -> CallHistory:
    """Return the history with one more observation in it."""
    remember = _after_call if observation.source == "call" else _after_event
    return remember(history, members(observation.value))


def _after_call(history: CallHistory, call: Mapping[str, Any]) -> CallHistory:
    webhook = members(members(call.get("agent")).get("webhook"))
    subscriptions = webhook.get("subscriptions")
    listed = subscriptions if isinstance(subscriptions, list) else ()
    return replace(
        history,
        call_id=history.call_id or _text(call.get("id")),
        status=word(call.get("status"), STATUSES) or history.status,
        stage=word(call.get("stage"), STAGES) or history.stage,
        kept={**history.kept, **kept_of(call)},
        start=_time(call.get("start_time")),
        end=_time(call.get("end_time")),
        settled=settled_of(call),
        recording=call.get("recording_available") is True,
        detected=word(call.get("human_detection_result"), RESULTS) or history.detected,
        subscriptions=frozenset(kind for kind in KINDS if kind in listed) if webhook else history.subscriptions,
    )


def _after_event(history: CallHistory, event: Mapping[str, Any]) -> CallHistory:
    kind, key = word(event.get("type"), KINDS), key_of(event)
    return replace(
        history,
        call_id=history.call_id or _text(event.get("call_id")),
        events={kind: history.seen, **history.events} if kind else history.events,
        told=history.told if key is None or key in history.told else (*history.told, key)[-REMEMBERED:],
        reported=result_of(event) or history.reported,
    )


def key_of(event: Mapping[str, Any]) -> bytes | None:
    """Return what stands for an event; ``None`` where it names no kind or no call."""
    kind, call_id = event.get("type"), event.get("call_id")
    if isinstance(kind, str) and isinstance(call_id, str):
        with suppress(TypeError):
            return digest_of_event(kind, call_id, event.get("payload") or {})[:16]
    return None


def word(value: object, known: Iterable[str]) -> str | None:
    """Return a value if it is one of the known words."""
    return value if isinstance(value, str) and value in known else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= _ID_LENGTH else None


_ID_LENGTH = 64


def _time(value: object) -> object:
    return value if isinstance(value, (int, float)) or _text(value) else None


def members(value: object) -> Mapping[str, Any]:
    """Return an object as it is, and an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def kept_of(call: Mapping[str, Any], places: Iterable[str] = KEPT) -> dict[str, str]:
    """Return what may not change, by its place, as digests."""
    found = {place: call.get(place) for place in places}
    agent = found.get("agent")
    if isinstance(agent, dict):  # an item of a list has the id in its place
        found["agent"] = agent.get("id")
    return {place: spelled_alike(value) for place, value in found.items() if isinstance(value, str)}


def spelled_alike(text: str) -> str:
    """Return a digest of an id or a number, its spelling set aside: a history holds neither."""
    plain = text.lower().removeprefix("urn:uuid:").replace("-", "").removeprefix("+")
    return digest_of(plain).hex()


def digest_of(text: str) -> bytes:
    """Return 16 bytes that stand for a text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def settled_of(call: Mapping[str, Any]) -> tuple[int, bytes]:
    """Return length and digest of the transcript, without the last line while the call goes on."""
    text = call.get("transcript")
    if not isinstance(text, str):
        return 0, b""
    if STATUSES.get(word(call.get("status"), STATUSES) or "", 0) < OVER:
        text = text[: text.rfind("\n") + 1]  # a line may be cut while its speaker is interrupted
    text = text.rstrip()
    return len(text), digest_of(text)


def result_of(event: Mapping[str, Any]) -> str | None:
    """Return the result that an event of human detection reports."""
    if event.get("type") != DETECTION:
        return None
    return word(members(event.get("payload")).get("result"), RESULTS)


#: Statuses after which nothing more happens to a call.
FINAL = frozenset(("ended", "error"))
