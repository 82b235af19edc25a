"""The guard: nothing leaves without every consent, and each consent is needed."""

import os
import threading
import time
from contextlib import suppress
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from vocode_contract.http.guard.guard import (
    NO_CALL,
    READ_ONLY_VARIABLE,
    Consents,
    Guard,
    Intent,
    NotPermitted,
    is_loopback,
)

STAGING, PRODUCTION = "staging.example", "api.vocode.dev"
CALL, NUMBER = "3c90c3cc-0d44-4b50-8888-8dd25736052a", "14155550999"
RINGS = Intent(operation="create_call", effect="rings", host=STAGING, numbers=(NUMBER,))
ENDS = Intent(operation="end_call", effect="hangs-up", host=STAGING, call_id=CALL)
EVERYTHING = Consents(
    effects=frozenset({"rings", "hangs-up"}),
    hosts=frozenset({STAGING, PRODUCTION}),
    numbers=frozenset({NUMBER}),
    call_ids=frozenset({CALL}),
    production=True,
    approved=PRODUCTION,
    budget=2,
    planned=2,
)
LACKING: dict[str, dict[str, Any]] = {
    "flag": {"effects": frozenset()},
    "host": {"hosts": frozenset()},
    "object": {"numbers": frozenset(), "call_ids": frozenset()},
    "budget": {"budget": 0},
    "read-only": {"read_only": True},
}


def permits(consents: Consents, intent: Intent) -> bool:
    return Guard(consents).reason_against(intent) is None


@pytest.mark.parametrize("intent", [RINGS, ENDS], ids=["rings", "hangs-up"])
def test_guard_sends_with_every_consent(intent):
    assert permits(EVERYTHING, intent)


@pytest.mark.parametrize("lacking", LACKING)
@pytest.mark.parametrize("intent", [RINGS, ENDS], ids=["rings", "hangs-up"])
def test_guard_needs_each_consent(intent, lacking):
    assert not permits(replace(EVERYTHING, **LACKING[lacking]), intent)


@pytest.mark.parametrize("lacking", [*product([False, True], repeat=len(LACKING))])
def test_guard_sends_only_where_nothing_is_lacking(lacking):
    changes = [change for change, lacks in zip(LACKING.values(), lacking, strict=True) if lacks]
    consents = EVERYTHING
    for change in changes:
        consents = replace(consents, **change)
    assert permits(consents, RINGS) is not any(lacking)


@pytest.mark.parametrize(
    ("changes", "sent"),
    [
        ({}, True),
        ({"production": False}, False),
        ({"approved": None}, False),
        ({"approved": STAGING}, False),
        ({"approved": 2}, True),
        ({"approved": 1}, False),
    ],
)
def test_guard_wants_a_second_word_for_production(changes, sent):
    assert permits(replace(EVERYTHING, **changes), replace(RINGS, host=PRODUCTION)) is sent


def test_guard_never_sends_generated_data():
    assert not permits(EVERYTHING, replace(RINGS, generated=True))


def test_guard_lets_a_call_be_ended_that_this_run_created():
    guard = Guard(replace(EVERYTHING, call_ids=frozenset(), effects=frozenset({"rings"}), budget=1))
    guard.admit(RINGS)
    guard.created.add(CALL)
    guard.admit(ENDS)  # beyond the budget, which is for what the user did not begin
    assert guard.sent == 1


def test_guard_ends_nothing_generated_nor_read_only_that_this_run_created():
    guard = Guard(replace(EVERYTHING, read_only=True), created={CALL})
    assert guard.reason_against(ENDS)
    assert Guard(EVERYTHING, created={CALL}).reason_against(replace(ENDS, generated=True))


@pytest.mark.parametrize("effect", ["rings", "bills", "writes", "reads"])
def test_guard_takes_nothing_but_an_end_for_the_end_of_its_own_call(effect):
    guard = Guard(Consents(), created={CALL})
    assert (guard.reason_against(replace(ENDS, effect=effect)) is None) is (effect == "reads")


def test_guard_wants_the_exact_host():
    assert permits(EVERYTHING, replace(RINGS, host="Staging.Example"))
    assert not permits(EVERYTHING, replace(RINGS, host=f"evil-{STAGING}"))
    assert not permits(EVERYTHING, replace(RINGS, host=f"{STAGING}.evil"))


def test_guard_knows_production_in_capitals_too():
    consents = replace(EVERYTHING, approved=None)
    assert not permits(consents, replace(RINGS, host=PRODUCTION.upper()))


def test_guard_gives_production_no_more_than_the_plan_shows():
    guard = Guard(replace(EVERYTHING, budget=50, planned=1))
    guard.admit(replace(RINGS, host=PRODUCTION))
    with pytest.raises(NotPermitted, match="the plan shows 1 state-changing requests"):
        guard.admit(replace(RINGS, host=PRODUCTION))
    guard.admit(RINGS)  # which is for staging, where the budget holds


