from vocode_contract.contract.model import Contract
from vocode_contract.contract.walk import walk

CONTRACT = Contract.load()
CALL = CONTRACT.schemas["Call"]["examples"][0]


def visited(instance, name="Call"):
    return {pointer: value for pointer, _, _, value in walk(CONTRACT, name, instance)}


def test_arrays_and_objects_are_visited_outermost_first():
    pointers = list(visited(CALL))
    assert pointers[0] == ""
    assert pointers.index("/agent") < pointers.index("/agent/actions") < pointers.index("/agent/actions/0")
    assert visited(CALL)["/agent/voice"] is CALL["agent"]["voice"]


def test_schema_is_resolved_by_the_discriminator():
    [found] = [found for pointer, _, found, _ in walk(CONTRACT, "Call", CALL) if pointer == "/agent/voice"]
    assert found["properties"]["type"]["const"] == CALL["agent"]["voice"]["type"]


def test_nothing_is_visited_below_undeclared_keys_and_free_maps():
    pointers = visited({**CALL, "sentiment": {"agent": {}}, "context": {"a": {}}})
    assert "/context" in pointers
    assert not {"/sentiment", "/context/a"} & pointers.keys()


def test_nothing_is_visited_below_values_of_another_type():
    assert "/agent/0" not in visited({**CALL, "agent": [{}]})
    assert visited("text") == {}
