"""The life of a call: what has happened to it by a time, computed when somebody looks.

A life is a value: which scenario, since when, and what was done to the call in between. What a call
shows at a time, and which events it has sent by then, follow from that and nothing else.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random
from typing import Any, NamedTuple

from vocode_contract.errors import InvalidOption
from vocode_contract.simulator.lifecycle.scenarios import (
    ANSWERED,
    BOT_LEFT,
    FAILED,
    HUMAN_LEFT,
    NOT_CONNECTED,
    RECORDED,
    REFUSED,
    RINGS,
    SCENARIOS,
    TRANSCRIBED,
    Scenario,
    TimedTurn,
    Turn,
    Utterance,
    known,
    transcript,
)

_OVER = ("ended", "error")
_GREETING = "Hello."
#: Seconds between the end and the transcript.
_WRITING = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Steps that follow each other.

    Attributes:
        steps: In order of time.
        since: When their time is zero, in seconds since the epoch.
        pace: By how much they are stretched.
        until: The last time at which one of them happens; they are cut off after it.
    """

    steps: tuple[TimedTurn, ...]
    since: float
    pace: float = 1.0
    until: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """All that happens to a call, past and to come.

    Attributes:
        scenario: Name of the scenario that it follows.
        acts: In order of time.
        closing: Whether its end was asked for, or decided otherwise from outside.
    """

    scenario: str
    acts: tuple[Act, ...]
    closing: bool = False


class Moment(NamedTuple):
    """A turn of a life.

    Attributes:
        at: Seconds since the epoch.
        turn: What happens.
        text: What is said; empty for the agent's own first message.
    """

    at: float
    turn: Turn
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent:
    """Something a call's webhook is reported.

    Attributes:
        at: When it happened, in seconds since the epoch.
        call_id: The call.
        number: How many events of the call came before.
        type: Kind of event, one that the contract knows.
        payload: What it says, where that is documented.
    """

    at: float
    call_id: str
    number: int
    type: str
    payload: Mapping[str, Any] | None = field(default=None, repr=False)

    def content(self) -> dict[str, Any]:
        """Return the body that tells of it, in the shape of the contract's WebhookEvent."""
        told = {"type": self.type, "call_id": self.call_id}
        return told if self.payload is None else told | {"payload": dict(self.payload)}


def born(call: Mapping[str, Any], name: str, now: float) -> Life:
    """Begin the life of a call that is placed now."""
    return Life(scenario=name, acts=_ringing(call, name, now))


def closed(life: Life, call: Mapping[str, Any], now: float) -> Life:
    """End a call now, as End Call does; one that is over, or about to be, stays as it is.

    Args:
        life: Its life.
        call: What it shows now.
        now: Seconds since the epoch.
    """
    if life.closing or call["status"] in _OVER:
        return life
    scenario = SCENARIOS[life.scenario]
    if call["status"] == "not_started":
        return _instead(life, now, (TimedTurn(0.0, NOT_CONNECTED),))
    return _instead(life, now, _ended(scenario.lingers, BOT_LEFT, scenario.records))


def turned(life: Life, call: Mapping[str, Any], name: str, now: float) -> Life:
    """Let a call go on by another scenario from now: from ringing while it rings, else from what is said.

    Raises:
        InvalidOption: There is no such scenario, or the call is too far for it.
    """
    scenario = SCENARIOS[known(name)]
    _check_open(life, call, "scenario")
    if call["status"] == "not_started":
        acts = (*_cut(life, now), *_ringing(call, name, now))
        return Life(scenario=name, acts=acts)
    if not scenario.talk:
        raise InvalidOption("scenario", "the call was picked up; take one in which it is")
    detected = call["human_detection_result"]
    steps = tuple(
        step
        for step in _talk(name, hangs_up=False)
        if step.turn is not ANSWERED and not (detected and "human_detection_result" in step.turn.changes)
    )
    return Life(scenario=name, acts=(*_cut(life, now), Act(steps=steps, since=now)))


def forced(life: Life, call: Mapping[str, Any], status: str, now: float) -> Life:
    """Bring a call into its next status now.

    Raises:
        InvalidOption: The status does not follow on the call's.
    """
    _check_open(life, call, "status")
    begun = call["status"] == "in_progress"
    if status == "in_progress" and not begun:
        name = life.scenario if SCENARIOS[life.scenario].talk else "human"
        talk = Act(steps=_talk(name, hangs_up=_hangs_up(call)), since=now, pace=_pace(call))
        return Life(scenario=name, acts=(*_cut(life, now), talk))
    if status == "ended":
        return _instead(life, now, _ended(0.0, HUMAN_LEFT, 1.0) if begun else (TimedTurn(0.0, NOT_CONNECTED),))
    if status == "error":
        return _instead(life, now, (TimedTurn(0.0, FAILED if begun else REFUSED),))
    raise InvalidOption("status", "must be in_progress, ended or error, and follow on the call's own")


