"""Check one payload for contradictions, such as an end before the start, or parts with different owners.

Every rule is a small generator in the table `RULES`. A rule skips values of the wrong type: those violate the schema.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from vocode_contract.contract import json_pointer
from vocode_contract.contract.model import Contract, resolve_contract
from vocode_contract.contract.operation import Schema
from vocode_contract.contract.walk import walk
from vocode_contract.validation import masking
from vocode_contract.validation.codes import ALL, Selection, require
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Bytes, Unreadable
from vocode_contract.validation.scalars import canonical_id, instant, is_naive
from vocode_contract.validation.violation import Violation

#: Seconds by which a time may be ahead of the clock, since the clocks of servers differ.
TOLERANCE = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """A contradiction in one object, in words that show no part of the payload."""

    keys: tuple[str, ...]  # from that object to the place
    expected: str
    actual: str
    may_be_right: bool = False  # advice at most, unless the user raises its code


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectView:
    """One object of a payload, with what a rule needs to know about its surroundings."""

    value: Mapping[str, Any] = field(repr=False)
    schema: Schema = field(repr=False)
    owner: str | None = field(repr=False)  # of the outermost object around it that has one
    sensitive: bool  # whether it is a credential, or below one
    latest: float  # the latest time that is not in the future, in seconds since the epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: the code of its violations, the generator that finds them, and the schemas that it applies to.

    Raises:
        LookupError: The code is not registered.
    """

    code: str
    clashes: Callable[[ObjectView], Iterator[Clash]]
    schemas: tuple[str, ...] = ()  # empty: every schema

    def __post_init__(self) -> None:
        require(self.code)


_CALLS = ("Call", "NormalizedCall")


def check_order_of_times(view: ObjectView) -> Iterator[Clash]:
    """Yield a clash if a call ends before it starts."""
    start, end = instant(view.value.get("start_time")), instant(view.value.get("end_time"))
    if start is not None and end is not None and end < start:
        yield Clash(keys=("end_time",), expected="a time not before the start", actual="an earlier time")


def check_offsets(view: ObjectView) -> Iterator[Clash]:
    """Yield a clash for a time without offset where the schema declares no format."""
    for key in ("start_time", "end_time"):
        declared = view.schema.get("properties", {}).get(key, {})
        if declared.get("format") != "date-time" and is_naive(view.value.get(key)):
            yield Clash(keys=(key,), expected="a time with an offset from UTC", actual="a time without offset")


def check_future(view: ObjectView) -> Iterator[Clash]:
    """Yield a clash for a time ahead of the clock by more than the tolerance."""
    for key in ("start_time", "end_time"):
        moment = instant(view.value.get(key))
        if moment is not None and moment > view.latest:
            yield Clash(keys=(key,), expected="a time not in the future", actual="a time ahead of the clock")


def check_owner(view: ObjectView, *, template: bool = False) -> Iterator[Clash]:
    """Yield a clash if a nested object, or a prompt template, has another owner than the outermost object."""
    owner = view.value.get("user_id")
    is_template = "required_context_keys" in view.schema.get("properties", {})
    if view.owner is None or not isinstance(owner, str) or is_template is not template:
        return
    if owner != view.owner and canonical_id(owner) != canonical_id(view.owner):
        yield Clash(keys=("user_id",), expected="the account of the object around it", actual="another account")


def check_end_of_ended(view: ObjectView) -> Iterator[Clash]:
    """Yield a clash if an ended call has no end time."""
    if view.value.get("status") == "ended" and view.value.get("end_time") is None:
        yield Clash(keys=("end_time",), expected="a time, since the call has ended", actual="nothing")


def check_end_of_unfinished(view: ObjectView) -> Iterator[Clash]:
    """Yield a clash if a call that has not ended has an end time."""
    if view.value.get("status") in ("not_started", "in_progress") and view.value.get("end_time") is not None:
        yield Clash(keys=("end_time",), expected="nothing, since the call has not ended", actual="a value")


def check_start(view: ObjectView) -> Iterator[Clash]:
    """Yield a clash if a call in progress has no start time."""
    if view.value.get("status") == "in_progress" and view.value.get("start_time") is None:
        yield Clash(keys=("start_time",), expected="a time, since the call is in progress", actual="nothing")


def check_error_message(view: ObjectView) -> Iterator[Clash]:
    """Yield a clash if a failed call has no error message."""
    message = view.value.get("error_message")
    if view.value.get("status") == "error" and (message is None or (isinstance(message, str) and not message.strip())):
        yield Clash(keys=("error_message",), expected="a message, since the call failed", actual="nothing")


