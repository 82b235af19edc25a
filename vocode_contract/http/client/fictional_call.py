"""The Create Call request that rings nobody, and the mark that tells the calls it created from others."""

import re
from collections.abc import Mapping
from typing import Any

from vocode_contract.http.client.created_calls import MARK

#: Rings nobody: both numbers are set aside for fiction.
REQUEST: Mapping[str, Any] = {
    "from_number": "12025550123",
    "to_number": "12025550145",
    "agent": {
        "prompt": {"content": "Say that this is a test, and say goodbye."},
        "initial_message": "Grüße! 这是测试。",  # no server may mangle what is not ASCII
    },
    "on_no_human_answer": "hangup",
    "run_do_not_call_detection": True,
    "hipaa_compliant": False,
}

#: Stands in the context beside the mark.
CONTEXT: Mapping[str, str] = {"occasion": "Prüfung 测试"}
_MARK = re.compile("[0-9a-f]{32}")


def is_own(request: object) -> bool:
    """Return whether a request to create a call is one that the suite made up, whatever number it rings."""
    if not isinstance(request, dict) or request.keys() != {*REQUEST, "context"}:
        return False
    context, mark = request["context"], mark_of(request)
    is_marked_alone = bool(_MARK.fullmatch(mark)) and context == {**CONTEXT, MARK: mark}
    others = REQUEST.keys() - {"to_number"}
    return is_marked_alone and isinstance(request["to_number"], str) and all(request[k] == REQUEST[k] for k in others)


def mark_of(call: Mapping[str, Any]) -> str:
    """Return the mark in the context of a call; empty if there is none."""
    context = call.get("context")
    mark = context.get(MARK) if isinstance(context, dict) else None
    return mark if isinstance(mark, str) else ""


def is_marked(call: Mapping[str, Any], mark: str | None = None) -> bool:
    """Return whether a call was asked for by this suite, or by one request of it."""
    found = mark_of(call)
    return bool(found) if mark is None else found == mark