def test_guard_reads_the_environment_itself(monkeypatch):
    monkeypatch.setenv(READ_ONLY_VARIABLE, "1")
    assert not permits(EVERYTHING, RINGS)
    assert not permits(EVERYTHING, replace(RINGS, host="127.0.0.1"))


def test_guard_counts_across_threads():
    class Slow(int):
        def __gt__(self, other: int) -> bool:
            is_greater = super().__gt__(other)
            time.sleep(0.01)
            return is_greater

    guard = Guard(replace(EVERYTHING, budget=Slow(1)))
    passed: list[bool] = []

    def admit() -> None:
        with suppress(NotPermitted):
            guard.admit(RINGS)
            passed.append(True)

    threads = [threading.Thread(target=admit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed == [True]


def test_guard_looks_without_counting():
    guard = Guard(EVERYTHING)
    guard.admit(RINGS)
    assert guard.reason_against(RINGS) is None
    assert guard.sent == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes of POSIX")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_guard_lets_no_forked_process_act():
    guard = Guard(EVERYTHING, created={CALL})
    child = os.fork()
    if not child:
        admitted = 0
        for intent in (RINGS, ENDS):
            with suppress(NotPermitted):
                admitted += guard.reason_against(intent) is None
                guard.admit(intent)
                admitted += 1
        os._exit(admitted)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_guard_counts_what_it_lets_through():
    guard = Guard(EVERYTHING)
    guard.admit(RINGS)
    guard.admit(ENDS)
    with pytest.raises(NotPermitted, match="budget of 2"):
        guard.admit(ENDS)


@pytest.mark.parametrize("effect", ["reads", "writes", "bills", "rings", "hangs-up"])
def test_guard_sends_anything_to_loopback(effect):
    assert permits(Consents(), replace(RINGS, effect=effect, host="127.0.0.1"))


@pytest.mark.parametrize("effect", ["writes", "bills", "rings", "hangs-up"])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_guard_sends_no_effect_to_loopback_in_a_read_only_run(effect, host):
    guard, intent = (
        Guard(Consents(read_only=True), created={CALL}),
        replace(RINGS, effect=effect, host=host, call_id=CALL),
    )
    with pytest.raises(NotPermitted, match="read-only"):
        guard.admit(intent)
    assert guard.reason_against(intent)
    assert guard.sent == 0
    assert Guard(Consents(read_only=True), is_embedded=True).reason_against(intent) is None


def test_guard_reads_anywhere():
    assert permits(Consents(read_only=True), replace(RINGS, effect="reads", host=PRODUCTION))


PROBES = {
    "rings": replace(RINGS, authenticated=False, numbers=("12025550143",)),
    "hangs-up": replace(ENDS, authenticated=False, call_id=NO_CALL),
}


@pytest.mark.parametrize("probe", PROBES.values(), ids=PROBES)
def test_guard_lets_refusals_be_probed_but_not_read_only_nor_generated(probe):
    guard = Guard()
    guard.admit(probe)
    assert guard.sent == 0
    assert not permits(Consents(read_only=True), probe)
    assert not permits(EVERYTHING, replace(probe, generated=True))


@pytest.mark.parametrize(
    "intent",
    [
        replace(PROBES["rings"], numbers=(NUMBER,)),
        replace(PROBES["rings"], numbers=("12025550143", NUMBER)),
        replace(PROBES["rings"], numbers=()),
        replace(PROBES["hangs-up"], call_id=CALL),
        replace(PROBES["hangs-up"], call_id=None),
        replace(PROBES["hangs-up"], effect="bills"),
    ],
)
def test_guard_lets_no_refusal_be_probed_that_would_do_harm(intent):
    assert not permits(Consents(), intent)


def test_guard_rings_fictional_numbers_without_a_name():
    assert permits(replace(EVERYTHING, numbers=frozenset()), replace(RINGS, numbers=("+12025550143",)))


@pytest.mark.parametrize("numbers", [(), ("12025550143", "14155550998"), (f"+{NUMBER}", "+6565550123")])
def test_guard_wants_each_number_to_be_named_or_fictional(numbers):
    assert not permits(EVERYTHING, replace(RINGS, numbers=numbers))
    assert permits(EVERYTHING, replace(RINGS, numbers=("12025550143", f"+{NUMBER}")))


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("localhost.", False),
        ("127.0.0.1.", False),
        ("api.localhost", False),
        ("::ffff:127.0.0.1", False),
        ("127.0.0.1.example", False),
        ("localhost.example", False),
        ("0.0.0.0", False),  # noqa: S104  # it is judged, not bound
        ("10.0.0.1", False),
        ("2130706433", False),
        ("", False),
    ],
)
def test_is_loopback_knows_the_loopback_alone(host, loopback):
    assert is_loopback(host) is loopback


def test_not_permitted_says_what_and_why_without_the_number():
    reason = Guard().reason_against(RINGS)
    assert reason == "it rings a phone; permit that for this run with --vocode-allow rings"
    assert NUMBER not in repr(RINGS)
