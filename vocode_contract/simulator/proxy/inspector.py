"""What the proxy sends at all, and what it says of each response: the guard before, the checks after."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Effect, Operation
from vocode_contract.http import clock
from vocode_contract.http.client.created_calls import Creation, Creations
from vocode_contract.http.client.endpoint import Endpoint
from vocode_contract.http.client.request import OperationRequest, call_in
from vocode_contract.http.content_coding import Undecodable, decode
from vocode_contract.http.guard.guard import Guard, Intent, NotPermitted
from vocode_contract.http.guard.phone_numbers import find_numbers
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.http.message import MAX_BODY, Exchange, Request, Response
from vocode_contract.http.traffic import Traffic, operation_at
from vocode_contract.simulator.lifecycle.clock import date_time
from vocode_contract.simulator.request_log import join_request, mask_query
from vocode_contract.validation.masking import mask_method, shown_key
from vocode_contract.validation.violation import Violation, has_error

#: The header of a response that says what was found in it.
MARK = "Vocode-Contract"
#: Exchanges that the page shows.
_SHOWN = 200
#: Violations that a line names.
_NAMED = 3
_LENGTH_DIGITS = 12
_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
#: Headers by which some frameworks let a GET act as another method, in lower case.
_OVERRIDES = frozenset(("x-http-method", "x-http-method-override", "x-method-override"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenExchange:
    """A request that was admitted, and has no response yet.

    Attributes:
        request: As it is sent to the server; its body may still be on the way.
        operation: The operation of the contract; ``None`` if it is none of them.
        creation: The call that it creates on a remote host; ``None`` if it creates none.
    """

    request: Request
    operation: Operation | None
    creation: Creation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenExchange:
    """One exchange that went by; everything in it is masked and may be shown.

    Attributes:
        at: When it ended, in seconds since the epoch.
        operation: Name of the operation; empty for one that the contract does not have.
        method: Method of the request.
        path: URL path of the request, without a prefix.
        query: Names and values of its query.
        status: Status code; ``None`` if there is no response.
        verdict: ``conforms``, ``violates``, ``inconclusive``, ``not-permitted`` or ``unknown-operation``.
        violations: Includes drift and advice.
        reason: Why there is no verdict; empty if there is one.
        seconds: From the request to the last byte of the response.
    """

    at: float
    operation: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    status: int | None
    verdict: str
    violations: tuple[Violation, ...] = ()
    reason: str = ""
    seconds: float = 0

    @property
    def request(self) -> str:
        """The request, and the status code if there is one, on one line."""
        return join_request(self.method, self.path, self.query, self.status)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its errors, each once."""
        return tuple(dict.fromkeys(found.code for found in self.violations if found.severity == "error"))

    @property
    def mark(self) -> str:
        """The value of the header `MARK`, a token with a parameter (RFC 9651)."""
        return f'{self.verdict};codes="{" ".join(self.codes)}"' if self.codes else self.verdict

    def __str__(self) -> str:
        """Write one line."""
        more = [f"and {len(self.violations) - _NAMED} more"] if len(self.violations) > _NAMED else []
        details = "; ".join([*map(str, self.violations[:_NAMED]), *more]) or self.reason
        verdict = self.verdict.upper() if self.verdict == "violates" else self.verdict
        return f"{self.request}  {verdict}  {self.seconds * 1000:.0f} ms{f'  {details}' if details else ''}"

    def serialize(self) -> dict[str, Any]:
        """Return it as a JSON value for the page."""
        return {
            "at": date_time(self.at, "Z"),
            "request": self.request,
            "verdict": self.verdict,
            "seconds": round(self.seconds, 4),
            "found": [f"{found.severity}: {found}" for found in self.violations] or [self.reason][: bool(self.reason)],
        }


class TrafficRecorder(Protocol):
    """Writes exchanges to a file."""

    def add(self, seen: SeenExchange, opened: OpenExchange, response: Response | None) -> None:
        """Write an exchange, masked; it has no response if there was no complete one."""


