"""The sender against servers that misbehave below HTTP: raw sockets on loopback."""

import gzip
import itertools
import json
import logging
import os
import pickle
import socket
import subprocess
import threading
import time
from dataclasses import replace

import pytest

from tests.support.payloads import SOUND
from tests.support.raw import (
    AMPLE,
    CONTRACT,
    GET,
    HASTY,
    ID,
    OK,
    PATIENT,
    POST,
    TOKEN,
    Answer,
    client,
    drips,
    floods,
    free_port,
    is_silent,
    resets,
    says,
    serving,
)
from tests.support.waiting import one_clock
from vocode_contract.errors import InvalidOption
from vocode_contract.http.checks import violations_of
from vocode_contract.http.client.endpoint import Endpoint, Proxy
from vocode_contract.http.guard.guard import NO_CALL, READ_ONLY_VARIABLE, Consents, Guard, NotPermitted
from vocode_contract.http.inconclusive import KINDS, Inconclusive
from vocode_contract.validation.masking import Secret

pytest.importorskip("httpx")
import httpx

from vocode_contract.http.client.authentication import (
    BEARER,
    OTHER_TOKEN_VARIABLE,
    TOKEN_VARIABLE,
    Authentication,
    SecretHeader,
)
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.request import (
    DEFAULT_CREDENTIALS,
    INVALID_TOKEN,
    Credentials,
    OperationRequest,
    authorization,
)
from vocode_contract.http.client.timing import RateLimit, Timing, seconds_of


