import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.payloads import SOUND as CALL
from vocode_contract.contract.model import Contract
from vocode_contract.http.checks import CHECKS, Check, violations_of
from vocode_contract.http.message import Exchange, Request, Response
from vocode_contract.http.policies import POLICIES
from vocode_contract.validation.codes import CODES, GROUPS, Selection

CONTRACT = Contract.load("2023-11-30")
END_CALL = CONTRACT.operations["end_call"]
CREATE_CALL = CONTRACT.operations["create_call"]
GET_RECORDING = CONTRACT.operations["get_recording"]

BODY = json.dumps(CALL).encode()
JSON = ("content-type", "application/json")
TOKEN = "tok_0123456789"  # long enough not to stand in an answer by chance


def answered(status=200, body=BODY, *headers, query=f"id={CALL['id']}", method="POST", path="/v1/calls/end"):
    request = Request(method=method, path=path, query=query, headers=(("Authorization", f"Bearer {TOKEN}"),))
    return Exchange(request=request, response=Response(status=status, headers=headers or (JSON,), body=body))


def found(exchange, operation=END_CALL, contract=CONTRACT, **options):
    return list(violations_of(exchange, operation, contract, **options))


def codes(exchange, operation=END_CALL, **options):
    return [violation.code for violation in found(exchange, operation, **options)]


def test_checks_pass_a_sound_answer():
    assert codes(answered()) == []


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON ;charset=latin-1"])
def test_checks_take_parameters_of_the_media_type(content_type):
    assert codes(answered(200, BODY, ("Content-Type", content_type))) == []


def test_checks_have_one_order_and_no_twins():
    assert len({check.run for check in CHECKS}) == len(CHECKS)


def test_every_code_of_a_check_is_in_a_test():
    texts = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("*.py"))
    tested_elsewhere = {*GROUPS["payload"], *GROUPS["consistency"]}
    codes_of_checks = {code for check in CHECKS for code in check.codes} - tested_elsewhere
    assert not {code for code in codes_of_checks if f'"{code}"' not in texts}, "test them in tests/http/"


def test_check_with_an_unregistered_code_cannot_be_made():
    with pytest.raises(LookupError, match="'no-such-code' is not registered"):
        Check(codes=("slow", "no-such-code"), run=CHECKS[0].run)


@pytest.mark.parametrize("need", ["body", "request-body", "arrival"])
def test_check_whose_needs_are_unknown_is_not_run(need):
    body = b'{"detail": [], "account": [{"twilio_auth_token": "canary-5f2b"}]}'
    headers = JSON, ("Date", "Thu, 30 Nov 2023 14:31:00 GMT")
    whole = set(codes(answered(422, body, *headers), received_at=0.0))
    part = set(codes(answered(422, body, *headers), received_at=0.0, unknown=[need]))
    of_need = {code for check in CHECKS if need in check.needs for code in check.codes}
    assert part == whole - of_need < whole


def test_status_declared_names_what_was_allowed():
    violation = next(one for one in found(answered(500)) if one.code == "status-undeclared")
    assert str(violation) == "(document): expected one of 200, 422, got 500 [status-undeclared, 2023-11-30]"
    assert violation.schema_pointer == "/paths/~1v1~1calls~1end/post/responses"


@pytest.mark.parametrize("status", [401, 403, 404, 409, 429, 503])
def test_status_declared_leaves_undecided_refusals_to_policy(status):
    assert codes(answered(status, b'{"detail": "no"}')) == []


@pytest.mark.parametrize("status", [201, 204, 405, 418, 500])
def test_status_declared_refuses_what_no_policy_takes(status):
    assert codes(answered(status, b"")) == ["status-undeclared"]


def test_status_declared_takes_405_for_another_method():
    assert codes(answered(405, b"{}", method="PUT")) == []


def test_status_declared_wants_something_named_for_a_404():
    assert codes(answered(404, b"{}", method="GET"), CONTRACT.operations["list_calls"]) == ["status-undeclared"]


@pytest.mark.parametrize("name", POLICIES)
def test_policy_never_takes_what_breaks_every_contract(name):
    assert not POLICIES[name].statuses & {200, 422, 500}


