"""The simulator as an httpx transport: in process, without a socket."""

import time
from collections.abc import Iterator

import h11
import httpx

from vocode_contract.http.guard.guard import SIMULATOR_HEADER
from vocode_contract.http.message import Request
from vocode_contract.simulator.faults.fault import Step
from vocode_contract.simulator.server.control import answer as answer_to
from vocode_contract.simulator.simulation import Simulation

#: Bytes of a response head that httpx accepts over a socket.
_HEAD = 102_400
_PIECE = 65_536


class SimulatorTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends the requests of an `httpx.Client` or `httpx.AsyncClient` straight to a simulation.

    Network faults raise the exceptions of httpx, or take time, as on a socket. It is also a respx side effect:
    ``respx.route().mock(side_effect=SimulatorTransport(simulation))``.
    """

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation

    def __call__(self, request: httpx.Request, **_groups: str) -> httpx.Response:
        """Return the response to a request from respx, which also passes the groups of a route's pattern."""
        return self.handle_request(request)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response to a request."""
        return self._respond(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response to a request."""
        return self._respond(request, await request.aread())

    def _respond(self, request: httpx.Request, body: bytes) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        headers = tuple(request.headers.multi_items())
        answer = answer_to(
            self.simulation,
            Request(
                method=request.method.upper(),
                path=path,
                query=query,
                headers=headers,
                body=body,
                scheme=request.url.scheme,
            ),
        )
        if answer.steps is not None:
            return _parse_response(answer.steps, request)
        response = answer.response
        return httpx.Response(
            response.status,
            headers=[*response.headers, ("content-length", str(len(response.body))), (SIMULATOR_HEADER, "true")],
            stream=httpx.ByteStream(response.body),
        )


def _parse_response(steps: Iterator[Step], request: httpx.Request) -> httpx.Response:
    """Return the response that a client reads from the bytes that the steps send."""
    timeout: float | None = request.extensions.get("timeout", {}).get("read")
    events = _events(steps, request.method, timeout)
    head = next(event for event in events if isinstance(event, h11.Response))
    return httpx.Response(head.status_code, headers=list(head.headers), stream=_EventBody(events))


class _EventBody(httpx.SyncByteStream):
    def __init__(self, events: Iterator[h11.Event]) -> None:
        self._events = events

    def __iter__(self) -> Iterator[bytes]:
        return (bytes(event.data) for event in self._events if isinstance(event, h11.Data))


def _events(steps: Iterator[Step], method: str, timeout: float | None) -> Iterator[h11.Event]:
    """Yield the HTTP events that a client reads from the steps, up to the end of the response.

    Raises:
        httpx.TransportError: The steps are not HTTP, or take too long.
    """
    reader = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD)
    reader.send(h11.Request(method=method, target="/", headers=[("host", "simulator")]))
    reader.send(h11.EndOfMessage())
    received = _receive(steps, timeout)
    while True:
        try:
            event = reader.next_event()
            if event is h11.NEED_DATA:
                reader.receive_data(next(received, b""))
                continue
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from error
        if not isinstance(event, h11.Event) or isinstance(event, h11.EndOfMessage):
            return
        if isinstance(event, h11.ConnectionClosed):
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        yield event


def _receive(steps: Iterator[Step], timeout: float | None) -> Iterator[bytes]:
    """Yield what the steps send, in pieces as from a socket."""
    for step in steps:
        if isinstance(step, bytes):
            yield from (step[at : at + _PIECE] for at in range(0, len(step), _PIECE))
        elif isinstance(step, float):
            time.sleep(step if timeout is None else min(step, timeout))
            if timeout is not None and step >= timeout:
                raise httpx.ReadTimeout("timed out")
        else:
            raise httpx.ReadError("[Errno 104] Connection reset by peer")
