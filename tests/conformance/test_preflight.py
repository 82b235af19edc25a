"""The requests before the suite: what makes a whole run meaningless is one line, and anything else is left to it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import entry_points
from textwrap import dedent

import pytest

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

from tests.support.raw import HASTY, TOKEN, free_port, resets, says, serving
from vocode_contract.conformance.run.options import Given
from vocode_contract.conformance.run.preflight import Preflight, run_preflight
from vocode_contract.conformance.run.settings import Settings
from vocode_contract.http.client.client import Client
from vocode_contract.http.guard.guard import NO_CALL
from vocode_contract.simulator import simulator
from vocode_contract.validation.masking import Secret

pytest_plugins = "pytester"

LOADED = any(found.value == "vocode_contract.pytest_plugin" for found in entry_points(group="pytest11"))
CALL = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
LIST = "GET /v1/calls/list"

Status = Callable[[str], int]


@contextmanager
def answering(status: Status) -> Iterator[tuple[str, list[str]]]:
    """Serve status codes by method and path; yield the URL and what was requested."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(f"{self.command} {self.path}")
            self.send_response(status(f"{self.command} {self.path.partition('?')[0]}"))
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", requests
        server.shutdown()


def fly(url: str, *, token: str = TOKEN, call_ids: tuple[str, ...] = ()) -> Preflight:
    settings = Settings.from_given({"url": Given(value=url), "call-id": Given(value=call_ids)})
    return run_preflight(Client(url, Secret(token), timing=HASTY), settings)


def test_preflight_of_a_sound_server_is_one_request():
    with answering(lambda _: 200) as (url, requests):
        assert fly(url) == Preflight()
    assert requests == [f"{LIST}?page=1&size=1"]


def test_preflight_sees_that_a_server_is_a_simulator():
    with simulator() as running:
        assert fly(running.url, token=running.token) == Preflight(is_simulated=True)


def test_preflight_names_a_server_that_is_not_there():
    obstacle = fly(f"http://127.0.0.1:{free_port()}").obstacle
    assert "the connection was refused" in obstacle
    assert obstacle.endswith("; check the URL, and that the server is running [unreachable]")


@pytest.mark.parametrize("status", [401, 403])
def test_preflight_names_a_token_that_every_request_is_refused_for(status):
    with answering(lambda _: status) as (url, requests):
        obstacle = fly(url).obstacle
    assert f"status {status}, with the token of VOCODE_API_KEY; set VOCODE_API_KEY" in obstacle
    assert TOKEN not in obstacle
    assert len(requests) == 2


@pytest.mark.parametrize("status", [401, 403, 404])
def test_preflight_leaves_a_server_to_the_suite_that_fails_one_operation(status):
    with answering(lambda request: status if request == LIST else 200) as (url, _):
        assert fly(url) == Preflight()


def test_preflight_leaves_a_server_to_the_suite_that_closes_one_connection():
    with serving(resets, resets, resets, says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")) as server:
        assert fly(server.url) == Preflight()


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        ("/v1", "the URL must end before /v1, so try http://127.0.0.1:"),
        ("/api", "the URL must be the part before /v1/calls"),
        ("", "the URL must be the part before /v1/calls"),
    ],
)
def test_preflight_names_a_url_below_which_everything_is_missing(path, remedy):
    with answering(lambda _: 404) as (url, requests):
        obstacle = fly(url + path).obstacle
    assert f"every request gets status 404, such as GET {url}{path}/v1/calls/list; {remedy}" in obstacle
    assert requests[:2] == [f"{LIST}?page=1&size=1".replace(" ", f" {path}"), f"GET {path}/v1/calls"]
    assert requests[2:] == [f"POST {path}/v1/calls/end?id={NO_CALL}"]


def test_preflight_leaves_a_server_to_the_suite_that_only_ends_calls():
    with answering(lambda request: 401 if request == "POST /v1/calls/end" else 404) as (url, _):
        assert fly(url) == Preflight()


def test_preflight_of_a_read_only_run_only_reads(monkeypatch):
    monkeypatch.setenv("VOCODE_CONTRACT_READ_ONLY", "1")
    with answering(lambda _: 404) as (url, requests):
        assert fly(url).obstacle
    assert all(request.startswith("GET ") for request in requests)


