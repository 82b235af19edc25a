"""Operators: the small changes that mutations are made of, each of one value or of one whole exchange."""

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

from vocode_contract.contract.json_types import json_type
from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.end_call import keep_running, pretend_to_end, return_other_call, shift
from vocode_contract.simulator.faults.fault import (
    ALL,
    CALLS,
    STRANGER,
    FaultContext,
    ResponseFault,
    Script,
    change_response,
)
from vocode_contract.simulator.faults.network import LONGEST, delay
from vocode_contract.simulator.faults.places import FaultPlace, find_holders
from vocode_contract.simulator.responses import error_response, json_response

#: Stands for no value: the key or item is removed.
DROPPED = object()


class Spot(NamedTuple):
    """Where an operator changes a value.

    Attributes:
        root: The body, or the listed call, that has the value.
        holder: The object or array that has the value itself.
        key: Name of the property; the index of an item.
        argument: What follows ``=`` in the specification; empty if nothing does.
        place: The place as the contract declares it.
        call_id: Id of the call that is shown; empty if there is none.
        ctx: The request on its way.
    """

    root: Any
    holder: Any
    key: Any
    argument: str
    place: FaultPlace
    call_id: str
    ctx: FaultContext


Change = Callable[[Any, Spot], object]
_SCALARS = frozenset(("string", "integer", "number", "boolean"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One kind of small change.

    Attributes:
        title: What the server does wrong; PLACE and VALUE stand for those of a mutation.
        change: Returns the new value in place of the old one, which is not null; None for an operator of exchanges.
        types: JSON types of the values that it changes.
        formats: Formats, one of which a string must have; empty for any.
        usual: VALUE by default; without one, it must be given if the title has it.
        adds: Whether it also sets what is null or missing.
        respond: Returns the wrong response, for an operator of exchanges; it takes VALUE.
        script: Sends the response in a wrong way.
        operations: Names of the operations that it can change.
        values: Values to draw from, for a benchmark.
    """

    title: str
    change: Change | None = field(default=None, repr=False)
    types: frozenset[str] = _SCALARS | {"array", "object"}
    formats: frozenset[str] = frozenset()
    usual: str = ""
    adds: bool = False
    respond: Callable[[str], ResponseFault] | None = field(default=None, repr=False)
    script: Callable[[str], Script] | None = field(default=None, repr=False)
    operations: tuple[str, ...] = ALL
    values: tuple[str, ...] = ()

    def write(self, name: str) -> str:
        """Return how a mutation with this operator is written, such as ``move:PLACE[=VALUE]``."""
        value = "" if "VALUE" not in self.title else "[=VALUE]" if self.usual else "=VALUE"
        return f"{name}{':PLACE' if self.change else ''}{value}"

    def is_applicable(self, place: FaultPlace) -> bool:
        """Return whether it can change values of a place."""
        is_typed = not place.types or not self.types.isdisjoint(place.types)
        return is_typed and (not self.formats or not self.formats.isdisjoint(place.formats))

    def takes(self, value: object) -> bool:
        """Return whether it changes a value: a place may have values of several types, and be null."""
        return self.adds if value is None else json_type(value) in self.types


def _retype(value: Any, spot: Spot) -> object:
    target = spot.argument
    if target == "string":
        return orjson.dumps(value).decode() if isinstance(value, (dict, list)) else str(value)
    if target == "integer":
        return _to_integer(value)
    if target == "boolean":
        return bool(value)
    if target == "array":
        return [value]
    return {} if isinstance(value, list) else {"id": value}


def _to_integer(value: Any) -> int:
    """Return digits as their number, a time as seconds, and all else as its length or whole part."""
    if not isinstance(value, str):
        return len(value) if isinstance(value, (dict, list)) else int(value)
    if value.isdecimal():
        return int(value)
    try:
        return int(datetime.fromisoformat(value).timestamp())
    except ValueError:
        return len(value)


def _choose_other(value: Any, spot: Spot) -> object:
    """Return the declared value that follows, the first one after the last."""
    values = spot.place.values
    return values[(values.index(value) + 1) % len(values)] if value in values else value


def _add_one(value: Any, _spot: Spot) -> object:
    if isinstance(value, str):
        return f"{value[:-1]}{(int(value[-1]) + 1) % 10}" if value.isdecimal() else value
    return value if isinstance(value, bool) else value + 1


def _move(value: Any, spot: Spot) -> object:
    seconds = float(spot.argument)
    if isinstance(value, (int, float)):
        return value + seconds
    try:
        return shift(value, timedelta(seconds=seconds))
    except (TypeError, ValueError):
        return value


def _round(value: Any, _spot: Spot) -> object:
    if isinstance(value, (int, float)):
        return int(value)
    try:
        return shift(value, timedelta(microseconds=-datetime.fromisoformat(value).microsecond))
    except (TypeError, ValueError):
        return value


def _swap(value: Any, spot: Spot) -> object:
    """Exchange two values of one body, and return the other one."""
    for holder, key in find_holders(spot.root, spot.argument):
        if key in holder if isinstance(holder, dict) else True:
            other, holder[key] = holder[key], value
            return other
    return value


def _lose(value: Any, spot: Spot) -> object:
    kept = list(value)
    at = int(spot.argument)
    if -len(kept) <= at < len(kept):
        del kept[at]
    return kept


def _set(_value: Any, spot: Spot) -> object:
    try:
        return orjson.loads(spot.argument)
    except orjson.JSONDecodeError:
        return spot.argument


def _freeze(value: Any, spot: Spot) -> object:
    """Return the value that was shown first, of the call or of the request's query."""
    frozen: dict[Any, Any] = spot.ctx.memory.setdefault("frozen", {})
    return frozen.setdefault((spot.call_id or spot.ctx.request.query, spot.key), value)


def _mix(value: Any, spot: Spot) -> object:
    """Return what another call of the account has in this place, if it has anything else there."""
    calls = spot.ctx.state.calls
    for call_id in reversed(calls):
        if call_id != spot.call_id and (other := calls[call_id].get(spot.key)) not in (None, value):
            return other if isinstance(other, type(value)) else value
    return value


def _rename(value: Any, spot: Spot) -> object:
    """Show the value under its key in camel case, or in upper case if that is the same."""
    first, *words = str(spot.key).split("_")
    if isinstance(spot.holder, dict):
        spot.holder["".join((first, *map(str.title, words))) if words else first.upper()] = value
    return DROPPED


_ARRAY, _STRING, _BOOLEAN, _NUMBERS = (
    frozenset(names.split()) for names in ("array", "string", "boolean", "integer number")
)
_TIMES, _IDS = frozenset(("date-time",)), frozenset(("uuid",))
_TYPES = ("string", "integer", "boolean", "array", "object")


def _respond_stale(_value: str) -> ResponseFault:
    """Answer what was to be answered to the same request before."""

    def change(ctx: FaultContext, response: Response) -> Response:
        before = ctx.memory.get(ctx.request.query, response)
        ctx.memory[ctx.request.query] = response
        return before  # type: ignore[no-any-return]

    return change_response(change)


def _respond_status(value: str) -> ResponseFault:
    return change_response(lambda _ctx, _response: error_response(int(value), "Something went wrong"))


def _respond_refusal(value: str) -> ResponseFault:
    refusal = error_response(int(value), "Something went wrong")
    return lambda ctx: refusal if ctx.is_method_allowed else ctx.respond()


def _respond_without_effect(_value: str) -> ResponseFault:
    def change(ctx: FaultContext) -> Response:
        if ctx.operation.name == "end_call":
            return pretend_to_end(ctx)
        response = ctx.respond()
        if response.status == 200:
            created = orjson.loads(response.body)["id"]
            ctx.state.lives.pop(created, None)  # else its events would be looked for
            ctx.state.calls.pop(created, None)
        return response

    return change


def _respond_and_end(find: Callable[[FaultContext, str], str]) -> Callable[[str], ResponseFault]:
    def change(ctx: FaultContext, response: Response) -> Response:
        shown = orjson.loads(response.body)["id"] if ctx.operation.name == "create_call" else ctx.call_id
        ctx.perform("end_call", find(ctx, shown))
        return response

    return lambda _value: change_response(change)


def _respond_to_strangers(_value: str) -> ResponseFault:
    """List a call of another account; for an id that the account has not, show one."""

    def change(ctx: FaultContext) -> Response:
        response = ctx.respond()
        if ctx.operation.name == "list_calls" and response.status == 200:
            page = orjson.loads(response.body)
            page["items"] = [{**item, "id": STRANGER, "user_id": STRANGER} for item in page["items"][:1]] + (
                page["items"][1:]
            )
            return json_response(200, page)
        if response.status == 404 and ctx.call_id not in ctx.state.calls:
            call = ctx.get_call(ctx.find_other_call("", "ended"))
            return json_response(200, {**call, "id": ctx.call_id, "user_id": STRANGER})
        return response

    return change


#: Operators by name, those of values first.
OPERATORS: Mapping[str, Operator] = {
    "drop": Operator(title="PLACE is missing", change=lambda _value, _spot: DROPPED),
    "null": Operator(title="PLACE is null", change=lambda _value, _spot: None),
    "retype": Operator(title="PLACE has the JSON type VALUE", change=_retype, usual="string", values=_TYPES),
    "set": Operator(title="PLACE is VALUE, unless it is null", change=_set),
    "add": Operator(title="PLACE is VALUE, also where it is null or missing", change=_set, adds=True),
    "empty": Operator(title="PLACE is empty", change=lambda value, _: type(value)()),
    "default": Operator(title="PLACE is the contract's default or null", change=lambda _, spot: spot.place.default),
    "wrap": Operator(title="PLACE is wrapped in an array", change=lambda value, _: [value]),
    "rename": Operator(title="PLACE is in camel case", change=_rename),
    "swap": Operator(title="PLACE and the place VALUE are exchanged", change=_swap, types=_SCALARS),
    "freeze": Operator(title="PLACE stays as it was first shown", change=_freeze),
    "mix": Operator(title="PLACE is that of another call", change=_mix),
    "flip": Operator(title="PLACE is negated", change=lambda v, _: not v, types=_BOOLEAN),
    "other": Operator(title="PLACE is another value that the contract allows", change=_choose_other, types=_STRING),
    "case": Operator(title="PLACE has upper and lower case exchanged", change=lambda v, _: v.swapcase(), types=_STRING),
    "cut": Operator(title="PLACE has lost its second half", change=lambda v, _: v[: len(v) // 2], types=_STRING),
    "escape": Operator(title="PLACE is escaped for HTML", change=lambda v, _: html.escape(v), types=_STRING),
    "quote": Operator(title="PLACE is escaped for a URL", change=lambda v, _: quote(v), types=_STRING),
    "foreign": Operator(
        title="PLACE is an id of another account",
        change=lambda *_: STRANGER,
        types=_STRING,
        formats=frozenset(("uuid",)),
    ),
    "off-by-one": Operator(title="PLACE is one more, or its last digit is", change=_add_one, types=_NUMBERS | _STRING),
    "move": Operator(
        title="PLACE is later by VALUE seconds",
        usual="60",
        change=_move,
        types=_STRING,
        formats=_TIMES,
        values=("1", "60", "-60", "7200"),
    ),
    "round": Operator(title="PLACE is a whole number or second", change=_round, types=_NUMBERS | _STRING),
    "lose": Operator(
        title="PLACE lacks the item VALUE (-1: its last)", usual="-1", change=_lose, types=_ARRAY, values=("0", "-1")
    ),
    "repeat": Operator(title="PLACE has its first item twice", change=lambda v, _: [*v[:1], *v], types=_ARRAY),
    "reverse": Operator(title="PLACE is in reverse order", change=lambda v, _: v[::-1], types=_ARRAY),
    "stale": Operator(title="the response is the one of before", respond=_respond_stale),
    "status": Operator(
        title="the request is carried out, and gets the status VALUE",
        respond=_respond_status,
        values=("201", "404", "409", "500", "503"),
    ),
    "fail": Operator(
        title="the request is not carried out, and gets the status VALUE",
        respond=_respond_refusal,
        values=("403", "404", "422", "500", "502"),
    ),
    "delay": Operator(
        title="the response is late by VALUE seconds",
        script=lambda value: delay(lambda _: min(LONGEST, float(value))),
    ),
    "another": Operator(
        title="the response is about another call",
        respond=lambda _: change_response(return_other_call),
        operations=CALLS,
    ),
    "pretend": Operator(
        title="the response is that of success, and nothing is done",
        respond=_respond_without_effect,
        operations=("create_call", "end_call"),
    ),
    "ignore": Operator(title="nothing is done", respond=lambda _: keep_running, operations=("end_call",)),
    "twice": Operator(
        title="the request is carried out twice",
        respond=lambda _: change_response(lambda ctx, _: ctx.respond()),
    ),
    "also-end": Operator(
        title="the call is ended, too",
        respond=_respond_and_end(lambda _, shown: shown),
        operations=("create_call", "get_call", "get_recording"),
    ),
    "also-end-other": Operator(
        title="another call is ended, too",
        respond=_respond_and_end(lambda ctx, shown: ctx.find_other_call(shown, "in_progress", "not_started")),
        operations=(*CALLS, "get_recording"),
    ),
    "open": Operator(title="no token is required", respond=lambda _: lambda ctx: ctx.respond(checks_token=False)),
    "leak": Operator(
        title="a call of another account is shown", respond=_respond_to_strangers, operations=("get_call", "list_calls")
    ),
}
