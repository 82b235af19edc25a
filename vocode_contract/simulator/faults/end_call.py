"""Faults of End Call and Get Call: what is done to calls, and what is said of them afterwards."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.call_values import STRANGER
from vocode_contract.simulator.faults.fault import Fault, FaultyTurn, Spoiling, changed, over
from vocode_contract.simulator.faults.statuses import SERVER_ERROR
from vocode_contract.simulator.lifecycle.clock import date_time
from vocode_contract.simulator.responses import answered, refused

_LATER = timedelta(minutes=1)


def _unended(turn: FaultyTurn) -> Response:
    return turn.below(turn.request, replace(turn.rules, ends_calls=False))


def _shifted(time: str, by: timedelta) -> str:
    """Move a time, and write it as it was written."""
    offset = "Z" if time.endswith("Z") else "+00:00"
    moved = datetime.fromisoformat(time) + by
    return moved.isoformat().removesuffix("+00:00") + offset


def _as_ended(call: Mapping[str, Any], turn: FaultyTurn) -> Mapping[str, Any]:
    """Show a call as it would be if it ended now."""
    if over(call):
        return call
    now = date_time(turn.state.clock(), "+00:00")
    return {**call, "status": "ended", "start_time": call.get("start_time") or now, "end_time": now}


def _as_before(call: Mapping[str, Any], _turn: FaultyTurn) -> Mapping[str, Any]:
    """Show an ended call as still in progress."""
    return {**call, "status": "in_progress", "end_time": None} if call.get("status") == "ended" else call


def _ended_in_words(turn: FaultyTurn) -> Response:
    response = _unended(turn)
    return answered(200, _as_ended(turn.call(turn.identifier), turn)) if response.status == 200 else response


def _other_ended(turn: FaultyTurn) -> Response:
    response = _ended_in_words(turn)
    if response.status == 200:
        turn.of("end_call", turn.other(turn.identifier, "in_progress", "not_started"))
    return response


def _all_ended(turn: FaultyTurn) -> Response:
    response = turn.sound()
    if response.status == 200:
        for identifier in tuple(turn.state.calls):
            turn.of("end_call", identifier)
    return response


def _other_answered(turn: FaultyTurn) -> Response:
    response = turn.sound()
    return turn.of("get_call", turn.other(turn.identifier)) if response.status == 200 else response


def _before_answered(turn: FaultyTurn) -> Response:
    """Answer an end with the call as it was when first asked to end, now and for ever."""
    before = turn.of("get_call", turn.identifier)
    response = turn.sound()
    return turn.memory.setdefault(turn.identifier, before) if response.status == 200 else response


def _again(spoiling: Spoiling) -> Spoiling:
    """Spoil only the end of a call that is over."""
    return lambda turn: spoiling(turn) if over(turn.call(turn.identifier)) else turn.sound()


def _failed(turn: FaultyTurn) -> Response:
    response = turn.sound()
    return SERVER_ERROR if response.status == 200 else response


def _moved(name: str, by: timedelta) -> Spoiling:
    def move(call: dict[str, Any], _turn: FaultyTurn) -> object:
        return call | {name: _shifted(call[name], by)} if call.get(name) else call

    return changed(move)


def _restarted(call: dict[str, Any], turn: FaultyTurn) -> object:
    """Show a start that is a second later at each look."""
    looks = turn.memory[turn.identifier] = turn.memory.get(turn.identifier, -1) + 1
    if call.get("start_time"):
        call["start_time"] = _shifted(call["start_time"], timedelta(seconds=looks))
    return call


def _going_back(call: dict[str, Any], turn: FaultyTurn) -> object:
    """Show a call as ended once, and then as in progress."""
    if call.get("status") != "ended":
        return call
    seen: set[str] = turn.memory.setdefault("seen", set())
    if turn.identifier in seen:
        return _as_before(call, turn)
    seen.add(turn.identifier)
    return call


def _ending_first(call: dict[str, Any], _turn: FaultyTurn) -> object:
    if call.get("start_time") and call.get("end_time"):
        call["end_time"] = _shifted(call["start_time"], -_LATER)
    return call


def _healed(call: dict[str, Any], _turn: FaultyTurn) -> object:
    return call | {"status": "ended", "error_message": None} if call.get("status") == "error" else call


def _swapped(call: dict[str, Any], _turn: FaultyTurn) -> object:
    return call | {"to_number": call["from_number"], "from_number": call["to_number"]}


def _other_agent(call: dict[str, Any], _turn: FaultyTurn) -> object:
    return call | {"agent": call["agent"] | {"id": STRANGER}}


def _with_other_id(call: dict[str, Any], turn: FaultyTurn) -> object:
    return call | {"id": turn.other(call["id"])}


def _forgotten(turn: FaultyTurn) -> Response:
    """Find no call any more that has ended."""
    response = turn.sound()
    is_ended = response.status == 200 and turn.call(turn.identifier).get("status") == "ended"
    return refused(404, "Call not found") if is_ended else response


_END, _GET = ("end_call",), ("get_call",)


def _ending(name: str, title: str, broken: tuple[str, ...] | str, spoil: Spoiling) -> Fault:
    breaks = (broken,) if isinstance(broken, str) else broken
    return Fault(name=name, title=title, breaks=breaks, operations=_END, spoil=spoil)


def _getting(name: str, title: str, broken: str, spoil: Spoiling) -> Fault:
    return Fault(name=name, title=title, breaks=(broken,), operations=_GET, spoil=spoil)


ENDINGS = (
    _ending("end-that-does-not-end", "End Call answers 200 and the call goes on", "call-not-ended", _unended),
    _ending(
        "end-in-words-only",
        "End Call says that the call has ended, and it goes on",
        ("status-went-back", "call-not-ended", "end-time-moved"),
        _ended_in_words,
    ),
    _ending(
        "end-of-another-call",
        "End Call ends another call than the one it says has ended",
        ("other-ended", "call-not-ended", "status-went-back", "end-time-moved"),
        _other_ended,
    ),
    _ending("end-of-all-calls", "End Call ends every call", "other-ended", _all_ended),
    _ending("end-answers-another", "End Call answers with another call", "other-call", _other_answered),
    _ending(
        "end-answers-before",
        "End Call ends the call and shows it as it was before, for ever",
        ("status-went-back", "end-time-moved"),
        _before_answered,
    ),
    _ending("second-end-500", "ending a call that is over is a 500", "status-undeclared", _again(_failed)),
    _ending(
        "second-end-moves-end-time",
        "ending a call that is over gives it a later end",
        "end-time-moved",
        _again(_moved("end_time", _LATER)),
    ),
    _ending(
        "end-clears-transcript",
        "End Call answers without the transcript",
        "transcript-lost-text",
        changed(lambda call, _: call | {"transcript": None}),
    ),
    _ending(
        "end-swaps-numbers", "End Call answers with caller and called exchanged", "number-changed", changed(_swapped)
    ),
    _ending("end-changes-agent", "End Call answers with another agent", "agent-changed", changed(_other_agent)),
    _ending(
        "end-changes-owner",
        "End Call answers with the call of another account",
        ("owner-changed", "foreign-owner"),
        changed(lambda call, _: call | {"user_id": STRANGER}),
    ),
    _ending(
        "end-heals-failure", "ending a call that failed makes it an ended one", "outcome-changed", changed(_healed)
    ),
    _getting("stale-get", "Get Call shows an ended call as still in progress", "status-went-back", changed(_as_before)),
    _getting(
        "status-goes-back",
        "Get Call shows an ended call once, then in progress",
        "status-went-back",
        changed(_going_back),
    ),
    _getting("get-answers-another", "Get Call answers with another call", "other-call", _other_answered),
    _getting("get-forgets-ended", "Get Call does not find calls that have ended", "status-undeclared", _forgotten),
    _getting("start-time-moves", "Get Call shows a later start at each look", "start-time-moved", changed(_restarted)),
    Fault(
        name="wrong-call",
        title="End Call and Get Call answer with the id of another call",
        breaks=("other-call",),
        operations=("end_call", "get_call"),
        spoil=changed(_with_other_id),
    ),
    Fault(
        name="end-before-start",
        title="ended calls end before they start",
        breaks=("end-before-start",),
        operations=("end_call", "get_call"),
        spoil=changed(_ending_first),
    ),
    Fault(
        name="end-time-missing",
        title="ended calls have no end time",
        breaks=("end-time-missing",),
        operations=("end_call", "get_call"),
        spoil=changed(lambda call, _: call | {"end_time": None}),
    ),
)
