"""What the strategies draw conforms, shrinks to the shortest, and reads as it was asked for."""

import re
import subprocess
import sys
from functools import cache
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import find, given, settings
from hypothesis.strategies import SearchStrategy

from vocode_contract import Contract, InvalidOption, UnknownContract, UnknownProfile, UnknownSchema, Validator, dates
from vocode_contract.contract.model import PROFILES
from vocode_contract.errors import describe_install
from vocode_contract.strategies import (
    agents,
    call_pages,
    calls,
    create_call_requests,
    external_action_requests,
    from_schema,
    values,
    webhook_events,
)
from vocode_contract.strategies.seeding import sample
from vocode_contract.validation.consistency import inconsistencies

NAMED: dict[Any, str] = {
    calls: "Call",
    call_pages: "CallPage",
    agents: "Agent",
    create_call_requests: "CreateCallRequest",
    webhook_events: "WebhookEvent",
    external_action_requests: "ExternalActionRequest",
}
READINGS = [(date, profile) for date in dates() for profile in PROFILES]

VALUE: Any = "12025550123"

quick = settings(max_examples=8, database=None)
few = settings(quick, max_examples=5)


@cache
def validator(date, profile, name):
    return Validator(Contract.load(date, profile=profile), name)


def without_extras(value):
    """Tell whether a payload of the default contract holds its required keys alone."""
    return len(value) == 7 and len(value["agent"]) == 5 and len(value["agent"]["voice"]) == 4


@pytest.mark.parametrize(
    ("date", "profile", "adversarial"),
    [*((*each, False) for each in READINGS), *((date, "wire", True) for date in dates())],
)
def test_from_schema_draws_what_conforms(date, profile, adversarial):
    for name in Contract.load(date).schemas:
        strategy = from_schema(name, contract=date, profile=profile, adversarial=adversarial)
        few(given(strategy)(conforming(validator(date, profile, name))))()


def conforming(judge):
    def check(value):
        assert [found for found in judge.violations(value) if found.severity == "error"] == []

    return check


@pytest.mark.parametrize("strategy", NAMED, ids=lambda strategy: strategy.__name__)
@pytest.mark.parametrize(("date", "profile"), READINGS)
def test_named_strategies_draw_what_conforms(date, profile, strategy):
    judge = validator(date, profile, NAMED[strategy])

    @quick
    @given(strategy(contract=date, profile=profile), strategy(contract=date, profile=profile, adversarial=True))
    def conform(value, nasty):
        assert judge.conforms(value)
        assert judge.conforms(nasty)

    conform()


@pytest.mark.parametrize("strategy", [calls(), calls(False), calls(adversarial=True), call_pages()], ids=repr)
def test_strategies_pass_the_health_checks(strategy):
    @settings(database=None)
    @given(strategy)
    def draw(value):
        assert value

    draw()


@pytest.mark.parametrize("name", ["Call", "Voice", "CallPage"])
def test_tolerant_draws_drift(name):
    judge = validator("2024-08-27", "tolerant", name)
    drawn = sample(from_schema(name, contract="2024-08-27", profile="tolerant"), 0)
    drifted = next(value for value in drawn if any(judge.violations(value)))
    assert {violation.severity for violation in judge.violations(drifted)} == {"drift"}


def test_wire_draws_null_and_documented_does_not():
    def is_null(call):
        return call.get("transcript", "") is None

    assert find(calls(status=st.just("ended")), is_null)["transcript"] is None
    assert validator("2023-11-30", "documented", "Call").conforms(find(calls(profile="documented"), lambda _: True))


def test_calls_shrink_to_the_required_keys():
    assert without_extras(find(calls(), lambda _: True))
    assert find(calls(False), lambda _: True)["to_number"] == ""


@pytest.mark.parametrize(
    "part",
    ["webhook", "vector_database", "openai_account_connection"],
)
def test_calls_shrink_around_the_part_that_matters(part):
    found = find(calls(), lambda call: call["agent"].get(part))
    assert set(found["agent"]) == {"id", "user_id", "prompt", "actions", "voice", part}
    assert len(found) == 7


def test_calls_shrink_to_one_action():
    found = find(calls(), lambda call: any(action["type"] == "action_dtmf" for action in call["agent"]["actions"]))
    [action] = found["agent"]["actions"]
    assert set(action) == {"id", "user_id", "type"}


