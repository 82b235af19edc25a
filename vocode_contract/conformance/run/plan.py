"""The plan: what a run would send, found out by running the suite against a simulator in process.

Nothing leaves: the client believes that it talks to the endpoint, and the simulator answers.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from vocode_contract.conformance.run.settings import Settings
from vocode_contract.contract.model import Effect
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
        path: URL path, and the names of what the query holds.
        effect: What the request does if it succeeds.
        headers: Those that matter, masked.
        is_refused: Whether it is sent in order to be refused.
    """

    method: str
    path: str
    effect: Effect
    headers: tuple[str, ...]
    is_refused: bool

    def __str__(self) -> str:
        """Write one line."""
        effect = f"{self.effect}, to be refused" if self.is_refused else self.effect
        return "  ".join((f"{self.method} {self.path}", f"[{effect}]", *self.headers))


@dataclass(slots=True)
class RunPlan:
    """What a run would send.

    Attributes:
        requests: In order.
        mutating: How many of them the guard counts.
        is_here: Whether they go to this machine, where nothing is counted and all may be sent.
    """

    requests: list[Planned] = field(default_factory=list)
    mutating: int = 0
    is_here: bool = False

    def lines(self, where: str) -> Iterator[str]:
        """Yield what a person reads before anything is sent, the same requests on one line."""
        yield f"plan for {where}: {len(self.requests)} requests; reads may be repeated"
        for request, count in Counter(self.requests).items():
            yield f"  {count} x {request}"
        if self.is_here:
            yield "state-changing requests are not counted: all of these may be sent to this machine"
            return
        yield f"state-changing requests: {self.mutating}"
        yield "tests of your own are not rehearsed: what theirs send comes on top, as far as the budget goes"


class PlanningClient(Client):
    """Carries every request to a simulator in process, and notes it."""

    def __init__(self, settings: Settings, consents: Consents, *, has_token: bool) -> None:
        """Plan for an endpoint.

        Args:
            settings: What the run would be run against.
            consents: What the user agreed to; a second word for production is taken as given.
            has_token: Whether the run has a token.
        """
        if settings.endpoint is None:
            raise ValueError("the built-in simulator needs no plan")
        self.plan = RunPlan(is_here=settings.endpoint.is_loopback)
        self._contract = settings.contract
        self._known = settings.call_ids
        self.guard = Guard(replace(consents, approved=settings.endpoint.host, planned=None))
        super().__init__(
            settings.endpoint,
            Secret(_TOKEN) if has_token else None,
            guard=self.guard,
            timing=Timing(interval=0),
            transport=SimulatorTransport(_simulation(settings)),
        )

    def exchange(self, wanted: OperationRequest) -> Exchange:
        """Answer from the simulator, and note what would have been sent."""
        __tracebackhide__ = True
        exchange = super().exchange(wanted)
        self.plan.requests.append(self._planned(wanted, exchange))
        self.plan.mutating = self.guard.sent
        return exchange

    def _planned(self, wanted: OperationRequest, exchange: Exchange) -> Planned:
        request = exchange.request
        names = [f"{name}={value if value in self._known else '<...>'}" for name, value in wanted.arguments]
        shown = {None: "none", DEFAULT_CREDENTIALS: "<token>"}.get(wanted.credentials, "<another>")
        media_type = request.header("content-type")
        return Planned(
            method=request.method,
            path=request.path + (f"?{'&'.join(names)}" if names else ""),
            effect=wanted.operation.effect,
            headers=(f"Authorization: {shown}", *([f"Content-Type: {media_type}"] if media_type else [])),
            is_refused=wanted.credentials != DEFAULT_CREDENTIALS,
        )


def _simulation(settings: Settings) -> Simulation:
    """Return a simulation that knows the calls which were named."""
    simulation = Simulation(settings.contract, token=_TOKEN)
    calls = simulation.state.calls
    living = [identifier for identifier, call in calls.items() if call["status"] == "in_progress"]
    for given in settings.call_ids:
        call = dict(calls[living[0]])
        calls[given] = {**call, "id": given}
    return simulation
