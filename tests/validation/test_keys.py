from vocode_contract.contract.json_pointer import resolve
from vocode_contract.contract.model import Contract
from vocode_contract.validation.keys import unknown_keys

CONTRACT = Contract.load(profile="tolerant")
CALL = CONTRACT.schemas["Call"]["examples"][0]


def unknown(instance, name="Call"):
    return [violation.instance_pointer for violation in unknown_keys(CONTRACT, name, instance)]


def test_declared_keys_are_known():
    assert unknown(CALL) == []


def test_undeclared_keys_are_told_outermost_first():
    agent = {**CALL["agent"], "mood": 1, "voice": {**CALL["agent"]["voice"], "colour": 1}}
    assert unknown({**CALL, "agent": agent, "sentiment": 1}) == ["/sentiment", "/agent/mood", "/agent/voice/colour"]


def test_undeclared_keys_of_items_are_told_with_their_index():
    page = CONTRACT.schemas["CallPage"]["examples"][0]
    item = page["items"][0]
    assert unknown({**page, "items": [item, {**item, "mood": 1}]}, "CallPage") == ["/items/1/mood"]


def test_keys_of_free_maps_are_all_known():
    assert unknown({**CALL, "context": {"anything": "x"}}) == []


def test_what_lies_below_an_undeclared_key_is_not_looked_at():
    assert unknown({**CALL, "sentiment": {"agent": {"mood": 1}}}) == ["/sentiment"]


def test_key_that_may_be_a_token_is_not_shown():
    assert unknown({**CALL, "AC0123456789abcdef0123456789abcdef": 1, "a/b": 1}) == ["/*", "/*"]


def test_unknown_key_names_where_keys_are_declared():
    [violation] = unknown_keys(CONTRACT, "Call", {**CALL, "sentiment": 1})
    assert isinstance(resolve(CONTRACT.document, violation.schema_pointer), dict)
    assert violation.schema_pointer == "/components/schemas/Call/properties"


def test_key_that_a_later_contract_declares_says_so():
    later = Contract.load("2024-04-19").schemas["Call"]["properties"].keys() - CALL.keys()
    key = min(later - CONTRACT.schemas["Call"]["properties"].keys())
    [violation] = unknown_keys(CONTRACT, "Call", {**CALL, key: 1})
    assert violation.note == "known since 2024-04-19"


def test_unknown_keys_of_a_wrong_branch_are_not_told():
    assert unknown({**CALL, "agent": {"voice": {"type": "voice_unheard_of", "colour": 1}}}) == []


def test_unknown_keys_take_any_value():
    assert [unknown(value) for value in (None, 5, "x", [1], {"agent": [{"x": 1}]})] == [[]] * 5
