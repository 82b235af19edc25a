"""Each diagnosis is provoked by making the mistake."""

import base64
import hashlib
import hmac
import json
import pickle
import shutil
import subprocess

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocode_contract.errors import InvalidOption
from vocode_contract.validation.masking import Secret
from vocode_contract.webhooks import Diagnosis, ExternalAction, diagnose, signature_of, signed_request
from vocode_contract.webhooks.mistakes import MISTAKES
from vocode_contract.webhooks.serializers import SERIALISERS, SORTING

CALL = "37bf8eef-d71f-474f-877f-cdaf1d3e2103"
CANARY = "Canary-7f3e"
# A key whose base64 has +, / and =, so that every misspelling of it differs.
KEY = bytes.fromhex("fbf0ff") * 7 + bytes(7)
SECRET = base64.b64encode(KEY).decode()
WRONG = base64.b64encode(bytes(32)).decode()
ACTION = ExternalAction(
    call_id=CALL, payload={"order": CANARY, "name": "Zoë 💣", "b": 1.5, "a": [True, None, 10**17], "z": {"y": "<"}}
)
BODY, HEADERS = signed_request(ACTION, SECRET)
VALUE = json.loads(BODY)
#: A body whose signature has both characters that URL-safe base64 writes otherwise.
TELLING = next(
    body for body in (b"%d" % number for number in range(1000)) if {"+", "/"} < set(signature_of(body, SECRET))
)
SIGNATURE = HEADERS["x-vocode-signature"]


def found(body: bytes = BODY, header=SIGNATURE, secrets=SECRET) -> list[str]:
    return [diagnosis.code for diagnosis in diagnose(body, header, secrets)]


def made_with(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def test_diagnosis_of_a_good_signature_is_empty():
    assert diagnose(BODY, SIGNATURE, [WRONG, SECRET]) == ()


REWRITTEN = {
    "Python json.dumps(separators=(',', ':'))": json.dumps(VALUE, separators=(",", ":")).encode(),
    "Python json.dumps(ensure_ascii=False)": json.dumps(VALUE, ensure_ascii=False).encode(),
    "Python json.dumps(separators=(',', ':'), ensure_ascii=False)": json.dumps(
        VALUE, separators=(",", ":"), ensure_ascii=False
    ).encode(),
    "Python json.dumps(sort_keys=True)": json.dumps(VALUE, sort_keys=True).encode(),
    "Python json.dumps(sort_keys=True, separators=(',', ':'))": json.dumps(
        VALUE, sort_keys=True, separators=(",", ":")
    ).encode(),
    "Python json.dumps(indent=2)": json.dumps(VALUE, indent=2).encode(),
    "orjson.dumps": orjson.dumps(VALUE),
    "orjson.dumps(option=OPT_SORT_KEYS)": orjson.dumps(VALUE, option=orjson.OPT_SORT_KEYS),
    # As node 22 writes JSON.stringify(JSON.parse(body)); the test below asks a node, where there is one.
    "JavaScript JSON.stringify": (
        '{"payload":{"order":"Canary-7f3e","name":"Zoë 💣","b":1.5,"a":[true,null,100000000000000000],'
        '"z":{"y":"<"}},"call_id":"37bf8eef-d71f-474f-877f-cdaf1d3e2103"}'
    ).encode(),
}


@pytest.mark.parametrize("writer", REWRITTEN)
def test_body_written_again_is_proved_with_its_serialiser(writer):
    [diagnosis] = diagnose(REWRITTEN[writer], SIGNATURE, [WRONG, SECRET])
    assert diagnosis.code == "body-reserialised"
    assert diagnosis.certain
    assert writer in diagnosis.writers
    assert writer in str(diagnosis)


@pytest.mark.parametrize("writer", REWRITTEN)
def test_serialisers_that_write_otherwise_are_not_named(writer):
    body = REWRITTEN[writer]
    [diagnosis] = diagnose(body, SIGNATURE, SECRET)
    assert all({**SERIALISERS, **SORTING}[name](json.loads(body)) == body for name in diagnosis.writers)
    assert len(diagnosis.writers) <= 3


def test_body_written_again_with_a_loss_is_suspected():
    body, headers = signed_request(ExternalAction(call_id=CALL, payload={"x": 1.0}), SECRET)
    [diagnosis] = diagnose(body.replace(b"1.0", b"1").replace(b" ", b""), headers["x-vocode-signature"], SECRET)
    assert (diagnosis.code, diagnosis.certain) == ("body-reserialised", False)
    assert "JavaScript JSON.stringify" in diagnosis.writers


NUMBERS = [0.0, -0.0, 1.0, -1.5, 1e20, 1e21, 1.5e300, 123456789012345680000.0, 1e-6, 1.5e-6, 1e-7, 5e-324, 2**53 + 1]
STRANGE = {"b": NUMBERS, "10": "\x7f\x1f\u2028\b", "9": {"02": 1, "4294967295": 2, "-1": 3, "4294967294": 4}, "": []}
STRINGIFIED = (
    '{"9":{"4294967294":4,"02":1,"4294967295":2,"-1":3},"10":"\x7f\\u001f\u2028\\b","b":[0,0,1,-1.5,'
    '100000000000000000000,1e+21,1.5e+300,123456789012345680000,0.000001,0.0000015,1e-7,5e-324,9007199254740992],"":[]}'
)


def test_javascript_is_written_as_javascript_does():
    assert SERIALISERS["JavaScript JSON.stringify"](STRANGE).decode() == STRINGIFIED


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize("value", [STRANGE, VALUE], ids=["strange", "action"])
def test_javascript_is_written_as_node_does(value):
    script = "process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0))))"
    command = [str(shutil.which("node")), "-e", script]
    written = subprocess.run(command, input=json.dumps(value).encode(), capture_output=True, check=True).stdout
    assert written == SERIALISERS["JavaScript JSON.stringify"](value)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (BODY + b"\n", "body-newline-added"),
        (BODY + b"\r\n", "body-newline-added"),
        (b" " + BODY, "body-newline-added"),
        (b"\xef\xbb\xbf" + BODY, "body-bom"),
        (base64.b64encode(BODY), "body-base64"),
        (BODY.decode().encode("utf-16"), "body-transcoded"),
    ],
)
def test_body_that_was_changed_is_proved(body, code):
    [diagnosis] = diagnose(body, SIGNATURE, SECRET)
    assert diagnosis == Diagnosis(code=code)


