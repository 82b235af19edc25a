"""Events, external actions and their signatures, as bytes that came from anywhere."""

import base64
import copy
import hashlib
import hmac
import io
import json
import pickle
from email import message_from_bytes
from email.message import Message
from http.client import parse_headers
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocode_contract import (
    DetectionEvent,
    Event,
    ExternalAction,
    FreeFormEvent,
    InvalidOption,
    Limits,
    UnknownContract,
    idempotency_key,
    parse_answer,
    parse_event,
    parse_external_action,
    signature_of,
    signed_request,
    verify_signature,
    webhooks,
)
from vocode_contract.validation.lifecycle.call_life import DETECTION, EVENT_TYPES
from vocode_contract.validation.masking import Secret
from vocode_contract.webhooks.events import FreeFormType

CALL = "37bf8eef-d71f-474f-877f-cdaf1d3e2103"
CANARY = "Canary-7f3e"
KEY = bytes(range(32))
SECRET = base64.b64encode(KEY).decode()
OTHER_SECRET = base64.b64encode(bytes(range(1, 33))).decode()
ACTION = ExternalAction(call_id=CALL, payload={"order": CANARY})
HEADER = "x-vocode-signature"


def event(kind: str = "event_message", **members: object) -> bytes:
    return json.dumps({"type": kind, "call_id": CALL, **members}).encode()


def signed(body: bytes) -> dict[str, str]:
    """The header, by the standard library alone."""
    digest = hmac.new(base64.b64decode(SECRET), body, hashlib.sha256).digest()
    return {HEADER: base64.b64encode(digest).decode()}


def codes(verdict) -> list[str]:
    return [violation.code for violation in verdict.violations]


# --- events ---


def test_event_is_typed():
    verdict = parse_event(event("event_human_detection", payload={"result": "human"}))
    assert verdict.event == Event(type="event_human_detection", call_id=CALL, payload={"result": "human"})
    assert verdict.conforms
    assert not verdict.violations


def test_event_has_the_class_of_its_type():
    detection = parse_event(event("event_human_detection", payload={"result": "human"})).event
    newer = [parse_event(event(kind)).event for kind in ("event_message", "event_unheard_of")]
    assert [type(each) for each in (detection, *newer)] == [DetectionEvent, FreeFormEvent, FreeFormEvent]


def test_types_of_events_are_those_of_the_contracts():
    assert {*get_args(FreeFormType), DETECTION} == EVENT_TYPES


def test_event_differs_in_each_field():
    assert len({Event(type=a, call_id=b, payload=()) for a in "xy" for b in "xy"}) == 4  # type: ignore[arg-type]  # hashable
    assert Event(type="x", call_id="y") != Event(type="x", call_id="y", payload={"a": 1})


@pytest.mark.parametrize("members", [{}, {"payload": None}, {"payload": {}}])
def test_event_without_payload_has_an_empty_one(members):
    assert parse_event(event(**members)).event == Event(type="event_message", call_id=CALL)


def test_event_call_id_is_in_lower_case():
    found = parse_event(event().replace(CALL.encode(), CALL.upper().encode())).event
    assert found is not None
    assert found.call_id == CALL


@pytest.mark.parametrize("body", [bytearray(event()), memoryview(event())], ids=["bytearray", "memoryview"])
def test_event_is_read_from_anything_that_holds_bytes(body):
    assert parse_event(body).event


def test_event_is_never_authentic_and_says_what_to_do():
    verdict = parse_event(event(), signed(event()))
    assert verdict.authentic is False
    assert "confirm what matters by Get Call" in verdict.hint


def test_event_of_a_newer_kind_is_drift():
    verdict = parse_event(event("event_phone_call_did_not_connect"))
    assert verdict.event == Event(type="event_phone_call_did_not_connect", call_id=CALL)
    [violation] = verdict.violations
    assert (violation.code, violation.severity, violation.note) == ("union-type", "drift", "known since 2024-04-19")


