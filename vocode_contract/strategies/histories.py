"""Histories: observations of one call over time, without violations or with one planted on purpose."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import hypothesis.strategies as st

from vocode_contract.contract.model import Contract, has_timed_transcripts, resolve_contract
from vocode_contract.errors import InvalidOption
from vocode_contract.strategies import values
from vocode_contract.strategies.from_schema import Strategy
from vocode_contract.strategies.named import StrategyCall, calls, clock_of, with_repr
from vocode_contract.validation.lifecycle.call_life import (
    ANSWER,
    CONNECTED,
    CREATE,
    DETECT_HUMAN,
    DETECT_MACHINE,
    ENDED,
    RECORD,
    TRANSCRIBE,
    CallStep,
    end,
)
from vocode_contract.validation.lifecycle.history import Observation

_Json = dict[str, Any]
Seen = Literal["calls", "events", "both"]

#: What a history may show: polled Calls, webhook events, or both interleaved.
SEEN: tuple[Seen, ...] = ("calls", "events", "both")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Observations of one call.

    Attributes:
        observations: In the order in which they came.
        breach: Code of the rule that the history violates on purpose; ``None`` if it violates none.
        expected: Types of the call's events in order; empty if only Calls are observed.
    """

    observations: tuple[Observation, ...]
    breach: str | None
    expected: tuple[str, ...] = ()


def histories(
    *,
    contract: str | Contract | None = None,
    profile: str | None = None,
    breach: Strategy | None = None,
    seen: Strategy | None = None,
) -> st.SearchStrategy[History]:
    """Draw histories of one call each: created, picked up by a human or a machine, ended or failed, recorded later.

    Args:
        contract: A date, or a `Contract`; by default the default contract.
        profile: ``documented``, ``wire`` or ``tolerant``; by default that of the `Contract`, or ``wire``.
        breach: Strategy for what goes wrong: a key of `BREACHES`, or ``None`` for nothing. By default any of these;
            shrinks to nothing.
        seen: Strategy for what is observed: ``calls``, ``events`` or ``both``; by default any. If it would not show
            the breach, ``both`` is observed.

    Raises:
        UnknownContract: No contract of that date is shipped.
        UnknownProfile: There is no such profile.
        InvalidOption: `breach` or `seen` is a value, not a strategy.
    """
    loaded = resolve_contract(contract, profile)
    options = {"contract": contract, "profile": profile, "breach": breach, "seen": seen}
    for name in ("breach", "seen"):
        if options[name] is not None and not isinstance(options[name], st.SearchStrategy):
            raise InvalidOption(name, "it takes a strategy, never a value: write just(...) for a value")
    usual = {"contract": None, "profile": None, "breach": None, "seen": None}
    shown = {key: value for key, value in options.items() if value is not usual[key] and value != usual[key]}
    drawn = _histories(
        loaded,
        lives=calls(contract=loaded.with_profile("wire") if loaded.profile == "tolerant" else loaded),
        breaches=st.sampled_from((None, *BREACHES)) if breach is None else breach,
        ways=st.sampled_from(SEEN) if seen is None else seen,
    )
    return with_repr(StrategyCall(function="histories", options=shown), drawn)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outline:
    """What decides about the life of one call.

    Attributes:
        call: The Call, of which only what never changes is used.
        human: Whether a person picks up; ``None`` if nobody does.
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
    """A step of the call at its time, and the Call from then on."""

    at: int
    step: CallStep
    state: Mapping[str, Any]


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
    outline = _Outline(contract=contract, call=draw(lives), human=human, lines=lines, fails=fails, seconds=seconds)
    moments = _moments(outline)
    observations = _observe(outline, moments, seen, polls)
    if breach:
        observations = BREACHES[breach].plant(observations)
    expected = tuple(moment.step.type for moment in moments if moment.step.type) if seen != "calls" else ()
    return History(observations=tuple(observations), breach=breach, expected=expected)


_OUTLINES = st.tuples(
    st.sampled_from((None, True, False)),
    st.lists(st.integers(0, values.LINES - 1), max_size=4).map(tuple),
    st.booleans(),
    st.integers(1, 90),
    st.lists(st.integers(0, 2), min_size=8, max_size=8),
)

#: Properties of a Call that its life decides.
_CHANGING = (
    *("status", "start_time", "end_time", "error_message", "recording_available", "transcript", "stage"),
    *("human_detection_result", "do_not_call_result", "stage_outcome", "telephony_metadata", "hipaa_compliant"),
)


def _steps(outline: _Outline) -> Iterator[CallStep]:
    clock, minute = clock_of(outline.contract, "Call"), 8
    answered = outline.human is not None
    error = values.TEXTS["error_message"](0) if outline.fails else ""
    last = end("human_disconnected" if answered else "call_did_not_connect", connected=answered, error=error)
    yield CREATE
    if answered:
        yield _change(ANSWER, start_time=clock(minute))
        yield DETECT_HUMAN if outline.human else DETECT_MACHINE
        for count in range(1, len(outline.lines) + 1):
            text = values.transcript(outline.lines[:count], timed=has_timed_transcripts(outline.contract))
            yield CallStep(changes={"transcript": text})
    yield _change(last, start_time=clock(minute), end_time=clock(4 * minute if answered else 2 * minute))
    if answered:
        yield from (TRANSCRIBE, RECORD)


def _change(step: CallStep, **changes: object) -> CallStep:
    return step._replace(changes={**step.changes, **changes})


def _moments(outline: _Outline) -> list[_Moment]:
    """Return the moments of a life; each state holds the changes of all steps before it."""
    declared = outline.contract.schema("Call")["properties"]
    types = outline.contract.schema("EventType")["enum"]
    state = {key: value for key, value in outline.call.items() if key not in _CHANGING}
    agent = outline.call["agent"]
    webhook = {"id": values.uuid(1), "user_id": agent["user_id"], "url": values.TEXTS["url"](0)}
    state["agent"] = {**agent, "webhook": {**webhook, "subscriptions": list(types)}}
    moments = []
    for index, drawn in enumerate(_steps(outline)):
        # The contract of 2023 has no event for a call that does not connect.
        step = drawn._replace(type=ENDED) if drawn.type and drawn.type not in types else drawn
        state = {**state, **{key: value for key, value in step.changes.items() if key in declared}}
        at = int(values.EPOCH.timestamp()) + index * outline.seconds
        moments.append(_Moment(at=at, step=step, state=state))
    return moments


def _observe(outline: _Outline, moments: list[_Moment], seen: Seen, polls: list[int]) -> list[Observation]:
    observations = []
    for index, moment in enumerate(moments):
        if seen != "calls" and moment.step.type:
            payload = dict(moment.step.payload or {})
            value = {"type": moment.step.type, "call_id": outline.call["id"], "payload": payload}
            observations.append(Observation(at=moment.at, source="event", value=value))
        if seen != "events":
            count = polls[index % len(polls)] if index < len(moments) - 1 else max(polls[0], 1)
            for number in range(count):
                at = moment.at + outline.seconds * (number + 1) / (count + 1)
                observations.append(Observation(at=at, source="call", value=dict(moment.state)))
    return observations


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A change to observations that violates a rule; it needs observations from the source."""

    source: Literal["call", "event"]
    plant: Callable[[list[Observation]], list[Observation]]


