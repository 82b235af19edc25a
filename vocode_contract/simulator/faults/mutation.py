"""Mutations: faults that are written as an operator and a place, such as ``null:/agent/voice/id``."""

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

import orjson

from vocode_contract.contract.model import Contract, dates
from vocode_contract.errors import InvalidOption, did_you_mean
from vocode_contract.http.checked_exchange import list_items
from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.conditions import holds
from vocode_contract.simulator.faults.fault import CALLS, Fault, FaultContext, ResponseFault
from vocode_contract.simulator.faults.operators import DROPPED, OPERATORS, Operator, Spot
from vocode_contract.simulator.faults.places import FaultPlace, find_holders, operations_with, parse_place, places
from vocode_contract.simulator.responses import json_response

_SIDES: Mapping[str, str] = {
    "": "in responses",
    "request": "in the body of requests as the server reads it",
    "query": "in the query of requests as the server reads it",
    "state": "from then on",
}
_TEXT = re.compile(r"(?P<operator>[^:=]*)(?::(?P<place>[^=]*))?(?:=(?P<value>.*))?", re.DOTALL)
_ANYTHING = FaultPlace(types=frozenset(), values=(), formats=frozenset(), default=None)
_ITEMS = "/items/*"


def is_mutation(text: str) -> bool:
    """Return whether a text is written as a mutation, though it may be an invalid one."""
    return bool(re.search("[:=]", text)) or text in OPERATORS


@cache
def parse_mutation(text: str) -> Fault:
    """Return the fault that a mutation is: ``OPERATOR[:PLACE][=VALUE]``.

    Args:
        text: PLACE is a JSON Pointer into the responses, in which ``*`` stands for every item; after ``request`` into
            the bodies of requests, after ``query`` the name of a parameter, after ``state`` into the stored call. VALUE
            is JSON or else a string, and may be percent-encoded.

    Raises:
        InvalidOption: There is no such operator or place, one of them does not fit the other, or a part is missing.
    """
    name, place, value = _split(text)
    operator = OPERATORS[name]
    if operator.change is None:
        return Fault(
            name=text,
            title=_describe(operator, "", value),
            breaks=(),
            operations=operator.operations,
            **({"script": operator.script(value)} if operator.script else {"apply": _respond(operator, value)}),
        )
    side, pointer = parse_place(place)
    having = operations_with(side, pointer)
    fitting = {
        operation: its_dates
        for operation, its_dates in having.items()
        if any(operator.is_applicable(places(Contract.load(date), operation, side)[pointer]) for date in its_dates)
    }
    if not fitting:
        raise _reject_place(name, side, pointer, having)
    covered = sorted({date for its_dates in fitting.values() for date in its_dates})
    later = [date for date in dates() if date > covered[-1]]
    return Fault(
        name=text,
        title=f"{_describe(operator, pointer, value)}, {_SIDES[side]}",
        breaks=(),
        operations=tuple(fitting),
        since=covered[0] if covered[0] != dates()[0] else "",
        before=later[0] if later else "",
        apply=mutate(text),
        selects_items=pointer.startswith(f"{_ITEMS}/"),
        lasts=side == "state",
    )


def mutate(text: str) -> ResponseFault:
    """Return what a mutation of values does, whatever the contract has in its place.

    Raises:
        InvalidOption: There is no such operator, or a part is missing.
    """
    name, place, value = _split(text)
    operator = OPERATORS[name]
    if operator.change is None:
        return _respond(operator, value)
    side, pointer = parse_place(place)
    at = _Mutator(operator, side, pointer, value)
    changes = {"": at.change_response, "request": at.change_body, "query": at.change_query, "state": at.change_state}
    return changes[side]


def _split(text: str) -> tuple[str, str, str]:
    """Split a mutation into the names of its operator and its place, and its value.

    Raises:
        InvalidOption: There is no such operator or side, or a part is missing or too many.
    """
    parts = _TEXT.fullmatch(text)
    name, place, value = (parts["operator"], parts["place"], parts["value"]) if parts else (text, None, None)
    if name not in OPERATORS:
        hint = did_you_mean(name, OPERATORS) or f"; known: {', '.join(OPERATORS)}"
        raise InvalidOption("fault", f"there is no operator {name!a}{hint}")
    operator = OPERATORS[name]
    if (operator.change is None) is (place is not None):
        needed = "takes no place" if operator.change is None else f"needs a place, such as {name}:/status"
        raise InvalidOption("fault", f"operator {name!r} {needed}")
    if not value and "VALUE" in operator.title and not operator.usual:
        raise InvalidOption("fault", f"operator {name!r} needs a value after '=': {operator.title}")
    if value is not None and "VALUE" not in operator.title:
        raise InvalidOption("fault", f"operator {name!r} takes no value")
    if place and (parse_place(place)[0] not in _SIDES or "/" not in place):
        hint = "it starts with '/' (the response), 'request/', 'query/' or 'state/'"
        raise InvalidOption("fault", f"{place!a} is no place: {hint}")
    value = unquote(value or operator.usual)
    _check_value(name, operator, value)
    return name, place or "", value