def test_event_of_a_newer_kind_conforms_to_the_newer_contract():
    assert not parse_event(event("event_phone_call_did_not_connect"), contract="2024-04-19").violations


def test_event_of_a_newer_kind_is_refused_under_wire():
    verdict = parse_event(event("event_phone_call_did_not_connect"), profile="wire")
    assert verdict.event is None
    assert codes(verdict) == ["union-type"]


def test_event_of_an_unknown_kind_still_needs_its_envelope():
    verdict = parse_event(b'{"type": "event_dream", "payload": []}')
    assert verdict.event is None
    assert {(each.instance_pointer, each.code) for each in verdict.violations} == {
        ("/type", "union-type"),
        ("/payload", "type"),
        ("/call_id", "required"),
    }


def test_event_of_the_open_source_library_is_recognised():
    verdict = parse_event(b'{"type": "event_message", "conversation_id": "abc"}')
    [violation] = [each for each in verdict.violations if each.severity == "error"]
    assert violation.instance_pointer == "/call_id"
    assert "open-source" in violation.note


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(event(payload=[]), id="payload-array"),
        pytest.param(event("event_human_detection"), id="detection-without-payload"),
        pytest.param(event("event_human_detection", payload={}), id="detection-without-result"),
        pytest.param(event().replace(CALL.encode(), b"CA0123"), id="call-id-no-uuid"),
        pytest.param(event(5), id="type-number"),  # type: ignore[arg-type]  # that is the mistake
        pytest.param(b"[]", id="array"),
        pytest.param(b"null", id="null"),
    ],
)
def test_event_with_a_broken_body_is_refused(body):
    verdict = parse_event(body)
    assert verdict.event is None
    assert not verdict.conforms


HOSTILE = {
    "empty": (b"", "json-empty"),
    "blank": (b" \n", "json-empty"),
    "not-json": (b"type=event_message", "json-syntax"),
    "cut": (event()[:-9], "json-syntax"),
    "html": (b"<html><title>502</title>", "json-html"),
    "bom": (b"\xef\xbb\xbf" + event(), "json-bom"),
    "latin-1": (b'{"type": "\xe9"}', "json-encoding"),
    "utf-16": (event().decode().encode("utf-16"), "json-encoding"),
    "gzip": (b"\x1f\x8b\x08\x00" + bytes(9), "json-encoding"),
    "nan": (event().replace(b"}", b', "payload": {"x": NaN}}'), "json-constant"),
    "lone-surrogate": (event(payload={"x": "\ud83d"}), "json-surrogate"),
    "duplicate-key": (event().replace(b"{", b'{"type": "event_action", ', 1), "json-duplicate-key"),
    "escaped-duplicate-key": (event().replace(b"{", b'{"\\u0074ype": "event_action", ', 1), "json-duplicate-key"),
    "long-number": (event().replace(b"}", b', "payload": {"x": ' + b"9" * 5000 + b"}}"), "json-number"),
    "deep": (event().replace(b"}", b', "payload": ' + b'{"x":' * 100 + b"0" + b"}" * 101), "json-too-deep"),
    "brackets": (b"[" * 100_000, "json-too-deep"),
    "trailing": (event() + b" OK", "json-trailing"),
    "lines": (event() + b"\n" + event(), "json-lines"),
    "large": (event(payload={"x": "y" * 1_048_576}), "json-too-large"),
    "many": (event(payload={"x": [0] * 500_001}), "json-too-large"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_event_of_hostile_bytes_is_one_violation(name):
    body, code = HOSTILE[name]
    verdict = parse_event(body)
    assert verdict.event is None
    assert codes(verdict) == [code]


@pytest.mark.parametrize("name", HOSTILE)
def test_action_of_hostile_bytes_is_refused_even_if_signed(name):
    body, _ = HOSTILE[name]
    verdict = parse_external_action(body, signed(body), SECRET)
    assert verdict.action is None
    assert not verdict.conforms


def test_event_within_the_callers_limits_alone_is_read():
    assert codes(parse_event(event(), limits=Limits(size=10))) == ["json-too-large"]


TEXT = st.text() | st.binary()
HEADERS = (
    st.none()
    | st.dictionaries(TEXT, TEXT | st.lists(TEXT))
    | st.lists(st.tuples(TEXT | st.sampled_from([HEADER, "Content-Type", "content-encoding"]), TEXT))
)


@given(body=st.binary() | st.sampled_from([body for body, _ in HOSTILE.values()]), headers=HEADERS)
def test_parsing_never_raises_whatever_comes(body, headers):
    assert parse_event(body, headers).authentic is False
    assert parse_external_action(body, headers, SECRET).authentic is False


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_parsing_never_raises_whatever_json_comes(value):
    body = json.dumps({"type": value, "call_id": value, "payload": value}).encode()
    assert parse_event(body).event is None
    assert parse_external_action(body, signed(body), SECRET).action is None


@pytest.mark.parametrize("parse", [parse_event, lambda body: parse_external_action(body, {}, SECRET), parse_answer])
@pytest.mark.parametrize("body", [event().decode(), {"type": "event_message"}, None], ids=["text", "parsed", "none"])
def test_body_that_is_no_bytes_is_our_callers_mistake(parse, body):
    with pytest.raises(InvalidOption, match="must be raw bytes"):
        parse(body)


def test_unknown_contract_is_our_callers_mistake():
    with pytest.raises(UnknownContract):
        parse_event(event(), contract="2020-01-01")


# --- header fields ---


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {"CONTENT-TYPE": "Application/JSON; charset=utf-8"},
        [(b"content-type", b"application/json"), (b"content-encoding", b"identity")],
        {"content-type": ["application/json"]},
        {},
        None,
    ],
    ids=str,
)
def test_headers_in_any_form_are_understood(headers):
    assert not parse_event(event(), headers).violations


