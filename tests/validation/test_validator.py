import copy
import json
import os
import pickle
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vocode_contract.contract.json_pointer import resolve
from vocode_contract.contract.model import PROFILES, Contract, dates
from vocode_contract.errors import UnknownContract, UnknownProfile, UnknownSchema
from vocode_contract.validation import validator
from vocode_contract.validation.codes import CODES, Selection
from vocode_contract.validation.engine import CompiledEngine, ReferenceEngine
from vocode_contract.validation.json_value import Limits
from vocode_contract.validation.validator import Validator, conforms, ensure, validate, violations
from vocode_contract.validation.violation import ContractViolated

PUBLISHED = json.loads((Path(__file__).parents[1] / "cases/call/valid/published.json").read_bytes())
UNKNOWN_ACTION = {"type": "action_unheard_of"}
VALUES = [
    *[None, True, False, 0, 1, -1, 1.0, 1.5, 2**63, 2**64 - 1, 1e300, "", "x", "ended", "voice_rime", "v1", "1"],
    *["3C90c3cc-0d44-4b50-8888-8dd25736052a", "2023-11-07T05:31:56Z", "2016-12-31T23:59:60Z", "2023-11-07T05:31:56"],
    *[[], {}, [None], [[]], [{}], ["x"], {"type": "voice_rime"}, {"type": None}, {"type": "x"}, {"id": 1}, {"": ""}],
    *[{"1": 1, "01": None, "+1": "x"}, {"a/b~c": 1}, {"type": "action_dtmf", "config": {"x": 1}}],
]
KEYS = ["", "x", "1", "a/b", "~", "type", "id", "context", "items", "é", "*"]

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
drawn = st.sampled_from(VALUES).map(copy.deepcopy)
json_values = st.recursive(
    drawn | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | text, inner, max_size=4),
    max_leaves=12,
)


def places(value, tokens=()):
    yield tokens
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in members:
        yield from places(child, (*tokens, key))


def container(value, tokens):
    for token in tokens[:-1]:
        value = value[token]
    return value


def mutate(draw, value):
    """Change a value at one place: replace, remove, add, repeat, or move a part of it."""
    tokens = draw(st.sampled_from(sorted(places(value), key=len)))
    if not tokens:
        return draw(drawn | st.just([value]) | st.just({**value, draw(text): 1}))
    owner, last = container(value, tokens), tokens[-1]
    match draw(st.sampled_from(["replace", "remove", "add", "repeat", "move"])):
        case "replace":
            owner[last] = draw(json_values)
        case "remove":
            del owner[last]
        case "add" if isinstance(owner, dict):
            owner[draw(st.sampled_from(KEYS))] = draw(json_values)
        case "repeat" if isinstance(owner, list):
            owner += [copy.deepcopy(owner[last])] * draw(st.sampled_from([1, 25]))
        case _:
            owner[last] = copy.deepcopy(value)
    return value


@st.composite
def mutants(draw):
    """Draw a contract, the name of a schema and one of its examples after some changes."""
    contract = Contract.load(draw(st.sampled_from(dates())), profile=draw(st.sampled_from(PROFILES)))
    name = draw(st.sampled_from([name for name, schema in contract.schemas.items() if "examples" in schema]))
    value = copy.deepcopy(draw(st.sampled_from(contract.schemas[name]["examples"])))
    for _ in range(draw(st.integers(0, 3))):
        value = mutate(draw, value) if isinstance(value, dict) else draw(json_values)
    return contract, name, value


@settings(max_examples=150)  # each way to break each keyword is in tests/strategies/test_near_misses.py
@given(mutants())
def test_engines_agree_on_every_mutant(mutant):
    contract, name, value = mutant
    found = [
        sorted((each.instance_pointer, each.code, each.severity, each.actual) for each in validator.violations(value))
        for validator in (Validator(contract, name, engine=engine) for engine in (CompiledEngine, ReferenceEngine))
    ]
    assert found[0] == found[1]