def test_preflight_takes_a_missing_call_for_no_missing_path():
    with answering(lambda request: {LIST: 404, "GET /v1/calls": 422}[request]) as (url, _):
        assert fly(url) == Preflight()


def test_preflight_asks_for_a_call_that_the_user_named():
    with answering(lambda _: 404) as (url, requests):
        assert fly(url, call_ids=(CALL,)).obstacle
    assert requests[1] == f"GET /v1/calls?id={CALL}"


@pytest.mark.parametrize(
    "words",
    [
        b"Client sent an HTTP request to an HTTPS server.",
        b"<center>The plain HTTP request was sent to HTTPS port</center>",
    ],
)
def test_preflight_names_a_server_that_expects_tls(words):
    length = b"Content-Length: %d\r\n\r\n" % len(words)
    with serving(says(b"HTTP/1.1 400 Bad Request\r\n" + length + words)) as server:
        assert f"{server.url} expects TLS; start the URL with https:// [tls]" in fly(server.url).obstacle


def test_preflight_names_tls_where_a_server_closes_every_connection():
    with serving(resets) as server:
        assert fly(server.url).obstacle.endswith("; if the server expects TLS, start the URL with https:// [closed]")


# --- the run ---

PLUGIN = () if LOADED else ("-p", "vocode_contract.pytest_plugin")
SUITE = ("--pyargs", "vocode_contract.conformance", "-p", "no:cacheprovider", "-k", "test_shop or list_calls")
OWN = """
def test_shop_needs_no_server(): pass

def test_shop_asks_the_server(vocode_client):
    vocode_client.list_calls()
"""


@pytest.mark.parametrize(("own", "code"), [(OWN, 3), (f"{OWN}\ndef test_shop_fails(): assert False", 1)])
def test_pytest_leaves_out_only_what_uses_a_server_that_is_not_there(pytester, own, code):
    test, report = pytester.makepyfile(own), pytester.path / "report.json"
    url = f"http://127.0.0.1:{free_port()}"
    options = (f"--vocode-url={url}", f"--vocode-report=json={report}", *SUITE)
    result = pytester.runpytest(*PLUGIN, *options, str(test))
    assert result.ret == code
    result.assert_outcomes(passed=1, failed=code % 3, deselected=len([*_names(pytester)]) + 1)
    result.stdout.fnmatch_lines([f"*contract 2023-11-30, wire: {url}*", "*; check the URL*[[]unreachable[]]"])
    [row] = json.loads(report.read_text(encoding="utf-8"))["tests"]
    assert (row["verdict"], "[unreachable]" in row["reason"]) == ("inconclusive", True)


def _names(pytester: pytest.Pytester) -> list[str]:
    items, _ = pytester.inline_genitems(*PLUGIN, *SUITE)
    return [item.nodeid for item in items]


BLOCKS = {
    "connections": """
        @pytest.fixture(autouse=True)
        def block(monkeypatch):
            def refuse(*_): raise RuntimeError("Network is disabled")
            monkeypatch.setattr(socket.socket, "connect", refuse)
    """,
    "sockets": """
        class Refused(real):
            def __new__(cls, *_): raise RuntimeError("Network is disabled")

        def pytest_runtest_setup(): socket.socket = Refused
        def pytest_runtest_teardown(): socket.socket = real
    """,
    "connections by a warning": """
        @pytest.fixture(autouse=True)
        def block(monkeypatch):
            def refuse(*_): warnings.warn("Network is disabled")
            monkeypatch.setattr(socket.socket, "connect", refuse)
    """,
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_blocked_network_is_inconclusive_and_names_who_blocks_it(pytester, block):
    pytester.makeconftest(f"import socket\nimport warnings\nimport pytest\nreal = socket.socket\n{dedent(block)}")
    test = pytester.makepyfile("def test_shop(vocode_client): vocode_client.list_calls()")
    result = pytester.runpytest(*PLUGIN, "-p", "no:cacheprovider", "-W", "error", str(test))
    assert result.ret == 3
    result.stdout.fnmatch_lines(["*the network is blocked by conftest; nothing was sent [[]blocked[]]*"])


def test_preflight_leaves_a_rate_limit_to_the_suite():
    head = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1000000\r\nContent-Length: 0\r\n\r\n"
    with serving(says(head)) as server:
        assert fly(server.url) == Preflight()
