"""Faults of the status code: undeclared ones, redirects, rate limits and gateway errors."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import formatdate

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.bodies import HTML
from vocode_contract.simulator.faults.fault import FaultContext, ResponseFault, change_response, replace_response
from vocode_contract.simulator.responses import error_response, json_response

#: Failures in a row, and the normal responses that follow.
_BURST = 3

SERVER_ERROR = Response(
    status=500, headers=(("content-type", "text/plain; charset=utf-8"),), body=b"Internal Server Error"
)
_BAD_GATEWAY = Response(status=502, headers=(("content-type", "text/html"),), body=HTML)


def _preempt(respond: Callable[[FaultContext], Response]) -> ResponseFault:
    """Return a fault that responds without carrying out the request, unless its method gets a 405 anyway."""
    return lambda ctx: respond(ctx) if ctx.is_method_allowed else ctx.respond()


def _redirect(status: int, location: Callable[[FaultContext], str]) -> ResponseFault:
    return _preempt(lambda ctx: Response(status=status, headers=(("location", location(ctx)),)))


def _get_path(ctx: FaultContext) -> str:
    """Return the path and the id of the request, but nothing else that the client sent."""
    return ctx.operation.path + (f"?id={ctx.call_id}" if ctx.call_id else "")


def _limit_rate(retry_after: Callable[[], str]) -> ResponseFault:
    return _preempt(lambda _: error_response(429, "Too many requests", ("retry-after", retry_after())))


def _fail_in_bursts(response: Response) -> ResponseFault:
    """Return a fault that fails three requests without carrying them out, then carries out three, and so on."""

    def respond(ctx: FaultContext) -> Response:
        count = ctx.memory["count"] = ctx.memory.get("count", 0) + 1
        return response if (count - 1) % (2 * _BURST) < _BURST else ctx.respond()

    return _preempt(respond)


STATUSES: Mapping[str, ResponseFault] = {
    "server-error": replace_response(SERVER_ERROR),
    "created-201": change_response(lambda _, response: replace(response, status=201)),
    "accepted-202": replace_response(Response(status=202)),
    "no-content-204": replace_response(Response(status=204)),
    "end-answers-500": replace_response(SERVER_ERROR),
    "create-answers-500": replace_response(SERVER_ERROR),
    "known-id-404": replace_response(error_response(404, "Call not found")),
    "sound-request-422": replace_response(
        json_response(422, {"detail": [{"loc": ["query"], "msg": "field required", "type": "value_error"}]})
    ),
    "error-in-200": replace_response(json_response(200, {"detail": "Something went wrong"})),
    "redirect-to-other-host": _redirect(307, lambda ctx: f"http://elsewhere.invalid{_get_path(ctx)}"),
    "redirect-to-other-path": _redirect(302, lambda ctx: f"/v2{_get_path(ctx)}"),
    "redirect-loop": _redirect(307, _get_path),
    "redirect-to-file": _redirect(301, lambda _: "file:///etc/hostname"),
    "rate-limited-seconds": _limit_rate(lambda: "1"),
    "rate-limited-date": _limit_rate(lambda: formatdate(time.time() + 2, usegmt=True)),
    "rate-limited-decades": _limit_rate(lambda: "1000000000"),
    "rate-limited-junk": _limit_rate(lambda: "soon"),
    "burst-502": _fail_in_bursts(_BAD_GATEWAY),
    "burst-503": _fail_in_bursts(error_response(503, "Service unavailable", ("retry-after", "0"))),
    "burst-504": _fail_in_bursts(Response(status=504)),
}
