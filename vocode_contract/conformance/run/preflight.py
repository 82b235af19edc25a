"""Find out before the suite, with at most three requests, whether the server can be checked at all.

A run is stopped only for a reason that makes every test meaningless, such as a wrong URL or token. If a server fails
only one operation, the suite is run, and reports that with evidence.
"""

from dataclasses import dataclass

from vocode_contract.conformance.run.settings import Settings
from vocode_contract.contract.operation import Operation
from vocode_contract.errors import spell_option
from vocode_contract.http.client.authentication import TOKEN_VARIABLE
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.request import OperationRequest
from vocode_contract.http.guard.guard import NO_CALL, SIMULATOR_HEADER
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.http.message import Exchange

#: Kinds of inconclusive results that do not depend on the operation, because no request reaches the API.
_HOPELESS = frozenset(("blocked", "proxy", "timeout-connect", "tls", "unreachable"))
#: Kind of inconclusive result -> what the user can do about it, if its own text does not say.
_REMEDIES = {
    "not-authorised": f"set {TOKEN_VARIABLE} to a credential that this server accepts",
    "timeout-connect": "check the URL, and whether a firewall or a VPN is in between",
    "unreachable": "check the URL, and that the server is running",
}
#: Parts of the responses with status 400 by which nginx, Go and Apache reject plain http where they expect TLS.
_EXPECTS_TLS = (b"HTTP request to an HTTPS server", b"HTTP request was sent to HTTPS port", b"SSL-enabled server port")

#: Part of the response with status 400 by which nginx rejects a request without a client certificate.
_LACKS_CERTIFICATE = b"No required SSL certificate was sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """The result of the first requests of a run.

    Attributes:
        obstacle: Why the server cannot be checked, and what to do about it, in one line; empty if it can.
        is_simulated: Whether the server declares that it is a simulator.
    """

    obstacle: str = ""
    is_simulated: bool = False


def run_preflight(client: Client, settings: Settings) -> Preflight:
    """List one call and, if that fails, get a call, to distinguish a failing operation from a run that cannot work.

    If both paths are missing, a request without a credential to end a call that does not exist tells a server that has
    only End Call from a wrong URL.
    """
    operations = settings.contract.operations
    if not {"list_calls", "get_call", "end_call"} <= operations.keys():
        return Preflight()  # too little is known of such a server to tell a wrong URL
    listing = OperationRequest(operation=operations["list_calls"], arguments=(("page", "1"), ("size", "1")))
    first = _try_to_send(client, listing)
    if isinstance(first, Inconclusive):
        is_general = first.kind in _HOPELESS or _is_same(first, _try_to_get(client, operations["get_call"], settings))
        return Preflight(obstacle=_explain(first, client) if is_general else "")
    found = _classify_refusal(first, client)
    if (
        first.response.status == 404
        and _is_missing(_try_to_get(client, operations["get_call"], settings, is_path_only=True))
        and _is_missing(_try_to_end(client, operations["end_call"]))
    ):
        found = Inconclusive("wrong-path", *_explain_path(client, listing.operation))
    is_simulated = first.response.header(SIMULATOR_HEADER) is not None
    return Preflight(obstacle=str(found) if found else "", is_simulated=is_simulated)


def _classify_refusal(exchange: Exchange, client: Client) -> Inconclusive | None:
    """Return why a gateway rejects the TLS settings of a request with status 400; ``None`` for other responses."""
    if exchange.response.status != 400:
        return None
    if client.endpoint.scheme == "http" and any(text in exchange.response.body for text in _EXPECTS_TLS):
        return Inconclusive("tls", f"{client.endpoint} expects TLS", "start the URL with https://")
    if _LACKS_CERTIFICATE in exchange.response.body:
        return Inconclusive(
            "tls", f"{client.endpoint} requires a client certificate", f"name one with {spell_option('cert')} FILE"
        )
    return None


def _try_to_send(client: Client, wanted: OperationRequest) -> Exchange | Inconclusive:
    try:
        return client.exchange(wanted)
    except Inconclusive as inconclusive:
        return inconclusive


def _try_to_get(
    client: Client, operation: Operation, settings: Settings, *, is_path_only: bool = False
) -> Exchange | Inconclusive:
    """Get a call that the user named, or else one that does not exist.

    Args:
        client: The client of the run.
        operation: Get Call.
        settings: Settings of the run.
        is_path_only: Whether to send no id instead of one that does not exist, for which a 404 would be correct.
    """
    known = settings.call_ids[:1] or (() if is_path_only else (NO_CALL,))
    return _try_to_send(client, OperationRequest(operation=operation, arguments=tuple(("id", one) for one in known)))


def _try_to_end(client: Client, operation: Operation) -> Exchange | Inconclusive | None:
    """End a call that does not exist, without a credential; ``None`` if not even that may be sent."""
    wanted = OperationRequest(operation=operation, arguments=(("id", NO_CALL),), credentials=None)
    return None if client.reason_against(wanted) else _try_to_send(client, wanted)


def _is_same(first: Inconclusive, second: Exchange | Inconclusive) -> bool:
    """Return whether two requests fail in the same way, except for a rate limit, for which the suite waits."""
    return isinstance(second, Inconclusive) and second.kind == first.kind != "rate-limited"


def _is_missing(other: Exchange | Inconclusive | None) -> bool:
    return other is None or (isinstance(other, Exchange) and other.response.status == 404)


def _explain(inconclusive: Inconclusive, client: Client) -> str:
    """Return the reason, and what the user can do about it."""
    kind, what, consequence = inconclusive.kind, inconclusive.what, inconclusive.consequence
    remedy = _REMEDIES.get(kind, "")
    if kind == "not-authorised":
        remedy += f", and {spell_option('auth')} to its scheme"
    if kind == "closed" and client.endpoint.scheme == "http":
        remedy = "if the server expects TLS, start the URL with https://"
    return str(Inconclusive(kind, what, "; ".join(filter(None, (consequence, remedy)))))


def _explain_path(client: Client, operation: Operation) -> tuple[str, str]:
    """Return the problem, and what the user can do about it."""
    base, version = str(client.endpoint), "/" + operation.path.split("/")[1]
    what = f"every request gets status 404, such as {operation.method} {base}{operation.path}"
    if client.endpoint.path.endswith(version):
        return what, f"the URL must end before {version}, so try {base.removesuffix(version)}"
    return what, f"the URL must be the part before {operation.path}"
