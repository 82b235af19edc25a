"""The rules of one call over time: observations -> violations.

`CallHistory` is what is kept between two observations, and only `step` changes it: a pure function, so that a stream
of any length is checked in constant memory.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from vocode_contract.contract import json_pointer
from vocode_contract.contract.model import Contract, resolve_contract
from vocode_contract.validation.codes import ALL, Selection
from vocode_contract.validation.consistency import Clash
from vocode_contract.validation.lifecycle.call_life import (
    CONNECTED,
    ENDED,
    EVENT_TYPES,
    FINAL,
    RESULTS,
    STAGES,
    STATUSES,
    UNCONNECTED,
)
from vocode_contract.validation.lifecycle.event_order import CONFLICTS, conflicts
from vocode_contract.validation.lifecycle.history import (
    AGENT_OWNER,
    NEW,
    NUMBERS,
    CallHistory,
    Observation,
    add_call,
    add_event,
    detection_result,
    digest_fixed,
    digest_of,
    digest_of_id,
    event_digest,
    known_word,
    members,
)
from vocode_contract.validation.scalars import instant
from vocode_contract.validation.violation import Violation

SUBSCRIBED: Final = "subscribed"
Expected = Iterable[str] | Literal["subscribed"]
_Rule = Callable[[CallHistory, Mapping[str, Any]], Iterator[Clash]]


def _is_same_call(history: CallHistory, call_id: object) -> bool:
    if history.call_id is None or not isinstance(call_id, str):
        return True
    return digest_of_id(call_id) == digest_of_id(history.call_id)


def _keep_id(key: str) -> _Rule:
    def check(history: CallHistory, value: Mapping[str, Any]) -> Iterator[Clash]:
        if not _is_same_call(history, value.get(key)):
            yield Clash(keys=(key,), expected="the id of this call", actual="another id")

    return check


def _advance(key: Literal["status", "stage"], ranks: Mapping[str, int]) -> _Rule:
    def check(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
        before, now = getattr(history, key), known_word(call.get(key), ranks)
        if before is not None and now is not None and ranks[now] < ranks[before]:
            yield Clash(keys=(key,), expected=f"{before} or what follows it", actual=now)

    return check


def _keep_outcome(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
    now, before = known_word(call.get("status"), FINAL), known_word(history.status, FINAL)
    if before is not None and now is not None and before != now:
        yield Clash(keys=("status",), expected=before, actual=now)


def _keep_time(key: Literal["start_time", "end_time"], statuses: Collection[str]) -> _Rule:
    """Return the rule that a time does not change once the call has one of these statuses."""

    def check(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
        now, shown = call.get(key), history.shown.get(history.operation, {})
        if (history.status in statuses and _has_moved(getattr(history, key), now)) or (
            history.operation and shown.get("status") in statuses and _has_moved(shown.get(key), now, by=0.0)
        ):
            actual = "nothing" if now is None else "another time"
            yield Clash(keys=(key,), expected=f"the earlier {key.replace('_', ' ')}", actual=actual)

    return check


_SAME_TIME = 1.0  # seconds: the contract of 2024-08-27 writes one time as text and as a number


def _has_moved(before: object, now: object, by: float = _SAME_TIME) -> bool:
    """Return whether two times differ, by some seconds or more; ``False`` if their spellings cannot be compared."""
    if before is None or now is None:
        return before is not None
    then, later = instant(before), instant(now)
    if then is None or later is None:
        return then is later and type(before) is type(now) and before != now
    return later != then and abs(later - then) >= by


#: Names in `FIXED` that stand for a property of a full agent.
_AGENT_KEYS: Mapping[str, tuple[str, str]] = {"agent": ("agent", "id"), AGENT_OWNER: ("agent", "user_id")}


def _keep(*names: str) -> _Rule:
    """Return the rule that some properties do not change."""

    def check(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
        known = [name for name in names if name in history.fixed]
        now = digest_fixed(call, known)
        for name in known:
            if name in now and history.fixed[name] != now[name]:
                keys = _AGENT_KEYS.get(name, (name,)) if isinstance(call.get("agent"), dict) else (name,)
                yield Clash(keys=keys, expected="the earlier value", actual="another one")

    return check


def _grow_transcript(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
    length, digest = history.settled
    transcript = call.get("transcript")
    if not length or call.get("hipaa_compliant") is True or not isinstance(transcript, (str, type(None))):
        return
    text = transcript or ""
    if len(text) < length or digest_of(text[:length]) != digest:
        actual = "an end before it" if text and len(text) < length else "another one" if text else "nothing"
        is_live = bool(text) and known_word(history.status, FINAL) is None
        expected = "the earlier text, possibly with more after it"
        yield Clash(keys=("transcript",), expected=expected, actual=actual, may_be_right=is_live)


def _keep_recording(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
    if history.recording and call.get("recording_available") is False:
        yield Clash(keys=("recording_available",), expected="true, as before", actual="false")


def _keep_detection(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
    now = known_word(call.get("human_detection_result"), RESULTS)
    if now is not None and history.detected not in (None, now):
        yield Clash(keys=("human_detection_result",), expected=f"{history.detected}, as before", actual=now)


def _match_event(history: CallHistory, call: Mapping[str, Any]) -> Iterator[Clash]:
    now = known_word(call.get("human_detection_result"), RESULTS)
    if now is not None and history.reported not in (None, now):
        yield Clash(keys=("human_detection_result",), expected=f"{history.reported}, as an event reported", actual=now)


def _match_call(history: CallHistory, event: Mapping[str, Any]) -> Iterator[Clash]:
    now = detection_result(event)
    sources = {history.detected: "the call", history.reported: "an event before"}
    for known in RESULTS:
        if now is not None and known in sources and known != now:
            yield Clash(keys=("payload", "result"), expected=f"{known}, as {sources[known]} says", actual=now)


def _fit(code: str) -> _Rule:
    """Return the rule that an event has no conflict of this code with earlier ones."""

    def check(history: CallHistory, event: Mapping[str, Any]) -> Iterator[Clash]:
        for conflict in conflicts(history.events, event.get("type"), event.get("payload"), event_digest(event)):
            if conflict.code == code:
                yield Clash(keys=("type",), expected=conflict.expected, actual=conflict.actual)

    return check


CALL_RULES: Mapping[str, _Rule] = {
    "call-changed": _keep_id("id"),
    "status-went-back": _advance("status", STATUSES),
    "outcome-changed": _keep_outcome,
    "stage-went-back": _advance("stage", STAGES),
    "start-time-moved": _keep_time("start_time", STATUSES.keys() - {"not_started"}),
    "end-time-moved": _keep_time("end_time", FINAL),
    "number-changed": _keep(*NUMBERS),
    "agent-changed": _keep("agent"),
    "owner-changed": _keep("user_id", AGENT_OWNER),
    "provider-changed": _keep("telephony_provider"),
    "transcript-lost-text": _grow_transcript,
    "recording-vanished": _keep_recording,
    "detection-changed": _keep_detection,
    "event-disagrees": _match_event,
}

EVENT_RULES: Mapping[str, _Rule] = {
    "call-changed": _keep_id("call_id"),
    **{code: _fit(code) for code in CONFLICTS},
    "event-disagrees": _match_call,
}


def step(
    history: CallHistory,
    observation: Observation,
    *,
    contract: str | Contract | None = None,
    profile: str | None = None,
    selection: Selection = ALL,
) -> tuple[CallHistory, tuple[Violation, ...]]:
    """Return the history after one more observation, and the violations that it shows.

    Each observation is compared with the one before, so a violation is reported when it happens. An
    observation of another call violates only `call-changed` and is not kept.

    Args:
        history: `NEW` for the first observation.
        observation: Of the same call.
        contract: A date, or a `Contract`; by default the default contract.
        profile: ``documented``, ``wire`` or ``tolerant``; by default that of the `Contract`, for a date ``wire``.
        selection: Which codes to check, and their severities.

    Raises:
        ContractError: There is no such contract or profile.
    """
    loaded = resolve_contract(contract, profile)
    value = members(observation.value)
    is_call = observation.source == "call"
    rules, add = (CALL_RULES, add_call) if is_call else (EVENT_RULES, add_event)
    history = replace(history, seen=history.seen + 1, operation=observation.operation)
    is_same = _is_same_call(history, observation.call_id)
    found = []
    for code, rule in rules.items():
        if not is_same and code != "call-changed":
            continue
        for clash in rule(history, value):  # nearly always none
            level = selection.level(code, loaded.profile)
            if level != "off":
                found.append(
                    Violation(
                        instance_pointer=json_pointer.from_tokens(clash.keys),
                        code=code,
                        severity="advice" if clash.may_be_right and code not in selection.severities else level,
                        expected=clash.expected,
                        actual=clash.actual,
                        schema_pointer=_source(loaded, clash.keys[0]) if is_call else "",
                        contract=loaded.date,
                        note=f"observation {history.seen}",
                    )
                )
    return add(history, value) if is_same else history, tuple(found)


def _source(contract: Contract, key: str) -> str:
    declared = contract.schemas.get("Call", {}).get("properties", {})
    return contract.pointer_to(declared[key]) if key in declared else ""


def missing(
    history: CallHistory,
    *,
    contract: str | Contract | None = None,
    profile: str | None = None,
    expected: Expected | None = None,
    selection: Selection = ALL,
) -> Iterator[Violation]:
    """Yield a violation for each expected event that did not come; call it when no more events will come.

    ``subscribed`` expects the connected and ended events of a call that is over, if its webhook subscribes to them and
    any event came. See `step` for the other arguments.
    """
    loaded = resolve_contract(contract, profile)
    level = selection.level("event-missing", loaded.profile)
    first = history.events.first
    if expected == SUBSCRIBED:
        due = history.subscriptions & {CONNECTED, ENDED} if first and history.is_over else frozenset()
        expected = () if UNCONNECTED in first or history.status == "error" else due
    for kind in sorted(set(expected or ()) - first.keys()):
        if level != "off":
            yield Violation(
                instance_pointer="",
                code="event-missing",
                severity=level,
                expected=kind if kind in EVENT_TYPES else "another event",
                actual="no such event",
                contract=loaded.date,
            )


def breaches(
    observations: Iterable[Observation],
    *,
    contract: str | Contract | None = None,
    profile: str | None = None,
    expected: Expected | None = None,
    selection: Selection = ALL,
) -> Iterator[Violation]:
    """Yield the violations of one call over time, in the order of the observations, missing events last.

    Args:
        observations: All of one call. If each has a time, they are sorted by it.
        contract: A date, or a `Contract`; by default the default contract.
        profile: ``documented``, ``wire`` or ``tolerant``; by default that of the `Contract`, for a date ``wire``.
        expected: Event types that have to come. ``subscribed`` expects the connected and ended events of a call that
            is over, if its webhook subscribes to them and any event came.
        selection: Which codes to check, and their severities.

    Raises:
        ContractError: There is no such contract or profile.
    """
    history = NEW
    for observation in _by_time(observations):
        history, found = step(history, observation, contract=contract, profile=profile, selection=selection)
        yield from found
    yield from missing(history, contract=contract, profile=profile, expected=expected, selection=selection)


def check_history(
    observations: Iterable[Observation],
    *,
    contract: str | Contract | None = None,
    profile: str | None = None,
    expected: Expected | None = None,
    selection: Selection = ALL,
) -> Mapping[str, tuple[Violation, ...]]:
    """Return the violations of many calls by call id, without calls that have none; see `breaches`.

    Observations without a call id are ignored.
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


def _by_time(observations: Iterable[Observation]) -> list[Observation]:
    listed = list(observations)
    timed = [(observation.at, observation) for observation in listed if observation.at is not None]
    if len(timed) < len(listed):
        return listed
    return [observation for _, observation in sorted(timed, key=lambda pair: pair[0])]
