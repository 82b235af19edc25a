"""Nothing leaks: canaries in every place of every payload, the payload broken everywhere, every channel searched."""

import base64
import copy
import json
import pickle
import traceback
from dataclasses import asdict
from urllib.parse import quote

import pytest

from vocode_contract.contract.model import PROFILES, Contract, dates
from vocode_contract.validation.engine import CompiledEngine, ReferenceEngine
from vocode_contract.validation.masking import mask_payload
from vocode_contract.validation.validator import Validator, ensure
from vocode_contract.validation.violation import ContractViolated

CANARY = 'sk-Zq7"Xw9\u00e9/Kd4Vb2'
SID = "ACf3b9Zq7e5501d27c94"
PHONE = 15557654321
DIGITS = "15551112223"
ROOTS = [
    *("Call", "CallPage", "CreateCallRequest", "WebhookEvent", "HumanDetectionEvent", "ExternalActionRequest"),
    *("ExternalActionAnswer", "HTTPValidationError"),
]
SAMPLES = {"uuid": "3c90c3cc-0d44-4b50-8888-8dd25736052a", "date-time": "2023-11-07T05:31:56Z"}
PLAIN = {"string": CANARY, "integer": 1, "number": 1.5, "boolean": True, "null": None}


def forms(secret):
    """Return all that gives a secret away, in every coding."""
    raw = secret.encode()
    shifted = [base64.b64encode(b"x" * shift + raw)[4:-4].decode() for shift in range(3)]
    escaped = [
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        ascii(secret)[1:-1],
    ]
    coded = [raw.hex(), raw.hex().upper(), quote(secret), quote(secret, safe=""), *shifted]
    return [secret, secret[::-1], *escaped, *coded, "Zq7", "Xw9", "Kd4Vb2", SID, "1112223"]


TELLTALE = [*forms(CANARY), *forms(str(PHONE))[:2], "7654321"]


def assert_no_canary(text):
    found = [form for form in TELLTALE if form in text]
    assert not found


def full(contract, schema, choice):
    """Fill a schema with canaries; `choice` picks the branch of each union."""
    if "$ref" in schema:
        return full(contract, contract.target(schema["$ref"]), choice)
    if options := schema.get("oneOf") or schema.get("anyOf"):
        return full(contract, options[choice % len(options)], choice)
    if "enum" in schema or "const" in schema:
        return schema.get("enum", [schema.get("const")])[0]
    [kind, *_] = contract.types(schema) or ("object",)
    if kind == "array":
        return [full(contract, schema.get("items", {"type": "string"}), choice + more) for more in range(4)]
    if kind == "object":
        members = {key: full(contract, value, choice) for key, value in schema.get("properties", {}).items()}
        return members or {CANARY: CANARY}
    return SAMPLES.get(schema.get("format", ""), PLAIN[kind])


def containers(value, path=""):
    """Yield every object and array of a payload with each of its keys or indices, and where that is."""
    members = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    for key, child in members:
        below = f"{path}/*" if isinstance(value, list) else f"{path}/{key}"
        yield value, key, below
        yield from containers(child, below)


BREAKS = {
    "text": CANARY,
    "number": PHONE,
    "key": {CANARY: CANARY},
    "token": {SID: SID},
    "digits": DIGITS,
    "object": {"type": CANARY, "id": PHONE, "x": {"y": [CANARY]}},
    "null": None,
}


def broken(contract, name, choices=(0,), ways=tuple(BREAKS)):
    """Yield payloads full of canaries, then the same with one place broken, in every way at every place."""
    done: set[tuple[str, str]] = set()
    for choice in choices:
        payload = full(contract, contract.schemas[name], choice)
        yield payload
        yield from broken_places(payload, ways, done)


def broken_places(payload, ways, done):
    """Break each place of a payload but those in `done`: the choices and the items of an array share most of theirs."""
    for owner, key, path in containers(payload):
        kept = owner[key]
        place = (path, json.dumps(owner if isinstance(owner, dict) else kept))
        if place in done:
            continue
        done.add(place)
        for way in ways:
            owner[key] = BREAKS[way]
            yield payload
        owner[key] = kept
        if isinstance(owner, dict) and CANARY not in owner:
            owner |= {CANARY: PHONE, SID: PHONE}
            yield payload
            del owner[CANARY], owner[SID], owner[key]
            yield payload
            owner[key] = kept


def everywhere(contract, name, choice, value):
    """Break every leaf at once."""
    payload = full(contract, contract.schemas[name], choice)
    for owner, key, _ in list(containers(payload)):
        if not isinstance(owner[key], dict | list):
            owner[key] = copy.deepcopy(value)
    return payload


each_date = pytest.mark.parametrize("date", dates())
each_root = pytest.mark.parametrize("name", ROOTS)


