"""Fuzzing as a part of the suite: what it is fed with, what it leaves behind, and how it is told."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("uvicorn")

from tests.cli.test_check import ENVIRONMENT, SECONDS, checked, checked_apart
from tests.support.plugins import PLUGIN, needs
from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.fuzzing.fuzzer import fuzz
from vocode_contract.conformance.fuzzing.inputs import FuzzClient, make_plan
from vocode_contract.conformance.fuzzing.requests import FuzzPlan
from vocode_contract.conformance.scenario import steps
from vocode_contract.conformance.scenario.calls import Calls, NoCall
from vocode_contract.conformance.scenario.scenario import SharedScenario
from vocode_contract.contract.model import Contract, dates
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.request import OperationRequest
from vocode_contract.report.files import FORMATS
from vocode_contract.simulator import Simulation, SimulatorTransport, simulator
from vocode_contract.validation.masking import Secret

pytest_plugins = ["pytester"]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    needs("schemathesis"),
]

TOKEN = "tok_0123456789"
CONTRACT = Contract.load()
CREATE = "test_fuzzing.py::test_generated_requests_find_no_violation[create_call]"


def scenario_of(simulation: Simulation, url: str = "http://127.0.0.1:1") -> SharedScenario:
    client = Client(url, Secret(TOKEN), transport=SimulatorTransport(simulation))
    return SharedScenario(Calls(CheckedClient(client, simulation.state.contract)))


def plan_for(scenario: SharedScenario, name: str) -> tuple[FuzzPlan, Exception | None]:
    return make_plan(scenario, scenario.client.contract.operations[name], requests=5, seed=1)


@pytest.mark.parametrize("date", dates())
@pytest.mark.parametrize("name", sorted(CONTRACT.operations))
def test_planned_begins_with_what_the_operation_must_serve(date, name):
    scenario = scenario_of(Simulation(Contract.load(date), token=TOKEN))
    plan, lacking = make_plan(scenario, scenario.client.contract.operations[name], requests=0, seed=0)
    result = fuzz(scenario.client.exchange, scenario.client.contract.operations[name], scenario.client.contract, plan)
    assert (lacking, result.statuses) == (None, ((200, 1),))


def test_planned_ids_stay_where_they_are_when_there_are_calls_more():
    simulation = Simulation(CONTRACT, token=TOKEN)
    before, _ = plan_for(scenario_of(simulation), "get_call")
    other = scenario_of(simulation)
    for number in range(5):
        other.calls.create(f"another {number}")
    after, _ = plan_for(other, "get_call")
    assert before.ids == after.ids
    assert len(set(before.ids)) > 2


def test_planned_ends_no_call_that_goes_on_but_one_of_its_own():
    simulation = Simulation(CONTRACT, token=TOKEN)
    scenario = scenario_of(simulation)
    plan, _ = plan_for(scenario, "end_call")
    assert plan.ids[0] == scenario.calls.endable_id("fuzzed")
    assert {simulation.state.calls[known]["status"] for known in plan.ids} == {"not_started", "ended", "error"}


def test_planned_says_where_no_recording_is_there():
    simulation = Simulation(CONTRACT, token=TOKEN)
    for call in simulation.state.calls.values():
        call["recording_available"] = False
    plan, lacking = plan_for(scenario_of(simulation), "get_recording")
    assert isinstance(lacking, NoCall)
    assert plan.ids


@pytest.mark.parametrize("name", ["create_call", "end_call"])
def test_planned_looks_for_nothing_where_nothing_may_be_sent(name):
    scenario = scenario_of(Simulation(CONTRACT, token=TOKEN), "https://staging.example")
    assert plan_for(scenario, name) == (FuzzPlan(requests=5, seed=1), None)
    assert scenario.client.answers == []


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_drawn_ends_what_was_created_however_it_is_left(error):
    simulation = Simulation(CONTRACT, token=TOKEN)
    scenario = scenario_of(simulation)
    before = set(simulation.state.calls)
    plan, _ = plan_for(scenario, "create_call")
    sent = []

    def send(wanted: OperationRequest) -> CheckedExchange:
        sent.append(wanted)
        if len(sent) == 4 and error:
            raise error
        return drawn.send(wanted)

    try:
        with FuzzClient(scenario.client) as drawn:
            fuzz(send, CONTRACT.operations["create_call"], CONTRACT, plan)
    except KeyboardInterrupt:
        pass
    created = [call for known, call in simulation.state.calls.items() if known not in before]
    assert {call["status"] for call in created} == {"ended"}


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_check_that_is_interrupted_while_fuzzing_ends_what_it_created():
    with simulator(token=TOKEN) as running:
        calls = running.simulation.state.calls
        before, options = len(calls), ("--fuzz", "5000", "--only", "violation[create_call]")
        process = subprocess.Popen(
            [sys.executable, "-m", "vocode_contract", "check", "--url", running.url, *options],
            env=ENVIRONMENT | {"VOCODE_API_KEY": TOKEN},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while len(calls) < before + 5 and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        shown, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    # A request that was cut off before its response came may have created a call, which the run then says.
    unknown = sum(map(int, re.findall(r"(\d+) create requests? returned no call id: check for orphaned calls", shown)))
    left = [call for call in list(calls.values())[before:] if call["status"] != "ended"]
    assert len(left) <= unknown <= 1


def test_drawn_keeps_no_answer_and_no_advice():
    scenario = scenario_of(Simulation(CONTRACT, token=TOKEN))
    body = json.dumps({"to_number": "1", "from_number": "1", "agent": {"prompt": {"content": "x"}}}).encode()
    wanted = OperationRequest(
        operation=CONTRACT.operations["create_call"], body=body, media_type="application/json", generated=True
    )
    with FuzzClient(scenario.client) as drawn:
        assert drawn.send(wanted).violations == ()
        assert drawn.send(wanted).after is None
    assert scenario.client.answers == []


def test_check_tells_a_clean_fuzz_as_such():
    process = checked("--fuzz", "5", "--seed", "1", "--only", "fuzz")
    assert process.returncode == 0
    assert process.stdout.splitlines()[-2] == "5 conforms"
    assert (
        len(re.findall(r"_(?:calls?|recording): 6 requests sent from seed 1, answered \d+ x 200", process.stdout)) == 5
    )


def test_check_fuzzes_after_all_other_tests():
    process = checked("--fuzz", "5", "--only", "list_calls", "--only", "create_call")
    assert process.returncode == 0
    assert "number-format" not in process.stdout  # as a list has it that holds calls with drawn numbers


@pytest.mark.parametrize(
    ("fault", "operation"),
    [("create-answers-500", "create_call"), ("wrong-enum", "get_call"), ("missing-required", "end_call")],
)
def test_check_prints_a_rerun_of_a_find_that_finds_it_again(fault, operation):
    options = ("--fault", fault, "--fuzz", "8", "--seed", "7")
    process = checked(*options, "--only", f"violation[{operation}]")
    assert process.returncode == 1
    [rerun] = labelled(process.stdout, "rerun")
    # Another process draws the same; once shows it, since the start of one takes longest.
    again = (checked_apart if operation == "create_call" else checked)(*shlex.split(rerun)[2:])
    assert (heads(again.stdout), again.returncode) == (heads(process.stdout), 1)
    assert unported(labelled(again.stdout, "sent")) == unported(labelled(process.stdout, "sent"))


def labelled(text: str, label: str) -> list[str]:
    return [line[13:] for line in text.splitlines() if line.startswith(f"   {label} ")]


def heads(text: str) -> list[str]:
    return [line for line in text.splitlines() if re.match(r"\d+\. ", line)]


def unported(commands: list[str]) -> list[str]:
    return [re.sub(r"127\.0\.0\.1:\d+", "", command) for command in commands]


def test_check_shows_a_find_reduced_and_as_a_command_that_a_shell_takes():
    options = ("--fault", "create-answers-500", "--fuzz", "50", "--seed", "7")
    process = checked(*options, "--only", "violation[create_call]")
    [sent] = labelled(process.stdout, "sent")
    words = shlex.split(sent)
    assert words[words.index("--header") + 1] == "Authorization: Bearer $VOCODE_API_KEY"
    assert json.loads(words[-1]) == {"from_number": "", "to_number": "", "agent": {"prompt": {}}}


def test_check_reports_the_command_of_a_find_in_every_format(tmp_path):
    reports = ",".join(f"{name}={tmp_path / name}" for name in FORMATS)
    checked("--fault", "create-answers-500", "--fuzz", "5", "--only", CREATE, "--report", reports)
    for name in FORMATS.keys() - {"accepted"}:
        assert "curl --request POST" in (tmp_path / name).read_text(encoding="utf-8")
    [violation] = json.loads((tmp_path / "json").read_text())["violations"]
    assert violation["evidence"]["status"] == 500
    assert "--fuzz 5 --seed 0" in violation["rerun"]


def test_pytest_prints_a_rerun_of_a_find_that_finds_it_again(pytester, monkeypatch):
    monkeypatch.setenv("VOCODE_API_KEY", TOKEN)
    with simulator(token=TOKEN, faults=("wrong-enum@get_call",)) as running:
        suite = ("--pyargs", "vocode_contract.conformance", "-k", "generated and get_call")
        options = ("--vocode-url", running.url, "--vocode-fuzz", "5", "--vocode-seed", "3")
        first = pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", *options, *suite)
        [rerun] = labelled(first.stdout.str(), "rerun")
        again = pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", *shlex.split(rerun)[1:])
    assert "--vocode-fuzz 5 --vocode-seed 3" in rerun
    assert labelled(again.stdout.str(), "sent") == labelled(first.stdout.str(), "sent") != []
    assert TOKEN not in first.stdout.str()


@pytest.mark.parametrize("option", ["--vocode-fuzz", "--vocode-budget", "--vocode-approve-sends"])
def test_pytest_refuses_a_negative_number_of_requests(pytester, option):
    result = pytester.runpytest_inprocess(*PLUGIN, f"{option}=-1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {option}: must be a number of requests, 0 to 1000000"])


def test_moments_know_a_call_by_its_recording():
    simulation = Simulation(CONTRACT, token=TOKEN)
    scenario = scenario_of(simulation)
    for available in (True, False):
        known = steps.call_with_recording(scenario, available=available)
        assert simulation.state.calls[known]["recording_available"] is available
