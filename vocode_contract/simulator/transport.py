"""The simulator as an httpx transport: in process, without a socket."""

import httpx

from vocode_contract.exchange import Request, Response
from vocode_contract.simulator.core import Simulation


class SimulatorTransport(httpx.BaseTransport):
    """Carries requests of an `httpx.Client` straight into a simulation."""

    def __init__(self, simulation: Simulation) -> None:
        """Carry requests into this simulation."""
        self.simulation = simulation

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        answer: Response = self.simulation.handle(
            Request(
                method=request.method.upper(),
                path=path,
                query=query,
                headers=tuple(request.headers.multi_items()),
                body=request.read(),
            )
        )
        length = ("content-length", str(len(answer.body)))
        return httpx.Response(answer.status, headers=[*answer.headers, length], content=answer.body)
