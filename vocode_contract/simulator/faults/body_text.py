"""Faults of the bytes of a body: not JSON, not UTF-8, or not what the media type says."""

from collections.abc import Callable
from dataclasses import replace

import orjson

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.fault import ALL, JSON_ANSWERS, Fault, FaultyTurn, Spoiling

HTML = b"<!doctype html><title>Bad gateway</title><h1>The server is having a rest</h1>"
_LEVELS = 100_000


def rewritten(change: Callable[[bytes], bytes]) -> Spoiling:
    """Write the body of each good answer in another way."""

    def spoil(turn: FaultyTurn) -> Response:
        response = turn.sound()
        return response if response.status != 200 else replace(response, body=change(response.body))

    return spoil


def typed(media_type: str, change: Callable[[bytes], bytes] = bytes) -> Spoiling:
    """Give each good answer another media type, none where it is empty."""

    def spoil(turn: FaultyTurn) -> Response:
        response = turn.sound()
        if response.status != 200:
            return response
        headers = [(name, value) for name, value in response.headers if name != "content-type"]
        named = [("content-type", media_type)] if media_type else []
        return replace(response, headers=(*named, *headers), body=change(response.body))

    return spoil


def _with(member: bytes) -> Callable[[bytes], bytes]:
    """Return what puts a member in front of all others of an object."""
    return lambda body: b"{" + member + b"," + body.removeprefix(b"{")


def _twice(body: bytes) -> bytes:
    """Write the first key a second time, before itself."""
    key = next(iter(orjson.loads(body)))
    return _with(orjson.dumps(key) + b":null")(body)


def _python(body: bytes) -> bytes:
    return repr(orjson.loads(body)).encode()


def _text(name: str, title: str, code: str | tuple[str, ...], change: Callable[[bytes], bytes]) -> Fault:
    breaks = (code,) if isinstance(code, str) else code
    return Fault(name=name, title=title, breaks=breaks, operations=JSON_ANSWERS, spoil=rewritten(change))


TEXTS = (
    Fault(
        name="html-page",
        title="every good answer is an HTML page with status 200",
        breaks=("content-type", "json-html"),
        operations=ALL,
        spoil=typed("text/html; charset=utf-8", lambda _: HTML),
    ),
    _text("html-as-json", "an HTML page calls itself JSON", "json-html", lambda _: HTML),
    Fault(
        name="wrong-media-type",
        title="JSON comes as text/plain",
        breaks=("content-type",),
        operations=JSON_ANSWERS,
        spoil=typed("text/plain; charset=utf-8"),
    ),
    Fault(
        name="no-media-type",
        title="good answers come without a Content-Type",
        breaks=("content-type",),
        operations=ALL,
        spoil=typed(""),
    ),
    Fault(
        name="latin-1",
        title="JSON is in Latin-1, and says so",
        breaks=("json-encoding",),
        operations=JSON_ANSWERS,
        spoil=typed("application/json; charset=iso-8859-1", _with('"note":"Renée"'.encode("latin-1"))),
    ),
    _text("invalid-utf-8", "a character is cut in two", "json-encoding", _with(b'"note":"Ren\xc3"')),
    _text("utf-16", "JSON is in UTF-16", "json-encoding", lambda body: body.decode().encode("utf-16")),
    _text("byte-order-mark", "JSON starts with a byte order mark", "json-bom", b"\xef\xbb\xbf".__add__),
    _text("empty-body", "good answers have nothing in their body", ("json-empty", "body-missing"), lambda _: b""),
    _text("blank-body", "good answers have a body of spaces", ("json-empty", "body-missing"), lambda _: b"  \r\n"),
    _text("duplicate-key", "the first key stands twice, once with null", "json-duplicate-key", _twice),
    _text("not-a-number", "a number is NaN", "json-constant", _with(b'"score":NaN')),
    _text("wide-number", "an integer has thirty digits", "json-number", _with(b'"score":' + b"9" * 30)),
    _text("lone-surrogate", "half of a surrogate pair is escaped", "json-surrogate", _with(rb'"note":"\ud83d"')),
    _text("trailing-garbage", "a word follows the document", "json-trailing", lambda body: body + b" OK"),
    _text(
        "cut-json",
        "the second half is missing, and the length says so too",
        "json-syntax",
        lambda body: body[: len(body) // 2],
    ),
    _text("python-literals", "the body is written as Python, with None and True", "json-syntax", _python),
    _text(
        "too-deep",
        "a hundred thousand lists are nested in one another",
        "json-too-deep",
        _with(b'"tree":' + b"[" * _LEVELS + b"]" * _LEVELS),
    ),
)
