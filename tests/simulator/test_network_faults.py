"""Every fault of the wire, as a bare socket and as httpx sees it, over TCP and in process."""

import contextlib
import gzip
import select
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from random import Random

import httpx
import pytest

from vocode_contract.http.message import Request, Response
from vocode_contract.simulator import FAULTS, Simulation, SimulatorTransport, simulator
from vocode_contract.simulator.faults.fault import Step
from vocode_contract.simulator.faults.injection import HEADER
from vocode_contract.simulator.faults.network import LONGEST, MOST, limit_steps
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Unreadable

WIRE = {name: fault for name, fault in FAULTS.items() if fault.kind == "wire"}
RIGHT = Response(status=200, headers=(("content-type", "application/json"),), body=b'{"items": []}')
AUTHORIZATION = "Bearer simulator-token"
PROTOCOL = ("two-lengths", "bad-chunk", "endless-head", "wide-header", "not-http", "no-head", "status-in-words")
CODED = ("unasked-gzip", "broken-gzip", "cut-gzip", "unknown-coding", "gzip-bomb")
#: How a client that asks for no coding, and waits half a second if it expects nothing, sees each fault of an answer.
SEEN: dict[str, type[Exception] | int] = {
    "no-answer": httpx.ReadTimeout,
    "delay-fixed": httpx.ReadTimeout,
    "reset-before-answer": httpx.ReadError,
    "closed-before-answer": httpx.RemoteProtocolError,
    "reset-in-body": httpx.ReadError,
    "truncated": httpx.RemoteProtocolError,
    "cut-chunks": httpx.RemoteProtocolError,
    **dict.fromkeys(PROTOCOL, httpx.RemoteProtocolError),
    **dict.fromkeys(CODED, 200),
    "length-and-chunks": 200,
    "length-too-small": 200,
}
#: Seconds to read on a bare socket after the first bytes; the sound answer comes whole and the connection stays open.
PATIENCE = 0.3
#: Faults after which nothing comes soon; of all others the first bytes are waited for, on a busy machine for longer.
LATE = {"no-answer", "delay-fixed", "delay-uniform", "delay-long-tail"}
CREATION = {"from_number": "12025550150", "to_number": "12025550151"}


@pytest.fixture(scope="module")
def running():
    with simulator() as running:
        yield running


@pytest.fixture(params=["socket", "in process"])
def client(request, running) -> Iterator[httpx.Client]:
    """A client that asks over TCP, or in process."""
    running.reset()
    transport = SimulatorTransport(running.simulation) if request.param == "in process" else None
    headers = {"Authorization": AUTHORIZATION, "Accept-Encoding": "identity"}
    with httpx.Client(
        base_url=running.url, headers=headers, transport=transport, trust_env=False, timeout=30
    ) as client:
        yield client


def steps(name: str, response: Response = RIGHT, seed: int = 0) -> list[Step]:
    """The steps of a fault; of endless ones, the first."""
    script = FAULTS[name].script
    assert script is not None
    return [step for step, _ in zip(limit_steps(script(response, Random(seed))), range(500), strict=False)]


def sent(name: str) -> bytes:
    return b"".join(step for step in steps(name) if isinstance(step, bytes))


def connected(url: str, name: str) -> socket.socket:
    """A connection on which a list was asked for, with a fault."""
    address = httpx.URL(url)
    connection = socket.create_connection((address.host, address.port or 0), timeout=15)
    head = (
        f"GET /v1/calls/list HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {AUTHORIZATION}\r\n{HEADER}: {name}\r\n\r\n"
    )
    connection.sendall(head.encode())
    return connection


def raw(url: str, name: str, most: int = 400_000) -> bytes:
    """What comes on a bare connection until its end, or the first bytes of what has none soon."""
    received = b""
    with connected(url, name) as connection, contextlib.suppress(TimeoutError, ConnectionResetError):
        select.select([connection], [], [], PATIENCE if name in LATE else 30)
        deadline = time.monotonic() + PATIENCE
        while len(received) < most and (left := deadline - time.monotonic()) > 0:
            connection.settimeout(left)
            if not (data := connection.recv(65_536)):
                break
            received += data
    return received


def size(response: httpx.Response) -> int:
    """Bytes of a body as it came, read until it is too large to go on."""
    count = 0
    for data in response.iter_raw():
        count += len(data)
        if count > 1_000_000:
            break
    return count


