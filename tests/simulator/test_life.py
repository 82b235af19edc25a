"""What calls live through: every sight of them conforms, and their story holds together."""

import json
import math
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vocode_contract.contract.model import Contract, dates
from vocode_contract.errors import InvalidOption
from vocode_contract.http.message import Request, Response
from vocode_contract.simulator import SCENARIOS, CallEvent, ManualClock, Simulation, Variant
from vocode_contract.simulator.lifecycle.scenarios import Utterance, transcript
from vocode_contract.validation.consistency import inconsistencies
from vocode_contract.validation.lifecycle.history import Observation
from vocode_contract.validation.lifecycle.rules import breaches
from vocode_contract.validation.validator import violations

HEADERS = (("authorization", "Bearer simulator-token"),)
AGENT = {
    "prompt": {},
    "voice": {"type": "voice_azure", "voice_name": "en-US-SteffanNeural"},
    "initial_message": "Hi!",
    "webhook": {
        "subscriptions": ["event_phone_call_connected", "event_phone_call_ended"],
        "url": "http://127.0.0.1:1/",
    },
}
NEWEST = dates()[-1]
STATUSES = ("not_started", "in_progress", "error", "ended")
STAGES = (None, "created", "picked_up", "transfer_started", "transfer_successful")
SETTLED = ("id", "user_id", "agent", "to_number", "from_number", "telephony_id", "telephony_provider")
ENTERED_ONCE = ("start_time", "end_time", "human_detection_result", "stage_outcome")
LINE = re.compile(r"\[[0-5][0-9]:[0-5][0-9]\.[0-9]{2}\] (BOT: |HUMAN:  )")


def simulated(scenario: str = "human", date: str = NEWEST, **options: object) -> Simulation:
    return Simulation(Contract.load(date), scenario=scenario, speed=0, clock=ManualClock(), variant=Variant(**options))  # type: ignore[arg-type]  # as a test names them


def asked(simulation: Simulation, method: str, target: str, body: object = None) -> Response:
    path, _, query = target.partition("?")
    raw = b"" if body is None else json.dumps(body).encode()
    response = simulation.handle(Request(method=method, path=path, query=query, headers=HEADERS, body=raw))
    assert response.status == 200
    return response


def created(simulation: Simulation, **asked_for: object) -> str:
    request = {"from_number": "12025550150", "to_number": "12025550151", "agent": AGENT} | asked_for
    identifier: str = json.loads(asked(simulation, "POST", "/v1/calls/create", request).body)["id"]
    return identifier


def got(simulation: Simulation, identifier: str):
    return json.loads(asked(simulation, "GET", f"/v1/calls?id={identifier}").body)


def ended(simulation: Simulation, identifier: str):
    return json.loads(asked(simulation, "POST", f"/v1/calls/end?id={identifier}").body)


def after(seconds: float, scenario: str = "human", date: str = NEWEST, **asked_for: object):
    """A call of a scenario as it is so long after it was placed."""
    simulation = simulated(scenario, date)
    identifier = created(simulation, **asked_for)
    simulation.advance(seconds)
    return got(simulation, identifier)


def told_by(simulation: Simulation) -> list[Observation]:
    """The events that were not told yet."""
    return [Observation(at=event.at, source="event", value=event.content()) for event in simulation.take_events()]


def told(simulation: Simulation, identifier: str) -> list[str]:
    return [event.type for event in simulation.events() if event.call_id == identifier]


# --- properties ---

WAITS = st.lists(st.one_of(st.floats(0, 3), st.floats(0, 70), st.just(0.0)), min_size=1, max_size=8)
ASKED_FOR = st.fixed_dictionaries(
    {},
    optional={
        "hipaa_compliant": st.booleans(),
        "on_no_human_answer": st.sampled_from(["continue", "hangup"]),
        "run_do_not_call_detection": st.booleans(),
    },
)
VARIANTS = st.builds(
    Variant, nulls=st.booleans(), live_transcript=st.booleans(), provider=st.sampled_from(["twilio", "vonage"])
)


def check_conforms(body: bytes, date: str) -> None:
    assert not [found for found in violations(body, contract=date) if found.severity == "error"]