@pytest.mark.parametrize(
    ("strategy", "text"),
    [
        (calls(contract="2023-11-30", status=st.just("ended")), "calls(contract='2023-11-30', status=just('ended'))"),
        (calls(False), "calls(False)"),
        (from_schema("Voice", profile="tolerant"), "from_schema('Voice', profile='tolerant')"),
        (webhook_events(adversarial=True), "webhook_events(adversarial=True)"),
    ],
)
def test_repr_shows_how_a_strategy_was_made(strategy, text):
    assert repr(strategy) == text


@pytest.mark.parametrize("coherent", [True, False])
@given(data=st.data())
@quick
def test_fields_come_from_their_strategies(coherent, data):
    fields: dict[str, Any] = {"status": st.just("ended"), "to_number": st.just("12025550123"), "end_time": st.none()}
    call = data.draw(calls(coherent, **fields))
    assert (call["status"], call["to_number"], call["end_time"]) == ("ended", "12025550123", None)


@given(
    webhook_events(type=st.just("event_human_detection")),
    from_schema("Agent", contract="2024-08-27", name=st.just("Ada")),
)
@quick
def test_fields_choose_the_branch_and_may_be_called_name(event, agent):
    assert event["payload"]["result"] in ("human", "no_human")
    assert agent["name"] == "Ada"


@pytest.mark.parametrize("strategy", [calls, call_pages], ids=lambda strategy: strategy.__name__)
@pytest.mark.parametrize("adversarial", [False, True])
@pytest.mark.parametrize("date", dates())
def test_coherent_payloads_contradict_themselves_nowhere(date, adversarial, strategy):
    @settings(max_examples=30, database=None)
    @given(st.data())
    def check(data):
        profile = data.draw(st.sampled_from(PROFILES))
        value = data.draw(strategy(contract=date, profile=profile, adversarial=adversarial))
        assert list(inconsistencies(value, NAMED[strategy], contract=date, profile=profile)) == []

    check()


@given(calls(user_id=st.just("3c90c3cc-0d44-4b50-8888-8dd25736052a")))
@quick
def test_coherent_calls_have_one_owner(call):
    assert call["agent"]["user_id"] == call["agent"]["voice"]["user_id"] == "3c90c3cc-0d44-4b50-8888-8dd25736052a"


@pytest.mark.parametrize("date", dates())
@given(data=st.data())
@quick
def test_coherent_calls_end_after_they_start(date, data):
    call = data.draw(calls(contract=date, status=st.just("ended")))
    assert call["start_time"][:19] <= call["end_time"][:19]


@given(call_pages())
@quick
def test_coherent_pages_hold_no_call_twice(page):
    assert len({call["id"] for call in page["items"]}) == len(page["items"]) <= page["size"]


@pytest.mark.parametrize("name", [name for name, text in values.TEXTS.items() if " " in text(0)])
def test_plausible_texts_are_prose(name):
    texts = {values.TEXTS[name](number) for number in range(16)}
    assert not [text for text in texts if re.search("[a-z][A-Z]", text)]  # as in a name of ours that a rename put there


@given(calls())
@quick
def test_plausible_numbers_are_fictional(call):
    for key in ("to_number", "from_number", "agent_phone_number"):
        assert call[key][4:9] == "55501"


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: calls(contract="2020-01-01"), UnknownContract),
        (lambda: calls(profile="strict"), UnknownProfile),
        (lambda: from_schema("Caller"), UnknownSchema),
        (lambda: calls(status=VALUE), InvalidOption),
        (lambda: calls(state=st.just("ended")), InvalidOption),
        (lambda: from_schema("CallStatus", status=st.just("ended")), InvalidOption),
    ],
)
def test_misuse_is_told_when_the_strategy_is_made(make, error):
    with pytest.raises(error):
        make()


def test_a_value_in_place_of_a_strategy_teaches_just():
    with pytest.raises(InvalidOption, match="just") as caught:
        calls(to_number=VALUE)
    assert VALUE not in str(caught.value)


def test_strategies_without_hypothesis_name_the_extra():
    code = "import sys; sys.modules['hypothesis'] = None\nimport vocode_contract.strategies"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MissingExtra" in done.stderr
    assert describe_install("hypothesis") in done.stderr


def test_strategies_are_hypothesis_strategies():
    assert all(isinstance(strategy(), SearchStrategy) for strategy in NAMED)
