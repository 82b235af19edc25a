import dataclasses
import json
from typing import Any

import pytest

from vocode_contract.contract.model import Contract
from vocode_contract.errors import UnknownContract
from vocode_contract.validation.codes import CODES, Selection
from vocode_contract.validation.lifecycle.history import NEW, CallHistory, Observation
from vocode_contract.validation.lifecycle.rules import (
    CALL_RULES,
    EVENT_RULES,
    SUBSCRIBED,
    breaches,
    check_history,
    missing,
    step,
)

CALL = Contract.load("2024-08-27").schemas["Call"]["examples"][0]
OTHER = "b0b0b0b0-0000-4000-8000-000000000000"
START, END = "2024-08-27T14:30:00+00:00", "2024-08-27T14:31:20+00:00"
CONNECTED, ENDED = "event_phone_call_connected", "event_phone_call_ended"
UNCONNECTED, DETECTION = "event_phone_call_did_not_connect", "event_human_detection"


def poll(status: Any = "ended", *, at: float | None = None, **changes: Any) -> Observation:
    start = START if status != "not_started" else None
    end = END if status not in ("not_started", "in_progress") else None
    unset = dict.fromkeys(("transcript", "stage", "human_detection_result"))
    value = {**CALL, **unset, "recording_available": False, "start_time": start, "end_time": end, "status": status}
    return Observation(at=at, value=value | changes)


def event(kind: Any, *, at: float | None = None, **changes: Any) -> Observation:
    return Observation(at=at, source="event", value={"type": kind, "call_id": CALL["id"], **changes})


def detection(result: Any) -> Observation:
    return event(DETECTION, payload={"result": result})


def codes(*observations: Observation, **options: Any) -> list[str]:
    return [violation.code for violation in breaches(observations, **options)]


def agent(**changes: Any) -> dict[str, Any]:
    return {**CALL["agent"], **changes}


LINE = "[00:00.52] BOT: Hello\n"

SOUND = {
    "polled": [poll("not_started"), poll("in_progress"), poll("in_progress"), poll("ended"), poll("ended")],
    "failed": [poll("not_started"), poll("error", start_time=None, end_time=None)],
    "events": [event(CONNECTED), detection("human"), event("event_message"), event("event_message"), event(ENDED)],
    "late events": [event(ENDED), event("event_transcript"), event("event_transcript"), event("event_recording")],
    "not connected": [event(UNCONNECTED), poll("error")],
    "other spellings": [poll(), poll(id=CALL["id"].upper(), to_number="+" + CALL["to_number"])],
    "as listed": [poll(), poll(agent=CALL["agent"]["id"], start_time=1724769000, end_time=1724769080.25)],
    "recording later": [poll(), poll(recording_available=True)],
    "start known at pick-up": [poll("not_started", start_time="2024-08-27T14:00:00Z"), poll("in_progress")],
    "same instant": [poll(), poll(end_time="2024-08-27T16:31:20+02:00")],
    "unreadable times": [poll(end_time="soon"), poll(end_time=END)],
    "transcript grows": [poll(transcript=LINE), poll(transcript=LINE + "[00:02.00] HUMAN:  Hi\n")],
    "line cut off": [poll("in_progress", transcript=LINE + "BOT: How can"), poll(transcript=LINE + "BOT: How-")],
    "HIPAA": [poll(transcript=LINE, hipaa_compliant=True), poll(hipaa_compliant=True)],
    "both": [poll("in_progress"), detection("human"), poll(human_detection_result="human"), event(ENDED)],
    "unknown words": [poll("ended"), poll("ringing"), event("event_unheard_of"), event("event_unheard_of")],
}

BROKEN = {
    "call-changed": ([poll(), poll(id=OTHER)], "/id"),
    "status-went-back": ([poll("ended"), poll("in_progress", start_time=START, end_time=END)], "/status"),
    "outcome-changed": ([poll("ended"), poll("error")], "/status"),
    "stage-went-back": ([poll(stage="picked_up"), poll(stage="created")], "/stage"),
    "start-time-moved": ([poll("in_progress"), poll("in_progress", start_time=END)], "/start_time"),
    "end-time-moved": ([poll(), poll(end_time="2024-08-27T14:31:21Z")], "/end_time"),
    "number-changed": ([poll(), poll(to_number="12025550199")], "/to_number"),
    "agent-changed": ([poll(), poll(agent=agent(id=OTHER))], "/agent/id"),
    "owner-changed": ([poll(), poll(user_id=OTHER)], "/user_id"),
    "provider-changed": ([poll(), poll(telephony_provider="vonage")], "/telephony_provider"),
    "transcript-lost-text": ([poll(transcript=LINE * 2), poll(transcript=LINE)], "/transcript"),
    "recording-vanished": ([poll(recording_available=True), poll()], "/recording_available"),
    "detection-changed": (
        [poll(human_detection_result="human"), poll(human_detection_result="no_human")],
        "/human_detection_result",
    ),
    "event-repeated": ([event(ENDED), event(ENDED)], "/type"),
    "event-again": ([event(ENDED, payload={"at": 1}), event(ENDED, payload={"at": 2})], "/type"),
    "event-contradicts": ([event(CONNECTED), event(UNCONNECTED)], "/type"),
    "event-order": ([event(ENDED), event(CONNECTED)], "/type"),
    "event-after-end": ([event(ENDED), event("event_message")], "/type"),
    "event-disagrees": ([detection("no_human"), poll(human_detection_result="human")], "/human_detection_result"),
}


