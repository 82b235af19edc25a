"""Types that callers rely on; mypy judges this file, nothing runs it."""

from typing import Any, Literal, assert_type

from vocode_contract import ensure
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
