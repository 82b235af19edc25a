"""Check the exchanges of a user's own httpx client, for the hosts that are the API."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import Any

from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Operation
from vocode_contract.errors import InvalidOption
from vocode_contract.http import clock
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.checks import Need, violations_of
from vocode_contract.http.message import MAX_BODY, Exchange, Request, Response
from vocode_contract.http.policies import DEFAULT_POLICIES, Policies
from vocode_contract.http.traffic.destination import Hosts, operation_at
from vocode_contract.http.traffic.httpx_transport import CheckedTransport
from vocode_contract.http.traffic.plain_message import (
    HeaderValues,
    PlainHeaders,
    PlainMessage,
    PlainUrl,
    read_content,
)
from vocode_contract.http.traffic.record import TrafficRecord, error_of
from vocode_contract.http.traffic.stream import Recording, decode
from vocode_contract.validation.codes import ALL, Selection
from vocode_contract.validation.violation import Violation

#: Content codings that both libraries undo, whether or not they were asked for.
_UNDONE = ("gzip", "deflate")
#: Maximum size in bytes of a body that is checked; if it is larger, only the head of the response is.
MOST_READ = MAX_BODY


class Traffic:
    """Checks the exchanges of clients; may be shared between clients and threads.

    Attributes:
        checked: How many exchanges were checked.
        unread: How many of them without their body: it was larger than 8 MiB, or not read to its end.
        passed: How many requests were not checked: they belong to no operation, or went to another host.
        record: The exchanges with violations, and the names of servers, operations and unchecked requests.
    """

    def __init__(
        self,
        contract: Contract | None = None,
        *,
        selection: Selection = ALL,
        policies: Policies = DEFAULT_POLICIES,
        hosts: Iterable[str] = (),
        raises: bool = False,
        seen: Callable[[Operation, Exchange], object] | None = None,
    ) -> None:
        """Prepare to check.

        Args:
            contract: The date and profile to check against (default: the default contract).
            selection: Which codes count, and how much.
            policies: How to read what no document decides.
            hosts: The hosts that are the API, such as ``api.example`` or ``api.example:8443`` (default: any host).
            raises: Whether an exchange with an error raises in the middle of the client's call.
            seen: Called with each exchange that is checked with its body.

        Raises:
            InvalidOption: One of the hosts is not a host.
        """
        self.contract = contract or Contract.load()
        self.policies = policies
        self.checked = self.unread = self.passed = 0
        self.record = TrafficRecord()
        self._selection = selection
        self._hosts = Hosts.from_words(hosts)
        self._raises = raises
        self._seen = seen
        self._lock = Lock()

    @property
    def violations(self) -> list[Violation]:
        """The violations in order; at most a thousand errors, and as many others."""
        return [violation for checked in self.record.exchanges for violation in checked.violations]

    def transport(self, inner: Any) -> Any:
        """Wrap the transport of a client: ``httpx.Client(transport=traffic.transport(httpx.HTTPTransport()))``.

        Returns:
            A `CheckedTransport`, which fits the same clients as the transport inside, of both libraries.

        Raises:
            InvalidOption: It is not a transport.
        """
        return CheckedTransport(inner, self.follow)

    def hook(self, response: Any) -> "Done":
        """Check a response: ``httpx.Client(event_hooks={"response": [traffic.hook]})``, or an asynchronous client.

        Returns:
            What an asynchronous client awaits, and a synchronous one ignores.

        Raises:
            InvalidOption: It is under ``request`` in ``event_hooks``, not under ``response``.
            ContractViolated: With the violations, if this traffic raises and the body has been read.
        """
        __tracebackhide__ = True
        if not hasattr(response, "status_code"):
            raise InvalidOption("event_hooks", 'traffic.hook belongs under "response", not under "request"')
        self.follow(response.request, response)
        return Done()

    async_transport = transport
    async_hook = hook

    def follow(self, request: Any, response: Any, *, seconds: float | None = None) -> None:
        """Check an exchange once its body has been read, which is left to the client.

        Args:
            request: As httpx has it.
            response: As httpx has it; what is read from its stream is recorded, if the contract has the operation.
            seconds: Time from sending until the response was there; ``None`` where nobody measured.

        Raises:
            ContractViolated: With the violations, if this traffic raises and the body has been read.
        """
        __tracebackhide__ = True
        operation = self._operation(request)
        if operation is None:
            return
        if response.is_closed or response.is_stream_consumed:
            self._check_finished(operation, request, response, seconds=seconds)
            return
        closed = partial(self._check_recorded, operation, request, response, before=seconds)
        response.stream = Recording(response.stream, most=MOST_READ, closed=closed)

    def check(self, request: Any, response: Any) -> tuple[Violation, ...]:
        """Check an exchange whose body has been read.

        Args:
            request: As httpx has it: ``method``, ``url``, ``headers``, ``content`` if that has been read.
            response: As httpx has it: ``status_code``, ``headers``, ``content``.

        Raises:
            ContractViolated: With the violations, if this traffic raises.
        """
        __tracebackhide__ = True
        operation = self._operation(request)
        return () if operation is None else self._check_finished(operation, request, response)

    def check_exchange(
        self,
        *,
        method: str,
        url: str,
        status: int,
        headers: HeaderValues,
        content: bytes | None,
        request_headers: HeaderValues = (),
        request_content: object = b"",
        seconds: float | None = None,
    ) -> tuple[Violation, ...]:
        """Check one exchange of any HTTP library, given as plain values, after it has ended.

        Args:
            method: HTTP method.
            url: The absolute URL of the request.
            status: Status code.
            headers: Headers of the response: a mapping, or pairs if a name occurs twice.
            content: Body of the response, with content codings undone; ``None`` if it was not read.
            request_headers: Headers of the request, as they were sent.
            request_content: Body of the request, as bytes or text; anything else, such as a stream, counts as unknown.
            seconds: Time from sending the request to receiving the response; ``None`` if it was not measured.

        Raises:
            InvalidOption: The URL is not absolute.
            ContractViolated: With the violations, if this traffic raises.
        """
        __tracebackhide__ = True
        where, sent = PlainUrl.from_text(url), PlainHeaders.from_values(request_headers)
        request = PlainMessage(method=method, url=where, headers=sent, content=read_content(request_content))
        came = PlainHeaders.from_values(headers)
        response = PlainMessage(url=where, headers=came, content=read_content(content), status_code=status)
        operation = self._operation(request)
        return () if operation is None else self._check_finished(operation, request, response, seconds=seconds)

    def ensure(self) -> None:
        """Raise the violations that were found so far.

        Raises:
            ContractViolated: With all violations, if there is an error among them.
        """
        __tracebackhide__ = True
        error = error_of(self.record.exchanges)
        if error is not None:
            raise error

    def _operation(self, request: Any) -> Operation | None:
        operation = operation_at(self.contract, request.method, request.url.path)
        if operation is not None and self._hosts.hold(request.url):
            return operation
        with self._lock:
            self.passed += 1
            self.record.add_other(request)
        return None

    def _check_finished(
        self, operation: Operation, request: Any, response: Any, *, seconds: float | None = None
    ) -> tuple[Violation, ...]:
        __tracebackhide__ = True
        content = _content(response)
        body = content if content is not None and len(content) <= MOST_READ else None
        seconds = _read_elapsed(response) if seconds is None else seconds
        exchange = Exchange(request=_request(request), response=_response(response, body), seconds=seconds)
        coding = exchange.unasked_coding
        if coding in _UNDONE:
            exchange = replace(exchange, response=replace(exchange.response, is_decoded=True))
        elif coding:  # some libraries undo it, others do not
            body = None
        return self._check(operation, request, exchange, is_whole=body is not None)

    def _check_recorded(
        self, operation: Operation, request: Any, response: Any, recording: Recording, *, before: float | None
    ) -> None:
        """Check an exchange whose stream was closed; if the network failed there is none."""
        __tracebackhide__ = True
        if recording.is_broken:
            return
        body = recording.body(response.headers.get("content-length"))
        exchange = Exchange(
            request=_request(request),
            response=_response(response, body if recording.size else b""),
            seconds=recording.seconds(before, _read_elapsed(response)),
        )
        if body is not None and not exchange.unasked_coding:
            body = decode(response, body, MOST_READ)
            exchange = Exchange(request=exchange.request, response=_response(response, body), seconds=exchange.seconds)
        self._check(operation, request, exchange, is_whole=body is not None)

    def _check(
        self, operation: Operation, request: Any, exchange: Exchange, *, is_whole: bool
    ) -> tuple[Violation, ...]:
        __tracebackhide__ = True
        exchange = exchange.with_decoded_body(MOST_READ) if is_whole else exchange
        unknown: list[Need] = [] if is_whole else ["body"]
        if _content(request) is None:
            unknown.append("request-body")
        found = violations_of(
            exchange, operation, self.contract, selection=self._selection, policies=self.policies, unknown=unknown
        )
        checked = CheckedExchange(
            operation=operation,
            exchange=exchange,
            violations=tuple(found),
            contract=self.contract.date,
            policies=self.policies,
            is_complete=is_whole,
            origin=_origin(request.url),
        )
        with self._lock:
            self.checked += 1
            self.unread += not is_whole
            self.record.add(checked)
            if self._seen and is_whole:
                self._seen(operation, exchange)
        error = error_of([checked]) if self._raises and is_whole else None
        if error is not None:
            raise error
        return checked.violations


class Done:
    """Nothing is left to be awaited."""

    def __await__(self) -> Generator[None, None, None]:
        """Return at once."""
        return
        yield


def _request(request: Any) -> Request:
    query = request.url.query
    return Request(
        method=request.method.upper(),
        path=request.url.path,
        query=query.decode("ascii", "replace") if isinstance(query, bytes) else query,
        headers=tuple(request.headers.multi_items()),
        body=_content(request) or b"",
        scheme=request.url.scheme,
    )


def _response(response: Any, body: bytes | None) -> Response:
    """Return a response; a space stands for a body that is not known, so that it is not taken for none."""
    headers = tuple(response.headers.multi_items())
    return Response(status=response.status_code, headers=headers, body=b" " if body is None else body)


def _content(message: Any) -> bytes | None:
    """Return the content of a request or a response; ``None`` for a stream, which is not ours to read."""
    try:
        content: bytes = message.content
    except RuntimeError:  # what both libraries' RequestNotRead and ResponseNotRead are
        return None
    return content


def _read_elapsed(response: Any) -> float | None:
    """Return the seconds that a client measured; ``None`` if it measured none, or with a clock that a test moved."""
    try:
        elapsed = None if clock.is_moved() else getattr(response, "elapsed", None)
    except RuntimeError:  # what both libraries raise where the response was never closed by a client
        return None
    return None if elapsed is None else float(elapsed.total_seconds())


def _origin(url: Any) -> str:
    netloc = url.netloc
    return f"{url.scheme}://{netloc.decode('ascii', 'replace') if isinstance(netloc, bytes) else netloc}"
