"""The guard: nothing leaves without every consent, and each consent is needed."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from vocode_contract.guard import Consents, Guard, Intent, NotPermitted, is_fictional, is_loopback

STAGING, PRODUCTION = "staging.example", "api.vocode.dev"
CALL, NUMBER = "3c90c3cc-0d44-4b50-8888-8dd25736052a", "14155550999"
RINGS = Intent(operation="create_call", effect="rings", host=STAGING, number=NUMBER)
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


def test_guard_counts_what_it_lets_through():
    guard = Guard(EVERYTHING)
    guard.admit(RINGS)
    guard.admit(ENDS)
    with pytest.raises(NotPermitted, match="budget of 2"):
        guard.admit(ENDS)


@pytest.mark.parametrize("effect", ["reads", "writes", "bills", "rings", "hangs-up"])
def test_guard_sends_anything_to_loopback(effect):
    assert permits(Consents(read_only=True), replace(RINGS, effect=effect, host="127.0.0.1"))


def test_guard_reads_anywhere():
    assert permits(Consents(read_only=True), replace(RINGS, effect="reads", host=PRODUCTION))


def test_guard_lets_refusals_be_probed_but_not_read_only():
    probe = replace(ENDS, authenticated=False)
    assert permits(Consents(), probe)
    assert not permits(Consents(read_only=True), probe)


def test_guard_rings_fictional_numbers_without_a_name():
    assert permits(replace(EVERYTHING, numbers=frozenset()), replace(RINGS, number="+12025550143"))


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("api.localhost", True),
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


@pytest.mark.parametrize(
    ("number", "fictional"),
    [
        ("12025550100", True),
        ("+12025550199", True),
        ("2025550142", True),
        ("12025550200", False),
        ("12025551100", False),
        ("442025550100", False),
        ("", False),
    ],
)
def test_is_fictional_knows_the_reserved_range_alone(number, fictional):
    assert is_fictional(number) is fictional


def test_not_permitted_says_what_and_why_without_the_number():
    reason = Guard().reason_against(RINGS)
    assert reason == "it rings a phone; allow that for this run with --allow rings"
    assert NUMBER not in repr(RINGS)
