"""Receivers on loopback, sound ones and such with one planted bug."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from vocode_contract import Event, idempotency_key, parse_event, parse_external_action

Headers = dict[str, str]
Answer = tuple[int, bytes]


@dataclass(kw_only=True)
class Shop:
    """A sound receiver of events and actions; each bug is a method that is replaced."""

    secret: str = ""
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    bodies: list[bytes] = field(default_factory=list)
    requests: list[tuple[str, str, Headers]] = field(default_factory=list)
    limit: int = 1_048_576

    def receive(self, body: bytes, headers: Headers) -> Answer:
        return self.action(body, headers) if self.secret else self.event(body, headers)

    def event(self, body: bytes, headers: Headers) -> Answer:
        event = parse_event(body, headers).event
        if event is None:
            return 400, b""
        if self.is_new(event):
            self.keep(event, self.calls.setdefault(event.call_id, {"ended": 0, "connected": False, "kinds": []}))
        return 200, b""

    def is_new(self, event: Event) -> bool:
        key = idempotency_key(event)
        is_new = key not in self.seen
        self.seen.add(key)
        return is_new

    def keep(self, event: Event, call: dict[str, Any]) -> None:
        call["ended"] += event.type == "event_phone_call_ended"
        call["connected"] |= event.type == "event_phone_call_connected"
        call["kinds"] = sorted({*call["kinds"], event.type})

    def action(self, body: bytes, headers: Headers) -> Answer:
        verdict = parse_external_action(body, headers, self.secret)
        if verdict.action is None:
            return (400 if verdict.authentic else 401), b""
        key = idempotency_key(verdict.action)
        done = self.calls.setdefault(verdict.action.call_id, {"done": 0})
        done["done"] += key not in self.seen
        self.seen.add(key)
        return 200, b'{"result": {}}'

    def state(self, call_id: str) -> Any:
        return self.calls.get(call_id)


def receiver(**options: Any) -> Any:
    """Return a sound receiver, any method of which may be replaced."""
    return Shop(**options)


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/calls/"):
            self._answer(200, json.dumps(self.server.shop.state(self.path.rpartition("/")[2])).encode())
        else:
            self.do_POST()

    def do_POST(self) -> None:
        size = int(self.headers.get("content-length", 0))
        self.server.shop.requests.append((self.command, self.path, dict(self.headers.items())))
        if size > self.server.shop.limit:
            self.close_connection = True
            self._answer(413, b"")
            return
        body = self.rfile.read(size)
        self.server.shop.bodies.append(body)
        self._answer(*self.server.shop.receive(body, dict(self.headers.items())))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("location", "/calls/elsewhere")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base's
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # with its own five, connections that come at once are reset
    shop: Shop

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that stops reading is no error here."""


@contextmanager
def served(shop: Shop) -> Iterator[str]:
    """Serve a receiver and yield its URL."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.shop = shop
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def asgi(app: Callable[..., Any]) -> Iterator[str]:
    """Serve an ASGI application and yield its URL."""
    import uvicorn

    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
