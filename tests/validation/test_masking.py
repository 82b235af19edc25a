import copy
import json
import pickle
import traceback
import unicodedata

import pytest

from vocode_contract.contract.model import Contract, dates
from vocode_contract.validation.masking import (
    HIDDEN_KEY,
    Secret,
    describe,
    mask,
    mask_payload,
    printable,
    shown_key,
    shown_tokens,
    shown_word,
)

CONTRACT = Contract.load()
CALL = CONTRACT.schemas["Call"]["examples"][0]
TOKEN = "sk-4f9aQ7mZ2xB8"
# Signs of number and text that are written around others, and seen.
VISIBLE_FORMATS = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}

WRITTEN = {
    "plain": ("a b", "a b"),
    "accents and scripts": ("é ß 漢 ع 😀", "é ß 漢 ع 😀"),
    "line breaks": ("a\r\nb", r"a\r\nb"),
    "line separators": ("\u2028\u2029\x85\x0b\x0c", r"\u2028\u2029\x85\x0b\x0c"),
    "NUL and bell": ("\x00\x07", r"\x00\x07"),
    "escape": ("\x1b[31m\x1b]0;x\x07", r"\x1b[31m\x1b]0;x\x07"),
    "C1 control sequence": ("\x9b2J", r"\x9b2J"),
    "delete and backspace": ("\x7f\x08", r"\x7f\x08"),
    "right-to-left override": ("\u202egnp.exe", r"\u202egnp.exe"),
    "isolates and marks": ("\u2066\u2069\u200e\u200f\u061c", r"\u2066\u2069\u200e\u200f\u061c"),
    "zero width": ("\u200b\u200c\u200d\u2060\ufeff", r"\u200b\u200c\u200d\u2060\ufeff"),
    "soft hyphen": ("a\u00adb", r"a\xadb"),
    "tags": ("\U000e0041", r"\U000e0041"),
    "variation selectors": ("\ufe0f\U000e0100", r"\ufe0f\U000e0100"),
    "fillers": ("\u3164\u115f\uffa0\u034f", r"\u3164\u115f\uffa0\u034f"),
    "lone surrogate": ("\ud83d", r"\ud83d"),
    "workflow command": ("a\n::add-mask::b", r"a\n::add-mask::b"),
}

NAMES = [
    *["id", "status", "sentiment", "hipaa_compliant", "startTime", "call_id", "oauth2_token", "URL", "_links"],
    *["Sentiment", "agent_2", "experimental_remove_silence", "openai_model_name_override"],
]
NO_NAMES = [
    *["", "_", " ", "a b", "a-b", "a.b", "a/b", "a\nb", "é", "*", "9", "12025550145", "+12025550145", "2fa"],
    *["AC0123456789abcdef0123456789abcdef", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "ghp_16C7e42F292c6912E7710c838347Ae"],
    *["eyJhbGciOiJIUzI1NiJ9", "QUtJQUlPU0ZPRE5ON0VYQU1QTEU", "AKIAIOSFODNN7EXAMPLE", "a" * 17, "a_" * 33],
]
WORDS = ["ringing", "IN_PROGRESS", "in_progress", "Ended", "voice_unheard_of", "en", "v1", "2", "voice_2"]
NO_WORDS = [
    *["", "12025550145", "2025", "a b", "en-US", "hello@example.com", "https://example.com", "x" * 33, "a.b"],
    *[
        "AC0123456789abcdef0123456789abcdef",
        "sk_live_4eC39HqLyjWD",
        "9f86d081884c",
        "MZXW6YTBOI",
        "correcthorsebatterystaple",
    ],
]


@pytest.mark.parametrize(("text", "written"), WRITTEN.values(), ids=WRITTEN)
def test_printable_writes_what_is_not_seen(text, written):
    assert printable(text) == written


def test_printable_leaves_no_control_or_format_character():
    raw = [
        code
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and printable(chr(code)) == chr(code)
    ]
    assert set(raw) <= VISIBLE_FORMATS


@pytest.mark.parametrize("name", NAMES)
def test_key_made_of_words_is_shown(name):
    assert shown_key(name) == name


@pytest.mark.parametrize("name", NO_NAMES)
def test_key_that_may_be_a_token_is_hidden(name):
    assert shown_key(name) == HIDDEN_KEY


@pytest.mark.parametrize("word", WORDS)
def test_word_is_shown_in_quotes(word):
    assert shown_word(word) == f'"{word}"'


@pytest.mark.parametrize("text", [*NO_WORDS, 5, None, ["ended"]], ids=repr)
def test_what_is_no_word_is_not_shown(text):
    assert shown_word(text) is None


@pytest.mark.parametrize("date", dates())
def test_every_enumerated_value_is_a_word(date):
    text = json.dumps(Contract.load(date).schemas)
    values = {value for part in text.split('"enum": [')[1:] for value in json.loads("[" + part.split("]")[0] + "]")}
    assert all(shown_word(value) for value in values - {None})


