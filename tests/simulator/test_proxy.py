import gzip
import json
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial

import httpx
import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.browser import emulated, find_barriers, read_console, visit
from tests.support.raw import HASTY, OK, TOKEN, drips, floods, free_port, is_silent, resets, says, serving
from vocode_contract import conforms
from vocode_contract.cli.main import run
from vocode_contract.contract.model import Contract
from vocode_contract.http.client.endpoint import Endpoint
from vocode_contract.http.client.timing import Timing
from vocode_contract.http.client.tls import tls_context
from vocode_contract.http.guard.guard import READ_ONLY_VARIABLE, Consents, Guard
from vocode_contract.http.traffic import Traffic
from vocode_contract.simulator import simulator
from vocode_contract.simulator.proxy import relay as relaying
from vocode_contract.simulator.proxy.inspector import Inspector
from vocode_contract.simulator.proxy.recording import open_recorder
from vocode_contract.simulator.proxy.relay import Relay
from vocode_contract.simulator.proxy.server import proxy

CONTRACT = Contract.load("2023-11-30")
ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
GET_CALL = f"/v1/calls?id={ID}"
NUMBER = "12025550101"
PATIENT = Timing(connect=30, read=30, write=30, total=30)
get, post, request = (partial(send, trust_env=False) for send in (httpx.get, httpx.post, httpx.request))
NOT_FOUND = b'{"detail":"Not Found"}'


@pytest.fixture(scope="module")
def server():
    with simulator(contract="2023-11-30", speed=0) as running:
        yield running


@pytest.fixture(scope="module")
def call(server) -> bytes:
    """A call as the simulator sends it."""
    return get(f"{server.url}/v1/calls?id={in_progress(server)}", headers=authorized(server)).content


@contextmanager
def proxied(
    url: str,
    *,
    contract=CONTRACT,
    timing=PATIENT,
    guard=None,
    max_body=8_388_608,
    record=None,
    enforces=False,
    tls=None,
):
    endpoint = Endpoint.from_url(url, http_hosts=("staging.example",))
    inspector = Inspector(
        endpoint=endpoint, guard=guard or Guard(), traffic=Traffic(contract), max_body=max_body, recorder=record
    )
    with proxy(Relay(inspector=inspector, timing=timing, enforces=enforces, tls=tls)) as running:
        yield running


@pytest.fixture(scope="module")
def through(server):
    with proxied(server.url) as running:
        yield running


@pytest.fixture(scope="module")
def client(through, server):
    with httpx.Client(base_url=through.url, headers=authorized(server), trust_env=False) as client:
        yield client


def authorized(server) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.token}"}


def in_progress(server) -> str:
    calls = server.simulation.state.calls
    return next(str(identifier) for identifier, call in calls.items() if call["status"] == "in_progress")


def send_raw(running, data: bytes, *, until: bytes = b"") -> bytes:
    """Send bytes to a proxy, and return what it sends until the connection ends, or a text comes."""
    host, port = running.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(data)
        received = b""
        while not (until and until in received):
            piece = connection.recv(65_536)
            if not piece:
                break
            received += piece
    return received


