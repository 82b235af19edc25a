"""Faults of the status: undeclared ones, redirects, and answers that say "not now"."""

import time
from collections.abc import Callable
from email.utils import formatdate

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.body_text import HTML
from vocode_contract.simulator.faults.fault import ALL, CALLS, Fault, FaultyTurn, Spoiling, after
from vocode_contract.simulator.responses import answered, refused

_TEXT = ("content-type", "text/plain; charset=utf-8")
_PAGE = ("content-type", "text/html")
#: Failures in a row, and the good answers that follow.
_BURST = 3

SERVER_ERROR = Response(status=500, headers=(_TEXT,), body=b"Internal Server Error")


def restated(status: int) -> Spoiling:
    """Give each good answer another status."""

    def spoil(turn: FaultyTurn) -> Response:
        right = turn.sound()
        if right.status != 200:
            return right
        return Response(status=status, headers=right.headers, body=right.body)

    return spoil


def _redirected(status: int, location: Callable[[FaultyTurn], str]) -> Spoiling:
    def spoil(turn: FaultyTurn) -> Response:
        return Response(status=status, headers=(("location", location(turn)),)) if turn.is_served else turn.sound()

    return spoil


def _undone(response: Callable[[], Response]) -> Spoiling:
    """Give a response without doing anything."""
    return lambda turn: response() if turn.is_served else turn.sound()


def _in_bursts(response: Response) -> Spoiling:
    """Answer three requests without doing anything, then three as one should, and so on."""

    def spoil(turn: FaultyTurn) -> Response:
        if not turn.is_served:
            return turn.sound()
        count = turn.memory["count"] = turn.memory.get("count", 0) + 1
        return response if (count - 1) % (2 * _BURST) < _BURST else turn.sound()

    return spoil


def _limited(name: str, title: str, retry_after: Callable[[], str]) -> Fault:
    def response() -> Response:
        return refused(429, "Too many requests", ("retry-after", retry_after()))

    return Fault(name=name, title=title, breaks=("rate-limited",), operations=ALL, spoil=_undone(response))


def _gateway(name: str, title: str, response: Response) -> Fault:
    return Fault(name=name, title=title, breaks=("gateway",), operations=ALL, spoil=_in_bursts(response))


def _undeclared(name: str, title: str, spoil: Spoiling, operations: tuple[str, ...] = CALLS) -> Fault:
    return Fault(name=name, title=title, breaks=("status-undeclared",), operations=operations, spoil=spoil)


def _redirecting(name: str, title: str, spoil: Spoiling, *more: str) -> Fault:
    return Fault(name=name, title=title, breaks=("redirect", *more), operations=ALL, spoil=spoil)


def _here(turn: FaultyTurn) -> str:
    """Return the path and the id of the request, and nothing else that a client sent."""
    return turn.operation.path + (f"?id={turn.identifier}" if turn.identifier else "")


STATUSES = (
    _undeclared("server-error", "every good answer is a plain 500", after(SERVER_ERROR), ALL),
    _undeclared("created-201", "Create Call answers 201", restated(201), ("create_call",)),
    _undeclared("accepted-202", "End Call answers 202 and nothing else", after(Response(status=202)), ("end_call",)),
    _undeclared("no-content-204", "End Call answers 204", after(Response(status=204)), ("end_call",)),
    _undeclared("end-answers-500", "End Call ends the call and answers 500", after(SERVER_ERROR), ("end_call",)),
    _undeclared(
        "create-answers-500", "Create Call places the call and answers 500", after(SERVER_ERROR), ("create_call",)
    ),
    _undeclared(
        "known-id-404",
        "a call that exists is not found",
        after(refused(404, "Call not found")),
        ("end_call", "get_call"),
    ),
    Fault(
        name="sound-request-422",
        title="a request that is right is refused with 422",
        breaks=("status-unexpected",),
        operations=ALL,
        spoil=after(answered(422, {"detail": [{"loc": ["query"], "msg": "field required", "type": "value_error"}]})),
    ),
    Fault(
        name="error-in-200",
        title="an error comes with status 200",
        breaks=("required",),
        operations=("create_call", "end_call", "get_call", "list_calls"),
        spoil=after(answered(200, {"detail": "Something went wrong"})),
    ),
    _redirecting(
        "redirect-to-other-host",
        "requests are sent to another host",
        _redirected(307, lambda turn: f"http://elsewhere.invalid{_here(turn)}"),
        "redirect-elsewhere",
    ),
    _redirecting(
        "redirect-to-other-path",
        "requests are sent to another URL path",
        _redirected(302, lambda turn: f"/v2{_here(turn)}"),
    ),
    _redirecting("redirect-loop", "requests are sent to where they came to", _redirected(307, _here)),
    _redirecting(
        "redirect-to-file",
        "requests are sent to a file",
        _redirected(301, lambda _: "file:///etc/hostname"),
        "redirect-elsewhere",
    ),
    _limited("rate-limited-seconds", "every request is one too many; come back in a second", lambda: "1"),
    _limited(
        "rate-limited-date",
        "every request is one too many; come back in two seconds, written as a date",
        lambda: formatdate(time.time() + 2, usegmt=True),
    ),
    _limited("rate-limited-decades", "every request is one too many; come back in 32 years", lambda: "1000000000"),
    _limited("rate-limited-junk", 'every request is one too many; come back "soon"', lambda: "soon"),
    _gateway(
        "burst-502", "three requests in six meet a proxy's page, 502", Response(status=502, headers=(_PAGE,), body=HTML)
    ),
    _gateway(
        "burst-503",
        "three requests in six meet a 503 in JSON",
        refused(503, "Service unavailable", ("retry-after", "0")),
    ),
    _gateway("burst-504", "three requests in six meet a 504 without a body", Response(status=504)),
)