def check_consistent(call: dict[str, Any], date: str) -> None:
    assert not list(inconsistencies(call, contract=date))


def check_coherent(call: dict[str, Any]) -> None:
    status, start, end = call["status"], call.get("start_time"), call.get("end_time")
    assert (end is not None) == (status in ("ended", "error"))
    assert (start is not None) == (status != "not_started")
    assert end is None or end >= start
    assert (call.get("error_message") is not None) == (status == "error")
    assert not (call["hipaa_compliant"] and (call.get("transcript") or call["recording_available"]))
    assert call.get("do_not_call_result") is None or call["run_do_not_call_detection"]
    assert status in ("ended", "error") or call.get("stage_outcome") is None
    assert not call["recording_available"] or status == "ended"


def check_follows(before: dict[str, Any], now: dict[str, Any]) -> None:
    """Check that one sight of a call may follow on another."""
    for name in SETTLED:
        assert now[name] == before[name]
    for name in ENTERED_ONCE:
        assert before.get(name) in (None, now.get(name))
    assert STATUSES.index(now["status"]) >= STATUSES.index(before["status"])
    assert before["status"] not in ("ended", "error") or now["status"] == before["status"]
    assert STAGES.index(now.get("stage")) >= STAGES.index(before.get("stage"))
    assert (now.get("transcript") or "").startswith(before.get("transcript") or "")
    assert now["recording_available"] >= before["recording_available"]


@settings(max_examples=150)
@given(
    scenario=st.sampled_from(list(SCENARIOS)),
    date=st.sampled_from(dates()),
    variant=VARIANTS,
    asked_for=ASKED_FOR,
    waits=WAITS,
    ends_at=st.none() | st.integers(0, 7),
)
@example(scenario="late-end", date=NEWEST, variant=Variant(), asked_for={}, waits=[2.0, 0.5, 0.6], ends_at=1)
def test_every_sight_of_a_life_conforms_and_follows_on_the_last(*, scenario, date, variant, asked_for, waits, ends_at):
    simulation = Simulation(
        Contract.load(date), scenario=scenario, speed=0, clock=ManualClock(now=1.7e9 + math.pi), variant=variant
    )
    identifier = created(simulation, **asked_for)
    before = got(simulation, identifier)
    story = [Observation(at=simulation.now, value=before)]
    for turn, wait in enumerate(waits):
        simulation.advance(wait)
        story += told_by(simulation)
        target = (
            ("POST", f"/v1/calls/end?id={identifier}") if turn == ends_at else ("GET", f"/v1/calls?id={identifier}")
        )
        body = asked(simulation, *target).body
        check_conforms(body, date)
        now = json.loads(body)
        check_coherent(now)
        check_consistent(now, date)
        check_follows(before, now)
        story.append(Observation(at=simulation.now, value=now))
        before = now
    simulation.advance(3600)
    story += told_by(simulation)
    # Before 2024 no event tells that a call did not connect: it ends without having been connected.
    assert not list(breaches(story, contract=date, expected=() if date < "2024" else "subscribed"))


@settings(max_examples=60)
@given(scenario=st.sampled_from(list(SCENARIOS)), date=st.sampled_from(dates()), waits=WAITS, ends_at=st.integers(0, 9))
def test_events_are_taken_once_in_order_and_conform(scenario, date, waits, ends_at):
    simulation = simulated(scenario, date)
    identifiers = [created(simulation) for _ in range(3)]
    taken: list[CallEvent] = []
    for turn, wait in enumerate(waits):
        simulation.advance(wait)
        taken += simulation.take_events()
        if turn == ends_at:
            ended(simulation, identifiers[1])
    taken += simulation.take_events()
    assert taken == sorted(taken, key=lambda event: event.at)
    assert {(event.call_id, event.number) for event in taken} == {(e.call_id, e.number) for e in simulation.events()}
    assert len(taken) == len(simulation.events())
    for event in taken:
        assert not list(violations(event.content(), "WebhookEvent", contract=date))


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("waited", [0.0, 2.0, 10.0])
def test_call_of_any_scenario_can_be_ended(scenario, waited):
    simulation = simulated(scenario)
    identifier = created(simulation)
    simulation.advance(waited)
    ended(simulation, identifier)
    simulation.advance(1)
    call = got(simulation, identifier)
    assert call["status"] == ("error" if scenario == "refused" and waited else "ended")
    simulation.advance(100)
    assert {**got(simulation, identifier), "recording_available": None, "transcript": None} == {
        **call,
        "recording_available": None,
        "transcript": None,
    }