def _poll_again(**changes: Any) -> Callable[[list[Observation]], list[Observation]]:
    """Return a change that adds one more Call with other properties."""

    def plant(observations: list[Observation]) -> list[Observation]:
        at = (observations[-1].at or 0) + 1
        return [*observations, Observation(at=at, value={**_last_call(observations).value, **changes})]

    return plant


def _last_call(observations: list[Observation]) -> Observation:
    return next(seen for seen in reversed(observations) if seen.source == "call")


def _lose_text(observations: list[Observation]) -> list[Observation]:
    last = _last_call(observations)
    return _poll_again(transcript=last.value["transcript"][:3])(observations)


def _repeat_end(observations: list[Observation]) -> list[Observation]:
    place = _index(observations, ENDED)
    return [*observations[: place + 1], observations[place], *observations[place + 1 :]]


def _delay_start(observations: list[Observation]) -> list[Observation]:
    """Move the connected event behind the ended event."""
    first = _index(observations, CONNECTED)
    last = _index(observations, ENDED)
    late = Observation(at=observations[last].at, source="event", value=observations[first].value)
    return [*observations[:first], *observations[first + 1 : last + 1], late, *observations[last + 1 :]]


def _drop_end(observations: list[Observation]) -> list[Observation]:
    place = _index(observations, ENDED)
    return [*observations[:place], *observations[place + 1 :]]


def _index(observations: list[Observation], kind: str) -> int:
    return next(index for index, seen in enumerate(observations) if seen.value.get("type") == kind)


#: Code of the violated rule to the change that violates it.
BREACHES: Mapping[str, Breach] = {
    "status-went-back": Breach(source="call", plant=_poll_again(status="in_progress")),
    "end-time-moved": Breach(source="call", plant=_poll_again(end_time=values.date_time(80))),
    "number-changed": Breach(source="call", plant=_poll_again(to_number="13125550199")),
    "transcript-lost-text": Breach(source="call", plant=_lose_text),
    "event-repeated": Breach(source="event", plant=_repeat_end),
    "event-order": Breach(source="event", plant=_delay_start),
    "event-missing": Breach(source="event", plant=_drop_end),
}
