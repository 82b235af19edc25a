"""The checks of an exchange: one small generator for each rule, all of them in the table `CHECKS`."""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import parse_qsl

from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Operation
from vocode_contract.http import clock
from vocode_contract.http.framing import check_framing
from vocode_contract.http.message import BODY_LIMITS, Exchange
from vocode_contract.http.operation_exchange import OperationExchange
from vocode_contract.http.policies import DEFAULT_POLICIES, Policies, forbidden_keys
from vocode_contract.http.redirects import check_redirect, is_redirect
from vocode_contract.http.secrets import check_internals, check_secrets, check_tokens
from vocode_contract.validation.codes import ALL, GROUPS, Selection, require
from vocode_contract.validation.consistency import inconsistencies
from vocode_contract.validation.masking import Secret
from vocode_contract.validation.safe_text import escape_hashes
from vocode_contract.validation.scalars import instant, uuid_of
from vocode_contract.validation.validator import Validator
from vocode_contract.validation.violation import Violation

#: What a check reads besides the head of the response: the response's body, the request's body, the time of arrival.
Need = Literal["body", "request-body", "arrival"]
#: Seconds within which a response should come.
SLOW = 0.75
#: Seconds by which two clocks may differ.
SKEW = 5.0
#: Seconds by which the clocks of one service may differ.
OFF = 120.0
_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A rule about one exchange.

    Attributes:
        codes: The codes that its violations can carry.
        run: Yields the violations in an exchange.
        needs: What it reads besides the head of the response; it is not run if one of these is unknown.
        excusable: Those of the codes that a policy excuses if it allows the status code.

    Raises:
        LookupError: A code is not registered.
    """

    codes: tuple[str, ...]
    run: Callable[[OperationExchange], Iterator[Violation]]
    needs: frozenset[Need] = frozenset()
    excusable: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse codes that have no description and no severity."""
        require(*self.codes)


