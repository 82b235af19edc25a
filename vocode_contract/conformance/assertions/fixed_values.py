"""Assertion that the responses of a run agree about what nothing changes in a call once it is created."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import orjson

from vocode_contract.conformance.assertions.responses import fail_with
from vocode_contract.contract import json_pointer
from vocode_contract.contract.model import Contract
from vocode_contract.http.checked_exchange import CheckedExchange, collect_looks
from vocode_contract.http.client.fictional_call import Place, expected_options
from vocode_contract.validation.lifecycle.call_life import is_over
from vocode_contract.validation.scalars import canonical_id

#: Keys of a call whose values nothing changes, and others that nothing changes once the call is over.
FIXED = (
    "user_id",
    "from_number",
    "to_number",
    "agent_phone_number",
    "telephony_provider",
    "telephony_id",
    "context",
    "hipaa_compliant",
    "on_no_human_answer",
    "run_do_not_call_detection",
)
SETTLED = ("error_message", "do_not_call_result", "human_detection_result", "stage_outcome")
#: Codes of some places; of all others it is `value-changed`.
_CODES: Mapping[Place, str] = {
    ("user_id",): "owner-changed",
    ("from_number",): "number-changed",
    ("to_number",): "number-changed",
    ("agent_phone_number",): "number-changed",
    ("telephony_provider",): "provider-changed",
    ("agent", "id"): "agent-changed",
    ("agent", "user_id"): "owner-changed",
}
#: The response that created a call, and the places that other assertions compare with the request for it.
Own = tuple[CheckedExchange, frozenset[Place]]
_Look = tuple[CheckedExchange, Mapping[str, Any]]


def list_requested(contract: Contract, request: Mapping[str, Any]) -> frozenset[Place]:
    """Return the places of a call that `assert_still_as_requested` compares with the request for it."""
    return frozenset((("context",), *(place for place, _ in expected_options(contract, request))))


def assert_fixed_values_stay(
    answers: Sequence[CheckedExchange], own: Mapping[str, Own], *, settled: tuple[str, ...] = SETTLED
) -> None:
    """Assert that no two responses disagree about a value of a call that nothing changes.

    Within one operation a value stays as it was first shown. What another operation shows may differ only in being
    null, since it may read from a copy that is behind; not even that if Create Call has returned the value.

    Args:
        answers: The responses of the run, in order.
        own: What is known of the calls that this run created, by their ids.
        settled: Keys to compare of calls that are over, besides those that are compared of all calls.
    """
    __tracebackhide__ = True
    for identifier, looks in collect_looks(answer for answer in answers if answer.is_valid).items():
        shown = [(answer, observation.value) for answer, observation in looks]
        created, requested = own.get(identifier, (None, frozenset()))
        for (earlier, before), (later, after), is_strict in _pair(shown, created):
            are_over = is_over(before) and is_over(after)
            keys = (*FIXED, *(settled if are_over else ()), *(("agent",) if created else ()))
            is_full = "list_calls" not in (earlier.operation.name, later.operation.name)
            known = requested if is_full else frozenset()
            if place := _find_change(before, after, keys, known, is_strict=is_strict):
                is_alone = _is_contradicted_by_all((earlier, before), place, shown)
                wrong, other = (earlier, later) if is_alone else (later, earlier)
                is_listed = "list_calls" in (wrong.operation.name, other.operation.name)
                is_of_both = is_listed and wrong.operation != other.operation
                fail_with(
                    wrong,
                    _CODES.get(place, "list-disagrees" if is_of_both else "value-changed"),
                    wrong.find_pointer(identifier) + json_pointer.from_tokens(place),
                    expected=f"the value that {other.operation.name} returned",
                    actual="another value, or null",
                    steps=() if is_alone else (earlier,),
                )


def _is_contradicted_by_all(look: _Look, place: Place, looks: Sequence[_Look]) -> bool:
    """Return whether all looks of at least two other operations show another value than a look of one operation."""
    value, others = _get(look[1], place), [other for other in looks if other[0].operation != look[0].operation]
    shown = [(answer.operation.name, found) for answer, call in others if (found := _get(call, place)) is not None]
    is_alone = all(_has_changed(value, found, is_strict=False) for _, found in shown)
    return is_alone and len({name for name, _ in shown}) > 1


def _get(call: Any, place: Place) -> Any:
    for key in place:
        call = call.get(key) if isinstance(call, dict) else None
    return call


def _pair(looks: Sequence[_Look], created: CheckedExchange | None) -> Iterator[tuple[_Look, _Look, bool]]:
    """Yield an earlier and a later look at one call, and whether a value must not become null between them."""
    first: dict[str, _Look] = {}
    latest: _Look | None = None
    for look in looks:
        name = look[0].operation.name
        if name in first:
            yield first[name], look, True
        elif created is not None and look[0] is not created and name != "list_calls":
            yield (created, created.members), look, True
        if latest is not None and latest[0].operation.name != name:
            yield latest, look, False
        first.setdefault(name, look)
        latest = look


def _find_change(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    keys: Sequence[str],
    known: Collection[Place],
    *,
    is_strict: bool,
) -> Place:
    """Return the place of a value that has changed, at most two keys deep, apart from known ones; empty for none."""
    for key in keys:
        one, other = before.get(key), after.get(key)
        if key == "agent":
            parts, others = (agent if isinstance(agent, dict) else {} for agent in (one, other))
            compared = [part for part in parts if (key, part) not in known]
            changed = (part for part in compared if _has_changed(parts[part], others.get(part), is_strict=is_strict))
            if others and (part := next(changed, "")):
                return key, part
        elif (key,) not in known and _has_changed(one, other, is_strict=is_strict):
            return (key,)
    return ()


def _has_changed(before: Any, after: Any, *, is_strict: bool) -> bool:
    if before is None or after is None:
        return before is not None and is_strict
    if isinstance(before, dict) and isinstance(after, dict):
        return any(_has_changed(before[key], after.get(key), is_strict=is_strict) for key in before)
    if isinstance(before, list) and isinstance(after, list):
        return sorted(map(orjson.dumps, before)) != sorted(map(orjson.dumps, after))
    if isinstance(before, str) and isinstance(after, str):
        return _spell(before) != _spell(after)
    return bool(before != after)


def _spell(text: str) -> str:
    """Return a text without what servers write in several ways: an id's case and hyphens, the plus sign of a number."""
    return canonical_id(text).removeprefix("+")
