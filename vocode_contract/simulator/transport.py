"""The simulator as an httpx transport: in process, without a socket."""

import httpx

from vocode_contract.exchange import Request, Response
from vocode_contract.simulator.core import Simulation


class SimulatorTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Carries requests of an `httpx.Client` or `httpx.AsyncClient` straight into a simulation.

    It is a respx side effect as well: ``respx.route().mock(side_effect=SimulatorTransport(simulation))``.
    """

    def __init__(self, simulation: Simulation) -> None:
        """Carry requests into this simulation."""
        self.simulation = simulation

    def __call__(self, request: httpx.Request, **_groups: str) -> httpx.Response:
        """Answer a request that respx has routed here; the groups of a route's pattern are not needed."""
        return self.handle_request(request)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        return self._answered(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        return self._answered(request, await request.aread())

    def _answered(self, request: httpx.Request, body: bytes) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        answer: Response = self.simulation.handle(
            Request(
                method=request.method.upper(),
                path=path,
                query=query,
                headers=tuple(request.headers.multi_items()),
                body=body,
            )
        )
        length = ("content-length", str(len(answer.body)))
        return httpx.Response(answer.status, headers=[*answer.headers, length], content=answer.body)