UNICODE = json.dumps(VALUE, ensure_ascii=False).replace("💣", "").encode()


@pytest.mark.parametrize(
    ("sent", "taken", "code"),
    [
        (BODY + b"\n", BODY, "body-newline-stripped"),
        (b"a\nb", b"a\r\nb", "body-line-breaks"),
        (b"a\r\nb", b"a\nb", "body-line-breaks"),
        (UNICODE, UNICODE.decode("latin-1").encode(), "body-transcoded"),
        (UNICODE, UNICODE.decode("cp1252").encode(), "body-transcoded"),
        (UNICODE, UNICODE.decode().encode("latin-1"), "body-transcoded"),
    ],
)
def test_body_that_differs_from_what_was_sent_is_proved(sent, taken, code):
    assert found(taken, signature_of(sent, SECRET)) == [code]


@pytest.mark.parametrize(("body", "code"), [(b"", "body-empty"), (b"payload=1", "body-not-json")])
def test_body_that_cannot_be_explained_is_suspected(body, code):
    [diagnosis] = diagnose(body, SIGNATURE, SECRET)
    assert diagnosis == Diagnosis(code=code, certain=False)
    assert str(diagnosis).startswith("Probably: ")


def test_wrong_key_is_suspected_where_the_body_is_the_providers():
    assert diagnose(BODY, SIGNATURE, WRONG) == (Diagnosis(code="key-wrong", certain=False),)


@pytest.mark.parametrize(
    ("secret", "codes"),
    [
        ("", ["secret-empty"]),
        (f"{CANARY}!", ["secret-not-base64"]),
        ("Zoë", ["secret-not-base64"]),
        (SECRET + "\n", ["secret-whitespace"]),
        (SECRET[:9] + "\r\n" + SECRET[9:], ["secret-whitespace"]),
        (f'"{SECRET}"', ["secret-whitespace"]),
        (f"'{SECRET}'\n", ["secret-whitespace"]),
        (base64.urlsafe_b64encode(KEY).decode(), ["secret-urlsafe"]),
        (SECRET.rstrip("="), ["secret-padding"]),
        (base64.b64encode(b"short").decode(), ["secret-short"]),
    ],
)
@pytest.mark.parametrize("hide", [str, Secret])
def test_unusable_secret_is_diagnosed_and_not_raised(secret, codes, hide):
    diagnoses = diagnose(BODY, SIGNATURE, [SECRET, hide(secret)])
    assert diagnoses == tuple(Diagnosis(code=code, index=1) for code in codes)
    assert found(secrets=[hide(secret)]) == codes


@pytest.mark.parametrize(
    ("key", "code"), [(SECRET.encode(), "secret-undecoded"), (b"\x01" * 16, "secret-hex")], ids=["undecoded", "hex"]
)
def test_key_that_was_read_otherwise_is_proved(key, code):
    secret = SECRET if code == "secret-undecoded" else "01" * 16
    header = made_with(hmac.digest(key, BODY, "sha256"))
    assert diagnose(BODY, header, [WRONG, secret]) == (Diagnosis(code=code, index=1),)