@pytest.mark.parametrize(
    ("headers", "code", "severity"),
    [
        ({"content-type": f"text/{CANARY}"}, "delivery-content-type", "advice"),
        ({"Content-Encoding": CANARY}, "delivery-content-coding", "advice"),
        ({"X-Vocode-Signature": CANARY}, "event-signed", "drift"),
    ],
)
def test_odd_header_is_told_and_refuses_nothing(headers, code, severity):
    verdict = parse_event(event(), headers)
    [violation] = verdict.violations
    assert (violation.code, violation.severity) == (code, severity)
    assert verdict.event is not None
    assert CANARY not in repr(verdict)


def message(text: bytes) -> Message:
    """Header fields as http.server parses them."""
    return parse_headers(io.BytesIO(text + b"\r\n"))


def test_headers_of_the_standard_library_are_understood():
    verdict = parse_event(event(), message(b"Content-Type: text/plain\r\n"))
    assert codes(verdict) == ["delivery-content-type"]
    assert verdict.event


def test_signature_in_headers_of_the_standard_library_is_verified():
    body, fields = signed_request(ACTION, SECRET)
    given = message(f"X-Vocode-Signature: {fields[HEADER]}\r\n".encode())
    assert parse_external_action(body, given, SECRET).authentic


@pytest.mark.parametrize("value", [b"\xff\xfe", b"=?utf-8?q?=ff?=", b""])
def test_hostile_header_value_raises_nothing(value):
    for fields in (message(b"X-Vocode-Signature: " + value + b"\r\n"), message_from_bytes(b"A: " + value + b"\n\n")):
        assert parse_event(event(), fields).event
        assert not parse_external_action(event(), fields, SECRET).authentic


@pytest.mark.parametrize("parse", [parse_event, lambda body, headers: parse_external_action(body, headers, SECRET)])
@pytest.mark.parametrize(
    "headers",
    [CANARY, CANARY.encode(), 7, [CANARY], [(CANARY,)], [(1, CANARY)], [(CANARY, 1, 2)], {1: CANARY}],
    ids=str,
)
def test_headers_in_no_known_form_are_our_callers_mistake(parse, headers):
    with pytest.raises(InvalidOption, match="must be a mapping or pairs") as caught:
        parse(event(), headers)
    assert CANARY not in str(caught.value)


