"""One request out, one response back: no redirect, no proxy, one deadline, a bounded body."""

import asyncio
import logging
import ssl
import time

import httpx

from vocode_contract._version import __version__
from vocode_contract.webhooks.sending.delivery import Delivery, DeliveryResult
from vocode_contract.webhooks.sending.log import Outcome
from vocode_contract.webhooks.sending.target import Target

#: Seconds that a receiver has to answer. Source: external actions wait for as long.
SECONDS = 10.0
#: Bytes of a response that are read.
MOST = 1_048_576
_OUTCOMES: tuple[Outcome, ...] = ("failed", "failed", "delivered", "redirected", "refused", "failed")


def networks(count: int) -> tuple[httpx.AsyncHTTPTransport, ...]:
    """Open transports for one connection each, which need a running event loop when used.

    They are what lies beneath httpx's client, which would follow redirects, keep cookies and log URLs.
    One pool for all would look through all connections at each request. A connection is used again for
    a second only, so that the receiver closes none under us.

    Args:
        count: Of transports.
    """
    for name in ("httpx", "httpcore"):  # they would write URLs and headers
        logging.getLogger(name).setLevel(logging.WARNING)
    tls = ssl.create_default_context()
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=1.0)
    return tuple(httpx.AsyncHTTPTransport(verify=tls, trust_env=False, limits=limits) for _ in range(count))


async def sent(
    transport: httpx.AsyncBaseTransport, delivery: Delivery, target: Target, seconds: float
) -> DeliveryResult:
    """Send once and return what came back; no network raises.

    Args:
        transport: Carries the request.
        delivery: What to send.
        target: Where to.
        seconds: From now to the last byte of the response.
    """
    started = time.monotonic()
    try:
        async with asyncio.timeout(seconds):
            status, body = await _exchanged(transport, _request(delivery, target))
    except (TimeoutError, httpx.TimeoutException):
        return DeliveryResult(outcome="timeout", seconds=time.monotonic() - started)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        return DeliveryResult(outcome=_fault(error), seconds=time.monotonic() - started)
    outcome: Outcome = "too-large" if body is None else _OUTCOMES[min(status // 100, 5)]
    return DeliveryResult(outcome=outcome, status=status, body=body or b"", seconds=time.monotonic() - started)


def _request(delivery: Delivery, target: Target) -> httpx.Request:
    named = (("accept", "*/*"), ("accept-encoding", "identity"), ("user-agent", f"vocode-contract/{__version__}"))
    headers = [(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in (*named, *delivery.headers)]
    return httpx.Request(delivery.method, target.url, headers=headers, content=delivery.body)


async def _exchanged(transport: httpx.AsyncBaseTransport, request: httpx.Request) -> tuple[int, bytes | None]:
    """Return status and raw body, ``None`` for one beyond the limit."""
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


def _fault(error: Exception) -> Outcome:
    if isinstance(error, httpx.ConnectError):
        return "unreachable"
    if isinstance(error, httpx.NetworkError) or "disconnected" in str(error):
        return "closed"
    return "protocol"