def ask(method: str = "GET", target: str = GET_CALL, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", *headers, "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


def unmarked(response: bytes) -> tuple[bytes, str]:
    """Return a response without the proxy's header, and the value of that."""
    head, separator, body = response.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    [mark] = [line for line in lines if line.startswith(b"Vocode-Contract: ")]
    lines.remove(mark)
    return b"\r\n".join(lines) + separator + body, mark.decode().partition(": ")[2]


def as_response(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"content-TYPE: application/json", *headers, b"Connection: close"]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", b""]) + body


# --- bytes ---


def test_proxy_passes_a_request_on_byte_for_byte():
    body = b'3;ext="x"\r\nabc\r\n0\r\nX-Trailer: y\r\n\r\n'
    sent = ask(
        "PUT", "/a%20b/?x=%2F&&y", "X-oDD:   two  spaces ", "x-odd: again", "Transfer-Encoding: chunked", body=body
    )
    with serving(says(as_response(b"{}"))) as upstream, proxied(f"{upstream.url}/prefix") as running:
        send_raw(running, sent)
    expected = sent.replace(b"Host: 127.0.0.1", f"Host: 127.0.0.1:{upstream.port}".encode())
    assert upstream.heard == [expected.replace(b"PUT /a", b"PUT /prefix/a")]


RESPONSES = {
    "length": as_response(NOT_FOUND, b"X-ODD: a", b"x-odd:b", status=b"404 Nowhere, sorry"),
    "chunked": OK + b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n1\r\n \r\n0\r\nX-Trailer: z\r\n\r\n",
    "until-close": OK + b"\r\n{}",
    "http-1.0": b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nno json",
    "no-content": b"HTTP/1.1 204 No Content\r\nX-Odd: 1\r\nConnection: close\r\n\r\n",
    "redirect": as_response(b"", b"Location: http://192.0.2.1/elsewhere?token=x", status=b"307 Temporary Redirect"),
    "coded": as_response(gzip.compress(b"{}", mtime=0), b"Content-Encoding: gzip"),
    "unknown-coding": as_response(b"\x01\x02", b"Content-Encoding: x-odd"),
    "cookies": as_response(b"{}", b"Set-Cookie: a=1", b"Set-Cookie: b=2"),
    "large": as_response(b'"' + b"x" * 300_000 + b'"'),
}


@pytest.mark.parametrize("name", RESPONSES)
@pytest.mark.parametrize("target", [GET_CALL, "/elsewhere"])
def test_proxy_passes_a_response_on_byte_for_byte(name, target):
    with serving(says(RESPONSES[name])) as upstream, proxied(upstream.url) as running:
        received, mark = unmarked(send_raw(running, ask(target=target)))
    assert received == RESPONSES[name]
    assert mark.startswith("unknown-operation" if target == "/elsewhere" else ("violates;codes=", "conforms"))


def test_proxy_passes_informational_responses_on():
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    with serving(says(early + RESPONSES["length"])) as upstream, proxied(upstream.url) as running:
        received = send_raw(running, ask())
    assert received.startswith(early)
    assert unmarked(received.removeprefix(early))[0] == RESPONSES["length"]


def test_proxy_passes_a_response_to_head_on():
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n"
    with serving(says(response)) as upstream, proxied(upstream.url) as running:
        assert unmarked(send_raw(running, ask("HEAD")))[0] == response


def test_proxy_passes_a_stream_on_as_it_comes():
    has_come = threading.Event()

    def answer(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        has_come.wait(5)

    with serving(answer) as upstream, proxied(upstream.url) as running:
        assert b"Vocode-Contract: unchecked" in send_raw(running, ask(), until=b"data: 1")
        has_come.set()


def test_proxy_passes_a_body_over_the_limit_on_and_says_so():
    with serving(says(RESPONSES["large"])) as upstream, proxied(upstream.url, max_body=1_000) as running:
        received, mark = unmarked(send_raw(running, ask()))
    assert (received, mark) == (RESPONSES["large"], "unchecked")
    assert [(seen.verdict, seen.reason) for seen in running.inspector.latest] == [
        ("inconclusive", "the body has more than 1000 bytes")
    ]


def test_proxy_passes_a_long_recording_on_as_it_comes():
    recording = as_response(b"ID3" + b"x" * 300_000).replace(b"application/json", b"audio/mpeg")
    with serving(says(recording)) as upstream, proxied(upstream.url, max_body=1_000) as running:
        received, mark = unmarked(send_raw(running, ask(target=f"/v1/calls/recording?id={ID}")))
    assert (received, mark) == (recording, "unchecked")
    assert [seen.verdict for seen in running.inspector.latest] == ["conforms"]


def test_proxy_waits_with_a_body_for_the_server_to_ask_for_it():
    def answer(connection):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        upstream.heard.append(connection.recv(65_536))
        connection.sendall(RESPONSES["length"])

    with serving(answer) as upstream, proxied(upstream.url) as running:
        host, port = running.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(ask("POST", "/x", "Expect: 100-continue", "Content-Length: 2"))
            assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(b"{}")
            assert unmarked(connection.makefile("rb").read())[0] == RESPONSES["length"]
    assert upstream.heard[1] == b"{}"


def test_proxy_keeps_connections_alive_and_in_order(through, server):
    line = f"Authorization: Bearer {server.token}"
    first = ask("GET", "/v1/calls/list?size=1", line).replace(b"Connection: close\r\n", b"")
    received = send_raw(through, first + ask("GET", "/v1/calls/list?size=2", line))
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.index(b'"size":1') < received.index(b'"size":2')


# --- what breaks ---


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (says(b""), "closed"),
        (says(b"HTTP/1.1 200 OK\r\nContent-"), "closed"),
        (says(b"SSH-2.0-OpenSSH_9.2\r\n"), "protocol"),
        (says(b"HTTP/1.1 abc OK\r\n\r\n"), "protocol"),
        (says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), "protocol"),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), "protocol"),
    ],
)
def test_proxy_answers_for_a_server_that_does_not(answer, kind):
    with serving(answer) as upstream, proxied(upstream.url) as running:
        response = get(running.url + GET_CALL)
    assert (response.status_code, response.json()["kind"]) == (502, kind)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["vocode-contract"] == "inconclusive"
    assert [seen.verdict for seen in running.inspector.latest] == ["inconclusive"]


