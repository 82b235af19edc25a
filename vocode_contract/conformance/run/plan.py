"""The plan of a run: the requests that it would send, recorded by running the suite against an in-process simulator.

Nothing is sent: the client believes that it talks to the endpoint, and the simulator responds.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from vocode_contract.conformance.run.settings import Settings
from vocode_contract.contract.operation import Effect
from vocode_contract.http.client.authentication import Authentication
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.request import DEFAULT_CREDENTIALS, OperationRequest
from vocode_contract.http.client.timing import Timing
from vocode_contract.http.guard.guard import Consents, Guard
from vocode_contract.http.message import Exchange
from vocode_contract.simulator import Simulation, SimulatorTransport
from vocode_contract.validation.masking import Secret

_TOKEN = "token-of-the-plan"  # noqa: S105 - opens the simulator in process


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One request that would be sent.

    Attributes:
        method: HTTP method.
        path: URL path, and the names of query parameters.
        effect: The effect of the request if it succeeds.
        headers: The relevant headers, masked.
        is_probe: Whether it must be rejected.
    """

    method: str
    path: str
    effect: Effect
    headers: tuple[str, ...]
    is_probe: bool

    def __str__(self) -> str:
        """Write one line."""
        effect = f"{self.effect}, must be rejected" if self.is_probe else self.effect
        return "  ".join((f"{self.method} {self.path}", f"[{effect}]", *self.headers))


@dataclass(slots=True)
class RunPlan:
    """The requests that a run would send.

    Attributes:
        requests: The requests in order.
        mutating: How many of them the guard counts as state-changing.
        is_here: Whether they go to this machine, where none is counted and all may be sent.
    """

    requests: list[Planned] = field(default_factory=list)
    mutating: int = 0
    is_here: bool = False

    def lines(self, where: str, *, has_own_tests: bool = False) -> Iterator[str]:
        """Yield the lines to show before anything is sent, equal requests on one line."""
        yield f"plan for {where}: {len(self.requests)} requests; reads may be repeated"
        for request, count in Counter(self.requests).items():
            yield f"  {count} x {request}"
        if self.is_here:
            yield "state-changing requests are not counted: all of these may be sent to this machine"
            return
        yield f"state-changing requests: {self.mutating}"
        if has_own_tests:
            yield "your own tests are not rehearsed: they may send more, up to the budget"


class PlanningClient(Client):
    """Sends every request to an in-process simulator, and records it."""

    def __init__(self, settings: Settings, consents: Consents, *, has_token: bool) -> None:
        """Plan for an endpoint.

        Args:
            settings: Settings of the run.
            consents: What the user permits; a confirmation for production is taken as given.
            has_token: Whether the run has a token.
        """
        if settings.endpoint is None:
            raise ValueError("the built-in simulator needs no plan")
        self.plan = RunPlan(is_here=settings.endpoint.is_loopback)
        self._contract = settings.contract
        self._known = settings.call_ids
        self._settings = settings
        self.guard = Guard(replace(consents, approved=settings.endpoint.host, planned=None))
        super().__init__(
            settings.endpoint,
            Secret(_TOKEN) if has_token else None,
            guard=self.guard,
            timing=Timing(interval=0),
            transport=SimulatorTransport(_simulation(settings)),
        )

    @property
    def authentication(self) -> Authentication:
        """Where and how the run sends the token; the simulator of the plan gets it as a bearer token."""
        return self._settings.authentication

    def exchange(self, wanted: OperationRequest) -> Exchange:
        """Return the simulator's response, and record the request."""
        __tracebackhide__ = True
        exchange = super().exchange(wanted)
        self.plan.requests.append(self._describe(wanted, exchange))
        self.plan.mutating = self.guard.sent
        return exchange

    def _describe(self, wanted: OperationRequest, exchange: Exchange) -> Planned:
        request = exchange.request
        names = [f"{name}={value if value in self._known else '<...>'}" for name, value in wanted.arguments]
        shown = {None: "none", DEFAULT_CREDENTIALS: "<token>"}.get(wanted.credentials, "<another>")
        media_type = request.header("content-type")
        return Planned(
            method=request.method,
            path=request.path + (f"?{'&'.join(names)}" if names else ""),
            effect=wanted.operation.effect,
            headers=(
                f"{self.authentication.header}: {shown}",
                *(f"{header.name}: ${header.variable}" for header in self._settings.headers),
                *([f"Content-Type: {media_type}"] if media_type else []),
            ),
            is_probe=wanted.credentials != DEFAULT_CREDENTIALS,
        )


def _simulation(settings: Settings) -> Simulation:
    """Return a simulation that has the calls that the user named."""
    simulation = Simulation(settings.contract, token=_TOKEN)
    calls = simulation.state.calls
    living = [identifier for identifier, call in calls.items() if call["status"] == "in_progress"]
    for given in settings.call_ids:
        call = dict(calls[living[0]])
        calls[given] = {**call, "id": given}
    return simulation