def test_secret_that_is_plain_text_is_both():
    header = made_with(hmac.digest(b"not base64 at all", BODY, "sha256"))
    assert found(header=header, secrets="not base64 at all") == ["secret-not-base64", "secret-undecoded"]


@pytest.mark.parametrize("header", [None, "", b"", []])
def test_header_that_is_missing_is_told(header):
    assert found(header=header) == ["header-missing"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda good: [good, good], "header-repeated"),
        (lambda good: f"{good}, {good}", "header-repeated"),
        (lambda good: f" {good}", "header-whitespace"),
        (lambda good: f"{good}\r\n", "header-whitespace"),
        (lambda good: f'"{good}"', "header-quotes"),
        (lambda good: str(good.encode()), "header-quotes"),
        (lambda good: f"sha256={good}", "header-prefix"),
        (lambda good: f"v1,{good}", "header-prefix"),
        (lambda good: base64.b64decode(good).hex(), "header-hex"),
        (lambda good: good.replace("+", "-").replace("/", "_"), "header-urlsafe"),
        (lambda good: good.rstrip("="), "header-padding"),
    ],
)
def test_header_that_was_changed_is_proved(change, code):
    assert found(TELLING, change(signature_of(TELLING, SECRET))) == [code]


@pytest.mark.parametrize("header", ["né", "💣", b"\xff", "!", "\ud83d"])
def test_header_that_is_no_base64_is_told(header):
    assert found(header=header) == ["header-not-base64"]


@pytest.mark.parametrize("algorithm", ["sha1", "sha384", "sha512"])
def test_other_digest_is_told_by_its_length(algorithm):
    assert found(header=made_with(hmac.digest(KEY, BODY, algorithm))) == [f"digest-{algorithm}"]


def test_length_of_another_digest_alone_is_not_certain():
    [likely, *_] = diagnose(BODY, made_with(bytes(64)), SECRET)
    assert (likely.code, likely.certain) == ("digest-sha512", False)
    assert str(likely).startswith("Probably: The digest was made with SHA-512.")


@pytest.mark.parametrize("key", [KEY, bytes(32)], ids=["right-secret", "other-secret"])
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_hexadecimal_digest_in_base64_is_told(key, case):
    header = made_with(case(hmac.new(key, BODY, hashlib.sha256).hexdigest()).encode())
    first, *_ = diagnose(BODY, header, SECRET)
    assert (first.code, first.certain) == ("header-hex-in-base64", True)


def test_digest_of_no_known_length_is_told():
    assert found(header=made_with(b"four"))[0] == "digest-length"


def test_digest_without_a_key_is_proved():
    assert found(header=made_with(hashlib.sha256(BODY).digest())) == ["digest-unkeyed"]


def test_mistakes_made_together_are_all_told():
    header = hmac.digest(SECRET.encode(), BODY, "sha1").hex()
    codes = found(orjson.dumps(VALUE), header)
    assert codes == ["header-hex", "secret-undecoded", "digest-sha1", "body-reserialised"]


def test_every_mistake_can_be_provoked():
    with open(__file__, encoding="utf-8") as source:
        text = source.read()
    assert [code for code in MISTAKES if f'"{code}"' not in text and not code.startswith("digest-sha")] == []


def test_diagnoses_hold_nothing_of_secret_header_or_body():
    diagnoses = [
        *diagnose(b"\n" + BODY, SIGNATURE, [SECRET, f"{CANARY}!"]),
        *diagnose(BODY, f"{CANARY}!", [SECRET]),
        *diagnose(orjson.dumps(VALUE), WRONG, f"{CANARY}{SECRET}"),
    ]
    text = f"{diagnoses!r} {pickle.dumps(diagnoses)!r} {' '.join(map(str, diagnoses))}"
    assert not [hidden for hidden in (CANARY, SECRET, SIGNATURE, CALL) if hidden in text]


@given(st.binary(), st.text() | st.binary(), st.lists(st.text(), min_size=1))
def test_diagnosing_never_raises_whatever_comes(body, header, secrets):
    assert all(str(diagnosis) for diagnosis in diagnose(body, header, secrets))


def test_diagnosing_without_secrets_is_our_callers_mistake():
    with pytest.raises(InvalidOption):
        diagnose(BODY, SIGNATURE, [])


def test_large_body_is_diagnosed_of_single_mistakes():
    action = ExternalAction(call_id=CALL, payload={str(number): "x" * 90 for number in range(9000)})
    body, headers = signed_request(action, SECRET)
    assert found(orjson.dumps(json.loads(body)), headers["x-vocode-signature"]) == ["body-reserialised"]
