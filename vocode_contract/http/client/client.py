"""HTTP client: applies the guard, sends, and returns the exchange or raises `Inconclusive`."""

import logging
import random
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from urllib.parse import quote, urlencode

from vocode_contract._version import __version__
from vocode_contract.contract.operation import Operation
from vocode_contract.errors import InvalidOption
from vocode_contract.http import clock
from vocode_contract.http.client.authentication import (
    BEARER,
    TOKEN_VARIABLE,
    Authentication,
    ClientCertificate,
    SecretHeader,
)
from vocode_contract.http.client.connection import NETWORK_ERRORS, ConnectionLog, Network, httpx
from vocode_contract.http.client.created_calls import CreationJournal, Creations
from vocode_contract.http.client.endpoint import Endpoint, Proxy, require_proxied
from vocode_contract.http.client.network_errors import classify, describe_consequence
from vocode_contract.http.client.request import (
    DEFAULT_CREDENTIALS,
    Credentials,
    OperationRequest,
    authorization,
    call_in,
    effect_of,
    is_drawing,
    is_sent_as_user,
)
from vocode_contract.http.client.response import TooLarge, read_response
from vocode_contract.http.client.timing import RateLimit, Throttle, Timing, seconds_of
from vocode_contract.http.client.tls import tls_context
from vocode_contract.http.guard.guard import Guard, Intent, NotPermitted
from vocode_contract.http.guard.phone_numbers import find_numbers
from vocode_contract.http.inconclusive import KINDS, Inconclusive
from vocode_contract.http.message import MAX_BODY, SECRET_HEADERS, Exchange, Request, Response
from vocode_contract.validation.masking import Secret

_GATEWAY = frozenset((502, 503, 504))
#: Minimum share of the total time-out that must remain to start another attempt.
_WORTHWHILE = 0.05
_LOGGERS = ("httpx", "httpcore")