def test_proxy_answers_for_a_server_that_is_silent():
    with serving(is_silent) as upstream, proxied(upstream.url, timing=HASTY) as running:
        response = get(running.url + GET_CALL)
    assert (response.status_code, response.json()["kind"].partition("-")[0]) == (504, "timeout")


def test_proxy_answers_for_a_server_that_is_not_there():
    with proxied(f"http://127.0.0.1:{free_port()}") as running:
        problem = post(f"{running.url}/v1/calls/end?id={ID}").json()
    assert problem["kind"] == "unreachable"
    assert "nothing was sent" in problem["detail"]


@pytest.mark.parametrize(
    "response",
    [
        OK + b"Content-Length: 50\r\n\r\n{",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
        OK + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n",
    ],
)
def test_proxy_passes_a_cut_response_on_as_such(response):
    with serving(says(response)) as upstream, proxied(upstream.url) as running:
        received, mark = unmarked(send_raw(running, ask()))
        assert (received, mark) == (response, "inconclusive")
        with serving(says(response)) as other, proxied(other.url, enforces=True) as strict:
            assert get(strict.url + GET_CALL).status_code == 502


@pytest.mark.parametrize("answer", [drips(OK + b"\r\n"), drips(OK)])
def test_proxy_does_not_wait_for_ever_for_a_slow_response(answer):
    with serving(answer) as upstream, proxied(upstream.url, timing=HASTY) as running:
        send_raw(running, ask())
    [seen] = running.inspector.latest
    assert "[timeout-" in seen.reason


SLOW_POST = b"POST /v1/calls/end HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("start", "drop"), [(b"GET /v1/calls HTTP/1.1\r\nX: ", b"x"), (SLOW_POST, b"1\r\n \r\n")], ids=["head", "held body"]
)
def test_proxy_gives_up_a_request_that_comes_drop_by_drop(monkeypatch, start, drop):
    for module in ("application", "relay"):
        monkeypatch.setattr(f"vocode_contract.simulator.proxy.{module}.PATIENCE", 0.1)
    with proxied("https://staging.example") as running:
        host, port = running.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(start)
            assert is_closed(connection, drop)


def is_closed(connection, drop: bytes) -> bool:
    """Return whether a connection ends while bytes are sent often enough for a limit on silence."""
    for _ in range(1_000):
        try:
            connection.sendall(drop)
        except OSError:
            return True
        time.sleep(0.01)
    return False


def test_proxy_refuses_a_body_of_chunk_headers_that_are_longer_than_their_chunks():
    chunk = b"1;" + b"x" * 60_000 + b"\r\n \r\n"
    with proxied("https://staging.example") as running:
        assert send_raw(running, SLOW_POST + chunk * 150, until=b"413 ").startswith(b"HTTP/1.1 413 ")


def test_proxy_ends_an_endless_response_with_its_client():
    with serving(floods) as upstream, proxied(upstream.url, max_body=100_000) as running:
        send_raw(running, ask(), until=b"Vocode-Contract: unchecked")


def test_proxy_passes_a_response_on_that_comes_before_the_end_of_the_request():
    refusal = as_response(NOT_FOUND, status=b"413 Too Large")
    with serving(says(refusal)) as upstream, proxied(upstream.url) as running:
        sent = ask("POST", "/x", "Content-Length: 10000000", body=b"x" * 100_000)
        assert unmarked(send_raw(running, sent))[0] == refusal


def test_proxy_cuts_a_request_that_its_client_cuts():
    def answer(connection):
        while connection.recv(65_536):
            pass
        upstream.heard.append(b"the end")

    with serving(answer) as upstream, proxied(upstream.url) as running:
        host, port = running.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(ask("POST", "/x", "Content-Length: 100", body=b"x"))
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(100) == b""
    assert upstream.heard[1:] == [b"the end"]
    assert not running.inspector.latest


