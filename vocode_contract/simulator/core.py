"""Simulation: the server as a pure function of a request and what happened before, without sockets."""

import hmac
import time
from collections.abc import Mapping
from threading import Lock
from urllib.parse import quote

from vocode_contract.contract import Contract, Operation
from vocode_contract.errors import InvalidOption
from vocode_contract.exchange import Request, Response
from vocode_contract.redaction import Secret
from vocode_contract.simulator.arguments import NotUnderstood, arguments
from vocode_contract.simulator.clock import Clock
from vocode_contract.simulator.faults.planting import Answer, Planted, Sabotage, planted_from
from vocode_contract.simulator.operations import OPERATIONS, Account, Rules
from vocode_contract.simulator.refusals import not_authenticated, not_understood, refused
from vocode_contract.simulator.seeds import seed as fill
from vocode_contract.simulator.state import NotStored, State
from vocode_contract.simulator.variants import LIKELY, Variant

DEFAULT_TOKEN = "simulator-token"  # noqa: S105 - opens nothing but a simulator


class Simulation:
    """One account of the service, and the server in front of it; safe to share between threads."""

    def __init__(
        self,
        contract: Contract | None = None,
        *,
        token: str = DEFAULT_TOKEN,
        clock: Clock = time.time,
        seed: int = 0,
        variant: Variant = LIKELY,
        faults: tuple[str | Planted, ...] = (),
    ) -> None:
        """Seed the account.

        Args:
            contract: The contract to serve, its profile does not matter; the default one without.
            token: The token that is accepted.
            clock: Tells seconds since the epoch.
            seed: Of all ids and chance; the same seed gives the same ones.
            variant: Which conforming server to be.
            faults: Names in `FAULTS`, or ``NAME[@WHERE]...[:PROBABILITY]``, or `Planted` ones.

        Raises:
            InvalidOption: The token is empty, or there is no such fault.
        """
        if not token:
            raise InvalidOption("token", "must not be empty")
        self.contract = contract or Contract.load()
        self.variant = variant
        self._token = Secret(token)
        self._clock = clock
        self._seed = seed
        self._routes = _routes(self.contract)
        self._lock = Lock()
        self.arm(*faults)
        self.reset()

    def arm(self, *faults: str | Planted) -> None:
        """Plant these faults in place of those that are planted; none for a sound server.

        Raises:
            InvalidOption: There is no such fault, or it does not break the contract that is served.
        """
        sabotage = Sabotage(self.contract, planted_from(faults), seed=self._seed)
        with self._lock:
            self._sabotage = sabotage

    def reset(self) -> None:
        """Restore the seeded calls, with the same ids; faults stay, and forget what they noted."""
        state = State.empty(self.contract, clock=self._clock, seed=self._seed)
        fill(state)
        with self._lock:
            self.state = state
            self._sabotage.restart()

    def handle(self, request: Request) -> Response:
        """Answer a request; faults of the wire do not show.

        Args:
            request: As it came over the wire, whoever sent it.
        """
        return self.answer(request).response

    def answer(self, request: Request) -> Answer:
        """Answer a request, and tell how to carry the answer where a fault has a word in that.

        Args:
            request: As it came over the wire, whoever sent it.
        """
        with self._lock:
            return self._sabotage.answer(request, self.state, self._sound)

    def _sound(self, request: Request, rules: Rules) -> Response:
        """Answer a request as one should, by the rules that are left."""
        operation = self._routes.get(request.path, {}).get(request.method)
        if operation is None:
            return self._unrouted(request)
        if rules.checks_token and (refusal := self._refusal(request)):
            return refusal
        account = Account(state=self.state, variant=self.variant, rules=rules)
        try:
            return OPERATIONS[operation.name](account, arguments(self.contract, operation, request))
        except NotUnderstood as error:
            return not_understood(error.entries, self.variant)
        except NotStored as error:
            return refused(404, f"{error.noun} not found")

    def _refusal(self, request: Request) -> Response | None:
        """Return the refusal of a request without the token, which parameters have no part in."""
        scheme, _, given = (request.header("authorization") or "").partition(" ")
        if not given:
            return not_authenticated(self.variant, "Not authenticated")
        if scheme.lower() != "bearer":
            return not_authenticated(self.variant, "Invalid authentication credentials")
        expected = self._token.reveal().encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected):
            return not_authenticated(self.variant, "Invalid API key")
        return None

    def _unrouted(self, request: Request) -> Response:
        """Refuse what no operation answers to; a slash too many or too few is a redirect."""
        if methods := self._routes.get(request.path):
            return refused(405, "Method Not Allowed", ("allow", ", ".join(sorted(methods))))
        stripped = request.path.rstrip("/")
        if request.path.endswith("/") and stripped in self._routes:
            return Response(status=307, headers=(("location", _location(request, stripped)),))
        return refused(404, "Not Found")


def _routes(contract: Contract) -> Mapping[str, Mapping[str, Operation]]:
    routes: dict[str, dict[str, Operation]] = {}
    for operation in contract.operations.values():
        routes.setdefault(operation.path, {})[operation.method] = operation
    return routes


def _location(request: Request, path: str) -> str:
    """Write where to go instead: on the same host, with the same query."""
    host = request.header("host")
    origin = f"http://{quote(host, safe=':[]')}" if host else ""
    query = f"?{quote(request.query, safe='%&=+:/?')}" if request.query else ""
    return f"{origin}{path}{query}"
