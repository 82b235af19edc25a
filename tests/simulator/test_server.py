import re
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

import vocode_contract
from vocode_contract.contract.model import dates
from vocode_contract.errors import InvalidOption, UnknownContract
from vocode_contract.simulator import Simulation, SimulatorTransport, serve, simulator
from vocode_contract.simulator.server.limits import BODY, CONNECTIONS, HEAD, HEADERS, LINE
from vocode_contract.simulator.server.server import LOOPBACK, bind
from vocode_contract.validation.validator import violations

SERVE = """
import sys
sys.path[:0] = [sys.argv[1]]
from vocode_contract.simulator import Simulation, serve
serve(Simulation(), accepting=lambda url: print(url, flush=True))
"""
MISSING = """
import sys
sys.path[:0] = [sys.argv[1]]
sys.modules[sys.argv[2]] = None
from vocode_contract.errors import MissingExtra
from vocode_contract.simulator import Simulation
try:
    from vocode_contract.simulator import SimulatorTransport, simulator
except MissingExtra as error:
    print(error)
"""
ROOT = str(Path(vocode_contract.__file__).parents[1])


@pytest.fixture(scope="module")
def server():
    with simulator() as running:
        yield running


@pytest.fixture
def running(server):
    server.reset()
    return server


@pytest.fixture
def client(running):
    headers = {"Authorization": f"Bearer {running.token}"}
    with httpx.Client(base_url=running.url, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def official_client():
    """The official SDK's client class, whose own module warns of pydantic 2."""
    with warnings.catch_warnings(action="ignore"):
        from vocode.client import Vocode
    return Vocode


def one(simulation: Simulation, status: str) -> str:
    return next(identifier for identifier, call in simulation.state.calls.items() if call["status"] == status)


def said(url: str, raw: bytes) -> bytes:
    """What comes back on a bare connection until the server closes it."""
    address = httpx.URL(url)
    with socket.create_connection((address.host, address.port or 0), timeout=10) as connection:
        connection.sendall(raw)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


# --- over the real socket ---


@pytest.mark.parametrize("date", dates())
def test_answers_over_the_socket_conform(date):
    with simulator(contract=date, token="t") as running, httpx.Client(base_url=running.url, trust_env=False) as client:
        client.headers["Authorization"] = "Bearer t"
        page = client.get("/v1/calls/list", params={"size": 3})
        assert not list(violations(page.content, "CallPage", contract=date))
        for item in page.json()["items"]:
            ended = client.post("/v1/calls/end", params={"id": item["id"]})
            assert ended.headers["content-type"] == "application/json"
            assert not list(violations(ended.content, contract=date))


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"json": None}, {"content": b"null"}])
def test_end_takes_the_bodies_of_real_clients(client, running, body):
    response = client.post("/v1/calls/end", params={"id": one(running.simulation, "in_progress")}, **body)
    assert response.json()["status"] == "ended"


def test_refused_token_ends_nothing(client, running):
    identifier = one(running.simulation, "in_progress")
    response = client.post("/v1/calls/end", params={"id": identifier}, headers={"Authorization": "Bearer no"})
    assert response.status_code == 403
    assert client.get("/v1/calls", params={"id": identifier}).json()["status"] == "in_progress"


def test_trailing_slash_leads_to_the_same_host(client, running):
    response = client.get("/v1/calls/list/?page=2")
    assert (response.status_code, response.content) == (307, b"")
    assert response.headers["location"] == f"{running.url}/v1/calls/list?page=2"


def test_answer_names_no_server_and_allows_no_other_origin(client):
    response = client.get("/v1/calls/list", headers={"Origin": "https://example.com"})
    assert set(response.headers) == {"content-length", "content-type", "date", "vocode-simulator"}


def test_official_client_gets_lists_creates_and_ends_a_call(official_client):
    with simulator(contract="2024-08-27") as running, httpx.Client(trust_env=False) as carrier:
        calls = official_client(base_url=running.url, token=running.token, httpx_client=carrier).calls
        identifier = one(running.simulation, "in_progress")
        assert calls.get_call(id=identifier).status == "in_progress"
        ended = calls.end_call(id=identifier)
        assert (ended.id, ended.status) == (identifier, "ended")
        assert calls.list_calls(size=2).total == len(running.simulation.state.calls)
        created = calls.create_call(from_number="12025550150", to_number="12025550151", agent=ended.agent.id)
        assert created.agent.id == ended.agent.id


