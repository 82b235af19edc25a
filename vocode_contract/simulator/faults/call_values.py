"""Faults of what a Call says: wrong, missing, null, of another type, misshapen."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import orjson

from vocode_contract.simulator.faults.fault import Fault, FaultyTurn, Spoiling, changed

Path = tuple[str, ...]

#: An account that is none of the simulator's.
STRANGER = "5ca1ab1e-0000-4000-8000-00000000dead"

_PERSONAL_TRANSCRIPT = "BOT: How can I help you?\nHUMAN: My results, please.\n"


def _holders(call: dict[str, Any], path: Path) -> Iterator[dict[str, Any]]:
    """Yield the object that holds the last key of a path, if it is there."""
    found: Any = call
    for key in path[:-1]:
        found = found.get(key) if isinstance(found, dict) else None
    if isinstance(found, dict):
        yield found


def put(path: Path, value: object) -> Spoiling:
    """Set a value in each Call."""
    return altered(path, lambda _: value)


def altered(path: Path, change: Callable[[Any], object]) -> Spoiling:
    """Make another value of one in each Call, where it is there and set."""

    def alter(call: dict[str, Any], _turn: FaultyTurn) -> object:
        for holder in _holders(call, path):
            if holder.get(path[-1]) is not None:
                holder[path[-1]] = change(holder[path[-1]])
        return call

    return changed(alter)


def forced(path: Path, value: object) -> Spoiling:
    """Set a value in each Call, also where there was none."""

    def force(call: dict[str, Any], _turn: FaultyTurn) -> object:
        for holder in _holders(call, path):
            holder[path[-1]] = value
        return call

    return changed(force)


def dropped(path: Path) -> Spoiling:
    """Leave a key out of each Call."""

    def drop(call: dict[str, Any], _turn: FaultyTurn) -> object:
        for holder in _holders(call, path):
            holder.pop(path[-1], None)
        return call

    return changed(drop)


def _without_offset(time: str) -> str:
    return time.removesuffix("Z").removesuffix("+00:00")


def _strange_action(call: dict[str, Any], _turn: FaultyTurn) -> object:
    agent: dict[str, Any] = call["agent"]
    agent["actions"] = [{"id": STRANGER, "user_id": agent["user_id"], "type": "action_dance", "config": {}}]
    return call


def _confidential(call: dict[str, Any], _turn: FaultyTurn) -> object:
    return call | {"hipaa_compliant": True, "transcript": _PERSONAL_TRANSCRIPT}


def _twice_written(call: dict[str, Any], _turn: FaultyTurn) -> object:
    return orjson.dumps(call).decode()


_AGENT, _VOICE, _PROMPT = ("agent",), ("agent", "voice"), ("agent", "prompt")


def _value(name: str, title: str, code: str, spoil: Spoiling) -> Fault:
    return Fault(name=name, title=title, breaks=(code,), spoil=spoil)


def _time(name: str, title: str, change: Callable[[str], str]) -> Fault:
    """Return a fault of a time; the contract of 2024-08-27 declares no format for times in a Call."""
    return Fault(
        name=name, title=title, breaks=("format",), before="2024-08-27", spoil=altered(("start_time",), change)
    )


_ENUMS = (
    _value(
        "wrong-enum", 'calls have the status "ringing", which no contract knows', "enum", put(("status",), "ringing")
    ),
    _value(
        "wrong-case-enum", 'the status is written in capitals, such as "ENDED"', "enum", altered(("status",), str.upper)
    ),
    _value(
        "wrong-provider",
        "the telephony provider is none of the declared",
        "enum",
        put(("telephony_provider",), "plivo"),
    ),
    _value(
        "wrong-detection",
        'the result of human detection is "robot"',
        "enum",
        forced(("human_detection_result",), "robot"),
    ),
    _value("wrong-language", 'the agent speaks "tlh"', "enum", put((*_AGENT, "language"), "tlh")),
    _value(
        "wrong-voice", "the agent's voice is of an undeclared type", "union-type", put((*_VOICE, "type"), "voice_opera")
    ),
    _value("wrong-action", "an action of the agent is of an undeclared type", "union-type", changed(_strange_action)),
)
_MISSING = (
    _value("missing-required", "calls come without their agent", "required", dropped(_AGENT)),
    _value("missing-id", "calls come without their id", "required", dropped(("id",))),
    _value("missing-prompt", "the agent in a call has no prompt", "required", dropped(_PROMPT)),
    _value(
        "missing-deep", "the prompt of the agent in a call has no owner", "required", dropped((*_PROMPT, "user_id"))
    ),
    _value("null-required", "calls come with null for the number called", "null", put(("to_number",), None)),
    _value("null-agent", "calls come with null for their agent", "null", put(_AGENT, None)),
    _value("null-deep", "the id of the agent's voice is null", "null", put((*_VOICE, "id"), None)),
)
_TYPES = (
    _value(
        "number-in-quotes",
        "the pace of the conversation is a number in quotes",
        "type",
        altered((*_AGENT, "conversation_speed"), str),
    ),
    _value(
        "boolean-as-string",
        'a boolean is the string "True" or "False"',
        "type",
        altered(("recording_available",), str),
    ),
    _value("boolean-as-number", "a boolean is 0 or 1", "type", altered(("hipaa_compliant",), int)),
    _value("string-as-number", "the number called is a number, not a string", "type", altered(("to_number",), int)),
    _value("id-for-object", "the agent in a call is its id only", "type", altered(_AGENT, lambda agent: agent["id"])),
    _value(
        "object-for-id", "the owner is an object, not an id", "type", altered(("user_id",), lambda owner: {"id": owner})
    ),
    _value("list-for-object", "the agent's prompt is wrapped in a list", "type", altered(_PROMPT, lambda one: [one])),
    _value("object-for-list", "the agent's actions are an object, not a list", "type", put((*_AGENT, "actions"), {})),
    _value("null-item", "the list of the agent's actions holds a null", "null", put((*_AGENT, "actions"), [None])),
    _value(
        "envelope",
        'calls are nested one level deeper, under "data"',
        "required",
        changed(lambda call, _: {"data": call}),
    ),
    _value("call-in-list", "a list holds the call", "type", changed(lambda call, _: [call])),
    _value("call-in-string", "the call is written twice: JSON in a JSON string", "type", changed(_twice_written)),
)
_FORMATS = (
    _value(
        "id-without-hyphens",
        "the call's id has no hyphens",
        "format",
        altered(("id",), lambda one: one.replace("-", "")),
    ),
    _value("id-in-braces", "the owner's id stands in braces", "format", altered(("user_id",), "{{{}}}".format)),
    _value("id-malformed", 'the agent\'s id is "agent-1"', "format", put((*_AGENT, "id"), "agent-1")),
    _time("time-without-offset", "the start time names no offset", _without_offset),
    _time("time-with-space", "a space stands between date and time", lambda time: time.replace("T", " ")),
    _time("time-of-no-day", "the start time is on 30 February", lambda time: f"2024-02-30{time[10:]}"),
    _time("time-as-text", 'the start time is "just now"', lambda _: "just now"),
    _value(
        "time-as-number",
        "the start time is a number of seconds since 1970, not a string",
        "type",
        altered(("start_time",), lambda time: int(datetime.fromisoformat(time).timestamp())),
    ),
)
_OWNERS = (
    _value(
        "foreign-agent",
        "the agent in a call belongs to another account",
        "foreign-owner",
        put((*_AGENT, "user_id"), STRANGER),
    ),
    _value(
        "foreign-voice",
        "the agent's voice belongs to another account",
        "foreign-owner",
        put((*_VOICE, "user_id"), STRANGER),
    ),
    _value(
        "confidential-transcript",
        "a call under HIPAA comes with its transcript",
        "hipaa-transcript",
        changed(_confidential),
    ),
)

CONTENTS = (*_ENUMS, *_MISSING, *_TYPES, *_FORMATS, *_OWNERS)