@pytest.mark.parametrize("name", SOUND)
def test_sound_history_has_no_breach(name):
    assert codes(*SOUND[name]) == []


@pytest.mark.parametrize("code", BROKEN)
def test_breach_is_reported_at_its_place_and_alone(code):
    observations, place = BROKEN[code]
    [found] = breaches(observations, contract="2024-08-27")
    assert (found.code, found.instance_pointer, found.severity) == (code, place, CODES[code].level)
    assert (found.note, found.contract) == ("observation 2", "2024-08-27")


def test_every_rule_has_a_history_that_breaks_it():
    assert {*CALL_RULES, *EVENT_RULES} == set(BROKEN)


FURTHER = {
    "error is over": ([poll("error"), poll("in_progress", start_time=START, end_time=END)], ["status-went-back"]),
    "not begun again": ([poll("in_progress"), poll("not_started", start_time=START)], ["status-went-back"]),
    "end time gone": ([poll(), poll(end_time=None)], ["end-time-moved"]),
    "start time gone": ([poll(), poll(start_time=None)], ["start-time-moved"]),
    "naive end moved": (
        [poll(end_time="2024-08-27T14:31:20"), poll(end_time="2024-08-27T14:31:21")],
        ["end-time-moved"],
    ),
    "listed agent": ([poll(), poll(agent=OTHER)], ["agent-changed"]),
    "two numbers": ([poll(), poll(to_number="1", from_number="2")], ["number-changed"] * 2),
    "transcript gone": ([poll(transcript=LINE), poll()], ["transcript-lost-text"]),
    "transcript rewritten": ([poll(transcript=LINE), poll(transcript="B" + LINE)], ["transcript-lost-text"]),
    "settled line changed": (
        [poll("in_progress", transcript=LINE + "BOT: a"), poll("in_progress", transcript="BOT: a")],
        ["transcript-lost-text"],
    ),
    "foreign event": ([poll(), event(ENDED, call_id=OTHER), event(ENDED)], ["call-changed"]),
    "foreign poll": ([poll(), poll("not_started", id=OTHER, user_id=OTHER), poll()], ["call-changed"]),
    "talk without connection": ([event(UNCONNECTED), event("event_message")], ["event-contradicts"]),
    "message twice": ([event("event_message", payload={"text": "Yes"})] * 2, ["event-repeated"]),
    "late copy": ([event("event_action"), event(ENDED), event("event_action")], []),
    "unwritable": ([event("event_message", payload={"text": {1, 2}})] * 2, []),
    "talk before connection": ([event("event_action"), event(CONNECTED)], ["event-order"]),
    "detection late": ([event(ENDED), detection("human")], ["event-after-end"]),
    "events disagree": ([detection("human"), detection("no_human")], ["event-again", "event-disagrees"]),
    "event after call": ([poll(human_detection_result="human"), detection("no_human")], ["event-disagrees"]),
}


@pytest.mark.parametrize("name", FURTHER)
def test_breach_has_its_code(name):
    observations, expected = FURTHER[name]
    assert codes(*observations) == expected


REWRITTEN = [poll("in_progress", transcript=LINE * 2 + "BOT: a"), poll(transcript=LINE + "BOT: Hel-\n" + LINE)]


@pytest.mark.parametrize(
    ("observations", "severities", "severity"),
    [
        (REWRITTEN, {}, "advice"),
        (REWRITTEN, {"transcript-lost-text": "error"}, "error"),
        ([poll("in_progress", transcript=LINE * 2), poll("ended")], {}, "error"),
        ([poll(transcript=LINE * 2), poll(transcript=LINE)], {}, "error"),
    ],
    ids=["live", "live-raised", "gone", "over"],
)
def test_changed_line_of_a_live_call_is_advice_until_its_code_is_raised(observations, severities, severity):
    found = breaches(observations, contract="2024-08-27", selection=Selection(severities=severities))
    assert [(each.code, each.severity) for each in found] == [("transcript-lost-text", severity)]


def test_owner_of_the_agent_that_differs_between_two_observations_is_an_error():
    [found] = breaches(
        [poll(), poll(agent=CALL["agent"]["id"]), poll(agent=agent(user_id=OTHER))], contract="2024-08-27"
    )
    assert (found.code, found.severity, found.instance_pointer) == ("owner-changed", "error", "/agent/user_id")


def test_breach_is_told_once_and_not_at_each_later_poll():
    back = poll("in_progress", start_time=START, end_time=END)
    assert codes(poll(), back, back, poll()) == ["status-went-back"]


def test_observations_are_put_in_the_order_of_their_times():
    assert codes(poll("ended", at=2.0), poll("not_started", at=1.0), event(ENDED, at=3.0)) == []
    assert "status-went-back" in codes(poll("ended", at=2.0), poll("not_started"))


