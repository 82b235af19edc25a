"""Faults of Create Call: another call than the requested one, none, or two."""

from collections.abc import Mapping
from typing import Any

import orjson

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.end_call import show_as_ended
from vocode_contract.simulator.faults.fault import FaultContext, ResponseFault, change_json, change_response
from vocode_contract.simulator.responses import error_response

_WRONG_NUMBER = "12025550198"


def _return_other_agent(call: dict[str, Any], ctx: FaultContext) -> object:
    """Return the call with the agent of the oldest other call."""
    oldest = next((known for known in ctx.state.calls if known != call["id"]), call["id"])
    return call | {"agent": ctx.get_call(oldest)["agent"]}


def _return_existing_call(ctx: FaultContext) -> Response:
    existing = next(reversed(ctx.state.calls), "")
    response = ctx.respond()
    return ctx.perform("get_call", existing) if response.status == 200 and existing else response


def _lose_created_call(ctx: FaultContext, response: Response) -> Response:
    created: set[str] = ctx.memory.setdefault("created", set())
    if ctx.operation.name == "create_call":
        created.add(orjson.loads(response.body)["id"])
    elif ctx.call_id in created:
        return error_response(404, "Call not found")
    return response


CREATE_CALL: Mapping[str, ResponseFault] = {
    "create-ignores-from-number": change_json(
        lambda call, _: call | {"from_number": _WRONG_NUMBER, "agent_phone_number": _WRONG_NUMBER}
    ),
    "create-ignores-agent": change_json(_return_other_agent),
    "create-answers-another": _return_existing_call,
    "create-answers-ended": change_json(show_as_ended),
    "create-answers-first": change_response(lambda ctx, response: ctx.memory.setdefault("first", response)),
    "create-forgets": change_response(_lose_created_call),
}
