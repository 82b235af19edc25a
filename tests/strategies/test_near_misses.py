"""Every way to break a payload is reported at exactly that place, by both engines."""

from collections.abc import Iterator
from functools import cache
from itertools import islice

import hypothesis.strategies as st
import pytest
from hypothesis import find, given, settings

from vocode_contract import Contract, Validator, dates
from vocode_contract.contract.json_pointer import resolve
from vocode_contract.contract.minimal_values import minimal_value
from vocode_contract.contract.model import PROFILES
from vocode_contract.strategies import from_schema, mutations, near_misses
from vocode_contract.strategies.contradictions import CONTRADICTIONS
from vocode_contract.strategies.near_misses import inconsistent_calls
from vocode_contract.strategies.seeding import sample
from vocode_contract.validation.consistency import RULES, inconsistencies
from vocode_contract.validation.engine import CompiledEngine, ReferenceEngine

ROOTS = ["Call", "CallPage", "CreateCallRequest", "WebhookEvent", "ExternalActionRequest", "ExternalActionAnswer"]
KEYWORDS = ("type", "required", "enum", "const", "format")

quick = settings(max_examples=15, database=None)


@cache
def judges(date, profile, name):
    contract = Contract.load(date, profile=profile)
    return [Validator(contract, name, engine=engine) for engine in (CompiledEngine, ReferenceEngine)]


def reported(judge, payload):
    return [(violation.code, violation.instance_pointer) for violation in judge.violations(payload)]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("date", dates())
def test_mutations_are_reported_exactly_by_both_engines(date, profile):
    contract = Contract.load(date, profile=profile)
    judged = set()
    for name in [*ROOTS, "HTTPValidationError"]:
        base = minimal_value(contract, contract.schema(name))
        compiled, reference = judges(date, profile, name)
        for mutation in mutations(contract, name):
            payload = mutation.apply(contract, base)
            [found] = compiled.violations(payload)
            assert (found.code, found.instance_pointer) == (mutation.code, mutation.instance_pointer), mutation.done
            slip = slip_of(contract, found, mutation)
            if slip is not None and slip not in judged:
                judged.add(slip)
                assert list(reference.violations(payload)) == [found], mutation.done


def slip_of(contract, found, mutation):
    """Return what the slow engine judges once; ``None`` for what it judges under another contract or profile.

    That is each slip for each keyword of the newest contract, wherever that keyword is referred to from, and for each
    keyword in which an older one differs. Profiles decide where null may stand, and how severe a code is.
    """
    newest = Contract.load(dates()[-1], profile=contract.profile)
    if contract.date != newest.date and (
        contract.profile != "wire" or keyword_at(contract, found) == keyword_at(newest, found)
    ):
        return None
    place = found.schema_pointer if contract.profile == "wire" or "null" in mutation.kind else found.severity
    return place, found.code, mutation.kind, mutation.done.partition(": ")[2]


def keyword_at(contract, found):
    try:
        return resolve(contract.document, found.schema_pointer)
    except LookupError:
        return None


@pytest.mark.parametrize("date", dates())
def test_mutations_reach_every_keyword_of_every_schema(date):
    contract = Contract.load(date, profile="documented")
    reached = set()
    for name in contract.schemas:
        judge = Validator(contract, name)
        base = minimal_value(contract, contract.schema(name))
        for mutation in mutations(contract, name):
            reached |= {violation.schema_pointer for violation in judge.violations(mutation.apply(contract, base))}
    assert set(keywords(contract)) - reached == set()


