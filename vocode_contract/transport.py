"""The one sender: a request goes out past the guard, an exchange or the reason for none comes back."""

import logging
import random
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

from vocode_contract import __version__
from vocode_contract.asking import (
    OWN,
    TOKEN_VARIABLE,
    Ask,
    Credentials,
    authorization,
    call_in,
    effect_of,
    is_drawing,
    is_sent_as_user,
)
from vocode_contract.connection import NETWORK_ERRORS, Line, Network, fault_of, httpx, trusted
from vocode_contract.contract import Operation
from vocode_contract.creations import Creations, Journal
from vocode_contract.dialled import dialled
from vocode_contract.endpoint import Endpoint, Proxy
from vocode_contract.errors import InvalidOption
from vocode_contract.exchange import Exchange, Request, Response
from vocode_contract.guard import Guard, Intent, NotPermitted
from vocode_contract.inconclusive import KINDS, NOTHING_SENT, Inconclusive
from vocode_contract.pace import Pace
from vocode_contract.redaction import Secret

__all__ = ["MAX_BODY", "OWN", "TOKEN_VARIABLE", "Ask", "Client", "Credentials", "Timing"]

MAX_BODY = 8_388_608

_TOKEN = re.compile(r"[!-~]+")
_GATEWAY = frozenset((502, 503, 504))
_LOGGERS = ("httpx", "httpcore")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long is waited, in seconds.

    Attributes:
        connect: For a connection, and again for TLS.
        read: For the next bytes of the answer.
        write: For the server to take the next bytes of the request.
        total: For one exchange, what is sent again included.
        pauses: Before a request that only reads is sent a second and a third time; up to a fifth is added.
        patience: The longest ``Retry-After`` that is waited for.
        interval: Between the starts of two requests beyond loopback; one is in flight at a time.
    """

    connect: float = 5
    read: float = 10
    write: float = 10
    total: float = 30
    pauses: tuple[float, ...] = (0.5, 1)
    patience: float = 30
    interval: float = 0.5

    @classmethod
    def within(cls, total: float) -> "Timing":
        """Return the time-outs for exchanges that may take so many seconds in all."""
        default = cls()
        return cls(
            connect=min(default.connect, total),
            read=min(default.read, 0.9 * total),  # or no answer would look like one that does not end
            write=min(default.write, total),
            total=total,
        )


class Client:
    """Sends to one endpoint, one connection a request; may be shared between threads.

    Attributes:
        endpoint: Where it sends.
        creations: The calls that it created, which are ended in the end.
    """

    def __init__(
        self,
        endpoint: Endpoint | str,
        token: Secret | None = None,
        *,
        guard: Guard | None = None,
        timing: Timing | None = None,
        transport: httpx.BaseTransport | None = None,
        run_id: str = "",
        ca_file: str = "",
        proxy: Proxy | None = None,
        journal: Journal | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            endpoint: Where the API is; a URL is parsed.
            token: The user's; goes to this endpoint alone.
            guard: What may be sent where; without, nothing beyond loopback but what reads.
            timing: How long to wait.
            transport: What carries the requests, in place of the network.
            run_id: Names this run to the server's operators.
            ca_file: PEM file of a private certificate authority to trust too.
            proxy: What to go through; without, nothing, whatever the environment says.
            journal: Notes which calls are created.

        Raises:
            InvalidOption: The URL, the token, the file or the proxy cannot be used.
        """
        if token is not None and not _TOKEN.fullmatch(token.reveal()):
            raise InvalidOption(TOKEN_VARIABLE, "must be a token of printable ASCII characters without spaces")
        self.endpoint = Endpoint.from_url(endpoint) if isinstance(endpoint, str) else endpoint
        if proxy is not None and self.endpoint.is_loopback:  # by that name, the proxy would reach itself
            raise InvalidOption("the proxy", "is for a host that is not this machine")
        self._token = token
        self._guard = guard or Guard()
        self.creations = Creations(self._guard.created, journal, doubts=not self.endpoint.is_loopback)
        self._timing = timing or Timing()
        self._transport = transport
        self._agent = f"vocode-contract/{__version__}{f' (run {run_id})' if run_id else ''}"
        paced = not self.endpoint.is_loopback
        self._pace: AbstractContextManager[float] = Pace(self._timing.interval) if paced else nullcontext(0.0)
        self._tls = trusted(ca_file) if self.endpoint.scheme == "https" else None
        self._proxy = proxy
        for name in _LOGGERS:  # they would write URLs and headers
            logging.getLogger(name).setLevel(logging.WARNING)

    def exchange(self, ask: Ask) -> Exchange:
        """Send a request, and again if it only reads and got no answer.

        Raises:
            NotPermitted: The guard refuses; nothing was sent.
            Inconclusive: No complete answer came, or one that tells nothing of the API.
        """
        __tracebackhide__ = True
        intent = self._intent(ask)
        self._guard.admit(intent)
        if intent.effect == "rings":
            return self._created(intent, ask)
        try:
            exchange = self._repeated(intent, ask)
        except Inconclusive as inconclusive:
            if intent.effect == "hangs-up" and intent.call_id and inconclusive.may_have_acted:
                self.creations.unclear_end(intent.call_id)
            raise
        if intent.effect == "reads":
            self.creations.saw(exchange, [value for name, value in ask.arguments if name == "id"])
        return exchange

    def _created(self, intent: Intent, ask: Ask) -> Exchange:
        """Send what creates a call, written down before and after."""
        __tracebackhide__ = True
        try:
            creation = self.creations.begun(ask.body)
        except InvalidOption as error:
            raise NotPermitted(intent.operation, str(error)) from None
        try:
            exchange = self._repeated(intent, ask)
        except BaseException as error:  # Ctrl-C too: it may have been sent by then
            acted = error.may_have_acted if isinstance(error, Inconclusive) else True
            self.creations.lost(creation, may_have_acted=acted)
            raise
        self.creations.answered(creation, exchange)
        return exchange

    def _repeated(self, intent: Intent, ask: Ask) -> Exchange:
        """Send a request, and again if it only reads and got no answer."""
        __tracebackhide__ = True
        request = self._request(ask)
        deadline = time.monotonic() + min(self._timing.total, ask.within)
        for pause in self._timing.pauses if intent.effect == "reads" else ():
            try:
                return self._answered(request, ask, deadline)
            except Inconclusive as inconclusive:
                if not KINDS[inconclusive.kind].is_retried or not self._waited(inconclusive, pause, deadline):
                    raise
        return self._answered(request, ask, deadline)

    @property
    def is_read_only(self) -> bool:
        """Whether nothing that it may send changes anything, whatever else is allowed."""
        return self._guard.is_read_only and not self.endpoint.is_loopback

    def reason_against(self, ask: Ask) -> str | None:
        """Return why a request would not be sent; ``None`` if it would."""
        return self._guard.reason_against(self._intent(ask))

    def _intent(self, ask: Ask) -> Intent:
        effect = effect_of(ask)
        return Intent(
            operation=ask.operation.name,
            effect=effect,
            host=self.endpoint.host,
            authenticated=is_sent_as_user(ask.credentials, self._token),
            generated=ask.generated or is_drawing(),
            call_id=call_in(ask),
            numbers=dialled(ask.body, ask.arguments) if effect == "rings" and not self.endpoint.is_loopback else (),
        )

    def _request(self, ask: Ask) -> Request:
        header = authorization(ask.credentials, self._token)
        return Request(
            method=ask.method or ask.operation.method,
            path=self.endpoint.path + ask.operation.path + ask.suffix,
            query=urlencode(ask.arguments),
            headers=(
                ("Host", self.endpoint.authority),
                ("Accept", "*/*"),
                ("Accept-Encoding", "identity"),
                ("User-Agent", self._agent),
                *((("Authorization", header),) if header is not None else ()),
                *((("Content-Type", ask.media_type),) if ask.media_type else ()),
                *((("Content-Length", str(len(ask.body))),) if ask.body or ask.operation.method == "POST" else ()),
            ),
            body=ask.body,
        )

    def _sent(self, request: Request, ask: Ask, deadline: float) -> Exchange:
        """Send once; the whole answer or `Inconclusive`."""
        __tracebackhide__ = True
        with self._pace as waited:
            started = time.monotonic()
            return self._exchanged(request, ask, Line(deadline + waited, is_encrypted=self._tls is not None), started)

    def _exchanged(self, request: Request, ask: Ask, line: Line, started: float) -> Exchange:
        __tracebackhide__ = True
        try:
            response = self._carried(request, line)
        except NETWORK_ERRORS as error:
            kind, what = fault_of(error, line)
            sent = line.sent if self._transport is None else kind != "unreachable"
        except _TooLarge:
            kind, what, sent = "too-large", f"more than {MAX_BODY} bytes", True
        else:
            return Exchange(request=request, response=response, seconds=time.monotonic() - started)
        # Outside of the handler: what the libraries raised holds requests, and must not be chained.
        where = f"{self.endpoint.host} port {self.endpoint.port}"
        where += f", through the proxy {self._proxy}" if self._proxy else ""
        raise Inconclusive(kind, f"{where}{': ' if what else ''}{what}", _consequence(ask.operation, sent=sent))

    def _carried(self, request: Request, line: Line) -> Response:
        query = f"?{request.query}" if request.query else ""
        timing = self._timing
        sent = httpx.Request(
            request.method,
            f"{self.endpoint.scheme}://{self.endpoint.authority}{request.path}{query}",
            headers=list(request.headers),
            content=request.body,
            extensions={"timeout": {"connect": timing.connect, "read": timing.read, "write": timing.write}},
        )
        if self._transport is not None:
            return _read(self._transport.handle_request(sent), line)
        with Network(line, self._tls, self._proxy) as network:
            return _read(network.handle_request(sent), line)

    def _answered(self, request: Request, ask: Ask, deadline: float) -> Exchange:
        """Send once; an exchange that tells something of the API, or `Inconclusive`."""
        __tracebackhide__ = True
        exchange = self._sent(request, ask, deadline)
        status = exchange.response.status
        if status == 429:
            wait = _seconds(exchange.response.header("retry-after"))
            raise Inconclusive("rate-limited", "" if wait is None else f"for {wait:.0f} seconds", wait=wait)
        if status in _GATEWAY:
            raise Inconclusive("gateway", f"status {status}", _consequence(ask.operation, sent=True))
        if status in (401, 403) and ask.credentials == OWN:
            source = f"of {TOKEN_VARIABLE}" if self._token else f"there is none: {TOKEN_VARIABLE} is not set"
            raise Inconclusive("not-authorised", f"status {status}, the token is that {source}")
        return exchange

    def _waited(self, inconclusive: Inconclusive, pause: float, deadline: float) -> bool:
        jitter = random.uniform(0, 0.2)  # noqa: S311 - spreads load, guards nothing
        seconds = pause * (1 + jitter) if inconclusive.wait is None else inconclusive.wait
        if seconds > self._timing.patience or time.monotonic() + seconds >= deadline:
            return False
        time.sleep(seconds)
        return True