class Client:
    """Sends to one endpoint, one connection per request; may be shared between threads.

    Attributes:
        token: The user's token, which no response may repeat.
        creations: The calls that it created, to be ended at the end of the run.
        max_body: Maximum size of a response body in bytes.
    """

    def __init__(
        self,
        endpoint: Endpoint | str,
        token: Secret | None = None,
        *,
        guard: Guard | None = None,
        timing: Timing | None = None,
        throttle: Throttle | None = None,
        transport: httpx.BaseTransport | None = None,
        run_id: str = "",
        ca_file: str = "",
        certificate: ClientCertificate | None = None,
        authentication: Authentication = BEARER,
        headers: tuple[SecretHeader, ...] = (),
        proxy: Proxy | None = None,
        journal: CreationJournal | None = None,
        max_body: int = MAX_BODY,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            endpoint: The server; a URL is parsed.
            token: The user's token, which is sent only to this endpoint.
            guard: Decides what may be sent (default: remote hosts only get requests that read).
            timing: Time-outs and pauses.
            throttle: Honours a rate limit; shared by the clients of one run.
            transport: Carries the requests instead of the network.
            run_id: Names this run to the server's operators.
            ca_file: PEM file of an additional certificate authority to trust.
            certificate: The client certificate.
            authentication: Where and how the token is sent.
            headers: Additional headers of every request.
            proxy: Proxy to use (default: none, whatever the environment says).
            journal: Records which calls are created.
            max_body: Maximum size of a response body in bytes; the rest of a recording is counted and not kept.

        Raises:
            InvalidOption: The URL, the token, the file or the proxy cannot be used.
        """
        if token is not None:
            authentication.require(token)
        self.endpoint = Endpoint.from_url(endpoint) if isinstance(endpoint, str) else endpoint
        if proxy is not None:
            require_proxied(self.endpoint, "the proxy")
        self.token = token
        self._authentication = authentication
        self._guard = guard or Guard()
        self.creations = Creations(self._guard.created, journal, doubts=not self.endpoint.is_loopback)
        self._timing = timing or Timing()
        self._throttle = throttle or Throttle()
        self._accepted: set[str] = set()  # operations that the server accepted the token for
        self._transport = transport
        self._agent = f"vocode-contract/{__version__}{f' (run {run_id})' if run_id else ''}"
        paced = not self.endpoint.is_loopback
        self._pace: AbstractContextManager[float] = RateLimit(self._timing.interval) if paced else nullcontext(0.0)
        is_withheld = bool(self._guard.consents.withheld)
        self._headers = () if is_withheld else headers
        certificate = None if is_withheld else certificate
        self._tls = tls_context(ca_file, certificate) if self.endpoint.scheme == "https" else None
        self._proxy = proxy
        self.max_body = max_body
        for name in _LOGGERS:  # they would log URLs and headers
            logging.getLogger(name).setLevel(logging.WARNING)

    def exchange(self, wanted: OperationRequest) -> Exchange:
        """Send a request, and again if it only reads and got no response.

        Raises:
            NotPermitted: The guard refuses; nothing was sent.
            Inconclusive: No complete response came, or one that says nothing about the API.
        """
        __tracebackhide__ = True
        intent = self._intent(wanted)
        self._guard.admit(intent)
        if intent.effect == "rings":
            return self._create(intent, wanted)
        try:
            exchange = self._send_with_retries(intent, wanted)
        except Inconclusive as inconclusive:
            if intent.effect == "hangs-up" and intent.call_id and inconclusive.may_have_acted:
                self.creations.record_unclear_end(intent.call_id)
            raise
        if intent.effect == "reads":
            self.creations.observe(
                exchange.with_decoded_body(self.max_body), [value for name, value in wanted.arguments if name == "id"]
            )
        return exchange

    def _create(self, intent: Intent, wanted: OperationRequest) -> Exchange:
        """Send a request that creates a call; it is recorded before and after."""
        __tracebackhide__ = True
        try:
            creation = self.creations.record_request(wanted.body)
        except InvalidOption as error:
            raise NotPermitted(intent.operation, str(error)) from None
        try:
            exchange = self._send_with_retries(intent, wanted)
        except BaseException as error:  # Ctrl-C too: it may have been sent by then
            acted = error.may_have_acted if isinstance(error, Inconclusive) else True
            self.creations.record_no_response(creation, may_have_acted=acted)
            raise
        self.creations.record_response(creation, exchange.with_decoded_body(self.max_body))
        return exchange

    def _send_with_retries(self, intent: Intent, wanted: OperationRequest) -> Exchange:
        """Send a request, and again if it only reads and got no response, or if the server limits the rate."""
        __tracebackhide__ = True
        request = self._request(wanted)
        within = wanted.within - self._throttle.wait(self._timing, at_most=wanted.within)
        deadline = clock.monotonic() + min(self._timing.total, within)
        pauses, is_read = self._timing.pauses, intent.effect == "reads"
        found: Inconclusive | None = None
        times = 0
        while True:
            times += 1
            try:
                return self._send_for_answer(request, wanted, deadline, is_retried=is_read and bool(pauses))
            except Inconclusive as inconclusive:
                # A last attempt that the deadline cuts off says less about the server than the one before.
                found = found if found is not None and clock.monotonic() >= deadline else inconclusive
            may_repeat = is_read or self._is_undone(found, intent)
            if times > len(pauses) or not may_repeat or not self._wait_for_retry(found, pauses[times - 1], deadline):
                raise found.with_attempts(times)

    def _is_undone(self, found: Inconclusive, intent: Intent) -> bool:
        """Return whether a request with an effect was refused by a rate limit, and the guard admits it once more."""
        if found.kind != "rate-limited" or found.wait is None:
            return False
        try:
            self._guard.admit(intent)
        except NotPermitted:  # the budget is spent
            return False
        return True

    @property
    def is_read_only(self) -> bool:
        """Whether nothing that it may send changes anything, whatever else is allowed."""
        return self._guard.is_read_only and not self._guard.is_embedded

    @property
    def authentication(self) -> Authentication:
        """Where and how the token is sent."""
        return self._authentication

    def headers_in_shell(self, credentials: Credentials | None) -> Mapping[str, str]:
        """Map the name of each secret header, in lower case, to its value as part of a double-quoted shell word."""
        shown = {header.name.lower(): f"${header.variable}" for header in self._headers}
        if credentials is not None:
            shown[self._authentication.header.lower()] = credentials.in_shell(self._authentication)
        return shown

    def reason_against(self, wanted: OperationRequest) -> str | None:
        """Return why a request would not be sent; ``None`` if it would."""
        return self._guard.reason_against(self._intent(wanted))

    def _intent(self, wanted: OperationRequest) -> Intent:
        effect = effect_of(wanted)
        is_dialling = effect == "rings" and not self.endpoint.is_loopback
        return Intent(
            operation=wanted.operation.name,
            effect=effect,
            host=self.endpoint.host,
            authenticated=is_sent_as_user(wanted.credentials, self.token),
            generated=wanted.generated or is_drawing(),
            call_id=call_in(wanted),
            numbers=find_numbers(wanted.body, wanted.arguments) if is_dialling else (),
        )

    def _request(self, wanted: OperationRequest) -> Request:
        path, arguments = _fill_path(wanted)
        has_length = wanted.body or wanted.operation.method == "POST"
        credentials = None if self._guard.consents.withheld else wanted.credentials
        credential = authorization(credentials, self.token, self._authentication)
        return Request(
            method=wanted.method or wanted.operation.method,
            path=self.endpoint.path + path + wanted.suffix,
            query=urlencode(arguments),
            headers=(
                ("Host", self.endpoint.authority),
                ("Accept", "*/*"),
                ("Accept-Encoding", "identity"),
                ("User-Agent", self._agent),
                *((header.name, header.value.reveal()) for header in self._headers),
                *(((self._authentication.header, credential),) if credential is not None else ()),
                *((("Content-Type", wanted.media_type),) if wanted.media_type else ()),
                *((("Content-Length", str(len(wanted.body))),) if has_length else ()),
            ),
            body=wanted.body,
            secret_headers=SECRET_HEADERS | self.headers_in_shell(DEFAULT_CREDENTIALS).keys(),
            scheme=self.endpoint.scheme,
        )

    def _send_once(self, request: Request, wanted: OperationRequest, deadline: float, *, is_retried: bool) -> Exchange:
        """Send once; return the complete exchange or raise `Inconclusive`."""
        __tracebackhide__ = True
        with self._pace as waited:
            started = clock.monotonic()
            line = ConnectionLog(deadline + waited, is_encrypted=self._tls is not None)
            try:
                response = self._carry(request, wanted.operation, line, is_retried=is_retried)
            except NETWORK_ERRORS as error:
                kind, what = classify(error, line, self._proxy)
                sent = line.sent if self._transport is None else kind != "unreachable"
            except TooLarge as error:
                kind, what, sent = "too-large", str(error), True
            else:
                return Exchange(request=request, response=response, seconds=clock.monotonic() - started)
        # Outside of the handler: what the libraries raised holds requests, and must not be chained.
        where = f"{self.endpoint.host} port {self.endpoint.port}"
        where += f", through the proxy {self._proxy}" if self._proxy else ""
        raise Inconclusive(
            kind, f"{where}{': ' if what else ''}{what}", describe_consequence(wanted.operation.effect, sent=sent)
        )

    def _carry(self, request: Request, operation: Operation, line: ConnectionLog, *, is_retried: bool) -> Response:
        query = f"?{request.query}" if request.query else ""
        phases = {"connect": self._timing.connect, "read": self._timing.read, "write": self._timing.write}
        limits = {name: self._timing.phase(seconds, is_retried=is_retried) for name, seconds in phases.items()}
        sent = httpx.Request(
            request.method,
            f"{self.endpoint.scheme}://{self.endpoint.authority}{request.path}{query}",
            headers=list(request.headers),
            content=request.body,
            extensions={"timeout": limits},
        )
        if self._transport is not None:
            return read_response(self._transport.handle_request(sent), operation, line, self.max_body)
        with Network(line, self._tls, self._proxy) as network:
            return read_response(network.handle_request(sent), operation, line, self.max_body)

    def _send_for_answer(
        self, request: Request, wanted: OperationRequest, deadline: float, *, is_retried: bool
    ) -> Exchange:
        """Send once; return the exchange, or raise `Inconclusive` if it says nothing about the API."""
        __tracebackhide__ = True
        exchange = self._send_once(request, wanted, deadline, is_retried=is_retried)
        status = exchange.response.status
        if status == 429:
            raise self._rate_limit_error(seconds_of(exchange.response.header("retry-after")))
        if status in _GATEWAY:
            raise Inconclusive("gateway", f"status {status}", describe_consequence(wanted.operation.effect, sent=True))
        if wanted.credentials == DEFAULT_CREDENTIALS:
            if self._is_rejected_everywhere(status, wanted.operation.name):
                raise Inconclusive("not-authorised", f"status {status}, {self._describe_token()}")
            if 200 <= status < 300:
                self._accepted.add(wanted.operation.name)
        return exchange

    def _describe_token(self) -> str:
        if self._guard.consents.withheld:
            return f"no token sent: {self._guard.consents.withheld}"
        return f"with the token of {TOKEN_VARIABLE}" if self.token else f"no token sent: {TOKEN_VARIABLE} is not set"

    def _is_rejected_everywhere(self, status: int, operation: str) -> bool:
        """Return whether a status says that the token is wrong, rather than that one operation rejects a valid one.

        A token that an operation accepted before, and now does not, may have expired.
        """
        if status == 401:
            return not self._accepted or operation in self._accepted
        return status == 403 and not self._accepted

    def _rate_limit_error(self, wait: float | None) -> Inconclusive:
        """Slow down as the server asks, and return the reason for having no response."""
        timing = self._timing
        is_honoured = self._throttle.slow_down(max(wait or 0.0, *timing.pauses[:1], 0.0), timing)
        asked = [] if wait is None else [f"for {wait:.0f} s"]
        if not is_honoured:
            bounds = f"{timing.max_retry_after:.0f} s at most, {timing.max_total_wait:.0f} s in a run"
            asked.append(f"which is not waited for: {bounds}")
        # Without waiting, later requests would get the same response.
        return Inconclusive("rate-limited", ", ".join(asked), wait=wait, is_down=not is_honoured)

    def _wait_for_retry(self, inconclusive: Inconclusive, pause: float, deadline: float) -> bool:
        """Wait before a request is sent again; return whether it may be sent."""
        jitter = random.uniform(0, 0.2)  # noqa: S311 - spreads load, guards nothing
        seconds = max(pause * (1 + jitter), inconclusive.wait or 0.0)
        is_hopeless = inconclusive.kind == "rate-limited" and inconclusive.is_down
        left = deadline - clock.monotonic() - seconds
        if is_hopeless or not KINDS[inconclusive.kind].is_retried or left < _WORTHWHILE * self._timing.total:
            return False
        time.sleep(max(0.0, seconds - self._throttle.wait(self._timing)))
        return True


def _fill_path(wanted: OperationRequest) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the path of a request, whose parameters are filled in, and the arguments that remain for its query."""
    path, remaining = wanted.operation.path, []
    for name, value in wanted.arguments:
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        else:
            remaining.append((name, value))
    return path, tuple(remaining)
