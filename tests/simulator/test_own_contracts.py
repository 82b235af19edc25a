"""The simulator of contracts of users: it serves the shapes that they declare."""

import json
import subprocess
import sys

import httpx
import pytest

from tests.support.contracts import FIELDS, own_contract
from vocode_contract.contract.model import Contract
from vocode_contract.http.message import Request
from vocode_contract.simulator import Simulation
from vocode_contract.validation.validator import violations

BODY = {"from_number": "12025550123", "to_number": "12025550145", "agent": {"prompt": {"content": "Hello."}}}


def send(simulation, method, path, *, query="", body=None):
    headers = (("authorization", "Bearer simulator-token"),)
    raw = b"" if body is None else json.dumps(body).encode()
    response = simulation.handle(Request(method=method, path=path, query=query, headers=headers, body=raw))
    return response.status, json.loads(response.body or b"null")


@pytest.fixture(scope="module")
def simulation():
    return Simulation(own_contract())


def test_list_has_new_required_fields_and_a_call_of_each_new_value(simulation):
    status, page = send(simulation, "GET", "/v1/calls/list", query="page=1&size=100")
    assert status == 200
    assert not [*violations(page, "CallPage", contract=own_contract())]
    assert all(call.keys() >= FIELDS.keys() for call in page["items"])
    assert [call["status"] for call in page["items"]].count("queued") == 1


def test_created_call_keeps_a_new_field_of_the_request():
    shipped = own_contract().schemas["CreateCallRequest"]
    request = {"properties": {"mood": FIELDS["mood"]}, "required": [*shipped["required"], "mood"]}
    simulation = Simulation(own_contract().with_overlay({"CreateCallRequest": request}))
    assert send(simulation, "POST", "/v1/calls/create", body=BODY)[0] == 422
    status, call = send(simulation, "POST", "/v1/calls/create", body=BODY | {"mood": "angry"})
    assert (status, call["mood"], call["ticket"]) == (200, "angry", "T-123")
    assert not [*violations(call, contract=simulation.contract)]


def test_values_that_the_contract_no_longer_allows_are_not_served():
    patch = {
        "CallStatus": {"enum": ["waiting"]},
        "Call": {"properties": {"to_number": {"pattern": "^[+]", "examples": ["+1"]}, "stage": None}},
        "NormalizedCall": {"additionalProperties": False, "properties": {"stage": None}},
    }
    contract = Contract.load("2024-08-27").with_overlay(patch)
    simulation = Simulation(contract)
    page = send(simulation, "GET", "/v1/calls/list", query="page=1&size=100")[1]
    assert not [*violations(page, "CallPage", contract=contract)]
    call = send(simulation, "GET", "/v1/calls", query="id=" + page["items"][0]["id"])[1]
    assert (call["status"], call["to_number"]) == ("waiting", "+1")
    assert not [*violations(call, contract=contract)]


def test_document_with_other_schemas_and_operations_is_served():
    phone = {
        "type": "object",
        "required": ["id", "level"],
        "properties": {"id": {"type": "string"}, "level": {"enum": [1]}},
    }
    ok = {"description": "ok", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Phone"}}}}
    document = {
        "openapi": "3.1.0",
        "info": {"version": "7"},
        "paths": {
            "/v1/calls": {"get": {"responses": {"200": ok}, "parameters": [{"name": "id", "in": "query"}]}},
            "/v1/phones/{name}": {
                "put": {"responses": {"201": ok}},
                "delete": {"responses": {"204": {"description": ""}}},
            },
        },
        "components": {"schemas": {"Phone": phone}},
    }
    simulation = Simulation(Contract.from_openapi(document))
    identifier = next(iter(simulation.state.calls))
    assert send(simulation, "GET", "/v1/calls", query=f"id={identifier}") == (200, {"id": identifier, "level": 1})
    assert send(simulation, "PUT", "/v1/phones/x") == (201, {"id": "", "level": 1})
    assert send(simulation, "DELETE", "/v1/phones/x") == (204, None)
    assert send(simulation, "PATCH", "/v1/phones/x")[0] == 405
    assert send(simulation, "GET", "/v1/phones/x/y")[0] == 404


def test_simulate_takes_the_path_of_a_contract(tmp_path):
    path = tmp_path / "own.json"
    path.write_text(json.dumps(own_contract().document), "utf-8")

    words = [sys.executable, "-m", "vocode_contract", "simulate", "--contract", str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            url, _, token = process.stdout.readline().strip().partition("  Authorization: ")
            page = httpx.get(url + "/v1/calls/list", headers={"Authorization": token}, trust_env=False).json()
        finally:
            process.terminate()
    assert page["items"][0]["status"] == "queued"