class _TooLarge(Exception):
    """The body is beyond the limit."""


def _read(answer: httpx.Response, line: Line) -> Response:
    """Read the raw body of an answer, no content coding undone."""
    line.in_body = True
    body = bytearray()
    try:
        for chunk in _within(answer, line):
            body += chunk
            if len(body) > MAX_BODY:
                raise _TooLarge
    finally:
        answer.close()
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw)
    return Response(status=answer.status_code, headers=headers, body=bytes(body))


def _within(answer: httpx.Response, line: Line) -> Iterator[bytes]:
    """Yield the chunks of a body until the deadline, whatever carries them."""
    stream = answer.stream  # iter_raw() would refuse what a transport has read already
    for chunk in stream if isinstance(stream, httpx.SyncByteStream) else ():
        yield chunk
        if line.is_over:
            raise httpx.ReadTimeout("the deadline has passed")


_DONE: Mapping[str, str] = {
    "hangs-up": "the call may have been ended, Get Call tells",
    "rings": "a phone may have been rung, List Calls tells",
    "bills": "it may have cost money",
    "writes": "data may have been changed",
}


def _consequence(operation: Operation, *, sent: bool) -> str:
    if not sent:
        return NOTHING_SENT
    return "" if operation.effect == "reads" else _DONE.get(operation.effect, _DONE["rings"])


def _seconds(retry_after: str | None) -> float | None:
    """Return how long to wait; ``None`` for no number of seconds and no date.

    Source: RFC 9110, section 10.2.3.
    """
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit() and len(text) <= 10:
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return max(0.0, when.timestamp() - time.time())
