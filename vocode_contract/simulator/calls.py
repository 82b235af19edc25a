"""Create and end simulated calls."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Literal

from vocode_contract.contract.operation import Schema
from vocode_contract.simulator.account import Call, State
from vocode_contract.simulator.lifecycle.life import end_life, start_life
from vocode_contract.simulator.lifecycle.scenarios import select_scenario
from vocode_contract.simulator.serialization import kind_of


def create_object(state: State, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Create and store an object of a schema, such as ``Agent``, and all the objects in it.

    It has every declared property, in the contract's order, with the given value, the default or None; others are
    dropped. Each object that has an id gets a new one, and the account as its owner. An id in place of an object
    stands for the stored object.

    Raises:
        NotStored: An id names no stored object.
    """
    result: dict[str, Any] = _create(state, {"$ref": f"#/components/schemas/{name}"}, values)
    return result


def _create(state: State, schema: Schema, value: Any) -> Any:
    contract = state.contract
    if isinstance(value, str) and "string" not in contract.types(schema):
        return state.thing(kind_of(schema), value)
    found = contract.branch(schema, value)
    if found is None or value is None:
        return value
    if isinstance(value, list):
        return [_create(state, found["items"], item) for item in value]
    if not isinstance(value, Mapping) or "properties" not in found:
        return value
    declared = found["properties"]
    given = {**value, "id": state.create_id(), "user_id": state.owner} if "user_id" in declared else value
    thing = {
        key: _create(state, child, given.get(key, deepcopy(child.get("default")))) for key, child in declared.items()
    }
    if "user_id" in declared:
        state.stored[thing["id"]] = kind_of(schema), thing
    return thing


#: Properties that an agent must have and a request may omit.
_AGENT_DEFAULTS: Mapping[str, Any] = {
    "actions": [],
    "voice": {"type": "voice_azure", "voice_name": "en-US-SteffanNeural"},
}


def place_call(
    state: State,
    request: Mapping[str, Any] | None,
    provider: Literal["twilio", "vonage"] = "vonage",
    scenario: str | None = None,
) -> Call:
    """Place the call of a valid CreateCallRequest; from then on it progresses by itself.

    By default, the called number selects the scenario. A contract of a user's own may have a request without agent or
    numbers: they are those of an initial call.

    Raises:
        NotStored: The request names an agent, or a part of one, that is not stored.
    """
    values = _drop_nulls({**_placed_by_default(state), **(request if isinstance(request, Mapping) else {})})
    if isinstance(values["agent"], Mapping):
        values["agent"] = {**_AGENT_DEFAULTS, **_drop_nulls(values["agent"])}
    telephony_id, metadata = _create_line(state, provider)
    call = add_call(
        state,
        {
            "on_no_human_answer": "continue",
            **values,
            "status": "not_started",
            "telephony_provider": provider,
            "telephony_id": telephony_id,
            "telephony_metadata": metadata,
            "stage": "created",
            "agent_phone_number": values["from_number"],
        },
    )
    name = scenario or select_scenario(call["to_number"], state.scenario)
    state.lead(call, start_life(call, name, state.clock()))
    return state.call(call["id"])


def _placed_by_default(state: State) -> dict[str, Any]:
    first = next(iter(state.calls.values()))
    return {"from_number": first["from_number"], "to_number": first["to_number"], "agent": first["agent"]["id"]}


def _drop_nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _create_line(state: State, provider: str) -> tuple[str, Mapping[str, Any]]:
    identifier = state.create_id()
    if provider == "vonage":
        return identifier, {"type": "telephony_metadata_vonage"}
    sid = "CA" + identifier.replace("-", "")
    return sid, {"type": "telephony_metadata_twilio", "call_sid": sid, "call_status": "queued"}


def add_call(state: State, values: Mapping[str, Any]) -> Call:
    """Add a call to the account, as its newest."""
    call = create_object(state, "Call", values)
    state.calls[call["id"]] = call
    return call


def end_call(state: State, call: Call) -> None:
    """End a call, in place, unless it is over."""
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
