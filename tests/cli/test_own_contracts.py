"""One contract of a user's own, with a field, a value and an operation more, through the commands."""

import json
import subprocess
import sys

import httpx
import pytest

from vocode_contract.contract.model import Contract
from vocode_contract.http.traffic import Traffic

NOTES = {
    "get": {
        "operationId": "list_notes",
        "summary": "List the notes of a call",
        "responses": {
            "200": {
                "description": "The notes.",
                "content": {"application/json": {"schema": {"$ref": "Notes.json"}}},
            }
        },
    }
}
SCHEMA = {"type": "array", "items": {"type": "string"}, "minItems": 1}


def command(*words, **options):
    line = [sys.executable, "-m", "vocode_contract", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False, **options)


def edit(file, change):
    content = json.loads(file.read_bytes())
    change(content)
    file.write_text(json.dumps(content), "utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("contracts") / "2031-01-01"
    assert command("schema", "--contract", "2024-08-27", "--new-date", path).returncode == 0

    def change_call(schema):
        schema["properties"]["mood"] = {"type": "string", "enum": ["calm", "angry"]}
        schema["required"].append("mood")

    def change_page(schema):
        change_call(schema["$defs"]["NormalizedCall"])

    edit(path / "Call.json", lambda schema: schema["$defs"]["CallStatus"]["enum"].append("queued"))
    edit(path / "Call.json", change_call)
    edit(path / "CallPage.json", change_page)
    edit(path / "openapi.json", lambda document: document["paths"].update({"/v1/calls/{id}/notes": NOTES}))
    (path / "Notes.json").write_text(json.dumps(SCHEMA), "utf-8")
    return path


@pytest.fixture(scope="module")
def client(folder):
    """A client of the simulator in a process of its own."""
    words = [sys.executable, "-m", "vocode_contract", "simulate", "--contract", str(folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            url, _, token = process.stdout.readline().strip().partition("  Authorization: ")
            with httpx.Client(base_url=url, headers={"Authorization": token}, trust_env=False) as client:
                yield client
        finally:
            process.terminate()


def test_generated_calls_have_what_is_new_and_are_valid(folder):
    generated = command("generate", "--contract", folder, "--count", 30)
    calls = [json.loads(line) for line in generated.stdout.splitlines()]
    assert {call["mood"] for call in calls} == {"calm", "angry"}
    assert "queued" in {call.get("status") for call in calls}
    for contract, code in ((folder, 0), ("2024-08-27", 1)):
        words = ("--lines", "--contract", contract, "-")
        assert command("validate", *words, input=generated.stdout).returncode == code


def test_simulator_serves_what_is_new(client):
    page = client.get("/v1/calls/list").json()
    notes = client.get(f"/v1/calls/{page['items'][0]['id']}/notes")
    assert page["items"][0]["status"] == "queued"
    assert {item["mood"] for item in page["items"]} == {"calm"}
    assert (notes.status_code, notes.json()) == (200, [""])


def test_check_holds_a_server_to_what_is_new(folder, client):
    token = client.headers["authorization"].removeprefix("Bearer ")
    for contract, code in ((folder, 0), ("2024-08-27", 1)):
        words = ["--url", client.base_url, "--contract", contract, "--only", "list_calls_returns_a_page"]
        done = command("check", *words, env={"VOCODE_API_KEY": token})
        assert done.returncode == code, done.stdout + done.stderr
    assert 'got "queued"' in done.stdout


def test_traffic_is_checked_for_the_new_operation(folder):
    traffic = Traffic(Contract.from_path(folder))
    request = httpx.Request("GET", "https://staging.example.com/v1/calls/7/notes")
    for status, notes, code in ((200, ["Late."], ""), (200, [], "bounds"), (418, ["Late."], "status-undeclared")):
        found = traffic.check(request, httpx.Response(status, json=notes))
        assert [violation.code for violation in found] == [code] * bool(code)
