"""The adversary: silent about a sound receiver, and each planted bug found and named by its shortest story."""

import base64
import json
import time
from random import Random
from typing import Any

import pytest
from hypothesis import given

from tests.support.receivers import receiver, served
from vocode_contract import check_sequence, idempotency_key, parse_event
from vocode_contract.errors import InvalidOption
from vocode_contract.validation.codes import CODES
from vocode_contract.validation.violation import ContractViolated
from vocode_contract.webhooks.stress import STORIES, Deliveries, attack, deliveries, stories, story
from vocode_contract.webhooks.stress.arrival_orders import ARRANGEMENTS, Arrival, arrangements, fair, in_order, shortest
from vocode_contract.webhooks.stress.call_events import content
from vocode_contract.webhooks.stress.stress_test import webhook_adversary

SECRET = base64.b64encode(b"0123456789abcdef" * 2).decode()
CALL = "37bf8eef-d71f-474f-877f-cdaf1d3e2103"
CANARY = "Canary-7f3e"
FEW: dict[str, Any] = {"scenarios": ("hang-up",)}

CONNECTED, MESSAGE, ENDED = STORIES["hang-up"][0].type, STORIES["hang-up"][1].type, STORIES["hang-up"][2].type


def attacked(shop, **options):
    """Attack a receiver whose state can be read by a function; returns codes and notes."""
    with served(shop) as url:
        options = ({} if shop.secret else FEW) | {"state": shop.state} | options
        report = attack(url, secret=shop.secret or None, **options)
    return report, [(violation.code, violation.note) for violation in report.violations]


# --- sound receivers ---


def test_sound_receiver_is_left_in_peace():
    report, found = attacked(receiver(), scenarios=tuple(STORIES), most=60)
    assert (found, report.unjudged, report.conforms) == ([], (), True)


def test_sound_receiver_of_actions_is_left_in_peace():
    report, found = attacked(receiver(secret=SECRET))
    assert (found, report.conforms) == ([], True)


def test_what_differs_from_call_to_call_is_no_violation():
    shop = receiver()
    shop.state = lambda call_id: {**(shop.calls.get(call_id) or {}), "id": call_id, "seen": time.monotonic_ns()}
    assert attacked(shop)[1] == []


def test_state_is_read_from_a_url_of_one_call_or_of_all():
    shop = receiver()
    with served(shop) as url:
        assert attack(url, state=f"{url}/calls/{{call_id}}", **FEW).conforms
    everything = receiver()
    everything.state = lambda _: everything.calls
    with served(everything) as url:
        assert attack(url, state=f"{url}/calls/all", **FEW).conforms


# --- planted bugs: the state ---


def by_the_last(shop):
    """Only the latest event is remembered."""
    latest: dict[str, str] = {}

    def is_new(event):
        key, before = idempotency_key(event), latest.get(event.call_id)
        latest[event.call_id] = key
        return key != before

    shop.is_new = is_new


def counting(shop):
    shop.is_new = lambda _: True


def following(shop):
    """The status is what the latest event says."""

    def keep(event, call):
        if event.type in (CONNECTED, ENDED):
            call["status"] = event.type

    shop.keep = keep


def one_call(shop):
    """There is one current call."""
    current = {}

    def keep(event, call):
        if event.type == CONNECTED:
            current["call"] = call
        elif event.type == ENDED:
            current.get("call", call)["ended"] += 1

    shop.keep = keep


@pytest.mark.parametrize(
    ("bug", "code", "note"),
    [
        (counting, "receiver-repeat", f"{ENDED} > {ENDED}"),
        (by_the_last, "receiver-repeat", f"{ENDED} > {MESSAGE} > {ENDED}"),
        (following, "receiver-order", f"{ENDED} > {CONNECTED}"),
    ],
)
def test_bug_in_the_state_is_named_by_its_shortest_story(bug, code, note):
    shop = receiver()
    bug(shop)
    assert (code, note) in attacked(shop)[1]


def test_calls_that_are_mixed_up_are_named():
    shop = receiver()
    one_call(shop)
    [note] = [note for code, note in attacked(shop)[1] if code == "receiver-mixed"]
    assert "(another call)" in note


