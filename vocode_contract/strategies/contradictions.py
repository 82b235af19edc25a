"""Every consistency rule, and how to break it in a Call that keeps them all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from vocode_contract.contract.model import Contract
from vocode_contract.strategies import values
from vocode_contract.validation.codes import require

_Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One consistency rule, and how to break it.

    Attributes:
        code: Code of the rule.
        instance_pointer: Where the violation must be reported.
        done: What `change` does there, as a phrase.
        change: Breaks the rule, in place.
        fields: What the Call must hold before that.
        applies: Whether a contract has the rule: its schema may refuse the same value.
    """

    code: str
    instance_pointer: str
    done: str
    change: Callable[[_Json], object]
    fields: Mapping[str, Any] = field(default_factory=dict)
    applies: Callable[[Contract], bool] = lambda _: True

    def __post_init__(self) -> None:
        require(self.code)


def _alter(code: str, key: str, done: str, value: Any, **fields: Any) -> Contradiction:
    """Return a contradiction made by one top-level value; `_GONE` removes the key."""

    def change(call: _Json) -> object:
        return call.pop(key, None) if value is _GONE else call.update({key: value})

    return Contradiction(code, f"/{key}", done, change, fields=fields)


_GONE: Any = object()


def _change_owner_of_agent(call: _Json) -> object:
    return call["agent"].update(user_id=values.uuid(_STRANGER))


def _change_owner_of_template(call: _Json) -> object:
    return call["agent"]["prompt"].update(prompt_template=_template(values.uuid(_STRANGER)))


def _remove_context(call: _Json) -> object:
    for part in (call["agent"], call["agent"]["prompt"]):
        part.pop("context_endpoint", None)
    call.pop("context", None)
    return call["agent"]["prompt"].update(prompt_template=_template(call["user_id"], "customer_name"))


def _report_although_off(call: _Json) -> object:
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


#: A number so high that no generated id is made of it.
_STRANGER = 1 << 30

_ENDED: Mapping[str, Any] = {"status": "ended", "start_time": values.date_time(80), "end_time": values.date_time(160)}


def _has_plain_times(contract: Contract) -> bool:
    return "format" not in contract.schemas["Call"]["properties"]["end_time"]


_OPENAI_KEY = "/agent/openai_account_connection/credentials/openai_api_key"
_IN_PROGRESS: Mapping[str, Any] = {"status": "in_progress", "start_time": values.date_time(0)}
_HIPAA: Mapping[str, Any] = {"status": "in_progress", "hipaa_compliant": True}

CONTRADICTIONS = (
    _alter("end-before-start", "end_time", "put a time before the start", values.date_time(0), **_ENDED),
    _alter("time-in-future", "end_time", "put a time far ahead", "2993-11-07T05:31:56Z", **_ENDED),
    _alter("end-time-missing", "end_time", "removed the end of an ended call", _GONE, **_ENDED),
    _alter("end-time-early", "end_time", "put an end into a call in progress", values.date_time(80), **_IN_PROGRESS),
    _alter("start-time-missing", "start_time", "removed the start of a call in progress", _GONE, **_IN_PROGRESS),
    _alter("error-message-missing", "error_message", "removed the message of a failed call", _GONE, status="error"),
    _alter("number-format", "to_number", "put a number without country code", "555-0145", **_IN_PROGRESS),
    _alter("hipaa-transcript", "transcript", "put a transcript into a HIPAA call", "BOT: Hello", **_HIPAA),
    _alter("recording-early", "recording_available", "put a recording before the start", True, status="not_started"),
    Contradiction("foreign-owner", "/agent/user_id", "put another account's id", _change_owner_of_agent),
    Contradiction(
        "foreign-template",
        "/agent/prompt/prompt_template/user_id",
        "put another account's template",
        _change_owner_of_template,
    ),
    Contradiction("context-key-missing", "/context", "removed what the prompt's template requires", _remove_context),
    Contradiction("credential-in-clear", _OPENAI_KEY, "put a key without a mask", _show_key),
    Contradiction(
        "do-not-call-unasked",
        "/do_not_call_result",
        "put the result of a detection that was switched off",
        _report_although_off,
        fields={"run_do_not_call_detection": False},
    ),
    Contradiction(
        "provider-mismatch",
        "/telephony_account_connection/type",
        "put a Twilio account into a Vonage call",
        _connect_twilio,
        fields={"telephony_provider": "vonage"},
    ),
    replace(
        _alter("time-without-offset", "end_time", "left out the offset", "2023-11-08T05:31:56", **_ENDED),
        applies=_has_plain_times,
    ),
)
