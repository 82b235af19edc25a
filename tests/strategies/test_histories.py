"""Histories tell one call's life, and name what was planted in it."""

from itertools import pairwise
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import find, given, settings

from vocode_contract import InvalidOption, UnknownContract, conforms, dates
from vocode_contract.contract.model import PROFILES
from vocode_contract.strategies import BREACHES, histories
from vocode_contract.strategies.seeding import sample
from vocode_contract.validation.lifecycle.rules import breaches

ORDER = {"not_started": 0, "in_progress": 1, "ended": 2, "error": 2}
WELL = st.none()
VALUE: Any = "event-repeated"

quick = settings(max_examples=30, database=None)


def seen(history, source):
    return [observation.value for observation in history.observations if observation.source == source]


@pytest.mark.parametrize("date", dates())
@given(data=st.data())
@quick
def test_histories_hold_payloads_that_conform(date, data):
    history = data.draw(histories(contract=date))
    assert all(conforms(call, "Call", contract=date) for call in seen(history, "call"))
    assert all(conforms(event, "WebhookEvent", contract=date) for event in seen(history, "event"))


@given(histories(breach=WELL))
@quick
def test_well_behaved_histories_go_forward(history):
    statuses = [ORDER[call["status"]] for call in seen(history, "call")]
    assert statuses == sorted(statuses)
    assert [event["type"] for event in seen(history, "event")] == list(history.expected)
    assert [before.at <= after.at for before, after in pairwise(history.observations)].count(False) == 0


@given(histories(breach=WELL))
@quick
def test_well_behaved_histories_lose_no_text(history):
    texts = [call.get("transcript") or "" for call in seen(history, "call")]
    assert all(after.startswith(before) for before, after in pairwise(texts))


@given(histories())
@quick
def test_histories_are_of_one_call(history):
    ids = {value.get("id") or value["call_id"] for value in (each.value for each in history.observations)}
    assert len(ids) == 1


@pytest.mark.parametrize("breach", BREACHES)
@given(data=st.data())
@quick
def test_histories_hold_the_breach_that_they_name(breach, data):
    history = data.draw(histories(breach=st.just(breach)))
    polled, events = seen(history, "call"), [event["type"] for event in seen(history, "event")]
    shown = {
        "status-went-back": lambda: ORDER[polled[-1]["status"]] < ORDER[polled[-2]["status"]],
        "end-time-moved": lambda: polled[-1]["end_time"] != polled[-2]["end_time"],
        "number-changed": lambda: polled[-1]["to_number"] != polled[-2]["to_number"],
        "transcript-lost-text": lambda: len(polled[-1]["transcript"]) < len(polled[-2]["transcript"]),
        "event-repeated": lambda: events.count("event_phone_call_ended") == 2,
        "event-order": lambda: events != list(history.expected) and sorted(events) == sorted(history.expected),
        "event-missing": lambda: set(history.expected) - set(events) == {"event_phone_call_ended"},
    }
    assert history.breach == breach
    assert shown[breach]()


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("date", dates())
@given(data=st.data())
@settings(max_examples=30, database=None)
def test_lifecycle_finds_the_planted_breach_and_nothing_else(date, profile, data):
    history = data.draw(histories(contract=date, profile=profile))
    expected = history.expected or None
    found = breaches(history.observations, contract=date, profile=profile, expected=expected)
    assert {violation.code for violation in found} == ({history.breach} if history.breach else set())


@pytest.mark.parametrize("source", ["calls", "events", "both"])
def test_histories_show_what_was_asked_for(source):
    drawn = sample(histories(breach=WELL, seen=st.just(source)), 0)
    history = next(history for history in drawn if len(history.observations) > 3)
    expected = {"calls": {"call"}, "events": {"event"}, "both": {"call", "event"}}[source]
    assert {observation.source for observation in history.observations} == expected


def test_histories_shrink_to_a_well_behaved_few():
    history = find(histories(), lambda _: True)
    assert history.breach is None
    assert len(history.observations) <= 2


def test_histories_read_as_they_were_asked_for():
    assert repr(histories(breach=st.just("event-repeated"))) == "histories(breach=just('event-repeated'))"


def test_histories_tell_misuse_when_they_are_made():
    with pytest.raises(InvalidOption, match="just"):
        histories(breach=VALUE)
    with pytest.raises(UnknownContract):
        histories(contract="2020-01-01")