def test_what_is_refused_and_kept_is_named():
    shop = receiver()
    judged = shop.event

    def hasty(body, headers):
        status, answer = judged(body, headers)
        if status == 400 and b'"payload":"text"' in body:
            shop.calls[json.loads(body)["call_id"]]["ended"] += 1
        return status, answer

    shop.event = hasty
    assert attacked(shop)[1] == [("receiver-spoiled", f"{MESSAGE} (malformed: payload-text)")]


# --- planted bugs: the answers ---


def answers(shop, status, when):
    """Answer so where a condition on the event holds."""
    sound = shop.event

    def event(body, headers):
        parsed = parse_event(body, headers).event
        return (status, b"") if parsed and when(parsed) else sound(body, headers)

    shop.event = event


def test_error_for_an_early_event_is_named_by_its_shortest_story():
    shop = receiver()
    answers(shop, 500, lambda event: event.type == ENDED and event.call_id not in shop.calls)
    assert attacked(shop)[1][0] == ("receiver-error", ENDED)


def test_error_for_what_is_malformed_is_named():
    shop = receiver()
    sound = shop.event
    shop.event = lambda body, headers: (500, b"") if not body else sound(body, headers)
    assert attacked(shop)[1] == [("receiver-error", f"{MESSAGE} (malformed: empty)")]


def test_refusal_of_a_repeated_event_is_named():
    shop = receiver()
    answers(shop, 409, lambda event: idempotency_key(event) in shop.seen)
    assert attacked(shop)[1] == [("receiver-refused", f"{CONNECTED} > {CONNECTED}")]


def test_whoever_takes_everything_is_told_what_he_took():
    shop = receiver()
    sound = shop.event
    shop.event = lambda body, headers: (200, sound(body, headers)[1])
    names = {note.partition("malformed: ")[2].rstrip(")") for code, note in attacked(shop)[1]}
    assert {"empty", "cut-json", "deep", "no-call-id", "type-null", "payload-text"} <= names


def test_whoever_takes_everything_and_ignores_it_is_left_in_peace_if_lenient():
    shop = receiver()
    sound = shop.event
    shop.event = lambda body, headers: (200, sound(body, headers)[1])
    assert attacked(shop, lenient=True)[1] == []


def test_receiver_without_a_limit_is_advised_to_have_one():
    shop = receiver(limit=20_000_000)
    shop.receive = lambda *_: (200, b"")
    report, found = attacked(shop, scenarios=("unanswered",), lenient=True, state=None)
    assert found == [("receiver-unlimited", f"{ENDED} (oversized: oversized)")]
    assert report.conforms


def test_slow_receiver_is_named():
    shop = receiver()
    sound = shop.event

    def slow(body, headers):
        time.sleep(0.3)
        return sound(body, headers)

    shop.event = slow
    report, found = attacked(shop, seconds=0.05)
    assert found[0][0] == "receiver-slow"
    assert "no response" in report.unjudged[0]


# --- planted bugs: actions ---


def test_unverified_action_is_forged():
    shop = receiver(secret=SECRET)
    shop.action = lambda body, _headers: (200, b'{"result": {}}') if body.startswith(b'{"payload": {}') else (400, b"")
    codes = [code for code, _ in attacked(shop)[1]]
    assert set(codes) == {"receiver-forged"}
    assert len(codes) > 5


def test_missing_signature_alone_is_named():
    shop = receiver(secret=SECRET)
    sound = shop.action
    shop.action = lambda body, headers: (
        sound(body, headers) if "x-vocode-signature" in headers else (200, b'{"result": {}}')
    )
    assert ("receiver-forged", "external_action (forged: no-signature)") in attacked(shop)[1]


def test_answer_without_a_result_is_named():
    shop = receiver(secret=SECRET)
    sound = shop.action
    shop.action = lambda body, headers: (sound(body, headers)[0], b'{"agent_message": "Done."}')
    report, found = attacked(shop)
    assert found == [("receiver-answer", "external_action")]
    assert report.violations[0].actual == "required at /result"


def test_action_that_is_done_twice_is_named():
    shop = receiver(secret=SECRET)
    sound = shop.action

    def forgetful(body, headers):
        shop.seen.clear()
        return sound(body, headers)

    shop.action = forgetful
    assert attacked(shop)[1] == [("receiver-repeat", "external_action > external_action")]


# --- what cannot be judged, and what is refused ---


def test_receiver_that_is_not_there_is_unjudged():
    with served(receiver()) as url:
        pass
    report = attack(url, **FEW)
    assert (report.violations, report.conforms, report.delivered) == ((), False, 0)
    assert "no connection" in report.unjudged[0]


