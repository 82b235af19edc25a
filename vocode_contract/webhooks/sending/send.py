"""Send one request and read the response: no redirect, no proxy, one deadline, a bounded body."""

import asyncio
import logging
import ssl

import httpx

from vocode_contract._version import __version__
from vocode_contract.http import clock
from vocode_contract.webhooks.sending.delivery import Delivery, DeliveryResult, Outcome
from vocode_contract.webhooks.sending.target import Target

#: Seconds to wait for a response, as the provider does for external actions.
SECONDS = 10.0
#: Maximum size in bytes of a response.
MOST = 1_048_576
_OUTCOMES: tuple[Outcome, ...] = ("failed", "failed", "delivered", "redirected", "refused", "failed")


def open_transports(count: int) -> tuple[httpx.AsyncHTTPTransport, ...]:
    """Return transports of one connection each; using them needs a running event loop."""
    for name in ("httpx", "httpcore"):  # they would log URLs and headers
        logging.getLogger(name).setLevel(logging.WARNING)
    tls = ssl.create_default_context()
    # Transports, because httpx's client follows redirects, keeps cookies and logs URLs. One connection each, because a
    # pool searches all of its at each request. Kept for a second, so that the receiver does not close it as we send.
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=1.0)
    return tuple(httpx.AsyncHTTPTransport(verify=tls, trust_env=False, limits=limits) for _ in range(count))


async def send_once(
    transport: httpx.AsyncBaseTransport, delivery: Delivery, target: Target, seconds: float
) -> DeliveryResult:
    """Send a delivery and return the result, within a deadline in seconds; network errors do not raise."""
    started = clock.monotonic()
    try:
        async with asyncio.timeout(seconds):
            status, body = await _exchange(transport, _request(delivery, target))
    except (TimeoutError, httpx.TimeoutException):
        return DeliveryResult(outcome="timeout", seconds=clock.monotonic() - started)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        return DeliveryResult(outcome=_outcome_of_error(error), seconds=clock.monotonic() - started)
    outcome: Outcome = "too-large" if body is None else _OUTCOMES[min(status // 100, 5)]
    return DeliveryResult(outcome=outcome, status=status, body=body or b"", seconds=clock.monotonic() - started)


def _request(delivery: Delivery, target: Target) -> httpx.Request:
    ours = (("accept", "*/*"), ("accept-encoding", "identity"), ("user-agent", f"vocode-contract/{__version__}"))
    headers = [(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in (*ours, *delivery.headers)]
    return httpx.Request(delivery.method, target.url, headers=headers, content=delivery.body)


async def _exchange(transport: httpx.AsyncBaseTransport, request: httpx.Request) -> tuple[int, bytes | None]:
    """Return status and raw body; ``None`` for a body over the limit."""
    response = await transport.handle_async_request(request)
    body = bytearray()
    try:
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MOST:
                return response.status_code, None
    finally:
        await response.aclose()
    return response.status_code, bytes(body)


def _outcome_of_error(error: Exception) -> Outcome:
    if isinstance(error, httpx.ConnectError):
        return "unreachable"
    if isinstance(error, httpx.NetworkError) or "disconnected" in str(error):
        return "closed"
    return "protocol"
