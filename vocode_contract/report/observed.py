"""Observed traffic of users' own clients as results: a row for each operation, with masked evidence."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, quote, urlencode

from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Operation
from vocode_contract.http.body_store import Store
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.message import Headers, Request
from vocode_contract.http.traffic import Traffic
from vocode_contract.report.evidence import FirstSeen, is_harmless, read_evidence, write_evidence
from vocode_contract.report.row import Row
from vocode_contract.validation.masking import mask
from vocode_contract.validation.violation import Violation, has_error

_SCHEMES = ("Basic", "Bearer", "Digest", "Token")


def make_observed_row(
    traffic: Traffic, operation: str, *, endpoint: str, count: int, violating: int, seconds: float
) -> Row:
    """Return the result of all exchanges of an operation.

    Args:
        traffic: What was observed.
        operation: Its name.
        endpoint: URL of the server.
        count: Number of exchanges.
        violating: How many of them violate the contract.
        seconds: Their total time.
    """
    exchanges = [checked for checked in traffic.record.exchanges if checked.operation.name == operation]
    seen = find_first_seen(exchanges)
    violations = tuple(seen)
    evidence = dict(read_evidence(write_evidence(seen, TrafficSource(traffic.contract)), violations))
    return Row(
        nodeid=operation,
        operation=operation,
        claim=f"{count - violating:,} of {count:,} exchanges conform",
        verdict="violates" if has_error(violations) else "conforms",
        endpoint=endpoint,
        violations=violations,
        evidence=evidence,
        seconds=seconds,
    )


@dataclass(frozen=True, slots=True)
class TrafficSource:
    """What evidence is made from; nothing is kept of the responses of a user's own API."""

    contract: Contract
    store: Store = field(default_factory=Store)


def find_first_seen(exchanges: Sequence[CheckedExchange]) -> dict[Violation, FirstSeen]:
    """Return the violations in exchanges, each with the first exchange that shows it and may be shown itself."""
    seen: dict[Violation, FirstSeen] = {}
    for answer in _mask_exchanges(exchanges):
        for violation in answer.violations:
            seen.setdefault(violation, FirstSeen(answer=answer, place=violation.instance_pointer))
    for violation in (violation for checked in exchanges for violation in checked.violations):
        seen.setdefault(violation, FirstSeen(answer=None, place=violation.instance_pointer))
    return seen


def _mask_exchanges(exchanges: Iterable[CheckedExchange]) -> Iterator[CheckedExchange]:
    """Yield exchanges that can be shown as evidence, without what may be secret in a user's own requests."""
    for checked in exchanges:
        if checked.is_complete:
            exchange = checked.exchange
            yield replace(
                checked, exchange=replace(exchange, request=_mask_request(exchange.request, checked.operation))
            )


def _mask_request(request: Request, operation: Operation) -> Request:
    """Leave out a prefix of the URL path and undeclared parameters; mask values that are not harmless."""
    declared = {parameter.name for parameter in operation.parameters}
    pairs = [
        (name, value if is_harmless(value) else mask(value, "text"))
        for name, value in parse_qsl(request.query, keep_blank_values=True)
        if name in declared
    ]
    prefix = "" if request.path.rstrip("/") == operation.path else "/..."
    return replace(
        request,
        path=f"{prefix}{operation.path}",
        query=urlencode(pairs, quote_via=quote),
        headers=tuple(_mask_headers(request.headers)),
    )


def _mask_headers(headers: Headers) -> Iterator[tuple[str, str]]:
    """Yield headers without ``Connection``, tokens, unknown authorization schemes and parameters of media types."""
    for name, value in headers:
        if name.lower() == "authorization":
            scheme = value.partition(" ")[0]
            yield name, f"{scheme if scheme in _SCHEMES else ''} token"
        elif name.lower() == "content-type":
            yield name, value.partition(";")[0]
        elif name.lower() != "connection":
            yield name, value
