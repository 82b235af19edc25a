"""Exchange x operation -> violations: one small generator for each rule, all of them in `CHECKS`."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from vocode_contract.contract.model import Contract, Operation
from vocode_contract.http.body import (
    ANSWER_LIMITS,
    UNREAD,
    date_of,
    declared_schema,
    media_type,
    parsed_body,
    read_body,
    unasked_coding,
)
from vocode_contract.http.framing import unambiguous_framing
from vocode_contract.http.message import Exchange, Response
from vocode_contract.http.policies import DEFAULT_POLICIES, Policies, forbidden_keys
from vocode_contract.http.redirects import never_redirected, redirects
from vocode_contract.http.secrets import secrets_kept, token_kept
from vocode_contract.validation.codes import ALL, Selection
from vocode_contract.validation.json_value import Defect, Unreadable
from vocode_contract.validation.masking import printable
from vocode_contract.validation.scalars import uuid_of
from vocode_contract.validation.validator import Validator
from vocode_contract.validation.violation import Violation

Check = Callable[[Exchange, Operation, Contract], Iterator[Violation]]
#: Seconds within which a response should come.
SLOW = 0.75
#: Seconds by which two clocks may differ.
SKEW = 5.0
#: What a policy may take.
_OF_THE_STATUS = frozenset(("status-undeclared", "redirect"))
_SHOWN = 60


def status_declared(exchange: Exchange, operation: Operation, contract: Contract) -> Iterator[Violation]:
    """Yield a violation when the contract does not list the status code; a policy may take it all the same.

    Source: ``responses`` of the operation in the contract's ``openapi.json``.
    """
    status = exchange.response.status
    if status not in operation.statuses and not redirects(status):
        yield undeclared_status(status, operation, contract.date)


def undeclared_status(status: int, operation: Operation, date: str) -> Violation:
    """Return what is wrong with a status code that the contract of a date does not list for an operation."""
    return Violation(
        instance_pointer="",
        code="status-undeclared",
        expected=f"one of {', '.join(map(str, sorted(operation.statuses)))}",
        actual=str(status),
        schema_pointer=f"{operation.pointer}/responses",
        contract=date,
    )


def encoding_identity(exchange: Exchange, _operation: Operation, contract: Contract) -> Iterator[Violation]:
    """Yield a violation when the body is compressed though nobody asked for it.

    Source: RFC 9110, section 12.5.3.
    """
    coding = unasked_coding(exchange)
    if coding:
        yield Violation(
            instance_pointer="",
            code="encoding-unasked",
            expected="no content coding",
            actual=_shown(coding),
            contract=contract.date,
        )


def media_type_declared(exchange: Exchange, operation: Operation, contract: Contract) -> Iterator[Violation]:
    """Yield a violation when the contract does not list the media type for the status.

    Source: ``content`` of the response in the contract's ``openapi.json``.
    """
    declared = operation.responses.get(exchange.response.status)
    if declared and exchange.response.body and media_type(exchange.response) not in declared:
        yield Violation(
            instance_pointer="",
            code="content-type",
            expected=" or ".join(declared),
            actual=_shown(media_type(exchange.response)) or "no Content-Type",
            schema_pointer=f"{operation.pointer}/responses/{exchange.response.status}/content",
            contract=contract.date,
        )


def body_present(exchange: Exchange, operation: Operation, contract: Contract) -> Iterator[Violation]:
    """Yield a violation when the contract declares a body and none came."""
    declared = operation.responses.get(exchange.response.status)
    if declared and not exchange.response.body.strip(b" \t\r\n"):
        yield Violation(
            instance_pointer="",
            code="body-missing",
            expected=f"a body of type {' or '.join(declared)}",
            actual=f"{len(exchange.response.body)} bytes",
            schema_pointer=f"{operation.pointer}/responses/{exchange.response.status}/content",
            contract=contract.date,
        )


def body_is_json(exchange: Exchange, operation: Operation, contract: Contract) -> Iterator[Violation]:
    """Yield a violation when the contract declares JSON and the body is none, strictly read.

    Source: RFC 8259; RFC 7493 for duplicate keys and wide numbers.
    """
    if not declared_schema(exchange, operation) or not exchange.response.body.strip(b" \t\r\n"):
        return
    try:
        read_body(exchange.response)
    except Unreadable as error:
        defect = error.defect
        yield Violation(
            instance_pointer="",
            code="body-not-json",
            expected=defect.expected,
            actual=f"{defect.actual}{_where_cut(exchange.response, defect)}",
            contract=contract.date,
            offset=defect.offset,
            note=defect.code,
        )


def body_conforms(exchange: Exchange, operation: Operation, contract: Contract) -> Iterator[Violation]:
    """Yield what is wrong with the body by the schema that the contract declares for the status."""
    name = declared_schema(exchange, operation)
    value = parsed_body(exchange)
    if not name or value is UNREAD:
        return
    for violation in Validator(contract, name, limits=ANSWER_LIMITS).violations(value):
        yield replace(violation, code="detail-string") if _is_string_detail(name, value, violation) else violation


def asked_call(exchange: Exchange, operation: Operation, contract: Contract) -> Iterator[Violation]:
    """Yield a violation when the response holds another call than the one that was asked for.

    Ids are compared as UUIDs: servers take upper case and leave out hyphens.
    """
    if declared_schema(exchange, operation) != "Call":
        return
    asked = [value for key, value in parse_qsl(exchange.request.query) if key == "id"]
    value = parsed_body(exchange)
    wanted = uuid_of(asked[0]) if len(asked) == 1 else None
    got = uuid_of(value.get("id")) if isinstance(value, dict) else None
    if wanted and got and wanted != got:
        yield Violation(
            instance_pointer="/id",
            code="other-call",
            expected="the id that was asked for",
            actual="another id",
            schema_pointer=operation.pointer,
            contract=contract.date,
        )


def answered_in_time(exchange: Exchange, _operation: Operation, contract: Contract) -> Iterator[Violation]:
    """Yield advice when the response took longer than `SLOW`."""
    if exchange.seconds is not None and exchange.seconds > SLOW:
        yield Violation(
            instance_pointer="",
            code="slow",
            severity="advice",
            expected=f"an answer within {SLOW} s",
            actual=f"one after {exchange.seconds:.0f} s" if exchange.seconds >= 1 else "a later one",
            contract=contract.date,
        )


def clock_skew(response: Response, now: float, contract: Contract) -> Iterator[Violation]:
    """Yield advice when the Date of a response is off; for answers that came just now, so not in `CHECKS`.

    Args:
        response: What came.
        now: When it came, in seconds since the epoch.
        contract: The contract to check against.
    """
    then = date_of(response)
    if then is not None and abs(then - now) > SKEW:
        yield Violation(
            instance_pointer="",
            code="clock-skew",
            severity="advice",
            expected=f"a Date within {SKEW:.0f} s of this machine's clock",
            actual=f"one about {_roughly(abs(then - now))} {'ahead of' if then > now else 'behind'} it",
            contract=contract.date,
        )


CHECKS: tuple[Check, ...] = (
    status_declared,
    never_redirected,
    encoding_identity,
    unambiguous_framing,
    media_type_declared,
    body_present,
    body_is_json,
    body_conforms,
    asked_call,
    token_kept,
    secrets_kept,
    answered_in_time,
)


def violations_of(
    exchange: Exchange,
    operation: Operation,
    contract: Contract,
    *,
    selection: Selection = ALL,
    policies: Policies = DEFAULT_POLICIES,
) -> Iterator[Violation]:
    """Yield what every check finds, in the order of `CHECKS`, each violation once.

    Args:
        exchange: A request and the complete response to it.
        operation: The operation that was asked for.
        contract: The date and profile to check against.
        selection: Which codes count, and how much.
        policies: What is taken although no document decides it.
    """
    seen: set[Violation] = set()
    taken = policies.take(exchange, operation) is not None
    forbids_keys = policies.value("extra-keys") == "forbid"
    for violation in _found(exchange, operation, contract, policies):
        level = selection.level(violation.code, contract.profile)
        if violation.code == "unknown-key" and forbids_keys:  # found by the profile too, perhaps; one of both counts
            level = "error" if violation.policy else "off"
        if level == "off" or violation in seen or (taken and violation.code in _OF_THE_STATUS):
            continue
        seen.add(violation)
        yield violation if level == violation.severity else replace(violation, severity=level)


def _found(exchange: Exchange, operation: Operation, contract: Contract, policies: Policies) -> Iterator[Violation]:
    for check in CHECKS:
        yield from check(exchange, operation, contract)
    name, value = declared_schema(exchange, operation), parsed_body(exchange)
    if name and value is not UNREAD:
        yield from forbidden_keys(policies, contract, name, value)


def _roughly(seconds: float) -> str:
    """Write a duration so that it is the same for two answers in a row, as a rule."""
    if seconds < 100:
        return f"{round(seconds, -1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3_600:.0f} h"


def _where_cut(response: Response, defect: Defect) -> str:
    """Hint at a length that does not fit the body."""
    length = response.header("content-length")
    is_cut = length == str(len(response.body)) and defect.offset is not None and defect.offset >= len(response.body)
    return f"; Content-Length ended the body after {length} bytes" if is_cut else ""


def _is_string_detail(name: str, value: Any, violation: Violation) -> bool:
    place = (violation.code, violation.instance_pointer)
    return name == "HTTPValidationError" and place == ("type", "/detail") and isinstance(value["detail"], str)


def _shown(text: str) -> str:
    return printable(text[:_SHOWN]).replace("##", r"#\x23")  # GitHub and Azure obey ##[ and ##vso[ in a log
