"""The accounts behind the Flask application: calls over time, in SQLite.

A call is kept as versions, each of which holds from a time on. Those of the future are what will happen to the call
unless somebody ends it, and a replica that lags behind reads the versions of a moment ago.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from flask import Response, jsonify

Json = dict[str, Any]
#: A change of `Api`: an attribute to its value, or a method to what is called in its place with the server, the
#: method and its arguments.
Change = Mapping[str, Any]

ANNA, BERT = "6f0c9f5e-3a56-4ae1-9c2b-0d3f5c1f7a11", "b1b6e0d4-77c9-4d0e-8a53-52b0a9be3c22"
#: The tokens of two tenants.
TOKENS = {"tok-Anna-5Xq9": ANNA, "tok-Bert-8Rk2": BERT}
OVER = ("ended", "error")
SCHEMA = """
CREATE TABLE versions (call TEXT, owner TEXT, number INTEGER, since REAL, body TEXT);
CREATE INDEX latest ON versions (call, since);
CREATE TABLE agents (id TEXT PRIMARY KEY, owner TEXT, body TEXT);
"""
#: Selects what calls are at a time.
CURRENT = """
FROM versions AS v WHERE rowid =
(SELECT rowid FROM versions WHERE call = v.call AND since <= ? ORDER BY since DESC, rowid DESC LIMIT 1)
"""

LANGUAGES = ("en", "es", "de", "hi", "pt", "fr", "nl", "id", "it", "ja", "ko")
#: An option's name to what it may be, and its default.
Options = Mapping[str, tuple[Any, Any]]


def call_options(date: str) -> Options:
    """Return the options of a call."""
    options: Options = {
        "on_no_human_answer": (("continue", "hangup"), "continue"),
        "run_do_not_call_detection": (bool, None if date >= "2024" else False),
        "hipaa_compliant": (bool, False),
        "context": (dict, None),
    }
    return options if date < "2024" else {**options, "telephony_params": (dict, None)}


def agent_options(date: str) -> Options:
    """Return the options of an agent that are no objects with an id of their own."""
    since_2024: Options = {
        "name": (str, None),
        "ask_if_human_present_on_idle": (bool, False),
        "run_do_not_call_detection": (bool, False),
        "llm_temperature": ((float, int), 0.0),
    }
    since_august: Options = {
        "llm_fallback": (dict, None),
        "deepgram_keywords": (dict, None),
        "idle_time_seconds": (int, None),
    }
    return {
        "language": (LANGUAGES if date >= "2024" else LANGUAGES[:3], "en"),
        "initial_message": (str, None),
        "interrupt_sensitivity": (("low", "high"), "low"),
        "context_endpoint": (str, None),
        "noise_suppression": (bool, False),
        "endpointing_sensitivity": (("auto", "relaxed", *(("sensitive",) if date >= "2024" else ())), "auto"),
        "ivr_navigation_mode": (("default", "off"), "off"),
        "conversation_speed": ((float, int), 1.0),
        "initial_message_delay": ((float, int), 0.0),
        "openai_model_name_override": (str, None),
        **(since_2024 if date >= "2024" else {}),
        **(since_august if date >= "2024-08" else {}),
    }


def chosen(options: Options, asked: Json) -> Json:
    """Return the options that are asked for, and the defaults of others."""
    return {key: default if asked.get(key) is None else asked[key] for key, (_, default) in options.items()}


def masked(value: Any) -> Any:
    """Return a value without its secrets."""
    if not isinstance(value, dict):
        return value
    secret = {"api_key", "api_user_id", "openai_api_key", "signature_secret"}
    return {key: "********" if key in secret and each else masked(each) for key, each in value.items()}


VOICE = {"type": "voice_rime", "speaker": "young_adult", "speed_alpha": None}
LINES = ("BOT: Hello, this is the clinic.\n", "HUMAN:  Hi! I can't make it today.\n", "BOT: That's fine. Good-bye.\n")
PHONES = ("12025550101", "12025550102", "12025550103")

#: Calls that an account has from the start, oldest first: minutes since the end, seconds of talk, and what is special.
SEEDS: Sequence[tuple[int, int, Json]] = (
    (5000, 61, {"human_detection_result": "human"}),
    (4000, 9, {"human_detection_result": "no_human", "on_no_human_answer": "hangup", "telephony_provider": "vonage"}),
    (3000, 120, {"hipaa_compliant": True, "transcript": None, "recording_available": False}),
    (2000, 0, {"status": "error", "error_message": "The number is not in service.", "recording_available": False}),
    (900, 33, {"status": "error", "error_message": "The carrier hung up.", "telephony_provider": "vonage"}),
    (800, 47, {"run_do_not_call_detection": True, "do_not_call_result": True}),
    (700, 12, {"context": {"appointment": "2023-11-30T09:00", "name": "Zoë"}, "human_detection_result": "human"}),
    (600, 75, {"telephony_account_connection": "twilio"}),
    (500, 21, {"transcript": LINES[0] + 'HUMAN:  <no> & "never" again\n'}),
    (400, 0, {"recording_available": False}),
    (0, 15, {"status": "in_progress", "recording_available": False}),
    (0, 0, {"status": "not_started", "recording_available": False}),
)


class Refused(Exception):
    """The request is not served."""

    def __init__(self, status: int, detail: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status, self.detail, self.headers = status, detail, headers or {}


def invalid(message: str, kind: str, *place: str) -> Refused:
    return Refused(422, [{"loc": list(place), "msg": message, "type": kind}])


class Api:
    """The accounts of all tenants; what a server does, apart from HTTP."""

    date = "2023-11-30"
    #: Seconds by which the replicas behind these operations lag.
    get_lag, list_lag = 0.0, 0.0
    #: Seconds until a called phone is answered, and until a call that is ended has ended.
    ringing, ending = 0.5, 0.0
    #: Calls on a page at most; seeds of an account, and calls besides.
    most, seeds, extra = 100, len(SEEDS), 0
    columns: tuple[str, ...] = ("to_number", "from_number", "status", "start_time", "end_time")

    def __init__(self, *changes: Change) -> None:
        self.lock = threading.RLock()
        self.db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self.db.executescript(SCHEMA)
        self.served: dict[bool, list[float]] = {}  # for a rate limit
        for name, change in [item for each in changes for item in each.items()]:
            inner = getattr(self, name)
            setattr(self, name, partial(change, self, inner) if callable(inner) else change)
        for owner in (ANNA, BERT):
            self.seed(owner, self.seeds if owner == ANNA else min(self.seeds, 5), self.extra if owner == ANNA else 0)

    def seed(self, owner: str, count: int, extra: int) -> None:
        now = time.time()
        plain: list[tuple[int, int, Json]] = [(100_000 - index, 30 + index % 40, {}) for index in range(extra)]
        for index, (minutes, seconds, special) in enumerate((*plain, *SEEDS[:count])):
            asked = {"from_number": PHONES[0], "to_number": PHONES[index % 3], "agent": {"prompt": {"content": "Hi."}}}
            call = self.new_call(asked, owner)
            end = now - 60 * minutes
            start = end - seconds if seconds else None
            text = "".join(LINES) if seconds else None
            call |= {"status": "ended", "start_time": start, "end_time": end, "transcript": text}
            call |= {"recording_available": True, **special}
            if special.get("telephony_account_connection"):
                call["telephony_account_connection"] = connection(owner)
            if call["status"] not in OVER:
                call["end_time"] = None
            self.put(call, now - 86_400)

    # --- who may do what ---

    def authenticate(self, operation: str, header: str) -> str | None:  # noqa: ARG002  # a fault looks at it
        scheme, _, token = header.partition(" ")
        return TOKENS.get(token) if scheme.lower() == "bearer" else None

    def unauthenticated(self) -> Refused:
        return Refused(401, "Not authenticated", {"WWW-Authenticate": "Bearer"})

    def admit(self) -> float:
        """Return the seconds to wait; 0 if the request may be served."""
        return 0.0

    def may_use(self, operation: str, owner: str, call: Json) -> bool:  # noqa: ARG002  # the same
        return bool(call["user_id"] == owner)

    def owners(self, owner: str) -> tuple[str, ...]:
        """Return the accounts whose calls are listed."""
        return (owner,)

    def hidden(self) -> Refused:
        """Return the response to a request for a call of another account."""
        return self.unknown()

    def unknown(self) -> Refused:
        return Refused(404, "Call not found")

    def find(self, operation: str, owner: str, identifier: str) -> Json:
        call = self.at(identifier, time.time() - (self.get_lag if operation.startswith("get") else 0))
        if call is None:
            raise self.unknown()
        if not self.may_use(operation, owner, call):
            raise self.hidden()
        return call

    # --- calls over time ---

    def at(self, identifier: str, moment: float) -> Json | None:
        row = self.db.execute(f"SELECT body {CURRENT} AND call = ?", (moment, identifier)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, call: Json, since: float) -> None:
        (number,) = self.db.execute(
            "SELECT coalesce((SELECT number FROM versions WHERE call = ?), max(number) + 1, 1) FROM versions",
            (call["id"],),
        ).fetchone()
        row = (call["id"], call["user_id"], number, since, json.dumps(call))
        self.db.execute("INSERT INTO versions VALUES (?, ?, ?, ?, ?)", row)

    def new_call(self, asked: Json, owner: str) -> Json:
        return {
            "id": str(uuid4()),
            "user_id": owner,
            "status": "not_started",
            "error_message": None,
            "recording_available": False,
            "transcript": None,
            "human_detection_result": None,
            "do_not_call_result": None,
            "telephony_id": None,
            "to_number": asked["to_number"].removeprefix("+"),
            "from_number": asked["from_number"].removeprefix("+"),
            "agent": self.agent_for(asked["agent"], owner),
            "telephony_provider": "twilio",
            "agent_phone_number": asked["from_number"].removeprefix("+"),
            "start_time": None,
            "end_time": None,
            **chosen(call_options(self.date), asked),
            "telephony_account_connection": None,
        }

    def agent_for(self, asked: Any, owner: str) -> Json:
        """Return a known agent, or make one."""
        if isinstance(asked, dict):
            agent = self.new_agent(asked, owner)
            self.db.execute("INSERT INTO agents VALUES (?, ?, ?)", (agent["id"], owner, json.dumps(agent)))
            return agent
        rows = self.db.execute("SELECT owner, body FROM agents WHERE id = ?", (asked,)).fetchall()
        if not rows or not self.may_take_agent(owner, rows[0][0]):
            raise invalid("agent not found", "value_error", "body", "agent")
        return dict(json.loads(rows[0][1]))

    def may_take_agent(self, owner: str, other: str) -> bool:
        return owner == other

    def new_agent(self, asked: Json, owner: str) -> Json:
        def part(value: Any) -> Json | None:
            return {**masked(value), "id": str(uuid4()), "user_id": owner} if isinstance(value, dict) else None

        prompt = asked["prompt"] if isinstance(asked["prompt"], dict) else {}
        return {
            "id": str(uuid4()),
            "user_id": owner,
            **chosen(agent_options(self.date), asked),
            "prompt": part({"content": "", **{key: each for key, each in prompt.items() if key != "prompt_template"}}),
            "actions": [part(action) for action in asked.get("actions") or () if isinstance(action, dict)],
            "voice": part(asked.get("voice")) or part(VOICE),
            "webhook": part(asked.get("webhook")),
            "vector_database": part(asked.get("vector_database")),
            "openai_account_connection": part(asked.get("openai_account_connection")),
        }

    def life(self, now: float) -> Iterator[tuple[float, Json]]:
        """Yield what happens to a new call by itself, and when."""
        start = now + self.ringing
        yield start, {"status": "in_progress", "start_time": start, "human_detection_result": "human"}
        for index in range(len(LINES)):
            yield start + 0.08 * (index + 1), {"transcript": "".join(LINES[: index + 1])}
        yield start + 60, {"status": "ended", "end_time": start + 60, "recording_available": True}

    def plan(self, call: Json, steps: Iterator[tuple[float, Json]]) -> None:
        for since, changes in steps:
            call = {**call, **changes}
            if call["hipaa_compliant"]:
                call |= {"transcript": None, "recording_available": False}
            self.put(call, since)

    def create(self, asked: Json, owner: str) -> Json:
        call, now = self.new_call(asked, owner), time.time()
        self.put(call, now)
        self.plan(call, self.life(now))
        return call

    def end(self, call: Json) -> Json:
        """End a call, unless it is over or about to be, and return what it is by then."""
        now = time.time()
        due = now + self.ending
        planned = self.at(call["id"], due)
        if planned is not None and planned["status"] not in OVER:
            self.db.execute("DELETE FROM versions WHERE call = ? AND since > ?", (call["id"], now))
            self.plan(self.at(call["id"], now) or call, self.after_end(call, due))
        return self.at(call["id"], now) or call

    def after_end(self, call: Json, due: float) -> Iterator[tuple[float, Json]]:
        """Yield what happens to a call that is ended, and when."""
        yield due, {"status": "ended", "end_time": due, "recording_available": call["start_time"] is not None}

    # --- lists ---

    def order(self, column: str | None, descending: bool) -> str:
        by = f"json_extract(body, '$.{column}') {'DESC' if descending else 'ASC'}, " if column else ""
        return f"{by}number DESC"

    def bounded(self, most: int) -> Callable[[str], int]:
        """Return what reads a number of a query."""

        def parse(text: str) -> int:
            if not 1 <= int(text) <= most:
                raise ValueError
            return int(text)

        return parse

    def window(self, page: int, size: int) -> tuple[int, int]:
        """Return how many calls are skipped, and how many are shown."""
        return (page - 1) * size, size

    def read(self, owner: str, order: str, offset: int, limit: int) -> tuple[list[Json], int]:
        """Return some calls of a list, and how many it has."""
        owners = self.owners(owner)
        mine = f"{CURRENT} AND owner IN ({', '.join('?' * len(owners))})"
        given = (time.time() - self.list_lag, *owners)
        rows = self.db.execute(f"SELECT body {mine} ORDER BY {order} LIMIT ? OFFSET ?", (*given, limit, offset))
        calls = [json.loads(body) for (body,) in rows]
        return calls, self.db.execute(f"SELECT count(*) {mine}", given).fetchone()[0]

    def page(self, owner: str, number: int, size: int, order: str) -> Json:
        calls, total = self.read(owner, order, *self.window(number, size))
        items = [self.shown("list_calls", {**call, "agent": call["agent"]["id"]}) for call in calls]
        page = {"items": items, "page": number, "size": size, "has_more": number * size < total}
        return page if self.date < "2024" else {**page, "total": total, "total_is_estimated": False}

    # --- what is sent ---

    def shown(self, operation: str, call: Json) -> Json:
        """Return a call as it is sent."""
        moments = {}
        for key in ("start_time", "end_time"):
            if call[key] is not None:
                is_number = operation == "list_calls" and self.date >= "2024-08"
                moments[key] = call[key] if is_number else self.written(call[key])
        return {**call, **moments}

    def written(self, moment: float) -> str:
        return datetime.fromtimestamp(moment, UTC).isoformat()

    def recording(self, call: Json) -> Response:
        frame = b"\xff\xfb\x90\x00" + UUID(call["id"]).bytes + bytes(397)
        name = {"Content-Disposition": f'attachment; filename="{call["id"]}.mp3"'}
        return Response(frame * 3, mimetype="audio/mpeg", headers=name)

    def refusal(self, status: int, detail: Any) -> Any:  # noqa: ARG002  # a variant names it
        """Return the body of a response to a request that is not served."""
        return jsonify({"detail": detail})


def connection(owner: str) -> Json:
    credentials = {"twilio_account_sid": f"AC{UUID(owner).hex}", "twilio_auth_token": "********"}
    return {"id": str(uuid4()), "user_id": owner, "type": "account_connection_twilio", "credentials": credentials}
