"""Contracts with documents of one's own: each is validated by its own document, whatever was used before."""

import copy
import json
import pickle
from typing import Any

import httpx
import pytest

from tests.support.payloads import CALL
from vocode_contract import ContractViolated, with_defaults
from vocode_contract.contract.coverage import parts_of
from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption, UnknownProfile
from vocode_contract.http.traffic import Traffic
from vocode_contract.validation.consistency import inconsistencies
from vocode_contract.validation.lifecycle.history import Observation
from vocode_contract.validation.lifecycle.rules import breaches
from vocode_contract.validation.validator import Validator, conforms, ensure, validate, violations
from vocode_contract.webhooks import parse_event

QUEUED = CALL | {"status": "queued"}


def document_with(status: str) -> dict[str, Any]:
    document = copy.deepcopy(dict(Contract.load().document))
    document["components"]["schemas"]["CallStatus"]["enum"].append(status)
    return document


def own(status: str = "queued", *, date: str = "2023-11-30", profile: Any = "wire") -> Contract:
    return Contract(date=date, profile=profile, document=document_with(status))


def test_contract_with_another_document_is_another_contract():
    assert own() != Contract.load()
    assert own("ringing") != own()
    assert len({own(), own(), own("ringing"), Contract.load()}) == 3


def test_contract_with_an_equal_document_is_equal():
    same = Contract(date="2023-11-30", profile="wire", document=copy.deepcopy(dict(Contract.load().document)))
    assert same == Contract.load()
    assert hash(same) == hash(Contract.load())
    assert same.pointer_to(same.schemas["Call"]) == "/components/schemas/Call"


@pytest.mark.parametrize("order", [1, -1], ids=["shipped-first", "own-first"])
@pytest.mark.parametrize("date", ["2023-11-30", "2031-01-01"])
def test_each_contract_is_validated_by_its_own_document(order, date):
    word = f"word_{date[:4]}_{order}".replace("-", "m")
    pairs = [(Contract.load(), False), (own(word, date=date), True), (own("other_word", date=date), False)]
    for contract, accepts in pairs[::order]:
        call = json.dumps(CALL | {"status": word}).encode()
        assert (Validator(contract).conforms(call), conforms(call, contract=contract)) == (accepts, accepts)
        assert [found.code for found in violations(call, contract=contract)] == ["enum"] * (not accepts)
        assert validate(call, contract=contract).conforms is accepts
    assert not conforms(CALL | {"status": word})


def test_contract_keeps_the_document_as_it_was():
    document = document_with("queued")
    before = Contract(date="2023-11-30", profile="wire", document=document)
    document["components"]["schemas"]["CallStatus"]["enum"].append("ringing")
    after = Contract(date="2023-11-30", profile="wire", document=document)
    answers = [conforms(CALL | {"status": "ringing"}, contract=contract) for contract in (before, after)]
    assert answers == [False, True]


def test_own_contract_brings_its_own_profile():
    call = json.dumps(CALL | {"status": "unheard_of"}).encode()
    assert not conforms(call, contract=own())
    assert conforms(call, contract=own(profile="tolerant"))
    assert [found.severity for found in violations(call, contract=own(profile="tolerant"))] == ["drift"]
    assert conforms(call, contract=own(), profile="tolerant")


def test_tolerant_lists_violations_by_the_own_document():
    assert list(violations(QUEUED, contract=own(profile="tolerant"))) == []


def test_ensure_by_an_own_contract_raises_and_returns():
    assert ensure(QUEUED, contract=own()) == QUEUED
    with pytest.raises(ContractViolated, match="enum"):
        ensure(QUEUED)


def test_every_check_of_a_payload_takes_an_own_contract():
    document = document_with("queued")
    schemas = document["components"]["schemas"]
    schemas["Call"]["properties"]["recording_available"]["default"] = True
    schemas["EventType"]["enum"].append("event_own")
    schemas["OtherEvent"]["properties"]["type"]["enum"].append("event_own")
    schemas["WebhookEvent"]["discriminator"]["mapping"]["event_own"] = "#/components/schemas/OtherEvent"
    mine = Contract(date="2031-01-01", profile="wire", document=document)
    backwards = CALL | {"start_time": "2023-11-07T05:31:56Z", "end_time": "2023-11-07T05:31:55Z"}
    [found] = (each for each in inconsistencies(backwards, contract=mine) if each.code == "end-before-start")
    assert found.contract == "2031-01-01"
    absent = {key: value for key, value in CALL.items() if key != "recording_available"}
    assert with_defaults(absent, contract=mine)["recording_available"] is True
    seen = [Observation(value=CALL | {"status": status}) for status in ("ended", "in_progress")]
    assert {each.contract for each in breaches(seen, contract=mine)} == {"2031-01-01"}
    event = {"type": "event_own", "call_id": CALL["id"], "payload": {}}
    assert parse_event(json.dumps(event).encode(), contract=mine).violations == ()


def test_traffic_is_checked_by_an_own_contract():
    traffic = Traffic(contract=own(date="2031-01-01"))
    stub = httpx.MockTransport(lambda _: httpx.Response(200, json=QUEUED))
    with httpx.Client(transport=traffic.transport(stub)) as client:
        client.get("https://api.example/v1/calls", params={"id": CALL["id"]})
    assert traffic.checked == 1
    assert [found.code for found in traffic.violations if found.severity == "error"] == []


def test_parts_of_a_contract_are_those_of_its_document():
    added = parts_of(own("word_of_parts"), "Call") - parts_of(Contract.load(), "Call")
    assert [part.case for part in added] == ["word_of_parts"]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])  # noqa: S301 - our own
def test_copy_of_a_contract_is_equal_and_works(copied):
    for contract in (Contract.load(profile="tolerant"), own()):
        assert copied(contract) == contract
        assert Validator(copied(contract)).conforms(CALL)
        assert copied(contract).pointer_to(copied(contract).schemas["Call"]) == "/components/schemas/Call"


def test_shipped_contract_is_pickled_without_its_document():
    assert len(pickle.dumps(Contract.load())) < 300


@pytest.mark.parametrize(
    "document", [{}, {"components": {}}, {"components": {"schemas": {"Call": {1, 2}}}}, None, [], {"components": []}]
)
def test_document_that_is_none_is_refused_at_once(document):
    with pytest.raises(InvalidOption, match="document"):
        Contract(date="2031-01-01", profile="wire", document=document)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"$ref": "#/components/schemas/Nowhere"}, "names no schema of it: '#/components/schemas/Nowhere'"),
        ({"items": {"$ref": "other.json"}}, "names no schema of it: 'other.json'"),
        ({"properties": {"a": {"$ref": "#/components/schemas/Call/properties/id"}}}, "names no schema"),
        (5, "that is not an object"),
    ],
    ids=str,
)
def test_schema_that_cannot_be_resolved_is_refused_at_once(schema, reason):
    document = document_with("queued")
    document["components"]["schemas"]["Agent"] = schema
    with pytest.raises(InvalidOption, match=reason):
        Contract(date="2031-01-01", profile="wire", document=document)


def test_schema_that_cannot_be_compiled_is_refused_with_its_place():
    document = document_with("queued")
    document["components"]["schemas"]["Agent"] = {"type": "no-such-type"}
    contract = Contract(date="2031-01-01", profile="wire", document=document)
    with pytest.raises(InvalidOption, match="the schema at /components/schemas/Call cannot be compiled"):
        conforms(CALL, contract=contract)


def test_unknown_profile_of_an_own_contract_is_refused_at_once():
    with pytest.raises(UnknownProfile):
        own(profile="lax")
