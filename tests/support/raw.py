"""Servers that misbehave below HTTP, over raw sockets on loopback, and what is asked of them."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest

from vocode_contract.contract.model import Contract
from vocode_contract.validation.masking import Secret

pytest.importorskip("httpx")
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.request import OperationRequest
from vocode_contract.http.client.timing import Timing

CONTRACT = Contract.load("2023-11-30")
TOKEN = "tok_0123456789"
ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
GET = OperationRequest(operation=CONTRACT.operations["get_call"], arguments=(("id", ID),))
POST = OperationRequest(operation=CONTRACT.operations["end_call"], arguments=(("id", ID),))
HASTY = Timing(connect=2, read=0.2, write=0.2, total=0.6, pauses=(0, 0))
#: For answers that come: no load of the machine makes them late.
AMPLE = Timing(connect=20, read=20, write=20, total=30, pauses=(0, 0))
#: For answers that come drop by drop: a busy machine may keep a byte for longer than the shortest time-out of a read.
PATIENT = replace(HASTY, read=5)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

Answer = Callable[[socket.socket], None]


@dataclass
class Server:
    """What a raw-socket server has heard."""

    port: int
    heard: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(*answers: Answer) -> Iterator[Server]:
    """Give one answer to each connection, the last one to all further ones."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(port=listening.getsockname()[1])
        thread = threading.Thread(target=_serve, args=(listening, server, answers))
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            with socket.create_connection(("127.0.0.1", server.port)):
                pass  # wakes accept()
            thread.join(5)


def _serve(listening: socket.socket, server: Server, answers: tuple[Answer, ...]) -> None:
    while True:
        connection, _ = listening.accept()
        with connection:
            if server.over.is_set():
                return
            connection.settimeout(2)
            server.heard.append(connection.recv(65_536))
            with suppress(OSError):  # the client had enough
                answers[min(len(server.heard), len(answers)) - 1](connection)


def says(data: bytes) -> Answer:
    return lambda connection: connection.sendall(data)


def drips(head: bytes) -> Answer:
    """Send a byte often enough for every time-out of a single read."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(head)
        pause = threading.Event()
        while not pause.wait(0.02):
            connection.sendall(b"x")

    return answer


def floods(connection: socket.socket) -> None:
    connection.sendall(OK + b"\r\n")
    while True:
        connection.sendall(b" " * 1_000_000)


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def is_silent(connection: socket.socket) -> None:
    connection.recv(1)


def client(server: Server, timing: Timing = AMPLE) -> Client:
    return Client(server.url, Secret(TOKEN), timing=timing)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
