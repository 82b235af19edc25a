"""The five operations as a Flask application over SQLite, as an ordinary back-end team would write it.

It shares no code with the package. Here are the requests and the responses, in `flask_calls.py` the accounts.
`flask_variants.py` has ways in which sound servers differ, and `flask_faults.py` what teams get wrong: both are tables
of changes to the methods and attributes of `Api`, which can be combined.
"""

import math
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Flask, g, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.servers.flask_calls import Api, Json, Options, Refused, agent_options, call_options, invalid

#: The parts of an agent, and a key that each type of them has besides.
PARTS: Mapping[str, Mapping[str, str]] = {
    "voice": {
        "voice_azure": "voice_name",
        "voice_rime": "speaker",
        "voice_eleven_labs": "voice_id",
        "voice_play_ht": "voice_id",
        "voice_vocode": "voice_id",
    },
    "vector_database": {"vector_database_pinecone": "index"},
    "openai_account_connection": {"account_connection_openai": "credentials"},
}
TYPE_OF_ACTION = re.compile("action_(transfer_call|end_conversation|dtmf|add_to_conference|set_hold|external)")


def is_option(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, tuple) and isinstance(wanted[0], str):
        return value in wanted
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))


def is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False


def validate(body: Any, date: str) -> Json:
    """Return the body of a request to create a call.

    Raises:
        Refused: It is not one.
    """
    if not isinstance(body, dict):
        raise invalid("value is not a valid dict", "type_error.dict", "body")
    if missing := [key for key in ("from_number", "to_number", "agent") if body.get(key) is None]:
        raise Refused(
            422, [{"loc": ["body", key], "msg": "required", "type": "value_error.missing"} for key in missing]
        )
    numbers: Options = {"from_number": (str, None), "to_number": (str, None)}
    validate_options({**numbers, **call_options(date)}, body, "body")
    for key in ("context", "telephony_params"):
        if not all(isinstance(value, str) for value in (body.get(key) or {}).values()):
            raise invalid("str type expected", "type_error.str", "body", key)
    if not is_uuid(body["agent"]):
        validate_agent(body["agent"], date)
    return body


def validate_agent(agent: Any, date: str) -> None:
    place = ("body", "agent")
    if not isinstance(agent, dict):
        raise invalid("value is not a valid agent", "type_error", *place)
    prompt = agent.get("prompt")
    if not is_uuid(prompt) and not (isinstance(prompt, dict) and isinstance(prompt.get("content", ""), str)):
        raise invalid("value is not a valid prompt", "type_error", *place, "prompt")
    validate_options(agent_options(date), agent, *place)
    for name, types in PARTS.items():
        part = agent.get(name)
        is_known = isinstance(part, dict) and part.get("type") in types and part.get(types[part["type"]])
        if part is not None and not is_uuid(part) and not is_known:
            raise invalid("value is not valid", "type_error", *place, name)
    actions = agent.get("actions") or []
    types_of = [action.get("type") for action in actions if isinstance(action, dict)]
    if not isinstance(actions, list) or not all(TYPE_OF_ACTION.fullmatch(str(kind)) for kind in types_of):
        raise invalid("value is not a valid list of actions", "type_error", *place, "actions")


def validate_options(options: Options, values: Json, *place: str) -> None:
    for key, (wanted, _) in options.items():
        if values.get(key) is not None and not is_option(values[key], wanted):
            raise invalid("value is not valid", "type_error", *place, key)


def query(name: str, kind: Callable[[str], Any], default: Any = ...) -> Any:
    text = request.args.get(name)
    if text is None and default is not ...:
        return default
    if text is None:
        raise invalid("field required", "value_error.missing", "query", name)
    try:
        return kind(text)
    except (ValueError, KeyError):
        raise invalid("value is not valid", "type_error", "query", name) from None


def identifier() -> str:
    return str(query("id", UUID))


def create_app(api: Api) -> Flask:
    app = Flask(__name__)

    @app.before_request
    def authenticate() -> None:
        if request.endpoint is not None:
            if wait := api.admit():
                raise Refused(429, "Too many requests", {"Retry-After": str(math.ceil(wait))})
            g.owner = api.authenticate(request.endpoint, request.headers.get("Authorization", ""))
            if g.owner is None:
                raise api.unauthenticated()

    @app.get("/v1/calls")
    def get_call() -> Any:
        return jsonify(api.shown("get_call", api.find("get_call", g.owner, identifier())))

    @app.post("/v1/calls/end")
    def end_call() -> Any:
        return jsonify(api.shown("end_call", api.end(api.find("end_call", g.owner, identifier()))))

    @app.get("/v1/calls/list")
    def list_calls() -> Any:
        column, descending = None, False
        if api.date >= "2024":
            column = query("sort_column", lambda text: api.columns[api.columns.index(text)], None)
            descending = query("sort_desc", {"true": True, "false": False, "1": True, "0": False}.__getitem__, False)
        number, size = query("page", api.bounded(10**9), 1), query("size", api.bounded(api.most), 10)
        return jsonify(api.page(g.owner, number, size, api.order(column, descending)))

    @app.post("/v1/calls/create")
    def create_call() -> Any:
        return jsonify(api.shown("create_call", api.create(validate(request.get_json(silent=True), api.date), g.owner)))

    @app.get("/v1/calls/recording")
    def get_recording() -> Any:
        call = api.find("get_recording", g.owner, identifier())
        if not call["recording_available"]:
            raise Refused(404, "Recording not found")
        return api.recording(call)

    @app.errorhandler(Refused)
    def refuse(refused: Refused) -> Any:
        return api.refusal(refused.status, refused.detail), refused.status, dict(refused.headers)

    @app.errorhandler(HTTPException)
    def fail(error: HTTPException) -> Any:
        return api.refusal(error.code or 500, error.name), error.code

    inner = app.wsgi_app

    def one_at_a_time(environ: Any, start_response: Any) -> Any:
        with api.lock:
            return inner(environ, start_response)

    app.wsgi_app = one_at_a_time  # type: ignore[method-assign]  # as Flask documents it
    return app


class Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log(self, *_: Any) -> None:
        pass


class Server:
    """One address, at which one application after the other is served.

    Args:
        tick: Called before each request.
    """

    def __init__(self, tick: Callable[[], None] = lambda: None) -> None:
        self._tick = tick
        self.app: Callable[[Any, Any], Any] = create_app(Api())
        self.requests = 0
        self._server = make_server("127.0.0.1", 0, self.answer, threaded=True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self._server.port}"

    def answer(self, environ: Any, start_response: Any) -> Any:
        """Answer a request (WSGI)."""
        self._tick()
        self.requests += 1
        return self.app(environ, start_response)

    def serve(self, api: Api) -> None:
        app = create_app(api)
        app.logger.disabled = True  # a fault may be an exception
        self.app, self.requests = app, 0

    @contextmanager
    def running(self) -> Iterator["Server"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