# --- scenarios ---


def test_call_of_a_person_rings_speaks_and_ends():
    assert [after(seconds)["status"] for seconds in (0, 2, 40, 70)] == [
        "not_started",
        "in_progress",
        "in_progress",
        "ended",
    ]


@pytest.mark.parametrize(
    ("scenario", "status", "stage", "outcome", "detected"),
    [
        ("human", "ended", "picked_up", "human_disconnected", "human"),
        ("voicemail", "ended", "picked_up", "bot_disconnected", "no_human"),
        ("nobody", "ended", "created", "human_unanswered", None),
        ("busy", "ended", "created", "call_did_not_connect", None),
        ("hang-up", "ended", "picked_up", "human_disconnected", "human"),
        ("do-not-call", "ended", "picked_up", "bot_disconnected", "human"),
        ("refused", "error", "created", "call_did_not_connect", None),
        ("endless", "in_progress", "picked_up", None, "human"),
        ("late-end", "ended", "picked_up", "human_disconnected", "human"),
        ("late-recording", "ended", "picked_up", "human_disconnected", "human"),
        ("transfer", "ended", "transfer_successful", "transfer_disconnected", "human"),
        ("transfer-unanswered", "ended", "transfer_started", "transfer_unanswered", "human"),
    ],
)
def test_scenario_comes_to_its_end(*, scenario, status, stage, outcome, detected):
    call = after(3600, scenario)
    names = ("status", "stage", "stage_outcome", "human_detection_result")
    assert [call[name] for name in names] == [status, stage, outcome, detected]


@pytest.mark.parametrize("name", SCENARIOS)
def test_number_chooses_its_scenario(name):
    simulation = simulated("human")
    identifier = created(simulation, to_number=f"+1 (202) 555-{SCENARIOS[name].number}")
    assert simulation.state.lives[identifier].scenario == name


@pytest.mark.parametrize("number", ["12025550151", "12026660104", "0104", "", "the nearest"])
def test_other_number_leads_to_the_simulators_own_scenario(number):
    simulation = simulated("busy")
    assert simulation.state.lives[created(simulation, to_number=number)].scenario == "busy"


def test_scenario_has_a_number_and_a_summary_of_its_own():
    assert len({scenario.number for scenario in SCENARIOS.values()}) == len(SCENARIOS)
    assert all(10 < len(scenario.summary) < 80 for scenario in SCENARIOS.values())


def test_unknown_scenario_is_refused_with_the_known_ones():
    with pytest.raises(InvalidOption, match=r"scenario: there is none of that name; known: human, voicemail"):
        simulated("humans")


def test_mailbox_is_hung_up_on_where_asked_for():
    call = after(8, "voicemail", on_no_human_answer="hangup")
    assert (call["status"], call["stage_outcome"]) == ("ended", "human_unanswered")


@pytest.mark.parametrize(("runs", "result"), [(True, True), (False, None), (None, None)])
def test_request_not_to_be_called_is_heard_where_it_is_listened_for(runs, result):
    assert after(60, "do-not-call", run_do_not_call_detection=runs)["do_not_call_result"] is result


def test_detection_that_found_no_such_request_says_so():
    assert after(90, run_do_not_call_detection=True)["do_not_call_result"] is False


def test_late_end_goes_on_after_the_answer():
    simulation = simulated("late-end")
    identifier = created(simulation)
    simulation.advance(5)
    assert ended(simulation, identifier)["status"] == "in_progress"
    simulation.advance(0.9)
    assert ended(simulation, identifier)["status"] == "in_progress"
    simulation.advance(0.1)
    assert got(simulation, identifier)["status"] == "ended"


