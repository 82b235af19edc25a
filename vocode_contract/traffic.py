"""Users' own traffic, held against the contract as it goes by.

`Traffic` wraps the transport of any client of httpx, or of its successor httpx2, and can be hung into
their event hooks. It knows neither library: it relies on the attributes that both give requests and
responses. What is none of the contract's operations passes unjudged.
"""

from collections.abc import Callable
from typing import Any

from vocode_contract.checks import violations_of
from vocode_contract.codes import ALL, Selection
from vocode_contract.contract import Contract, Operation
from vocode_contract.exchange import Exchange, Request, Response
from vocode_contract.violation import ContractViolated, Violation

#: Violations that are kept at most; further ones are counted alone.
_KEPT = 1_000


class Traffic:
    """What went by, judged; may be shared between clients and threads.

    Attributes:
        contract: The date and profile to judge by.
        violations: What was found, in order, at most a thousand.
        judged: How many exchanges were judged.
    """

    def __init__(
        self,
        contract: Contract | None = None,
        *,
        selection: Selection = ALL,
        raises: bool = False,
        seen: Callable[[Operation, Exchange], object] | None = None,
    ) -> None:
        """Start without traffic.

        Args:
            contract: The date and profile to judge by; the default contract without.
            selection: Which codes count, and how much.
            raises: Whether an exchange with an error raises in the middle of the client's call.
            seen: Told of each exchange that is judged.
        """
        self.contract = contract or Contract.load()
        self.violations: list[Violation] = []
        self.judged = 0
        self._selection = selection
        self._raises = raises
        self._seen = seen

    def transport(self, inner: Any) -> Any:
        """Wrap the transport of a client: ``httpx.Client(transport=traffic.transport(httpx.HTTPTransport()))``.

        Returns:
            A `CheckedTransport`, which fits the clients of both libraries.
        """
        return CheckedTransport(inner, self)

    def async_transport(self, inner: Any) -> Any:
        """Wrap the transport of an asynchronous client in an `AsyncCheckedTransport`; see `transport`."""
        return AsyncCheckedTransport(inner, self)

    def hook(self, response: Any) -> None:
        """Judge a response: ``httpx.Client(event_hooks={"response": [traffic.hook]})``.

        Raises:
            ContractViolated: With what is wrong, if this traffic raises.
        """
        __tracebackhide__ = True
        response.read()
        self.judge(response.request, response)

    async def async_hook(self, response: Any) -> None:
        """Judge a response of an asynchronous client; see `hook`."""
        __tracebackhide__ = True
        await response.aread()
        self.judge(response.request, response)

    def judge(self, request: Any, response: Any) -> tuple[Violation, ...]:
        """Judge an exchange whose body has been read.

        Args:
            request: As httpx has it: ``method``, ``url.path``, ``url.query``, ``headers``.
            response: As httpx has it: ``status_code``, ``headers``, ``content``.

        Raises:
            ContractViolated: With what is wrong, if this traffic raises.
        """
        __tracebackhide__ = True
        operation = operation_at(self.contract, request.method, request.url.path)
        if operation is None:
            return ()
        exchange = Exchange(request=_request(request), response=_response(response))
        found = tuple(violations_of(exchange, operation, self.contract, selection=self._selection))
        self.judged += 1
        if self._seen:
            self._seen(operation, exchange)
        self.violations += found[: max(0, _KEPT - len(self.violations))]
        if self._raises and any(violation.severity == "error" for violation in found):
            raise ContractViolated(found)
        return found

    def ensure(self) -> None:
        """Raise what was found so far.

        Raises:
            ContractViolated: With all violations, if there is an error among them.
        """
        __tracebackhide__ = True
        unique = tuple(dict.fromkeys(self.violations))
        if any(violation.severity == "error" for violation in unique):
            raise ContractViolated(unique)


class CheckedTransport:
    """A transport that hands on what another one carries, judged."""

    def __init__(self, inner: Any, traffic: Traffic) -> None:
        self._inner = inner
        self._traffic = traffic

    def handle_request(self, request: Any) -> Any:
        """Carry a request; the response's body has been read."""
        __tracebackhide__ = True
        response = self._inner.handle_request(request)
        response.read()
        self._traffic.judge(request, response)
        return response

    def close(self) -> None:
        """Close the transport inside."""
        self._inner.close()

    def __enter__(self) -> "CheckedTransport":
        self._inner.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._inner.__exit__(*exception)


class AsyncCheckedTransport:
    """An asynchronous transport that hands on what another one carries, judged."""

    def __init__(self, inner: Any, traffic: Traffic) -> None:
        self._inner = inner
        self._traffic = traffic

    async def handle_async_request(self, request: Any) -> Any:
        """Carry a request; the response's body has been read."""
        __tracebackhide__ = True
        response = await self._inner.handle_async_request(request)
        await response.aread()
        self._traffic.judge(request, response)
        return response

    async def aclose(self) -> None:
        """Close the transport inside."""
        await self._inner.aclose()

    async def __aenter__(self) -> "AsyncCheckedTransport":
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *exception: Any) -> None:
        await self._inner.__aexit__(*exception)


def operation_at(contract: Contract, method: str, path: str) -> Operation | None:
    """Return the operation of a method and URL path, which may stand below a prefix; ``None`` for none."""
    found = (
        operation
        for operation in contract.operations.values()
        if operation.method == method.upper() and path.rstrip("/").endswith(operation.path)
    )
    return max(found, key=lambda operation: len(operation.path), default=None)


def _request(request: Any) -> Request:
    query = request.url.query
    return Request(
        method=request.method.upper(),
        path=request.url.path,
        query=query.decode("ascii", "replace") if isinstance(query, bytes) else query,
        headers=tuple(request.headers.multi_items()),
    )


def _response(response: Any) -> Response:
    return Response(
        status=response.status_code,
        headers=tuple(response.headers.multi_items()),
        body=response.content,
    )