def seen(life: Life, call: Mapping[str, Any], now: float, date: str) -> dict[str, Any]:
    """Return what a life makes of a call's properties by now.

    Args:
        life: The life.
        call: The call, of which only what never changes is read.
        now: Seconds since the epoch.
        date: Of the contract, for the form of the transcript.
    """
    values: dict[str, Any] = {}
    lines: list[Utterance] = []
    start = None
    detects, private = _detects(call), bool(call["hipaa_compliant"])
    for at, turn, text in moments(life, now):
        if private and turn.private:
            continue
        values |= turn.changes
        if turn.begins:
            start = values["start_time"] = at
        if turn.ends:
            values |= {"start_time": at if start is None else start, "end_time": at}
            if detects and start is not None:
                values.setdefault("do_not_call_result", False)
        if turn.sender:
            lines.append(Utterance(at - (start or at), turn.sender, text or _first_message(call)))
        if turn.twilio and call["telephony_provider"] == "twilio":
            values["telephony_metadata"] = call.get("telephony_metadata", {}) | {"call_status": turn.twilio}
    if not detects:
        values.pop("do_not_call_result", None)
    if lines and not private:
        values["transcript"] = transcript(lines, date)
    return values


def events(life: Life, call: Mapping[str, Any], types: frozenset[str], first: int = 0) -> Iterator[CallEvent]:
    """Yield the events of a life, past and to come, in order of time.

    Args:
        life: The life.
        call: The call, of which only what never changes is read.
        types: The kinds of event that the contract knows. A call that did not connect has ended where
            there is no event for it.
        first: The number of the first that is wanted.
    """
    number = 0
    for at, turn, _ in moments(life):
        if not turn.event or (turn.private and call["hipaa_compliant"]):
            continue
        if number >= first:
            kind = turn.event if turn.event in types else "event_phone_call_ended"
            yield CallEvent(at=at, call_id=call["id"], number=number, type=kind, payload=turn.payload)
        number += 1


def moments(life: Life, now: float = math.inf) -> Iterator[Moment]:
    """Yield what happens in a life up to a time, in order."""
    for act in life.acts:
        last = min(act.until, now)
        for step in act.steps:
            # To the microsecond, as it is shown: what has happened is never later than now.
            at = round(act.since + step.at * act.pace, 6)
            if at > last:
                break
            yield Moment(at, step.turn, step.text)


def _ringing(call: Mapping[str, Any], name: str, now: float) -> tuple[Act, ...]:
    scenario, pace = SCENARIOS[name], _pace(call)
    rings = Act(steps=(TimedTurn(0.0, RINGS),), since=now)
    if not scenario.talk:
        return rings, Act(steps=(TimedTurn(scenario.rings, scenario.unanswered),), since=now, pace=pace)
    talk = _talk(name, hangs_up=_hangs_up(call))
    return rings, Act(steps=talk, since=now + scenario.rings * pace, pace=pace)


def _pace(call: Mapping[str, Any]) -> float:
    return Random(call["id"]).uniform(0.95, 1.05)  # noqa: S311 - how fast somebody speaks, no key


def _hangs_up(call: Mapping[str, Any]) -> bool:
    return bool(call["on_no_human_answer"] == "hangup")


@cache
def _talk(name: str, *, hangs_up: bool) -> tuple[TimedTurn, ...]:
    """Return what happens after a call is picked up, and after it is over."""
    scenario: Scenario = SCENARIOS[name]
    talk = scenario.hung_up if hangs_up and scenario.hung_up else scenario.talk
    *before, last = talk
    return (*before, *_ended(last.at, last.turn, scenario.records)) if last.turn.ends else talk


def _ended(at: float, turn: Turn, records: float) -> tuple[TimedTurn, ...]:
    return TimedTurn(at, turn), TimedTurn(at + min(_WRITING, records), TRANSCRIBED), TimedTurn(at + records, RECORDED)


def _instead(life: Life, now: float, steps: tuple[TimedTurn, ...]) -> Life:
    return replace(life, acts=(*_cut(life, now), Act(steps=steps, since=now)), closing=True)


def _cut(life: Life, now: float) -> tuple[Act, ...]:
    return tuple(replace(act, until=min(act.until, now)) for act in life.acts)


def _check_open(life: Life, call: Mapping[str, Any], name: str) -> None:
    if life.closing or call["status"] in _OVER:
        raise InvalidOption(name, "the call is over, or about to be")


def _detects(call: Mapping[str, Any]) -> bool:
    """Return whether a request not to be called is listened for; the call's word goes before its agent's."""
    asked = call["run_do_not_call_detection"]
    return bool(call["agent"].get("run_do_not_call_detection") if asked is None else asked)


def _first_message(call: Mapping[str, Any]) -> str:
    return call["agent"]["initial_message"] or _GREETING
