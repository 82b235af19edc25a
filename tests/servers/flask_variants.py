"""Ways in which sound servers differ: changes of the Flask application of which no document says anything.

Each is one entry of `VARIANTS`, and they can be combined.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from flask import jsonify, request

from tests.servers.flask_calls import OVER, PHONES, Api, Change, Json, Refused, invalid


def limit(api: Api, inner: Any) -> float:
    """Let a client wait for a second after 40 requests that read, and after 8 others."""
    served, most = api.served.setdefault(request.method == "GET", []), 40 if request.method == "GET" else 8
    now = time.time()
    if len(served) == most and now < served[-1] + 1:
        return served[-1] + 1 - now
    served[:] = [*(served if len(served) < most else ()), now]
    return float(inner())


def end_once(_: Api, inner: Any, call: Json) -> Json:
    if call["status"] in OVER:
        raise Refused(409, "The call is over")
    return dict(inner(call))


def own_numbers(_: Api, inner: Any, asked: Json, owner: str) -> Json:
    if asked["from_number"] not in PHONES:
        raise invalid("from_number is not one of your numbers", "value_error", "body", "from_number")
    return dict(inner(asked, owner))


def fail_at_once(_: Api, inner: Any, now: float) -> Iterator[tuple[float, Json]]:  # noqa: ARG001
    yield now, {"status": "error", "error_message": "The number is not in service."}


def hang_up_soon(api: Api, inner: Any, now: float) -> Iterator[tuple[float, Json]]:
    yield from inner(now)
    over = now + api.ringing + 0.3
    yield over, {"status": "ended", "end_time": over, "recording_available": True}


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return value


VARIANTS: Mapping[str, Change] = {
    "as-it-is": {},
    "contract-2024-04-19": {"date": "2024-04-19"},
    "contract-2024-08-27": {"date": "2024-08-27"},
    "list-lags": {"list_lag": 0.3},
    "list-lags-a-little": {"list_lag": 0.1},
    "get-lags": {"get_lag": 0.25},
    "ends-later": {"ending": 0.2},
    "ends-once": {"end": end_once},
    "fails-at-once": {"life": fail_at_once, "end": end_once},
    "hangs-up-soon": {"life": hang_up_soon},
    "answers-at-once": {"ringing": 0.0},
    "limits-rate": {"admit": limit},
    "own-numbers-only": {"create": own_numbers},
    "many-calls": {"extra": 300},
    "oldest-first": {"order": lambda _, inner, *how: inner(*how).replace("number DESC", "number ASC")},
    "new-account": {"seeds": 0},
    "small-pages": {"most": 50},
    "forbids-others": {"hidden": lambda _, __: Refused(403, "Not a call of yours")},
    "forbids-strangers": {"unauthenticated": lambda _, __: Refused(403, "Not authenticated")},
    "other-error-bodies": {
        "refusal": lambda _, __, status, ___: jsonify({"message": "Refused", "error": "Error", "statusCode": status})
    },
    "leaves-nulls-out": {"shown": lambda _, inner, *what: without_nulls(inner(*what))},
    "local-times": {
        "written": lambda _, __, moment: datetime.fromtimestamp(moment, timezone(timedelta(hours=2))).isoformat()
    },
    "zulu-times": {"written": lambda _, inner, moment: inner(moment).replace("+00:00", "Z")},
    "estimates-total": {"page": lambda _, inner, *how: {**inner(*how), "total": 1000, "total_is_estimated": True}},
    "sorts-nothing": {"columns": ()},
}
