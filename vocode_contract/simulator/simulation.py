"""Simulation: the server as a pure function of a request and what happened before, without sockets."""

import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from threading import Lock
from urllib.parse import quote

from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Operation, matches_path
from vocode_contract.errors import InvalidOption
from vocode_contract.http.message import Request, Response
from vocode_contract.simulator.account import Call, NotStored, State
from vocode_contract.simulator.arguments import InvalidRequest, parse_arguments
from vocode_contract.simulator.calls import place_call
from vocode_contract.simulator.deliveries import make_deliveries
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
from vocode_contract.simulator.seed_data import FROM_NUMBER, TO_NUMBER, add_seed_data
from vocode_contract.simulator.shapes import find_model, fit_response, make_response
from vocode_contract.simulator.variants import LIKELY, Variant
from vocode_contract.validation.masking import Secret
from vocode_contract.webhooks.sending.delivery import Attempt, Delivery

#: Characters of a token that nobody guesses.
_LEAST_TOKEN = 16
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
        """Create the account with its initial calls.

        Args:
            contract: The contract to serve, whatever its profile; the default contract if None.
            token: The bearer token that is accepted.
            clock: Returns seconds since the epoch.
            seed: Random seed for ids, call histories and faults.
            variant: The conforming server to simulate.
            faults: Names in `FAULTS`, ``NAME[@WHERE]...[:PROBABILITY]``, or `Planted` objects.
            scenario: Default scenario for calls whose number selects none, a name in `SCENARIOS`.
            speed: Simulated seconds per second of the clock; with 0 only `advance` moves the time.

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
        self._model = find_model(self.contract)
        self._routes = _map_routes(self.contract)
        self._lock = Lock()
        self.request_log = RequestLog()
        #: Returns the latest delivery attempts, oldest first, without secrets; set by what delivers.
        self.attempts: Callable[[], tuple[Attempt, ...]] = tuple
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Restore the initial state: calls, clock, faults and variant, by default with the same random seed."""
        with self._lock:
            self._seed = self._seed if seed is None else seed
            self._clock.restart()
            self.variant, faults = self._start
            self._plant(faults)
            self.request_log.clear()
            self.state = State.create(self._model, clock=self._clock, seed=self._seed, scenario=self._scenario)
            add_seed_data(self.state)

    @property
    def speed(self) -> float:
        """Simulated seconds per second of the clock."""
        return self._clock.speed

    @property
    def now(self) -> float:
        """The simulated time, in seconds since the epoch."""
        return self._clock()

    def advance(self, seconds: float) -> None:
        """Advance the clock: the calls go on as if that much time had passed.

        Args:
            seconds: From 0 to ten years.

        Raises:
            InvalidOption: The number is out of range.
        """
        with self._lock:
            self._clock.advance(seconds)

    def place(self, scenario: str | None = None) -> str:
        """Place a call as Create Call does, from the first agent to a fictional number, and return its id.

        Args:
            scenario: What happens to it, a name in `SCENARIOS`; by default the simulator's own.

        Raises:
            InvalidOption: There is no such scenario.
        """
        name = check_scenario(scenario or self._scenario)
        with self._lock:
            agent = next(iter(self.state.calls.values()))["agent"]["id"]
            request = {"from_number": FROM_NUMBER, "to_number": TO_NUMBER, "agent": agent}
            request["context"] = {"customer_name": "Ada"}
            identifier: str = place_call(self.state, request, self.variant.provider, name)["id"]
        return identifier

    def calls(self, newest: int | None = None) -> tuple[Call, ...]:
        """Return all calls, or the newest ones, as they are now, newest first; times are seconds since the epoch."""
        with self._lock:
            return tuple(dict(self.state.call(identifier)) for identifier in self._newest(newest))

    def go_on(self, identifier: str, *, scenario: str | None = None, status: str | None = None) -> None:
        """Set how a call goes on from now.

        Args:
            identifier: Id of a call that was created.
            scenario: The scenario to continue with, from its ringing if the call is ringing, else from its talk.
            status: The status to take at once: in_progress, ended or error.

        Raises:
            InvalidOption: Not exactly one is given, the call does not change by itself, or it is too late for that.
        """
        if (scenario is None) == (status is None):
            raise InvalidOption("go_on", "takes either a scenario or a status")
        with self._lock:
            life = self.state.lives.get(identifier)
            if life is None:
                raise InvalidOption("call", "no created call has this id; the initial calls do not change")
            call, now = self.state.call(identifier), self._clock()
            if scenario is not None:
                self.state.lead(call, switch_scenario(life, call, scenario, now))
            else:
                self.state.lead(call, force_status(life, call, status or "", now))

    def events(self, newest: int | None = None) -> tuple[CallEvent, ...]:
        """Return the webhook events so far, of all calls or of the newest ones, oldest first."""
        with self._lock:
            now = self._clock()
            found = (event for identifier in self._newest(newest) for event in self.state.events(identifier))
            return tuple(sorted((event for event in found if event.at <= now), key=lambda event: event.at))

    def take_events(self) -> tuple[CallEvent, ...]:
        """Return the events that were not taken yet, oldest first, for code that delivers them."""
        with self._lock:
            return tuple(self.state.outbox.due(self._clock(), self.state.events))

    def take_deliveries(self) -> tuple[Delivery, ...]:
        """Take the events as `take_events` does, and return the deliveries to webhooks and external actions."""
        with self._lock:
            return tuple(make_deliveries(self.state, self.state.outbox.due(self._clock(), self.state.events)))

    def next_event_at(self) -> float:
        """Return when there may be more events to take, in seconds since the epoch; infinity if never."""
        with self._lock:
            return self.state.outbox.next_at()

    @property
    def armed(self) -> tuple[str, ...]:
        """Names of the active faults."""
        return tuple(planted.fault for planted in self._planted)

    def arm(self, *faults: str | Planted) -> None:
        """Add faults to the active ones, in any form that the constructor takes.

        Raises:
            InvalidOption: There is no such fault, or it does not break the contract that is served.
        """
        with self._lock:
            self._plant((*self._planted, *parse_faults(faults)))

    def disarm(self, *names: str) -> None:
        """Remove faults by name; without a name, remove all."""
        with self._lock:
            self._plant(tuple(planted for planted in self._planted if names and planted.fault not in names))

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
            operation = self._find_methods(request.path).get(request.method)
            entry = self.request_log.write(self._clock(), operation, request, answer.response.status)
        return SimulatedResponse(response=answer.response, steps=answer.steps, entry=entry)

    def _respond(self, request: Request, rules: Rules) -> Response:
        operation = self._find_methods(request.path).get(request.method)
        if operation is None:
            response = self._refuse_path(request)
        else:
            response = self._perform(operation, request, rules)
            response = fit_response(self.contract, operation, response, model=self._model)
        return _add_charset(response) if self.variant.charset else response

    def _perform(self, operation: Operation, request: Request, rules: Rules) -> Response:
        if rules.checks_token and (refusal := self.check_token(request)):
            return refusal
        if request.body and operation.body is None and not self.variant.odd_bodies:
            return validation_error([ErrorDetail(place=("body",), kind="extra")], self.variant)
        account = Account(state=self.state, variant=self.variant, rules=rules)
        try:
            arguments = parse_arguments(self.contract, operation, request)
            perform = OPERATIONS.get(operation.name)
            return perform(account, arguments) if perform else make_response(self.contract, operation)
        except InvalidRequest as error:
            return validation_error(error.details, self.variant)
        except NotStored as error:
            return error_response(404, f"{error} not found")

    @property
    def is_exposable(self) -> bool:
        """Whether nobody can guess the token, so that other machines may reach the server."""
        token = self._token.reveal()
        return token != DEFAULT_TOKEN and len(token) >= _LEAST_TOKEN

    def check_token(self, request: Request) -> Response | None:
        """Return the refusal of a request without the right token, whatever its parameters; else None."""
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        if not token:
            return authentication_error(self.variant, "Not authenticated")
        if scheme.lower() != "bearer":
            return authentication_error(self.variant, "Invalid authentication credentials")
        expected = self._token.reveal().encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(token.encode("utf-8", "surrogatepass"), expected):
            return authentication_error(self.variant, "Invalid API key")
        return None

    def _find_methods(self, path: str) -> Mapping[str, Operation]:
        """Return the operations of a path by method; ``{name}`` in the path of an operation stands for one segment."""
        if path in self._routes:
            return self._routes[path]
        templates = (template for template in self._routes if "{" in template and matches_path(template, path))
        return self._routes.get(next(templates, ""), {})

    def _refuse_path(self, request: Request) -> Response:
        """Return the 404 or 405 for a request that no operation handles, or the redirect for a trailing slash."""
        if methods := self._find_methods(request.path):
            return error_response(405, "Method Not Allowed", ("allow", ", ".join(sorted(methods))))
        stripped = request.path.rstrip("/")
        if self.variant.redirects and request.path.endswith("/") and stripped in self._routes:
            return Response(status=307, headers=(("location", _build_location(request, stripped)),))
        return error_response(404, "Not Found")


def _map_routes(contract: Contract) -> Mapping[str, Mapping[str, Operation]]:
    routes: dict[str, dict[str, Operation]] = {}
    for operation in contract.operations.values():
        routes.setdefault(operation.path, {})[operation.method] = operation
    return routes


def _add_charset(response: Response) -> Response:
    headers = tuple(
        (name, f"{value}; charset=utf-8" if (name, value) == JSON else value) for name, value in response.headers
    )
    return replace(response, headers=headers)


def _build_location(request: Request, path: str) -> str:
    """Return the URL of another path on the same host, with the same query."""
    host = request.header("host")
    origin = f"{request.scheme or 'http'}://{quote(host, safe=':[]')}" if host else ""
    query = f"?{quote(request.query, safe='%&=+:/?')}" if request.query else ""
    return f"{origin}{path}{query}"
