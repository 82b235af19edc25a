"""Types that callers rely on; mypy judges this file, nothing runs it."""

from collections.abc import Mapping
from typing import Any, Literal, assert_type

from vocode_contract import DetectionEvent, Event, FreeFormEvent, ensure, idempotency_key, parse_event
from vocode_contract.contract import types

call = ensure(b"{}")
assert_type(call, types.Call)
assert_type(call["to_number"], str)
assert_type(call["agent"]["voice"], types.Voice)
assert_type(call.get("error_message"), str | None)
assert_type(call.get("status"), Literal["not_started", "in_progress", "error", "ended"] | None)
assert_type(ensure({}, "CallPage")["items"][0]["agent"], str)
assert_type(ensure(b"{}", "ExternalActionRequest"), types.ExternalActionRequest)
assert_type(ensure(b"{}", contract="2024-04-19"), Any)

if event := parse_event(b"{}").event:
    if event.type == "event_human_detection":
        assert_type(event, DetectionEvent)
        assert_type(event.payload["result"], Literal["human", "no_human"])
    else:
        assert_type(event, FreeFormEvent)
        assert_type(event.payload, Mapping[str, Any])
    key: str = idempotency_key(event)
own: Event = Event(type="event_of_a_later_contract", call_id="", payload={})
