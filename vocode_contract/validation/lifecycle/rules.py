"""One call over time: many observations -> what cannot be one call's life.

`CallHistory` is what is remembered between observations, and `step` the only thing that moves it:
a pure function, so that a stream of any length is checked in constant memory.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from vocode_contract.contract import json_pointer
from vocode_contract.contract.model import DEFAULT_PROFILE, Contract
from vocode_contract.validation.codes import ALL, Selection
from vocode_contract.validation.consistency import Clash
from vocode_contract.validation.lifecycle.event_order import (
    CONFLICTS,
    CONNECTED,
    ENDED,
    KINDS,
    UNCONNECTED,
    can_be_known_again,
    conflicts,
)
from vocode_contract.validation.lifecycle.history import (
    NEW,
    NUMBERS,
    OVER,
    RESULTS,
    STAGES,
    STATUSES,
    CallHistory,
    Observation,
    after,
    digest_of,
    kept_of,
    key_of,
    members,
    result_of,
    spelled_alike,
    word,
)
from vocode_contract.validation.scalars import instant
from vocode_contract.validation.violation import Violation

SUBSCRIBED: Final = "subscribed"
Expected = Iterable[str] | Literal["subscribed"]

__all__ = [
    "CALL_RULES",
    "EVENT_RULES",
    "NEW",
    "SUBSCRIBED",
    "CallHistory",
    "Observation",
    "breaches",
    "check_history",
    "missing",
    "same_call",
    "step",
]


def same_call(history: CallHistory, call_id: object) -> bool:
    """Return whether an id may be that of the history."""
    if history.call_id is None or not isinstance(call_id, str):
        return True
    return spelled_alike(call_id) == spelled_alike(history.call_id)


def id_stays(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
    """Yield a clash when a call bears another id."""
    if not same_call(history, call.get("id")):
        yield Clash(keys=("id",), expected="the id of this call", actual="another id")


def status_goes_on(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
    """Yield a clash when the status is an earlier one."""
    yield from _back(history.status, call, "status", STATUSES)


def stage_goes_on(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
    """Yield a clash when the stage is an earlier one."""
    yield from _back(history.stage, call, "stage", STAGES)


def _back(before: str | None, call: Mapping[str, Any], key: str, order: Mapping[str, int]) -> Iterator[Clash]:
    now = word(call.get(key), order)
    if before is not None and now is not None and order[now] < order[before]:
        yield Clash(keys=(key,), expected=f"{before} or what follows it", actual=now)


def outcome_stays(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
    """Yield a clash when a call that was over is over otherwise."""
    now = word(call.get("status"), STATUSES)
    before = history.status
    if before is not None and now is not None and before != now and STATUSES[before] == STATUSES[now] == OVER:
        yield Clash(keys=("status",), expected=before, actual=now)


def start_stays(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
    """Yield a clash when the start time of a call that had begun is another."""
    if STATUSES.get(history.status or "", 0) > 0 and _moved(history.start, call.get("start_time")):
        yield Clash(keys=("start_time",), expected="the start time of before", actual=_other(call.get("start_time")))


def end_stays(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
    """Yield a clash when the end time of a call that was over is another."""
    if STATUSES.get(history.status or "", 0) == OVER and _moved(history.end, call.get("end_time")):
        yield Clash(keys=("end_time",), expected="the end time of before", actual=_other(call.get("end_time")))


_SAME_TIME = 1.0  # seconds: the contract of 2024-08-27 writes one time as text and as a number


def _moved(before: object, now: object) -> bool:
    """Return whether a time is another one; of spellings that cannot be compared nothing is claimed."""
    if before is None or now is None:
        return before is not None
    then, later = instant(before), instant(now)
    if then is None or later is None:
        return then is later and type(before) is type(now) and before != now
    return abs(later - then) >= _SAME_TIME


def _other(value: object) -> str:
    return "nothing" if value is None else "another time"


def _keeps(*places: str) -> Callable[[CallHistory, Mapping[str, Any]], Iterator[Clash]]:
    """Make the rule that what stands at some places stays."""

    def stays(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
        now = kept_of(call, places)
        for place in places:
            if place in history.kept and place in now and history.kept[place] != now[place]:
                keys = ("agent", "id") if place == "agent" and isinstance(call.get("agent"), dict) else (place,)
                yield Clash(keys=keys, expected="the value of before", actual="another one")

    return stays


def transcript_grows(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
    """Yield a clash when settled text of the transcript is gone or changed."""
    length, digest = history.settled
    transcript = call.get("transcript")
    if not length or call.get("hipaa_compliant") is True or not isinstance(transcript, (str, type(None))):
        return
    text = transcript or ""
    if len(text) < length or digest_of(text[:length]) != digest:
        actual = "an end before it" if text and len(text) < length else "another one" if text else "nothing"
        yield Clash(keys=("transcript",), expected="the text of before and what follows it", actual=actual)


def recording_stays(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
    """Yield a clash when a recording is no longer available."""
    if history.recording and call.get("recording_available") is False:
        yield Clash(keys=("recording_available",), expected="true, as before", actual="false")


def detection_stays(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
    """Yield a clash when human detection gave another result before."""
    now = word(call.get("human_detection_result"), RESULTS)
    if now is not None and history.detected not in (None, now):
        yield Clash(keys=("human_detection_result",), expected=f"{history.detected}, as before", actual=now)


def call_agrees(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
    """Yield a clash when an event reported another detection result."""
    now = word(call.get("human_detection_result"), RESULTS)
    if now is not None and history.reported not in (None, now):
        yield Clash(keys=("human_detection_result",), expected=f"{history.reported}, as an event reported", actual=now)


def event_of_call(history: CallHistory, event: Mapping[str, Any]) -> Iterator[Clash]:
    """Yield a clash when an event bears the id of another call."""
    if not same_call(history, event.get("call_id")):
        yield Clash(keys=("call_id",), expected="the id of this call", actual="another id")


def event_is_new(history: CallHistory, event: Mapping[str, Any]) -> Iterator[Clash]:
    """Yield a clash when the same event came before."""
    if key_of(event) in history.told and can_be_known_again(str(event.get("type")), event.get("payload")):
        yield Clash(keys=("type",), expected="each event once", actual="one that came before")


def _goes_with_others(code: str) -> Callable[[CallHistory, Mapping[str, Any]], Iterator[Clash]]:
    """Make the rule of one code of `CONFLICTS`; a late copy breaks none of them."""

    def goes(history: CallHistory, event: Mapping[str, Any]) -> Iterator[Clash]:
        if key_of(event) not in history.told:
            for conflict in conflicts(event.get("type"), history.events):
                if conflict.code == code:
                    yield Clash(keys=("type",), expected=conflict.expected, actual=conflict.actual)

    return goes


def event_agrees(history: CallHistory, event: Mapping[str, Any]) -> Iterator[Clash]:
    """Yield a clash when the call, or an event before, tells another detection result."""
    result = result_of(event)
    told = {history.detected: "the call", history.reported: "an event before"}
    for known in RESULTS:
        if result is not None and known in told and known != result:
            yield Clash(keys=("payload", "result"), expected=f"{known}, as {told[known]} says", actual=result)


_Rule = Callable[[CallHistory, Mapping[str, Any]], Iterator[Clash]]

CALL_RULES: Mapping[str, _Rule] = {
    "call-changed": id_stays,
    "status-went-back": status_goes_on,
    "outcome-changed": outcome_stays,
    "stage-went-back": stage_goes_on,
    "start-time-moved": start_stays,
    "end-time-moved": end_stays,
    "number-changed": _keeps(*NUMBERS),
    "agent-changed": _keeps("agent"),
    "owner-changed": _keeps("user_id"),
    "provider-changed": _keeps("telephony_provider"),
    "transcript-lost-text": transcript_grows,
    "recording-vanished": recording_stays,
    "detection-changed": detection_stays,
    "event-disagrees": call_agrees,
}

EVENT_RULES: Mapping[str, _Rule] = {
    "call-changed": event_of_call,
    "event-repeated": event_is_new,
    **{code: _goes_with_others(code) for code in CONFLICTS},
    "event-disagrees": event_agrees,
}


def step(
    history: CallHistory,
    observation: Observation,
    *,
    contract: str | None = None,
    profile: str = DEFAULT_PROFILE,
    selection: Selection = ALL,
) -> tuple[CallHistory, tuple[Violation, ...]]:
    """Return the history after one more observation, and what that breaks.

    A breach is reported when it happens: what is compared is always the observation before. An
    observation that names another call breaks `call-changed` alone and is not remembered.

    Args:
        history: `NEW` for the first observation.
        observation: Of the same call.
        contract: A date; the default contract without.
        profile: ``documented``, ``wire`` or ``tolerant``.
        selection: Which codes count, and how much.

    Raises:
        ContractError: There is no such contract or profile.
    """
    chosen = Contract.load(contract, profile=profile)
    value = members(observation.value)
    of_call = observation.source == "call"
    history = replace(history, seen=history.seen + 1)
    stranger = not same_call(history, observation.call_id)
    found: list[Violation] = []
    for code, rule in (CALL_RULES if of_call else EVENT_RULES).items():
        level = selection.level(code, profile)
        if level != "off" and (not stranger or code == "call-changed"):
            found += (
                Violation(
                    instance_pointer=json_pointer.from_tokens(clash.keys),
                    code=code,
                    severity=level,
                    expected=clash.expected,
                    actual=clash.actual,
                    schema_pointer=_source(chosen, clash.keys[0]) if of_call else "",
                    contract=chosen.date,
                    note=f"observation {history.seen}",
                )
                for clash in rule(history, value)
            )
    if stranger:
        return history, tuple(found)
    return after(history, observation), tuple(found)


def _source(contract: Contract, key: str) -> str:
    declared = contract.schemas["Call"]["properties"]
    return contract.pointer_to(declared[key]) if key in declared else ""


def missing(
    history: CallHistory,
    *,
    contract: str | None = None,
    profile: str = DEFAULT_PROFILE,
    expected: Expected | None = None,
    selection: Selection = ALL,
) -> Iterator[Violation]:
    """Yield a violation for each event that did not come, once no more is to come.

    Args:
        history: All that was observed.
        contract: A date; the default contract without.
        profile: ``documented``, ``wire`` or ``tolerant``.
        expected: Types of events; ``None`` for none; or ``subscribed``: those of the beginning and the end of a call
            that is over, as far as its webhook subscribes to them and an event came at all.
        selection: Which codes count, and how much.
    """
    chosen = Contract.load(contract, profile=profile)
    level = selection.level("event-missing", profile)
    if expected == SUBSCRIBED:
        due = history.subscriptions & {CONNECTED, ENDED} if history.events and history.is_over else frozenset()
        expected = () if UNCONNECTED in history.events or history.status == "error" else due
    for kind in sorted(set(expected or ()) - history.events.keys()):
        if level != "off":
            yield Violation(
                instance_pointer="",
                code="event-missing",
                severity=level,
                expected=kind if kind in KINDS else "another event",
                actual="no such event",
                contract=chosen.date,
            )


def breaches(
    observations: Iterable[Observation],
    *,
    contract: str | None = None,
    profile: str = DEFAULT_PROFILE,
    expected: Expected | None = None,
    selection: Selection = ALL,
) -> Iterator[Violation]:
    """Yield what cannot be one call's life, in the order of the observations, missing events last.

    Args:
        observations: All of one call. Where each has a time, they are put in its order.
        contract: A date; the default contract without.
        profile: ``documented``, ``wire`` or ``tolerant``.
        expected: Types of events that have to come; see `missing`.
        selection: Which codes count, and how much.

    Raises:
        ContractError: There is no such contract or profile.
    """
    history = NEW
    for observation in _in_time(observations):
        history, found = step(history, observation, contract=contract, profile=profile, selection=selection)
        yield from found
    yield from missing(history, contract=contract, profile=profile, expected=expected, selection=selection)


def check_history(
    observations: Iterable[Observation],
    *,
    contract: str | None = None,
    profile: str = DEFAULT_PROFILE,
    expected: Expected | None = None,
    selection: Selection = ALL,
) -> Mapping[str, tuple[Violation, ...]]:
    """Return the breaches of each of many calls by call id, those without a breach left out.

    Observations that name no call are left out too. See `breaches`.
    """
    kinds = expected if expected is None or expected == SUBSCRIBED else tuple(expected)
    calls: dict[str, list[Observation]] = {}
    for observation in observations:
        if observation.call_id is not None:
            calls.setdefault(observation.call_id.lower(), []).append(observation)
    found = {
        call_id: tuple(breaches(seen, contract=contract, profile=profile, expected=kinds, selection=selection))
        for call_id, seen in calls.items()
    }
    return {call_id: violations for call_id, violations in found.items() if violations}


def _in_time(observations: Iterable[Observation]) -> list[Observation]:
    listed = list(observations)
    times = {id(observation): observation.at for observation in listed}
    known = {key: at for key, at in times.items() if at is not None}
    return sorted(listed, key=lambda observation: known[id(observation)]) if len(known) == len(times) else listed