def test_redirect_is_one_violation_without_the_query_of_its_target():
    violations = found(answered(307, b"", ("Location", "https://elsewhere.example/?token=x")))
    assert [str(violation) for violation in violations] == [
        "(document): expected one of 200, 422, got 307 to another host, //elsewhere.example/ "
        "[redirect-elsewhere, 2023-11-30]"
    ]


def test_redirect_from_a_trailing_slash_is_policy():
    assert codes(answered(307, b"", ("Location", "/v1/calls/end"), path="/v1/calls/end/")) == []


def test_body_that_cannot_be_decompressed_is_not_json():
    exchange = answered(200, gzip.compress(BODY)[:99], JSON, ("Content-Encoding", "gzip"))
    assert codes(exchange) == ["encoding-unasked", "body-not-json"]


def test_compressed_body_is_checked_by_its_content():
    exchange = answered(200, gzip.compress(b"[]"), JSON, ("Content-Encoding", "gzip"))
    assert [(one.code, one.severity) for one in found(exchange)] == [("encoding-unasked", "advice"), ("type", "error")]


def test_encoding_unasked_is_the_one_thing_said_of_a_compressed_body():
    assert codes(answered(200, gzip.compress(BODY), JSON, ("Content-Encoding", "gzip"))) == ["encoding-unasked"]


@pytest.mark.parametrize("coding", ["t", "dent", "identity, br", "gzip"])
def test_encoding_is_no_part_of_the_name_of_one_that_was_asked_for(coding):
    exchange = answered(200, BODY, JSON, ("Content-Encoding", coding))
    request = replace(exchange.request, headers=(("accept-encoding", "identity, deflate;q=0.5, gzip;q=0"),))
    assert codes(replace(exchange, request=request)) == ["encoding-unasked", "body-not-json"]


def test_encoding_is_read_from_every_line_of_the_field():
    exchange = answered(200, gzip.compress(BODY), JSON, ("Content-Encoding", "identity"), ("Content-Encoding", "gzip"))
    assert codes(exchange) == ["encoding-unasked"]


def test_encoding_that_was_asked_for_is_fine():
    exchange = answered(200, gzip.compress(BODY), JSON, ("Content-Encoding", "gzip"))
    request = replace(exchange.request, headers=(("accept-encoding", "gzip, br"),))
    assert "encoding-unasked" not in codes(replace(exchange, request=request))


def test_framing_told_twice_is_advice():
    [violation] = found(answered(200, BODY, JSON, ("content-length", "9"), ("transfer-encoding", "chunked")))
    assert (violation.code, violation.severity) == ("framing", "advice")


def test_html_with_200_is_of_the_wrong_type_and_no_json():
    violations = found(answered(200, b"<html><title>502</title>", ("content-type", "text/html")))
    assert [str(violation) for violation in violations] == [
        "(document): expected application/json, got text/html [content-type, 2023-11-30]",
        "(document) at byte 0: expected JSON, got an HTML page of 24 bytes [body-not-json, 2023-11-30] (json-html)",
    ]


def test_content_type_cannot_break_the_line():
    [violation] = found(answered(200, BODY, ("content-type", "text/\x1b[31mred\u2028x")))
    assert str(violation).isprintable()


def test_content_type_may_not_be_left_out():
    [violation] = found(answered(200, BODY, ("x-other", "1")))
    assert (violation.code, violation.actual) == ("content-type", "no Content-Type")


@pytest.mark.parametrize("body", [b"", b" \n"])
def test_body_missing_is_the_one_thing_said_of_an_empty_body(body):
    assert codes(answered(200, body)) == ["body-missing"]


@pytest.mark.parametrize(
    ("body", "note"),
    [
        (BODY[:-1], "json-syntax"),
        (BODY.replace(b"true", b"NaN"), "json-constant"),
        (BODY[:-1] + b', "id": "x"}', "json-duplicate-key"),
        (b"[" * 100_000, "json-too-deep"),
        (b"\xef\xbb\xbf" + BODY, "json-bom"),
        (BODY + b" OK", "json-trailing"),
    ],
)
def test_body_not_json_names_the_defect(body, note):
    [violation] = found(answered(200, body))
    assert (violation.code, violation.note) == ("body-not-json", note)