@settings(max_examples=150)
@given(mutants())
def test_verdict_is_one_on_value_and_bytes(mutant):
    contract, name, value = mutant
    validator = Validator(contract, name)
    verdict = validator.validate(value)
    raw = json.dumps(value).encode()
    assert validator.conforms(value) == validator.conforms(raw) == verdict.conforms
    assert validator.validate(raw).violations == verdict.violations == tuple(validator.violations(value))
    assert verdict.conforms == all(each.severity != "error" for each in verdict.violations)
    assert verdict.value is value


@settings(max_examples=100)
@given(mutants())
def test_violation_points_into_the_document(mutant):
    contract, name, value = mutant
    for violation in Validator(contract, name).violations(value):
        assert violation.code in CODES
        assert violation.contract == contract.date
        if violation.code != "more-violations":
            assert violation.schema_pointer
        resolve(contract.document, violation.schema_pointer)
        if "*" not in violation.instance_pointer and violation.code != "required":
            resolve(value, violation.instance_pointer)


@settings(max_examples=200)
@given(st.sampled_from(dates()), st.sampled_from(PROFILES), st.binary(max_size=80) | json_values)
def test_anything_gets_a_verdict(date, profile, anything):
    for name in ("Call", "CallPage", "WebhookEvent"):
        verdict = validate(anything, name, contract=date, profile=profile)
        assert conforms(anything, name, contract=date, profile=profile) == verdict.conforms


@settings(max_examples=100)
@given(mutants())
def test_judging_leaves_the_instance_alone(mutant):
    contract, name, value = mutant
    before = copy.deepcopy(value)
    Validator(contract, name).validate(value)
    assert value == before


@pytest.mark.parametrize("profile", PROFILES)
def test_published_example_conforms(profile):
    assert list(violations(PUBLISHED, profile=profile)) == []


def test_null_for_an_unset_property_is_a_violation_as_documented_alone():
    instance = {**PUBLISHED, "error_message": None}
    [violation] = violations(instance, profile="documented")
    assert (violation.code, violation.instance_pointer) == ("null", "/error_message")
    assert conforms(instance)


def test_wrong_status_names_the_four():
    [violation] = violations({**PUBLISHED, "status": "ringing"})
    assert str(violation) == (
        '/status: expected one of not_started, in_progress, error, ended, got "ringing" [enum, 2023-11-30]'
    )


def test_wrong_voice_is_one_violation_that_names_the_known_types():
    voice = {**PUBLISHED["agent"]["voice"], "type": "voice_unheard_of"}
    [violation] = violations({**PUBLISHED, "agent": {**PUBLISHED["agent"], "voice": voice}})
    assert violation.instance_pointer == "/agent/voice/type"
    assert violation.expected == "one of voice_azure, voice_rime, voice_eleven_labs, voice_play_ht"


def test_ensure_returns_the_value_that_was_judged():
    assert ensure(PUBLISHED) is PUBLISHED
    assert ensure(json.dumps(PUBLISHED).encode()) == PUBLISHED


def test_ensure_raises_all_violations():
    with pytest.raises(ContractViolated) as caught:
        ensure({**PUBLISHED, "status": "over", "id": 5})
    assert {violation.instance_pointer for violation in caught.value.violations} == {"/id", "/status"}
    assert caught.value.__context__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("raising", [ensure, Validator(Contract.load()).ensure], ids=["function", "method"])
def test_ensure_leaves_no_payload_in_its_frames(raising):
    instance = {**PUBLISHED, "status": 5, "transcript": "CANARY"}
    with pytest.raises(ContractViolated) as caught:
        raising(instance)
    own = caught.value.with_traceback(caught.tb.tb_next)
    shown = "".join(traceback.TracebackException.from_exception(own, capture_locals=True).format())
    assert "_value_or_raise" in shown
    assert "CANARY" not in shown


def test_verdict_does_not_show_its_value():
    verdict = validate({**PUBLISHED, "transcript": "CANARY"})
    assert verdict.value["transcript"] == "CANARY"
    assert "CANARY" not in f"{verdict!r}{verdict}"