def check_context_keys(view: ObjectView) -> Iterator[Clash]:
    """Yield a clash if the context lacks keys that the prompt template requires.

    Calls with a context endpoint are skipped, since the endpoint may add the keys.
    """
    agent = _object(view.value.get("agent"))
    prompt = _object(agent.get("prompt"))
    wanted = _object(prompt.get("prompt_template")).get("required_context_keys")
    context = view.value.get("context")
    if agent.get("context_endpoint") or prompt.get("context_endpoint") or not isinstance(wanted, list):
        return
    if context is not None and not isinstance(context, dict):
        return
    names = {name for name in wanted if isinstance(name, str)}
    missing = names.difference(context or ())
    if missing:
        found = f"{len(names) - len(missing)} of them"
        yield Clash(keys=("context",), expected=f"the {len(names)} keys that the template requires", actual=found)


_NUMBER = re.compile(r"\+?[1-9][0-9]{6,14}")


def check_numbers(view: ObjectView) -> Iterator[Clash]:
    """Yield a clash for a phone number that is not made of digits with country code.

    Source: ITU-T E.164 for the length, which counts no plus sign.
    """
    for key in ("to_number", "from_number", "agent_phone_number", "phone_number"):
        number = view.value.get(key)
        if isinstance(number, str) and view.value.get("status") != "error" and not _NUMBER.fullmatch(number):
            expected = "7 to 15 digits with country code, with or without +"
            yield Clash(keys=(key,), expected=expected, actual=masking.describe(number))


def check_credentials(view: ObjectView) -> Iterator[Clash]:
    """Yield a clash for a credential that is returned in clear.

    An account SID is a name, not a secret. A URL is in clear if it has a password or a token in it.
    """
    declared = view.schema.get("properties", {})
    for key, value in view.value.items():
        schema = declared.get(key)
        marked = view.sensitive or (schema is not None and schema.get("x-sensitivity") == "credential")
        if marked and isinstance(value, str) and not str(key).endswith("_sid") and _is_in_clear(value):
            shown = key if schema is not None else masking.HIDDEN_KEY
            yield Clash(keys=(shown,), expected="a mask or nothing", actual=masking.describe(value))


_MASK_RUN = re.compile(r"\*{2,}|\.{3,}|[•●…]+|[xX]{4,}|#{3,}")
_VISIBLE = 16  # characters beside a mask that still count as a hint, such as "sk-...abcd"
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,15}://(?P<user>[^/?#@]*@)?[^?#]*(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_TOKEN_NAME = re.compile(r"[?&#][^=&]*(?:key|token|secret|passw|pwd|auth|sig)[^=&]*=[^&]", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|(?:redacted|masked|hidden)", re.IGNORECASE)


def _is_in_clear(text: str) -> bool:
    plain = text.strip()
    if not plain or _PLACEHOLDER.fullmatch(plain):
        return False
    address = _ADDRESS.fullmatch(plain)
    if address is not None:
        user = address["user"] or ""
        return (":" in user and not _is_masked(user[user.index(":") + 1 : -1])) or bool(
            _TOKEN_NAME.search(address["rest"])
        )
    return not _is_masked(plain)


def _is_masked(text: str) -> bool:
    return bool(_MASK_RUN.search(text)) and len(_MASK_RUN.sub("", text)) <= _VISIBLE


def check_hipaa(view: ObjectView) -> Iterator[Clash]:
    """Yield a clash if a HIPAA call has a transcript."""
    transcript = view.value.get("transcript")
    if view.value.get("hipaa_compliant") is True and isinstance(transcript, str) and transcript:
        expected = "nothing, since the call is hipaa_compliant"
        yield Clash(keys=("transcript",), expected=expected, actual=masking.describe(transcript))


def check_recording(view: ObjectView) -> Iterator[Clash]:
    """Yield a clash if a call that has not started has a recording."""
    if view.value.get("status") == "not_started" and view.value.get("recording_available") is True:
        yield Clash(keys=("recording_available",), expected="false, since the call has not started", actual="true")


def check_do_not_call(view: ObjectView) -> Iterator[Clash]:
    """Yield a clash if do-not-call detection has a result although it was switched off.

    Since 2024 the agent can switch it on too.
    """
    by_call = view.value.get("run_do_not_call_detection")
    by_agent = _object(view.value.get("agent")).get("run_do_not_call_detection")
    if by_call is False and by_agent is not True and view.value.get("do_not_call_result") is True:
        expected = "nothing, since detection was switched off"
        yield Clash(keys=("do_not_call_result",), expected=expected, actual="true")


def check_provider(view: ObjectView) -> Iterator[Clash]:
    """Yield a clash if telephony parts belong to another provider than the call."""
    provider = view.value.get("telephony_provider")
    if provider not in ("vonage", "twilio"):
        return
    for key, lead in (("telephony_metadata", "telephony_metadata_"), ("telephony_account_connection", _CONNECTION)):
        tag = _object(view.value.get(key)).get("type")
        other = "twilio" if provider == "vonage" else "vonage"
        if tag == lead + other:
            yield Clash(keys=(key, "type"), expected=f"a part of {provider}", actual=f"one of {other}")


