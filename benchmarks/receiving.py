"""A receiver of webhooks in a process of its own, which tells what it was told.

Usage: python -m benchmarks.receiving
"""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection

import orjson

#: Call -> kinds of event, in the order in which they came.
Told = Mapping[str, list[str]]

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_EMPTY = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Receiver:
    """A receiver that runs; its URL is `url`."""

    def __init__(self, port: int) -> None:
        """Know where it is."""
        self.url = f"http://127.0.0.1:{port}/hook"
        self._port = port

    def told(self) -> Told:
        """Return what it was told."""
        told: Told = orjson.loads(self._ask("GET"))
        return told

    def forget(self) -> None:
        """Let it forget everything."""
        self._ask("DELETE")

    def _ask(self, method: str) -> bytes:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request(method, "/")
            return connection.getresponse().read()
        finally:
            connection.close()


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver while the block runs."""
    command = [sys.executable, "-m", "benchmarks.receiving"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Receiver(int(process.stdout.readline()))  # type: ignore[union-attr]  # it is a pipe
        finally:
            process.terminate()


class _Connection(asyncio.Protocol):
    """HTTP/1.1 as far as it is spoken here: each request after the answer to the one before."""

    def __init__(self, told: dict[str, list[str]]) -> None:
        self._told = told
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # it is TCP

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, body = self._data.partition(b"\r\n\r\n")
        match = _LENGTH.search(head)
        if end and len(body) >= (int(match[1]) if match else 0):
            self._data = b""
            self._transport.write(self._answer(head.partition(b" ")[0], body))

    def _answer(self, method: bytes, body: bytes) -> bytes:
        if method == b"GET":
            content = orjson.dumps(self._told)
            return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(content), content)
        if method == b"DELETE":
            self._told.clear()
            return _EMPTY
        event = orjson.loads(body)
        self._told.setdefault(event["call_id"], []).append(event["type"])
        return _EMPTY


def compared(expected: Told, told: Told) -> dict[str, int]:
    """Count what went wrong between what should have been told and what was.

    Returns:
        How many events are ``lost``, how many came that should not have (``doubled``), and how many
        calls were told in another ``disordered`` way than they went.
    """
    counts = {"lost": 0, "doubled": 0, "disordered": 0}
    for call_id in {**expected, **told}:
        wanted, given = expected.get(call_id, []), told.get(call_id, [])
        missing = sum(max(0, wanted.count(kind) - given.count(kind)) for kind in set(wanted))
        counts["lost"] += missing
        counts["doubled"] += len(given) - (len(wanted) - missing)
        counts["disordered"] += wanted != given and sorted(wanted) == sorted(given)
    return counts


async def _serve() -> None:
    told: dict[str, list[str]] = {}
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(told), "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