def subscribed(*kinds: str) -> Observation:
    return poll(agent=agent(webhook={**CALL["agent"]["webhook"], "subscriptions": list(kinds)}))


@pytest.mark.parametrize(
    ("observations", "expected", "due"),
    [
        ([subscribed(CONNECTED, ENDED, DETECTION), event(CONNECTED)], SUBSCRIBED, [ENDED]),
        ([subscribed(ENDED, CONNECTED)], SUBSCRIBED, []),
        ([subscribed(ENDED), poll(agent=CALL["agent"]["id"]), event("event_message")], SUBSCRIBED, [ENDED]),
        ([subscribed(CONNECTED, ENDED), event(UNCONNECTED)], SUBSCRIBED, []),
        ([subscribed("event_message"), event(CONNECTED)], SUBSCRIBED, []),
        ([poll("in_progress"), event(CONNECTED)], SUBSCRIBED, []),
        ([], ("event_recording", ENDED), [ENDED, "event_recording"]),
        ([event(ENDED)], (ENDED,), []),
        ([subscribed(ENDED), event(CONNECTED)], None, []),
    ],
)
def test_missing_events_are_those_that_had_to_come(observations, expected, due):
    found = [violation for violation in breaches(observations, expected=expected) if violation.code == "event-missing"]
    assert [violation.expected for violation in found] == due
    assert {violation.severity for violation in found} <= {"advice"}


def test_unknown_expected_event_is_not_echoed():
    assert [found.expected for found in missing(NEW, expected=["\x1b[2J"])] == ["another event"]


def test_missing_event_can_be_switched_off():
    assert list(missing(NEW, expected=[ENDED], selection=Selection(ignore=("event-missing",)))) == []


def test_judge_groups_by_call_and_leaves_out_the_sound():
    mixed = [poll(), poll(id=OTHER), poll("in_progress"), poll(id=OTHER), Observation(value={})]
    found = check_history(mixed, expected=iter(()))
    assert list(found) == [CALL["id"]]
    assert "status-went-back" in {violation.code for violation in found[CALL["id"]]}


def test_step_changes_nothing_it_was_given():
    history, _ = step(NEW, poll("in_progress", transcript=LINE))
    before = dataclasses.replace(history)
    step(history, poll(transcript=""))
    assert history == before
    assert CallHistory() == NEW


def test_history_does_not_grow():
    history = NEW
    sizes = set()
    for index in range(50):
        history, _ = step(history, poll(transcript=LINE * (index + 1)))
        history, _ = step(history, event(f"event_{index}"))
        sizes.add(len(json.dumps(history.fixed)) + len(history.events.first) + len(history.settled[1]))
    assert len(sizes) == 1


def test_nothing_of_a_payload_is_told_or_kept():
    canary = "c4n4ry 12025550145"
    keys = ("transcript", "to_number", "user_id", "agent", "start_time", "end_time", "status", "error_message")
    first, second = (Observation(value={**CALL, **dict.fromkeys(keys, f"{canary}{index}")}) for index in (1, 2))
    history, _ = step(NEW, first)
    history, found = step(history, second)
    assert {"number-changed", "owner-changed", "agent-changed"} <= {violation.code for violation in found}
    assert "c4n4ry" not in f"{first!r} {history!r} {found!r} {[*map(str, found)]}"
    assert "12025550145" not in json.dumps(history.fixed)


WRONG: tuple[Any, ...] = (None, True, 10**400, float("nan"), "", "\ud800", [], [{}], {}, {"id": []}, {"type": {}})


@pytest.mark.parametrize("source", ["call", "event"])
def test_wrong_values_raise_nothing(source):
    keys = [*CALL, "type", "call_id", "payload"]
    sights = [Observation(source=source, value={**CALL, **poll().value, key: wrong}) for key in keys for wrong in WRONG]
    list(breaches([*sights, *sights[::-1]]))
    list(breaches(Observation(source=source, value=wrong) for wrong in WRONG))


def test_selection_overrides_severities():
    chosen = Selection(select=("event-repeated",), severities={"event-repeated": "error"})
    [found] = breaches([event(ENDED), event(ENDED), poll(id=OTHER)], selection=chosen)
    assert (found.code, found.severity) == ("event-repeated", "error")


def test_unknown_contract_is_misuse():
    with pytest.raises(UnknownContract):
        step(NEW, poll(), contract="1999-01-01")


@pytest.mark.parametrize(
    ("operations", "expected"), [(("get_call",) * 2, ["end-time-moved"]), (("get_call", "list_calls"), [])]
)
def test_time_may_be_less_exact_in_another_operation_but_not_in_the_same(operations, expected):
    times = ("2024-05-01T12:00:00.500000+00:00", "2024-05-01T12:00:00+00:00")
    call = {"id": "3c90c3cc-0d44-4b50-8888-8dd25736052a", "status": "ended", "start_time": "2024-05-01T11:00:00+00:00"}
    seen = [
        Observation(value={**call, "end_time": time}, operation=operation)
        for time, operation in zip(times, operations, strict=True)
    ]
    assert [violation.code for violation in breaches(seen)] == expected
