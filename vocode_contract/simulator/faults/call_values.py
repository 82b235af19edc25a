"""Faults of the values in a Call: wrong, missing, null, of another type or malformed."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson

from vocode_contract.contract.json_pointer import tokens_of
from vocode_contract.simulator.faults.fault import STRANGER, FaultContext, ResponseFault, change_json

_DROPPED = object()
_TRANSCRIPT = "BOT: How can I help you?\nHUMAN: My results, please.\n"


def _change_value(pointer: str, change: Callable[[Any], object]) -> ResponseFault:
    """Return a fault that changes one value in each Call if it is present and not null.

    Args:
        pointer: Its JSON Pointer.
        change: Returns the new value, or `_DROPPED` to remove the key.
    """
    *parents, key = tokens_of(pointer)

    def change_call(call: dict[str, Any], _ctx: FaultContext) -> object:
        holder: Any = call
        for token in parents:
            holder = holder.get(token) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and holder.get(key) is not None:
            holder[key] = change(holder[key])
            if holder[key] is _DROPPED:
                del holder[key]
        return call

    return change_json(change_call)


def _drop(_value: object) -> object:
    return _DROPPED


def _add_unknown_action(agent: dict[str, Any]) -> object:
    action = {"id": STRANGER, "user_id": agent["user_id"], "type": "action_dance", "config": {}}
    return agent | {"actions": [action]}


CALL_VALUES: Mapping[str, ResponseFault] = {
    "wrong-enum": _change_value("/status", lambda _: "ringing"),
    "wrong-case-enum": _change_value("/status", str.upper),
    "wrong-provider": _change_value("/telephony_provider", lambda _: "plivo"),
    # Set even if it is null, as it is in most calls.
    "wrong-detection": change_json(lambda call, _: call | {"human_detection_result": "robot"}),
    "wrong-language": _change_value("/agent/language", lambda _: "tlh"),
    "wrong-voice": _change_value("/agent/voice/type", lambda _: "voice_opera"),
    "wrong-action": _change_value("/agent", _add_unknown_action),
    "missing-required": _change_value("/agent", _drop),
    "missing-id": _change_value("/id", _drop),
    "missing-prompt": _change_value("/agent/prompt", _drop),
    "missing-deep": _change_value("/agent/prompt/user_id", _drop),
    "null-required": _change_value("/to_number", lambda _: None),
    "null-agent": _change_value("/agent", lambda _: None),
    "null-deep": _change_value("/agent/voice/id", lambda _: None),
    "number-in-quotes": _change_value("/agent/conversation_speed", str),
    "boolean-as-string": _change_value("/recording_available", str),
    "boolean-as-number": _change_value("/hipaa_compliant", int),
    "string-as-number": _change_value("/to_number", int),
    "id-for-object": _change_value("/agent", lambda agent: agent["id"]),
    "object-for-id": _change_value("/user_id", lambda owner: {"id": owner}),
    "list-for-object": _change_value("/agent/prompt", lambda prompt: [prompt]),
    "object-for-list": _change_value("/agent/actions", lambda _: {}),
    "null-item": _change_value("/agent/actions", lambda _: [None]),
    "envelope": change_json(lambda call, _: {"data": call}),
    "call-in-list": change_json(lambda call, _: [call]),
    "call-in-string": change_json(lambda call, _: orjson.dumps(call).decode()),
    "id-without-hyphens": _change_value("/id", lambda value: value.replace("-", "")),
    "id-in-braces": _change_value("/user_id", "{{{}}}".format),
    "id-malformed": _change_value("/agent/id", lambda _: "agent-1"),
    # No violations from 2024-08-27 on: that contract declares no format for the times of a Call.
    "time-without-offset": _change_value("/start_time", lambda time: time.removesuffix("Z").removesuffix("+00:00")),
    "time-with-space": _change_value("/start_time", lambda time: time.replace("T", " ")),
    "time-of-no-day": _change_value("/start_time", lambda time: f"2024-02-30{time[10:]}"),
    "time-as-text": _change_value("/start_time", lambda _: "just now"),
    "time-as-number": _change_value("/start_time", lambda time: int(datetime.fromisoformat(time).timestamp())),
    "foreign-agent": _change_value("/agent/user_id", lambda _: STRANGER),
    "foreign-voice": _change_value("/agent/voice/user_id", lambda _: STRANGER),
    "confidential-transcript": change_json(lambda call, _: call | {"hipaa_compliant": True, "transcript": _TRANSCRIPT}),
}
