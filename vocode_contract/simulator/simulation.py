"""Simulation: the server as a pure function of a request and what happened before, without sockets."""

import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from threading import Lock
from urllib.parse import quote

from vocode_contract.contract.model import Contract, Operation
from vocode_contract.errors import InvalidOption
from vocode_contract.http.message import Request, Response
from vocode_contract.simulator.account import Call, NotStored, State
from vocode_contract.simulator.arguments import NotUnderstood, arguments
from vocode_contract.simulator.calls import placed
from vocode_contract.simulator.deliveries import deliveries
from vocode_contract.simulator.faults.injection import FaultInjector, Planted, SimulatedResponse, parse_faults
from vocode_contract.simulator.lifecycle.clock import Clock, ScaledClock
from vocode_contract.simulator.lifecycle.life import CallEvent, force_status, switch_scenario
from vocode_contract.simulator.lifecycle.scenarios import DEFAULT, check_scenario
from vocode_contract.simulator.operations import OPERATIONS, Account, Rules
from vocode_contract.simulator.request_log import RequestLog
from vocode_contract.simulator.responses import (
    JSON,
    ErrorDetail,
    authentication_error,
    error_response,
    validation_error,
)
from vocode_contract.simulator.seed_data import FROM_NUMBER, TO_NUMBER
from vocode_contract.simulator.seed_data import seed as fill
from vocode_contract.simulator.variants import LIKELY, Variant
from vocode_contract.validation.masking import Secret
from vocode_contract.webhooks.sending.delivery import Delivery
from vocode_contract.webhooks.sending.log import Attempt

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
        scenario: str = DEFAULT,
        speed: float = 1.0,
    ) -> None:
        """Seed the account.

        Args:
            contract: The contract to serve, its profile does not matter; the default one without.
            token: The token that is accepted.
            clock: Tells seconds since the epoch.
            seed: Of all ids and chance; the same seed gives the same ones.
            variant: Which conforming server to be.
            faults: Names in `FAULTS`, or ``NAME[@WHERE]...[:PROBABILITY]``, or `Planted` ones.
            scenario: What happens to calls whose number chooses nothing, a name in `SCENARIOS`.
            speed: How many seconds pass in the simulator in one of the clock's; 0 for a time that
                only `advance` moves.

        Raises:
            InvalidOption: The token is empty, there is no such fault or scenario, or the speed is negative.
        """
        if not token:
            raise InvalidOption("token", "must not be empty")
        self.contract = contract or Contract.load()
        self._token = Secret(token)
        self._clock = ScaledClock(clock, speed=speed)
        self._seed = seed
        self._scenario = check_scenario(scenario)
        self._start = (variant, parse_faults(faults))
        self._routes = _routes(self.contract)
        self._lock = Lock()
        self._attempts: Callable[[], tuple[Attempt, ...]] = tuple
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Restore everything as it was at the start: the seeded calls, the clock, the faults, the variant.

        Args:
            seed: Of all ids from now on; the same ids as before without.
        """
        with self._lock:
            self._seed = self._seed if seed is None else seed
            self._clock.restart()
            self.variant, faults = self._start
            self._plant(faults)
            self.journal = RequestLog()
            self.state = State.empty(self.contract, clock=self._clock, seed=self._seed, scenario=self._scenario)
            fill(self.state)

    @property
    def speed(self) -> float:
        """How many seconds pass in one of the clock's."""
        return self._clock.speed

    @property
    def now(self) -> float:
        """The simulator's time, in seconds since the epoch."""
        return self._clock()

    def advance(self, seconds: float) -> None:
        """Put the clock forward: the calls go on as if so much time had passed.

        Args:
            seconds: How many, from 0 to ten years.

        Raises:
            InvalidOption: That is backwards, or too far.
        """
        with self._lock:
            self._clock.advance(seconds)

    def place(self, scenario: str | None = None) -> str:
        """Place a call, as Create Call does, from the first seeded agent to a fictional number.

        Args:
            scenario: What happens to it, a name in `SCENARIOS`; the simulator's own without.

        Returns:
            The id of the call.

        Raises:
            InvalidOption: There is no such scenario.
        """
        name = check_scenario(scenario or self._scenario)
        with self._lock:
            agent = next(iter(self.state.calls.values()))["agent"]["id"]
            request = {"from_number": FROM_NUMBER, "to_number": TO_NUMBER, "agent": agent}
            request["context"] = {"customer_name": "Ada"}
            identifier: str = placed(self.state, request, self.variant.provider, name)["id"]
        return identifier

    def calls(self, newest: int | None = None) -> tuple[Call, ...]:
        """Return the calls as they are now, the newest first; times are seconds since the epoch.

        Args:
            newest: How many at most; all without.
        """
        with self._lock:
            return tuple(dict(self.state.call(identifier)) for identifier in self._newest(newest))

    def go_on(self, identifier: str, *, scenario: str | None = None, status: str | None = None) -> None:
        """Decide how a call goes on from now.

        Args:
            identifier: Id of a call that was created.
            scenario: The scenario to follow: from its ringing while the call rings, else from what is said.
            status: The status to take at once, one that follows on the call's: in_progress, ended or error.

        Raises:
            InvalidOption: Not exactly one is given, the call does not live, or it is too far for that.
        """
        if (scenario is None) == (status is None):
            raise InvalidOption("go_on", "takes either a scenario or a status")
        with self._lock:
            life = self.state.lives.get(identifier)
            if life is None:
                raise InvalidOption("call", "there is none of that id that was created and moves by itself")
            call, now = self.state.call(identifier), self._clock()
            if scenario is not None:
                self.state.lead(call, switch_scenario(life, call, scenario, now))
            else:
                self.state.lead(call, force_status(life, call, status or "", now))

    def events(self, newest: int | None = None) -> tuple[CallEvent, ...]:
        """Return what has happened to the calls by now and a webhook would be reported, the oldest first.

        Args:
            newest: Of how many of the newest calls; of all without.
        """
        with self._lock:
            now = self._clock()
            found = (event for identifier in self._newest(newest) for event in self.state.events(identifier))
            return tuple(sorted((event for event in found if event.at <= now), key=lambda event: event.at))

    def take_events(self) -> tuple[CallEvent, ...]:
        """Return the events that were not taken yet, the oldest first; for whoever delivers them."""
        with self._lock:
            return tuple(self.state.outbox.due(self._clock(), self.state.events))

    def take_deliveries(self) -> tuple[Delivery, ...]:
        """Take the events as `take_events` does, and return those that a webhook is reported, as deliveries."""
        with self._lock:
            return tuple(deliveries(self.state, self.state.outbox.due(self._clock(), self.state.events)))

    def delivered_by(self, attempts: Callable[[], tuple[Attempt, ...]]) -> None:
        """Take note of who delivers.

        Args:
            attempts: Returns the latest attempts, oldest first.
        """
        self._attempts = attempts

    def attempts(self) -> tuple[Attempt, ...]:
        """Return the latest attempts to deliver, oldest first, safe to show; none where nobody delivers."""
        return self._attempts()

    def next_event_at(self) -> float:
        """Return when there may be something to take again, in seconds since the epoch; infinity if never."""
        with self._lock:
            return self.state.outbox.next_at()

    @property
    def armed(self) -> tuple[str, ...]:
        """Names of the faults that are armed."""
        return tuple(plant.fault for plant in self._planted)

    def arm(self, *faults: str | Planted) -> None:
        """Disobey in these ways from now on, and in those of before.

        Args:
            faults: Names in `FAULTS`, or ``NAME[@WHERE]...[:PROBABILITY]``, or `Planted` ones.

        Raises:
            InvalidOption: There is no such fault, or it does not break the contract that is served.
        """
        with self._lock:
            self._plant((*self._planted, *parse_faults(faults)))

    def disarm(self, *names: str) -> None:
        """Stop disobeying in these ways; in all ways without a name."""
        with self._lock:
            self._plant(tuple(plant for plant in self._planted if names and plant.fault not in names))

    def _plant(self, planted: tuple[Planted, ...]) -> None:
        planted = tuple(dict.fromkeys(planted))
        self._injector = FaultInjector(self.contract, planted, seed=self._seed)
        self._planted = planted

    def _newest(self, count: int | None) -> list[str]:
        return list(islice(reversed(self.state.calls), count))

    def handle(self, request: Request) -> Response:
        """Return the response to a request; network faults have no effect."""
        return self.answer(request).response

    def answer(self, request: Request) -> SimulatedResponse:
        """Return the response to a request, and the steps that send it if a network fault is active."""
        with self._lock:
            answer = self._injector.respond(request, self.state, self._respond)
            operation = self._routes.get(request.path, {}).get(request.method)
            self.journal.write(self._clock(), operation, request, answer.response.status)
        return answer

    def _respond(self, request: Request, rules: Rules) -> Response:
        operation = self._routes.get(request.path, {}).get(request.method)
        response = self._refuse_path(request) if operation is None else self._perform(operation, request, rules)
        return _add_charset(response) if self.variant.charset else response

    def _perform(self, operation: Operation, request: Request, rules: Rules) -> Response:
        if rules.checks_token and (refusal := self._refusal(request)):
            return refusal
        if request.body and operation.body is None and not self.variant.odd_bodies:
            return validation_error([ErrorDetail(place=("body",), kind="extra")], self.variant)
        account = Account(state=self.state, variant=self.variant, rules=rules)
        try:
            return OPERATIONS[operation.name](account, arguments(self.contract, operation, request))
        except NotUnderstood as error:
            return validation_error(error.entries, self.variant)
        except NotStored as error:
            return error_response(404, f"{error.noun} not found")

    def _refusal(self, request: Request) -> Response | None:
        """Return the refusal of a request without the token, which parameters have no part in."""
        scheme, _, given = (request.header("authorization") or "").partition(" ")
        if not given:
            return authentication_error(self.variant, "Not authenticated")
        if scheme.lower() != "bearer":
            return authentication_error(self.variant, "Invalid authentication credentials")
        expected = self._token.reveal().encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected):
            return authentication_error(self.variant, "Invalid API key")
        return None

    def _refuse_path(self, request: Request) -> Response:
        """Return the 404 or 405 for a request that no operation handles, or the redirect for a trailing slash."""
        if methods := self._routes.get(request.path):
            return error_response(405, "Method Not Allowed", ("allow", ", ".join(sorted(methods))))
        stripped = request.path.rstrip("/")
        if self.variant.redirects and request.path.endswith("/") and stripped in self._routes:
            return Response(status=307, headers=(("location", _location(request, stripped)),))
        return error_response(404, "Not Found")


def _routes(contract: Contract) -> Mapping[str, Mapping[str, Operation]]:
    routes: dict[str, dict[str, Operation]] = {}
    for operation in contract.operations.values():
        routes.setdefault(operation.path, {})[operation.method] = operation
    return routes


def _add_charset(response: Response) -> Response:
    headers = tuple(
        (name, f"{value}; charset=utf-8" if (name, value) == JSON else value) for name, value in response.headers
    )
    return replace(response, headers=headers)


def _location(request: Request, path: str) -> str:
    """Write where to go instead: on the same host, with the same query."""
    host = request.header("host")
    origin = f"http://{quote(host, safe=':[]')}" if host else ""
    query = f"?{quote(request.query, safe='%&=+:/?')}" if request.query else ""
    return f"{origin}{path}{query}"