DESCRIBED = [
    ("secret", "a string of 6 characters"),
    ("s", "a string of 1 character"),
    ([TOKEN], "an array of 1 item"),
    ([], "an array of 0 items"),
    ({TOKEN: TOKEN}, "an object with 1 key"),
    ({}, "an object with 0 keys"),
    (15551234567, "an integer"),
    (1.5, "a number"),
    (True, "a boolean"),
    (None, "null"),
    ((1,), "no JSON value"),
]


@pytest.mark.parametrize(("value", "text"), DESCRIBED, ids=repr)
def test_described_tells_type_and_size_alone(value, text):
    assert describe(value) == text


SHOWN = [
    ("Call", ("agent", "voice", "type"), ("agent", "voice", "type")),
    ("Call", ("agent", "actions", 3, "config"), ("agent", "actions", 3, "config")),
    ("Call", ("context", "customer"), ("context", "*")),
    ("Call", ("transcript", "line"), ("transcript", "*")),
    ("Call", ("status", "line"), ("status", "*")),
    ("Call", ("sentiment", "score"), ("sentiment", "*")),
    ("Call", (TOKEN,), ("*",)),
    ("Call", (), ()),
    ("CallPage", ("items", 0, "to_number"), ("items", 0, "to_number")),
]


@pytest.mark.parametrize(("name", "tokens", "shown"), SHOWN, ids=repr)
def test_shown_tokens_hide_keys_that_are_data(name, tokens, shown):
    assert shown_tokens(CONTRACT, name, tokens) == shown


def test_mask_is_stable_and_tells_the_kind():
    assert mask("a", "credential") == mask("a", "credential")
    assert mask("a", "credential") != mask("b", "credential")
    assert mask("a", "credential").startswith("<credential ")


def test_masked_shows_what_the_contract_declares_harmless():
    shown = mask_payload(CALL, CONTRACT)
    assert isinstance(shown, dict)
    assert {key: shown[key] for key in ("id", "status", "start_time", "recording_available")} == {
        key: CALL[key] for key in ("id", "status", "start_time", "recording_available")
    }
    assert shown["agent"]["voice"]["type"] == CALL["agent"]["voice"]["type"]


MISPLACED = [
    ("transcript", "BOT: hello"),
    ("to_number", 15551234567),
    ("status", 15551234567),
    ("status", 1555.1234567),
    ("start_time", "15551234567"),
    ("start_time", "+1555-123-4567"),
    ("id", TOKEN),
    ("telephony_provider", TOKEN),
    ("recording_available", TOKEN),
    ("agent", TOKEN),
    ("agent", [TOKEN]),
    ("context", {TOKEN: TOKEN}),
    ("status", {TOKEN: TOKEN}),
    ("transcript", {"a": [TOKEN, 15551234567]}),
    ("sentiment", TOKEN),
    ("sentiment", {"score": 15551234567}),
    (TOKEN, TOKEN),
]


@pytest.mark.parametrize(("key", "value"), MISPLACED, ids=repr)
def test_masked_hides_what_stands_in_a_wrong_place(key, value):
    shown = json.dumps(mask_payload({key: value}, CONTRACT))
    assert TOKEN not in shown
    assert "15551234567" not in shown
    assert "123-4567" not in shown
    assert "hello" not in shown


def test_masked_leaves_the_payload_alone():
    payload = copy.deepcopy(CALL)
    mask_payload(payload, CONTRACT)
    assert payload == CALL


def test_masked_ends_where_the_payload_is_too_deep():
    deep: object = TOKEN
    for _ in range(5_000):
        deep = [deep]
    assert "<too deep>" in json.dumps(mask_payload({"context": deep}, CONTRACT))


def test_masked_takes_keys_that_are_no_strings():
    assert TOKEN not in str(mask_payload({1: TOKEN, None: 2}, CONTRACT))


@pytest.mark.parametrize("form", [str, repr, "{}".format, "{!r:>40}".format, "{:>40}".format, "%s".__mod__, ascii])
def test_secret_has_no_form_that_shows_it(form):
    assert TOKEN not in form(Secret(TOKEN))


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars])
def test_secret_is_not_taken_along(take):
    with pytest.raises(TypeError):
        take(Secret(TOKEN))


def test_secret_is_not_in_a_traceback_with_locals():
    secret = Secret(TOKEN)
    try:
        raise ValueError(secret)
    except ValueError as error:
        lines = traceback.TracebackException.from_exception(error, capture_locals=True).format()
    assert TOKEN not in "".join(lines)
    assert secret.reveal() == TOKEN


def test_secrets_compare_by_their_token():
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("\udc80") == Secret("\udc80")
    assert Secret("a")
    assert not Secret("")