@pytest.mark.parametrize("date", dates())
def test_official_client_ends_a_call_in_process(date, official_client):
    simulation = Simulation(vocode_contract.Contract.load(date))
    with httpx.Client(transport=SimulatorTransport(simulation)) as carrier:
        official = official_client(base_url="http://simulator", token="simulator-token", httpx_client=carrier)
        for identifier in simulation.state.calls:
            assert official.calls.end_call(id=identifier).id == identifier


def test_transport_answers_in_process():
    simulation = Simulation(token="t")
    headers = {"Authorization": "Bearer t"}
    with httpx.Client(transport=SimulatorTransport(simulation), base_url="http://simulator", headers=headers) as client:
        response = client.post("/v1/calls/end", params={"id": one(simulation, "in_progress")})
        assert not list(violations(response.content))
        assert client.head("/v1/calls").status_code == 405


# --- hardening ---


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:80"])
def test_host_of_this_machine_is_served(client, host):
    assert client.get("/v1/calls/list", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.example.com", "localhost.example.com", "127.0.0.1@x", ""])
def test_host_of_another_machine_is_refused(client, host):
    assert client.get("/v1/calls/list", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize(("extra", "status"), [(0, 422), (1, 413)])
def test_body_is_limited(client, extra, status):
    assert client.post("/v1/calls/create", content=b" " * (BODY + extra)).status_code == status


def test_head_is_limited(client):
    assert client.get("/v1/calls", params={"id": "1" * LINE}).status_code == 414
    assert client.get("/v1/calls", headers={"X-Long": "1" * LINE}).status_code == 431
    assert client.get("/v1/calls", headers={f"X-{number}": "1" for number in range(HEADERS)}).status_code == 431


CHUNKED = b"POST /v1/calls/end HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"


def test_trailers_are_no_headers_of_the_request(running):
    trailer = b"Authorization: Bearer " + running.token.encode()
    assert said(running.url, CHUNKED + b"4\r\nnull\r\n0\r\n" + trailer + b"\r\n\r\n").startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize(
    ("trailers", "status"),
    [
        (b"".join(b"X-%d: 1\r\n" % number for number in range(HEADERS)), 403),
        (b"".join(b"X-%d: 1\r\n" % number for number in range(HEADERS + 1)), 431),
        (b"X-Long: " + b"1" * LINE + b"\r\n", 431),
    ],
    ids=["as many as permitted", "too many", "too long"],
)
def test_trailers_are_limited_as_headers_are(running, trailers, status):
    assert said(running.url, CHUNKED + b"0\r\n" + trailers + b"\r\n").startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize("endless", [b"0\r\nX-Long: ", b"4;extension="], ids=["trailer", "chunk extension"])
def test_bytes_of_a_body_that_belong_to_no_part_of_it_are_limited(running, endless):
    address, sent = httpx.URL(running.url), 0
    with socket.create_connection((address.host, address.port or 0), timeout=10) as connection:
        connection.sendall(CHUNKED + endless)
        with suppress(OSError):  # the server has closed the connection
            while sent < 100 * HEAD:
                sent += connection.send(b"1" * HEAD)
    assert sent < 100 * HEAD


def test_slow_request_is_given_up(monkeypatch):
    monkeypatch.setattr("vocode_contract.simulator.server.connection.PATIENCE", 0.05)
    with simulator() as running:
        assert said(running.url, b"GET /v1/calls HTTP/1.1\r\nHost: 127") == b""
        head = b"POST /v1/calls/end HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nnull"
        assert said(running.url, head).startswith(b"HTTP/1.1 408 ")


LIST = b"GET /v1/calls/list?size=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer simulator-token\r\n"


def test_requests_that_come_at_once_are_answered_in_order(running):
    missing = b"GET /missing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    answers = said(running.url, LIST + b"\r\n" + missing + LIST + b"Connection: close\r\n\r\n" + missing)
    assert re.findall(rb"HTTP/1.1 ([0-9]+)", answers) == [b"200", b"404", b"200"]


def test_bytes_that_are_not_http_are_refused(running):
    assert said(running.url, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_response_to_head_has_the_length_of_its_body_only(running):
    request = b"HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    head, _, body = said(running.url, request).partition(b"\r\n\r\n")
    assert b"content-length: " in head
    assert body == b""


def test_old_version_of_http_is_answered_once(running):
    answer = said(running.url, LIST.replace(b"HTTP/1.1", b"HTTP/1.0") + b"Connection: keep-alive\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nconnection: close\r\n" in answer


def test_expected_continue_comes_before_the_body(running):
    head = b"POST /v1/calls/end HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n"
    answer = said(running.url, head + b"Connection: close\r\n\r\nnull")
    assert re.findall(rb"HTTP/1.1 ([0-9]+)", answer) == [b"100", b"403"]


def test_request_to_upgrade_is_answered_as_usual(running):
    answer = said(running.url, LIST + b"Upgrade: websocket\r\nConnection: upgrade, close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_body_in_chunks_is_put_together(running):
    head = b"POST /v1/calls/create HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer simulator-token\r\n"
    chunks = b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    answer = said(running.url, head + chunks)
    assert answer.startswith(b"HTTP/1.1 422 ")
    assert b"from_number" in answer


def test_client_that_takes_no_responses_gets_no_more_of_them(running, monkeypatch):
    answer, answered = running.simulation.answer, []

    def count(request):
        answered.append(request.path)
        return answer(request)

    monkeypatch.setattr(running.simulation, "answer", count)
    address, request = httpx.URL(running.url), LIST.replace(b"size=1", b"size=50") + b"\r\n"
    with socket.create_connection((address.host, address.port or 0)) as connection:
        connection.sendall(request * 2_000)
        before = -1
        while before < max(len(answered), 1):
            before = len(answered)
            time.sleep(0.1)
    assert 0 < before < 2_000


def test_crowd_of_slow_connections_does_not_lock_others_out(running, client):
    address = httpx.URL(running.url)
    with ExitStack() as stack:
        for _ in range(3 * CONNECTIONS):
            connection = stack.enter_context(socket.create_connection((address.host, address.port or 0)))
            connection.sendall(b"GET /v1/c")
        assert client.get("/v1/calls/list").status_code == 200


def test_token_is_not_in_the_representation():
    with simulator(token="a-token-of-tests") as running:
        assert "a-token-of-tests" not in repr(running) + repr(vars(running.simulation))


# --- starting and stopping ---


def test_simulator_starts_and_stops_twenty_times_without_a_trace():
    before = threading.active_count()
    for _ in range(20):
        with simulator() as running:
            url = running.url
    assert threading.active_count() == before
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_half_sent_request_does_not_hold_up_the_stop():
    before = threading.active_count()
    with ExitStack() as stack:
        with simulator() as running:
            address = httpx.URL(running.url)
            connection = stack.enter_context(socket.create_connection((address.host, address.port or 0)))
            connection.sendall(b"POST /v1/calls/end HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nnull")
            assert httpx.get(f"{running.url}/v1/calls/list", trust_env=False).status_code == 403
        assert threading.active_count() == before
        assert b" 408 " not in connection.recv(65_536)  # it was cut off, not waited for


def test_listening_socket_says_that_it_is_tcp():
    with bind(LOOPBACK, 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_interrupted_block_stops_the_server():
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), simulator():
        raise KeyboardInterrupt
    assert threading.active_count() == before


def test_taken_port_is_named(running):
    port = httpx.URL(running.url).port or 0
    with pytest.raises(InvalidOption, match=rf"^port: {port} is taken; choose another"), simulator(port=port):
        pass


@pytest.mark.parametrize(("host", "port"), [("0.0.0.0", 0), ("example.com", 0), ("127.0.0.1", 70_000)])  # noqa: S104 - refused
def test_place_that_is_not_this_machine_is_refused(host, port):
    with pytest.raises(InvalidOption):
        serve(Simulation(), host, port)


def test_unknown_contract_is_refused():
    with pytest.raises(UnknownContract), simulator(contract="2020-01-01"):
        pass


def test_serve_says_where_and_stops_at_an_interrupt():
    command = [sys.executable, "-I", "-c", SERVE, ROOT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(f"{url}/v1/calls/list", trust_env=False).status_code == 403
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    assert "KeyboardInterrupt" in errors.splitlines()[-1]


@pytest.mark.parametrize("name", ["httpx", "uvicorn"])
def test_missing_extra_is_one_line(name):
    command = [sys.executable, "-I", "-c", MISSING, ROOT, name]
    result = subprocess.run(command, capture_output=True, check=True, text=True)
    assert result.stdout.startswith("the simulator needs the extra 'simulator'")
    assert result.stdout.count("\n") == 1
