"""The life of a call: what has happened to it by a time, computed when somebody looks.

A life is a value: its scenario, its start, and what was done to the call since. What a call shows at a time, and which
events it has sent by then, follow only from that.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random
from typing import Any, NamedTuple

from vocode_contract.errors import InvalidOption
from vocode_contract.simulator.lifecycle.scenarios import (
    BOT_LEFT,
    FAILED,
    HUMAN_LEFT,
    NOT_CONNECTED,
    PICK_UP,
    RECORDING_READY,
    REFUSED,
    RING,
    SCENARIOS,
    TRANSCRIPT_READY,
    TimedTurn,
    Turn,
    Utterance,
    check_scenario,
    transcript,
)
from vocode_contract.validation.lifecycle.call_life import ENDED, FINAL

_GREETING = "Hello."
#: Seconds between the end and the transcript.
_WRITING = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Turns that follow each other.

    Attributes:
        since: When their time is zero, in seconds since the epoch.
        pace: Factor by which their times are stretched.
        until: When they are cut off, in seconds since the epoch.
    """

    turns: tuple[TimedTurn, ...]
    since: float
    pace: float = 1.0
    until: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Everything that happens to a call, past and future, in order of time.

    Attributes:
        closing: Whether its end was requested, or decided otherwise from outside.
    """

    scenario: str
    acts: tuple[Act, ...]
    closing: bool = False


class Moment(NamedTuple):
    """A turn of a life, at a time in seconds since the epoch."""

    at: float
    turn: Turn
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent:
    """An event that is sent to a call's webhook.

    Attributes:
        at: When it happened, in seconds since the epoch.
        number: How many events of the call came before.
        payload: ``None`` unless it is documented.
    """

    at: float
    call_id: str
    number: int
    type: str
    payload: Mapping[str, Any] | None = field(default=None, repr=False)

    def content(self) -> dict[str, Any]:
        """Return the body in the shape of the contract's WebhookEvent."""
        content = {"type": self.type, "call_id": self.call_id}
        return content if self.payload is None else content | {"payload": dict(self.payload)}


def start_life(call: Mapping[str, Any], name: str, now: float) -> Life:
    """Return the life of a call that is placed now."""
    return Life(scenario=name, acts=_ring(call, name, now))


def end_life(life: Life, call: Mapping[str, Any], now: float) -> Life:
    """End a call now, as End Call does; one that is over, or about to be, stays as it is."""
    if life.closing or call["status"] in FINAL:
        return life
    scenario = SCENARIOS[life.scenario]
    if call["status"] == "not_started":
        return _replace_rest(life, now, (TimedTurn(0.0, NOT_CONNECTED),))
    return _replace_rest(life, now, _end(scenario.lingers, BOT_LEFT, scenario.records))


def switch_scenario(life: Life, call: Mapping[str, Any], name: str, now: float) -> Life:
    """Continue a call in another scenario: from ringing while it rings, otherwise from the talk.

    Raises:
        InvalidOption: There is no such scenario, or the call is too far for it.
    """
    scenario = SCENARIOS[check_scenario(name)]
    _check_open(life, call, "scenario")
    if call["status"] == "not_started":
        return Life(scenario=name, acts=(*_cut(life, now), *_ring(call, name, now)))
    if not scenario.talk:
        raise InvalidOption("scenario", "the call was picked up; take one in which it is")
    detected = call["human_detection_result"]
    turns = tuple(
        timed
        for timed in _talk(name, hangs_up=False)
        if timed.turn is not PICK_UP and not (detected and "human_detection_result" in timed.turn.step.changes)
    )
    return Life(scenario=name, acts=(*_cut(life, now), Act(turns=turns, since=now)))


def force_status(life: Life, call: Mapping[str, Any], status: str, now: float) -> Life:
    """Bring a call into its next status now.

    Raises:
        InvalidOption: The status does not follow the call's.
    """
    _check_open(life, call, "status")
    is_talking = call["status"] == "in_progress"
    if status == "in_progress" and not is_talking:
        name = life.scenario if SCENARIOS[life.scenario].talk else "human"
        return Life(scenario=name, acts=(*_cut(life, now), _talk_act(call, name, now)))
    if status == "ended":
        turns = _end(0.0, HUMAN_LEFT, 1.0) if is_talking else (TimedTurn(0.0, NOT_CONNECTED),)
        return _replace_rest(life, now, turns)
    if status == "error":
        return _replace_rest(life, now, (TimedTurn(0.0, FAILED if is_talking else REFUSED),))
    raise InvalidOption("status", "must be in_progress, ended or error, and follow on the call's own")