def test_body_conforms_judges_by_the_declared_schema():
    [violation] = found(answered(200, json.dumps(CALL | {"status": "ringing"}).encode()))
    assert (violation.code, violation.instance_pointer) == ("enum", "/status")


def test_body_conforms_judges_a_422_by_its_own_schema():
    [violation] = found(answered(422, b'{"detail": "field required"}'))
    assert (violation.code, violation.instance_pointer) == ("detail-string", "/detail")


def test_body_conforms_says_nothing_of_sound():
    assert codes(answered(200, b"ID3...", ("content-type", "audio/mpeg")), GET_RECORDING) == []


def test_other_call_is_seen():
    violations = found(answered(query="id=00000000-0000-4000-8000-000000000000"))
    assert [str(violation) for violation in violations] == [
        "/id: expected the id that was asked for, got another id [other-call, 2023-11-30]"
    ]


@pytest.mark.parametrize("written", [CALL["id"].upper(), CALL["id"].replace("-", ""), f"urn:uuid:{CALL['id']}"])
def test_other_call_compares_uuids_not_their_text(written):
    assert codes(answered(query=f"id={written}")) == []


@pytest.mark.parametrize("query", ["", "id=x", "id=1&id=2", f"page={CALL['id']}"])
def test_other_call_wants_one_id_to_compare_with(query):
    assert codes(answered(query=query)) == []


@pytest.mark.parametrize(
    ("body", "header", "place"),
    [(TOKEN.encode(), "", "in the body"), (b"{}", f"key={TOKEN}", "in a header")],
)
def test_token_echoed_is_seen_and_not_shown(body, header, place):
    [violation] = found(answered(401, body, JSON, ("www-authenticate", header)))
    assert (violation.code, violation.actual) == ("token-echoed", f"the token {place}")
    assert TOKEN not in repr(violation)


def test_selection_weighs_what_checks_find():
    selection = Selection(ignore=("content-type",), severities={"status-undeclared": "advice"})
    [violation] = found(answered(500), selection=selection)
    assert violation.severity == "advice"
    assert codes(answered(200, BODY, ("content-type", "text/plain")), selection=selection) == []


def test_profile_tolerant_calls_an_unknown_status_of_a_call_drift():
    body = json.dumps(CALL | {"status": "ringing"}).encode()
    [violation] = found(answered(200, body), contract=Contract.load("2023-11-30", profile="tolerant"))
    assert violation.severity == "drift"


def test_every_violation_of_checks_has_an_explained_code():
    everything = [answered(500), answered(307), answered(200, b""), answered(200, b"<html>", ("content-type", "x"))]
    assert {code for exchange in everything for code in codes(exchange)} <= set(CODES)


# --- time ---


@pytest.mark.parametrize(("seconds", "expected"), [(None, []), (0.5, []), (0.9, ["slow"]), (7.2, ["slow"])])
def test_slow_answer_is_advice(seconds, expected):
    violations = found(replace(answered(), seconds=seconds))
    assert [violation.code for violation in violations] == expected
    assert all(violation.severity == "advice" for violation in violations)


@pytest.mark.parametrize(
    ("date", "actual"),
    [
        ("Thu, 30 Nov 2023 14:30:04 GMT", None),
        ("Thu, 30 Nov 2023 14:31:00 GMT", "one about 60 s ahead of it"),
        ("Thu, 30 Nov 2023 14:29:00 GMT", "one about 60 s behind it"),
        ("just now", None),
        ("Fri, 99 Nov 9999 00:00:00 GMT", None),
    ],
)
def test_clock_skew_is_advice_beyond_five_seconds(date, actual):
    now = datetime(2023, 11, 30, 14, 30, tzinfo=UTC).timestamp()
    violations = [
        one for one in found(answered(200, BODY, JSON, ("Date", date)), received_at=now) if one.code == "clock-skew"
    ]
    assert [(one.severity, one.actual) for one in violations] == ([("advice", actual)] if actual else [])


# --- secrets ---


