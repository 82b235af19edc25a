"""The stories that events tell: whole, twice, late, out of order."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocode_contract import Contract, Event, EventSequence, InvalidOption, check_sequence
from vocode_contract.validation.codes import CODES
from vocode_contract.validation.lifecycle.history import Observation
from vocode_contract.validation.lifecycle.rules import breaches

CALL = "37bf8eef-d71f-474f-877f-cdaf1d3e2103"
KINDS = Contract.load("2024-08-27").schemas["EventType"]["enum"]
STORY = ("connected", "human_detection", "message", "action", "ended", "transcript", "recording")
NAMES = {"connected": "phone_call_connected", "ended": "phone_call_ended", "unconnected": "phone_call_did_not_connect"}


def event(name: str, call_id: str = CALL, **payload: object) -> Event:
    return Event(type=f"event_{NAMES.get(name, name)}", call_id=call_id, payload=payload)


def told(*names: str, subscriptions: list[str] | None = None) -> list[tuple[str, str]]:
    found = check_sequence(map(event, names), subscriptions=subscriptions)
    return [(violation.instance_pointer, violation.code) for violation in found]


@pytest.mark.parametrize(
    "names",
    [
        STORY,
        ("connected", "message", "transcript", "ended", "recording"),
        ("unconnected",),
        ("human_detection", "unconnected"),
        ("recording",),
        ("message", "ended"),
        (),
    ],
    ids="-".join,
)
def test_story_that_may_be_is_right(names):
    assert told(*names) == []


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("message", "connected"), [("/1", "event-order")]),
        (("transcript", "connected"), [("/1", "event-order")]),
        (("ended", "connected"), [("/1", "event-order")]),
        (("recording", "ended"), [("/1", "event-order")]),
        (("connected", "ended", "message"), [("/2", "event-after-end")]),
        (("ended", "action"), [("/1", "event-after-end")]),
        (("unconnected", "human_detection"), [("/1", "event-after-end")]),
        (("connected", "unconnected"), [("/1", "event-contradicts")]),
        (("unconnected", "connected"), [("/1", "event-contradicts")]),
        (("unconnected", "message"), [("/1", "event-contradicts")]),
        (("ended", "unconnected"), [("/1", "event-again")]),
        (("recording", "recording"), [("/1", "event-repeated")]),
        (("connected", "ended", "connected"), [("/2", "event-repeated")]),
    ],
    ids=str,
)
def test_story_that_cannot_be_is_told(names, found):
    assert told(*names) == found


def test_second_detection_that_differs_is_told():
    [violation] = check_sequence([event("human_detection", result=result) for result in ("human", "no_human")])
    assert (violation.code, violation.note) == ("event-again", "see /0")


def test_message_that_says_something_is_known_again():
    [violation] = check_sequence([event("message", text="Yes"), event("message", text="Yes")])
    assert violation.code == "event-repeated"


def test_messages_that_say_nothing_are_no_repetition():
    assert told("message", "message") == []


def test_messages_that_differ_are_no_repetition():
    assert check_sequence(event("message", text=str(number)) for number in range(5)) == ()


def test_late_event_names_the_earliest_that_it_precedes():
    [violation] = check_sequence(map(event, ("message", "action", "connected")))
    assert violation.expected == "event_phone_call_connected before event_message"
    assert violation.note == "see /0"


@pytest.mark.parametrize(
    "code",
    ["event-repeated", "event-again", "event-order", "event-after-end", "event-missing", "event-unsubscribed"],
)
def test_what_no_document_promises_is_no_error(code):
    assert CODES[code].level == "advice"


@pytest.mark.parametrize("story", list(permutations(("connected", "message", "ended"))), ids="-".join)
def test_every_order_but_the_right_one_is_told(story):
    assert bool(told(*story)) is (story != ("connected", "message", "ended"))


@given(st.permutations(STORY), st.permutations(STORY))
def test_calls_that_interleave_are_judged_alone(one, other):
    mixed = [each for pair in zip(map(event, one), (event(name, "b") for name in other), strict=True) for each in pair]
    found = check_sequence(mixed)
    assert [each.code for each in found if int(each.instance_pointer[1:]) % 2 == 0] == [code for _, code in told(*one)]


@given(st.lists(st.builds(event, st.sampled_from((*STORY, "unconnected", "unheard_of")), text=st.sampled_from("ab"))))
def test_both_judges_of_events_say_the_same(events):
    values = [{"type": each.type, "call_id": each.call_id, "payload": dict(each.payload)} for each in events]
    lived = breaches(Observation(source="event", value=value) for value in values)
    assert [(found.code, found.expected) for found in lived] == [
        (found.code, found.expected) for found in check_sequence(events)
    ]


def test_call_is_known_again_in_any_case():
    [violation] = check_sequence([event("recording", CALL.upper()), event("recording", CALL)])
    assert violation.code == "event-repeated"


# --- what did not come ---


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("message", "ended"), [("/1", "event-missing")]),
        (("connected", "recording"), [("/1", "event-missing")]),
        (("recording",), [("/0", "event-missing"), ("/0", "event-missing")]),
        (("connected",), []),
        (("connected", "message"), []),
        (("unconnected",), []),
    ],
    ids=str,
)
def test_event_that_was_subscribed_to_and_must_have_been_is_missed(names, found):
    assert told(*names, subscriptions=KINDS) == found


def test_event_that_was_not_subscribed_to_is_not_missed():
    assert told("ended", "recording", subscriptions=["event_phone_call_ended", "event_recording"]) == []


def test_event_that_was_not_subscribed_to_is_told():
    assert told("message", subscriptions=["event_recording"]) == [("/0", "event-unsubscribed")]


def test_kind_that_is_odd_is_not_shown():
    odd = Event(type="Canary-7f3e\x1b", call_id=CALL)
    assert "Canary" not in repr(check_sequence([odd, odd], subscriptions=[]))


# --- bounded memory ---


def test_calls_are_forgotten_the_longest_untouched_first():
    sequence = EventSequence(live=2)
    for call_id in ("a", "b", "a", "c"):
        sequence.observe(event("message", call_id, at=call_id))
    assert [bool(sequence.observe(event("message", call_id, at=call_id))) for call_id in ("a", "b")] == [True, False]


def test_ended_calls_do_not_crowd_out_the_live():
    sequence = EventSequence(live=1, ended=2)
    sequence.observe(event("connected", "live"))
    for number in range(100):
        sequence.observe(event("ended", str(number)))
    assert len(sequence) == 3
    assert [found.code for found in sequence.observe(event("connected", "live"))] == ["event-repeated"]


def test_ended_call_is_remembered_for_what_comes_late():
    sequence = EventSequence(ended=1)
    sequence.observe(event("ended"))
    assert [found.code for found in sequence.observe(event("message"))] == ["event-after-end"]


def test_memory_of_a_call_is_bounded():
    sequence = EventSequence(repeats=3)
    for number in range(1000):
        sequence.observe(Event(type=f"event_{number}", call_id=CALL, payload={"n": number}))
    [history] = sequence._live.values()
    assert len(history.digests) == 3
    assert not history.first


def test_nothing_is_missed_once_something_was_forgotten():
    sequence = EventSequence(subscriptions=KINDS, live=1)
    for call_id in ("a", "b"):
        sequence.observe(event("message", call_id))
    assert sequence.finish() == ()


@pytest.mark.parametrize(
    ("bound", "made"),
    [
        ("live", lambda: EventSequence(live=0)),
        ("ended", lambda: EventSequence(ended=0)),
        ("repeats", lambda: EventSequence(repeats=-1)),
    ],
)
def test_bound_below_one_is_our_callers_mistake(bound, made):
    with pytest.raises(InvalidOption, match=bound):
        made()


EVENTS = st.builds(Event, type=st.sampled_from(KINDS) | st.text(), call_id=st.sampled_from("abc"))


@given(st.lists(EVENTS))
def test_judging_piece_by_piece_is_judging_at_once(events):
    sequence = EventSequence()
    found = [violation for each in events for violation in sequence.observe(each)]
    assert tuple(found) == check_sequence(events)


@given(st.lists(EVENTS), st.data())
def test_copies_add_nothing_but_repetitions(events, data):
    known = check_sequence(events)
    copies = data.draw(st.lists(st.sampled_from(events))) if events else []
    assert {each.code for each in check_sequence([*events, *copies])[len(known) :]} <= {"event-repeated"}
