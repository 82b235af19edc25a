"""Create and end simulated calls."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Literal

from vocode_contract.contract.model import Schema
from vocode_contract.simulator.account import Call, State
from vocode_contract.simulator.lifecycle.life import end_life, start_life
from vocode_contract.simulator.lifecycle.scenarios import select_scenario
from vocode_contract.simulator.serialization import kind_of


def made(state: State, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Make a stored object of a schema, and all the objects in it.

    Every declared property is there, in the contract's order: given, by default, or None. Undeclared
    ones are dropped. Each object that has an id gets a fresh one, and the account as its owner; an id
    in the place of an object stands for the stored object.

    Args:
        state: Gives the ids and keeps the objects.
        name: Name of the schema, such as ``Agent``.
        values: What is given.

    Raises:
        NotStored: An id names nothing that is stored.
    """
    result: dict[str, Any] = _made(state, {"$ref": f"#/components/schemas/{name}"}, values)
    return result


def _made(state: State, schema: Schema, value: Any) -> Any:
    contract = state.contract
    if isinstance(value, str) and "string" not in contract.types(schema):
        return state.thing(kind_of(schema), value)
    found = contract.branch(schema, value)
    if found is None or value is None:
        return value
    if isinstance(value, list):
        return [_made(state, found["items"], item) for item in value]
    if not isinstance(value, Mapping) or "properties" not in found:
        return value
    declared = found["properties"]
    given = {**value, "id": state.fresh_id(), "user_id": state.owner} if "user_id" in declared else value
    thing = {key: _made(state, child, given.get(key, _default(child))) for key, child in declared.items()}
    if "user_id" in declared:
        state.keep(kind_of(schema), thing)
    return thing


def _default(schema: Schema) -> Any:
    return deepcopy(schema.get("default"))


#: What an agent must have and a request may leave out.
_UNASKED: Mapping[str, Any] = {
    "actions": [],
    "voice": {"type": "voice_azure", "voice_name": "en-US-SteffanNeural"},
}


def placed(
    state: State,
    request: Mapping[str, Any],
    provider: Literal["twilio", "vonage"] = "vonage",
    scenario: str | None = None,
) -> Call:
    """Place the call that a request asks for; from then on it lives.

    Args:
        state: The account, which keeps the call.
        request: A CreateCallRequest that conforms.
        provider: Who carries the call.
        scenario: What happens to it, a name in `SCENARIOS`; by the number called without.

    Raises:
        NotStored: The request names an agent, or a part of one, that is not stored.
    """
    asked = _set(request)
    if isinstance(asked["agent"], Mapping):
        asked["agent"] = {**_UNASKED, **_set(asked["agent"])}
    telephony_id, metadata = _line(state, provider)
    call = added(
        state,
        {
            "on_no_human_answer": "continue",
            **asked,
            "status": "not_started",
            "telephony_provider": provider,
            "telephony_id": telephony_id,
            "telephony_metadata": metadata,
            "stage": "created",
            "agent_phone_number": asked["from_number"],
        },
    )
    name = scenario or select_scenario(call["to_number"], state.scenario)
    state.lead(call, start_life(call, name, state.clock()))
    return state.call(call["id"])


def _set(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _line(state: State, provider: str) -> tuple[str, Mapping[str, Any]]:
    """Return what a provider calls a new call, and what it reports of it."""
    identifier = state.fresh_id()
    if provider == "vonage":
        return identifier, {"type": "telephony_metadata_vonage"}
    sid = "CA" + identifier.replace("-", "")
    return sid, {"type": "telephony_metadata_twilio", "call_sid": sid, "call_status": "queued"}


def added(state: State, values: Mapping[str, Any]) -> Call:
    """Add a call to the account, as its newest."""
    call = made(state, "Call", values)
    state.calls[call["id"]] = call
    return call


def end(state: State, call: Call) -> None:
    """End a call that has not come to its end yet; others stay as they are.

    Args:
        state: The account.
        call: One of its calls, as it is now, and as it is then.
    """
    now = state.clock()
    if life := state.lives.get(call["id"]):
        if (other := end_life(life, call, now)) is not life:
            state.lead(call, other)
            state.call(call["id"])
        return
    if call["status"] not in ("not_started", "in_progress"):
        return
    outcome = "call_did_not_connect" if call["status"] == "not_started" else "bot_disconnected"
    start = now if call["start_time"] is None else call["start_time"]
    call.update(status="ended", start_time=start, end_time=max(now, start))
    if "stage_outcome" in call:
        call["stage_outcome"] = outcome
