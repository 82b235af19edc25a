"""CheckedClient: asks an endpoint, and holds every response against the contract."""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from vocode_contract.contract.model import Contract, Operation
from vocode_contract.errors import InvalidOption
from vocode_contract.http.body_store import Store
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.checks import violations_of
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.created_calls import Creations
from vocode_contract.http.client.endpoint import Endpoint
from vocode_contract.http.client.request import OWN, Ask, Credentials
from vocode_contract.http.guard.guard import NotPermitted
from vocode_contract.http.inconclusive import KINDS, NOTHING_SENT, Inconclusive
from vocode_contract.http.message import Exchange, Request, Response
from vocode_contract.http.policies import DEFAULT_POLICIES, Policies
from vocode_contract.validation.codes import ALL
from vocode_contract.validation.lifecycle.history import FINAL

#: Seconds within which a call is ended whose end was accepted, on this machine and elsewhere.
_PATIENCE = {True: 5.0, False: 30.0}
#: Seconds between two looks at a call, or a list, that is waited for: at first, and at most.
_PAUSES = (0.02, 0.5)
#: Failures in a row after which nothing more is sent.
_DOWN_AFTER = 3


@dataclass(slots=True, kw_only=True)
class Health:
    """How an endpoint fares in this run.

    Attributes:
        failures: Requests in a row that it did not answer itself.
        last: What the last one of them met with.
        is_patient: Whether a call that goes on is waited for: not any more after one was, in vain.
        store: What is kept of the bodies that came.
    """

    failures: int = 0
    last: str = ""
    is_patient: bool = True
    store: Store = field(default_factory=Store)

    def told(self, inconclusive: Inconclusive | None) -> None:
        """Note the outcome of a request."""
        if inconclusive is not None and inconclusive.is_down:
            self.failures += 1
            self.last = KINDS[inconclusive.kind].title
        elif inconclusive is None or inconclusive.kind != "rate-limited":  # that says nothing before it was waited for
            self.failures = 0