@each_date
@each_root
@pytest.mark.parametrize("profile", ["documented", "tolerant"])
def test_no_violation_shows_any_of_the_payload(date, name, profile):
    contract = Contract.load(date, profile=profile)
    validator = Validator(contract, name)
    choices = range(5 if name in ("Call", "CreateCallRequest") else 2)  # every branch of every union once
    seen = {each for payload in broken(contract, name, choices) for each in validator.violations(payload)}
    assert seen
    assert_no_canary("\n".join(text for each in seen for text in (str(each), repr(each))))


@each_date
@each_root
def test_masked_shows_no_canary(date, name):
    contract = Contract.load(date)
    payloads = broken(contract, name, ways=("text", "token", "digits"))
    shown = {json.dumps(mask_payload(payload, contract, name)) for payload in payloads}
    assert shown
    assert not [form for form in forms(CANARY) if any(form in text for text in shown)]


def channels(verdict):
    """Yield every textual form of a verdict."""
    error = ContractViolated(verdict.violations)
    yield from (repr(verdict), str(verdict), f"{verdict}", repr(error), str(error), f"{error}")
    yield from map(str, verdict.violations)
    yield json.dumps([asdict(violation) for violation in verdict.violations])
    yield pickle.dumps((error, verdict.violations), 0).decode("latin-1")
    yield pickle.dumps((error, verdict.violations)).decode("latin-1")


@each_date
@each_root
@pytest.mark.parametrize("engine", [CompiledEngine, ReferenceEngine])
def test_no_channel_shows_a_payload_broken_everywhere(date, name, engine):
    for profile in PROFILES:
        contract = Contract.load(date, profile=profile)
        validator = Validator(contract, name, engine=engine)
        for value in BREAKS.values():
            assert_no_canary("\n".join(channels(validator.validate(everywhere(contract, name, 0, value)))))


def raised(payload, name):
    """Return the error that `ensure` raises, with the frames of this package alone."""
    with pytest.raises(ContractViolated) as caught:
        ensure(payload, name)
    return caught.value.with_traceback(caught.tb.tb_next)


@each_root
@pytest.mark.parametrize("as_bytes", [False, True], ids=["value", "bytes"])
def test_no_traceback_with_locals_shows_the_payload(name, as_bytes):
    payload = everywhere(Contract.load(), name, 0, [PHONE, CANARY])
    error = raised(json.dumps(payload).encode() if as_bytes else payload, name)
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert shown.stack
    assert_no_canary("".join(shown.format()))
    assert (error.__cause__, error.__context__) == (None, None)


KEY = json.dumps(CANARY)
HOSTILE = {
    "cut": f'{{"transcript": {KEY}, {KEY}: {KEY[:-1]}'.encode(),
    "garbage": f"{{}} {CANARY}".encode(),
    "HTML": f"<html><title>{CANARY} {PHONE}</title>".encode(),
    "lines": f'{{"a": {KEY}}}\n{{"a": {KEY}}}'.encode(),
    "duplicate key": f'{{"transcript": {KEY}, {KEY}: 1, {KEY}: {PHONE}}}'.encode(),
    "duplicate key below": f'{{"context": {{{KEY}: {{"x": [{{{KEY}: 1, {KEY}: 2}}]}}}}}}'.encode(),
    "wide integer": f'{{"transcript": {KEY}, "to_number": {PHONE}{PHONE}}}'.encode(),
    "Latin-1": f'{{"transcript": {json.dumps(CANARY, ensure_ascii=False)}}}'.encode("latin-1"),
    "UTF-16": KEY.encode("utf-16"),
    "NaN": f'{{{KEY}: NaN, "x": {KEY}}}'.encode(),
    "surrogate": f'{{{KEY}: "{CANARY[:3]}\\ud83d"}}'.encode(),
    "control character": f'{{{KEY}: "Zq7\x1b[31m{PHONE}"}}'.encode(),
    "plain text": CANARY.encode(),
    "deep": f"{{{KEY}: {'[' * 100_000}".encode(),
    "too large": f'{{{KEY}: "{"x" * 2_000_000}{PHONE}"}}'.encode(),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("profile", PROFILES)
def test_no_channel_shows_bytes_that_cannot_be_read(data, profile):
    verdict = Validator(Contract.load(profile=profile)).validate(data)
    assert len(verdict.violations) == 1
    assert verdict.value is None
    assert_no_canary("\n".join(channels(verdict)))
    error = raised(data, "Call")
    assert_no_canary("".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()))


ODD = [
    {CANARY: {1: CANARY}},
    {"context": {CANARY: {CANARY, PHONE}}},
    (CANARY, PHONE),
    {"agent": CANARY.encode()},
    {"\ud83d" + CANARY: PHONE},
]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_no_channel_shows_a_value_that_is_no_json(odd):
    for profile in PROFILES:
        assert_no_canary("\n".join(channels(Validator(Contract.load(profile=profile)).validate(odd))))