def test_proxy_goes_on_after_its_client_resets_the_connection():
    """The response comes when there is nobody left to take it."""
    is_gone = threading.Event()

    def answer(connection):
        is_gone.wait(10)
        connection.sendall(as_response(NOT_FOUND))

    with serving(answer) as upstream, proxied(upstream.url) as running:
        host, port = running.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(ask())
            while not upstream.heard:
                time.sleep(0.01)
            resets(connection)
        time.sleep(0.05)
        is_gone.set()
        assert send_raw(running, ask()).startswith(b"HTTP/1.1 200")


def test_proxy_sends_a_request_with_an_effect_once():
    with serving(resets) as upstream, proxied(upstream.url) as running:
        problem = post(f"{running.url}/v1/calls/end?id={ID}").json()
        assert len(upstream.heard) == 1
    assert "the call may have been ended" in problem["detail"]


def test_proxy_connects_again_after_the_server_closed_an_idle_connection():
    alive = as_response(NOT_FOUND, status=b"404 Not Found").replace(b"Connection: close\r\n", b"")
    closed = threading.Event()

    def answer(connection):
        connection.sendall(alive)
        connection.shutdown(socket.SHUT_WR)
        closed.set()

    with serving(answer) as upstream, proxied(upstream.url) as running, httpx.Client(trust_env=False) as client:
        for count in (1, 2, 3):
            assert client.get(running.url + GET_CALL).status_code == 404
            assert closed.wait(10)
            closed.clear()
            assert len(upstream.heard) == count


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (ask("GET", "/", "Content-Length: 2", "Transfer-Encoding: chunked"), 400),
        (ask("GET", "/", "Content-Length: 0", "Content-Length: 0"), 400),
        (ask("GET", "/", "Content-Length: 0, 0"), 400),
        (ask("GET", "/", "X: y\nTransfer-Encoding: chunked", body=b"0\r\n\r\n"), 400),
        (ask("GET", "/", "Content-Length: 0", "X: y\r\n Transfer-Encoding: chunked"), 400),
        (ask("GET", "/#fragment"), 400),
        (ask("GET", "http://192.0.2.1/"), 421),
        (ask("CONNECT", "192.0.2.1:443"), 421),
        (ask().replace(b"Host: 127.0.0.1", b"Host: evil.example"), 421),
        (ask("GET", "/_proxy/nothing"), 404),
    ],
)
def test_proxy_refuses_what_is_not_for_the_server(data, status):
    with serving(is_silent) as upstream, proxied(upstream.url) as running:
        received = send_raw(running, data)
        assert received.startswith(f"HTTP/1.1 {status} ".encode())
        assert upstream.heard == []