def test_late_recording_is_refused_until_it_is_there():
    simulation = simulated("late-recording")
    identifier = created(simulation)
    simulation.advance(10)
    ended(simulation, identifier)
    simulation.advance(44)
    assert not got(simulation, identifier)["recording_available"]
    simulation.advance(1)
    assert asked(simulation, "GET", f"/v1/calls/recording?id={identifier}").body


def test_twilio_reports_the_state_of_its_leg():
    simulation = simulated("human", provider="twilio")
    identifier = created(simulation)
    reported = []
    for wait in (0, 3, 70):
        simulation.advance(wait)
        call = got(simulation, identifier)
        assert call["telephony_metadata"]["call_sid"] == call["telephony_id"]
        reported.append(call["telephony_metadata"]["call_status"])
    assert reported == ["ringing", "in-progress", "completed"]


def test_same_seed_gives_the_same_life():
    assert after(33) == after(33)
    assert Simulation(seed=1).place() != Simulation(seed=2).place()


# --- transcript ---


def test_transcript_is_there_after_the_end():
    assert after(59)["transcript"] is None
    assert after(70)["transcript"].startswith("[00:00.5")


def test_live_transcript_grows():
    simulation = simulated(live_transcript=True)
    identifier = created(simulation)
    lengths = []
    for _ in range(7):
        simulation.advance(10)
        lengths.append(len(got(simulation, identifier)["transcript"]))
    assert lengths == sorted(lengths)
    assert 0 < lengths[0] < lengths[-1]


def test_transcript_has_the_quirks_of_the_service():
    text = after(90)["transcript"]
    assert text.endswith("\n")
    assert "mom-\n" in text
    assert len(LINE.findall(text)) == text.count("\n") - 1  # one thing said has two lines
    assert text.split("BOT: ")[1].startswith("Hi!")


def test_transcript_before_2024_has_no_times():
    text = after(90, date="2023-11-30")["transcript"]
    assert text.startswith("BOT: Hi!\nHUMAN:  Who is there?\nBOT: ")
    assert not text.endswith("\n")


def test_transcript_wraps_its_minutes_at_sixty():
    assert transcript([Utterance(3_725.678, "BOT", "Hm.")], timed=True) == "[02:05.67] BOT: Hm.\n"


# --- events ---


def test_call_tells_its_story_in_events():
    simulation = simulated("hang-up")
    identifier = created(simulation)
    simulation.advance(30)
    assert told(simulation, identifier) == [
        "event_phone_call_connected",
        "event_message",
        "event_human_detection",
        "event_message",
        "event_message",
        "event_phone_call_ended",
        "event_transcript",
        "event_recording",
    ]


@pytest.mark.parametrize(
    ("date", "event"),
    [("2023-11-30", "event_phone_call_ended"), ("2024-04-19", "event_phone_call_did_not_connect")],
)
def test_call_that_did_not_connect_tells_it_as_the_contract_can(date, event):
    simulation = simulated("busy", date)
    identifier = created(simulation)
    simulation.advance(30)
    assert told(simulation, identifier) == [event]


def test_confidential_call_sends_no_transcript_and_no_recording():
    simulation = simulated()
    identifier = created(simulation, hipaa_compliant=True)
    simulation.advance(90)
    assert not {"event_transcript", "event_recording"} & set(told(simulation, identifier))


def test_next_event_says_how_long_to_wait():
    simulation = simulated("busy")
    assert simulation.next_event_at() == math.inf
    created(simulation)
    simulation.advance(simulation.next_event_at() - simulation.now)
    assert len(simulation.take_events()) == 1


def test_call_that_is_watched_twice_tells_once():
    simulation = simulated("hang-up")
    identifier = created(simulation)
    simulation.state.lead(simulation.calls(1)[0], simulation.state.lives[identifier])
    simulation.advance(30)
    assert len(simulation.take_events()) == len(told(simulation, identifier))


def test_call_that_is_ended_again_and_again_is_watched_once():
    simulation = simulated()
    identifier = created(simulation)
    simulation.advance(5)
    for _ in range(50):
        ended(simulation, identifier)
    assert len(simulation.state.outbox) == 2