@pytest.mark.parametrize(
    "form", [conforms, validate, ensure, lambda *args, **options: list(violations(*args, **options))]
)
def test_what_is_unknown_is_refused(form):
    with pytest.raises(UnknownSchema):
        form({}, "Cal")
    with pytest.raises(UnknownContract):
        form({}, contract="2020-01-01")
    with pytest.raises(UnknownProfile):
        form({}, profile="lax")


def test_bytes_that_hold_no_json_have_no_value():
    assert validate(b"{").value is None
    assert not conforms(b"{")


LISTS = {**PUBLISHED, "status": "ringing", "sentiment": "calm"}


def test_tolerant_reports_what_is_new_as_drift():
    found = {violation.code: violation.severity for violation in violations(LISTS, profile="tolerant")}
    assert found == {"enum": "drift", "unknown-key": "drift"}
    assert conforms(LISTS, profile="tolerant")


def test_value_that_a_later_contract_lists_says_so():
    agent = {**PUBLISHED["agent"], "language": "fr"}
    [violation] = violations({**PUBLISHED, "agent": agent})
    assert violation.note == "known since 2024-04-19"


CHOSEN = [
    (Selection(), {"enum": "error"}),
    (Selection(ignore=("enum",)), {}),
    (Selection(select=("json-*",)), {}),
    (Selection(severities={"enum": "advice"}), {"enum": "advice"}),
    (Selection(severities={"enum": "off", "unknown-key": "error"}), {"unknown-key": "error"}),
]


@pytest.mark.parametrize(("selection", "levels"), CHOSEN, ids=str)
def test_selection_decides_what_counts(selection, levels):
    validator = Validator(Contract.load(), selection=selection)
    assert {each.code: each.severity for each in validator.violations(LISTS)} == levels
    assert validator.conforms(LISTS) == ("error" not in levels.values())


def test_selection_counts_for_bytes_too():
    validator = Validator(Contract.load(), selection=Selection(ignore=("json-bom",)))
    assert validator.conforms(b"\xef\xbb\xbf{}")
    assert not Validator(Contract.load()).conforms(b"\xef\xbb\xbf{}")


def of_actions(actions, **others):
    return {**PUBLISHED, "agent": {**PUBLISHED["agent"], "actions": actions}, **others}


def page_of(items):
    return {"items": items, "page": 1, "size": 1, "has_more": True}


