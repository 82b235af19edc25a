"""The five operations as a FastAPI application, its models made from the table of facts.

It shares no code with the package: routing, parsing, refusals and error bodies are the framework's
own, so that it can stand in for a server nobody here wrote. It runs on old FastAPI with pydantic 1
and on new FastAPI with pydantic 2; each words its errors differently.

Usage: python fastapi_app.py CONTRACT-DATE; prints its URL, serves until its standard input closes.
"""

import json
import socket
import sys
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, List, Literal, Optional, Union
from uuid import UUID, uuid4

import pydantic
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

FACTS = Path(__file__).parent.parent / "facts"
TOKEN = "token-of-the-framework"
MPEG = b"\xff\xfb\x90\x00" + bytes(413)
SCALARS: Dict[str, Any] = {
    "string": str,
    "string:uuid": UUID,
    "string:date-time": datetime,
    "integer": int,
    "number": float,
    "boolean": bool,
    "object": dict,
    "closed object": dict,
    "any": Any,
}


def rows(date: str) -> List[List[str]]:
    lines = (FACTS / f"{date}.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if " " not in line.partition("\t")[0]]


class Models:
    """The schemas of one contract as pydantic models, made when they are first named."""

    def __init__(self, date: str) -> None:
        self.fields: Dict[str, List[List[str]]] = {}
        for name, *field in rows(date):
            self.fields.setdefault(name, []).append(field)
        self.made: Dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self.made:
            fields = self.fields[name]
            alone = fields[0][0] == "-" and not fields[0][1].endswith("object")
            self.made[name] = self.annotation(fields[0][1]) if alone else self.model(name)
        return self.made[name]

    def model(self, name: str) -> Any:
        members: Dict[str, Any] = {}
        for key, kind, presence, default, *_ in self.fields[name]:
            if key == "-":
                continue
            annotation = self.annotation(kind)
            if presence == "required":
                members[key] = (annotation, ...)
            elif default == "-":
                members[key] = (Optional[annotation], None)
            else:
                members[key] = (annotation, _json(default))
        return pydantic.create_model(name, **members)

    def annotation(self, kind: str) -> Any:
        """Read the table's notation: ref X, enum(a|b), array<X>, map<X>, oneOf(X|Y), anyOf(X|Y)."""
        if kind in SCALARS:
            return SCALARS[kind]
        if kind.startswith("ref "):
            return self[kind[4:]]
        head, inner = kind.split("<" if kind.endswith(">") else "(", 1) if kind[-1] in ">)" else (kind, "")
        inner = inner[:-1]
        if head == "enum":
            return Literal[tuple(inner.split("|"))]
        if head == "array":
            return List[self.annotation(inner)]  # type: ignore[misc]  # known when it runs
        if head == "map":
            return Dict[str, self.annotation(inner)]  # type: ignore[misc]  # the same
        if head in ("oneOf", "anyOf"):
            return Union[tuple(self.annotation(member) for member in _members(inner))]
        return self[kind]


def _json(text: str) -> Any:
    return json.loads(text)


def _members(text: str) -> List[str]:
    """Split at the bars of the outermost level."""
    members, depth = [""], 0
    for character in text:
        depth += (character in "(<") - (character in ")>")
        if character == "|" and depth == 0:
            members.append("")
        else:
            members[-1] += character
    return members


class Calls:
    """The calls of one account."""

    def __init__(self, date: str) -> None:
        self.date = date
        self.owner = str(uuid4())
        self.by_id: Dict[UUID, Dict[str, Any]] = {}
        for _ in range(3):
            self.create({"to_number": "12025550101", "from_number": "12025550102", "agent": {"prompt": {}}})

    def create(self, asked: Dict[str, Any]) -> Dict[str, Any]:
        call = {key: value for key, value in asked.items() if value is not None}
        agent = call["agent"] if isinstance(call["agent"], dict) else {"prompt": {}}
        call.update(
            id=str(uuid4()),
            user_id=self.owner,
            status="in_progress",
            agent=self.owned({"actions": [], "voice": {"type": "voice_rime", "speaker": "young"}, **agent}),
            telephony_provider="twilio",
            agent_phone_number=call["from_number"],
            start_time=self.now(),
        )
        self.by_id[UUID(call["id"])] = call
        return call

    def owned(self, value: Any) -> Any:
        """Give an agent and all it is made of an id and an owner; nothing is stored under an id that is sent."""
        made = {key: child for key, child in value.items() if child is not None}
        stand_ins: Dict[str, Any] = {"prompt": {}, "voice": {"type": "voice_rime", "speaker": "young"}}
        for key in ("prompt", "voice", "webhook", "vector_database", "openai_account_connection"):
            part = made.pop(key, None)
            part = part if isinstance(part, dict) else stand_ins.get(key)
            if part is not None:
                kept = {name: child for name, child in part.items() if name != "prompt_template"}
                made[key] = {**kept, "id": str(uuid4()), "user_id": self.owner}
        made["actions"] = [
            {**action, "id": str(uuid4()), "user_id": self.owner}
            for action in made["actions"]
            if isinstance(action, dict)
        ]
        return {**made, "id": str(uuid4()), "user_id": self.owner}

    def now(self) -> Any:
        return datetime.now(timezone.utc).isoformat()  # noqa: UP017  # as old versions have it

    def end(self, call: Dict[str, Any]) -> None:
        if call["status"] == "in_progress":
            call.update(status="ended", end_time=self.now())

    def page(self, page: int, size: int, column: Optional[str], descending: bool) -> Dict[str, Any]:
        calls = list(self.by_id.values())[::-1]
        if column:
            calls.sort(key=lambda call: str(call.get(column)), reverse=descending)
        items = [{**call, "agent": call["agent"]["id"]} for call in calls[(page - 1) * size : page * size]]
        if self.date >= "2024-08":  # the list has seconds where the call has text
            for item in items:
                for key in ("start_time", "end_time"):
                    item[key] = datetime.fromisoformat(item[key]).timestamp() if item.get(key) else None
        found = {"items": items, "page": page, "size": size, "has_more": page * size < len(calls)}
        return {**found, "total": len(calls), "total_is_estimated": False}


def application(date: str) -> FastAPI:
    models, calls, bearer = Models(date), Calls(date), HTTPBearer()
    Call, CallPage, CreateCallRequest = models["Call"], models["CallPage"], models["CreateCallRequest"]  # noqa: N806

    def authorised(given: HTTPAuthorizationCredentials = Depends(bearer)) -> None:  # noqa: B008  # the framework's way
        if given.credentials != TOKEN:
            raise HTTPException(401 if pydantic.VERSION.startswith("2") else 403, "Invalid token")

    def found(id: UUID) -> Dict[str, Any]:  # noqa: A002  # the name on the wire
        if id not in calls.by_id:
            raise HTTPException(404, "Call not found")
        return calls.by_id[id]

    app = FastAPI(dependencies=[Depends(authorised)], openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/v1/calls", response_model=Call)
    def get_call(call: Dict[str, Any] = Depends(found)) -> Any:  # noqa: B008
        return call

    @app.post("/v1/calls/end", response_model=Call)
    def end_call(call: Dict[str, Any] = Depends(found)) -> Any:  # noqa: B008
        calls.end(call)
        return call

    @app.get("/v1/calls/list", response_model=CallPage)
    def list_calls(
        page: int = 1, size: int = 10, sort_column: Optional[str] = None, sort_desc: Optional[bool] = False
    ) -> Any:
        return calls.page(page, size, sort_column, bool(sort_desc))

    @app.post("/v1/calls/create", response_model=Call)
    def create_call(request: CreateCallRequest) -> Any:  # type: ignore[valid-type]  # made above
        return calls.create(_dumped(request))

    @app.get("/v1/calls/recording")
    def get_recording(call: Dict[str, Any] = Depends(found)) -> Any:  # noqa: B008
        if not call.get("recording_available"):
            raise HTTPException(404, "Recording not found")
        return Response(MPEG, media_type="audio/mpeg")

    return app


def _dumped(model: Any) -> Dict[str, Any]:
    dumped: Dict[str, Any] = model.model_dump() if hasattr(model, "model_dump") else model.dict()
    return dumped


def main(date: str) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application(date), log_level="critical", lifespan="off"))
    threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    main(sys.argv[1])
