import pytest

from vocode_contract.contract.json_pointer import resolve
from vocode_contract.contract.json_types import json_type
from vocode_contract.contract.model import PROFILES, Contract, dates, has_timed_transcripts
from vocode_contract.errors import UnknownContract, UnknownProfile, UnknownSchema

each_date = pytest.mark.parametrize("date", dates())

OPERATIONS = {
    "end_call": ("POST", "/v1/calls/end", "hangs-up"),
    "get_call": ("GET", "/v1/calls", "reads"),
    "list_calls": ("GET", "/v1/calls/list", "reads"),
    "create_call": ("POST", "/v1/calls/create", "rings"),
    "get_recording": ("GET", "/v1/calls/recording", "reads"),
}
TYPES: dict[str, object] = {
    "null": None,
    "boolean": True,
    "integer": 1,
    "number": 1.0,
    "string": "",
    "array": [],
    "object": {},
}


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        yield from node.get("discriminator", {}).get("mapping", {}).values()
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from references(child)


def test_dates_are_sorted_and_the_first_is_the_default():
    assert dates() == tuple(sorted(dates()))
    assert Contract.load().date == "2023-11-30"


def test_load_gives_the_same_object_for_the_same_arguments():
    assert Contract.load() is Contract.load("2023-11-30", profile="wire")
    assert Contract.load() != Contract.load(profile="documented")


@pytest.mark.parametrize("date", ["2023-11-31", "", "../x", "latest"])
def test_unknown_date_is_refused_with_the_known_ones(date):
    with pytest.raises(UnknownContract) as caught:
        Contract.load(date)
    assert caught.value.known == dates()


def test_unknown_profile_is_refused_with_the_known_ones():
    with pytest.raises(UnknownProfile) as caught:
        Contract.load(profile="lax")
    assert caught.value.known == PROFILES


@pytest.mark.parametrize("name", ["call", "", "Calls", "Call/properties", ["Call"]], ids=str)
def test_unknown_schema_is_refused(name):
    with pytest.raises(UnknownSchema):
        Contract.load().schema(name)


@each_date
def test_document_is_whole(date):
    document = Contract.load(date).document
    found = set(references(document))
    assert found
    assert all(isinstance(resolve(document, reference.removeprefix("#")), dict) for reference in found)


@each_date
@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_is_that_of_the_document(date, name):
    contract = Contract.load(date)
    operation = contract.operations[name]
    assert (operation.method, operation.path, operation.effect) == OPERATIONS[name]
    assert resolve(contract.document, operation.pointer)["operationId"] == name  # type: ignore[index]  # an object
    assert operation.statuses == operation.responses.keys()


def test_end_call_wants_an_id_and_answers_a_call():
    operation = Contract.load().operations["end_call"]
    [parameter] = operation.parameters
    assert (parameter.name, parameter.location, parameter.required) == ("id", "query", True)
    assert operation.body is None
    assert operation.responses[200] == {"application/json": "Call"}
    assert operation.responses[422] == {"application/json": "HTTPValidationError"}


@each_date
def test_pointer_to_leads_back_to_the_schema(date):
    contract = Contract.load(date)
    for schema in contract.schemas.values():
        for value in (schema, *schema.get("properties", {}).values()):
            assert resolve(contract.document, contract.pointer_to(value)) is value


BRANCHES = [
    ("Voice", {"type": "voice_rime"}, "RimeVoice"),
    ("Voice", {"type": "voice_unheard_of"}, None),
    ("Voice", {"type": ["voice_rime"]}, None),
    ("Voice", {}, None),
    ("Voice", "voice_rime", None),
    ("WebhookEvent", {"type": "event_human_detection"}, "HumanDetectionEvent"),
    ("Call", 5, "Call"),
]


@pytest.mark.parametrize(("name", "value", "branch"), BRANCHES)
def test_branch_is_chosen_by_the_discriminator(name, value, branch):
    contract = Contract.load()
    found = contract.branch(contract.schemas[name], value)
    assert found is (branch and contract.schemas[branch])


@pytest.mark.parametrize("value", ["3c90c3cc-0d44-4b50-8888-8dd25736052a", {"prompt": {}}], ids=["id", "object"])
def test_branch_is_chosen_by_type_where_nothing_discriminates(value):
    contract = Contract.load()
    found = contract.branch(contract.schemas["CreateCallRequest"]["properties"]["agent"], value)
    assert found is not None
    assert json_type(value) in contract.types(found)


@pytest.mark.parametrize(("name", "value"), TYPES.items(), ids=TYPES)
def test_json_type_names_the_type(name, value):
    assert json_type(value) == name


@pytest.mark.parametrize("value", [(), b"", object, {1}, 1j], ids=repr)
def test_json_type_does_not_know_what_json_has_not(value):
    assert json_type(value) == "unknown"


@pytest.mark.parametrize("date", dates())
def test_transcripts_have_times_from_2024_on(date):
    assert has_timed_transcripts(Contract.load(date)) is (date >= "2024")
