"""Faults of unknown, malformed, missing and repeated ids, and of the HTTP method."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.conditions import call_ids
from vocode_contract.simulator.faults.fault import (
    FaultContext,
    ResponseFault,
    change_response,
    replace_response,
)
from vocode_contract.simulator.faults.statuses import SERVER_ERROR
from vocode_contract.simulator.responses import error_response, json_response
from vocode_contract.validation.scalars import uuid_of

Change = Callable[[FaultContext, Response], Response]


def _change_422(change: Change, *, has_id: bool) -> ResponseFault:
    """Return a fault that changes the 422 for a malformed id or, without one, that for a missing id."""
    return change_response(
        lambda ctx, response: change(ctx, response) if ("id=" in ctx.request.query) is has_id else response, 422
    )


def _fail(_ctx: FaultContext, _response: Response) -> Response:
    return SERVER_ERROR


def _show_some_call(ctx: FaultContext, _response: Response) -> Response:
    return ctx.perform("get_call", ctx.find_other_call("", "in_progress"))


def _end_some_call(ctx: FaultContext, _response: Response) -> Response:
    return ctx.perform("end_call", ctx.find_other_call("", "in_progress", "not_started"))


def _end_each_call(ctx: FaultContext, response: Response) -> Response:
    """End every call that the query names."""
    for call_id in call_ids(ctx.request):
        ctx.perform("end_call", call_id)
    return response


def _require_lower_case(ctx: FaultContext, response: Response) -> Response:
    return response if f"id={ctx.call_id}" in ctx.request.query else error_response(404, "Call not found")


def _read_id_from_body(ctx: FaultContext, response: Response) -> Response:
    """Take the id from the body if the query has none."""
    try:
        body: Any = orjson.loads(ctx.request.body)
    except orjson.JSONDecodeError:
        return response
    call_id = uuid_of(body.get("id")) if isinstance(body, dict) else None
    return ctx.respond(replace(ctx.request, query=f"id={call_id}")) if call_id else response


def _allow_any_method(ctx: FaultContext) -> Response:
    return ctx.respond(replace(ctx.request, method=ctx.operation.method))


CALL_IDS: Mapping[str, ResponseFault] = {
    "malformed-id-500": _change_422(_fail, has_id=True),
    "malformed-id-served": _change_422(_show_some_call, has_id=True),
    "missing-id-500": _change_422(_fail, has_id=False),
    "missing-id-ends-some": _change_422(_end_some_call, has_id=False),
    "unknown-id-500": replace_response(SERVER_ERROR, 404),
    "unknown-id-served": change_response(_show_some_call, 404),
    "unknown-id-ends-some": change_response(_end_some_call, 404),
    "doubled-id-ends-both": change_response(_end_each_call),
    "upper-case-id-unknown": change_response(_require_lower_case),
    "id-in-body": change_response(_read_id_from_body, 422),
    "any-method": _allow_any_method,
    "any-method-creates": _allow_any_method,
    "detail-as-string": replace_response(json_response(422, {"detail": "the request is not valid"}), 422),
    "detail-without-place": replace_response(
        json_response(422, {"detail": [{"msg": "field required", "type": "value_error.missing"}]}), 422
    ),
}
