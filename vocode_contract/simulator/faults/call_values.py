"""Faults of the values in a Call: wrong, missing, null, of another type or malformed."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from vocode_contract.contract.json_pointer import tokens_of
from vocode_contract.simulator.faults.fault import STRANGER, FaultContext, ResponseFault, change_json

_TRANSCRIPT = "BOT: How can I help you?\nHUMAN: My results, please.\n"


def _change_value(pointer: str, change: Callable[[Any], object]) -> ResponseFault:
    """Return a fault that changes one value in each Call if it is present and not null.

    Args:
        pointer: Its JSON Pointer.
        change: Returns the new value.
    """
    *parents, key = tokens_of(pointer)

    def change_call(call: dict[str, Any], _ctx: FaultContext) -> object:
        holder: Any = call
        for token in parents:
            holder = holder.get(token) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and holder.get(key) is not None:
            holder[key] = change(holder[key])
        return call

    return change_json(change_call)


def _add_unknown_action(agent: dict[str, Any]) -> object:
    action = {"id": STRANGER, "user_id": agent["user_id"], "type": "action_dance", "config": {}}
    return agent | {"actions": [action]}


CALL_VALUES: Mapping[str, ResponseFault] = {
    "wrong-action": _change_value("/agent", _add_unknown_action),
    "id-for-object": _change_value("/agent", lambda agent: agent["id"]),
    "envelope": change_json(lambda call, _: {"data": call}),
    "call-in-list": change_json(lambda call, _: [call]),
    "call-in-string": change_json(lambda call, _: orjson.dumps(call).decode()),
    "id-without-hyphens": _change_value("/id", lambda value: value.replace("-", "")),
    "id-in-braces": _change_value("/user_id", "{{{}}}".format),
    # No violations from 2024-08-27 on: that contract declares no format for the times of a Call.
    "time-without-offset": _change_value("/start_time", lambda time: time.removesuffix("Z").removesuffix("+00:00")),
    "time-with-space": _change_value("/start_time", lambda time: time.replace("T", " ")),
    "time-of-no-day": _change_value("/start_time", lambda time: f"2024-02-30{time[10:]}"),
    "confidential-transcript": change_json(lambda call, _: call | {"hipaa_compliant": True, "transcript": _TRANSCRIPT}),
}
