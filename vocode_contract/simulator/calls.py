"""What happens to a call: it is made, and it is ended."""

from collections.abc import Mapping
from typing import Any

from vocode_contract.simulator.models import made
from vocode_contract.simulator.state import Call, State

#: What an agent must have and a request may leave out.
_UNASKED: Mapping[str, Any] = {
    "actions": [],
    "voice": {"type": "voice_azure", "voice_name": "en-US-SteffanNeural"},
}


def placed(state: State, request: Mapping[str, Any]) -> Call:
    """Place the call that a request asks for; it is picked up at once.

    Args:
        state: The account, which keeps the call.
        request: A CreateCallRequest that conforms.

    Raises:
        NotStored: The request names an agent, or a part of one, that is not stored.
    """
    asked = _set(request)
    if isinstance(asked["agent"], Mapping):
        asked["agent"] = {**_UNASKED, **_set(asked["agent"])}
    return added(
        state,
        {
            "on_no_human_answer": "continue",
            **asked,
            "status": "in_progress",
            "telephony_provider": "vonage",
            "telephony_id": state.fresh_id(),
            "telephony_metadata": {"type": "telephony_metadata_vonage"},
            "stage": "picked_up",
            "agent_phone_number": asked["from_number"],
            "start_time": state.clock(),
        },
    )


def _set(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def added(state: State, values: Mapping[str, Any]) -> Call:
    """Add a call to the account, as its newest."""
    call = made(state, "Call", values)
    state.calls[call["id"]] = call
    return call


def end(state: State, call: Call) -> None:
    """End a call that has not come to its end yet; others stay as they are."""
    if call["status"] not in ("not_started", "in_progress"):
        return
    now = state.clock()
    outcome = "call_did_not_connect" if call["status"] == "not_started" else "bot_disconnected"
    start = now if call["start_time"] is None else call["start_time"]
    call.update(status="ended", start_time=start, end_time=max(now, start))
    if "stage_outcome" in call:
        call["stage_outcome"] = outcome