def asked_with(client: httpx.Client, name: str) -> int:
    headers = {HEADER: name}
    with client.stream("GET", "/v1/calls/list", headers=headers) as response:
        size(response)
        return response.status_code


# --- what is on the wire ---


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("truncated", b"HTTP/1.1 200 OK\r\n"),
        ("not-http", b"SSH-2.0"),
        ("no-head", b'{"items"'),
        ("status-in-words", b"HTTP/1.1 abc OK\r\n"),
        ("continue-flood", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"),
        ("no-answer", b""),
        ("reset-before-answer", b""),
        ("closed-before-answer", b""),
        ("drip-head", b"H"),
    ],
)
def test_fault_starts_so_on_a_bare_socket(running, name, start):
    received = raw(running.url, name)
    assert received.startswith(start)
    assert bool(received) == bool(start)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("two-lengths", b"content-length: 13\r\ncontent-length: 20\r\n"),
        ("length-and-chunks", b"content-length: 13\r\ntransfer-encoding: chunked\r\n"),
        ("bad-chunk", b"\r\n\r\nzz\r\n"),
        ("truncated", b"content-length: 113\r\n"),
        ("length-too-small", b"content-length: 6\r\n"),
        ("unknown-coding", b"content-encoding: x-simulator\r\n"),
        ("unasked-gzip", b"content-encoding: gzip\r\n"),
        ("wide-header", b"x-padding: " + b"0" * 300_000 + b"\r\n"),
        ("endless-head", b"x-padding: 0000"),
        ("endless-body", b"     " * 10_000),
    ],
)
def test_fault_holds_what_it_says(name, part):
    assert part in sent(name)


@pytest.mark.parametrize("name", sorted({*WIRE} - {"create-answer-lost", "end-answer-lost"}))
def test_fault_is_seen_on_a_bare_socket(running, name):
    """A right answer comes at once, whole, and the connection stays open."""
    received = raw(running.url, name)
    assert (
        (b"connection: close" in received) or not received.startswith(b"HTTP/1.1 200 OK\r\n") or len(received) > 100_000
    )


def test_answer_without_a_fault_comes_whole_on_a_bare_socket(running):
    head, _, body = raw(running.url, "no-answer@get_call").partition(b"\r\n\r\n")
    assert b"connection: close" not in head
    assert f"content-length: {len(body)}".encode() in head


def body_of(data: bytes) -> bytes:
    return data.partition(b"\r\n\r\n")[2]


def test_unasked_gzip_holds_the_right_answer():
    assert gzip.decompress(body_of(sent("unasked-gzip"))) == RIGHT.body


def test_broken_gzip_cannot_be_unpacked():
    with pytest.raises(zlib.error):
        gzip.decompress(body_of(sent("broken-gzip")))


def test_cut_gzip_ends_early():
    with pytest.raises(EOFError):
        gzip.decompress(body_of(sent("cut-gzip")))


def test_bomb_is_small_and_unpacks_to_256_mib_of_the_right_answer():
    packed = body_of(sent("gzip-bomb"))
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    count, last, rest = 0, b"", packed
    while not unpacking.eof:
        data = unpacking.decompress(rest, 16_777_216)
        rest, last, count = unpacking.unconsumed_tail, (last + data)[-50:], count + len(data)
    assert len(packed) < 524_288
    assert count == 256 * 1_048_576 + len(RIGHT.body)
    assert last.endswith(RIGHT.body)


@pytest.mark.parametrize(
    ("name", "least", "most"), [("delay-fixed", 1, 1), ("delay-uniform", 0, 2), ("delay-long-tail", 0, LONGEST)]
)
def test_delay_is_of_its_distribution(name, least, most):
    delays = [step for seed in range(200) for step in steps(name, seed=seed) if isinstance(step, float)]
    assert least <= min(delays) <= max(delays) <= most
    assert (len(set(delays)) == 1) == (name == "delay-fixed")


def test_long_tail_has_mostly_short_delays_and_a_few_long_ones():
    delays = sorted(
        step for seed in range(400) for step in steps("delay-long-tail", seed=seed) if isinstance(step, float)
    )
    assert delays[200] < 0.2
    assert delays[-1] > 1.0


def test_delays_of_one_seed_are_the_same():
    assert steps("delay-uniform", seed=1) == steps("delay-uniform", seed=1) != steps("delay-uniform", seed=2)