# --- signatures ---


def test_signature_is_the_documented_one():
    body = b'{"payload": {"order": "1234"}, "call_id": "37bf8eef-d71f-474f-877f-cdaf1d3e2103"}'
    # printf '%s' BODY | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102...1e1f -binary | base64
    assert signature_of(body, SECRET) == VECTOR
    assert signed(body)[HEADER] == VECTOR


VECTOR = "g9z6TPH0NmpZZbSQCmLyCrdOda9f3yuHHDSy4cnm5xM="


@given(st.binary())
def test_signature_verifies_what_it_signed(body):
    assert signature_of(body, SECRET) == signed(body)[HEADER]
    assert verify_signature(body, signature_of(body, SECRET), [OTHER_SECRET, SECRET]).index == 1


@given(st.binary(), st.integers(0, 43), st.characters())
def test_signature_changed_anywhere_does_not_hold(body, place, character):
    good = signature_of(body, SECRET)
    bad = good[:place] + character + good[place + 1 :]
    assert verify_signature(body, bad, SECRET).valid is (bad == good)


@pytest.mark.parametrize("header", ["", "é", "\ud83d", "💣", b"\xff\xfe", "A" * 100_000, "\r\n"])
def test_signature_that_is_none_raises_nothing(header):
    assert verify_signature(b"{}", header, SECRET).reason == "mismatch"


@pytest.mark.parametrize(
    "change", [str.lower, lambda text: text + " ", lambda text: text.rstrip("="), "{0}, {0}".format]
)
def test_signature_has_one_spelling(change):
    assert not verify_signature(b"{}", change(signature_of(b"{}", SECRET)), SECRET)


def test_signature_that_is_missing_says_so():
    assert verify_signature(b"{}", None, SECRET).reason == "missing"


def test_verification_is_as_true_as_it_is_valid():
    assert verify_signature(b"{}", signature_of(b"{}", SECRET), SECRET)
    assert not verify_signature(b"{}", "no", SECRET)


@pytest.mark.parametrize("secrets", [SECRET, Secret(SECRET), [SECRET], (OTHER_SECRET, Secret(SECRET))], ids=type)
def test_secrets_come_alone_or_several_as_text_or_hidden(secrets):
    assert verify_signature(b"{}", signature_of(b"{}", SECRET), secrets)


@pytest.fixture
def compared(monkeypatch):
    """What is compared in constant time from here on."""
    pairs: list[tuple[object, object]] = []
    real = hmac.compare_digest

    def noted(one, other):
        pairs.append((one, other))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    return pairs


@pytest.mark.parametrize("header", ["", SECRET, "é"])
def test_every_secret_is_compared_in_constant_time(header, compared):
    verify_signature(b"{}", header, [SECRET, OTHER_SECRET, SECRET])
    assert len(compared) == 3
    assert all(type(one) is type(other) is bytes for one, other in compared)


def test_fitting_secret_does_not_end_the_comparisons(compared):
    assert verify_signature(b"{}", signature_of(b"{}", SECRET), [SECRET, OTHER_SECRET]).index == 0
    assert len(compared) == 2


UNUSABLE = {
    "empty": ("", "is empty"),
    "short": (base64.b64encode(CANARY.encode()).decode(), "at least 16 are needed"),
    "not-base64": (f"{CANARY}!", "is not base64"),
    "junk-inside": (f"{SECRET[:9]}\n{SECRET[9:]}", "is not base64"),
    "not-ascii": (f"{CANARY}é", "is not base64"),
}


@pytest.mark.parametrize("name", UNUSABLE)
@pytest.mark.parametrize("hide", [str, Secret])
def test_unusable_secret_is_a_contract_error_that_does_not_show_it(name, hide):
    text, reason = UNUSABLE[name]
    with pytest.raises(InvalidOption, match=reason) as caught:
        verify_signature(b"{}", "x", [SECRET, hide(text)])
    assert caught.value.name == "secrets[1]"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert CANARY not in repr(caught.value) + str(caught.value) + repr(pickle.dumps(caught.value))