def drips_nothing(head: bytes) -> Answer:
    """Send the beginning, and then nothing more."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(head)
        is_silent(connection)

    return answer


FAULTS: dict[str, tuple[str, Answer]] = {
    "silence": ("timeout-read", is_silent),
    "drip in the head": ("timeout-total", drips(b"HTTP/1.1 200 OK\r\nX-Slow: ")),
    "drip in the body": ("timeout-total", drips(OK + b"\r\n")),
    "closed at once": ("closed", says(b"")),
    "closed in the head": ("closed", says(b"HTTP/1.1 200 OK\r\nContent-")),
    "reset": ("closed", resets),
    "cut body": ("truncated", says(OK + b"Content-Length: 100\r\n\r\n{}")),
    "cut chunk": ("truncated", says(OK + b"Transfer-Encoding: chunked\r\n\r\n50\r\n{}")),
    "bad chunk": ("protocol", says(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n")),
    "garbage, then silence": ("protocol", drips_nothing(b"SSH-2.0-OpenSSH_9.6\r\n")),
    "101 unasked": ("protocol", says(b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")),
    "silence in the body": ("timeout-read", drips_nothing(OK + b"Content-Length: 9\r\n\r\n{")),
    "garbage": ("protocol", says(b"\x00\x01\x02 nonsense\r\n\r\n")),
    "status in letters": ("protocol", says(b"HTTP/1.1 abc OK\r\n\r\n")),
    "no head": ("protocol", says(b'{"id": "x"}')),
    "300 kB header": ("protocol", says(OK + b"X-Wide: " + b"0" * 300_000 + b"\r\nContent-Length: 2\r\n\r\n{}")),
    "NUL in a header": ("protocol", says(OK + b"X-Odd: a\x00b\r\nContent-Length: 2\r\n\r\n{}")),
    "conflicting lengths": ("protocol", says(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}")),
    "endless": ("too-large", floods),
    "429": ("rate-limited", says(b"HTTP/1.1 429 Slow\r\nRetry-After: 99\r\nContent-Length: 0\r\n\r\n")),
    "502 page": ("gateway", says(b"HTTP/1.1 502 Bad\r\nContent-Length: 6\r\n\r\n<html>")),
    "401": ("not-authorised", says(b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\n{}")),
}

each_fault = pytest.mark.parametrize("name", FAULTS)


@each_fault
def test_fault_is_inconclusive_of_its_kind(name):
    kind, answer = FAULTS[name]
    timing = PATIENT if kind == "timeout-total" else HASTY if kind.startswith("timeout") else AMPLE
    with serving(answer) as server, pytest.raises(Inconclusive) as caught:
        client(server, timing).exchange(POST)
    assert caught.value.kind == kind
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@each_fault
def test_fault_sends_a_mutating_request_once(name):
    kind, answer = FAULTS[name]
    timing = HASTY if kind.startswith("timeout") else AMPLE
    with serving(answer) as server, pytest.raises(Inconclusive):
        client(server, timing).exchange(POST)
    assert len(server.heard) == 1


@pytest.mark.parametrize("name", ["silence", "closed at once", "reset", "cut body", "502 page"])
def test_request_that_only_reads_is_sent_three_times(name):
    with serving(FAULTS[name][1]) as server, pytest.raises(Inconclusive):
        client(server, replace(HASTY, total=5)).exchange(GET)
    assert len(server.heard) == 3


def test_request_that_only_reads_is_answered_in_the_end():
    with serving(says(b""), says(OK + b"Content-Length: 2\r\n\r\n{}")) as server:
        assert client(server).exchange(GET).response.body == b"{}"


def test_refused_connection_says_that_nothing_was_sent():
    with pytest.raises(Inconclusive) as caught:
        Client(f"http://127.0.0.1:{free_port()}", timing=HASTY).exchange(POST)
    assert caught.value.kind == "unreachable"
    assert "the connection was refused; nothing was sent" in str(caught.value)


def no_such_name(*_arguments, **_options):
    raise socket.gaierror(socket.EAI_NONAME, "not known")


def test_unknown_host_says_that_its_name_was_not_found(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    with pytest.raises(Inconclusive, match="the host name does not exist"):
        Client("https://nowhere.invalid", timing=HASTY).exchange(GET)


def test_no_answer_to_a_mutating_request_says_what_may_have_happened():
    with serving(is_silent) as server, pytest.raises(Inconclusive) as caught:
        client(server, HASTY).exchange(POST)
    assert str(caught.value) == (
        f"inconclusive: no response in time; 127.0.0.1 port {server.port}: "
        "nothing came within 0.2 s; the call may have been ended, Get Call tells [timeout-read]"
    )


def test_request_may_take_less_time_than_its_client():
    started = time.monotonic()
    with serving(is_silent) as server, pytest.raises(Inconclusive) as caught:
        client(server, Timing(read=5, total=10)).exchange(replace(POST, within=0.1))
    assert caught.value.kind == "timeout-read"
    assert time.monotonic() - started < 2


def test_tls_to_a_server_without_it_is_named():
    with serving(says(b"HTTP/1.1 400 Bad\r\n\r\n")) as server, pytest.raises(Inconclusive) as caught:
        Client(f"https://127.0.0.1:{server.port}", timing=HASTY).exchange(GET)
    assert caught.value.kind == "tls"


def test_redirect_is_an_answer_and_not_followed():
    moved = b"HTTP/1.1 307 Moved\r\nLocation: /v1/calls/end\r\nContent-Length: 0\r\n\r\n"
    with serving(says(moved)) as server:
        assert client(server).exchange(POST).response.status == 307
    assert len(server.heard) == 1


def test_compressed_body_is_left_as_it_came():
    body = gzip.compress(b"{}" * 1_000)
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    with serving(says(head + body)) as server:
        assert client(server).exchange(GET).response.body == body


def test_web_page_is_an_answer():
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
    with serving(says(page)) as server:
        exchange = client(server).exchange(GET)
    assert (exchange.response.status, exchange.response.header("content-type")) == (200, "text/html")


def heard(wanted: OperationRequest, token: Secret | None = None) -> bytes:
    with serving(says(OK + b"Content-Length: 2\r\n\r\n{}")) as server:
        Client(server.url, token, timing=AMPLE).exchange(wanted)
    return server.heard[0]


def test_request_is_what_was_asked_for_and_nothing_more(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    lines = heard(POST, Secret(TOKEN)).decode().split("\r\n")
    assert lines[0] == f"POST /v1/calls/end?id={ID} HTTP/1.1"
    assert [line.partition(":")[0] for line in lines[1:-2]] == [
        *("Host", "Accept", "Accept-Encoding", "User-Agent", "Authorization", "Content-Length")
    ]
    assert f"Authorization: Bearer {TOKEN}" in lines
    assert "Accept-Encoding: identity" in lines


@pytest.mark.parametrize(
    ("credentials", "line"),
    [
        (None, None),
        (Credentials(token=Secret("")), "Authorization: Bearer"),
        (Credentials(token=Secret("other")), "Authorization: Bearer other"),
        (Credentials(scheme="Basic"), f"Authorization: Basic {TOKEN}"),
    ],
)
def test_credentials_can_be_others_or_none(credentials, line):
    lines = heard(replace(POST, credentials=credentials), Secret(TOKEN)).decode().split("\r\n")
    assert [found for found in lines if found.startswith("Authorization")] == ([line] if line else [])


BASIC, KEY = Authentication.from_word("basic"), Authentication.from_word("header:X-API-Key")


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
@pytest.mark.parametrize("authentication", [BEARER, BASIC, KEY], ids=lambda found: found.word)
@pytest.mark.parametrize(
    "credentials",
    [
        Credentials(),
        Credentials(scheme="Basic"),
        Credentials(suffix="-and-more"),
        Credentials(cut=1),
        Credentials(cut=1, suffix="~"),
        Credentials(token=Secret("")),
        Credentials(token=Secret(INVALID_TOKEN)),
        Credentials(token=Secret("another-users")),
    ],
)
def test_credentials_in_a_shell_are_those_that_are_sent(credentials, authentication):
    variables = {TOKEN_VARIABLE: TOKEN, OTHER_TOKEN_VARIABLE: "another-users"}
    told = subprocess.run(
        ["/bin/sh", "-c", f'printf %s "{credentials.in_shell(authentication)}"'],
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == authorization(credentials, Secret(TOKEN), authentication)


@pytest.mark.parametrize(
    ("authentication", "line"),
    [
        (BASIC, "Authorization: Basic YWRhOnNlY3JldA=="),
        (KEY, "X-API-Key: ada:secret"),
        (Authentication.from_word("header:Authorization"), "Authorization: ada:secret"),
    ],
)
def test_credential_is_sent_where_the_server_expects_it(authentication, line):
    with serving(says(OK + b"Content-Length: 2\r\n\r\n{}")) as server:
        sender = Client(server.url, Secret("ada:secret"), timing=AMPLE, authentication=authentication)
        request = sender.exchange(GET).request
    lines = server.heard[0].decode().split("\r\n")
    assert [found for found in lines if found.startswith(("Authorization", "X-API-Key"))] == [line]
    copied = pickle.loads(pickle.dumps(request))  # noqa: S301 - our own bytes
    assert copied.header(line.partition(":")[0]) == "<token>"


@pytest.mark.parametrize("word", ["", "digest", "header", "header:", "header:X Y", "header:Host", "header:X\r\nY"])
def test_scheme_that_is_unknown_is_refused(word):
    with pytest.raises(InvalidOption, match=r"--auth: must be bearer, basic or header:NAME"):
        Authentication.from_word(word, option="--auth")


def test_basic_authentication_requires_a_password():
    with pytest.raises(InvalidOption, match="must be user:password, since --vocode-auth is basic") as caught:
        Client("http://127.0.0.1:1", Secret("hunter2"), authentication=BASIC)
    assert "hunter2" not in str(caught.value)


def test_header_of_the_environment_is_sent_and_never_shown(monkeypatch):
    monkeypatch.setenv("TENANT", "hunter2 and more")
    header = SecretHeader.from_word("X-Tenant=TENANT")
    with serving(says(OK + b"Content-Length: 2\r\n\r\n{}")) as server:
        sender = Client(server.url, timing=AMPLE, headers=(header,))
        exchange = sender.exchange(GET)
    assert b"\r\nX-Tenant: hunter2 and more\r\n" in server.heard[0]
    assert sender.headers_in_shell(None) == {"x-tenant": "$TENANT"}
    assert "hunter2" not in repr((header, exchange, exchange.request))
    assert b"hunter2" not in pickle.dumps(exchange)


@pytest.mark.parametrize(
    ("word", "value", "reason"),
    [
        ("X-Tenant", "x", "must be NAME=VARIABLE"),
        ("X-Tenant=", "x", "must be NAME=VARIABLE"),
        ("=TENANT", "x", "must be NAME=VARIABLE"),
        ("X Tenant=TENANT", "x", "must be NAME=VARIABLE"),
        ("X-Tenant=TENANT\n", "x", "must be NAME=VARIABLE"),
        ('X"$(id)=TENANT', "x", "must be NAME=VARIABLE"),
        ("X-Tenant=hunter2-1", "x", "must be NAME=VARIABLE"),
        ("X-Tenant=TENANT", None, "TENANT is not set"),
        ("X-Tenant=TENANT", "", "TENANT is not set"),
        ("X-Tenant=TENANT", "hunter2\r\nHost: x", "TENANT must be printable ASCII"),
        ("X-Tenant=TENANT", " hunter2", "TENANT must be printable ASCII"),
        ("X-Tenant=TENANT", "hunter2\u00e9", "TENANT must be printable ASCII"),
        ("Authorization=TENANT", "x", "--vocode-auth sets its scheme"),
        *((f"{name}=TENANT", "x", "set by the client itself") for name in ("Host", "content-length", "TE", "Upgrade")),
    ],
)
def test_header_of_the_environment_that_cannot_be_sent_is_refused_unseen(monkeypatch, word, value, reason):
    monkeypatch.delenv("TENANT", raising=False)
    if value is not None:
        monkeypatch.setenv("TENANT", value)
    with pytest.raises(InvalidOption, match=reason) as caught:
        SecretHeader.from_word(word, option="--header-env")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("token", ["two words", "line\r\nbreak", "\u043f\u0430\u0440\u043e\u043b\u044c", ""])
def test_token_that_is_no_header_value_is_refused_unseen(token):
    with pytest.raises(InvalidOption) as caught:
        Client("http://127.0.0.1:1", Secret(token))
    assert str(caught.value) == "VOCODE_API_KEY: must be a token of printable ASCII characters without spaces"


def test_guard_stands_before_the_socket():
    with pytest.raises(NotPermitted, match="ends a call"):
        Client("https://nowhere.invalid", Secret(TOKEN)).exchange(POST)


CREATE = OperationRequest(operation=CONTRACT.operations["create_call"], body=b'{"to_number": "+1415"}')
#: What is to be refused, and would do no harm if it were not.
PROBE = OperationRequest(operation=CONTRACT.operations["end_call"], arguments=(("id", NO_CALL),), credentials=None)


def test_guard_reads_the_number_from_the_body():
    intent = Client("https://nowhere.invalid")._intent(CREATE)
    assert (intent.numbers, intent.effect, intent.host) == (("+1415",), "rings", "nowhere.invalid")


def test_guard_is_read_only_where_the_environment_says_so(monkeypatch):
    monkeypatch.setenv(READ_ONLY_VARIABLE, "yes")
    for guard in (None, Guard(Consents(effects=frozenset({"hangs-up"}))), Guard(created={ID})):
        for wanted in (PROBE, POST):
            with pytest.raises(NotPermitted, match=READ_ONLY_VARIABLE):
                Client("https://nowhere.invalid", guard=guard).exchange(wanted)


@pytest.mark.parametrize(
    ("method", "suffix", "effect"),
    [
        ("", "", "reads"),
        ("GET", "", "reads"),
        ("HEAD", "/", "reads"),
        ("POST", "", "rings"),
        ("get", "", "rings"),
        ("POST", "/end", "rings"),
        ("GET", "/end", "rings"),
        ("GET", "?id=1", "rings"),
    ],
)
def test_effect_follows_method_and_path(method, suffix, effect):
    assert Client("https://nowhere.invalid")._intent(replace(GET, method=method, suffix=suffix)).effect == effect


@pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("", "/"), ("PUT", "")])
def test_effect_of_an_operation_asked_for_otherwise_is_not_known(method, suffix):
    assert Client("https://nowhere.invalid")._intent(replace(POST, method=method, suffix=suffix)).effect == "rings"


def test_request_with_another_method_than_its_own_is_sent_once():
    with serving(FAULTS["closed at once"][1]) as server, pytest.raises(Inconclusive):
        client(server).exchange(replace(GET, method="POST"))
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    ("arguments", "body", "call"),
    [
        ((("id", ID),), b"", ID),
        ((("id", ID),), b" null ", ID),
        ((("id", ID), ("id", NO_CALL)), b"", None),
        ((("id", ID), ("call_id", NO_CALL)), b"", None),
        ((("id", ID),), b'{"id": "x"}', None),
        ((("agent_id", ID),), b"", None),
        ((), b"", None),
    ],
)
def test_call_is_known_where_a_request_names_one_and_no_other(arguments, body, call):
    intent = Client("https://nowhere.invalid")._intent(replace(POST, arguments=arguments, body=body))
    assert intent.call_id == call


@pytest.mark.parametrize(
    ("token", "credentials", "authenticated"),
    [
        (TOKEN, DEFAULT_CREDENTIALS, True),
        (None, DEFAULT_CREDENTIALS, True),
        (TOKEN, Credentials(scheme="Basic"), True),
        (TOKEN, Credentials(suffix=" "), True),
        (TOKEN, Credentials(suffix=", x"), True),
        (TOKEN, Credentials(suffix="=="), True),
        (TOKEN, Credentials(token=Secret(TOKEN)), True),
        (TOKEN, Credentials(token=Secret(f"{TOKEN} ")), True),
        (None, Credentials(token=Secret("of-the-environment")), True),
        (TOKEN, None, False),
        (None, None, False),
        (TOKEN, Credentials(token=Secret("")), False),
        (TOKEN, Credentials(suffix="-and-more"), False),
        (TOKEN, Credentials(cut=1), False),
        (TOKEN, Credentials(cut=1, suffix=TOKEN[-1]), True),
        (TOKEN, Credentials(cut=1, suffix="~"), False),
        (None, Credentials(suffix="-and-more"), False),
        (TOKEN, Credentials(token=Secret("another")), False),
    ],
)
def test_request_is_the_users_by_what_is_sent_in_the_end(monkeypatch, token, credentials, *, authenticated):
    monkeypatch.setenv("VOCODE_API_KEY", "of-the-environment")
    asking = Client("https://nowhere.invalid", Secret(token) if token else None)
    assert asking._intent(replace(POST, credentials=credentials)).authenticated is authenticated


@pytest.mark.parametrize("token", [None, Secret(TOKEN)])
def test_client_without_a_token_needs_the_same_consents(token):
    carried = httpx.MockTransport(lambda _: httpx.Response(200))
    asking = Client("https://nowhere.invalid", token, transport=carried, timing=Timing(interval=0))
    for wanted in (POST, CREATE, replace(POST, credentials=None), replace(CREATE, credentials=None)):
        with pytest.raises(NotPermitted):
            asking.exchange(wanted)
    assert asking.exchange(PROBE).response.status == 200


def test_request_in_a_test_of_hypothesis_is_generated():
    hypothesis = pytest.importorskip("hypothesis")
    told: list[bool] = []

    @hypothesis.settings(database=None, max_examples=1)
    @hypothesis.given(hypothesis.strategies.just(POST))
    def example(wanted: OperationRequest) -> None:
        told.append(Client("https://nowhere.invalid")._intent(wanted).generated)

    example()
    assert told == [True]
    assert not Client("https://nowhere.invalid")._intent(POST).generated


def test_proxy_to_this_machine_is_refused():
    with pytest.raises(InvalidOption, match="a host that is not this machine"):
        Client("http://127.0.0.1:1", proxy=Proxy.from_url("http://proxy.example:3128"))


def test_other_transport_is_asked_in_place_of_the_network():
    carried = httpx.MockTransport(lambda request: httpx.Response(200, json={"path": request.url.path}))
    exchange = Client("https://nowhere.invalid/api", transport=carried).exchange(GET)
    assert exchange.response.body == b'{"path":"/api/v1/calls"}'


def test_other_transport_that_fails_is_inconclusive_too():
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("late", request=request)

    with pytest.raises(Inconclusive) as caught:
        Client("http://127.0.0.1:1", timing=HASTY, transport=httpx.MockTransport(refuse)).exchange(GET)
    assert caught.value.kind == "timeout-connect"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        (None, None),
        ("soon", None),
        ("-1", None),
        ("9" * 400, None),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(header, seconds):
    assert seconds_of(header) == seconds


def test_libraries_beneath_log_no_urls_and_no_headers(caplog):
    caplog.set_level(logging.DEBUG)
    with serving(says(OK + b"Set-Cookie: session=hunter2\r\nContent-Length: 2\r\n\r\n{}")) as server:
        client(server).exchange(GET)
    assert "hunter2" not in caplog.text
    assert ID not in caplog.text


def test_representations_hold_no_token():
    credentials = Credentials(token=Secret(TOKEN))
    wanted = replace(POST, credentials=credentials, body=b"hunter2", arguments=(("id", "hunter2"),))
    assert TOKEN not in repr((credentials, wanted, DEFAULT_CREDENTIALS))
    assert "hunter2" not in repr(wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_inconclusive_is_a_comparable_value_of_one_line(kind):
    inconclusive = Inconclusive(kind, "seen", "so", 1.5)
    assert pickle.loads(pickle.dumps(inconclusive)) == inconclusive  # noqa: S301 - our own bytes
    assert len(str(inconclusive).splitlines()) == 1


def test_endpoint_may_be_given_parsed():
    assert Client(Endpoint.from_url("https://staging.example")).endpoint.host == "staging.example"


# --- complete answers: what the checks say of them ---

CALL = json.dumps(SOUND | {"id": ID}).encode()
UNDECODABLE = ["encoding-unasked", "body-not-json"]


def whole(body: bytes, *headers: bytes, status: bytes = b"200 OK", media_type: bytes = b"application/json") -> bytes:
    typed = (b"Content-Type: " + media_type,) if media_type else ()
    lines = (b"HTTP/1.1 " + status, *typed, *headers, b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def moved(location: bytes) -> bytes:
    return whole(b"", b"Location: " + location, status=b"307 Moved", media_type=b"")


def in_pieces(data: bytes, size: int) -> Answer:
    def answer(connection: socket.socket) -> None:
        for at in range(0, len(data), size):
            connection.sendall(data[at : at + size])

    return answer


def starts_late(connection: socket.socket) -> None:
    threading.Event().wait(0.1)
    connection.sendall(whole(CALL))


def bomb() -> bytes:
    return gzip.compress(gzip.compress(b" " * 20_000_000))


CHUNKS = b"".join(b"1\r\n%c\r\n" % byte for byte in CALL) + b"0\r\n\r\n"
JUDGED: dict[str, tuple[Answer, list[str]]] = {
    "sound": (says(whole(CALL)), []),
    "100 Continue, fifty times": (says(b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + whole(CALL)), []),
    "one byte a chunk": (says(OK + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS), []),
    "one byte a packet": (in_pieces(whole(CALL), 97), []),
    "slow start": (starts_late, []),
    "a length too small": (
        says(whole(CALL)[: -len(CALL)].replace(b"%d" % len(CALL), b"40") + CALL),
        ["framing", "body-not-json"],
    ),
    "length and chunks": (
        says(OK + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS),
        ["framing"],
    ),
    "unasked gzip": (says(whole(gzip.compress(CALL), b"Content-Encoding: gzip")), ["encoding-unasked"]),
    "unknown coding": (says(whole(CALL, b"Content-Encoding: x-odd")), UNDECODABLE),
    "broken gzip": (
        says(whole(b"\x1f\x8b" + b"\xff" * 40, b"Content-Encoding: gzip")),
        UNDECODABLE,
    ),
    "cut gzip": (
        says(whole(gzip.compress(CALL)[:99], b"Content-Encoding: gzip")),
        UNDECODABLE,
    ),
    "gzip in gzip": (says(whole(bomb(), b"Content-Encoding: gzip")), UNDECODABLE),
    "invalid UTF-8": (says(whole(CALL.replace(b"{", b'{"n": "Ren\xc3", ', 1))), ["body-not-json"]),
    "UTF-16": (says(whole(CALL.decode().encode("utf-16"))), ["body-not-json"]),
    "byte order mark": (says(whole(b"\xef\xbb\xbf" + CALL)), ["body-not-json"]),
    "HTML with 200": (says(whole(b"<html>", media_type=b"text/html")), ["content-type", "body-not-json"]),
    "empty 200": (says(whole(b"")), ["body-missing"]),
    "204": (says(b"HTTP/1.1 204 No Content\r\n\r\n"), ["status-undeclared"]),
    "JSON as text": (says(whole(CALL, media_type=b"text/plain")), ["content-type"]),
    "NaN": (says(whole(CALL.replace(b"{", b'{"n": NaN, ', 1))), ["body-not-json"]),
    "duplicate key": (says(whole(CALL.replace(b"{", b'{"id": null, ', 1))), ["body-not-json"]),
    "100 000 brackets": (says(whole(b"[" * 100_000)), ["body-not-json"]),
    "other id": (says(whole(CALL.replace(ID.encode(), ID.replace("3c", "3d").encode()))), ["other-call"]),
    "422 with a string": (
        says(whole(b'{"detail": "no"}', status=b"422 Unprocessable Entity")),
        ["detail-string"],
    ),
    "500": (says(whole(b"Internal Server Error", status=b"500 Oh", media_type=b"text/plain")), ["status-undeclared"]),
    "redirect here": (says(moved(b"/v2/calls")), ["redirect"]),
    "redirect to another host": (says(moved(b"https://there.example/v1/calls")), ["redirect-elsewhere"]),
    "redirect to another host, in disguise": (says(moved(b"//there.example/v1/calls")), ["redirect-elsewhere"]),
    "redirect to a file": (says(moved(b"file:///etc/hostname")), ["redirect-elsewhere"]),
}


@pytest.mark.parametrize("name", JUDGED)
def test_complete_answer_is_judged(name):
    answer, expected = JUDGED[name]
    with serving(answer) as server:
        exchange = client(server).exchange(GET)
    assert len(server.heard) == 1
    found = [violation.code for violation in violations_of(exchange, GET.operation, CONTRACT)]
    assert [code for code in found if code != "slow"] == expected  # a busy machine is slow


def test_length_too_small_is_hinted_at():
    with serving(JUDGED["a length too small"][0]) as server:
        exchange = client(server).exchange(GET)
    [_, found] = violations_of(exchange, GET.operation, CONTRACT)
    assert "Content-Length ended the body after 40 bytes" in found.actual


def takes_nothing(_connection: socket.socket) -> None:
    threading.Event().wait(0.5)


def test_request_that_is_not_taken_in_time_may_have_been_sent():
    with serving(takes_nothing) as server, pytest.raises(Inconclusive) as caught:
        client(server, HASTY).exchange(replace(POST, body=b" " * 30_000_000))
    assert caught.value.kind == "timeout-write"
    assert "may have been ended" in str(caught.value)


@pytest.mark.parametrize("header", ["1000000000", "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_wait_of_decades_is_not_waited_for(header):
    limited = b"HTTP/1.1 429 Slow\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n" % header.encode()
    with serving(says(limited)) as server, pytest.raises(Inconclusive) as caught:
        client(server).exchange(GET)
    assert (caught.value.kind, len(server.heard)) == ("rate-limited", 1)


# --- the size ---

RECORDING = OperationRequest(operation=CONTRACT.operations["get_recording"], arguments=(("id", ID),))
AUDIO = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n"


def test_recording_is_read_to_its_end_and_its_beginning_is_kept():
    with serving(says(AUDIO + b"Content-Length: 3000\r\n\r\nID3" + b"0" * 2_997)) as server:
        exchange = Client(server.url, timing=AMPLE, max_body=1_000).exchange(RECORDING)
    assert exchange.response.body == b"ID3" + b"0" * 997


def test_recording_that_is_cut_behind_what_is_kept_is_cut_off():
    cut = AUDIO + b"Content-Length: 3000\r\n\r\nID3" + b"0" * 2_000
    with serving(says(cut)) as server, pytest.raises(Inconclusive, match="got 2003 of 3000 bytes") as caught:
        Client(server.url, timing=replace(AMPLE, pauses=()), max_body=1_000).exchange(RECORDING)
    assert caught.value.kind == "truncated"


def test_limit_of_a_body_can_be_raised():
    with serving(says(whole(CALL))) as server:
        with pytest.raises(Inconclusive, match="more than 99 bytes; --vocode-max-body raises the limit"):
            Client(server.url, timing=AMPLE, max_body=99).exchange(GET)
        assert Client(server.url, timing=AMPLE, max_body=len(CALL)).exchange(GET).response.body == CALL


@pytest.mark.parametrize("status", [401, 403])
def test_rejection_by_one_operation_is_an_answer_where_another_has_accepted_the_token(status):
    refused = b"HTTP/1.1 %d No\r\nContent-Length: 2\r\n\r\n{}" % status
    with serving(says(whole(CALL)), says(refused)) as server:
        sender = client(server)
        sender.exchange(GET)
        assert sender.exchange(POST).response.status == status


@pytest.mark.parametrize("status", [401, 403])
def test_rejection_by_an_operation_that_has_accepted_the_token_is_an_answer_unless_the_token_is_wrong_now(status):
    refused = b"HTTP/1.1 %d No\r\nContent-Length: 2\r\n\r\n{}" % status
    with serving(says(whole(CALL)), says(refused)) as server:
        sender = client(server)
        sender.exchange(GET)
        if status == 401:
            with pytest.raises(Inconclusive, match="not-authorised"):
                sender.exchange(GET)
        else:
            assert sender.exchange(GET).response.status == status


# --- the pace ---


def test_requests_beyond_loopback_go_out_one_after_the_other():
    at: list[float] = []

    def note(_request: httpx.Request) -> httpx.Response:
        at.append(clock.now())
        return httpx.Response(200, json={})

    timing = Timing(interval=0.05)
    paced = Client("https://staging.example", timing=timing, transport=httpx.MockTransport(note), run_id="7")
    threads = [threading.Thread(target=paced.exchange, args=(GET,)) for _ in range(3)]
    with one_clock() as clock:  # of this machine's, a busy one would not note each request equally late
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all(later - earlier > 0.049 for earlier, later in itertools.pairwise(at))


class Interrupted(BaseException):
    """Stands for Ctrl-C, and for the signal of a time limit."""


def test_pace_that_is_interrupted_while_it_waits_lets_the_next_one_through(monkeypatch):
    def interrupt(_seconds: float) -> None:
        raise Interrupted

    pace = RateLimit(0.05)
    with pace:
        pass
    with monkeypatch.context() as patch:
        patch.setattr("vocode_contract.http.client.timing.time.sleep", interrupt)
        with pytest.raises(Interrupted), pace:
            pass
    entered = threading.Event()

    def enter() -> None:
        with pace:
            entered.set()

    thread = threading.Thread(target=enter, daemon=True)
    thread.start()
    assert entered.wait(5)


def test_pace_that_a_thread_never_left_lets_that_thread_in_again():
    pace = RateLimit(0)
    pace.__enter__()
    with pace:
        pass


@pytest.mark.parametrize(
    ("address", "is_sent"),
    [
        ("10.0.0.5", True),
        ("100.64.0.1", True),
        ("fd00::5%eth0", True),
        ("93.184.216.34", False),
        ("2606:4700::1", False),
    ],
)
def test_plain_http_that_is_permitted_reaches_private_addresses_only(monkeypatch, address, is_sent):
    monkeypatch.setattr("vocode_contract.http.client.connection._peer", lambda _socket: address)
    with serving(says(OK + b"Content-Length: 2\r\n\r\n{}")) as server:
        endpoint = Endpoint.from_url(f"http://127.1:{server.port}", http_hosts=("127.1",))  # which counts as remote
        sender = Client(endpoint, Secret(TOKEN), timing=AMPLE)
        if is_sent:
            assert sender.exchange(GET).response.status == 200
            return
        with pytest.raises(Inconclusive, match=r"its address is public, .*; nothing was sent"):
            sender.exchange(GET)
    assert server.heard == [b""] * len(server.heard)


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_name_of_this_machine_that_leads_elsewhere_gets_not_a_byte(monkeypatch, address):
    monkeypatch.setattr("vocode_contract.http.client.connection._peer", lambda _socket: address)
    with (
        serving(says(b"")) as server,
        pytest.raises(Inconclusive, match=r"resolves to another; nothing was sent") as caught,
    ):
        Client(f"http://localhost:{server.port}", Secret(TOKEN), timing=replace(AMPLE, pauses=())).exchange(POST)
    assert caught.value.kind == "unreachable"
    assert set(server.heard) <= {b""}


def test_request_names_the_run():
    with serving(says(OK + b"Content-Length: 2\r\n\r\n{}")) as server:
        Client(server.url, timing=AMPLE, run_id="7").exchange(GET)
    assert b"(run 7)\r\n" in server.heard[0]


def test_another_method_or_path_is_sent_once_whatever_it_reads():
    with serving(FAULTS["closed at once"][1]) as server, pytest.raises(Inconclusive):
        client(server).exchange(replace(POST, method="GET", suffix="/"))
    assert [line.split(b"?")[0] for line in server.heard] == [b"GET /v1/calls/end/"]
