"""Change a valid Call or page so that it breaks no consistency rule."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from vocode_contract.contract.model import Contract, dates
from vocode_contract.contract.operation import Schema
from vocode_contract.strategies import values
from vocode_contract.validation.lifecycle.call_life import FINAL

_Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settling:
    """One Call, changed in place."""

    call: _Json
    given: Container[str]  # top-level keys that the user chose: they stay
    time: Callable[[int], Any]

    def put(self, key: str, value: Any) -> None:
        """Set a key, unless it is given."""
        if key not in self.given:
            self.call[key] = value

    def drop(self, *keys: str) -> None:
        """Remove optional keys, unless they are given."""
        for key in keys:
            if key not in self.given:
                self.call.pop(key, None)

    def part(self, *keys: str) -> _Json:
        """Return a nested object; an empty one if it is absent."""
        found: Any = self.call
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}


def settle(call: _Json, given: Container[str], *, timed_by: Callable[[int], Any]) -> _Json:
    """Remove the contradictions in a Call, in place.

    Args:
        call: A valid Call, or an item of a page.
        given: Top-level keys that stay as they are.
        timed_by: Writes a number as a time of this contract.
    """
    settling = _Settling(call=call, given=given, time=timed_by)
    for step in _STEPS:
        step(settling)
    return call


def settle_page(
    page: _Json, given: Container[str], *, timed_by: Callable[[int], Any], kept: Container[str] = ()
) -> _Json:
    """Remove the contradictions in a page, in place: in its calls, whose `kept` keys stay, and in its counts."""
    if "items" in given:
        return page
    unique = {call["id"]: call for call in page["items"]}
    items = [settle(call, kept, timed_by=timed_by) for call in unique.values()]
    size = max(page["size"], len(items)) if "size" not in given else page["size"]
    least = len(items) + max(page["page"] - 1, 0) * size
    counts = {"items": items, "size": size, "total": least, "has_more": False, "total_is_estimated": False}
    page |= {key: value for key, value in counts.items() if key not in given}
    return page


@cache
def has_rules(contract: Contract, name: str) -> bool:
    """Return whether a schema has every property that its namesakes in the shipped contracts share.

    A contract of a user may have a Call that is another thing, about which the rules of consistency say nothing.
    """
    shared: set[str] = set.intersection(*(set(schema["properties"]) for schema in _namesakes(name)))
    return shared.issubset(contract.schema(name).get("properties", ()))


@cache
def newly_required(contract: Contract, name: str) -> frozenset[str]:
    """Return the properties that a schema requires and its namesakes in the shipped contracts do not."""
    return frozenset(contract.schema(name).get("required", ())).difference(
        *(schema.get("required", ()) for schema in _namesakes(name))
    )


def _namesakes(name: str) -> list[Schema]:
    return [Contract.load(date).schema(name) for date in dates()]


def set_owner(value: _Json, given: Container[str] = ()) -> _Json:
    """Set the same owner in all parts of an object that have one, in place."""
    if not _is_owned(value):
        return value
    owner = value["user_id"]
    if "user_id" not in given:
        owner = next((value[key]["user_id"] for key in value if key in given and _is_owned(value[key])), owner)
        value["user_id"] = owner
    level: list[Any] = [part for key, part in value.items() if key not in given]
    while level:
        for node in level:
            if _is_owned(node):
                node["user_id"] = owner
        level = [child for node in level for child in _children(node)]
    return value


def _is_owned(node: Any) -> bool:
    return isinstance(node, dict) and isinstance(node.get("user_id"), str)


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def _settle_owner(settling: _Settling) -> None:
    set_owner(settling.call, settling.given)


def _settle_times(settling: _Settling) -> None:
    """Give each status the times that go with it; given times decide the status."""
    call, given = settling.call, settling.given
    status = call.get("status", "not_started")
    if "status" not in given and "end_time" in given:
        status = "in_progress" if call["end_time"] is None else status if status in FINAL else "ended"
        settling.put("status", status)
    if "status" not in given and "start_time" in given and call["start_time"] is not None and status == "not_started":
        status = "in_progress"
        settling.put("status", status)
    if status == "not_started":
        settling.drop("start_time")
    if status not in FINAL:
        settling.drop("end_time")
    if status in ("in_progress", "ended") and call.get("start_time") is None:
        settling.put("start_time", call.get("end_time") or settling.time(0))
    if status == "ended" and call.get("end_time") is None:
        settling.put("end_time", _later(call["start_time"]) if call.get("start_time") else settling.time(8))
    _settle_order(settling)


def _settle_order(settling: _Settling) -> None:
    call, given = settling.call, settling.given
    start, end = _instant(call.get("start_time")), _instant(call.get("end_time"))
    if start is None or end is None or start <= end:
        return
    if "start_time" in given:
        settling.put("end_time", _later(call["start_time"]))
    elif "end_time" in given:
        call["start_time"] = call["end_time"]
    else:
        call["start_time"], call["end_time"] = call["end_time"], call["start_time"]


def _instant(value: Any) -> float | None:
    """Return a plausible time in seconds since 1970."""
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return None
        return at.timestamp() if at.tzinfo else None
    return value if isinstance(value, (int, float)) else None


def _later(start: Any) -> Any:
    """Return the time 80 seconds later in the same form; an unreadable time is returned unchanged."""
    at = _instant(start)
    if at is None:
        return start
    return datetime.fromtimestamp(at + 80, UTC).isoformat() if isinstance(start, str) else start + 80


def _settle_outcome(settling: _Settling) -> None:
    call = settling.call
    status = call.get("status", "not_started")
    if status == "error" and not str(call.get("error_message") or "").strip():
        settling.put("error_message", values.TEXTS["error_message"](0))
    if status != "error":
        settling.drop("error_message")
    if status not in FINAL:
        settling.drop("stage_outcome")
    if status == "not_started":
        settling.drop("stage", "transcript", "human_detection_result")
        if call.get("recording_available"):
            settling.put("recording_available", False)


def _settle_privacy(settling: _Settling) -> None:
    if settling.call.get("hipaa_compliant") and settling.call.get("transcript"):
        settling.drop("transcript")
        if settling.call.get("transcript"):
            settling.put("hipaa_compliant", False)


def _settle_detection(settling: _Settling) -> None:
    call = settling.call
    if call.get("do_not_call_result") and not call.get("run_do_not_call_detection"):
        settling.drop("do_not_call_result")
        if call.get("do_not_call_result"):
            settling.put("run_do_not_call_detection", True)


def _settle_provider(settling: _Settling) -> None:
    account = settling.part("telephony_account_connection").get("type")
    metadata = settling.part("telephony_metadata").get("type")
    parts = ((account, "telephony_account_connection"), (metadata, "telephony_metadata"))
    decided = "telephony_provider" in settling.given
    for kind, key in sorted(parts, key=lambda part: part[1] not in settling.given):
        provider = _PROVIDERS.get(kind)
        if provider is not None and not decided:
            settling.call["telephony_provider"] = provider
            decided = True
        elif provider is not None and provider != settling.call["telephony_provider"]:
            settling.drop(key)


def _settle_context(settling: _Settling) -> None:
    """Put the template's required keys into the context; if the context is given, require only what it has."""
    template = settling.part("agent", "prompt", "prompt_template")
    context = settling.part("context")
    missing = [key for key in template.get("required_context_keys", ()) if key not in context]
    if missing and "context" not in settling.given:
        settling.call["context"] = {**context, **dict.fromkeys(missing, values.example(0))}
    elif missing and "agent" not in settling.given:
        template["required_context_keys"] = [key for key in template["required_context_keys"] if key in context]


_PROVIDERS: Mapping[Any, str] = {
    "account_connection_twilio": "twilio",
    "telephony_metadata_twilio": "twilio",
    "telephony_metadata_vonage": "vonage",
}

_STEPS: tuple[Callable[[_Settling], None], ...] = (
    _settle_owner,
    _settle_times,
    _settle_outcome,
    _settle_privacy,
    _settle_detection,
    _settle_provider,
    _settle_context,
)
