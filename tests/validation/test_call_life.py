"""The tables of a call's life know exactly the words of the shipped contracts: a new word fails here."""

from itertools import chain

import pytest
from hypothesis import strategies as st

from vocode_contract import Contract, dates
from vocode_contract.simulator.lifecycle import scenarios
from vocode_contract.strategies import histories
from vocode_contract.strategies.seeding import sample
from vocode_contract.validation.lifecycle import call_life, event_order
from vocode_contract.webhooks.stress import STORIES


def declared(name: str) -> set[str]:
    """Return the values of a property of a Call in all contracts together."""
    found: set[str] = set()
    for contract in map(Contract.load, dates()):
        schema = contract.schemas["Call"]["properties"].get(name, {})
        target = contract.schemas["CallStatus"] if name == "status" else schema
        found.update(target.get("enum", ()))
    return found - {None}


EVENT_TYPES = [set(Contract.load(date).schemas["EventType"]["enum"]) for date in dates()]
SCENARIO_TURNS = [
    *(timed.turn for scenario in scenarios.SCENARIOS.values() for timed in (*scenario.talk, *scenario.hung_up)),
    *(scenario.unanswered for scenario in scenarios.SCENARIOS.values()),
    *(scenarios.TRANSCRIPT_READY, scenarios.RECORDING_READY),
]


def simulated(name: str) -> set[object]:
    return {turn.step.changes[name] for turn in SCENARIO_TURNS if name in turn.step.changes}


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("status", call_life.STATUSES),
        ("stage", call_life.STAGES),
        ("human_detection_result", call_life.RESULTS),
        ("status", {call_life.CREATE.changes["status"], *simulated("status")}),
        ("stage", {call_life.CREATE.changes["stage"], *simulated("stage")}),
        ("human_detection_result", simulated("human_detection_result")),
        ("stage_outcome", simulated("stage_outcome")),
    ],
    ids=[
        "call_life.STATUSES",
        "call_life.STAGES",
        "call_life.RESULTS",
        *(f"simulator-{name}" for name in ("status", "stage", "human_detection_result", "stage_outcome")),
    ],
)
def test_table_has_the_values_of_every_contract(name, table):
    assert set(table) == declared(name) != set()


ALL_TYPES = set(chain(*EVENT_TYPES))


@pytest.mark.parametrize(
    ("table", "left_out"),
    [
        (call_life.EVENT_TYPES, set()),
        ({turn.step.type for turn in SCENARIO_TURNS if turn.step.type}, set()),
        # A call may have any number of messages, actions and transcripts.
        (event_order._SINGLE, {call_life.MESSAGE, call_life.ACTION, call_life.TRANSCRIPT}),
    ],
    ids=["call_life.EVENT_TYPES", "simulator", "event_order._SINGLE"],
)
def test_table_has_every_event_type(table, left_out):
    assert set(table) | left_out == ALL_TYPES
    assert not set(table) & left_out


def test_every_event_type_has_a_place_in_the_order():
    before = event_order._BEFORE
    assert {*before, *chain(*before.values())} == ALL_TYPES


def test_stress_scenarios_send_the_types_that_every_contract_knows():
    sent = {step.type for story in STORIES.values() for step in story}
    assert sent == set.intersection(*EVENT_TYPES) - {call_life.UNCONNECTED}


@pytest.mark.parametrize("date", dates())
def test_generated_histories_have_every_status_and_event_type(date):
    drawn = [next(sample(histories(contract=date, breach=st.none(), seen=st.just("both")), seed)) for seed in range(60)]
    values = [each.value for history in drawn for each in history.observations]
    types = {value["type"] for value in values if "call_id" in value}
    # Histories hold no messages and no actions, only the transcript that grows by them.
    left_out = {call_life.MESSAGE, call_life.ACTION}
    contract = Contract.load(date)
    assert types | left_out == set(contract.schemas["EventType"]["enum"])
    assert {value["status"] for value in values if "status" in value} == set(contract.schemas["CallStatus"]["enum"])