@pytest.mark.parametrize("body", [b"{}", b"x" * 2_000_000], ids=["small", "too-large"])
@pytest.mark.parametrize("secrets", [[], "", ["short"]], ids=["none", "empty", "short"])
def test_unusable_secrets_are_told_whatever_came(secrets, body):
    with pytest.raises(InvalidOption):
        parse_external_action(body, {}, secrets)


def test_secret_in_bytes_is_not_taken_for_several():
    with pytest.raises(InvalidOption, match="secrets: must be a string"):
        verify_signature(b"{}", "x", SECRET.encode())  # type: ignore[arg-type]  # the mistake


def test_secret_of_sixteen_bytes_is_enough():
    assert signature_of(b"{}", base64.b64encode(bytes(16)).decode())


# --- external actions ---


def test_action_round_trips():
    verdict = parse_external_action(*signed_request(ACTION, SECRET), SECRET)
    assert verdict.action == ACTION
    assert verdict.authentic
    assert verdict.conforms


def test_action_is_written_as_json_dumps_does():
    body, headers = signed_request(ExternalAction(call_id=CALL, payload={"é": [1]}), Secret(SECRET))
    assert body == b'{"payload": {"\\u00e9": [1]}, "call_id": "%s"}' % CALL.encode()
    assert headers == {"content-type": "application/json"} | signed(body)


@pytest.mark.parametrize("name", ["X-Vocode-Signature", "X-VOCODE-SIGNATURE", b"x-vocode-signature"])
def test_action_signature_is_found_in_any_case(name):
    body, headers = signed_request(ACTION, SECRET)
    assert parse_external_action(body, [(name, headers[HEADER])], SECRET).authentic


def test_action_with_the_header_twice_is_not_authentic():
    body, headers = signed_request(ACTION, SECRET)
    assert not parse_external_action(body, [(HEADER, headers[HEADER])] * 2, SECRET).authentic


@pytest.mark.parametrize(
    ("headers", "code"), [({}, "signature-missing"), ({HEADER: CANARY}, "signature-wrong")], ids=["missing", "wrong"]
)
def test_action_that_is_not_authentic_is_not_read(headers, code):
    verdict = parse_external_action(b"{ no JSON", headers, SECRET)
    assert verdict.action is None
    assert not verdict.authentic
    assert codes(verdict) == [code]


def test_action_that_is_authentic_and_broken_says_both():
    body = b'{"payload": []}'
    verdict = parse_external_action(body, signed(body), SECRET)
    assert verdict.authentic
    assert verdict.action is None
    assert sorted(codes(verdict)) == ["required", "type"]


def test_action_beyond_the_limit_is_not_hashed():
    verdict = parse_external_action(b"x" * 2_000_000, {HEADER: "x"}, SECRET)
    assert verdict.verification.reason == "too-large"
    assert codes(verdict) == ["json-too-large"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"result": {}}', []),
        (b'{"result": {"a": 1}, "agent_message": "Done."}', []),
        (b'{"result": {}, "agent_mesage": "Done."}', ["unknown-key"]),
        (b'{"result": {}, "agent_message": null}', ["null"]),
        (b'{"result": "done"}', ["type"]),
        (b"{}", ["required"]),
        (b"", ["json-empty"]),
    ],
)
def test_answer_is_judged(body, found):
    assert codes(parse_answer(body)) == found


# --- nothing leaks ---


def shown(value: object) -> str:
    return f"{value!r} {value!s} {value:}"


def test_parsed_event_shows_nothing_of_its_payload():
    verdict = parse_event(event(payload={CANARY: CANARY}), {"content-type": CANARY, CANARY: CANARY})
    assert verdict.event is not None
    assert CANARY not in shown(verdict) + shown(verdict.event)


def test_event_of_an_odd_kind_does_not_show_it():
    assert CANARY not in repr(parse_event(event(f"{CANARY}\x1b[31m")))