def check_status(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield a violation if the contract does not list the status code.

    Source: ``responses`` of the operation in the contract's ``openapi.json``.
    """
    status = exchange.response.status
    if status not in exchange.operation.statuses and not is_redirect(status):
        yield undeclared_status(status, exchange.operation, exchange.contract.date)


def undeclared_status(status: int, operation: Operation, date: str) -> Violation:
    """Return the violation of a status code that the contract of a date does not list for an operation."""
    return Violation(
        instance_pointer="",
        code="status-undeclared",
        expected=f"one of {', '.join(map(str, sorted(operation.statuses)))}",
        actual=str(status),
        schema_pointer=f"{operation.pointer}/responses",
        contract=date,
    )


def check_encoding(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield a violation if the body is compressed although the request did not allow it.

    Source: RFC 9110, section 12.5.3.
    """
    coding = exchange.exchange.unasked_coding
    if coding:
        yield exchange.violation("encoding-unasked", expected="no content coding", actual=_shown(coding))


def check_media_type(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield a violation if the contract does not list the media type for the status code.

    Source: ``content`` of the response in the contract's ``openapi.json``.
    """
    response = exchange.response
    if exchange.declared and response.body and response.media_type not in exchange.declared:
        yield exchange.violation(
            "content-type",
            expected=" or ".join(exchange.declared),
            actual=_shown(response.media_type) or "no Content-Type",
            source=f"/responses/{response.status}/content",
        )


def check_body_is_present(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield a violation if the contract declares a body and none came."""
    if exchange.declared and _is_blank(exchange.response.body):
        yield exchange.violation(
            "body-missing",
            expected=f"a body of type {' or '.join(exchange.declared)}",
            actual=f"{len(exchange.response.body)} bytes",
            source=f"/responses/{exchange.response.status}/content",
        )


def check_body_is_json(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield a violation if the contract declares JSON and the body is not JSON, strictly parsed.

    Source: RFC 8259; RFC 7493 for duplicate keys and wide numbers.
    """
    body, defect = exchange.response.body, exchange.document.defect
    if exchange.schema_name is None or defect is None or _is_blank(body):
        return
    length = exchange.response.header("content-length")
    is_raw = not exchange.response.is_decoded
    is_cut = is_raw and length == str(len(body)) and defect.offset is not None and defect.offset >= len(body)
    hint = f"; Content-Length ended the body after {length} bytes" if is_cut else ""
    yield exchange.violation(
        "body-not-json",
        expected=defect.expected,
        actual=f"{defect.actual}{hint}",
        offset=defect.offset,
        note=defect.code,
    )


def check_body_conforms(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield the violations of the schema that the contract declares for the status code."""
    name = exchange.schema_name
    if name is None or not exchange.is_parsed:
        return
    for violation in Validator(exchange.contract, name, limits=BODY_LIMITS).violations(exchange.value):
        is_detail = (name, violation.code, violation.instance_pointer) == ("HTTPValidationError", "type", "/detail")
        is_text = is_detail and isinstance(exchange.value["detail"], str)
        yield replace(violation, code="detail-string") if is_text else violation


def check_requested_call(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield a violation if the response holds another call than the requested one."""
    if exchange.schema_name != "Call":
        return
    requested = [value for key, value in parse_qsl(exchange.exchange.request.query) if key == "id"]
    wanted = uuid_of(requested[0]) if len(requested) == 1 else None
    got = uuid_of(exchange.value.get("id")) if isinstance(exchange.value, dict) else None
    if wanted and got and wanted != got:
        yield exchange.violation(
            "other-call", instance_pointer="/id", expected="the id that was asked for", actual="another id", source=""
        )


def check_duration(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield advice if the response took longer than `SLOW`."""
    seconds = exchange.exchange.seconds
    if seconds is not None and seconds > SLOW:
        yield exchange.violation(
            "slow",
            expected=f"an answer within {SLOW} s",
            actual=f"one after {seconds:.0f} s" if seconds >= 1 else "a later one",
        )


def check_clock(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield advice if the response's Date header differs from this machine's clock."""
    then, now = exchange.response.date, exchange.received_at
    if then is not None and now is not None and abs(then - now) > SKEW:
        yield exchange.violation(
            "clock-skew",
            expected=f"a Date within {SKEW:.0f} s of this machine's clock",
            actual=f"one about {_roughly(abs(then - now))} {'ahead of' if then > now else 'behind'} it",
        )


def check_times(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield a violation for each start and end that lies beyond the response's own Date header."""
    date = exchange.response.date
    if date is None or not exchange.is_parsed or not isinstance(exchange.value, dict):
        return
    items = exchange.value.get("items") if exchange.schema_name == "CallPage" else None
    calls = {f"/items/{index}": item for index, item in enumerate(items)} if isinstance(items, list) else {}
    for place, call in (calls or {"": exchange.value}).items():
        for key in ("start_time", "end_time"):
            at = instant(call.get(key)) if isinstance(call, dict) else None
            if at is not None and at - date > OFF:
                yield exchange.violation(
                    "time-off",
                    instance_pointer=f"{place}/{key}",
                    expected="a time not after the response's Date header",
                    actual=f"one about {_roughly(at - date)} later",
                    source="",
                )


def check_consistency(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield where a body contradicts itself, or the time at which it was sent."""
    if exchange.is_parsed:
        yield from inconsistencies(
            exchange.value,
            exchange.schema_name or "",
            contract=exchange.contract,
            now=_latest_time(exchange),
            selection=exchange.selection,
        )


def _latest_time(exchange: OperationExchange) -> float:
    """Return when the response was sent, or the latest possible time of that if a test froze or moved the clock."""
    date, received_at = exchange.response.date, exchange.received_at
    if clock.is_moved():  # a server in this process may use either clock
        return max(time.time(), clock.wall_time(), date or 0.0)
    return next((known for known in (date, received_at) if known is not None), clock.wall_time())


def check_keys(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield violations for keys of a resource that a policy forbids, or whose absence it forbids."""
    if exchange.is_parsed and exchange.holds_resource:
        yield from forbidden_keys(exchange.policies, exchange.contract, exchange.schema_name or "", exchange.value)


_BODY: frozenset[Need] = frozenset({"body"})

CHECKS: tuple[Check, ...] = (
    Check(codes=("status-undeclared",), run=check_status, excusable=("status-undeclared",)),
    Check(codes=("redirect", "redirect-elsewhere"), run=check_redirect, excusable=("redirect",)),
    Check(codes=("encoding-unasked",), run=check_encoding),
    Check(codes=("framing",), run=check_framing),
    Check(codes=("content-type",), run=check_media_type),
    Check(codes=("body-missing",), run=check_body_is_present, needs=_BODY),
    Check(codes=("body-not-json",), run=check_body_is_json, needs=_BODY),
    Check(codes=(*GROUPS["payload"], "detail-string"), run=check_body_conforms, needs=_BODY),
    Check(codes=("other-call",), run=check_requested_call, needs=_BODY),
    Check(codes=("token-echoed",), run=check_tokens, needs=_BODY),
    Check(codes=("secret-leaked",), run=check_secrets, needs=_BODY | {"request-body"}),
    Check(codes=("internals-shown",), run=check_internals, needs=_BODY | {"request-body"}),
    Check(codes=("time-off",), run=check_times, needs=_BODY),
    Check(codes=("slow",), run=check_duration),
    Check(codes=("unknown-key", "default-missing"), run=check_keys, needs=_BODY),
    Check(codes=("clock-skew",), run=check_clock, needs=frozenset({"arrival"})),
    Check(codes=tuple(GROUPS["consistency"]), run=check_consistency, needs=_BODY),
)


def violations_of(
    exchange: Exchange,
    operation: Operation,
    contract: Contract,
    *,
    selection: Selection = ALL,
    policies: Policies = DEFAULT_POLICIES,
    received_at: float | None = None,
    token: Secret | None = None,
    unknown: Collection[Need] = (),
) -> Iterator[Violation]:
    """Yield the violations of one exchange, in the order of `CHECKS`, each once.

    Args:
        exchange: A request and the complete response to it.
        operation: The operation that was requested.
        contract: The date and profile to check against.
        selection: Which codes count, and how much.
        policies: The choices where no document decides.
        received_at: When the response came, in seconds since the epoch; clocks are compared only if it is given.
        token: A token that no response may repeat, besides the one in the request.
        unknown: What of the exchange was not recorded; checks that need it are not run.
    """
    subject = OperationExchange(
        exchange=exchange.with_decoded_body(),
        operation=operation,
        contract=contract,
        policies=policies,
        selection=selection,
        received_at=received_at,
        token=token,
    )
    missing = {*unknown, *(("arrival",) if received_at is None else ())}
    is_excused = policies.find_policy(exchange, operation) is not None
    forbids_keys = policies.value("extra-keys") == "forbid" and subject.holds_resource
    seen: set[Violation] = set()
    for check in CHECKS:
        for violation in () if missing & check.needs else check.run(subject):
            level = selection.level(violation.code, contract.profile)
            if violation.code == "unknown-key" and forbids_keys:  # the profile may report it too: once is enough
                level = "error" if violation.policy else "off"
            if level == "off" or violation in seen or (is_excused and violation.code in check.excusable):
                continue
            seen.add(violation)
            yield violation if level == violation.severity else replace(violation, severity=level)


def _is_blank(body: bytes) -> bool:
    return not body.strip(b" \t\r\n")


def _roughly(seconds: float) -> str:
    """Write a duration so coarsely that two responses in a row usually give the same text."""
    if seconds < 100:
        return f"{round(seconds, -1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3_600:.0f} h"


def _shown(text: str) -> str:
    return escape_hashes(text[:_SHOWN])
