"""The schema files, held against the facts that they were written from."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from difflib import unified_diff
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

HERE = Path(__file__).parents[1]
SCHEMAS = HERE.parent / "schemas"
DATES = sorted(path.name for path in SCHEMAS.iterdir() if path.is_dir())
KEYWORDS = {
    *("$schema", "$ref", "$defs", "$comment", "title", "description", "type", "properties"),
    *("required", "additionalProperties", "items", "enum", "const", "format", "default"),
    *("examples", "oneOf", "anyOf", "discriminator", "x-sensitivity", "x-nullable-on-wire"),
}
CREDENTIALS = {
    *("api_key", "api_user_id", "openai_api_key", "twilio_account_sid", "twilio_auth_token"),
    *("credentials", "signature_secret", "context_endpoint", "url"),
}
PERSONAL = {
    *("to_number", "from_number", "agent_phone_number", "phone_number", "steering_pool"),
    *("transcript", "error_message", "content", "initial_message", "context", "telephony_params"),
    *("input_schema", "payload", "result", "agent_message"),
}
SECRETS_IN_RESPONSES = [  # schema, field, first date
    ("ElevenLabsVoice", "api_key", "2023-11-30"),
    ("PlayHtVoice", "api_key", "2023-11-30"),
    ("PlayHtVoice", "api_user_id", "2023-11-30"),
    ("PineconeVectorDatabase", "api_key", "2023-11-30"),
    ("OpenAICredentials", "openai_api_key", "2023-11-30"),
    ("TwilioCredentials", "twilio_auth_token", "2023-11-30"),
    ("ExternalActionConfig", "signature_secret", "2024-08-27"),
]
EFFECTS = {
    "end_call": "hangs-up",
    "get_call": "reads",
    "list_calls": "reads",
    "create_call": "rings",
    "get_recording": "reads",
}
FORMATS = FormatChecker(formats=())

Schema = dict[str, Any]


@FORMATS.checks("uuid", raises=ValueError)
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or str(UUID(value)) == value


@FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def files(date: str) -> dict[str, Schema]:
    paths = sorted((SCHEMAS / date).glob("*.json"))
    return {path.stem: json.loads(path.read_text("utf-8")) for path in paths}


def openapi(date: str) -> Schema:
    return files(date)["openapi"]


def named_schemas(date: str) -> Iterator[tuple[str, str, Schema]]:
    """Yield file stem, name and schema of each file and each of its ``$defs``."""
    for stem, schema in files(date).items():
        if stem != "openapi":
            yield stem, stem, schema
            for name, definition in schema.get("$defs", {}).items():
                yield stem, name, definition


def by_name(date: str) -> dict[str, Schema]:
    return {name: schema for _, name, schema in named_schemas(date)}


def subschemas(schema: Schema) -> Iterator[Schema]:
    """Yield a schema and every schema inside it, but nothing from values that it quotes."""
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    inner += [*schema.get("oneOf", []), *schema.get("anyOf", [])]
    inner += [schema[key] for key in ("items", "additionalProperties") if key in schema]
    for each in inner:
        if isinstance(each, dict):
            yield from subschemas(each)


def openapi_schemas(value: object) -> Iterator[Schema]:
    """Yield what stands under any ``schema`` key of an OpenAPI document."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from subschemas(inner) if key == "schema" else openapi_schemas(inner)
    if isinstance(value, list):
        for inner in value:
            yield from openapi_schemas(inner)


def uri(date: str, stem: str) -> str:
    return f"https://contract.invalid/{date}/{stem}.json"


@cache
def registry(date: str) -> Registry[bool | Mapping[str, Any]]:
    resources = {
        uri(date, stem): Resource.from_contents(schema) for stem, schema in files(date).items() if stem != "openapi"
    }
    return Registry().with_resources(resources.items())


def validator(date: str, stem: str, pointer: str) -> Draft202012Validator:
    ref = {"$ref": f"{uri(date, stem)}#{pointer}"}
    return Draft202012Validator(ref, registry=registry(date), format_checker=FORMATS)


def pointer(stem: str, name: str) -> str:
    return "" if name == stem else f"/$defs/{name}"


def target(ref: str) -> str:
    """Name what a reference points to."""
    return ref.rpartition("/")[2].removesuffix(".json")


def scalar_type(schema: Schema) -> str:
    [kind] = [each for each in [schema["type"]] if isinstance(each, str)] or schema["type"][:1]
    return f"{kind}:{schema['format']}" if "format" in schema else kind


def union_type(rule: str, members: list[Schema], schemas: dict[str, Schema]) -> str:
    real = [member for member in members if member != {"type": "null"}]
    texts = [fact_type(member, schemas) for member in real]
    return texts[0] if len(texts) == 1 else f"{rule}({'|'.join(texts)})"


