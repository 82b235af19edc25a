import copy

import pytest

from vocode_contract.contract.model import Contract
from vocode_contract.validation.trimming import LARGE, LONG, WIDE, Trimming, is_long
from vocode_contract.validation.validator import Validator

CONTRACT = Contract.load()
CALL = CONTRACT.schemas["Call"]["examples"][0]
AGENT = CALL["agent"]
WRONG = {"type": "action_unheard_of"}

LONG_ONES = {
    "actions": ({**CALL, "agent": {**AGENT, "actions": [WRONG] * (LONG + 1)}}, True),
    "as many actions as may be": ({**CALL, "agent": {**AGENT, "actions": [WRONG] * LONG}}, False),
    "context": ({**CALL, "context": dict.fromkeys(map(str, range(LONG + 1)), "x")}, True),
    "context with a key like a number": ({**CALL, "context": {"07": "x"}}, True),
    "context with a key like a signed number": ({**CALL, "context": {"+7": "x"}}, True),
    "context with words": ({**CALL, "context": {"customer": "x", "-7": "y", "": "z"}}, False),
    "keys": ({**CALL, **dict.fromkeys(map(str, range(WIDE)), 0)}, True),
    "keys of the agent": ({**CALL, "agent": dict.fromkeys(map(str, range(WIDE + 1)), 0)}, True),
    "an array where none belongs": ({**CALL, "status": [0] * 1_000}, False),
    "an array in place of the Call": ([0] * 1_000, False),
    "an array in place of the agent": ({**CALL, "agent": [0] * 1_000}, False),
    "many values in all": ({**CALL, "status": [[]] * LARGE}, True),
    "a number": (5, False),
}


def of_actions(actions):
    return {**CALL, "agent": {**AGENT, "actions": actions}}


def trimmed(instance, *, most=5):
    trimming = Trimming(CONTRACT, lambda _pointer, value: value != WRONG and value != 0, most)
    return trimming.trim(instance, CONTRACT.schemas["Call"]), trimming.indices


@pytest.mark.parametrize(("instance", "verdict"), LONG_ONES.values(), ids=LONG_ONES)
def test_is_long_where_the_schema_has_members(instance, verdict):
    assert is_long(CONTRACT, "Call", instance) is verdict


@pytest.mark.parametrize("date", ["2024-04-19", "2024-08-27"])
def test_is_long_sees_the_members_of_every_branch(date):
    contract = Contract.load(date)
    phrases = [{"phrase": "x", "conditions": ["phrase_condition_type_contains"]}] * (LONG + 1)
    trigger = {"type": "action_trigger_phrase_based", "config": {"phrase_triggers": phrases}}
    assert is_long(contract, "PhraseBasedActionTrigger", trigger)
    assert is_long(contract, "Action", {"type": "action_dtmf", "action_trigger": trigger})


def test_long_array_keeps_its_wrong_items_and_where_they_stood():
    found, moved = trimmed(of_actions([1] * 30 + [WRONG] + [1] * 30 + [WRONG]))
    actions = found["agent"]["actions"]
    assert actions == [WRONG, WRONG]
    assert moved[id(actions)] == [30, 61]


def test_wrong_members_are_kept_up_to_the_number_asked_for():
    found, _ = trimmed({**of_actions([WRONG] * 100), "context": dict.fromkeys(map(str, range(100)), 0)}, most=7)
    assert len(found["agent"]["actions"]) + len(found.get("context", {})) == 7


def test_short_array_is_left_alone():
    found, moved = trimmed(of_actions([1, WRONG]))
    assert found["agent"]["actions"] == [1, WRONG]
    assert not moved


def test_keys_of_maps_look_no_longer_like_numbers():
    found, _ = trimmed({**CALL, "context": {"1": "a", "01": 0}})
    assert found["context"] == {"*1": "a", "*01": 0}


def test_undeclared_keys_are_left_out():
    found, _ = trimmed({**CALL, "sentiment": [0] * 1_000})
    assert found.keys() == CALL.keys()


def test_value_of_a_wrong_type_keeps_its_length_only():
    found, _ = trimmed({**CALL, "status": [[1], 2], "agent": [{"a": 1}], "id": {"a": [1], "b": 2}})
    assert (found["status"], found["agent"], found["id"]) == ([None, 2], [None], {"a": None, "b": 2})


@pytest.mark.parametrize("name", ["context", "id", "status", "undeclared"])
def test_violations_of_a_large_value_are_those_of_a_small_one(name):
    validator = Validator(CONTRACT, "Call")
    small, large = ([str(each) for each in validator.violations({name: [[]] * size})] for size in (LONG, LARGE))
    assert large == [line.replace(f"{LONG} items", f"{LARGE} items") for line in small]


def test_trimming_leaves_the_instance_alone():
    instance = {**of_actions([WRONG] * 100), "context": {"1": "a"}}
    before = copy.deepcopy(instance)
    trimmed(instance)
    assert instance == before


@pytest.mark.parametrize("instance", [None, 5, "x", [0] * 1_000, {"agent": [1]}, {"agent": None}], ids=str)
def test_trimming_takes_any_value(instance):
    assert trimmed(instance)[0] == instance
