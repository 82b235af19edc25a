"""What each operation does to the account, and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from vocode_contract.http.message import Response
from vocode_contract.simulator import calls
from vocode_contract.simulator.account import Call, State
from vocode_contract.simulator.responses import error_response, json_response
from vocode_contract.simulator.variants import Variant

#: One frame of silence, MPEG-1 Layer III, 128 kbit/s at 44.1 kHz.
_SILENCE = bytes.fromhex("fffb9064") + bytes(413)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the server does by the contract; a fault breaks one of them.

    Attributes:
        checks_token: A request without the right token is refused.
        ends_calls: End Call ends the call.
    """

    checks_token: bool = True
    ends_calls: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an operation works on.

    Attributes:
        state: The calls and things.
        variant: How the server words its answers.
        rules: What the server does by the contract.
    """

    state: State
    variant: Variant
    rules: Rules

    def call(self, identifier: str) -> Call:
        """Return a call.

        Raises:
            NotStored: There is no call of that id.
        """
        return self.state.call(identifier)

    def shown(self, call: Call, name: str = "Call") -> orjson.Fragment:
        """Write a call as the server sends it, as a part of JSON."""
        if not self.variant.live_transcript and call["status"] == "in_progress":
            call = call | {"transcript": None}
        return orjson.Fragment(self.state.written.json(name, call, self.variant))


def get_call(account: Account, arguments: Mapping[str, Any]) -> Response:
    """Answer with one call."""
    return json_response(200, account.shown(account.call(arguments["id"])))


def end_call(account: Account, arguments: Mapping[str, Any]) -> Response:
    """End a call and answer with it, as it is then; whatever body came is ignored."""
    call = account.call(arguments["id"])
    if account.rules.ends_calls:
        calls.end(account.state, call)
    return json_response(200, account.shown(call))


def create_call(account: Account, arguments: Mapping[str, Any]) -> Response:
    """Place a call and answer with it, before anybody has picked it up."""
    provider = account.variant.provider
    return json_response(200, account.shown(calls.placed(account.state, arguments["body"], provider)))


def list_calls(account: Account, arguments: Mapping[str, Any]) -> Response:
    """Answer with one page of the calls, the newest first unless sorted."""
    page, size = arguments["page"], arguments["size"]
    found = list(reversed(account.state.calls))
    if column := arguments.get("sort_column"):
        rank = {identifier: _rank(account.call(identifier)[column]) for identifier in found}
        found.sort(key=rank.__getitem__, reverse=bool(arguments.get("sort_desc")))
    total, start = len(found), (page - 1) * size
    items = [account.shown(account.call(identifier), "NormalizedCall") for identifier in found[start : start + size]]
    content = {"items": items, "page": page, "size": size, "has_more": start + size < total}
    if "total" in account.state.contract.schema("CallPage")["properties"]:
        content |= {"total": total, "total_is_estimated": False}
    return json_response(200, content)


def _rank(value: Any) -> tuple[bool, Any]:
    """Order unset values after all others, agents by their id."""
    if value is None:
        return True, ""
    return False, value["id"] if isinstance(value, Mapping) else value


def get_recording(account: Account, arguments: Mapping[str, Any]) -> Response:
    """Answer with the sound of a call, a tenth of a second of silence."""
    if not account.call(arguments["id"])["recording_available"]:
        return error_response(404, "Recording not found")
    return Response(status=200, headers=(("content-type", "audio/mpeg"),), body=_SILENCE * 4)


OPERATIONS: Mapping[str, Callable[[Account, Mapping[str, Any]], Response]] = {
    "create_call": create_call,
    "end_call": end_call,
    "get_call": get_call,
    "get_recording": get_recording,
    "list_calls": list_calls,
}
