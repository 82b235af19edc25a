"""Fuzzing: real ids get it past the refusals, and what it finds is reduced to the smallest request."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("uvicorn")

from tests.support.plugins import needs
from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.fuzzing.fuzzer import REDUCTION, FuzzResult, fuzz
from vocode_contract.conformance.fuzzing.requests import FuzzPlan
from vocode_contract.contract.model import Contract
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.fictional_call import REQUEST
from vocode_contract.http.client.request import OperationRequest
from vocode_contract.http.guard.guard import NotPermitted
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.http.policies import Policies
from vocode_contract.simulator import SOUND_VARIANTS, Running, Simulation, SimulatorTransport, simulator
from vocode_contract.validation.codes import Selection
from vocode_contract.validation.json_text import read
from vocode_contract.validation.masking import Secret
from vocode_contract.validation.violation import Violation

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    needs("schemathesis"),
]

CONTRACT = Contract.load()
OPERATIONS = sorted(CONTRACT.operations)


@pytest.fixture(scope="module")
def sound() -> Iterator[Running]:
    with simulator() as running:
        yield running


def plan_for(simulation: Simulation, name: str, *, requests: int = 10, seed: int = 1) -> FuzzPlan:
    calls = sorted(simulation.calls(), key=lambda call: not call["recording_available"])
    return FuzzPlan(
        requests=requests,
        seed=seed,
        ids=tuple(call["id"] for call in calls),
        agent_ids=tuple(call["agent"]["id"] for call in calls),
        body=REQUEST if name == "create_call" else None,
    )


def client_of(running: Running, **options: Any) -> CheckedClient:
    return CheckedClient(Client(running.url, Secret(running.token)), CONTRACT, **options)


def fuzzed(running: Running, name: str, **options: int) -> FuzzResult:
    plan = plan_for(running.simulation, name, **options)
    return fuzz(client_of(running).exchange, CONTRACT.operations[name], CONTRACT, plan)


def sent_for(name: str, *, seed: int, requests: int = 10) -> list[tuple[str, bytes]]:
    """Return what is sent to a simulator in process."""
    simulation = Simulation(CONTRACT, token="t")
    client = CheckedClient(
        Client("http://127.0.0.1:1", Secret("t"), transport=SimulatorTransport(simulation)), CONTRACT
    )
    sent: list[tuple[str, bytes]] = []

    def send(wanted: OperationRequest) -> CheckedExchange:
        answer = client.exchange(wanted)
        sent.append((answer.exchange.request.query, answer.exchange.request.body))
        return answer

    fuzz(send, CONTRACT.operations[name], CONTRACT, plan_for(simulation, name, seed=seed, requests=requests))
    return sent


Breaks = Callable[[OperationRequest], bool]


def judging(
    running: Running, breaks: Breaks, *, code: str = "enum"
) -> tuple[Callable[[OperationRequest], CheckedExchange], list[OperationRequest]]:
    """Judge all answers as sound but those to requests that break something; note the requests."""
    client, asked = client_of(running), []

    def send(wanted: OperationRequest) -> CheckedExchange:
        asked.append(wanted)
        answer = client.exchange(wanted)
        violation = Violation(instance_pointer="", code=code, expected="e", actual="a")
        violations = (violation,) if breaks(wanted) else ()
        return CheckedExchange(
            operation=wanted.operation, exchange=answer.exchange, violations=violations, contract=CONTRACT.date
        )

    return send, asked


@pytest.mark.parametrize("name", OPERATIONS)
def test_fuzz_finds_nothing_in_a_sound_server_and_is_served(sound, name):
    result = fuzzed(sound, name)
    assert (result.finds, result.was_served, result.requests) == ((), True, 11)


@pytest.mark.parametrize("name", OPERATIONS)
def test_fuzz_begins_with_a_request_that_is_served(sound, name):
    result = fuzzed(sound, name, requests=0)
    assert result.statuses == ((200, 1),)
    assert result.served is not None


def test_fuzz_reduces_what_it_finds():
    with simulator(faults=("create-answers-500",)) as running:
        [find] = fuzzed(running, "create_call", requests=50).finds
    assert [violation.code for violation in find.violations if violation.severity == "error"] == ["status-undeclared"]
    assert json.loads(find.exchange.request.body) == {"from_number": "", "to_number": "", "agent": {"prompt": {}}}


def test_fuzz_reduces_a_body_to_the_key_that_matters(sound):
    send, asked = judging(sound, lambda wanted: b'"context":{' in wanted.body)
    plan = plan_for(sound.simulation, "create_call", requests=50)
    [find] = fuzz(send, CONTRACT.operations["create_call"], CONTRACT, plan).finds
    assert json.loads(find.exchange.request.body) == {"context": {}}
    assert len(asked) <= 51 + REDUCTION


def test_fuzz_reduces_the_arguments_to_the_one_that_matters(sound):
    send, _ = judging(
        sound,
        lambda wanted: any(name == "page" and value.isdigit() and int(value) > 999 for name, value in wanted.arguments),
    )
    plan = plan_for(sound.simulation, "list_calls", requests=50)
    [find] = fuzz(send, CONTRACT.operations["list_calls"], CONTRACT, plan).finds
    name, _, value = find.exchange.request.query.partition("=")
    assert (name, 999 < int(value) < 9999) == ("page", True)


def test_fuzz_goes_on_after_a_find_and_tells_each_cause_once(sound):
    first, asked = judging(sound, lambda wanted: "page" in dict(wanted.arguments))
    other, _ = judging(sound, lambda wanted: "size" in dict(wanted.arguments), code="type")

    def send(wanted: OperationRequest) -> CheckedExchange:
        answer = first(wanted)
        return replace(answer, violations=(*answer.violations, *other(wanted).violations))

    plan = plan_for(sound.simulation, "list_calls", requests=50)
    finds = fuzz(send, CONTRACT.operations["list_calls"], CONTRACT, plan).finds
    assert sorted(violation.code for find in finds for violation in find.violations) == ["enum", "type"]
    assert len(asked) > 51


def test_fuzz_takes_what_the_policies_take():
    with simulator(faults=("create-answers-500",)) as running:
        client = client_of(running, policies=Policies.from_words(["other-statuses=500"]))
        plan = plan_for(running.simulation, "create_call")
        result = fuzz(client.exchange, CONTRACT.operations["create_call"], CONTRACT, plan)
    assert (result.finds, result.was_served) == ((), False)


def test_fuzz_leaves_out_the_codes_that_do_not_count():
    with simulator(faults=("create-answers-500",)) as running:
        client = client_of(running, selection=Selection(ignore=("status-undeclared",)))
        plan = plan_for(running.simulation, "create_call")
        assert fuzz(client.exchange, CONTRACT.operations["create_call"], CONTRACT, plan).finds == ()


def test_fuzz_gives_up_after_three_requests_without_an_answer():
    client = CheckedClient(Client("http://127.0.0.1:1", Secret("t")), CONTRACT)
    result = fuzz(client.exchange, CONTRACT.operations["create_call"], CONTRACT, FuzzPlan(requests=50, body=REQUEST))
    assert [inconclusive.kind for inconclusive in result.unanswered] == ["unreachable"] * 3


def test_fuzz_keeps_what_it_found_before_the_server_went_away(sound):
    send, asked = judging(sound, lambda wanted: not wanted.arguments)

    def gone(wanted: OperationRequest) -> CheckedExchange:
        if len(asked) > 2:
            raise Inconclusive("closed")
        return send(wanted)

    result = fuzz(gone, CONTRACT.operations["list_calls"], CONTRACT, plan_for(sound.simulation, "list_calls"))
    assert (len(result.finds), len(result.unanswered)) == (1, 3)


@pytest.mark.parametrize("name", OPERATIONS)
def test_fuzz_draws_the_same_requests_from_the_same_seed_and_others_from_another(name):
    sent = sent_for(name, seed=7)
    assert sent == sent_for(name, seed=7) != sent_for(name, seed=8)


def test_fuzz_never_sends_a_request_twice():
    sent = sent_for("list_calls", seed=3, requests=60)[1:]
    assert len(set(sent)) == len(sent) == 60


DIGEST = """
import hashlib, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)
sys.path.insert(0, sys.argv[1])
import own
from tests.conformance.test_fuzzing import OPERATIONS, sent_for
print(hashlib.sha256(repr([sent_for(name, seed=5, requests=6) for name in OPERATIONS]).encode()).hexdigest())
"""


#: What the user configures for other runs: their schemathesis.toml, and the Hypothesis profile of their tests.
TOML = '[generation]\ncodec = "ascii"\nallow-x00 = false\n'
PROFILE = """
from hypothesis import Verbosity, settings
settings.register_profile("own", max_examples=1, derandomize=True, verbosity=Verbosity.debug)
settings.load_profile("own")
"""


def test_fuzz_draws_the_same_in_another_process_whatever_modules_and_settings_are_loaded(tmp_path):
    (tmp_path / "own.py").write_text(f"SECRETS = {[f'kanarie{index}' for index in range(500)]}{PROFILE}")
    (tmp_path / "schemathesis.toml").write_text(TOML)
    process = subprocess.run(
        [sys.executable, "-c", DIGEST, str(tmp_path)], cwd=tmp_path,
        env=os.environ | {"PYTHONHASHSEED": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    drawn = [sent_for(name, seed=5, requests=6) for name in OPERATIONS]
    assert process.stdout == f"{hashlib.sha256(repr(drawn).encode()).hexdigest()}\n"  # nothing else was printed


def test_check_fuzzes_in_a_folder_of_other_settings_and_leaves_nothing_there(tmp_path):
    (tmp_path / "schemathesis.toml").write_text('base-url = "${NOT_SET_ANYWHERE}"\n')
    words = ["check", "--fuzz", "2", "--only", "violation[get_call]"]
    process = subprocess.run(
        [sys.executable, "-m", "vocode_contract", *words],
        cwd=tmp_path, capture_output=True, check=False, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    assert process.returncode == 0, process.stdout + process.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["schemathesis.toml"]


def test_fuzz_writes_bodies_that_a_shell_a_log_and_a_sound_server_take_as_they_are():
    bodies = [body for _, body in sent_for("create_call", seed=2, requests=60)]
    text = b"".join(bodies)
    assert text.isascii()
    assert not any(unfit in text for unfit in (b"##", b"::", b"\x7f", b"\n"))
    assert all(read(body, strict=True) is not None for body in bodies if body)  # a server can repeat its integers


def test_fuzz_sends_no_argument_that_a_sound_server_could_not_repeat():
    asked = [query for query, _ in sent_for("list_calls", seed=1, requests=60)]
    assert not re.search(r"=-?[0-9]{21}", " ".join(asked))


@pytest.mark.parametrize("name", SOUND_VARIANTS)
def test_fuzz_is_silent_in_front_of_every_server_that_conforms(name):
    sound = SOUND_VARIANTS[name]
    contract = Contract.load(sound.contract)
    simulation = Simulation(contract, token="t", variant=sound.variant)
    client = CheckedClient(
        Client("http://127.0.0.1:1", Secret("t"), transport=SimulatorTransport(simulation)), contract
    )
    for operation in contract.operations.values():
        plan = plan_for(simulation, operation.name, requests=5, seed=11)
        result = fuzz(client.exchange, operation, contract, plan)
        assert (result.finds, result.was_served) == ((), True)


@pytest.mark.parametrize("name", ["create_call", "end_call"])
def test_fuzz_never_sends_generated_data_beyond_loopback(name):
    client = CheckedClient(Client("https://staging.example", Secret("not-a-token")), CONTRACT)
    with pytest.raises(NotPermitted, match="generated data"):
        fuzz(client.exchange, CONTRACT.operations[name], CONTRACT, FuzzPlan(requests=1))