def object_type(schema: Schema, schemas: dict[str, Schema]) -> str:
    values = schema.get("additionalProperties")
    if values is True:
        return "map<any>"
    if values is False:
        return "closed object"
    return f"map<{fact_type(values, schemas)}>" if values else "object"


def fact_type(schema: Schema, schemas: dict[str, Schema]) -> str:
    """Put a schema as the facts put a type: unions spelt out, other references by name."""
    if "$ref" in schema:
        name = target(schema["$ref"])
        is_union = {"oneOf", "anyOf"} & schemas[name].keys()
        return fact_type(schemas[name], schemas) if is_union else name
    for rule in ("oneOf", "anyOf"):
        if rule in schema:
            return union_type(rule, schema[rule], schemas)
    if "const" in schema:
        return f"enum({schema['const']})"
    if "enum" in schema:
        return f"enum({'|'.join(value for value in schema['enum'] if value is not None)})"
    if "array" in schema["type"]:
        return f"array<{fact_type(schema['items'], schemas)}>"
    return object_type(schema, schemas) if "object" in schema["type"] else scalar_type(schema)


def nullability(schema: Schema) -> str:
    types = schema.get("type")
    is_nullable = isinstance(types, list) and "null" in types and None in schema.get("enum", [None])
    if is_nullable or {"type": "null"} in schema.get("anyOf", []):
        return "nullable"
    return "never null" if schema.get("x-nullable-on-wire") is False else "-"


def row(owner: str, place: str, type_: str, need: str = "-", *rest: str) -> str:
    default, null = rest or ("-", "-")
    return "\t".join((owner, place, type_, need, default, null))


def titled(text: str) -> str:
    return f"ref {text}" if text[0].isupper() else text


def field_row(owner: str, place: str, schema: Schema, *, required: bool, date: str) -> str:
    default = json.dumps(schema["default"]) if "default" in schema else "-"
    type_ = titled(fact_type(schema, by_name(date)))
    need = "required" if required else "optional"
    return row(owner, place, type_, need, default, nullability(schema))


def schema_rows(name: str, schema: Schema, date: str, prefix: str = "") -> Iterator[str]:
    if {"oneOf", "anyOf"} & schema.keys():
        return
    if "properties" not in schema:
        yield row(name, "-", fact_type(schema, {}))
    for key, inner in schema.get("properties", {}).items():
        required = key in schema.get("required", [])
        yield field_row(name, prefix + key, inner, required=required, date=date)
        if "properties" in inner:
            yield from schema_rows(name, inner, date, f"{prefix}{key}.")


def content_rows(owner: str, place: str, content: Schema, need: str) -> Iterator[str]:
    for media_type, body in content.items():
        type_ = f"ref {target(body['schema']['$ref'])}" if body["schema"] else "any"
        yield row(owner, f"{place} {media_type}", type_, need)


def operation_rows(owner: str, operation: Schema, date: str) -> Iterator[str]:
    yield row(owner, "operationId", operation["operationId"])
    for each in operation.get("parameters", []):
        place = f"{each['in']} {each['name']}"
        yield field_row(owner, place, each["schema"], required=each["required"], date=date)
    if body := operation.get("requestBody"):
        need = "required" if body["required"] else "optional"
        yield from content_rows(owner, "body", body["content"], need)
    for status, response in operation["responses"].items():
        yield from content_rows(owner, status, response["content"], "-")


def derived_rows(date: str) -> list[str]:
    groups = {name: [*schema_rows(name, it, date)] for name, it in by_name(date).items()}
    for path, item in openapi(date)["paths"].items():
        for method, operation in item.items():
            owner = f"{method.upper()} {path}"
            groups[owner] = [*operation_rows(owner, operation, date)]
    return [line for owner in sorted(groups) for line in groups[owner]]


def differences(expected: list[str], actual: list[str]) -> str:
    return "\n".join(unified_diff(expected, actual, "facts", "schemas", lineterm="", n=0))


per_date = pytest.mark.parametrize("date", DATES)


def test_contract_lists_exactly_the_folders() -> None:
    contract = json.loads((SCHEMAS / "contract.json").read_text("utf-8"))
    assert sorted(contract["contracts"]) == DATES
    assert contract["default"] in DATES


@per_date
def test_schemas_state_the_facts_and_nothing_else(date: str) -> None:
    path = HERE / "facts" / f"{date}.tsv"
    facts = path.read_text("utf-8").splitlines() if path.exists() else []
    wrong = differences(facts, derived_rows(date))
    assert not wrong, f"{date}: the schema files and tests/facts/{date}.tsv disagree\n{wrong}"


