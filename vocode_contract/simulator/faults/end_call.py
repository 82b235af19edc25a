"""Faults of End Call and Get Call: what happens to calls, and what is returned about them afterwards."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.fault import (
    FaultContext,
    ResponseFault,
    change_json,
    change_response,
    replace_response,
)
from vocode_contract.simulator.faults.statuses import SERVER_ERROR
from vocode_contract.simulator.lifecycle.clock import date_time
from vocode_contract.simulator.responses import error_response, json_response
from vocode_contract.validation.lifecycle.call_life import FINAL

_LATER = timedelta(minutes=1)


def shift(time: str, by: timedelta) -> str:
    """Move a time, and write it with the same offset."""
    offset = "Z" if time.endswith("Z") else "+00:00"
    moved = datetime.fromisoformat(time) + by
    return moved.isoformat().removesuffix("+00:00") + offset


def show_as_ended(call: Mapping[str, Any], ctx: FaultContext) -> Mapping[str, Any]:
    """Return a call as if it had ended now."""
    now = date_time(ctx.state.clock(), "+00:00")
    return {**call, "status": "ended", "start_time": call.get("start_time") or now, "end_time": now}


def show_as_in_progress(call: Mapping[str, Any], _ctx: FaultContext) -> Mapping[str, Any]:
    """Return an ended call as if it were still in progress."""
    return {**call, "status": "in_progress", "end_time": None} if call.get("status") == "ended" else call


def keep_running(ctx: FaultContext) -> Response:
    """Respond to End Call without ending the call."""
    return ctx.respond(ends_calls=False)


def pretend_to_end(ctx: FaultContext) -> Response:
    """Respond to End Call with the call as ended, without ending it."""
    response = keep_running(ctx)
    if response.status != 200:
        return response
    call = ctx.get_call(ctx.call_id)
    return json_response(200, call if call.get("status") in FINAL else show_as_ended(call, ctx))


def _end_other_call(ctx: FaultContext) -> Response:
    response = pretend_to_end(ctx)
    if response.status == 200:
        ctx.perform("end_call", ctx.find_other_call(ctx.call_id, "in_progress", "not_started"))
    return response


def _end_all_calls(ctx: FaultContext, response: Response) -> Response:
    for call_id in tuple(ctx.state.calls):
        ctx.perform("end_call", call_id)
    return response


def return_other_call(ctx: FaultContext, _response: Response) -> Response:
    """Return another call than the requested one."""
    return ctx.perform("get_call", ctx.find_other_call(ctx.call_id))


def _return_call_before(ctx: FaultContext) -> Response:
    """Respond to every end of a call with the call as it was before the first one."""
    before = ctx.perform("get_call", ctx.call_id)
    response = ctx.respond()
    return ctx.memory.setdefault(ctx.call_id, before) if response.status == 200 else response


def _on_second_end(fault: ResponseFault) -> ResponseFault:
    """Return a fault that affects only calls that are already over."""
    return lambda ctx: fault(ctx) if ctx.get_call(ctx.call_id).get("status") in FINAL else ctx.respond()


def _delay_end(call: dict[str, Any], _ctx: FaultContext) -> object:
    return call | {"end_time": shift(call["end_time"], _LATER)} if call.get("end_time") else call


def _delay_start(call: dict[str, Any], ctx: FaultContext) -> object:
    """Return a start time that is a second later each time."""
    count = ctx.memory[ctx.call_id] = ctx.memory.get(ctx.call_id, -1) + 1
    return call | {"start_time": shift(call["start_time"], timedelta(seconds=count))} if call["start_time"] else call


def _go_back(call: dict[str, Any], ctx: FaultContext) -> object:
    """Return a call as ended once, and then as in progress."""
    if call.get("status") != "ended":
        return call
    seen: set[str] = ctx.memory.setdefault("seen", set())
    if ctx.call_id in seen:
        return show_as_in_progress(call, ctx)
    seen.add(ctx.call_id)
    return call


def _end_before_start(call: dict[str, Any], _ctx: FaultContext) -> object:
    if call.get("start_time") and call.get("end_time"):
        call["end_time"] = shift(call["start_time"], -_LATER)
    return call


def _hide_failure(call: dict[str, Any], _ctx: FaultContext) -> object:
    return call | {"status": "ended", "error_message": None} if call.get("status") == "error" else call


def _forget_ended(ctx: FaultContext, response: Response) -> Response:
    return error_response(404, "Call not found") if ctx.get_call(ctx.call_id).get("status") == "ended" else response


END_CALL: Mapping[str, ResponseFault] = {
    "end-of-another-call": _end_other_call,
    "end-of-all-calls": change_response(_end_all_calls),
    "end-answers-before": _return_call_before,
    "second-end-500": _on_second_end(replace_response(SERVER_ERROR)),
    "second-end-moves-end-time": _on_second_end(change_json(_delay_end)),
    "end-heals-failure": change_json(_hide_failure),
    "stale-get": change_json(show_as_in_progress),
    "status-goes-back": change_json(_go_back),
    "get-forgets-ended": change_response(_forget_ended),
    "start-time-moves": change_json(_delay_start),
    "wrong-call": change_json(lambda call, ctx: call | {"id": ctx.find_other_call(call["id"])}),
    "end-before-start": change_json(_end_before_start),
}
