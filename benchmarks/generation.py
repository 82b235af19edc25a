"""Examples a second: our Calls, a strategy written by hand, and schemathesis' own, in one run.

Run with ``python -m benchmarks.generation [SECONDS]``.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, given, settings

from vocode_contract import Contract
from vocode_contract.strategies import calls, from_schema

TEXT = st.text(max_size=20)
UUID = (
    st.integers(0, 2**128 - 1)
    .map(lambda number: f"{number:032x}")
    .map(lambda digits: f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}")
)
DATE_TIME = st.datetimes().map(lambda at: f"{at.isoformat()}+00:00")


def by_hand() -> st.SearchStrategy[dict[str, Any]]:
    """Write a Call of the default contract as people do: one strategy a property."""

    def thing(required: dict[str, Any], optional: dict[str, Any] | None = None) -> Any:
        return st.fixed_dictionaries({"id": UUID, "user_id": UUID, **required}, optional=_or_null(optional or {}))

    def voice(kind: str, required: dict[str, Any], optional: dict[str, Any] | None = None) -> Any:
        return thing({"type": st.just(kind), **required}, optional)

    number = st.floats(allow_nan=False, allow_infinity=False)
    voices = st.one_of(
        voice("voice_azure", {"voice_name": TEXT}, {"pitch": st.integers(), "rate": st.integers()}),
        voice("voice_rime", {"speaker": TEXT}, {"speed_alpha": number}),
        voice(
            "voice_eleven_labs", {"voice_id": TEXT}, {"stability": number, "similarity_boost": number, "api_key": TEXT}
        ),
        voice("voice_play_ht", {"voice_id": TEXT}, {"api_user_id": TEXT, "api_key": TEXT, "speed": number}),
    )
    actions = st.one_of(
        thing({"type": st.just("action_transfer_call"), "config": st.fixed_dictionaries({"phone_number": TEXT})}),
        thing({"type": st.just("action_end_conversation")}),
        thing({"type": st.just("action_dtmf")}),
    )
    template = thing({"required_context_keys": st.lists(TEXT, max_size=3)}, {"label": TEXT})
    prompt = thing({}, {"content": TEXT, "context_endpoint": TEXT, "prompt_template": template})
    webhook = thing({"subscriptions": st.lists(st.just("event_message"), max_size=3), "url": TEXT})
    database = thing(
        {"type": st.just("vector_database_pinecone"), "index": TEXT, "api_key": TEXT, "api_environment": TEXT}
    )
    openai = thing(
        {
            "credentials": st.fixed_dictionaries({"openai_api_key": TEXT}),
            "type": st.just("account_connection_openai"),
        }
    )
    twilio = thing(
        {
            "credentials": st.fixed_dictionaries({"twilio_account_sid": TEXT, "twilio_auth_token": TEXT}),
            "type": st.just("account_connection_twilio"),
        },
        {"steering_pool": st.lists(TEXT, max_size=3)},
    )
    agent = thing(
        {"prompt": prompt, "actions": st.lists(actions, max_size=2), "voice": voices},
        {
            "name": TEXT,
            "language": st.sampled_from(["en", "es", "de"]),
            "initial_message": TEXT,
            "webhook": webhook,
            "vector_database": database,
            "interrupt_sensitivity": st.sampled_from(["low", "high"]),
            "context_endpoint": TEXT,
            "noise_suppression": st.booleans(),
            "endpointing_sensitivity": st.sampled_from(["auto", "relaxed", "sensitive"]),
            "conversation_speed": number,
            "openai_account_connection": openai,
        },
    )
    return thing(
        {
            "to_number": TEXT,
            "from_number": TEXT,
            "agent": agent,
            "telephony_provider": st.sampled_from(["vonage", "twilio"]),
            "agent_phone_number": TEXT,
        },
        {
            "status": st.sampled_from(["not_started", "in_progress", "error", "ended"]),
            "error_message": TEXT,
            "recording_available": st.booleans(),
            "transcript": TEXT,
            "human_detection_result": st.sampled_from(["human", "no_human"]),
            "do_not_call_result": st.booleans(),
            "telephony_id": TEXT,
            "start_time": DATE_TIME,
            "end_time": DATE_TIME,
            "hipaa_compliant": st.booleans(),
            "on_no_human_answer": st.sampled_from(["continue", "hangup"]),
            "context": st.dictionaries(TEXT, TEXT, max_size=3),
            "run_do_not_call_detection": st.booleans(),
            "telephony_account_connection": twilio,
        },
    )


_HAVE_DEFAULTS = frozenset(
    {"content", "conversation_speed", "endpointing_sensitivity", "hipaa_compliant", "interrupt_sensitivity"}
    | {"label", "language", "noise_suppression", "pitch", "rate", "recording_available", "status"}
)


def _or_null(optional: dict[str, Any]) -> dict[str, Any]:
    return {key: value if key in _HAVE_DEFAULTS else st.none() | value for key, value in optional.items()}


def schemathesis_calls() -> st.SearchStrategy[Any]:
    """Ask schemathesis for bodies of the Call schema, which it reads from our OpenAPI document."""
    import schemathesis

    document = json.loads(json.dumps(Contract.load().document))
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Call"}}}, "required": True}
    responses = {"200": {"description": "Done."}}
    document["paths"] = {"/calls": {"post": {"operationId": "send", "requestBody": body, "responses": responses}}}
    for operation in schemathesis.openapi.from_dict(document).get_all_operations():
        return operation.ok().as_strategy().map(lambda case: case.body)
    raise LookupError


def measured(strategy: st.SearchStrategy[Any], seconds: float) -> tuple[float, int]:
    """Return examples a second of CPU time, and the mean size of an example in bytes of JSON."""
    rounds: list[Any] = []

    @settings(
        max_examples=100,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(example: Any) -> None:
        rounds.append(example)

    draw()  # builds the strategy
    rounds.clear()
    spent = 0.0
    while spent < seconds:
        before = time.process_time()
        draw()
        spent += time.process_time() - before
    count = len(rounds)
    sizes = [len(json.dumps(example)) for example in rounds[:500]]
    return count / spent, sum(sizes) // len(sizes)


STRATEGIES: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
    "calls()": calls,
    "calls(coherent=False)": lambda: calls(False),
    "calls(adversarial=True)": lambda: calls(adversarial=True),
    'from_schema("Call")': lambda: from_schema("Call"),
    "fixed_dictionaries by hand": by_hand,
    "schemathesis as_strategy": schemathesis_calls,
}


def main(argv: Sequence[str] = ()) -> int:
    """Print a table."""
    warnings.simplefilter("ignore")
    seconds = float(argv[0]) if argv else 5.0
    figures = {name: measured(make(), seconds) for name, make in STRATEGIES.items()}
    ours = figures["calls()"][0]
    print(f"{'strategy':28}{'a second':>10}{'bytes':>8}{'calls() is':>14}")
    for name, (rate, size) in figures.items():
        print(f"{name:28}{rate:10.0f}{size:8}{ours / rate:11.1f} x")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