@per_date
def test_schemas_have_names_that_are_unique(date: str) -> None:
    names = [name for _, name, _ in named_schemas(date)]
    assert sorted(names) == sorted(set(names))


@per_date
def test_schemas_are_valid_and_use_known_keywords_only(date: str) -> None:
    for _, name, schema in named_schemas(date):
        Draft202012Validator.check_schema(schema)
        for each in subschemas(schema):
            assert each.keys() <= KEYWORDS, name
    for each in openapi_schemas(openapi(date)):
        assert each.keys() <= KEYWORDS


@per_date
def test_schemas_refer_only_to_what_exists(date: str) -> None:
    schemas = registry(date)
    for stem, _, schema in named_schemas(date):
        for each in subschemas(schema):
            if "$ref" in each:
                schemas.resolver(uri(date, stem)).lookup(each["$ref"])
    for each in openapi_schemas(openapi(date)):
        if "$ref" in each:
            schemas.resolver(uri(date, "openapi")).lookup(each["$ref"])


@per_date
def test_schemas_are_all_reached_from_the_operations(date: str) -> None:
    seen, ahead = set(), {each["$ref"] for each in openapi_schemas(openapi(date)) if "$ref" in each}
    schemas = by_name(date)
    while ahead:
        name = target(ahead.pop())
        if name not in seen:
            seen.add(name)
            ahead |= {each["$ref"] for each in subschemas(schemas[name]) if "$ref" in each}
    assert seen == schemas.keys()


@per_date
def test_schemas_have_a_title_and_descriptions_throughout(date: str) -> None:
    for _, name, schema in named_schemas(date):
        assert schema.get("title"), name
        assert schema.get("description"), name
        for each in subschemas(schema):
            for key, inner in each.get("properties", {}).items():
                assert re.fullmatch(r"\S.*\.", inner.get("description", "")), f"{name}.{key}"


@per_date
def test_schemas_have_examples_that_conform(date: str) -> None:
    for stem, name, schema in named_schemas(date):
        assert "examples" in schema or "enum" in schema, name
        for example in schema.get("examples", []):
            validator(date, stem, pointer(stem, name)).validate(example)


@per_date
def test_schemas_have_defaults_that_conform(date: str) -> None:
    for stem, name, schema in named_schemas(date):
        for key, inner in schema.get("properties", {}).items():
            if "default" in inner:
                place = f"{pointer(stem, name)}/properties/{key}"
                validator(date, stem, place).validate(inner["default"])


@per_date
def test_discriminators_map_every_type_to_the_member_that_bears_it(date: str) -> None:
    schemas = by_name(date)
    for name, schema in schemas.items():
        if "discriminator" in schema:
            members = {each["$ref"] for each in schema.get("oneOf") or schema["anyOf"]}
            mapping = schema["discriminator"]["mapping"]
            assert set(mapping.values()) == members, name
            for tag, ref in mapping.items():
                bearer = schemas[target(ref)]["properties"]["type"]
                assert tag in bearer.get("enum", [bearer.get("const")]), tag


@per_date
def test_webhook_events_cover_every_event_type(date: str) -> None:
    schemas = by_name(date)
    mapping = schemas["WebhookEvent"]["discriminator"]["mapping"]
    assert list(mapping) == schemas["EventType"]["enum"]


@per_date
def test_secrets_in_responses_are_marked_credential(date: str) -> None:
    schemas = by_name(date)
    for name, key, since in SECRETS_IN_RESPONSES:
        if date >= since:
            assert schemas[name]["properties"][key]["x-sensitivity"] == "credential", key


@per_date
def test_sensitivity_follows_the_name_of_a_field(date: str) -> None:
    for _, name, schema in named_schemas(date):
        for key, inner in schema.get("properties", {}).items():
            secret = "credential" if key in CREDENTIALS else None
            wanted = "personal" if key in PERSONAL else secret
            assert inner.get("x-sensitivity") == wanted, f"{name}.{key}"


@per_date
def test_operations_say_what_they_do_to_a_call(date: str) -> None:
    operations = [one for item in openapi(date)["paths"].values() for one in item.values()]
    assert {one["operationId"]: one["x-effect"] for one in operations} == EFFECTS


@per_date
def test_openapi_names_its_date_and_asks_for_a_bearer_token(date: str) -> None:
    document = openapi(date)
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == date
    [scheme] = document["components"]["securitySchemes"].values()
    assert document["security"] == [{"HTTPBearer": []}]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


@pytest.mark.parametrize("path", sorted(SCHEMAS.rglob("*.json")), ids=lambda path: path.stem)
def test_files_are_formatted_alike(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