#: Large payloads, made by the test that needs one, and the names of their schemas.
CROWDED: dict[str, tuple[Callable[[], object], str]] = {
    "50,000 wrong actions": (lambda: of_actions([UNKNOWN_ACTION] * 50_000), "Call"),
    "200,000 numbers as actions": (lambda: of_actions(list(range(200_000))), "Call"),
    "arrays of arrays as actions": (lambda: of_actions([[[0] * 100] * 100] * 50), "Call"),
    "100,000 wrong context values": (lambda: PUBLISHED | {"context": {str(n): [n] for n in range(100_000)}}, "Call"),
    "500 wrong items": (lambda: page_of([{"id": key} for key in range(500)]), "CallPage"),
    "500 items of 20 wrong actions": (lambda: page_of([of_actions([UNKNOWN_ACTION] * 20)] * 500), "CallPage"),
    "a million unknown keys": (lambda: PUBLISHED | {"status": 5, **{f"k{n}": 0 for n in range(1_000_000)}}, "Call"),
    "300,000 unknown keys alone": (lambda: {f"k{key}": 0 for key in range(300_000)}, "Call"),
    "a million characters": (lambda: PUBLISHED | {"status": "x" * 1_000_000, "id": "x" * 1_000_000}, "Call"),
    "400,000 numbers as a Call": (lambda: list(range(400_000)), "Call"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("make", "name"), CROWDED.values(), ids=CROWDED)
def test_crowded_payload_has_few_violations_and_one_verdict(make, name):
    instance = make()
    for profile in PROFILES:
        validator = Validator(Contract.load(profile=profile), name, limits=Limits(violations=10))
        verdict = validator.validate(instance)
        assert 1 <= len(verdict.violations) <= 11, profile
        assert validator.conforms(instance) == verdict.conforms, profile


@pytest.mark.parametrize("limit", [1, 2, 25, 26, 100])
def test_limit_of_violations_is_inclusive(limit):
    validator = Validator(Contract.load(), limits=Limits(violations=limit))
    found = Counter(each.code for each in validator.violations(of_actions([UNKNOWN_ACTION] * 25)))
    assert found["union-type"] == min(limit, 25)
    assert found["more-violations"] == (limit < 25)


def test_indices_of_wrong_items_are_theirs():
    actions = [{**UNKNOWN_ACTION, "type": "action_dtmf"}] * 30 + [UNKNOWN_ACTION]
    found = {each.instance_pointer for each in violations(of_actions(actions)) if each.code == "union-type"}
    assert found == {"/agent/actions/30/type"}


MANY = of_actions([UNKNOWN_ACTION] * 500)
HIDDEN_ERROR = of_actions([UNKNOWN_ACTION] * 500, zzz=1, transcript=5)


def test_drift_beyond_the_limit_is_drift():
    verdict = validate(MANY, profile="tolerant")
    assert verdict.conforms
    assert conforms(MANY, profile="tolerant")
    assert verdict.violations[-1].code == "more-violations"


def test_drift_beyond_the_limit_hides_no_error():
    verdict = validate(HIDDEN_ERROR, profile="tolerant")
    assert not verdict.conforms
    assert verdict.violations[0].instance_pointer == "/transcript"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("selection", [Selection(ignore=("union-type",)), Selection(select=("type",))], ids=str)
def test_what_is_left_out_hides_no_error(selection, profile):
    validator = Validator(Contract.load(profile=profile), selection=selection)
    assert not validator.conforms(HIDDEN_ERROR)
    assert not validator.validate(HIDDEN_ERROR).conforms


ODD = [
    *[
        float("nan"),
        float("inf"),
        "\ud83d",
        {"\ud83d": 1},
        {1: 2},
        {None: 1, "a": 2},
        (1, 2),
        {1},
        b"x",
        object(),
        10**40,
    ],
    *[Path(), Counter(a=1), 1j, int, iter(()), -(10**25)],
]


@pytest.mark.parametrize("engine", [CompiledEngine, ReferenceEngine])
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
def test_odd_value_gets_one_verdict_at_every_place(odd, profile, engine):
    validator = Validator(Contract.load(profile=profile), engine=engine)
    for instance in (odd, *({**PUBLISHED, key: odd} for key in (*PUBLISHED, "zzz"))):
        verdict = validator.validate(instance)
        assert validator.conforms(instance) == verdict.conforms
        assert len(verdict.violations) <= 8


@pytest.mark.slow
@pytest.mark.parametrize("inner", [None, "agent", "items"])
def test_value_of_a_hundred_thousand_levels_gets_one_verdict_at_every_place(inner):
    deep: object = 1
    for _ in range(100_000):
        deep = [deep] if inner is None else {inner: deep}
    for instance in (deep, *({**PUBLISHED, key: deep} for key in (*PUBLISHED, "zzz"))):
        assert conforms(instance) == validate(instance).conforms
    while isinstance(deep, list | dict):  # or its end would be one recursion as deep
        [deep] = deep if isinstance(deep, list) else deep.values()


SHARED = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000))
from vocode_contract import conforms, validate, which
from vocode_contract.validation.json_value import Limits
from vocode_contract.validation.validator import Validator
from vocode_contract.contract.model import Contract
from vocode_contract.validation.masking import mask_payload
call = json.load(sys.stdin)
shared, wide = ["lol"], [0] * 400_000
for _ in range(30):
    shared = [shared] * 10
cyclic = []
cyclic.append(cyclic)
# One of them in every place, of which few values are counted: that takes the time. Every one in a place of each sort.
few = Validator(Contract.load(), limits=Limits(values=10_000))
for key in (*call, "zzz"):
    verdict = few.validate({**call, key: shared})
    assert few.conforms({**call, key: shared}) == verdict.conforms
    assert {found.code for found in verdict.violations} <= {"json-too-many-values", "json-too-deep"}
