"""The pages about reaching a server, followed: each host is a gateway that demands what the page is about."""

import base64
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.pages import following

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

from vocode_contract.simulator import simulator

TOKEN = "simulator-token"
BEARER = f"Bearer {TOKEN}"


class Gateway(ThreadingHTTPServer):
    """Passes a request on to the simulator, with its token if the required headers are there; by default, as it is.

    Nothing in a response says that it comes from a simulator.
    """

    daemon_threads = True

    def __init__(self, upstream: str, headers: dict[str, str], prefix: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream, self.required, self.prefix = upstream, headers, prefix


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # head and body in one packet

    def handle_one_request(self) -> None:
        with suppress(OSError):
            super().handle_one_request()

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.pass_on
        raise AttributeError(name)

    def pass_on(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kept = ("content-type", *(() if server.required else ("authorization",)))
        headers = {name: value for name, value in self.headers.items() if name.lower() in kept}
        is_admitted = server.required and all(self.headers[name] == value for name, value in server.required.items())
        path = self.path.removeprefix(server.prefix) if self.path.startswith(server.prefix) else "/nowhere"
        if is_admitted:
            headers["Authorization"] = BEARER
        with closing(http.client.HTTPConnection(server.upstream)) as connection:
            connection.request(self.command, path, body, headers | {"Host": server.upstream})
            response = connection.getresponse()
            content = response.read()
        self.send_response(response.status)
        for name, value in response.headers.items():
            if name.lower() in ("content-type", "allow"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else content)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def gateway(upstream: str, headers: dict[str, str], *, prefix: str = "", context: Any = None) -> Iterator[str]:
    with Gateway(upstream, headers, prefix) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"{'https://localhost' if context else 'http://127.0.0.1'}:{server.server_address[1]}"
        server.shutdown()


class Tunnels:
    """An HTTP proxy that only knows CONNECT."""

    def __init__(self, target: str) -> None:
        self.opened: list[str] = []
        self.target = target
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self.open, args=self.listening.accept()[:1], daemon=True).start()

    def open(self, client: socket.socket) -> None:
        head = client.recv(65_536).decode()
        method, authority, _ = head.split(" ", 2)
        self.opened.append(f"{method} {'token' if TOKEN in head else 'no token'}")
        assert authority == "staging.example.com:443"
        host, _, port = self.target.removeprefix("https://").partition(":")
        with client, socket.create_connection((host, int(port))) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(server, client), daemon=True)
            back.start()
            pump(client, server)
            back.join(5)


def pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def test_page_checks_a_server_behind_a_tunnel(tmp_path):
    with simulator(token=TOKEN) as running:
        tunnel = gateway(running.url.removeprefix("http://"), {})
        with tunnel as url, following(tmp_path, {"http://127.0.0.1:8000": url}) as follower:
            follower.narrow = ("--only", "get_call_returns", "--only", "test_list_calls_returns")
            follower.follow("how-to/check-through-a-tunnel.md")


def test_page_reaches_servers_that_demand_what_it_is_about(tmp_path):
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    issued = authority.issue_cert("ada@example.com")
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "client.pem"))
    issued.private_key_pem.write_to_path(str(tmp_path / "client.key"))
    private, mutual = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    for context in (private, mutual):
        authority.issue_cert("localhost", "staging.example.com").configure_cert(context)
    mutual.load_verify_locations(cafile=str(tmp_path / "ca.pem"))
    mutual.verify_mode = ssl.CERT_REQUIRED
    basic = base64.b64encode(b"ada:lovelace").decode()
    access = {"CF-Access-Client-Id": "an-id", "CF-Access-Client-Secret": "a-secret", "Authorization": BEARER}
    with ExitStack() as stack:
        upstream = stack.enter_context(simulator(token=TOKEN)).url.removeprefix("http://")

        def serve(headers: dict[str, str], **options: Any) -> str:
            return stack.enter_context(gateway(upstream, headers, **options))

        servers = {
            "https://gateway.example.com": serve({"Authorization": BEARER}, prefix="/api"),
            "https://basic.example.com": serve({"Authorization": f"Basic {basic}"}),
            "https://key.example.com": serve({"X-API-Key": "an-api-key"}),
            "https://access.example.com": serve(access),
            "https://private.example.com": serve({"Authorization": BEARER}, context=private),
            "https://mutual.example.com": serve({"Authorization": BEARER}, context=mutual),
            "http://api:8000": serve({"Authorization": BEARER}),
        }
        tunnels = Tunnels(servers["https://private.example.com"])
        servers["http://proxy.example.com:3128"] = tunnels.url
        with following(tmp_path, servers) as follower:
            follower.narrow = ("--only", "test_list_calls_returns")
            follower.follow("how-to/reach-a-server.md")
    assert set(tunnels.opened) == {"CONNECT no token"}
    tunnels.listening.close()