def properties_at(life: Life, call: Mapping[str, Any], now: float, *, timed: bool) -> dict[str, Any]:
    """Return the properties of a Call that its life has changed by now.

    Of the call, only what never changes is read. The lines of a transcript may be timed: see `transcript`.
    """
    values: dict[str, Any] = {}
    lines: list[Utterance] = []
    start = None
    detects, private = _detects_do_not_call(call), bool(call["hipaa_compliant"])
    for at, turn, text in moments(life, now):
        if private and turn.private:
            continue
        values |= turn.step.changes
        if turn.begins:
            start = values["start_time"] = at
        if turn.ends:
            values |= {"start_time": at if start is None else start, "end_time": at}
            if detects and start is not None:
                values.setdefault("do_not_call_result", False)
        if turn.sender:
            said = text or call["agent"]["initial_message"] or _GREETING
            lines.append(Utterance(at - (start or at), turn.sender, said))
        if turn.twilio and call["telephony_provider"] == "twilio":
            values["telephony_metadata"] = call.get("telephony_metadata", {}) | {"call_status": turn.twilio}
    if not detects:
        values.pop("do_not_call_result", None)
    if lines and not private:
        values["transcript"] = transcript(lines, timed=timed)
    return values


def events(life: Life, call: Mapping[str, Any], types: frozenset[str], first: int = 0) -> Iterator[CallEvent]:
    """Yield the events of a life, past and future, in order of time, from a number on.

    Of the call, only what never changes is read. A call that did not connect has ended if the contract's event types
    have none for it.
    """
    number = 0
    for at, turn, _ in moments(life):
        if not turn.step.type or (turn.private and call["hipaa_compliant"]):
            continue
        if number >= first:
            kind = turn.step.type if turn.step.type in types else ENDED
            yield CallEvent(at=at, call_id=call["id"], number=number, type=kind, payload=turn.step.payload)
        number += 1


def moments(life: Life, now: float = math.inf) -> Iterator[Moment]:
    """Yield what happens in a life up to a time, in order."""
    for act in life.acts:
        last = min(act.until, now)
        for timed in act.turns:
            # To the microsecond, as it is shown: what has happened is never later than now.
            at = round(act.since + timed.at * act.pace, 6)
            if at > last:
                break
            yield Moment(at, timed.turn, timed.text)


def _ring(call: Mapping[str, Any], name: str, now: float) -> tuple[Act, ...]:
    scenario, pace = SCENARIOS[name], _pace(call)
    rings = Act(turns=(TimedTurn(0.0, RING),), since=now)
    if not scenario.talk:
        return rings, Act(turns=(TimedTurn(scenario.rings, scenario.unanswered),), since=now, pace=pace)
    return rings, _talk_act(call, name, now + scenario.rings * pace)


def _talk_act(call: Mapping[str, Any], name: str, since: float) -> Act:
    hangs_up = call["on_no_human_answer"] == "hangup"
    return Act(turns=_talk(name, hangs_up=hangs_up), since=since, pace=_pace(call))


def _pace(call: Mapping[str, Any]) -> float:
    return Random(call["id"]).uniform(0.95, 1.05)  # noqa: S311 - how fast somebody speaks, no key


@cache
def _talk(name: str, *, hangs_up: bool) -> tuple[TimedTurn, ...]:
    """Return what happens after a call is picked up, and after it is over."""
    scenario = SCENARIOS[name]
    talk = scenario.hung_up if hangs_up and scenario.hung_up else scenario.talk
    *before, last = talk
    return (*before, *_end(last.at, last.turn, scenario.records)) if last.turn.ends else talk


def _end(at: float, turn: Turn, records: float) -> tuple[TimedTurn, ...]:
    written = at + min(_WRITING, records)
    return TimedTurn(at, turn), TimedTurn(written, TRANSCRIPT_READY), TimedTurn(at + records, RECORDING_READY)


def _replace_rest(life: Life, now: float, turns: tuple[TimedTurn, ...]) -> Life:
    return replace(life, acts=(*_cut(life, now), Act(turns=turns, since=now)), closing=True)


def _cut(life: Life, now: float) -> tuple[Act, ...]:
    return tuple(replace(act, until=min(act.until, now)) for act in life.acts)


def _check_open(life: Life, call: Mapping[str, Any], name: str) -> None:
    if life.closing or call["status"] in FINAL:
        raise InvalidOption(name, "the call is over, or about to be")


def _detects_do_not_call(call: Mapping[str, Any]) -> bool:
    """Return whether requests not to be called again are detected; the call's setting overrides its agent's."""
    setting = call["run_do_not_call_detection"]
    return bool(call["agent"].get("run_do_not_call_detection") if setting is None else setting)