keyed = ((shared, "id"), ([wide] * 400_000, "to_number"), (cyclic, "context"), ({"a": shared}, "id"))
for odd, key in keyed:
    agent = {**call["agent"], "actions": odd}
    for value in (odd, {**call, key: odd}, {**call, "zzz": odd}, {**call, "agent": agent}):
        verdict = validate(value)
        assert conforms(value) == verdict.conforms
        assert {found.code for found in verdict.violations} <= {"json-too-many-values", "json-too-deep"}
    for value in (odd, {**call, "zzz": odd}, {**call, "agent": agent}):
        which(value)
        assert mask_payload(value, Contract.load()) == "<too large>"
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits its own memory")
def test_value_that_holds_one_thing_many_times_over_gets_a_verdict_in_little_memory():
    command = [sys.executable, "-c", SHARED]
    process = subprocess.run(
        command,
        input=json.dumps(PUBLISHED),
        env={**os.environ, "PYTHONPATH": str(Path(validator.__file__).parents[2])},
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert (process.returncode, process.stderr) == (0, "")


def test_threads_give_the_same_verdicts():
    payloads = [PUBLISHED, LISTS, MANY, {}, b"{", json.dumps(LISTS).encode(), {**PUBLISHED, "context": {"1": 1}}]
    expected = [validate(payload, profile=profile) for payload in payloads for profile in PROFILES]
    validator.validator.cache_clear()
    validator._listing.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        results = list(
            pool.map(
                lambda _: [validate(each, profile=profile) for each in payloads for profile in PROFILES], range(80)
            )
        )
    assert all(result == expected for result in results)


def test_format_violation_says_what_is_wrong_with_a_time_or_an_id():
    call = PUBLISHED | {"start_time": "2023-11-07T05:31:56.123456", "id": PUBLISHED["id"].replace("-", "")}
    found = {each.instance_pointer: each.problem for each in violations(call)}
    assert found == {
        "/id": "expected a UUID, got a UUID without hyphens",
        "/start_time": "expected an RFC 3339 date-time with offset, got a time without offset",
    }


def test_format_violation_at_a_sensitive_place_says_only_the_size():
    document = copy.deepcopy(dict(Contract.load().document))
    document["components"]["schemas"]["Call"]["properties"]["start_time"]["x-sensitivity"] = "personal"
    contract = Contract(date="2023-11-30", profile="wire", document=document)
    [found] = violations(PUBLISHED | {"start_time": "2023-11-07"}, contract=contract)
    assert found.actual == "a string of 10 characters"


TEXT = json.dumps(PUBLISHED)


@pytest.mark.parametrize(
    ("instance", "note"),
    [
        (TEXT, "the string holds JSON: it was encoded twice, or text was passed in place of bytes"),
        ("[1]", "the string holds JSON: it was encoded twice, or text was passed in place of bytes"),
        (json.dumps(TEXT).encode(), "the string holds JSON: it was encoded twice"),
        ("hello", ""),
        ("5", ""),
        ("{", ""),
        (b'"hello"', ""),
        ("{}\ud800", ""),
        ("[" * 100_000, ""),
    ],
)
def test_text_in_place_of_a_payload_is_hinted_at_if_it_holds_json(instance, note):
    [found] = violations(instance)
    assert (found.instance_pointer, found.note) == ("", note)


def test_text_inside_a_payload_gets_no_hint():
    [found] = violations(PUBLISHED | {"agent": json.dumps(PUBLISHED["agent"])})
    assert (found.code, found.note) == ("type", "")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])  # noqa: S301 - our own
def test_validator_is_copied_and_pickled_with_its_arguments(copied):
    contract = Contract.load("2024-04-19", profile="tolerant")
    options: dict[str, Any] = {
        "limits": Limits(violations=1),
        "strict": False,
        "selection": Selection(ignore=("format",)),
    }
    original = Validator(contract, "CallPage", **options)
    again = copied(original)
    assert (again.contract, again.name) == (contract, "CallPage")
    for payload in (b"{}", b'{"items": 1, "page": 1, "page": "x"}', b"[]"):
        assert again.validate(payload) == original.validate(payload)
