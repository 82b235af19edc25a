"""Contracts that users load: folders, OpenAPI documents in their oddities, and overlays."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.payloads import CALL
from vocode_contract.cli import main
from vocode_contract.contract.coverage import Coverage
from vocode_contract.contract.files import schemas_directory
from vocode_contract.contract.model import Contract, dates
from vocode_contract.errors import InvalidOption
from vocode_contract.http.traffic import operation_at
from vocode_contract.report.coverage import render_coverage
from vocode_contract.validation.engine import CompiledEngine, ReferenceEngine
from vocode_contract.validation.masking import mask_payload
from vocode_contract.validation.validator import Validator, violations

ODDITIES = Path(__file__).parents[1] / "cases" / "openapi" / "oddities.yaml"
VALID = {"id": "3c90c3cc-0d44-4b50-8888-8dd25736052a", "status": "queued"}


@pytest.fixture(scope="module")
def odd():
    pytest.importorskip("yaml")
    return Contract.from_path(ODDITIES)


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(Path(schemas_directory()) / "2024-08-27", tmp_path / "2031-01-01"))


def document(**schemas):
    return {"openapi": "3.1.0", "info": {"version": "7"}, "paths": {}, "components": {"schemas": schemas}}


@pytest.mark.parametrize("date", dates())
def test_shipped_folder_loads_as_what_is_shipped(date):
    assert Contract.from_path(Path(schemas_directory()) / date) == Contract.load(date)


@pytest.mark.parametrize("date", dates())
def test_shipped_document_loads_as_what_is_shipped(date):
    assert Contract.from_openapi(dict(Contract.load(date).document), date=date) == Contract.load(date)


def test_folder_with_a_new_field_is_a_contract_with_that_field(folder):
    file = folder / "Call.json"
    call = json.loads(file.read_bytes())
    call["properties"]["mood"] = {"type": "string", "enum": ["calm"]}
    file.write_text(json.dumps(call), "utf-8")
    [found] = violations(CALL | {"mood": "loud"}, contract=Contract.from_path(folder))
    assert (found.code, found.instance_pointer, found.contract) == ("enum", "/mood", "2031-01-01")


def test_folder_reads_no_file_outside(folder):
    (folder / "Call.json").write_text('{"$ref": "../../secret.json"}', "utf-8")
    with pytest.raises(InvalidOption, match="only JSON files of the same folder"):
        Contract.from_path(folder)


WRONG = {
    "speed": (0, "bounds", "more than 0"),
    "code": ("x1", "pattern", "a string of the declared pattern"),
    "note": (5, "type", "a string or null"),
    "voice": ({"kind": "loud"}, "union-type", "one of fast, slow"),
    "target": ({"a": 1}, "union", "a value of one of the declared branches"),
    "odd/~name 🎉": ("1", "type", "an integer or null"),
    "level": (3, "enum", "one of 1, 2"),
}


@pytest.mark.parametrize("engine", [CompiledEngine, ReferenceEngine])
@pytest.mark.parametrize("key", WRONG)
def test_oddity_is_checked(odd, key, engine):
    value, code, expected = WRONG[key]
    [found] = Validator(odd, engine=engine).violations(VALID | {"parent": VALID | {key: value}})
    assert (found.code, found.expected) == (code, expected)
    place = "/parent/" + key.replace("~", "~0").replace("/", "~1")
    assert found.instance_pointer == place + "/kind" * (code == "union-type")


RIGHT = {
    "speed": 2,
    "code": "007",
    "note": None,
    "parent": None,
    "voice": {"kind": "slow", "rate": "1"},
    "target": {"b": ""},
    "odd/~name 🎉": 1,
    "level": 2,
    "extra": {"free": 1},
}


@pytest.mark.parametrize("engine", [CompiledEngine, ReferenceEngine])
def test_oddities_accept_what_the_document_allows(odd, engine):
    validator = Validator(odd.with_profile("documented"), engine=engine)
    assert list(validator.violations(VALID | RIGHT | {"parent": VALID | RIGHT})) == []


def test_operation_is_found_by_id_or_by_method_and_path(odd):
    assert set(odd.operations) == {"end_call", "GET /v1/calls/{id}/notes", "add_note", "delete_notes"}
    assert odd.operations["end_call"].parameters[0].name == "id"
    assert odd.operations["end_call"].responses[200] == {"application/json": "Call"}
    assert operation_at(odd, "GET", "/api/v1/calls/7/notes") == odd.operations["GET /v1/calls/{id}/notes"]
    assert operation_at(odd, "GET", "/v1/calls/7/8/notes") is None


def test_operation_is_found_by_the_name_that_the_user_gives():
    own = document() | {"paths": {"/hangup": {"post": {"operationId": "stop", "responses": {}}}}}
    for written in ("stop", "POST /hangup"):
        assert set(Contract.from_openapi(own, operations={"end_call": written}).operations) == {"end_call"}
    with pytest.raises(InvalidOption, match="has no operation 'go'"):
        Contract.from_openapi(own, operations={"end_call": "go"})


def test_operation_without_an_effect_may_ring_unless_it_only_reads(odd):
    effects = {name: operation.effect for name, operation in odd.operations.items()}
    assert effects == {
        "end_call": "rings",
        "GET /v1/calls/{id}/notes": "reads",
        "add_note": "writes",
        "delete_notes": "rings",
    }


def test_known_names_and_free_strings_are_masked(odd):
    shown = mask_payload(VALID | {"toNumber": 4155550100, "note": "secret", "code": "secret"}, odd)
    assert isinstance(shown, dict)
    assert (shown["id"], shown["status"]) == (VALID["id"], "queued")
    assert "4155550100" not in str(shown)
    assert "secret" not in str(shown)


REFUSED = [
    ({"$ref": "https://example.com/x.json"}, "/components/schemas/A/$ref", "never fetched"),
    ({"$ref": "#/components/schemas/B"}, "/components/schemas/A/$ref", "names nothing"),
    ({"$ref": "#/components/schemas/A"}, "/components/schemas/A", "leads back to itself"),
    ({"anyOf": [{"$ref": "#/components/schemas/A"}]}, "/components/schemas/A", "leads back to itself"),
    ({"properties": {"x/y": {"not": {}}}}, "/components/schemas/A/properties/x~1y/not", "not supported"),
    ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "/components/schemas/A", "another type"),
    ({"properties": {"x": False}}, "/components/schemas/A/properties/x", "must be an object"),
    ({"type": "text"}, "/components/schemas/A/type", "names no JSON type"),
    ({"type": 5}, "/components/schemas/A/type", "names no JSON type"),
    ({"enum": 5}, "/components/schemas/A/enum", "no value that this keyword can have"),
    ({"required": True}, "/components/schemas/A/required", "no value that this keyword can have"),
    ({"required": [{}], "properties": {}}, "/components/schemas/A/required", "no value that this keyword can have"),
    ({"minLength": "secret"}, "/components/schemas/A/minLength", "no value that this keyword can have"),
    (
        {
            "oneOf": [{"$ref": "#/components/schemas/A/$defs/C"}, {"type": "object", "properties": {}}],
            "$defs": {"C": {"properties": 1.5}},
        },
        "/components/schemas/A/$defs/C/properties",
        "must be an object",
    ),
    ({"type": "string", "pattern": "("}, "/components/schemas/A/pattern", "cannot be compiled"),
    ({"type": "string", "pattern": "(?P<x>a)(?P=x)"}, "/components/schemas/A/pattern", "cannot be compiled"),
    ({"discriminator": {"propertyName": "x"}}, "/components/schemas/A/discriminator", "inheritance"),
    ({"x-sensitivity": "none"}, "/components/schemas/A/x-sensitivity", "personal or credential"),
]


@pytest.mark.parametrize(("schema", "place", "reason"), REFUSED, ids=[f"{row[1]} {row[2]}" for row in REFUSED])
def test_what_cannot_be_used_is_refused_with_place_and_reason(schema, place, reason):
    with pytest.raises(InvalidOption) as caught:
        Contract.from_openapi(document(A=schema))
    assert caught.value.reason.startswith(place)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("parameters", "place"), [(True, ""), ([{"name": "x", "in": "query", "content": {"a": 1}}], "/0/content/a")]
)
def test_parameters_of_the_wrong_type_are_refused_with_their_place(parameters, place):
    own = document() | {"paths": {"/x": {"get": {"parameters": parameters, "responses": {}}}}}
    with pytest.raises(InvalidOption) as caught:
        Contract.from_openapi(own)
    assert caught.value.reason.startswith(f"/paths/~1x/get/parameters{place} must be")


@pytest.mark.parametrize(
    ("more", "schema", "reason"),
    [
        ({"components": 5}, {}, "/components must be an object"),
        ({}, {"$defs": 5}, r"/\$defs must be an object"),
        ({}, {"type": "object", "discriminator": {"mapping": 5}}, "/discriminator needs"),
        ({}, {"type": "object", "discriminator": {"mapping": {"a": 5}}}, "/discriminator needs"),
    ],
)
def test_folder_with_values_of_the_wrong_type_is_refused_with_their_place(tmp_path, more, schema, reason):
    (tmp_path / "openapi.json").write_text(json.dumps({"openapi": "3.1.0", "x": {"$ref": "A.json"}, **more}), "utf-8")
    (tmp_path / "A.json").write_text(json.dumps(schema), "utf-8")
    with pytest.raises(InvalidOption, match=reason):
        Contract.from_path(tmp_path)


UNREADABLE = [
    ("swagger: '2.0'\npaths: {}", "3.0 or 3.1"),
    ('{"openapi": ', "is not JSON: line 1"),
    ("a: [\n", "is neither JSON nor YAML: line 2"),
    ("[" * 5000 + "\n", "is not JSON"),
    (
        "a: &a [1,1,1,1,1,1,1,1]\n"
        + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        "values",
    ),
    ("a: !!timestamp x\n", "is neither JSON nor YAML"),
    (f"a: &a {{b: c}}\nx: {{{'<<: *a, ' * 2_000}}}\n", "is neither JSON nor YAML"),
    ("nowhere.yaml", "cannot be read"),
]


@pytest.mark.parametrize(("text", "reason"), UNREADABLE, ids=[row[1] for row in UNREADABLE])
def test_document_that_cannot_be_read_is_refused(text, reason):
    pytest.importorskip("yaml")
    with pytest.raises(InvalidOption, match=reason):
        Contract.from_openapi(text)


def test_overlay_merges_single_schemas_and_leaves_the_contract_alone():
    shipped = Contract.load()
    patch = {"CallStatus": {"enum": ["queued"]}, "Call": {"properties": {"mood": {"type": "string"}, "stage": None}}}
    own = shipped.with_overlay(patch, date="2031-01-01")
    assert own.schemas["CallStatus"]["enum"] == ["queued"]
    assert "mood" in own.schemas["Call"]["properties"]
    assert "stage" not in own.schemas["Call"]["properties"]
    assert own.schemas["Call"]["properties"]["id"] == shipped.schemas["Call"]["properties"]["id"]
    assert own.date == "2031-01-01"
    assert shipped == Contract.load()


def test_overlay_that_breaks_a_reference_is_refused():
    with pytest.raises(InvalidOption, match="names nothing"):
        Contract.load().with_overlay({"CallStatus": None})


@pytest.fixture
def command(capsys):
    def run(*words):
        capsys.readouterr()
        code = main.run([*words])
        return subprocess.CompletedProcess(words, code, *capsys.readouterr())

    return run


def test_validate_takes_a_contract_of_ones_own(command, tmp_path):
    pytest.importorskip("yaml")
    payload = tmp_path / "call.json"
    payload.write_text(json.dumps(VALID | {"status": "in_progress"}), "utf-8")
    done = command("validate", "--contract", str(ODDITIES), str(payload))
    assert done.returncode == 1
    assert "one of queued, ended" in done.stdout
    refused = command("validate", "--contract", str(payload), str(payload))
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"vocode-contract: {payload}: /openapi must name a version 3.0 or 3.1")
    missing = command("validate", "--contract", "nowhere.yaml", str(payload))
    assert (missing.returncode, missing.stderr) == (
        2,
        "vocode-contract: nowhere.yaml: cannot be read: No such file or directory\n",
    )


def test_diff_takes_contracts_of_ones_own(command, folder):
    file = folder / "Call.json"
    call = json.loads(file.read_bytes())
    call["properties"]["mood"] = {"type": "string"}
    file.write_text(json.dumps(call), "utf-8")
    done = command("diff", "2024-08-27", str(folder))
    assert done.returncode == 0, done.stderr
    assert "/mood" in done.stdout


@pytest.mark.parametrize("date", dates())
def test_new_date_starts_as_the_contract_that_it_is_copied_from(command, tmp_path, date):
    folder = tmp_path / "contracts" / "2031-01-01"
    done = command("schema", "--contract", date, "--new-date", str(folder))
    assert (done.returncode, done.stdout) == (0, "")
    assert f"--contract {folder}" in done.stderr
    own = Contract.from_path(folder)
    assert own.date == own.document["info"]["version"] == "2031-01-01"
    assert own.schemas == Contract.load(date).schemas
    again = command("schema", "--contract", str(folder), "--new-date", str(tmp_path / "2032-01-01"))
    assert again.returncode == 0, again.stderr
    assert Contract.from_path(tmp_path / "2032-01-01").document["paths"] == own.document["paths"]


@pytest.mark.parametrize("name", ["2024-08-27", "newest", "."])
def test_new_date_is_refused_if_it_is_none(command, tmp_path, name):
    done = command("schema", "--new-date", str(tmp_path / name))
    assert done.returncode == 2
    assert "must be named by a date, YYYY-MM-DD" in done.stderr


def test_new_date_overwrites_nothing(command, folder):
    before = {file: file.read_bytes() for file in folder.iterdir()}
    done = command("schema", "--new-date", str(folder))
    assert done.returncode == 2
    assert done.stderr == f"vocode-contract: --new-date: {folder} exists, and you may have edited it: choose another\n"
    assert {file: file.read_bytes() for file in folder.iterdir()} == before


def overlay(*actions, version="1.0.0"):
    return {"overlay": version, "info": {"title": "Ours", "version": "1"}, "actions": [*actions]}


ACTIONS = [
    {"target": "$.components.schemas.CallStatus.enum", "update": "queued"},
    {
        "target": "$.components.schemas['Call', 'NormalizedCall']",
        "update": {"properties": {"mood": {"type": "string"}}},
    },
    {"target": "$.components.schemas.Call", "update": {"required": ["mood"]}},
    {"target": "$.paths.*[?@.operationId == 'get_recording']", "remove": True},
    {"target": "$.paths['/v1/calls/list'].get.parameters[?@.in == 'query']", "remove": True},
    {"target": "$.paths['/nowhere']", "update": {"get": {}}},
    {"target": "$.components.schemas.Call..examples", "remove": True},
]


def test_openapi_overlay_changes_the_document():
    pytest.importorskip("jsonpath")
    shipped = Contract.load("2024-08-27")
    own = shipped.with_overlay(overlay(*ACTIONS), date="2031-01-01")
    assert own.schemas["CallStatus"]["enum"] == [*shipped.schemas["CallStatus"]["enum"], "queued"]
    assert own.schemas["Call"]["required"] == [*shipped.schemas["Call"]["required"], "mood"]
    assert "mood" in own.schemas["NormalizedCall"]["properties"]
    assert shipped.operations.keys() - own.operations.keys() == {"get_recording"}
    assert own.operations["list_calls"].parameters == ()
    assert "examples" not in str(own.schemas["Call"])
    assert shipped == Contract.load("2024-08-27")


def test_openapi_overlay_is_read_from_a_file(tmp_path):
    pytest.importorskip("jsonpath")
    path = tmp_path / "overlay.json"
    path.write_text(json.dumps(overlay(ACTIONS[0])), "utf-8")
    assert "queued" in Contract.load().with_overlay(path).schemas["CallStatus"]["enum"]


BAD_OVERLAYS = [
    (overlay(version="1.1.0"), "/overlay must be a version 1.0"),
    (overlay({"update": {}}), "/actions/0 must be an object with a target"),
    (overlay({"target": "$"}), "/actions/0 must have an update"),
    (overlay({"target": "$", "copy": "$.info"}), "/actions/0/copy is no field"),
    (overlay({"target": "$[", "remove": True}), "/actions/0/target is no JSONPath"),
    (overlay({"target": "$.info.title", "update": "x"}), "/actions/0/target selects a value"),
    (overlay({"target": "$.info", "update": "x"}), "/actions/0/update must be an object"),
    (overlay({"target": "$", "update": {"info": "x"}}), "/actions/0/update/info is of another type"),
    (overlay({"target": "$", "remove": True}), "/actions/0/remove cannot remove the whole"),
    (overlay({"target": "$.components.schemas.CallStatus", "remove": True}), "names nothing in the document"),
]


@pytest.mark.parametrize(("document", "reason"), BAD_OVERLAYS, ids=[row[1] for row in BAD_OVERLAYS])
def test_openapi_overlay_that_cannot_be_applied_is_refused_with_its_place(document, reason):
    pytest.importorskip("jsonpath")
    with pytest.raises(InvalidOption, match=reason):
        Contract.load().with_overlay(document)


def test_known_names_of_credentials_are_masked_whatever_their_schema_says():
    listed = {"enum": ["live-1", "test-1"]}
    properties = {
        "apiKey": listed,
        "twilio_auth_token": {"$ref": "#/components/schemas/Token"},
        "color": {"enum": ["blue"]},
    }
    own = Contract.from_openapi(document(Call={"type": "object", "properties": properties}, Token=listed))
    shown = mask_payload({"apiKey": "live-1", "twilio_auth_token": "test-1", "color": "blue"}, own)
    assert isinstance(shown, dict)
    assert [str(value).partition(" ")[0] for value in shown.values()] == ["<credential", "<credential", "blue"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_named_pipe_is_refused_in_place_of_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "own.json")
    with pytest.raises(InvalidOption, match="is not a regular file"):
        Contract.from_path(tmp_path / "own.json")


def test_coverage_of_a_hostile_document_writes_no_control_characters():
    own = Contract.from_openapi(document(A={"type": "object", "properties": {"\x1b[31m": {}}}), date="\x1b[31m")
    assert "\x1b" not in "".join(render_coverage(Coverage(own, ("A",)), missing=True))
