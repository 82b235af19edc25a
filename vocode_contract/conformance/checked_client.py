"""A client that checks every response against the contract."""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import orjson

from vocode_contract.conformance.health import PATIENCE, Health, Sent
from vocode_contract.contract.documents import operation_names
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Operation
from vocode_contract.errors import InvalidOption
from vocode_contract.http import clock
from vocode_contract.http.body_store import Store
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.checks import violations_of
from vocode_contract.http.client.authentication import Authentication
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.created_calls import Creations
from vocode_contract.http.client.endpoint import Endpoint
from vocode_contract.http.client.request import DEFAULT_CREDENTIALS, Credentials, OperationRequest
from vocode_contract.http.guard.guard import NOT_OFFERED, NotPermitted
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.http.message import Exchange, Request, Response
from vocode_contract.http.policies import DEFAULT_POLICIES, Policies
from vocode_contract.validation.codes import ALL, Selection
from vocode_contract.validation.lifecycle.call_life import FINAL


class CheckedClient:
    """Sends to one endpoint, checks every response, and keeps the exchanges of one test.

    Attributes:
        contract: The date and profile to check against.
        policies: The choices where no document decides.
        answers: The exchanges that the test is responsible for.
        require_service: Raises if the endpoint does not serve valid requests. It is called if a test saw only
            rejections, which prove nothing if the endpoint rejects everything. Only the suite sets it.
        list_earlier: Returns the exchanges of the run so far, of all tests. Only the suite sets it.
    """

    def __init__(
        self,
        client: Client,
        contract: Contract,
        *,
        health: Health | None = None,
        policies: Policies = DEFAULT_POLICIES,
        selection: Selection = ALL,
    ) -> None:
        self.contract = contract
        self.policies = policies
        self.selection = selection
        self.answers: list[CheckedExchange] = []
        self.require_service: Callable[[], object] = lambda: None
        self.list_earlier: Callable[[], tuple[CheckedExchange, ...]] = tuple
        self._client = client
        self._health = health or Health()
        self._acted: CheckedExchange | None = None

    def __repr__(self) -> str:
        """Show the endpoint and the contract."""
        return f"<CheckedClient of {self.endpoint} and {self.contract.date}>"

    @property
    def store(self) -> Store:
        """The response bodies of the run: text that came from the API is masked where it is sent back."""
        return self._health.store

    @property
    def authentication(self) -> Authentication:
        """Where and how the token is sent."""
        return self._client.authentication

    @property
    def endpoint(self) -> Endpoint:
        """The server that requests go to."""
        return self._client.endpoint

    def send(
        self,
        name: str,
        arguments: Mapping[str, object] | Iterable[tuple[str, object]] = (),
        *,
        json: object = None,
        body: bytes = b"",
        media_type: str = "",
        credentials: Credentials | None = DEFAULT_CREDENTIALS,
        method: str = "",
        suffix: str = "",
        keep: bool = True,
    ) -> CheckedExchange:
        """Send one request, and check the response.

        Args:
            name: An operation of the contract, such as ``end_call``.
            arguments: Query parameters; pairs if a name comes twice.
            json: A JSON value to send as body.
            body: Raw bytes to send instead of it.
            media_type: Media type of the raw bytes; empty for none.
            credentials: Credentials other than the client's own, or ``None`` for no authentication.
            method: HTTP method instead of the operation's own.
            suffix: Text to append to the operation's URL path.
            keep: Whether a violation in the response fails the test.

        Raises:
            InvalidOption: The contract has no such operation.
            NotPermitted: It could reach a person or cost money, and nobody allowed it.
            Inconclusive: No complete response came.
        """
        __tracebackhide__ = True
        pairs = arguments.items() if isinstance(arguments, Mapping) else arguments
        answer = self.exchange(
            OperationRequest(
                operation=self.operation(name),
                arguments=tuple((key, str(value)) for key, value in pairs),
                body=body if json is None else orjson.dumps(json),
                media_type=media_type if json is None else "application/json",
                credentials=credentials,
                method=method,
                suffix=suffix,
            )
        )
        if keep:
            self.answers.append(answer)
        return answer

    def exchange(self, wanted: OperationRequest) -> CheckedExchange:
        """Send one request, and check the response without keeping it; see `send`."""
        __tracebackhide__ = True
        exchange = self._exchange(wanted).with_decoded_body(self._client.max_body)
        came = clock.wall_time()
        violations = violations_of(
            exchange,
            wanted.operation,
            self.contract,
            selection=self.selection,
            policies=self.policies,
            received_at=None if clock.is_moved() else came,
            token=self._client.token,
        )
        self.store.see(exchange.response.body)
        answer = CheckedExchange(
            operation=wanted.operation,
            exchange=self.store.pack(exchange),
            violations=tuple(violations),
            contract=self.contract.date,
            at=came,
            policies=self.policies,
            origin=f"{self.endpoint.scheme}://{self.endpoint.authority}",
            after=self._acted,
            in_shell=self._client.headers_in_shell(wanted.credentials),
            is_generated=wanted.generated,
        )
        # Each exchange refers to the one before, so generated ones, which are many, would never be freed.
        if wanted.operation.effect != "reads" and not wanted.generated:
            self._acted = answer
        return answer

    @property
    def has_token_with_case(self) -> bool:
        """Whether the client's token has letters whose case matters, as they do unless it is a number or a UUID."""
        return bool(self._client.token and set(self._client.token.reveal().lower()) - set("0123456789abcdef-"))

    @property
    def is_read_only(self) -> bool:
        """Whether the run must not change anything, whatever else is allowed."""
        return self._client.is_read_only

    def reason_against(self, name: str, request: Mapping[str, Any]) -> str | None:
        """Return why a request with that body would not be sent; ``None`` if it would."""
        try:
            operation = self.operation(name)
        except NotPermitted as error:
            return error.reason
        return self._client.reason_against(OperationRequest(operation=operation, body=orjson.dumps(request)))

    @property
    def creations(self) -> Creations:
        """The calls that this client created."""
        return self._client.creations

    def operation(self, name: str) -> Operation:
        """Return an operation of the contract.

        Raises:
            InvalidOption: There is none of that name in any contract.
            NotPermitted: The contract, one of the user's own, does not offer it.
        """
        if name not in self.contract.operations:
            if name in operation_names().values():
                raise NotPermitted(name, NOT_OFFERED)
            raise InvalidOption(name, f"is not an operation; known: {', '.join(self.contract.operations)}")
        return self.contract.operations[name]

    def get_call(self, identifier: str) -> CheckedExchange:
        """Get one call; see `send`."""
        __tracebackhide__ = True
        return self.send("get_call", {"id": identifier})

    def end_call(self, identifier: str) -> CheckedExchange:
        """End one call; see `send`."""
        __tracebackhide__ = True
        return self.send("end_call", {"id": identifier})

    def try_to_end(self, identifier: str, *, within: float) -> bool:
        """Try to end a call, whatever the endpoint's health, without checks; return whether the call is over.

        A call that may be somebody else's, or over already, is read first. On a remote host the call is also read until
        it is over: a status of 200 alone does not prove that it ended.
        """
        deadline = clock.monotonic() + within
        if self.creations.needs_lookup(identifier) and self._is_over(identifier, within):
            return True
        ending = self._try_to_send("end_call", (("id", identifier),), deadline - clock.monotonic())
        if ending.status == 200 and self.endpoint.is_loopback:
            return True
        pause = 0.02
        while not self._is_over(identifier, left := deadline - clock.monotonic()):
            if ending.status != 200 or pause >= left:
                return False
            time.sleep(pause)
            pause *= 2
        return True

    def _is_over(self, identifier: str, within: float) -> bool:
        return self._try_to_send("get_call", (("id", identifier),), within).call_status in FINAL

    def try_to_list(self, *, size: int, within: float) -> tuple[Mapping[str, Any], ...]:
        """Return the first calls of the list, unchecked, whatever the endpoint's health; none without a response."""
        return self._try_to_send("list_calls", (("page", "1"), ("size", str(size))), within).items

    def _try_to_send(self, name: str, arguments: tuple[tuple[str, str], ...], within: float) -> CheckedExchange:
        """Send a request whatever the endpoint's health; return status 0 if no response came."""
        try:
            operation = self.operation(name)
        except NotPermitted:
            operation = Contract.load().operations[name]
            within = 0
        exchange = Exchange(request=Request(method=operation.method, path=operation.path), response=Response(status=0))
        if within > 0:
            with suppress(Inconclusive, NotPermitted):
                exchange = self._client.exchange(
                    OperationRequest(operation=operation, arguments=arguments, within=within)
                )
        return CheckedExchange(operation=operation, exchange=exchange, violations=(), contract=self.contract.date)

    def create_call(self, request: Mapping[str, Any]) -> CheckedExchange:
        """Create a call; see `send`."""
        __tracebackhide__ = True
        return self.send("create_call", json=request)

    def list_calls(self, *, page: int = 1, size: int = 10) -> CheckedExchange:
        """List one page of calls; see `send`."""
        __tracebackhide__ = True
        return self.send("list_calls", {"page": page, "size": size})

    def wait_until_over(self, identifier: str) -> CheckedExchange:
        """Get a call until it is over, a response has an error or shows no call, or time runs out.

        Returns:
            The last exchange.
        """
        __tracebackhide__ = True
        return self.poll(
            lambda: self.get_call(identifier),
            lambda answer: answer.is_valid and answer.status == 200 and answer.call_status not in FINAL,
        )

    def poll(self, send: Callable[[], Sent], is_early: Callable[[Sent], bool], *, within: float = math.inf) -> Sent:
        """Send a request until the response no longer comes too early, or time runs out.

        Args:
            send: Sends one request or several, which only read, and returns the exchange or exchanges.
            is_early: Whether to send again.
            within: Maximum seconds, if that is less than the usual.

        Returns:
            What was returned last.
        """
        __tracebackhide__ = True
        return self._health.poll(send, is_early, patience=PATIENCE[self.endpoint.is_loopback], within=within)

    def require_health(self) -> None:
        """Refuse to send after several consecutive requests without a response.

        Raises:
            Inconclusive: The endpoint seems to be down.
        """
        __tracebackhide__ = True
        self._health.require(self.endpoint.authority)

    def _exchange(self, wanted: OperationRequest) -> Exchange:
        __tracebackhide__ = True
        self.require_health()
        try:
            exchange = self._client.exchange(wanted)
        except Inconclusive as inconclusive:
            self._health.record(inconclusive)
            raise
        self._health.record(None)
        return exchange
