"""Fuzzing: real ids get it past the refusals, and what it finds is reduced to one command."""

import subprocess
from collections.abc import Iterator

import pytest

from vocode_contract.contract import Contract
from vocode_contract.fuzzing import Fuzzed, fuzz
from vocode_contract.guard import NotPermitted
from vocode_contract.redaction import Secret
from vocode_contract.simulator import Running, simulator
from vocode_contract.transport import Client

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def sound() -> Iterator[Running]:
    with simulator() as running:
        yield running


def fuzzed(running: Running, name: str, *, examples: int = 10, seed: int = 1) -> Fuzzed:
    contract = Contract.load()
    client = Client(running.url, Secret(running.token))
    calls = running.simulation.calls()
    operation = contract.operations[name]
    return fuzz(
        client.exchange,
        operation,
        contract,
        origin=running.url,
        examples=examples,
        seed=seed,
        call_ids=tuple(call["id"] for call in calls),
        agent_ids=tuple(call["agent"]["id"] for call in calls),
    )


@pytest.mark.parametrize("name", sorted(Contract.load().operations))
def test_fuzz_finds_nothing_in_a_sound_server_and_is_served(sound, name):
    result = fuzzed(sound, name)
    assert (result.violations, result.was_served) == ((), True)


def test_fuzz_reduces_what_it_finds_to_a_command_that_shows_it():
    with simulator(faults=("wrong-enum",)) as running:
        result = fuzzed(running, "get_call")
        assert [violation.code for violation in result.violations] == ["enum"]
        shown = subprocess.run(
            ["/bin/bash", "-c", result.curl], env={"VOCODE_API_KEY": running.token, "PATH": "/usr/bin:/bin"},
            capture_output=True, check=True, text=True,
        )  # fmt: skip
    assert '"ringing"' in shown.stdout
    assert running.token not in result.curl + repr(result)


def test_fuzz_draws_the_same_requests_from_the_same_seed(sound):
    assert fuzzed(sound, "list_calls", seed=7) == fuzzed(sound, "list_calls", seed=7)


def test_fuzz_never_sends_generated_data_beyond_loopback():
    contract = Contract.load()
    client = Client("https://staging.example", Secret("not-a-token"))
    with pytest.raises(NotPermitted, match="generated data"):
        fuzz(client.exchange, contract.operations["end_call"], contract, origin="https://staging.example", examples=1)