@contextmanager
def encrypted(certificate, response: bytes):
    """Serve one response to each of two connections over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    def serve() -> None:
        for _ in range(2):
            with suppress(OSError), listening.accept()[0] as connection:
                connection.settimeout(5)
                with context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(65_536)
                    secured.sendall(response)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://localhost:{listening.getsockname()[1]}"
        thread.join(10)


def test_proxy_verifies_the_certificate_of_the_server(tmp_path):
    trustme = pytest.importorskip("trustme")
    authority, file = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    with encrypted(authority.issue_cert("localhost"), RESPONSES["length"]) as url:
        with proxied(url, tls=tls_context(str(file))) as running:
            assert unmarked(send_raw(running, ask()))[0] == RESPONSES["length"]
        with proxied(url, tls=tls_context()) as running:
            response = get(running.url + GET_CALL)
    assert (response.status_code, response.json()["kind"]) == (502, "tls")
    assert "--ca FILE trusts a private authority" in response.text.replace("--vocode-", "--")


# --- what is found ---


def test_proxy_marks_responses(client, server):
    assert client.get("/v1/calls/list").headers["vocode-contract"] == "conforms"
    server.arm("wrong-enum@get_call")
    try:
        response = client.get("/v1/calls", params={"id": in_progress(server)})
    finally:
        server.disarm()
    assert response.headers["vocode-contract"] == 'violates;codes="enum"'
    assert response.json()["status"] == "ringing"


def test_proxy_checks_a_response_whose_content_coding_was_asked_for(call):
    broken = call.replace(b'"in_progress"', b'"ringing"')
    answers = [says(as_response(gzip.compress(body), b"Content-Encoding: gzip")) for body in (call, broken)]
    with serving(*answers) as upstream, proxied(upstream.url) as running:
        identifier = json.loads(call)["id"]
        marks = [get(f"{running.url}/v1/calls?id={identifier}").headers["vocode-contract"] for _ in answers]
    assert marks == ["conforms", 'violates;codes="enum"']


def test_proxy_that_enforces_refuses_a_violating_response(server):
    with proxied(server.url, enforces=True) as running:
        server.arm("wrong-enum@get_call")
        try:
            url = f"{running.url}/v1/calls?id={in_progress(server)}"
            response = get(url, headers=authorized(server))
        finally:
            server.disarm()
        assert get(url, headers=authorized(server)).status_code == 200
    assert (response.status_code, response.headers["vocode-contract"]) == (502, 'violates;codes="enum"')
    [violation] = response.json()["violations"]
    assert (violation["code"], violation["pointer"]) == ("enum", "/status")
    assert "ringing" not in response.text
    assert NUMBER not in response.text


def test_proxy_passes_unknown_operations_on_unchecked(client, through):
    response = client.get(f"/v1/agents/{TOKEN}", params={"number": NUMBER})
    assert (response.status_code, response.headers["vocode-contract"]) == (404, "unknown-operation")
    line = str(through.inspector.latest[-1])
    assert line.startswith("GET /v1/agents/*?number=<text ")
    assert TOKEN not in line
    assert NUMBER not in line


def test_method_that_http_does_not_have_is_masked_wherever_it_is_named(client, through):
    client.request(TOKEN, "/v1/agents")
    assert TOKEN not in str(through.inspector.latest[-1]) + str(through.inspector.traffic.record.others)


def test_page_of_the_proxy_lists_exchanges_masked(client, server):
    client.get("/v1/calls", params={"id": in_progress(server)})
    page = client.get("/_proxy/")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    for text in (
        page.text,
        *(client.get(f"/_proxy/{name}").raise_for_status().text for name in ("page.js", "page.css")),
    ):
        assert not re.search(r"https?:|//[a-z]|innerHTML|outerHTML|insertAdjacent|eval\(| style=| on[a-z]+=", text)
    response = client.get("/_proxy/exchanges")
    assert response.json()["exchanges"][0]["verdict"] == "conforms"
    assert server.token not in response.text


@pytest.fixture
def watched(browser, server):
    """A browser with the page of a proxy that has seen a call, and one that violates the contract twice; a client."""
    with (
        proxied(server.url) as running,
        httpx.Client(base_url=running.url, headers=authorized(server), trust_env=False) as client,
    ):
        client.get("/v1/calls", params={"id": in_progress(server)})
        server.arm("wrong-enum", "null-agent")
        client.get("/v1/calls", params={"id": in_progress(server)})
        server.disarm()
        visit(browser, f"{running.url}/_proxy/")
        wait_for_rows(browser, 2)
        yield browser, client


def wait_for_rows(browser, count: int) -> None:
    script = "return document.querySelectorAll('#exchanges > tr').length"
    WebDriverWait(browser, 60).until(lambda _: browser.execute_script(script) == count)


@pytest.mark.slow
def test_page_of_the_proxy_keeps_open_what_is_open(watched, server):
    page, client = watched
    page.find_element("css selector", "summary").send_keys(Keys.ENTER)
    client.get("/v1/calls", params={"id": in_progress(server)})
    wait_for_rows(page, 3)
    shown = page.find_element("css selector", "details > div")
    assert shown.is_displayed()
    assert "/agent: expected an object, got null" in shown.text
    assert page.find_element("id", "total").text == "3"
    assert page.find_element("id", "violating").text == "1"


@pytest.mark.slow
def test_page_of_the_proxy_shows_only_what_violates_the_contract(watched):
    page, _ = watched
    page.find_element("id", "only").send_keys(Keys.SPACE)
    rows = page.find_elements("css selector", "#exchanges > tr")
    assert [row.is_displayed() for row in rows] == [True, False]
    assert "violates" in rows[0].text


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 400)])
def test_page_of_the_proxy_has_no_barriers(watched, scheme, width):
    page, _ = watched
    with emulated(page, scheme=scheme, width=width):
        assert find_barriers(page) == []
    assert read_console(page) == []


def test_recordings_hold_no_secret_and_can_be_read(tmp_path, server):
    body = {"from_number": "12025550150", "to_number": NUMBER, "agent": "fcbd04c3-4021-4ef7-8ca5-a5a19e4d6e3c"}
    for path in (tmp_path / "traffic.har", tmp_path / "payloads"):
        recorder = open_recorder(str(path), server.url, CONTRACT)
        with (
            proxied(server.url, record=recorder) as running,
            httpx.Client(trust_env=False, headers=authorized(server)) as client,
        ):
            assert client.post(f"{running.url}/v1/calls/create", json=body).status_code == 200
            client.get(f"{running.url}/v1/agents/{TOKEN}", params={"number": NUMBER})
        recorder.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == ["Call.jsonl", "CreateCallRequest.jsonl", "traffic.har"]
    for path in files:
        assert path.stat().st_mode & 0o077 == 0
        assert not any(secret in path.read_text() for secret in (server.token, TOKEN, NUMBER, "12025550150"))
    for path in tmp_path.glob("payloads/*"):
        assert conforms(json.loads(path.read_text()), path.stem)
    log = json.loads((tmp_path / "traffic.har").read_text())["log"]
    assert (log["version"], [entry["response"]["status"] for entry in log["entries"]]) == ("1.2", [200, 404])
    assert conforms(json.loads(log["entries"][0]["response"]["content"]["text"]))


# --- what is sent ---


@pytest.fixture
def remote(monkeypatch):
    """A server that is not on this machine, as far as the proxy knows."""
    created = {"id": ID, "to_number": NUMBER}
    answer = says(as_response(json.dumps(created).encode()))
    with serving(answer) as upstream:

        def connect(line, _host, _port, **_):
            with line.step("connect"):
                return socket.create_connection(("127.0.0.1", upstream.port))

        monkeypatch.setattr(relaying, "open_connection", connect)
        yield upstream


CREATE = {"to_number": NUMBER, "from_number": "12025550150"}
ALLOWED = Consents(effects=frozenset(("rings",)), hosts=frozenset(("staging.example",)))


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("POST", "/v1/calls/create", CREATE),
        ("POST", f"/v1/calls/end?id={ID}", None),
        ("POST", "/v1/agents/create", {}),
        ("DELETE", "/v1/agents", None),
    ],
)
def test_proxy_sends_nothing_with_an_effect_to_a_remote_server(remote, method, target, body):
    with proxied("http://staging.example") as running:
        response = request(method, running.url + target, json=body)
    assert (response.status_code, response.headers["vocode-contract"]) == (403, "not-sent")
    assert "was not sent" in response.json()["detail"]
    assert remote.heard == []


def test_proxy_takes_no_get_for_harmless_that_acts_as_another_method(remote):
    with proxied("http://staging.example") as running:
        assert get(f"{running.url}/v1/calls/list", headers={"X-HTTP-Method-Override": "POST"}).status_code == 403
    assert remote.heard == []


def test_proxy_rings_by_consent_and_ends_what_it_created(remote):
    with proxied("http://staging.example", guard=Guard(ALLOWED)) as running:
        assert post(f"{running.url}/v1/calls/create", json=CREATE | {"to_number": "491701234567"}).status_code == 403
        assert post(f"{running.url}/v1/calls/end?id={ID}").status_code == 403
        headers = {"Expect": "100-continue"}
        assert post(f"{running.url}/v1/calls/create", json=CREATE, headers=headers).status_code == 200
        assert post(f"{running.url}/v1/calls/end?id={ID}").status_code == 200
        assert post(f"{running.url}/v1/calls/create", json=CREATE).status_code == 403  # the budget is one
    assert [data.split(b" ", 2)[1].partition(b"?")[0] for data in remote.heard] == [
        b"/v1/calls/create",
        b"/v1/calls/end",
    ]
    assert b"expect" not in remote.heard[0].lower()


@pytest.mark.parametrize("is_by_variable", [True, False])
def test_proxy_that_is_read_only_passes_only_what_reads(server, monkeypatch, is_by_variable):
    if is_by_variable:
        monkeypatch.setenv(READ_ONLY_VARIABLE, "1")
    with proxied(server.url, guard=Guard(Consents(read_only=not is_by_variable))) as running:
        for target in ("/v1/calls/create", f"/v1/calls/end?id={ID}", "/v1/agents"):
            response = post(running.url + target, headers=authorized(server), json={})
            assert (response.status_code, "read-only" in response.text) == (403, True)
        assert get(f"{running.url}/v1/calls/list", headers=authorized(server)).status_code == 200


# --- clients ---


def test_sdk_works_through_the_proxy():
    sdk = pytest.importorskip("vocode.client")
    with (
        simulator(contract="2024-08-27") as server,
        proxied(server.url, contract=server.simulation.contract) as running,
        httpx.Client(follow_redirects=True, trust_env=False) as inner,
    ):
        calls = sdk.Vocode(base_url=running.url, token=server.token, httpx_client=inner).calls
        agent = calls.get_call(id=in_progress(server)).agent
        created = calls.create_call(from_number="12025550150", to_number=NUMBER, agent=agent.id)
        server.advance(8)
        assert calls.end_call(id=created.id).id == created.id
        server.advance(2)
        assert len(b"".join(calls.get_recording(id=created.id))) == 4 * 417
    names = ["get_call", "create_call", "end_call", "get_recording"]
    assert [(seen.operation, seen.verdict) for seen in running.inspector.latest] == [(one, "conforms") for one in names]


SCRIPT = """
const [url, token] = process.argv.slice(1);
const headers = { Authorization: "Bearer " + token };
const responses = await Promise.all([1, 2, 3].map((size) => fetch(`${url}/v1/calls/list?size=${size}`, { headers })));
const sizes = (await Promise.all(responses.map((response) => response.json()))).map((page) => page.items.length);
console.log(JSON.stringify([sizes, responses.map((response) => response.headers.get("vocode-contract"))]));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_fetch_of_node_works_through_the_proxy(through, server):
    command = ["node", "--input-type=module", "-e", SCRIPT, through.url, server.token]
    result = subprocess.run(command, capture_output=True, check=True, text=True)
    assert json.loads(result.stdout) == [[1, 2, 3], ["conforms"] * 3]


