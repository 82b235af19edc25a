"""What the suite makes up: the request for a call that rings nobody, and how its calls are known again."""

import re
from collections.abc import Mapping
from typing import Any

from vocode_contract.creations import MARK

#: Rings nobody: both numbers are set aside for fiction.
REQUEST: Mapping[str, Any] = {
    "from_number": "12025550123",
    "to_number": "12025550145",
    "agent": {"prompt": {"content": "Say that this is a test, and say goodbye."}},
}
_MARK = re.compile("[0-9a-f]{32}")


def is_own(request: object) -> bool:
    """Tell whether a request to create a call is one that the suite made up, whatever number it rings."""
    if not isinstance(request, dict) or request.keys() != {*REQUEST, "context"}:
        return False
    context, number = request["context"], request["to_number"]
    mark = context.get(MARK) if isinstance(context, dict) and len(context) == 1 else None
    has_mark = isinstance(mark, str) and _MARK.fullmatch(mark) is not None
    return (
        has_mark and isinstance(number, str) and all(request[key] == REQUEST[key] for key in ("from_number", "agent"))
    )


def is_marked(call: Mapping[str, Any], mark: str | None = None) -> bool:
    """Tell whether a call was asked for by this suite, or by one request of it."""
    context = call.get("context")
    return isinstance(context, dict) and (MARK in context if mark is None else context.get(MARK) == mark)
