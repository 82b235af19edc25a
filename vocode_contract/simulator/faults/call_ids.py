"""Faults of which call is meant: unknown, malformed, missing and doubled ids; and of the method."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.fault import (
    ALL,
    ONE_CALL,
    Fault,
    FaultyTurn,
    Spoiling,
    canonical,
    identifiers,
)
from vocode_contract.simulator.faults.statuses import SERVER_ERROR
from vocode_contract.simulator.responses import answered, refused


def _instead_of(status: int, given: Callable[[FaultyTurn], Response], *, malformed: bool | None = None) -> Spoiling:
    """Give another answer in place of a refusal.

    Args:
        status: Of the refusal.
        given: Makes the response.
        malformed: Whether only requests with an id count, or only those without; None for both.
    """

    def spoil(turn: FaultyTurn) -> Response:
        response = turn.sound()
        if response.status != status or malformed not in (None, "id=" in turn.request.query):
            return response
        return given(turn)

    return spoil


def _error(_turn: FaultyTurn) -> Response:
    return SERVER_ERROR


def _some_call(turn: FaultyTurn) -> Response:
    return turn.of("get_call", turn.other("", "in_progress"))


def _end_of_some_call(turn: FaultyTurn) -> Response:
    return turn.of("end_call", turn.other("", "in_progress"))


def _each_ended(turn: FaultyTurn) -> Response:
    """End every call that the query names."""
    response = turn.sound()
    if response.status == 200:
        for identifier in identifiers(turn.request):
            turn.of("end_call", identifier)
    return response


def _upper_case_unknown(turn: FaultyTurn) -> Response:
    """Find a call only under its id as servers write it."""
    response = turn.sound()
    written = f"id={turn.identifier}"
    return refused(404, "Call not found") if response.status == 200 and written not in turn.request.query else response


def _from_body(turn: FaultyTurn) -> Response:
    """Take the id from the body where the query has none."""
    response = turn.sound()
    try:
        body: Any = orjson.loads(turn.request.body)
    except orjson.JSONDecodeError:
        return response
    identifier = canonical(str(body.get("id"))) if isinstance(body, dict) else ""
    if response.status != 422 or not identifier:
        return response
    return turn.below(replace(turn.request, query=f"id={identifier}"), turn.rules)


def _any_method(turn: FaultyTurn) -> Response:
    return turn.below(replace(turn.request, method=turn.operation.method), turn.rules)


def _worded(_turn: FaultyTurn) -> Response:
    return answered(422, {"detail": "the request is not valid"})


def _unplaced(_turn: FaultyTurn) -> Response:
    return answered(422, {"detail": [{"msg": "field required", "type": "value_error.missing"}]})


def _identity(name: str, title: str, broken: str, spoil: Spoiling, *, operations: tuple[str, ...] = ONE_CALL) -> Fault:
    return Fault(name=name, title=title, breaks=(broken,), operations=operations, spoil=spoil)


_END, _SHOWN = ("end_call",), ("end_call", "get_call")

IDENTITIES = (
    _identity(
        "malformed-id-500",
        "an id that is no UUID is a 500",
        "status-undeclared",
        _instead_of(422, _error, malformed=True),
    ),
    _identity(
        "malformed-id-served",
        "for an id that is no UUID some call is shown",
        "status-unexpected",
        _instead_of(422, _some_call, malformed=True),
        operations=_SHOWN,
    ),
    _identity(
        "missing-id-500",
        "a request without an id is a 500",
        "status-undeclared",
        _instead_of(422, _error, malformed=False),
    ),
    _identity(
        "missing-id-ends-some",
        "End Call without an id ends some call",
        "status-unexpected",
        _instead_of(422, _end_of_some_call, malformed=False),
        operations=_END,
    ),
    _identity("unknown-id-500", "an id that no call has is a 500", "status-undeclared", _instead_of(404, _error)),
    _identity(
        "unknown-id-served",
        "for an id that no call has some call is shown",
        "other-call",
        _instead_of(404, _some_call),
        operations=_SHOWN,
    ),
    _identity(
        "unknown-id-ends-some",
        "for an id that no call has End Call ends some call",
        "other-call",
        _instead_of(404, _end_of_some_call),
        operations=_END,
    ),
    _identity(
        "doubled-id-ends-both", "End Call with two ids ends both calls", "other-ended", _each_ended, operations=_END
    ),
    _identity(
        "upper-case-id-unknown", "a call is not found by its id in capitals", "status-undeclared", _upper_case_unknown
    ),
    _identity("id-in-body", "End Call takes the id from the body", "status-unexpected", _from_body, operations=_END),
    _identity(
        "any-method", "End Call ends calls by GET, and any other method", "method-taken", _any_method, operations=_END
    ),
    _identity(
        "any-method-creates",
        "Create Call places calls by PUT, and any other method",
        "method-taken",
        _any_method,
        operations=("create_call",),
    ),
    Fault(
        name="detail-as-string",
        title="a 422 has a string for its detail",
        breaks=("type", "detail-string"),
        operations=ALL,
        spoil=_instead_of(422, _worded),
    ),
    _identity(
        "detail-without-place", "a 422 does not say where", "required", _instead_of(422, _unplaced), operations=ALL
    ),
)
