import json
from copy import deepcopy
from typing import Any

import pytest

from vocode_contract.contract.defaults import with_defaults
from vocode_contract.contract.model import Contract, dates
from vocode_contract.errors import UnknownContract, UnknownSchema
from vocode_contract.validation.validator import conforms

ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
OWNED = {"id": ID, "user_id": ID}


def example(name: str = "Call", contract: str = "2023-11-30") -> Any:
    return deepcopy(Contract.load(contract).schemas[name]["examples"][0])


def agent(**changes: Any) -> dict[str, Any]:
    return {**OWNED, "prompt": OWNED, "actions": [], "voice": {**OWNED, "type": "voice_rime", "speaker": "a"}} | changes


def test_absent_properties_are_filled_in_at_every_depth():
    filled = with_defaults({"agent": agent()})
    assert (filled["status"], filled["recording_available"], filled["hipaa_compliant"]) == ("not_started", False, False)
    assert (filled["agent"]["language"], filled["agent"]["conversation_speed"]) == ("en", 1.0)
    assert filled["agent"]["prompt"]["content"] == ""


def test_union_is_filled_in_by_its_discriminator():
    azure = {**OWNED, "type": "voice_azure", "voice_name": "a"}
    assert with_defaults(agent(voice=azure), "Agent")["voice"] == azure | {"pitch": 0, "rate": 15}
    assert with_defaults(agent(voice=azure | {"type": "voice_x"}), "Agent")["voice"] == azure | {"type": "voice_x"}


def test_default_that_is_an_object_is_filled_in_for_each_item():
    action = {**OWNED, "type": "action_end_conversation", "config": {}}
    filled = with_defaults(agent(actions=[action, action]), "Agent", contract="2024-04-19")
    trigger = {"type": "action_trigger_function_call", "config": {}}
    assert [item["action_trigger"] for item in filled["actions"]] == [trigger, trigger]


def test_defaults_are_the_callers_own():
    action = {**OWNED, "type": "action_end_conversation", "config": {}}
    for _ in range(2):
        [item] = with_defaults(agent(actions=[action]), "Agent", contract="2024-04-19")["actions"]
        assert item["action_trigger"]["config"] == {}
        item["action_trigger"]["config"]["mine"] = True


def test_input_stays_untouched_and_is_shared_where_nothing_was_absent():
    call = {"agent": agent(), "context": {"name": "Ada"}}
    before = json.dumps(call)
    filled = with_defaults(call)
    assert json.dumps(call) == before
    assert filled["context"] is call["context"]
    assert with_defaults(filled) is filled


def test_null_is_a_value():
    assert with_defaults({"status": None, "agent": None})["status"] is None


def test_listed_calls_are_filled_in():
    page = with_defaults({"items": [{}, {"status": "ended"}]}, "CallPage")
    assert [item["status"] for item in page["items"]] == ["not_started", "ended"]


@pytest.mark.parametrize("contract", dates())
@pytest.mark.parametrize("name", ["Call", "CallPage", "CreateCallRequest", "Agent"])
def test_filled_example_conforms_and_stays_as_it_is(name, contract):
    filled = with_defaults(example(name, contract), name, contract=contract)
    assert conforms(filled, name, contract=contract)
    assert with_defaults(filled, name, contract=contract) is filled


@pytest.mark.parametrize("contract", dates())
def test_every_default_of_the_call_and_the_agent_is_filled_in(contract):
    for name in ("Call", "Agent", "NormalizedCall"):
        declared = Contract.load(contract).schemas[name]["properties"]
        documented = {key: value["default"] for key, value in declared.items() if "default" in value}
        assert with_defaults({}, name, contract=contract) == documented


@pytest.mark.parametrize("instance", [None, True, 10**400, "", "text", [], [[]], b"{}", object()])
def test_wrong_instance_comes_back(instance):
    assert with_defaults(instance) is instance


@pytest.mark.parametrize("wrong", [None, 5, "", [], [None], {"type": []}, {"type": {}}, {1: 2}])
@pytest.mark.parametrize("contract", dates())
def test_wrong_branch_raises_nothing(wrong, contract):
    for name in ("Call", "Agent"):
        for key in Contract.load(contract).schemas[name]["properties"]:
            assert key in with_defaults({key: wrong}, name, contract=contract)


def test_deep_value_raises_nothing():
    deep: Any = {}
    for _ in range(100_000):
        deep = {"agent": deep, "context": deep}
    assert with_defaults(deep)["status"] == "not_started"


def test_misuse_is_told():
    with pytest.raises(UnknownSchema):
        with_defaults({}, "Cal")
    with pytest.raises(UnknownContract):
        with_defaults({}, contract="1999-01-01")