def _check_value(name: str, operator: Operator, value: str) -> None:
    """Refuse a value that an operator of numbers or types cannot take.

    Raises:
        InvalidOption: It cannot.
    """
    is_number = re.fullmatch(r"-?[0-9]{1,6}(?:\.[0-9]{1,6})?", value)
    if name == "retype" and value not in operator.values:
        raise InvalidOption("fault", f"operator {name!r} takes a type: {', '.join(operator.values)}")
    if name in ("status", "fail") and not re.fullmatch("[2-5][0-9][0-9]", value):
        raise InvalidOption("fault", f"operator {name!r} takes a status from 200 to 599")
    if (name in ("move", "delay") and not is_number) or (name == "delay" and value.startswith("-")):
        raise InvalidOption("fault", f"operator {name!r} takes a number of seconds")
    if name == "lose" and not re.fullmatch("-?[0-9]{1,3}", value):
        raise InvalidOption("fault", f"operator {name!r} takes the index of an item")
    if name == "swap" and not value.startswith("/"):
        raise InvalidOption("fault", f"operator {name!r} takes a place, such as {name}:/to_number=/from_number")


def _reject_place(name: str, side: str, pointer: str, having: Iterable[str]) -> InvalidOption:
    operator = OPERATORS[name]
    if having := tuple(having):
        kinds = " or ".join(sorted(operator.types)) + "".join(f" ({word})" for word in operator.formats)
        return InvalidOption("fault", f"operator {name!r} changes values of type {kinds}, which {pointer!a} is not")
    contracts = [Contract.load(date) for date in dates()]
    known = {known for contract in contracts for one in contract.operations for known in places(contract, one, side)}
    where = side or "response"
    return InvalidOption("fault", f"no contract has the place {pointer!a} in a {where}{did_you_mean(pointer, known)}")


def _describe(operator: Operator, place: str, value: str) -> str:
    title = (
        operator.title if value else re.split(r", by default|, or that of| of the JSON type VALUE", operator.title)[0]
    )
    return title.replace("PLACE", place).replace("VALUE", value)


def _respond(operator: Operator, value: str) -> ResponseFault:
    return operator.respond(value) if operator.respond else FaultContext.respond


class _Mutator:
    """One change at one place, on each of the sides."""

    def __init__(self, operator: Operator, side: str, pointer: str, value: str) -> None:
        self._operator = operator
        self._side, self._pointer, self._value = side, pointer, value

    def change_response(self, ctx: FaultContext) -> Response:
        response = ctx.respond()
        if response.status != 200:
            return response
        body = orjson.loads(response.body)
        if self._pointer.startswith(f"{_ITEMS}/") and ctx.operation.name == "list_calls":
            for item in list_items(body):
                if holds(ctx.conditions, ctx.get_stored(item.get("id", ""))):
                    self._change(item, self._pointer.removeprefix(_ITEMS), item.get("id", ""), ctx)
        else:
            self._change(body, self._pointer, _id_of(body), ctx)
        return json_response(200, body)

    def change_state(self, ctx: FaultContext) -> Response:
        """Change what all operations show of a call, from the request on by which the mutation is triggered."""
        response = ctx.respond()
        touched: set[str] = ctx.memory.setdefault("touched", set())
        if response.status != 200 or ctx.operation.name not in (*CALLS, "list_calls"):
            return response
        body = orjson.loads(response.body)
        if ctx.is_triggered and ctx.operation.name in CALLS:
            touched.add(_id_of(body))
        for call in list_items(body) if ctx.operation.name == "list_calls" else (body,):
            if _id_of(call) in touched:
                self._change(call, self._pointer, _id_of(call), ctx)
        return json_response(200, body)

    def change_body(self, ctx: FaultContext) -> Response:
        try:
            body = orjson.loads(ctx.request.body)
        except orjson.JSONDecodeError:
            return ctx.respond()
        self._change(body, self._pointer, "", ctx)
        return ctx.respond(replace(ctx.request, body=orjson.dumps(body)))

    def change_query(self, ctx: FaultContext) -> Response:
        """Let the server read another query; its answer repeats what was sent, so that only its work is wrong."""
        sent = dict(parse_qsl(ctx.request.query, keep_blank_values=True))
        query: dict[str, Any] = {name: int(value) if value.isdecimal() else value for name, value in sent.items()}
        self._change(query, self._pointer, "", ctx)
        read = {name: "" if value is None else value for name, value in query.items()}
        if read == sent:
            return ctx.respond()
        response = ctx.respond(replace(ctx.request, query=urlencode(read, errors="replace")))
        name = self._pointer.removeprefix("/")
        if response.status != 200 or ctx.operation.name != "list_calls" or not sent.get(name, "").isdecimal():
            return response
        page = orjson.loads(response.body)
        return json_response(200, page | {name: int(sent[name])} if name in page else page)

    def _change(self, root: Any, pointer: str, call_id: str, ctx: FaultContext) -> None:
        """Change the values at a place, in place."""
        place = places(ctx.state.contract, ctx.operation.name, self._side).get(self._pointer, _ANYTHING)
        # The last items first, so that those that are removed do not move the others.
        for holder, key in reversed(list(find_holders(root, pointer))):
            value = holder.get(key) if isinstance(holder, dict) else holder[key]
            if self._operator.change is None or not self._operator.takes(value):
                continue
            spot = Spot(root, holder, key, self._value, place, call_id, ctx)
            holder[key] = self._operator.change(deepcopy(value), spot)
            if holder[key] is DROPPED:
                del holder[key]


def _id_of(call: Any) -> str:
    found = call.get("id") if isinstance(call, dict) else None
    return found if isinstance(found, str) else ""