@pytest.mark.parametrize("status", [401, 403, 422])
def test_secret_in_a_refusal_is_seen_and_not_shown(status):
    body = b'{"detail": [], "account": [{"twilio_auth_token": "canary-5f2b"}]}'
    violations = [one for one in found(answered(status, body)) if one.code == "secret-leaked"]
    assert [one.actual for one in violations] == ['a string of 11 characters under "twilio_auth_token"']


def test_secret_that_came_with_the_request_is_none_of_others():
    body = b'{"detail": [{"loc": [], "msg": "", "type": "", "input": {"openai_api_key": "canary-5f2b"}}]}'
    exchange = answered(422, body)
    request = replace(exchange.request, body=b'{"openai_api_key": "canary-5f2b"}')
    assert codes(exchange) == ["secret-leaked"]
    assert codes(replace(exchange, request=request)) == []


def test_secret_that_came_with_the_request_is_known_in_another_form():
    body = '{"detail": [{"loc": [], "msg": "", "type": "", "input": {"openai_api_key": "::\u00fc"}}]}'.encode()
    exchange = answered(422, body)
    request = replace(exchange.request, body=rb'{"openai_api_key": ":\u003a\u00fc"}')
    assert codes(exchange) == ["secret-leaked"]
    assert codes(replace(exchange, request=request)) == []


@pytest.mark.parametrize("mask", ["<credential 66565540>", "*****"])
def test_secret_that_is_masked_is_none(mask):
    body = f'{{"detail": [{{"loc": [], "msg": "", "type": "", "input": {{"openai_api_key": "{mask}"}}}}]}}'
    assert codes(answered(422, body.encode())) == []


# --- error messages, and times beside the Date header ---


@pytest.mark.parametrize(
    ("text", "actual"),
    [
        ("Traceback (most recent call last):\n  File", "a stack trace"),
        ("TypeError: x\n    at Object.end (/srv/calls.js:12:7)", "a stack trace"),
        ("(sqlite3.OperationalError) near x", "a message of a database"),
        ("cannot reach postgres://calls:hunter2@db.internal/calls", "an address with a password"),
        ("using key AKIAABCDEFGHIJKLMNOP", "a key"),
    ],
)
@pytest.mark.parametrize("status", [404, 500])
def test_internals_in_an_error_message_are_advice(status, text, actual):
    shown = found(answered(status, json.dumps({"detail": text}).encode()))
    (advice,) = [violation for violation in shown if violation.code == "internals-shown"]
    assert (advice.severity, advice.actual) == ("advice", actual)
    assert "hunter2" not in str(advice)


@pytest.mark.parametrize("text", ["Call not found", "see https://docs.example/calls@latest", "File a ticket, line 2"])
def test_plain_error_message_shows_no_internals(text):
    assert "internals-shown" not in codes(answered(404, json.dumps({"detail": text}).encode()))


def test_internals_that_the_request_holds_are_the_clients_own():
    exchange = answered(
        422, b'{"detail": [{"loc": ["query"], "msg": "ftp://a:b@c", "type": "t"}]}', query="id=ftp://a:b@c"
    )
    assert "internals-shown" not in codes(exchange)


@pytest.mark.parametrize(("ahead", "expected"), [(60, []), (-7_200, []), (7_200, ["time-off"])])
@pytest.mark.parametrize("key", ["start_time", "end_time"])
def test_time_minutes_after_the_date_header_is_an_error(key, ahead, expected):
    date = datetime(2024, 5, 1, 12, tzinfo=UTC)
    times = dict.fromkeys(("start_time", "end_time"), date.isoformat())
    call = {**CALL, **times, key: datetime.fromtimestamp(date.timestamp() + ahead, UTC).isoformat()}
    stamp = date.strftime("%a, %d %b %Y %H:%M:%S GMT")
    exchange = answered(200, json.dumps(call).encode(), JSON, ("date", stamp))
    shown = [violation for violation in found(exchange) if violation.code == "time-off"]
    assert [violation.code for violation in shown] == expected
    assert all(violation.instance_pointer == f"/{key}" and violation.severity == "error" for violation in shown)
