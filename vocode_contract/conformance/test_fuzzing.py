"""Fuzzing, if it was asked for: generated requests, through the guard, with ids of existing calls."""

import json

import pytest

from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.fuzzing.fuzzer import FuzzResult, fuzz
from vocode_contract.conformance.fuzzing.inputs import FuzzClient, make_plan
from vocode_contract.conformance.run.run import Run
from vocode_contract.conformance.scenario.scenario import ScenarioRunner
from vocode_contract.errors import spell_option
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.report.row import OPTIONS, REMARK

each_operation = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=name, marks=pytest.mark.vocode_operation(name))
        for name in ("create_call", "end_call", "get_call", "get_recording", "list_calls")
    ],
)


@each_operation
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_generated_requests_find_no_violation(
    api: CheckedClient, scenario: ScenarioRunner, name: str, request: pytest.FixtureRequest
) -> None:
    run: Run = request.getfixturevalue("_vocode_run")
    requests, seed = run.settings.fuzz, run.settings.seed
    if not requests:
        pytest.skip(f"needs {spell_option('fuzz')} N, the number of generated requests")
    request.node.user_properties.append((OPTIONS, json.dumps({"fuzz": requests, "seed": seed})))
    operation = api.operation(name)
    plan, lacking = make_plan(scenario.shared, operation, requests=requests, seed=seed)
    with FuzzClient(api) as client:
        fuzzed = fuzz(client.send, operation, api.contract, plan)
    request.node.user_properties.append((REMARK, _remark(fuzzed, seed)))
    api.answers += fuzzed.finds or [answer for answer in (fuzzed.served,) if answer]
    for inconclusive in fuzzed.unanswered:
        raise inconclusive
    if not fuzzed.was_served:
        raise lacking or Inconclusive("never-served", f"{fuzzed.requests} requests to {name}")


def _remark(fuzzed: FuzzResult, seed: int) -> str:
    answers = [f"{count} x {status}" for status, count in fuzzed.statuses]
    answers += [f"{len(fuzzed.unanswered)} x no answer"] if fuzzed.unanswered else []
    return f"{fuzzed.operation}: {fuzzed.requests} requests sent from seed {seed}, answered {', '.join(answers)}"