class CheckedClient:
    """Asks one endpoint; every response is checked, and those of one test are kept together."""

    def __init__(
        self,
        client: Client,
        contract: Contract,
        *,
        health: Health | None = None,
        policies: Policies = DEFAULT_POLICIES,
    ) -> None:
        """Start without answers.

        Args:
            client: Sends.
            contract: The date and profile to check against.
            health: Shared by the clients of one run.
            policies: How to read what no document decides.
        """
        self.contract = contract
        self.policies = policies
        self.selection = ALL  # which codes count, and how much
        self.answers: list[CheckedExchange] = []
        self._client = client
        self._health = health or Health()
        self._acted: CheckedExchange | None = None

    def __repr__(self) -> str:
        """Show where it asks."""
        return f"<CheckedClient of {self.endpoint} and {self.contract.date}>"

    @property
    def store(self) -> Store:
        """What the run keeps of the bodies that came: what came from the API is not shown as sent."""
        return self._health.store

    @property
    def endpoint(self) -> Endpoint:
        """Where it asks."""
        return self._client.endpoint

    def ask(
        self,
        name: str,
        arguments: Mapping[str, object] | Iterable[tuple[str, object]] = (),
        *,
        json: object = None,
        body: bytes = b"",
        media_type: str = "",
        credentials: Credentials | None = OWN,
        method: str = "",
        suffix: str = "",
        kept: bool = True,
    ) -> CheckedExchange:
        """Send one request, and check the response.

        Args:
            name: An operation of the contract, such as ``end_call``.
            arguments: Of the query; pairs where a name comes twice.
            json: A JSON value to send as body.
            body: Raw bytes to send in place of it.
            media_type: Of the raw bytes; empty for none.
            credentials: Others than the client's own, or ``None`` for no authentication.
            method: In place of the operation's own.
            suffix: What follows the operation's URL path.
            kept: Whether an error in the response fails the test.

        Raises:
            InvalidOption: The contract has no such operation.
            NotPermitted: It could reach a person or cost money, and nobody allowed it.
            Inconclusive: No complete response came.
        """
        __tracebackhide__ = True
        pairs = arguments.items() if isinstance(arguments, Mapping) else arguments
        answer = self.exchange(
            Ask(
                operation=self._operation(name),
                arguments=tuple((key, str(value)) for key, value in pairs),
                body=body if json is None else orjson.dumps(json),
                media_type=media_type if json is None else "application/json",
                credentials=credentials,
                method=method,
                suffix=suffix,
            )
        )
        if kept:
            self.answers.append(answer)
        return answer

    def exchange(self, ask: Ask) -> CheckedExchange:
        """Send one request, and check the response without keeping it; see `ask`."""
        __tracebackhide__ = True
        exchange = self._exchange(ask)
        came = time.time()
        violations = violations_of(
            exchange,
            ask.operation,
            self.contract,
            selection=self.selection,
            policies=self.policies,
            received_at=came,
            token=self._client.token,
        )
        self.store.see(exchange.response.body)
        answer = CheckedExchange(
            operation=ask.operation,
            exchange=self.store.packed(exchange),
            violations=tuple(violations),
            contract=self.contract.date,
            at=came,
            policies=self.policies,
            origin=f"{self.endpoint.scheme}://{self.endpoint.authority}",
            after=self._acted,
            authorization=ask.credentials.in_shell if ask.credentials else "",
            is_generated=ask.generated,
        )
        if (
            ask.operation.effect != "reads" and not ask.generated
        ):  # each response holds the one before: drawn ones are many
            self._acted = answer
        return answer

    @property
    def is_read_only(self) -> bool:
        """Whether the run is to change nothing there, whatever else is allowed."""
        return self._client.is_read_only

    def reason_against(self, name: str, request: Mapping[str, Any]) -> str | None:
        """Return why a request with that body would not be sent; ``None`` if it would."""
        return self._client.reason_against(Ask(operation=self._operation(name), body=orjson.dumps(request)))

    @property
    def creations(self) -> Creations:
        """The calls that were created by what sends for this client."""
        return self._client.creations

    def _operation(self, name: str) -> Operation:
        if name not in self.contract.operations:
            raise InvalidOption(name, f"is no operation; known: {', '.join(self.contract.operations)}")
        return self.contract.operations[name]

    def get_call(self, identifier: str) -> CheckedExchange:
        """Ask for one call; see `ask`."""
        __tracebackhide__ = True
        return self.ask("get_call", {"id": identifier})

    def end_call(self, identifier: str) -> CheckedExchange:
        """End one call; see `ask`."""
        __tracebackhide__ = True
        return self.ask("end_call", {"id": identifier})

    def end_at_last(self, identifier: str, *, within: float) -> bool:
        """Try to end a call, whatever the state of the endpoint, without checks; return whether it is over.

        Looks first at a call that may be somebody else's, or over since its end had no response. On a remote host
        it is also looked at until it is over: that its end was accepted is no more than a word.

        Args:
            identifier: Of a call that this run created.
            within: Seconds that this may take.
        """
        deadline = time.monotonic() + within
        if self.creations.wants_a_look(identifier) and self._is_over(identifier, within):
            return True
        ending = self._at_last("end_call", (("id", identifier),), deadline - time.monotonic())
        if ending.status == 200 and self.endpoint.is_loopback:
            return True
        pause = 0.02
        while not self._is_over(identifier, left := deadline - time.monotonic()):
            if ending.status != 200 or pause >= left:
                return False
            time.sleep(pause)
            pause *= 2
        return True

    def _is_over(self, identifier: str, within: float) -> bool:
        return self._at_last("get_call", (("id", identifier),), within).call_status in FINAL

    def list_at_last(self, *, size: int, within: float) -> tuple[Mapping[str, Any], ...]:
        """Return the first calls of the list, however the endpoint fares, unjudged; none without a response.

        Args:
            size: Calls at most.
            within: Seconds that this may take.
        """
        return self._at_last("list_calls", (("page", "1"), ("size", str(size))), within).items

    def _at_last(self, name: str, arguments: tuple[tuple[str, str], ...], within: float) -> CheckedExchange:
        """Send a request past the health of the endpoint; without a response, return one of status 0."""
        operation = self._operation(name)
        exchange = Exchange(request=Request(method=operation.method, path=operation.path), response=Response(status=0))
        if within > 0:
            with suppress(Inconclusive, NotPermitted):
                exchange = self._client.exchange(Ask(operation=operation, arguments=arguments, within=within))
        return CheckedExchange(operation=operation, exchange=exchange, violations=(), contract=self.contract.date)

    def create_call(self, request: Mapping[str, Any]) -> CheckedExchange:
        """Create a call; see `ask`."""
        __tracebackhide__ = True
        return self.ask("create_call", json=request)

    def list_calls(self, *, page: int = 1, size: int = 10) -> CheckedExchange:
        """Ask for one page of the calls; see `ask`."""
        __tracebackhide__ = True
        return self.ask("list_calls", {"page": page, "size": size})

    def settled(self, identifier: str) -> CheckedExchange:
        """Ask for a call until it is over, the response is wrong in itself or shows no call, or patience ends.

        Returns:
            The last response.
        """
        __tracebackhide__ = True
        return self.awaited(lambda: self.get_call(identifier), _goes_on)

    def awaited(
        self,
        ask: Callable[[], CheckedExchange],
        is_early: Callable[[CheckedExchange], bool],
        *,
        within: float = math.inf,
    ) -> CheckedExchange:
        """Ask again and again, as long as a response comes too early and patience lasts; return the last one.

        Args:
            ask: Sends a request that reads.
            is_early: Whether it is worth while to ask again.
            within: Seconds, where that is less than patience.
        """
        __tracebackhide__ = True
        patience = _PATIENCE[self.endpoint.is_loopback] if self._health.is_patient else 0
        deadline = time.monotonic() + min(patience, within)
        pause, longest = _PAUSES
        answer = ask()
        while is_early(answer) and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(pause, left))
            pause = min(2 * pause, longest)
            answer = ask()
        self._health.is_patient = self._health.is_patient and not is_early(answer)
        return answer

    def require_health(self) -> None:
        """Refuse to send where the endpoint has not answered several times in a row.

        Raises:
            Inconclusive: It has not.
        """
        __tracebackhide__ = True
        if self._health.failures >= _DOWN_AFTER:
            what = self.endpoint.authority + (f"; the last time: {self._health.last}" if self._health.last else "")
            raise Inconclusive("stopped", what, NOTHING_SENT)

    def _exchange(self, ask: Ask) -> Exchange:
        __tracebackhide__ = True
        self.require_health()
        try:
            exchange = self._client.exchange(ask)
        except Inconclusive as inconclusive:
            self._health.told(inconclusive)
            raise
        self._health.told(None)
        return exchange


def _goes_on(answer: CheckedExchange) -> bool:
    return answer.is_sound and answer.status == 200 and answer.call_status not in FINAL
