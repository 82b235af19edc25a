"""The initial calls, in every status: fictional people, numbers and voices."""

from collections.abc import Mapping
from typing import Any

from vocode_contract.contract.model import has_timed_transcripts
from vocode_contract.simulator.account import State
from vocode_contract.simulator.calls import add_call, create_object
from vocode_contract.simulator.lifecycle.scenarios import Utterance, transcript
from vocode_contract.simulator.shapes import list_new_values

#: A number that selects no scenario, and the number that calls it.
TO_NUMBER, FROM_NUMBER = "12025550142", "12025550199"

_DELIVERY: Mapping[str, Any] = {
    "name": "Delivery reminder",
    "prompt": {
        "content": "Remind the customer of tomorrow's delivery and confirm the address.",
        "prompt_template": {"label": "Delivery reminder", "required_context_keys": ["customer_name"]},
    },
    "actions": [
        {"type": "action_transfer_call", "config": {"phone_number": "12025550167"}},
        {"type": "action_end_conversation", "config": {}},
    ],
    "voice": {"type": "voice_azure", "voice_name": "en-US-SteffanNeural"},
    "initial_message": "Hello, this is the delivery service.",
    "noise_suppression": True,
}
_BOOKING: Mapping[str, Any] = {
    "name": "Table booking",
    "prompt": {"content": "Take a reservation for the restaurant."},
    "actions": [{"type": "action_dtmf", "config": {}}],
    "voice": {"type": "voice_rime", "speaker": "young_female_usa-1", "speed_alpha": 1.1},
    "interrupt_sensitivity": "high",
    "endpointing_sensitivity": "relaxed",
}

_SPOKEN = (
    Utterance(0.52, "BOT", "Hello, this is the delivery service."),
    Utterance(3.81, "HUMAN", " Who is there?"),
    Utterance(5.07, "BOT", "The delivery service. Will you be at home tomor-"),
    Utterance(7.34, "HUMAN", " Yes, I will."),
)

_TALKED: Mapping[str, Any] = {
    "status": "ended",
    "recording_available": True,
    "human_detection_result": "human",
    "do_not_call_result": False,
    "run_do_not_call_detection": True,
    "telephony_provider": "twilio",
    "telephony_id": "CA0123456789abcdef0123456789abcdef",
    "telephony_metadata": {
        "type": "telephony_metadata_twilio",
        "call_sid": "CA0123456789abcdef0123456789abcdef",
        "call_status": "completed",
    },
    "stage": "picked_up",
    "stage_outcome": "human_disconnected",
}
_UNANSWERED: Mapping[str, Any] = {
    "status": "ended",
    "human_detection_result": "no_human",
    "on_no_human_answer": "hangup",
    "stage": "picked_up",
    "stage_outcome": "human_unanswered",
}
_CONFIDENTIAL: Mapping[str, Any] = {
    "status": "ended",
    "hipaa_compliant": True,
    "human_detection_result": "human",
    "stage": "picked_up",
    "stage_outcome": "human_disconnected",
}
_REFUSED: Mapping[str, Any] = {
    "status": "error",
    "error_message": "The number could not be reached.",
    "stage": "created",
    "stage_outcome": "call_did_not_connect",
}
_SPEAKING: Mapping[str, Any] = {"status": "in_progress", "stage": "picked_up", "context": {"customer_name": "Grace"}}
_WAITING: Mapping[str, Any] = {"status": "not_started", "stage": "created"}

#: The properties of each call, the seconds since its start, and its duration; None if it has not started or ended.
_CALLS: tuple[tuple[Mapping[str, Any], float | None, float | None], ...] = (
    (_REFUSED, 86_400.0, 2.25),
    (_TALKED, 7_200.0, 80.25),
    (_UNANSWERED, 5_400.0, 31.5),
    (_CONFIDENTIAL, 3_600.0, 120.0),
    *((_SPEAKING, seconds, None) for seconds in (240.0, 180.5, 121.0, 75.25, 60.0, 41.5, 18.0)),
    (_WAITING, None, None),
)


def add_seed_data(state: State) -> None:
    """Add the agents and the initial calls to an account, oldest call first.

    A contract of a user's own has a call more for each value that it lists and no shipped contract does.
    """
    agents = [create_object(state, "Agent", agent)["id"] for agent in (_DELIVERY, _BOOKING)]
    now, timed = state.clock(), has_timed_transcripts(state.contract)
    new = tuple(({**_WAITING, key: value}, None, None) for key, value in list_new_values(state.contract))
    for index, (known, ago, lasted) in enumerate((*_CALLS, *new)):
        start = None if ago is None else now - ago
        add_call(
            state,
            {
                "to_number": f"120255501{index % 100:02d}",
                "from_number": FROM_NUMBER,
                "agent_phone_number": FROM_NUMBER,
                "telephony_provider": "vonage",
                "telephony_id": state.create_id(),
                "telephony_metadata": {"type": "telephony_metadata_vonage"},
                "on_no_human_answer": "continue",
                "context": {"customer_name": "Ada"},
                "transcript": transcript(_SPOKEN, timed=timed) if known is _TALKED else None,
                **known,
                "agent": agents[index % 2],
                "start_time": start,
                "end_time": None if start is None or lasted is None else start + lasted,
            },
        )
