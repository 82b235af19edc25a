import pytest
from jsonschema import Draft202012Validator

from vocode_contract.contract.json_pointer import resolve
from vocode_contract.contract.model import PROFILES, Contract, dates
from vocode_contract.contract.profile import may_be_null_on_wire, schema_under_profile, schemas_under_profile

KEYWORDS = {
    *("$schema", "$ref", "components", "type", "required", "properties", "additionalProperties", "items", "enum"),
    *("format", "pattern", "if", "then", "else", "x-source", "x-tag"),
}
each_date = pytest.mark.parametrize("date", dates())
each_profile = pytest.mark.parametrize("profile", PROFILES)


def schemas_in(schema):
    yield schema
    below = [schema[key] for key in ("items", "additionalProperties", "if", "then", "else") if key in schema]
    for each in [*below, *schema.get("properties", {}).values()]:
        if isinstance(each, dict):
            yield from schemas_in(each)


def judged(date, profile):
    for schema in schemas_under_profile(Contract.load(date, profile=profile)).values():
        yield from schemas_in(schema)


@each_date
@each_profile
def test_judged_schemas_use_known_keywords(date, profile):
    assert {key for schema in judged(date, profile) for key in schema} <= KEYWORDS


@each_date
@each_profile
def test_judged_schemas_name_where_they_come_from(date, profile):
    document = Contract.load(date).document
    sources = {schema["x-source"] for schema in judged(date, profile) if "x-source" in schema}
    assert sources
    for source in sources:
        resolve(document, source)


@each_date
@each_profile
def test_judged_schema_is_valid_and_stands_alone(date, profile):
    contract = Contract.load(date, profile=profile)
    schema = schema_under_profile(contract, "/components/schemas/Call")
    Draft202012Validator.check_schema(schema)
    assert {
        each["$ref"].rpartition("/")[2] for each in judged(date, profile) if "$ref" in each
    } <= contract.schemas.keys()


NULLABLE = [
    ("error_message", True),
    ("context", True),
    ("id", False),
    ("recording_available", False),
]


@pytest.mark.parametrize(("name", "may"), NULLABLE)
def test_optional_property_without_default_may_be_null_on_the_wire(name, may):
    assert may_be_null_on_wire(Contract.load().schemas["Call"], name) == may


def test_documented_profile_adds_no_null():
    for schema in judged("2023-11-30", "documented"):
        assert "null" not in schema.get("type", ())


def test_tolerant_profile_names_no_values_but_tags():
    for schema in judged("2023-11-30", "tolerant"):
        assert "enum" not in schema or "x-source" not in schema


def test_contract_is_left_as_documented():
    before = repr(Contract.load().document)
    schemas_under_profile.cache_clear()
    list(judged("2023-11-30", "wire"))
    assert repr(Contract.load().document) == before