def test_refused_event_shows_nothing_anywhere():
    verdict = parse_event(event("event_human_detection", payload={"result": CANARY, CANARY: 1}) + CANARY.encode())
    assert verdict.event is None
    assert CANARY not in shown(verdict) + repr(pickle.dumps(verdict)) + "".join(map(str, verdict.violations))


def test_action_shows_nothing_of_payload_or_secret():
    body, headers = signed_request(ACTION, SECRET)
    verdict = parse_external_action(body, headers, SECRET)
    text = shown(verdict) + shown(verdict.action) + repr(pickle.dumps(verdict.verification))
    assert CANARY not in text
    assert SECRET not in text
    assert headers[HEADER] not in text


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])  # noqa: S301 - our own bytes
def test_event_survives_being_queued(duplicate):
    found = parse_event(event(payload={"x": 1})).event
    assert duplicate(found) == found


# --- the key by which a delivery is known again ---


def test_key_is_the_same_in_every_spelling():
    spellings = [
        event(payload={"a": 1, "b": "é"}),
        json.dumps({"payload": {"b": "é", "a": 1}, "call_id": CALL.upper(), "type": "event_message"}).encode(),
        event(payload={"a": 1, "b": "é"}).replace(b" ", b"") + b"\n",
    ]
    assert len({idempotency_key(body) for body in spellings}) == 1


@pytest.mark.parametrize("spellings", [("67", "67.0", "6.7e1"), ("100", "1e2"), ("0", "-0.0", "-0"), ("1.5", "15e-1")])
def test_key_is_the_same_for_every_spelling_of_a_number(spellings):
    keys = {idempotency_key(event(payload={"n": [{"n": "X"}]}).replace(b'"X"', text.encode())) for text in spellings}
    assert len(keys) == 1


@pytest.mark.parametrize(
    "numbers",
    [("67", "67.5"), ("9007199254740992", "9007199254740993"), ("1", "true"), ("1", '"1.0"'), ("1e300", "2e300")],
)
def test_key_differs_for_different_numbers(numbers):
    keys = {idempotency_key(event(payload={"n": "X"}).replace(b'"X"', text.encode())) for text in numbers}
    assert len(keys) == 2


def test_key_of_a_payload_that_is_nested_too_deep_is_refused():
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"x": deep, "n": 1.0}
    with pytest.raises(InvalidOption):
        idempotency_key(Event(type="event_message", call_id=CALL, payload=deep))


def test_key_of_a_body_is_that_of_its_event():
    body = event(payload={"a": 1})
    found = parse_event(body).event
    assert found is not None
    assert idempotency_key(body) == idempotency_key(found)


def test_key_tells_kind_call_payload_and_action_apart():
    received: list[Event | ExternalAction] = [
        Event(type="event_message", call_id=CALL),
        Event(type="event_action", call_id=CALL),
        Event(type="event_message", call_id=CALL.replace("3", "4")),
        Event(type="event_message", call_id=CALL, payload={"a": 1}),
        Event(type="event_message", call_id=CALL, payload={"a": "1"}),
        ExternalAction(call_id=CALL),
    ]
    assert len({idempotency_key(each) for each in received}) == len(received)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", event(payload=[])])
def test_key_of_a_body_without_event_is_by_its_bytes(body):
    assert len(idempotency_key(body)) == 64
    assert idempotency_key(body) == idempotency_key(bytes(body)) != idempotency_key(body + b" ")


def test_key_is_sixty_four_digits_that_quote_nothing():
    key = idempotency_key(Event(type=CANARY, call_id=CANARY, payload={CANARY: CANARY}))
    assert len(key) == 64
    assert int(key, 16)


def test_key_of_what_is_no_json_is_our_callers_mistake():
    with pytest.raises(InvalidOption) as caught:
        idempotency_key(Event(type="event_message", call_id=CALL, payload={"x": {CANARY}}))
    assert CANARY not in str(caught.value)


def test_names_of_the_package_are_sorted():
    names = vars(webhooks)["__all__"]
    assert names == sorted(names)