@dataclass(slots=True, kw_only=True)
class Inspector:
    """Admits requests, checks their responses, and keeps what was seen within bounds.

    Attributes:
        endpoint: The server.
        guard: Decides what may be sent there.
        traffic: Checks the exchanges, and keeps those with violations.
        max_body: Maximum size of a response body that is checked, in bytes.
        show: Called with each exchange.
        recorder: Writes each exchange to a file; ``None`` for none.
        unrecorded: Why the recording is incomplete; empty if it is not.
        latest: The latest exchanges, oldest first.
        counts: Number of exchanges by operation and verdict.
        seconds: Total time of the exchanges by operation.
        reasons: Why exchanges have no verdict, by operation and verdict, the last reason of each.
    """

    endpoint: Endpoint
    guard: Guard
    traffic: Traffic
    max_body: int = MAX_BODY
    show: Callable[[SeenExchange], object] = lambda _: None
    recorder: TrafficRecorder | None = None
    unrecorded: str = ""
    latest: deque[SeenExchange] = field(default_factory=lambda: deque(maxlen=_SHOWN))
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    reasons: dict[tuple[str, str], str] = field(default_factory=dict)
    _creations: Creations = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Take the calls that are created for those that may be ended."""
        self._creations = Creations(self.guard.created, doubts=not self.endpoint.is_loopback)

    @property
    def contract(self) -> Contract:
        """The contract that exchanges are checked against."""
        return self.traffic.contract

    def needs_body(self, request: Request) -> bool:
        """Return whether the body decides if a request may be sent, since it may act on a remote host."""
        return not self.endpoint.is_loopback and _effect_of(request, self._find_operation(request)) != "reads"

    def open(self, request: Request) -> OpenExchange:
        """Admit a request, and count it.

        Args:
            request: The request, with its body if `needs_body`.

        Raises:
            NotPermitted: An opt-in is missing; nothing may be sent.
        """
        operation = self._find_operation(request)
        effect = _effect_of(request, operation)
        arguments = tuple(parse_qsl(request.query, keep_blank_values=True))
        is_remote = not self.endpoint.is_loopback
        try:
            self.guard.admit(
                Intent(
                    operation=operation.name if operation else "an unknown operation",
                    effect=effect,
                    host=self.endpoint.host,
                    call_id=call_in(OperationRequest(operation=operation, arguments=arguments, body=request.body))
                    if operation
                    else None,
                    numbers=find_numbers(request.body, arguments) if effect == "rings" and is_remote else (),
                )
            )
        except NotPermitted as refusal:
            self._add(self._describe(request, operation, None, verdict="not-permitted", reason=refusal.reason))
            raise
        is_creation = is_remote and operation is not None and operation.effect == "rings"
        creation = self._creations.record_request(request.body) if is_creation else None
        return OpenExchange(request=request, operation=operation, creation=creation)

    def effect_of(self, opened: OpenExchange) -> Effect:
        """Return what a request may do."""
        return _effect_of(opened.request, opened.operation)

    def holds_back(self, opened: OpenExchange, response: Response) -> bool:
        """Return whether a response is passed on after its end, once it is checked, and not as it comes.

        Recordings, streams of events, what exceeds the limit and what belongs to no operation pass as they come.
        """
        if opened.operation is None or response.media_type == "text/event-stream" or _is_recording(opened, response):
            return False
        length = response.header("content-length") or "0"
        return not length.isdecimal() or (len(length) <= _LENGTH_DIGITS and int(length) <= self.max_body)

    def check(
        self, opened: OpenExchange, response: Response, *, seconds: float, is_whole: bool, has_request: bool
    ) -> tuple[Violation, ...]:
        """Return the violations in an exchange.

        Args:
            opened: The request, with its body.
            response: The response, its body as it came without chunks.
            seconds: From the request to the last byte.
            is_whole: Whether the body of the response is complete.
            has_request: Whether the body of the request is.
        """
        request = opened.request
        query = f"?{request.query}" if request.query else ""
        return self.traffic.check_exchange(
            method=request.method,
            url=f"{self.endpoint.scheme}://{self.endpoint.authority}{request.path}{query}",
            status=response.status,
            headers=response.headers,
            content=self._decode(response) if is_whole else None,
            request_headers=request.headers,
            request_content=request.body if has_request else None,
            seconds=seconds,
        )

    def close(
        self,
        opened: OpenExchange,
        response: Response,
        violations: tuple[Violation, ...],
        *,
        seconds: float,
        is_long: bool,
    ) -> SeenExchange:
        """Record an exchange.

        Args:
            opened: The request.
            response: The response.
            violations: What `check` returned.
            seconds: From the request to the last byte.
            is_long: Whether the body was longer than `max_body`, so that only its head was checked.
        """
        unread = is_long and not _is_recording(opened, response)
        verdict = "violates" if has_error(violations) else "inconclusive" if unread else "conforms"
        if opened.operation is None:
            verdict, unread = "unknown-operation", False
        seen = self._describe(
            opened.request,
            opened.operation,
            response.status,
            verdict=verdict,
            violations=violations,
            reason=f"the body has more than {self.max_body} bytes" if unread else "",
            seconds=seconds,
        )
        exchange = Exchange(request=opened.request, response=response)
        if opened.creation is not None:
            self._creations.record_response(opened.creation, exchange.with_decoded_body(self.max_body))
        elif opened.operation is not None and opened.operation.effect == "reads" and not is_long:
            ids = [value for name, value in parse_qsl(opened.request.query) if name == "id"]
            self._creations.observe(exchange.with_decoded_body(self.max_body), ids)
        self._add(seen)
        self._record(seen, opened, replace(response, body=self._decode(response) or b""))
        return seen

    def fail(self, opened: OpenExchange, inconclusive: Inconclusive, *, seconds: float) -> SeenExchange:
        """Record an exchange without a complete response."""
        if opened.creation is not None:
            self._creations.record_no_response(opened.creation, may_have_acted=inconclusive.may_have_acted)
        seen = self._describe(
            opened.request,
            opened.operation,
            None,
            verdict="inconclusive",
            reason=str(inconclusive).removeprefix("inconclusive: "),
            seconds=seconds,
        )
        self._add(seen)
        self._record(seen, opened, None)
        return seen

    def serialize(self) -> Iterator[dict[str, Any]]:
        """Yield the latest exchanges as JSON values, newest first."""
        return (seen.serialize() for seen in reversed(tuple(self.latest)))

    def _find_operation(self, request: Request) -> Operation | None:
        return operation_at(self.contract, request.method, unquote(request.path))

    def _decode(self, response: Response) -> bytes | None:
        """Return the content of a body, its content codings undone; ``None`` if they cannot be."""
        coding = (response.header("content-encoding") or "").strip().lower()
        if coding in ("", "identity") or not response.body:
            return response.body
        try:
            return decode(response.body, coding, self.max_body)
        except Undecodable:
            return None

    def _describe(
        self, request: Request, operation: Operation | None, status: int | None, *, verdict: str, **others: Any
    ) -> SeenExchange:
        return SeenExchange(
            at=clock.wall_time(),
            operation=operation.name if operation else "",
            method=mask_method(request.method),
            path=operation.path if operation else "/".join(map(_shown, request.path.split("/"))),
            query=mask_query(request.query),
            status=status,
            verdict=verdict,
            **others,
        )

    def _record(self, seen: SeenExchange, opened: OpenExchange, response: Response | None) -> None:
        try:
            if self.recorder is not None:
                self.recorder.add(seen, opened, response)
        except OSError as error:  # such as a full disk: the traffic goes on
            self.recorder = None
            self.unrecorded = error.strerror or type(error).__name__

    def _add(self, seen: SeenExchange) -> None:
        self.latest.append(seen)
        self.counts[seen.operation, seen.verdict] += 1
        self.seconds[seen.operation] += seen.seconds
        if seen.reason:
            self.reasons[seen.operation, seen.verdict] = seen.reason
        self.show(seen)


def _is_recording(opened: OpenExchange, response: Response) -> bool:
    """Return whether the contract declares the body to be no JSON."""
    declared = opened.operation.responses.get(response.status, {}) if opened.operation else {}
    return declared.get(response.media_type, "") is None


def _effect_of(request: Request, operation: Operation | None) -> Effect:
    """Return the effect of a request; one that is not known may ring, unless its method only reads."""
    if any(name.lower() in _OVERRIDES for name, _ in request.headers):
        return "rings"
    if operation is not None:
        return operation.effect
    return "reads" if request.method in _SAFE_METHODS else "rings"


def _shown(segment: str) -> str:
    return shown_key(segment) if segment else ""