def keywords(contract) -> Iterator[str]:
    """Yield the pointer to each keyword that a payload can break, read from the document itself."""
    waiting = [(f"/components/schemas/{name}", schema) for name, schema in contract.schemas.items()]
    while waiting:
        place, schema = waiting.pop()
        by_type = "discriminator" not in schema and (schema.get("oneOf") or schema.get("anyOf"))
        yield from (f"{place}/{keyword}" for keyword in KEYWORDS if keyword in schema)
        yield from ([f"{place}/additionalProperties"] if schema.get("additionalProperties") is False else [])
        yield from ([f"{place}/discriminator"] if "discriminator" in schema else [])
        below = [(f"properties/{key}", child) for key, child in schema.get("properties", {}).items()]
        below += [(key, schema[key]) for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
        if by_type:  # which type is wrong is told of the union, not of its branches
            keyword = "oneOf" if "oneOf" in schema else "anyOf"
            single = len([option for option in by_type if option.get("type") != "null"]) == 1
            options = [(f"{keyword}/{index}", option) for index, option in enumerate(by_type)]
            below += [
                (at, option if single else without_type(option))
                for at, option in options
                if "null" not in option.values()
            ]
        waiting += [(f"{place}/{at}", child) for at, child in below]


def without_type(schema):
    return {key: value for key, value in schema.items() if key != "type"}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", [*ROOTS, "Voice", "TelephonyMetadata"])
@given(data=st.data())
@quick
def test_near_misses_are_reported_exactly_by_both_engines(name, profile, data):
    miss = data.draw(near_misses(name, contract="2024-08-27", profile=profile))
    for judge in judges("2024-08-27", profile, name):
        expected = [(miss.code, miss.instance_pointer)] if miss.judge == "schema" else []
        assert reported(judge, miss.payload) == expected


def test_near_misses_of_each_kind_are_drawn():
    drawn = list(islice(sample(near_misses(), 0), 400))
    assert {miss.kind for miss in drawn} >= {
        *("key missing", "wrong type", "boolean for a number", "number in quotes", "null", "enum unknown"),
        *("enum in other case", "uuid broken", "date-time broken", "union-type unknown", "union type missing"),
        *("union type mismatched", "object replaced by its id", "contradiction"),
    }
    assert all(miss.done.endswith(".") for miss in drawn)


def test_mutations_lay_the_way_to_a_place_that_is_not_there():
    contract = Contract.load("2024-08-27")
    closed = next(mutation for mutation in mutations(contract, "Call") if mutation.code == "closed")
    payload = closed.apply(contract, find(from_schema("Call", contract="2024-08-27"), lambda _: True))
    assert payload["agent"]["voice"]["type"] == "voice_rime"
    assert payload["agent"]["voice"]["model_id"] == {"name": "mist"}


def test_mutations_leave_the_payload_alone():
    contract = Contract.load()
    base = minimal_value(contract, contract.schema("Call"))
    for mutation in mutations(contract, "Call"):
        mutation.apply(contract, base)
    assert base == minimal_value(contract, contract.schema("Call"))


def test_near_misses_point_to_map_members_without_their_keys():
    drawn = islice(sample(near_misses("CreateCallRequest"), 0), 1_000)  # one in two hundred is of a map's member
    pointers = {miss.instance_pointer for miss in drawn if miss.instance_pointer.startswith("/context")}
    assert "/context/*" in pointers
    assert pointers <= {"/context", "/context/*"}


def test_near_misses_read_as_they_were_asked_for():
    assert repr(near_misses("Voice", contract="2024-08-27")) == "near_misses('Voice', contract='2024-08-27')"


def test_contradictions_break_every_rule_of_consistency():
    assert {rule.code for rule in CONTRADICTIONS} == {rule.code for rule in RULES}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("date", dates())
@given(data=st.data())
@settings(max_examples=30, database=None)
def test_contradictions_are_reported_exactly(date, profile, data):
    plain = "wire" if profile == "tolerant" else profile
    miss = data.draw(inconsistent_calls(Contract.load(date, profile=plain)))
    found = inconsistencies(miss.payload, contract=date, profile=profile)
    assert [(each.code, each.instance_pointer) for each in found] == [(miss.code, miss.instance_pointer)]
    assert judges(date, profile, "Call")[0].conforms(miss.payload)
