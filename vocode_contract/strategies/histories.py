"""Histories: one call's life as observations in time, well-behaved or with one planted breach."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import hypothesis.strategies as st

from vocode_contract.contract.model import DEFAULT_PROFILE, Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.strategies import values
from vocode_contract.strategies.from_schema import Strategy
from vocode_contract.strategies.named import StrategyCall, calls, clock_of, described
from vocode_contract.validation.lifecycle.rules import Observation

_Json = dict[str, Any]
Seen = Literal["calls", "events", "both"]

#: What a history may show: polled Calls, webhook events, or both interleaved.
SEEN: tuple[Seen, ...] = ("calls", "events", "both")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One call's life as it was seen.

    Attributes:
        observations: In the order in which they came.
        breach: Code of the rule that was broken on purpose; ``None`` where all is well.
        expected: Types of the events that the call's life brings, in their order; empty where
            only Calls are seen.
    """

    observations: tuple[Observation, ...]
    breach: str | None
    expected: tuple[str, ...] = ()


def histories(
    *,
    contract: str | None = None,
    profile: str = DEFAULT_PROFILE,
    breach: Strategy | None = None,
    seen: Strategy | None = None,
) -> st.SearchStrategy[History]:
    """Draw histories of one call each: created, picked up by a human or a machine, ended or failed, recorded later.

    Args:
        contract: A date; the default contract without.
        profile: ``documented``, ``wire`` or ``tolerant``.
        breach: A strategy for what goes wrong: a key of `BREACHES`, or ``None`` for nothing. All of
            these without, nothing the simplest.
        seen: A strategy for what is observed, one of `SEEN`; a breach that could not be seen so
            brings what shows it. All of these without.

    Raises:
        UnknownContract: No contract of that date is shipped.
        UnknownProfile: There is no such profile.
        InvalidOption: `breach` or `seen` is a value, not a strategy.
    """
    loaded = Contract.load(contract, profile=profile)
    options = {"contract": contract, "profile": profile, "breach": breach, "seen": seen}
    for name in ("breach", "seen"):
        if options[name] is not None and not isinstance(options[name], st.SearchStrategy):
            raise InvalidOption(name, "it takes a strategy, never a value: write just(...) for a value")
    usual = {"contract": None, "profile": DEFAULT_PROFILE, "breach": None, "seen": None}
    shown = {key: value for key, value in options.items() if value is not usual[key] and value != usual[key]}
    told = _histories(
        loaded,
        lives=calls(contract=contract, profile="wire" if profile == "tolerant" else profile),
        breaches=st.sampled_from((None, *BREACHES)) if breach is None else breach,
        ways=st.sampled_from(SEEN) if seen is None else seen,
    )
    return described(StrategyCall(function="histories", options=shown), told)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Life:
    """What happens to one call.

    Attributes:
        contract: Decides how times are written and which properties there are.
        call: The Call, with what never changes.
        human: Whether a person picks up; ``None`` where nobody does.
        lines: Numbers of the transcript's lines.
        fails: Whether it ends in error.
        seconds: From each moment to the next.
    """

    contract: Contract
    call: _Json
    human: bool | None
    lines: tuple[int, ...]
    fails: bool
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """One moment of a life: the Call from then on, and the event that tells it."""

    at: int
    state: Mapping[str, Any]
    event: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)


@st.composite
def _histories(draw: st.DrawFn, contract: Contract, *, lives: Strategy, breaches: Strategy, ways: Strategy) -> History:
    breach, seen = draw(breaches), draw(ways)
    if breach is not None and breach not in BREACHES:
        raise InvalidOption("breach", f"there is no such breach; known: {', '.join(BREACHES)}")
    human, lines, fails, seconds, polls = draw(_OUTLINES)
    needed = BREACHES[breach].source if breach else ""
    if needed == "call":
        seen = "both" if seen == "events" else seen
        polls = [max(count, 1) for count in polls]
        human, lines = True, lines or (0,)
    elif needed == "event":
        seen = "both" if seen == "calls" else seen
        human = True
    life = _Life(contract=contract, call=draw(lives), human=human, lines=lines, fails=fails, seconds=seconds)
    moments = _moments(life)
    observations = _observed(life, moments, seen, polls)
    if breach:
        observations = BREACHES[breach].plant(observations)
    expected = tuple(moment.event for moment in moments if moment.event) if seen != "calls" else ()
    return History(observations=tuple(observations), breach=breach, expected=expected)


_OUTLINES = st.tuples(
    st.sampled_from((None, True, False)),
    st.lists(st.integers(0, values.LINES - 1), max_size=4).map(tuple),
    st.booleans(),
    st.integers(1, 90),
    st.lists(st.integers(0, 2), min_size=8, max_size=8),
)

_LIVED = (
    *("status", "start_time", "end_time", "error_message", "recording_available", "transcript", "stage"),
    *("human_detection_result", "do_not_call_result", "stage_outcome", "telephony_metadata", "hipaa_compliant"),
)


