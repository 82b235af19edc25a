"""The simulator beside Prism: ending a call over HTTP, being ready, memory.

Prism takes part where ``prism`` of ``@stoplight/prism-cli`` is on the path or named by the variable
PRISM; without it our figures are printed alone.
"""

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import orjson

from benchmarks.measuring import Figure, resident
from vocode_contract.contract.model import Contract

SECONDS = 3.0
CONNECTIONS = 4
TURNS = 5
_TOKEN = "simulator-token"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What one server did.

    Attributes:
        seconds: Wall seconds for one request, all connections together.
        cpu: CPU seconds of the server for one request.
        ready: Seconds from the start of its process to its first answer.
        memory: Resident bytes after the load, a million of them a microsecond.
    """

    seconds: float
    cpu: float
    ready: float
    memory: float


def figures() -> Iterator[Figure]:
    """Measure ours and, where it is there, Prism, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder, "openapi.json")
        document.write_bytes(orjson.dumps(dict(Contract.load(profile="documented").document)))
        commands = [[sys.executable, "-m", "vocode_contract", "simulate"]]
        if prism := os.environ.get("PRISM") or shutil.which("prism"):
            commands.append([prism, "mock", str(document)])
        measured = [list(_measure_all(commands)) for _ in range(TURNS)]
    for name, field, goal in (
        ("End Call, wall", "seconds", 0.1),
        ("End Call, CPU of the server", "cpu", 0.1),
        ("ready", "ready", 0.1),
        ("memory, in MB for seconds", "memory", 0.25),
    ):
        rows = [[getattr(served, field) for served in turn] for turn in measured]
        pairs = [(row[0], row[1] if len(row) > 1 else float("nan")) for row in rows]
        yield Figure(
            name=name,
            rival="Prism, static",
            ours=statistics.median(mine for mine, _ in pairs),
            theirs=statistics.median(other for _, other in pairs),
            ratio=statistics.median(mine / other for mine, other in pairs),
            goal=goal,
        )


def _measure_all(commands: Sequence[Sequence[str]]) -> Iterator[Served]:
    for command in commands:
        port = find_free_port()
        yield measure_server([*command, "--port", str(port)], port)


def measure_server(command: Sequence[str], port: int) -> Served:
    """Start a server, and send it requests."""
    with run_server(command, port) as (pid, ready):
        _load(port, 0.5)
        before = _cpu(pid)
        started = time.monotonic()
        count = _load(port, SECONDS)
        elapsed = time.monotonic() - started
        return Served(
            seconds=elapsed / count, cpu=(_cpu(pid) - before) / count, ready=ready, memory=resident(pid) / 1e12
        )


@contextmanager
def run_server(command: Sequence[str], port: int) -> Iterator[tuple[int, float]]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        while not _answers(port):
            if time.monotonic() - started > 90:
                raise TimeoutError(command[0])
            time.sleep(0.002)
        yield process.pid, time.monotonic() - started
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(_request(port))
            return connection.recv(12).startswith(b"HTTP/1.1 ")
    except OSError:
        return False


def _call_id(port: int) -> str:
    """Return the id of a call that there is; Prism makes one up."""
    request = Request(f"http://127.0.0.1:{port}/v1/calls/list", headers={"Authorization": f"Bearer {_TOKEN}"})
    with urlopen(request, timeout=5) as response:  # noqa: S310  # our own server
        return str(orjson.loads(response.read())["items"][0]["id"])


def _request(port: int, call_id: str = "3c90c3cc-0d44-4b50-8888-8dd25736052a") -> bytes:
    return (
        f"POST /v1/calls/end?id={call_id} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Authorization: Bearer {_TOKEN}\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def _load(port: int, seconds: float) -> int:
    """Send requests over a few connections, each answered before the next; return how many."""
    counts = [0] * CONNECTIONS
    call_id = _call_id(port)

    def work(index: int) -> None:
        request, until = _request(port, call_id), time.monotonic() + seconds
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while time.monotonic() < until:
                connection.sendall(request)
                _receive(connection)
                counts[index] += 1

    threads = [threading.Thread(target=work, args=(index,)) for index in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)


def _receive(connection: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    match = _LENGTH.search(head)
    missing = int(match[1]) - len(body) if match else 0
    while missing > 0:
        missing -= len(connection.recv(65_536))


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