@pytest.mark.parametrize("name", WIRE)
def test_script_ends_by_itself(name):
    script = FAULTS[name].script
    assert script is not None
    sizes, pauses = 0, 0.0
    for step in limit_steps(script(RIGHT, Random(0))):
        sizes += len(step) if isinstance(step, bytes) else 0
        pauses += step if isinstance(step, float) else 0
    assert sizes <= MOST
    assert pauses <= LONGEST


# --- what a client makes of it ---


@pytest.mark.parametrize("name", SEEN)
def test_fault_is_seen_by_a_client(client, name):
    seen = SEEN[name]
    if isinstance(seen, int):
        assert asked_with(client, name) == seen
        return
    if seen is httpx.ReadTimeout:
        client.timeout = httpx.Timeout(0.5)
    with pytest.raises(seen):
        asked_with(client, name)


def test_endless_body_can_be_left(client):
    assert asked_with(client, "endless-body") == 200
    assert asked_with(client, "wrong-enum") == 200


def test_length_too_small_cuts_the_json(client):
    response = client.get("/v1/calls/list", headers={HEADER: "length-too-small"})
    with pytest.raises(Unreadable):
        read(response.content)


@pytest.mark.parametrize("name", ["drip-head", "drip-body"])
def test_drip_is_no_answer_yet_after_some_time(running, name):
    head, _, body = raw(running.url, name).partition(b"\r\n\r\n")
    assert 1 <= len(head if name == "drip-head" else body) < 20


def test_flood_of_continues_holds_no_answer(running):
    received = raw(running.url, "continue-flood", most=100_000)
    assert set(received.split(b"\r\n\r\n")[:-1]) == {b"HTTP/1.1 100 Continue"}


def test_lost_answer_of_create_leaves_a_call(client, running):
    before = len(running.simulation.state.calls)
    agent = next(iter(running.simulation.state.calls.values()))["agent"]["id"]
    with pytest.raises(httpx.ReadError):
        client.post("/v1/calls/create", json=CREATION | {"agent": agent}, headers={HEADER: "create-answer-lost"})
    assert len(running.simulation.state.calls) == before + 1


def test_lost_answer_of_end_leaves_the_call_ended(client, running):
    identifier = next(key for key, call in running.simulation.state.calls.items() if call["status"] == "in_progress")
    with pytest.raises(httpx.ReadError):
        client.post("/v1/calls/end", params={"id": identifier}, headers={HEADER: "end-answer-lost"})
    assert client.get("/v1/calls", params={"id": identifier}).json()["status"] == "ended"


def test_lost_answer_of_end_still_refuses(client):
    response = client.post("/v1/calls/end", headers={HEADER: "end-answer-lost", "Authorization": "Bearer no"})
    assert response.status_code == 403


def test_delay_within_the_patience_of_a_client_is_waited_for(client):
    assert client.get("/v1/calls/list", headers={HEADER: "delay-fixed"}).json()["items"]


def test_fault_of_the_wire_carries_faulty_answers_too(client):
    response = client.get("/v1/calls/list", headers={HEADER: "length-and-chunks,trailing-garbage"})
    assert response.content.endswith(b" OK")


# --- it stays harmless ---


def test_connections_with_faults_leave_no_trace():
    before = threading.active_count()
    with contextlib.ExitStack() as stack:
        with simulator() as running:
            for name in ("no-answer", "drip-body", "endless-body", "continue-flood", "endless-head"):
                stack.enter_context(connected(running.url, name))
            client = httpx.Client(trust_env=False)
            assert stack.enter_context(client).get(f"{running.url}/v1/calls/list").status_code == 403
            began = time.monotonic()
        assert time.monotonic() - began < LONGEST
        assert threading.active_count() == before


def test_server_forgets_clients_that_went_away(running):
    for name in ("no-answer", "drip-body", "endless-body", "continue-flood"):
        connected(running.url, name).close()
    assert httpx.get(f"{running.url}/v1/calls/list", trust_env=False).status_code == 403


def test_core_gives_the_answer_whatever_the_wire_does():
    request = Request(method="GET", path="/v1/calls/list", headers=(("authorization", AUTHORIZATION),))
    answers = [Simulation(faults=faults).handle(request) for faults in ((), ("reset-before-answer",))]
    assert [answer.status for answer in answers] == [200, 200]