def _moments(life: _Life) -> list[_Moment]:
    """Tell a life moment by moment; each state holds what the ones before it held."""
    stages = "stage" in life.contract.schema("Call")["properties"]
    clock, minute = clock_of(life.contract, "Call"), 8
    timed = life.contract.date >= "2024"
    base = {key: value for key, value in life.call.items() if key not in _LIVED}
    base["agent"] = _subscribing(life.contract, life.call["agent"])
    created = {"status": "not_started"} | ({"stage": "created"} if stages else {})
    told: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = [("", created, {})]
    if life.human is None:
        told.append((_unconnected(life.contract), _over(life, clock(minute), clock(2 * minute), stages), {}))
    else:
        result = "human" if life.human else "no_human"
        picked = {"status": "in_progress", "start_time": clock(minute)} | ({"stage": "picked_up"} if stages else {})
        told.append(("event_phone_call_connected", picked, {}))
        told.append(("event_human_detection", {"human_detection_result": result}, {"result": result}))
        grown = (values.transcript(life.lines[:count], timed=timed) for count in range(1, len(life.lines) + 1))
        told.extend(("", {"transcript": transcript}, {}) for transcript in grown)
        told.append(("event_phone_call_ended", _over(life, clock(minute), clock(4 * minute), stages), {}))
        told.append(("event_transcript", {}, {}))
        told.append(("event_recording", {"recording_available": True}, {}))
    moments, state = [], base
    for index, (event, change, payload) in enumerate(told):
        state = {**state, **change}
        at = int(values.EPOCH.timestamp()) + index * life.seconds
        moments.append(_Moment(at=at, state=state, event=event, payload=payload))
    return moments


def _subscribing(contract: Contract, agent: Mapping[str, Any]) -> _Json:
    """Give an agent a webhook that asks for every event."""
    webhook = {"id": values.uuid(1), "user_id": agent["user_id"], "url": values.TEXTS["url"](0)}
    return {**agent, "webhook": {**webhook, "subscriptions": list(contract.schema("EventType")["enum"])}}


def _unconnected(contract: Contract) -> str:
    """Name the event of a call that nobody picks up; not every contract has one of its own."""
    own = "event_phone_call_did_not_connect"
    return own if own in contract.schema("EventType")["enum"] else "event_phone_call_ended"


def _over(life: _Life, start: Any, end: Any, stages: bool) -> _Json:
    outcome = "call_did_not_connect" if life.human is None else "human_disconnected"
    over: _Json = {"status": "error" if life.fails else "ended", "start_time": start, "end_time": end}
    if life.fails:
        over["error_message"] = values.TEXTS["error_message"](0)
    return over | ({"stage_outcome": outcome} if stages else {})


def _observed(life: _Life, moments: list[_Moment], seen: Seen, polls: list[int]) -> list[Observation]:
    observations = []
    for index, moment in enumerate(moments):
        if seen != "calls" and moment.event:
            observations.append(_event(life.call["id"], moment))
        if seen != "events":
            count = polls[index % len(polls)] if index < len(moments) - 1 else max(polls[0], 1)
            for number in range(count):
                at = moment.at + life.seconds * (number + 1) / (count + 1)
                observations.append(Observation(at=at, source="call", value=dict(moment.state)))
    return observations


def _event(call_id: str, moment: _Moment) -> Observation:
    value = {"type": moment.event, "call_id": call_id, "payload": dict(moment.payload)}
    return Observation(at=moment.at, source="event", value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One way in which a history can go wrong.

    Attributes:
        source: What must be seen for it to show: ``call`` or ``event``.
        plant: Makes it happen, last thing of all; needs what `source` says.
    """

    source: Literal["call", "event"]
    plant: Callable[[list[Observation]], list[Observation]]


def _then(**changes: Any) -> Callable[[list[Observation]], list[Observation]]:
    """Poll once more, and find something changed."""

    def plant(observations: list[Observation]) -> list[Observation]:
        last = next(seen for seen in reversed(observations) if seen.source == "call")
        at = (observations[-1].at or 0) + 1
        return [*observations, Observation(at=at, source="call", value={**last.value, **changes})]

    return plant


def _shrunken(observations: list[Observation]) -> list[Observation]:
    last = next(seen for seen in reversed(observations) if seen.source == "call")
    return _then(transcript=last.value["transcript"][:3])(observations)


def _twice(observations: list[Observation]) -> list[Observation]:
    place = _index(observations, "event_phone_call_ended")
    return [*observations[: place + 1], observations[place], *observations[place + 1 :]]


def _late(observations: list[Observation]) -> list[Observation]:
    """Let the event of the beginning come behind that of the end."""
    first = _index(observations, "event_phone_call_connected")
    last = _index(observations, "event_phone_call_ended")
    late = Observation(at=observations[last].at, source="event", value=observations[first].value)
    return [*observations[:first], *observations[first + 1 : last + 1], late, *observations[last + 1 :]]


def _missing(observations: list[Observation]) -> list[Observation]:
    place = _index(observations, "event_phone_call_ended")
    return [*observations[:place], *observations[place + 1 :]]


def _index(observations: list[Observation], kind: str) -> int:
    return next(index for index, seen in enumerate(observations) if seen.value.get("type") == kind)


#: Code of the rule that is broken to how.
BREACHES: Mapping[str, Breach] = {
    "status-went-back": Breach(source="call", plant=_then(status="in_progress")),
    "end-time-moved": Breach(source="call", plant=_then(end_time=values.date_time(80))),
    "number-changed": Breach(source="call", plant=_then(to_number="13125550199")),
    "transcript-lost-text": Breach(source="call", plant=_shrunken),
    "event-repeated": Breach(source="event", plant=_twice),
    "event-order": Breach(source="event", plant=_late),
    "event-missing": Breach(source="event", plant=_missing),
}
