"""The recipes of the how-to, run: the blocks are taken from the page, each behind its framework's own test client."""

import base64
import importlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from vocode_contract import ExternalAction, parse_answer, signed_request

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "receive-webhooks.md"
BLOCK = re.compile(r'^```python(?: title="(?P<title>[\w.]+)")?\n(?P<code>.*?)^```$', re.DOTALL | re.MULTILINE)
CALL = "37bf8eef-d71f-474f-877f-cdaf1d3e2103"
CANARY = "Canary-7f3e"
SECRET = base64.b64encode(b"0123456789abcdef" * 2).decode()
OLD_SECRET = base64.b64encode(bytes(32)).decode()
EVENT = json.dumps({"type": "event_message", "call_id": CALL, "payload": {"text": CANARY}}).encode()
ACTION, HEADERS = signed_request(ExternalAction(call_id=CALL, payload={"order": CANARY}), SECRET)

Send = Callable[[str, bytes, Mapping[str, str]], tuple[int, bytes]]


def blocks(*, titled: bool) -> list[re.Match[str]]:
    return [block for block in BLOCK.finditer(PAGE.read_text("utf-8")) if bool(block["title"]) is titled]


@pytest.fixture
def receiver(tmp_path, monkeypatch) -> Iterator[ModuleType]:
    """The page's modules, importable; the receiver among them, with nothing received."""
    monkeypatch.setenv("VOCODE_SIGNATURE_SECRETS", f"{OLD_SECRET} {SECRET}")
    monkeypatch.syspath_prepend(tmp_path)
    for block in blocks(titled=True):
        (tmp_path / block["title"]).write_text(block["code"], "utf-8")
    importlib.invalidate_caches()
    yield importlib.import_module("receiver")
    for block in blocks(titled=True):
        sys.modules.pop(block["title"].removesuffix(".py"), None)


def asgi(app: Any) -> Send:
    client = pytest.importorskip("starlette.testclient").TestClient(app)

    def send(path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        response = client.post(path, content=body, headers=headers)
        return response.status_code, response.content

    return send


def fastapi() -> Send:
    pytest.importorskip("fastapi")
    return asgi(importlib.import_module("with_fastapi").app)


def starlette() -> Send:
    pytest.importorskip("starlette")
    return asgi(
        importlib.import_module("with_starlette").Webhooks(pytest.importorskip("starlette.applications").Starlette())
    )


def flask() -> Send:
    pytest.importorskip("flask")
    client = importlib.import_module("with_flask").app.test_client()

    def send(path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        response = client.post(path, data=body, headers=headers)
        return response.status_code, response.data

    return send


def django() -> Send:
    settings = pytest.importorskip("django.conf").settings
    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["testserver"], ROOT_URLCONF="with_django", SECRET_KEY="made up")
        pytest.importorskip("django").setup()
    pytest.importorskip("django.urls").clear_url_caches()
    client = pytest.importorskip("django.test").Client(enforce_csrf_checks=True)

    def send(path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        response = client.post(path, body, content_type=headers.get("content-type", "text/plain"), headers=headers)
        return response.status_code, response.content

    return send


def aws_lambda(*, encoded: bool = False) -> Send:
    handler = importlib.import_module("with_lambda").handler

    def send(path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        text = base64.b64encode(body).decode() if encoded else body.decode()
        response = handler({"rawPath": path, "body": text, "isBase64Encoded": encoded, "headers": headers}, None)
        return response["statusCode"], response["body"].encode()

    return send


def aws_lambda_encoded() -> Send:
    return aws_lambda(encoded=True)


@pytest.fixture(
    params=[fastapi, flask, django, starlette, aws_lambda, aws_lambda_encoded], ids=lambda made: made.__name__
)
def send(request, receiver) -> Send:  # noqa: ARG001 - a mark does nothing on a fixture
    """Post a body to the receiver behind one framework."""
    made: Send = request.param()
    return made


def test_recipe_takes_a_good_event_and_leaves_it_to_a_worker(send, receiver):
    assert send("/events", EVENT, {"content-type": "application/json"}) == (200, b"")
    assert receiver.WORK.get_nowait().payload == {"text": CANARY}


def test_recipe_takes_an_event_once_in_any_spelling(send, receiver):
    for body in (EVENT, EVENT.replace(b" ", b""), EVENT):
        assert send("/events", body, {})[0] == 200
    assert receiver.WORK.qsize() == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"[" * 9999, EVENT[:-1], EVENT.replace(b"37bf", b"37bg")], ids=range(5))
def test_recipe_refuses_a_bad_event_without_a_word(send, receiver, body, caplog):
    assert send("/events", body, {}) == (400, b"")
    assert receiver.WORK.empty()
    assert "event refused: " in caplog.text
    assert CANARY not in caplog.text


def test_recipe_answers_an_action(send):
    status, answer = send("/actions", ACTION, HEADERS)
    assert status == 200
    assert parse_answer(answer).conforms


def test_recipe_does_a_repeated_action_once(send, receiver, monkeypatch):
    done: list[ExternalAction] = []

    def act(action: ExternalAction) -> dict[str, object]:
        done.append(action)
        return {"result": {}}

    monkeypatch.setattr(receiver, "act", act)
    answers = {send("/actions", ACTION, HEADERS) for _ in range(3)}
    assert answers == {(200, b'{"result": {}}')}
    assert len(done) == 1


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-vocode-signature": CANARY}, {"x-vocode-signature": HEADERS["x-vocode-signature"].lower()}],
    ids=["missing", "junk", "near"],
)
def test_recipe_refuses_a_bad_signature_without_a_word(send, headers, caplog):
    assert send("/actions", ACTION, headers) == (401, b"")
    assert CANARY not in caplog.text


def test_recipe_refuses_a_body_that_was_changed(send):
    assert send("/actions", ACTION + b"\n", HEADERS) == (401, b"")


def test_recipe_refuses_a_signed_body_that_does_not_conform(send):
    body, headers = signed_request(ExternalAction(call_id=CANARY), SECRET)
    assert send("/actions", body, headers) == (400, b"")


@pytest.mark.parametrize("path", ["/events", "/actions"])
def test_recipe_refuses_what_is_too_large(send, receiver, path):
    body = EVENT.replace(b"}", b" " * receiver.LIMIT + b"}")
    assert send(path, body, {})[0] in (400, 401, 413)
    assert receiver.WORK.empty()


def test_recipe_forgets_the_oldest(receiver):
    latest = receiver.Latest()
    for number in range(100_003):
        latest[number] = True
    assert len(latest) == 100_000
    assert 2 not in latest


@pytest.mark.usefixtures("receiver")
def test_middleware_leaves_other_requests_to_the_app():
    assert starlette()("/elsewhere", b"", {})[0] == 404


@pytest.mark.usefixtures("receiver")
def test_page_says_what_is_so():
    names: dict[str, object] = {}
    for block in blocks(titled=False):
        exec(compile(block["code"], str(PAGE), "exec"), names)  # noqa: S102 - our own page
    assert len(blocks(titled=False)) == 3


def test_page_has_a_module_for_each_recipe():
    titles = {block["title"] for block in blocks(titled=True)}
    assert titles == {
        "receiver.py",
        *(f"with_{name}.py" for name in ("fastapi", "flask", "django", "starlette", "lambda")),
    }
