"""Strategies for contracts of users: new required fields, bounds, patterns, unions without a tag, and recursion."""

from itertools import islice
from pathlib import Path

import pytest

from tests.support.contracts import FIELDS, own_contract
from vocode_contract.contract.covering_set import covering_set
from vocode_contract.contract.model import PROFILES, Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.strategies import call_pages, calls, from_schema, histories, near_misses
from vocode_contract.strategies.seeding import sample
from vocode_contract.validation.consistency import inconsistencies
from vocode_contract.validation.lifecycle.rules import breaches
from vocode_contract.validation.validator import Validator, violations

ODDITIES = Path(__file__).parents[1] / "cases" / "openapi" / "oddities.yaml"


@pytest.fixture(scope="module")
def odd():
    pytest.importorskip("yaml")
    return Contract.from_path(ODDITIES)


def drawn(strategy, count=30):
    return list(islice(sample(strategy, 0), count))


def errors(value, contract, name="Call"):
    return [found for found in violations(value, name, contract=contract) if found.severity == "error"]


@pytest.mark.parametrize("adversarial", [False, True])
@pytest.mark.parametrize("profile", PROFILES)
def test_oddities_draw_what_conforms(odd, profile, adversarial):
    contract = odd.with_profile(profile)
    values = drawn(from_schema("Call", contract=contract, adversarial=adversarial))
    assert not any(errors(value, contract) for value in values)
    assert {key for value in values for key in value} >= {"speed", "code", "parent", "voice", "target", "level"}


def test_oddities_have_near_misses_that_are_reported_exactly(odd):
    judge = Validator(odd)
    misses = drawn(near_misses(contract=odd), 80)
    for miss in misses:
        [found] = judge.violations(miss.payload)
        assert (found.code, found.instance_pointer) == (miss.code, miss.instance_pointer), miss.done
    assert "bounds" in {miss.code for miss in misses}


def test_covering_set_of_a_schema_that_contains_itself_is_valid(odd):
    payloads = covering_set(odd)
    assert payloads
    assert not any(errors(payload, odd) for payload in payloads)


def test_schema_that_requires_itself_is_refused():
    endless = {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/Link"}}}
    contract = own_contract().with_overlay({"Link": endless})
    with pytest.raises(InvalidOption, match="without a finite value"):
        from_schema("Link", contract=contract)


def test_calls_of_an_own_contract_have_its_fields_and_values_and_are_consistent():
    contract = own_contract()
    values = drawn(calls(contract=contract), 60)
    assert not any(errors(value, contract) for value in values)
    assert not any(found for value in values for found in inconsistencies(value, contract=contract))
    assert all(value.keys() >= FIELDS.keys() for value in values)
    assert "queued" in {value.get("status") for value in values}


def test_pages_and_near_misses_of_an_own_contract_are_right():
    contract = own_contract()
    assert not any(errors(page, contract, "CallPage") for page in drawn(call_pages(contract=contract), 20))
    misses = drawn(near_misses(contract=contract), 30)
    shown = [miss for miss in misses if miss.judge == "schema"]
    assert [(miss.code, miss.instance_pointer) for miss in shown] == [
        (found.code, found.instance_pointer) for miss in shown for found in violations(miss.payload, contract=contract)
    ]


def test_history_of_an_own_contract_breaks_what_it_says():
    contract = own_contract()
    for history in drawn(histories(contract=contract), 20):
        found = breaches(history.observations, contract=contract, expected=history.expected or None)
        assert {each.code for each in found} == {history.breach} - {None}


def test_strategy_for_an_own_contract_is_not_that_of_the_shipped_one_of_its_date():
    shipped = Contract.load("2024-08-27")
    own = shipped.with_overlay({"CallStatus": {"enum": ["queued"]}})
    for contract, word in ((shipped, "ended"), (own, "queued"), (shipped, "ended")):
        words = {value.get("status") for value in drawn(calls(False, contract=contract), 15)} - {None}
        assert (word in words, len(words) == 1) == (True, contract is own)