# --- led from outside ---


def test_call_goes_on_by_another_scenario_while_it_rings():
    simulation = simulated("nobody")
    identifier = created(simulation)
    simulation.advance(20)
    simulation.go_on(identifier, scenario="human")
    simulation.advance(2)
    assert got(simulation, identifier)["status"] == "in_progress"


def test_call_goes_on_by_another_scenario_while_somebody_speaks():
    simulation = simulated("endless")
    identifier = created(simulation)
    simulation.advance(20)
    before = got(simulation, identifier)
    simulation.go_on(identifier, scenario="hang-up")
    simulation.advance(7)
    check_follows(before, got(simulation, identifier))
    assert got(simulation, identifier)["stage_outcome"] == "human_disconnected"
    assert told(simulation, identifier).count("event_human_detection") == 1


@pytest.mark.parametrize(
    ("waited", "status", "outcome"),
    [(0, "ended", "call_did_not_connect"), (0, "error", "call_did_not_connect"), (5, "ended", "human_disconnected")],
)
def test_call_takes_its_next_status_at_once(waited, status, outcome):
    simulation = simulated()
    identifier = created(simulation)
    simulation.advance(waited)
    simulation.go_on(identifier, status=status)
    call = got(simulation, identifier)
    assert (call["status"], call["stage_outcome"]) == (status, outcome)
    check_coherent(call)


def test_call_that_nobody_would_answer_is_answered():
    simulation = simulated("nobody")
    identifier = created(simulation)
    simulation.go_on(identifier, status="in_progress")
    assert got(simulation, identifier)["status"] == "in_progress"


@pytest.mark.parametrize(
    ("waited", "wanted"),
    [
        (5, {"status": "in_progress"}),
        (5, {"status": "not_started"}),
        (5, {"scenario": "busy"}),
        (0, {"scenario": "business"}),
        (90, {"status": "ended"}),
        (90, {"scenario": "human"}),
        (0, {}),
        (0, {"scenario": "busy", "status": "ended"}),
    ],
)
def test_life_does_not_go_back(waited, wanted):
    simulation = simulated()
    identifier = created(simulation)
    simulation.advance(waited)
    before = got(simulation, identifier)
    with pytest.raises(InvalidOption):
        simulation.go_on(identifier, **wanted)
    assert got(simulation, identifier) == before


def test_seeded_call_stands_still():
    simulation = simulated()
    before = simulation.calls()
    with pytest.raises(InvalidOption, match="call: no created call has this id"):
        simulation.go_on(before[0]["id"], status="ended")
    simulation.advance(3600)
    assert simulation.calls() == before


# --- the clock ---


def test_clock_runs_at_another_speed():
    clock = ManualClock()
    simulation = Simulation(clock=clock, speed=60)
    identifier = simulation.place()
    clock.advance(1.5)
    assert [call["status"] for call in simulation.calls(1) if call["id"] == identifier] == ["ended"]


def test_clock_does_not_run_backwards():
    times = iter((100.0, 90.0, 110.0))
    simulation = Simulation(clock=lambda: next(times, 110.0))
    assert simulation.now <= simulation.now
    for seconds in (-1, math.nan, math.inf, 1e9):
        with pytest.raises(InvalidOption, match="seconds: must be from 0"):
            simulation.advance(seconds)


@pytest.mark.parametrize("speed", [-1, math.inf, math.nan])
def test_speed_that_is_none_is_refused(speed):
    with pytest.raises(InvalidOption, match="speed: must be from 0 to 1000000"):
        Simulation(speed=speed)


def test_reset_goes_back_to_the_start():
    simulation = simulated()
    start, seeded = simulation.now, simulation.calls()
    simulation.arm("html-page")
    simulation.place()
    simulation.advance(100)
    simulation.reset()
    assert (simulation.now, simulation.calls(), simulation.armed, simulation.take_events()) == (start, seeded, (), ())
    simulation.reset(seed=5)
    assert simulation.calls()[0]["id"] != seeded[0]["id"]
