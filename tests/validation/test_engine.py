import builtins

import pytest

from vocode_contract.contract.model import PROFILES, Contract, dates
from vocode_contract.contract.profile import schema_under_profile
from vocode_contract.validation import engine
from vocode_contract.validation.engine import CompiledEngine, ReferenceEngine, best_engine
from vocode_contract.validation.validator import Validator

SCHEMA = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "format": "uuid"}}}
ERRORS = [
    ({"a": 5}, [(("a",), ("properties", "a", "type"))]),
    ({"a": "x"}, [(("a",), ("properties", "a", "format"))]),
    ({}, [((), ("required",))]),
    ([], [((), ("type",))]),
]

each_engine = pytest.mark.parametrize("make", [CompiledEngine, ReferenceEngine])


def not_installed(name, *rest):
    if name == "jsonschema_rs":
        raise ImportError(name)
    return imported(name, *rest)


imported = builtins.__import__


@each_engine
@pytest.mark.parametrize(("instance", "errors"), ERRORS, ids=str)
def test_engine_tells_where_an_error_is(make, instance, errors):
    judging = make(SCHEMA)
    assert list(judging.errors(instance)) == errors
    assert not judging.is_valid(instance)


@each_engine
def test_engine_takes_references_and_branches_into_the_place(make):
    schema = {
        "$defs": {"b": {"items": {"type": "string"}}},
        "if": {"type": "array"},
        "then": {"$ref": "#/$defs/b"},
    }
    [(location, evaluation)] = make(schema).errors(["x", 1])
    assert location == (1,)
    assert [step for step in evaluation if step not in ("if", "$ref")] == ["then", "items", "type"]


@each_engine
@pytest.mark.parametrize("reference", ["http://127.0.0.1:9/x.json", "file:///etc/hostname", "urn:x:y"])
def test_engine_fetches_nothing(make, reference):
    with pytest.raises(Exception, match=r"(?i)offline|unresolvable|retriev|resolv"):
        make({"$ref": reference}).is_valid({})


@pytest.mark.parametrize("date", dates())
@pytest.mark.parametrize("profile", PROFILES)
def test_engines_accept_every_example_of_the_contract(date, profile):
    contract = Contract.load(date, profile=profile)
    for name, schema in contract.schemas.items():
        for make in (CompiledEngine, ReferenceEngine):
            judging = make(schema_under_profile(contract, f"/components/schemas/{name}"))
            assert all(judging.is_valid(example) for example in schema.get("examples", ())), name


def test_best_engine_is_the_compiled_one():
    assert isinstance(best_engine(SCHEMA), CompiledEngine)


def test_reference_engine_takes_the_place_of_a_missing_one(monkeypatch):
    monkeypatch.setattr(builtins, "__import__", not_installed)
    assert isinstance(best_engine(SCHEMA), ReferenceEngine)


def test_verdict_can_be_asked_of_either_engine():
    validators = [
        Validator(Contract.load(), engine=make) for make in (CompiledEngine, ReferenceEngine, engine.best_engine)
    ]
    assert [validator.conforms({}) for validator in validators] == [False] * 3
