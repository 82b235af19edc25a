"""Faults of the bytes of a body: not JSON, not UTF-8, not what the media type says, or no recording."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import orjson

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.fault import FaultContext, ResponseFault, change_response, replace_response
from vocode_contract.simulator.responses import error_response

HTML = b"<!doctype html><title>Bad gateway</title><h1>The server is having a rest</h1>"
_LEVELS = 100_000


def _change_body(change: Callable[[bytes], bytes]) -> ResponseFault:
    return change_response(lambda _, response: replace(response, body=change(response.body)))


def _change_type(media_type: str, change: Callable[[bytes], bytes] = bytes) -> ResponseFault:
    """Return a fault that sends another media type, or none if it is empty."""

    def change_headers(_ctx: FaultContext, response: Response) -> Response:
        headers = [(name, value) for name, value in response.headers if name != "content-type"]
        typed = [("content-type", media_type)] if media_type else []
        return replace(response, headers=(*typed, *headers), body=change(response.body))

    return change_response(change_headers)


def _prepend(member: bytes) -> Callable[[bytes], bytes]:
    """Return a function that inserts a member in front of all others of an object."""
    return lambda body: b"{" + member + b"," + body.removeprefix(b"{")


def _repeat_first_key(body: bytes) -> bytes:
    key = next(iter(orjson.loads(body)))
    return _prepend(orjson.dumps(key) + b":null")(body)


def _return_any_recording(ctx: FaultContext, response: Response) -> Response:
    """Return the recording of another call for an existing call that has none."""
    if ctx.call_id not in ctx.state.calls:
        return response
    recorded = (known for known, call in ctx.state.calls.items() if call["recording_available"])
    return ctx.perform("get_recording", next(recorded, ctx.call_id))


BODIES: Mapping[str, ResponseFault] = {
    "html-page": _change_type("text/html; charset=utf-8", lambda _: HTML),
    "html-as-json": _change_body(lambda _: HTML),
    "wrong-media-type": _change_type("text/plain; charset=utf-8"),
    "no-media-type": _change_type(""),
    "latin-1": _change_type("application/json; charset=iso-8859-1", _prepend('"note":"Renée"'.encode("latin-1"))),
    "invalid-utf-8": _change_body(_prepend(b'"note":"Ren\xc3"')),
    "utf-16": _change_body(lambda body: body.decode().encode("utf-16")),
    "byte-order-mark": _change_body(b"\xef\xbb\xbf".__add__),
    "empty-body": _change_body(lambda _: b""),
    "blank-body": _change_body(lambda _: b"  \r\n"),
    "duplicate-key": _change_body(_repeat_first_key),
    "not-a-number": _change_body(_prepend(b'"score":NaN')),
    "wide-number": _change_body(_prepend(b'"score":' + b"9" * 30)),
    "lone-surrogate": _change_body(_prepend(rb'"note":"\ud83d"')),
    "trailing-garbage": _change_body(lambda body: body + b" OK"),
    "cut-json": _change_body(lambda body: body[: len(body) // 2]),
    "python-literals": _change_body(lambda body: repr(orjson.loads(body)).encode()),
    "too-deep": _change_body(_prepend(b'"tree":' + b"[" * _LEVELS + b"]" * _LEVELS)),
}


RECORDINGS: Mapping[str, ResponseFault] = {
    "recording-as-json": _change_type("application/json"),
    "recording-as-bytes": _change_type("application/octet-stream"),
    "recording-missing": replace_response(error_response(404, "Recording not found")),
    "recording-of-any-call": change_response(_return_any_recording, 404),
    "recording-empty": _change_body(lambda _: b""),
    "recording-html": _change_body(lambda _: HTML),
}