# --- the command ---


def test_recording_that_cannot_be_written_does_not_stop_the_traffic(tmp_path, server):
    (tmp_path / "CallPage.jsonl").symlink_to(tmp_path / "elsewhere")
    recorder = open_recorder(str(tmp_path), server.url, CONTRACT)
    with proxied(server.url, record=recorder) as running:
        for _ in range(2):
            assert get(f"{running.url}/v1/calls/list", headers=authorized(server)).status_code == 200
    assert "symbolic link" in running.inspector.unrecorded.lower()
    assert not (tmp_path / "elsewhere").exists()


def test_proxy_command_without_traffic_is_inconclusive(capsys, server):
    assert run(["proxy", "--upstream", server.url, "--duration", "0"]) == 3
    written = capsys.readouterr()
    assert written.out.splitlines()[-1] == "inconclusive: could not check the API"
    assert "if it forwards to a real one, set VOCODE_CONTRACT_READ_ONLY=1" in written.err


@pytest.mark.parametrize(
    "arguments", [["--upstream", "http://example.com"], ["--upstream", "x"], ["--host", "192.0.2.1"], []]
)
def test_proxy_command_refuses_what_it_cannot_use(capsys, server, arguments):
    upstream = [] if "--upstream" in arguments or not arguments else ["--upstream", server.url]
    assert run(["proxy", "--duration", "0", *upstream, *arguments]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_proxy_command_reports_and_ends_on_a_signal(tmp_path, server):
    report, folder = tmp_path / "report.json", tmp_path / "2031-01-01"
    assert run(["schema", "--contract", server.simulation.contract.date, "--new-date", str(folder)]) == 0
    options = ["--upstream", server.url, "--contract", str(folder), "--report", f"json={report}"]
    command = [sys.executable, "-m", "vocode_contract", "proxy", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[0]
        server.arm("wrong-enum@get_call")
        try:
            get(f"{url}/v1/calls", params={"id": in_progress(server)}, headers=authorized(server))
        finally:
            server.disarm()
        process.send_signal(signal.SIGTERM)
        out = process.stdout.read()
    assert process.returncode == 1
    assert "get_call   0 of 1 exchanges conform  VIOLATES" in out
    assert out.splitlines()[-1] == "the API violates the contract"
    assert json.loads(report.read_text())["verdict"] == "violates"
    assert f"vocode-contract check --contract {folder}" in " ".join(out.split())
