"""A transport that passes on the traffic of another one, and checks it."""

from collections.abc import Callable
from typing import Any

from vocode_contract.errors import InvalidOption
from vocode_contract.http import clock

_FLAVOURS = {
    "handle_request": "carries asynchronous clients alone, and a synchronous one uses it",
    "handle_async_request": "carries synchronous clients alone, and an asynchronous one uses it",
}


class CheckedTransport:
    """A transport for clients of httpx and httpx2, synchronous and asynchronous, whichever the one inside serves."""

    def __init__(self, inner: Any, follow: Callable[..., None]) -> None:
        """Wrap a transport.

        Args:
            inner: The transport that sends.
            follow: Called with each request, its response and ``seconds``.

        Raises:
            InvalidOption: It is not a transport, but a client or a class.
        """
        if isinstance(inner, type) or not any(hasattr(inner, name) for name in _FLAVOURS):
            raise InvalidOption("transport", "must be a transport of httpx or httpx2, such as httpx.HTTPTransport()")
        self._inner = inner
        self._follow = follow

    def handle_request(self, request: Any) -> Any:
        """Send a request through the transport inside, and check the exchange.

        Raises:
            InvalidOption: The transport inside is for asynchronous clients.
        """
        __tracebackhide__ = True
        handle = self._inside("handle_request", "handle_request")
        started = clock.monotonic()
        response = handle(request)
        self._follow(request, response, seconds=clock.monotonic() - started)
        return response

    async def handle_async_request(self, request: Any) -> Any:
        """Do the same for an asynchronous client; see `handle_request`."""
        __tracebackhide__ = True
        handle = self._inside("handle_async_request", "handle_async_request")
        started = clock.monotonic()
        response = await handle(request)
        self._follow(request, response, seconds=clock.monotonic() - started)
        return response

    def close(self) -> None:
        """Close the transport inside."""
        self._inside("close", "handle_request")()

    async def aclose(self) -> None:
        """Close the transport inside."""
        await self._inside("aclose", "handle_async_request")()

    def __enter__(self) -> "CheckedTransport":
        self._inside("__enter__", "handle_request")()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._inside("__exit__", "handle_request")(*exception)

    async def __aenter__(self) -> "CheckedTransport":
        await self._inside("__aenter__", "handle_async_request")()
        return self

    async def __aexit__(self, *exception: Any) -> None:
        await self._inside("__aexit__", "handle_async_request")(*exception)

    def _inside(self, name: str, flavour: str) -> Any:
        """Return a method of the transport inside."""
        if not hasattr(self._inner, flavour):
            raise InvalidOption(type(self._inner).__name__, _FLAVOURS[flavour])
        return getattr(self._inner, name)
