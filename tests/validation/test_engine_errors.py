import pytest

from vocode_contract.contract.model import Contract, dates
from vocode_contract.validation.engine import CompiledEngine, ReferenceEngine
from vocode_contract.validation.engine_errors import LISTED, Listing

CALL = Contract.load().schemas["Call"]["examples"][0]
VOICE = CALL["agent"]["voice"]
WRONG_THINGS: list[object] = [CALL, {}, [], None, "x", {"type": "x", "items": [1]}]
EMPTY_CALL = ["/id", "/user_id", "/to_number", "/from_number", "/agent", "/telephony_provider", "/agent_phone_number"]


def listed(instance, name="Call", *, date=None, profile="wire"):
    return list(Listing(Contract.load(date, profile=profile), name).violations(instance, 101))


def one(**changes):
    [violation] = listed({**CALL, **changes})
    return violation


PHRASES = [
    ({"id": 5}, "/id", "type", "a string", "an integer", "/components/schemas/Call/properties/id/type"),
    (
        {"id": "x"},
        "/id",
        "format",
        "a UUID",
        "a string of 1 character",
        "/components/schemas/Call/properties/id/format",
    ),
    (
        {"start_time": "now"},
        "/start_time",
        "format",
        "an RFC 3339 date-time with offset",
        "a string of 3 characters",
        "/components/schemas/Call/properties/start_time/format",
    ),
    (
        {"agent": None},
        "/agent",
        "null",
        "an object",
        "null",
        "/components/schemas/Agent/type",
    ),
    (
        {"status": "sk-12"},
        "/status",
        "enum",
        "one of not_started, in_progress, error, ended",
        "a string of 5 characters",
        "/components/schemas/CallStatus/enum",
    ),
    (
        {"transcript": ["secret"]},
        "/transcript",
        "type",
        "a string or null",
        "an array of 1 item",
        "/components/schemas/Call/properties/transcript/type",
    ),
]


@pytest.mark.parametrize(("changes", "place", "code", "expected", "actual", "source"), PHRASES, ids=str)
def test_violation_says_where_what_and_by_which_rule(changes, place, code, expected, actual, source):  # noqa: PLR0917 - a row of the table
    violation = one(**changes)
    assert (violation.instance_pointer, violation.code) == (place, code)
    assert (violation.expected, violation.actual) == (expected, actual)
    assert violation.schema_pointer == source


def test_missing_keys_are_one_violation_each():
    found = listed({})
    assert [violation.instance_pointer for violation in found] == EMPTY_CALL
    assert {(violation.code, violation.actual) for violation in found} == {("required", "nothing")}


def test_wrong_tag_is_one_violation():
    [violation] = listed({**CALL, "agent": {**CALL["agent"], "voice": {"type": "voice_unheard_of"}}})
    assert (violation.code, violation.actual) == ("union-type", '"voice_unheard_of"')


def test_wrong_format_is_told_once_though_two_keywords_find_it():
    assert one(start_time="2023-11-07T05:31:56").code == "format"


def test_wrong_type_at_an_enumerated_place_is_told_once():
    assert one(status=5).code == "type"


@pytest.mark.parametrize("value", [0, 1.0, 1])
def test_integer_may_be_written_with_a_zero_fraction(value):
    assert listed({**VOICE, "pitch": value}, "Voice") == []


def test_keys_of_free_maps_are_not_shown():
    assert one(context={"secret": 5}).instance_pointer == "/context/*"


def test_index_of_an_item_is_shown():
    agent = {**CALL["agent"], "actions": [CALL["agent"]["actions"][0], None]}
    assert one(agent=agent).instance_pointer == "/agent/actions/1"


def test_word_below_a_sensitive_place_is_not_shown():
    event = {"type": "event_human_detection", "call_id": CALL["id"], "payload": {"result": "robot"}}
    [violation] = listed(event, "WebhookEvent")
    assert (violation.code, violation.actual) == ("enum", "a string of 5 characters")


def test_null_that_a_later_contract_documents_says_so():
    [violation] = listed({**CALL, "error_message": None}, profile="documented")
    assert violation.note == "null is documented since 2024-08-27"


def test_null_that_no_later_contract_documents_says_nothing():
    assert one(agent=None).note == ""


@pytest.mark.parametrize("date", dates())
@pytest.mark.parametrize("engine", [CompiledEngine, ReferenceEngine])
def test_listing_finds_a_violation_at_every_required_key(date, engine):
    contract = Contract.load(date)
    for name, schema in contract.schemas.items():
        example: dict[str, object] = next(iter(schema.get("examples", ())), {})
        branch = contract.branch(schema, example) or {}
        for key in branch.get("required", ()):
            cut = {other: value for other, value in example.items() if other != key}
            found = list(Listing(contract, name, engine).violations(cut, 101))
            assert f"/{key}" in [violation.instance_pointer for violation in found], name


@pytest.mark.parametrize("date", dates())
def test_listing_uses_the_codes_of_the_table_alone(date):
    for name in Contract.load(date).schemas:
        for instance in WRONG_THINGS:
            assert {violation.code for violation in listed(instance, name, date=date)} <= set(LISTED)
