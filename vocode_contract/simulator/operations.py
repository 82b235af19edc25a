"""The operations: what each does to the account, and its response."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from vocode_contract.http.message import Response
from vocode_contract.simulator import calls
from vocode_contract.simulator.account import Call, State
from vocode_contract.simulator.responses import JSON, error_response, json_response
from vocode_contract.simulator.variants import Variant

#: One frame of silence, MPEG-1 Layer III, 128 kbit/s at 44.1 kHz.
_SILENCE = bytes.fromhex("fffb9064") + bytes(413)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the server does according to its contract; faults switch rules off."""

    checks_token: bool = True
    ends_calls: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an operation works on."""

    state: State
    variant: Variant
    rules: Rules

    def serialize(self, call: Call, name: str = "Call") -> bytes:
        """Return the JSON of a call as the server sends it."""
        if not self.variant.live_transcript and call["status"] == "in_progress":
            call = call | {"transcript": None}
        return self.state.json_cache.json(name, call, self.variant)

    def respond(self, call: Call) -> Response:
        """Return the response that consists of a call."""
        return Response(status=200, headers=(JSON,), body=self.serialize(call))


def _get_call(account: Account, arguments: Mapping[str, Any]) -> Response:
    return account.respond(account.state.call(arguments.get("id", "")))


def _end_call(account: Account, arguments: Mapping[str, Any]) -> Response:
    """End a call and return it; the body is ignored."""
    call = account.state.call(arguments.get("id", ""))
    if account.rules.ends_calls:
        calls.end_call(account.state, call)
    return account.respond(call)


def _create_call(account: Account, arguments: Mapping[str, Any]) -> Response:
    call = calls.place_call(account.state, arguments.get("body"), account.variant.provider)
    return account.respond(call)


def _list_calls(account: Account, arguments: Mapping[str, Any]) -> Response:
    """Return one page of the calls, newest first unless sorted."""
    page, size = arguments.get("page") or 1, arguments.get("size") or 10
    found = list(reversed(account.state.calls))
    if column := arguments.get("sort_column"):
        rank = {identifier: _rank(account.state.call(identifier).get(column)) for identifier in found}
        found.sort(key=rank.__getitem__, reverse=bool(arguments.get("sort_desc")))
    total, start = len(found), (page - 1) * size
    shown = (account.state.call(identifier) for identifier in found[start : start + size])
    items = [orjson.Fragment(account.serialize(call, "NormalizedCall")) for call in shown]
    content = {"items": items, "page": page, "size": size, "has_more": start + size < total}
    if "total" in account.state.contract.schema("CallPage")["properties"]:
        content |= {"total": total, "total_is_estimated": False}
    return json_response(200, content)


def _rank(value: Any) -> tuple[bool, Any]:
    """Return a sort key that puts null after all other values and agents in the order of their ids."""
    if value is None:
        return True, ""
    return False, value["id"] if isinstance(value, Mapping) else value


def _get_recording(account: Account, arguments: Mapping[str, Any]) -> Response:
    """Return the recording of a call: a tenth of a second of silence."""
    if not account.state.call(arguments.get("id", ""))["recording_available"]:
        return error_response(404, "Recording not found")
    return Response(status=200, headers=(("content-type", "audio/mpeg"),), body=_SILENCE * 4)


OPERATIONS: Mapping[str, Callable[[Account, Mapping[str, Any]], Response]] = {
    "create_call": _create_call,
    "end_call": _end_call,
    "get_call": _get_call,
    "get_recording": _get_recording,
    "list_calls": _list_calls,
}
