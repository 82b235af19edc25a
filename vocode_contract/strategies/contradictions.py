"""Every rule of consistency, and how to break it in a Call that keeps them all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vocode_contract.strategies import values
from vocode_contract.validation.codes import require

_Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """One rule of consistency, and how to break it.

    Attributes:
        code: Code of the rule.
        done: What is done, as one sentence.
        instance_pointer: Where the violation must be reported.
        fields: What a coherent Call is asked to hold.
        change: Breaks it, in place.
        since: The first contract under which this is a rule of consistency, not of the schema.
    """

    code: str
    done: str
    instance_pointer: str
    change: Callable[[_Json], object]
    fields: Mapping[str, Any] = field(default_factory=dict)
    since: str = ""

    def __post_init__(self) -> None:
        require(self.code)


def _put(key: str, value: Any) -> Callable[[_Json], object]:
    return lambda call: call.update({key: value})


def _pop(key: str) -> Callable[[_Json], object]:
    return lambda call: call.pop(key, None)


def _disown_agent(call: _Json) -> object:
    return call["agent"].update(user_id=values.uuid(_STRANGER))


def _disown_template(call: _Json) -> object:
    return call["agent"]["prompt"].update(prompt_template=_template(values.uuid(_STRANGER)))


def _ask_context(call: _Json) -> object:
    for part in (call["agent"], call["agent"]["prompt"]):
        part.pop("context_endpoint", None)
    call.pop("context", None)
    return call["agent"]["prompt"].update(prompt_template=_template(call["user_id"], "customer_name"))


def _find_unasked(call: _Json) -> object:
    call["agent"].pop("run_do_not_call_detection", None)  # the agent can ask for it too
    return call.update(do_not_call_result=True)


def _template(owner: str, *keys: str) -> _Json:
    return {"id": values.uuid(1), "user_id": owner, "required_context_keys": [*keys]}


def _show_key(call: _Json) -> object:
    credentials = {"openai_api_key": values.TEXTS["openai_api_key"](1)}
    return call["agent"].update(openai_account_connection=_account(call, "openai", credentials))


def _connect_twilio(call: _Json) -> object:
    credentials = {"twilio_account_sid": values.MASK, "twilio_auth_token": values.MASK}
    return call.update(telephony_account_connection=_account(call, "twilio", credentials))


def _account(call: _Json, provider: str, credentials: _Json) -> _Json:
    kind = f"account_connection_{provider}"
    return {"id": values.uuid(1), "user_id": call["user_id"], "type": kind, "credentials": credentials}


#: A number so high that no drawn id is made of it.
_STRANGER = 1 << 30

_ENDED: Mapping[str, Any] = {
    "status": "ended",
    "start_time": values.date_time(80),
    "end_time": values.date_time(160),
}

CONTRADICTIONS: tuple[Contradiction, ...] = (
    Contradiction(
        code="end-before-start",
        done="/end_time: put a time before the start.",
        instance_pointer="/end_time",
        fields=_ENDED,
        change=_put("end_time", values.date_time(0)),
    ),
    Contradiction(
        code="time-in-future",
        done="/end_time: put a time far ahead.",
        instance_pointer="/end_time",
        fields=_ENDED,
        change=_put("end_time", "2993-11-07T05:31:56Z"),
    ),
    Contradiction(
        code="foreign-owner",
        done="/agent/user_id: put another account's id.",
        instance_pointer="/agent/user_id",
        change=_disown_agent,
    ),
    Contradiction(
        code="end-time-missing",
        done="/end_time: removed the end of an ended call.",
        instance_pointer="/end_time",
        fields=_ENDED,
        change=_pop("end_time"),
    ),
    Contradiction(
        code="end-time-early",
        done="/end_time: put an end into a call in progress.",
        instance_pointer="/end_time",
        fields=_ENDED,
        change=_put("status", "in_progress"),
    ),
    Contradiction(
        code="start-time-missing",
        done="/start_time: removed the start of a call in progress.",
        instance_pointer="/start_time",
        fields={"status": "in_progress"},
        change=_pop("start_time"),
    ),
    Contradiction(
        code="error-message-missing",
        done="/error_message: removed the message of a failed call.",
        instance_pointer="/error_message",
        fields={"status": "error"},
        change=_pop("error_message"),
    ),
    Contradiction(
        code="number-format",
        done="/to_number: put a number without country code.",
        instance_pointer="/to_number",
        fields={"status": "in_progress"},
        change=_put("to_number", "555-0145"),
    ),
    Contradiction(
        code="hipaa-transcript",
        done="/transcript: put a transcript into a HIPAA call.",
        instance_pointer="/transcript",
        fields={"hipaa_compliant": True, "status": "in_progress"},
        change=_put("transcript", "BOT: Hello"),
    ),
    Contradiction(
        code="recording-early",
        done="/recording_available: put a recording into a call that has not begun.",
        instance_pointer="/recording_available",
        fields={"status": "not_started"},
        change=_put("recording_available", True),
    ),
    Contradiction(
        code="do-not-call-unasked",
        done="/do_not_call_result: put a result of a detection that was not to run.",
        instance_pointer="/do_not_call_result",
        fields={"run_do_not_call_detection": False},
        change=_find_unasked,
    ),
    Contradiction(
        code="foreign-template",
        done="/agent/prompt/prompt_template: put another account's template.",
        instance_pointer="/agent/prompt/prompt_template/user_id",
        change=_disown_template,
    ),
    Contradiction(
        code="context-key-missing",
        done="/context: removed what the prompt's template requires.",
        instance_pointer="/context",
        change=_ask_context,
    ),
    Contradiction(
        code="credential-in-clear",
        done="/agent/openai_account_connection/credentials/openai_api_key: put a key without a mask.",
        instance_pointer="/agent/openai_account_connection/credentials/openai_api_key",
        change=_show_key,
    ),
    Contradiction(
        code="provider-mismatch",
        done="/telephony_account_connection: put a Twilio account into a call that Vonage carries.",
        instance_pointer="/telephony_account_connection/type",
        fields={"telephony_provider": "vonage"},
        change=_connect_twilio,
    ),
    Contradiction(
        code="time-without-offset",
        done="/end_time: left out the offset.",
        instance_pointer="/end_time",
        fields=_ENDED,
        change=_put("end_time", "2023-11-08T05:31:56"),
        since="2024-08-27",
    ),
)