def test_state_that_cannot_be_read_is_unjudged():
    shop = receiver()
    shop.state = lambda _: [1]
    with served(shop) as url:
        report = attack(url, state=f"{url}/calls/all", **FEW)
    assert (report.violations, report.conforms) == ((), False)


@pytest.mark.parametrize(
    "options",
    [{"scenarios": ("none",)}, {"scenarios": ()}, {"most": 0}, {"secret": "short"}, {"state": "http://10.0.0.1/"}],
)
def test_option_that_is_none_is_refused(options):
    with pytest.raises(InvalidOption):
        attack("http://127.0.0.1:9/", **options)


def test_other_host_is_refused_unless_named():
    with pytest.raises(InvalidOption, match="allow-host"):
        attack("http://receiver.example.com/")


def test_nothing_of_payload_or_secret_is_told():
    shop = receiver(secret=SECRET)
    shop.action = lambda _body, _headers: (500, CANARY.encode())
    report, _ = attacked(shop, payload={"order": CANARY})
    assert report.violations
    assert CANARY not in repr(report)
    assert SECRET not in repr(report)


def test_every_code_of_a_receiver_stands_in_one_block_at_the_end():
    names = list(CODES)
    first = next(index for index, name in enumerate(names) if name.startswith("receiver-"))
    assert all(name.startswith("receiver-") for name in names[first:])


def test_most_bounds_the_tries():
    shop = receiver()
    with served(shop) as url:
        report = attack(url, most=1, scenarios=("unanswered",))
    assert report.delivered <= 3


# --- stories and arrangements ---


@pytest.mark.parametrize("name", STORIES)
def test_story_is_one_that_a_call_may_tell(name):
    events = story(name, CALL)
    assert check_sequence(events) == ()
    for event in events:
        verdict = parse_event(json.dumps(content(event)).encode(), profile="wire")
        assert (verdict.event, verdict.violations) == (event, ())


def test_events_of_a_story_can_be_told_apart():
    for name in STORIES:
        keys = [idempotency_key(event) for event in story(name, CALL)]
        assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("kind", ARRANGEMENTS)
def test_arrangement_keeps_the_order_of_each_kind_of_event(kind):
    kinds = [told.type for told in STORIES["human"]]
    for arrangement in arrangements(kind, kinds, Random(0)):
        messages = [part for part in dict.fromkeys(arrangement.parts) if kinds[part.place] == MESSAGE]
        for call in (0, 1):
            assert [part for part in messages if part.call == call] == [
                part for part in in_order(arrangement.parts, call) if kinds[part.place] == MESSAGE
            ]


def test_fair_changes_nothing_that_is_fair():
    parts = (Arrival(0, 2), Arrival(0, 0), Arrival(0, 2))
    assert fair(parts, ["a", "b", "c"]) == parts


def test_shortest_leaves_out_all_that_can_be_left_out():
    assert shortest((5, 1, 2, 1, 4, 5), lambda parts: parts.count(1) == 2 and 2 in parts) == (1, 2, 1)


# --- from Python ---


@given(stories())
def test_stories_are_in_order_and_of_one_call(told):
    assert check_sequence(told) == ()
    assert len({event.call_id for event in told}) == 1


@given(deliveries())
def test_deliveries_are_those_of_a_story(arriving):
    assert isinstance(arriving, Deliveries)
    assert {idempotency_key(event) for event in arriving.events} == {
        idempotency_key(event) for event in arriving.in_order
    }
    assert repr(arriving) == " > ".join(event.type for event in arriving.events)
    assert all(parse_event(body).conforms for body in arriving.bodies)
    assert {event.call_id for event in arriving.about(CALL).events} == {CALL}


def test_fixture_delivers_and_attacks():
    shop = receiver()
    fixture = webhook_adversary()
    adversary = next(fixture)
    with served(shop) as url:
        assert [answer.status for answer in adversary.deliver(url, story("human", CALL))] == [200] * 7
        assert adversary.attack(url, state=shop.state, **FEW).conforms
        counting(shop)
        with pytest.raises(ContractViolated, match="receiver-repeat"):
            adversary.attack(url, state=shop.state, **FEW)
    with pytest.raises(AssertionError, match="no connection"):
        adversary.attack(url, **FEW)
    assert next(fixture, None) is None