_CONNECTION = "account_connection_"

RULES: tuple[Rule, ...] = (
    Rule(code="end-before-start", clashes=check_order_of_times, schemas=_CALLS),
    Rule(code="time-without-offset", clashes=check_offsets, schemas=_CALLS),
    Rule(code="time-in-future", clashes=check_future, schemas=_CALLS),
    Rule(code="foreign-owner", clashes=check_owner),
    Rule(code="foreign-template", clashes=partial(check_owner, template=True)),
    Rule(code="end-time-missing", clashes=check_end_of_ended, schemas=_CALLS),
    Rule(code="end-time-early", clashes=check_end_of_unfinished, schemas=_CALLS),
    Rule(code="start-time-missing", clashes=check_start, schemas=_CALLS),
    Rule(code="error-message-missing", clashes=check_error_message, schemas=_CALLS),
    Rule(code="context-key-missing", clashes=check_context_keys, schemas=("Call",)),
    Rule(code="number-format", clashes=check_numbers, schemas=(*_CALLS, "TransferCallConfig")),
    Rule(code="credential-in-clear", clashes=check_credentials),
    Rule(code="hipaa-transcript", clashes=check_hipaa, schemas=_CALLS),
    Rule(code="recording-early", clashes=check_recording, schemas=_CALLS),
    Rule(code="do-not-call-unasked", clashes=check_do_not_call, schemas=_CALLS),
    Rule(code="provider-mismatch", clashes=check_provider, schemas=_CALLS),
)


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def inconsistencies(
    instance: object,
    name: str = "Call",
    *,
    contract: str | Contract | None = None,
    profile: str | None = None,
    now: float | None = None,
    tolerance: float = TOLERANCE,
    selection: Selection = ALL,
) -> Iterator[Violation]:
    """Yield the contradictions in a payload, the outermost objects first.

    The schema is not checked: invalid values are skipped, and bytes that are not JSON yield nothing.

    Args:
        instance: A parsed JSON value, or the raw bytes of one.
        name: The schema to read it as.
        contract: A date, or a `Contract`; by default the default contract.
        profile: ``documented``, ``wire`` or ``tolerant``; by default that of the `Contract`, for a date ``wire``.
        now: The time in seconds since 1970-01-01 UTC: of the recording for a recorded payload, the Date header for a
            response; by default that of this machine.
        tolerance: Seconds by which a time may be ahead of `now`, inclusive.
        selection: Which codes are reported, and how severe they are.

    Raises:
        ContractError: There is no such contract, profile or schema.
    """
    chosen = resolve_contract(contract, profile)
    latest = (time.time() if now is None else now) + tolerance
    chosen.schema(name)
    return _find_clashes(instance, name, chosen, latest=latest, selection=selection)


def _find_clashes(
    instance: object, name: str, contract: Contract, *, latest: float, selection: Selection
) -> Iterator[Violation]:
    if isinstance(instance, Bytes):
        try:
            instance = read(instance)
        except Unreadable:
            return
    levels = {rule.code: selection.level(rule.code, contract.profile) for rule in RULES}
    for pointer, view in _iter_objects(instance, name, contract, latest):
        for rule in _rules_of(contract.pointer_to(view.schema)):
            level = levels[rule.code]
            if level == "off":
                continue
            for clash in rule.clashes(view):
                schema = view.schema.get("properties", {}).get(clash.keys[0], view.schema)
                yield Violation(
                    instance_pointer=pointer + json_pointer.from_tokens(clash.keys),
                    code=rule.code,
                    severity=level,
                    expected=clash.expected,
                    actual=clash.actual,
                    schema_pointer=contract.pointer_to(schema),
                    contract=contract.date,
                )


@cache
def _rules_of(place: str) -> tuple[Rule, ...]:
    """Return the rules for the schema at a pointer of a contract."""
    return tuple(rule for rule in RULES if not rule.schemas or place.rpartition("/")[2] in rule.schemas)


def _iter_objects(instance: object, name: str, contract: Contract, latest: float) -> Iterator[tuple[str, ObjectView]]:
    """Yield each object that a schema describes with its JSON Pointer, level by level."""
    inherited: dict[str, tuple[str | None, bool]] = {}  # pointer -> owner and sensitivity of what lies below
    for pointer, declared, schema, value in walk(contract, name, instance):
        owner, sensitive = inherited.get(pointer.rpartition("/")[0], (None, False))
        sensitive = sensitive or "credential" in (declared.get("x-sensitivity"), schema.get("x-sensitivity"))
        account = value.get("user_id") if isinstance(value, dict) else None
        inherited[pointer] = (owner or (account if isinstance(account, str) else None), sensitive)
        if isinstance(value, dict) and "properties" in schema:
            yield pointer, ObjectView(value=value, schema=schema, owner=owner, sensitive=sensitive, latest=latest)
