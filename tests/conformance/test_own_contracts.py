"""The suite against contracts of users: from an option, a variable and a key; and what they do not offer."""

import json
import os
import subprocess
import sys

import pytest

from tests.support.contracts import saved_contract
from vocode_contract.conformance.run.options import Given
from vocode_contract.conformance.run.settings import Settings
from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.simulator import simulator


@pytest.fixture
def path(tmp_path):
    return saved_contract(tmp_path)


@pytest.fixture
def few(tmp_path):
    """The path of a document with End Call and Get Call alone."""
    document = dict(Contract.load("2024-08-27").document)
    document["paths"] = {path: document["paths"][path] for path in ("/v1/calls", "/v1/calls/end")}
    file = tmp_path / "few.json"
    file.write_text(json.dumps(document), "utf-8")
    return file


def command(*words, **variables):
    line = [sys.executable, "-m", "vocode_contract", "check", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False, env={"PATH": "", **variables})


def test_server_of_another_contract_violates_an_own_one_in_every_report(path, tmp_path):
    reports = {name: tmp_path / f"report.{name}" for name in ("sarif", "json", "junit", "html", "markdown", "github")}
    words = ["--report", ",".join(f"{name}={file}" for name, file in reports.items())]
    with simulator(contract="2024-08-27") as running:
        variables = {"VOCODE_API_KEY": running.token, "VOCODE_CONTRACT": str(path)}
        done = command("--url", running.url, "--only", "get_call_returns", *words, **variables)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "/mood" in done.stdout
    assert f"--contract '{path}'" in done.stdout
    [run] = json.loads(reports["sarif"].read_text("utf-8"))["runs"]
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]}
    assert uris <= {"v1/calls", "v1/calls/create", "v1/calls/list"}
    assert run["properties"]["contract"] == "2031-01-01"


def test_operations_that_a_contract_lacks_are_not_offered(few):
    with simulator(contract="2024-08-27") as running:
        ids = [call["id"] for call in running.simulation.calls() if call["status"] == "in_progress"]
        words = [word for identifier in ids for word in ("--call-id", identifier)]
        words += [
            "--url",
            running.url,
            "--contract",
            few,
            "--verbose",
            "--only",
            "get_call_returns",
            "--only",
            "end_call_returns",
        ]
        done = command(*words, "--only", "a_page", "--only", "valid_audio", VOCODE_API_KEY=running.token)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("create_call", "list_calls", "get_recording"):
        assert f"{name} was not sent: not offered: the contract has no such operation" in done.stdout


def test_contract_that_cannot_be_used_is_wrong_usage(tmp_path):
    file = tmp_path / "own.json"
    file.write_text('{"openapi": "2.0"}', "utf-8")
    done = command("--contract", file)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"vocode-contract: {file}: /openapi must name a version")


def test_pytest_takes_the_path_of_a_contract_from_its_configuration_file(path, tmp_path):
    (tmp_path / "pytest.ini").write_text(f"[pytest]\nvocode_contract = {path.name}\n", "utf-8")
    test = "def test_call(assert_conforms, vocode_contract):\n    assert_conforms({'mood': 'sad'}, 'Call')\n"
    (tmp_path / "test_own.py").write_text(test, "utf-8")
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "vocode_contract.pytest_plugin"]
    alone = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # the plugins of others take most of the time
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=tmp_path, env=alone)
    assert done.returncode == 1
    assert "one of calm, angry" in done.stdout
    assert "2031-01-01" in done.stdout


def test_operation_under_another_name_and_path_is_found_by_option(tmp_path):
    document = json.loads(json.dumps(Contract.load("2024-08-27").document))
    get = document["paths"].pop("/v1/calls")["get"] | {"operationId": "show"}
    get["parameters"][0]["in"] = "path"
    document["paths"]["/v2/calls/{id}"] = {"get": get}
    file = tmp_path / "own.json"
    file.write_text(json.dumps(document), "utf-8")
    words = ("--contract", file, "--only", "get_call_returns_the_call")
    done = command(*words, "--operation", "get_call=GET /v2/calls/{id}", "--verbose")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "returns the call " in done.stdout
    for word, reason in (("get_call", "must be NAME=OPERATION"), ("get_call=stop", "has no operation 'stop'")):
        given = {"contract": Given(value=str(file)), "operation": Given(value=(word,))}
        with pytest.raises(InvalidOption, match=reason):
            Settings.from_given(given)
