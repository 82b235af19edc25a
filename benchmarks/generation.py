"""Generation of Calls, against a strategy written by hand and schemathesis' own."""

import json
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, given, settings

from benchmarks.measuring import Figure, paired
from vocode_contract import Contract
from vocode_contract.strategies import calls, from_schema
from vocode_contract.strategies.seeding import sample

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


COUNT = 100


def drawing(strategy: st.SearchStrategy[Any]) -> Callable[[], None]:
    """Return what draws `COUNT` examples as a test of Hypothesis does."""

    @settings(
        max_examples=COUNT,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(example: Any) -> None:
        assert example

    return draw


def figures() -> Iterator[Figure]:
    """Measure; each pair draws as many examples, in tests, and once as the command does."""
    warnings.simplefilter("ignore")
    written, derived = drawing(by_hand()), drawing(schemathesis_calls())
    for name, strategy in {
        "calls()": calls(),
        "calls(coherent=False)": calls(False),
        'from_schema("Call")': from_schema("Call"),
    }.items():
        ours = drawing(strategy)
        yield paired(f"{name} in a test", ours, written, rival="fixed_dictionaries by hand", units=COUNT, goal=1.0)
    ours = drawing(calls())
    yield paired("calls() in a test", ours, derived, rival="schemathesis as_strategy", units=COUNT, goal=0.1, rounds=3)
    nasty = drawing(calls(adversarial=True))
    yield paired("calls(adversarial=True) in a test", nasty, written, rival="fixed_dictionaries by hand", units=COUNT)
    stream = sample(calls(), 0)
    yield paired(
        "calls() from a seed",
        lambda: list(islice(stream, COUNT)),
        written,
        rival="fixed_dictionaries by hand",
        units=COUNT,
        goal=1.0,
    )
