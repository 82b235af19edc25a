"""What back-end teams get wrong: changes of the Flask application, and what the suite should say of each.

What is expected of each fault was written before the suite was first run against it. It is an error if the contract, a
standard or logic rules the behaviour out, advice if only practice does, and `OUT_OF_REACH` if no tester could see it.
"""

import html
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, request

from tests.servers.flask_calls import ANNA, BERT, OVER, TOKENS, Api, Change, Json, Refused

ERROR: Final = "error"
ADVICE: Final = "advice"
OUT_OF_REACH: Final = "out of reach"
READS = ("get_call", "get_recording", "list_calls")
APRIL = ("contract-2024-04-19",)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: what is expected of the suite, what changes, in which variant, and why that is expected if unclear."""

    expected: str
    change: Change
    on: tuple[str, ...] = ()
    reason: str = ""


# --- the shapes of changes ---


def passes(operation: str) -> Change:
    """Return the change that forgets authentication in one operation."""
    return {"authenticate": lambda _, inner, name, header: inner(name, header) or (ANNA if name == operation else None)}


def lets_others(operation: str, when: Callable[[Json], bool] = lambda _: True) -> Change:
    """Return the change that forgets in one operation whose call it is."""
    return {
        "may_use": lambda _, inner, name, owner, call: inner(name, owner, call) or (name == operation and when(call))
    }


def forgets(*keys: str) -> Change:
    """Return the change that drops options of a new call."""
    return {"new_call": lambda _, inner, asked, owner: inner(_without(asked, keys), owner)}


def forgets_of_agent(*keys: str) -> Change:
    """Return the change that drops options of a new agent."""
    return {"new_agent": lambda _, inner, asked, owner: inner(_without(asked, keys), owner)}


def assumes(**defaults: Any) -> Change:
    """Return the change that has other defaults for options of a call."""
    return {"new_call": lambda _, inner, asked, owner: inner({**defaults, **asked}, owner)}


def assumes_of_agent(**defaults: Any) -> Change:
    """Return the change that has other defaults for options of an agent."""
    return {"new_agent": lambda _, inner, asked, owner: inner({**defaults, **asked}, owner)}


def shows(operation: str, when: Callable[[Json], Any], **changes: Callable[[Json], Any]) -> Change:
    """Return the change that sends other values of some calls; an empty operation stands for all of them."""

    def shown(_: Api, inner: Any, name: str, call: Json) -> Json:
        sent: Json = inner(name, call)
        fits = operation in ("", name) and when(call)
        return {**sent, **{key: change(sent) for key, change in changes.items()}} if fits else sent

    return {"shown": shown}


def afterwards(seconds: float, **changes: Any) -> Change:
    """Return the change in which an ended call changes again after some time."""

    def after_end(_: Api, inner: Any, call: Json, due: float) -> Any:
        yield from inner(call, due)
        yield due + seconds, changes

    return {"after_end": after_end}


def at_end(**changes: Any) -> Change:
    """Return the change in which the end of a call does more than to end it."""

    def after_end(_: Api, inner: Any, call: Json, due: float) -> Any:
        for since, step in inner(call, due):
            yield since, {**step, **changes}

    return {"after_end": after_end}


def skips(count: Callable[[int], int]) -> Change:
    """Return the change in which a page starts some calls too late."""

    def window(_: Api, inner: Any, page: int, size: int) -> tuple[int, int]:
        offset, limit = inner(page, size)
        return offset + count(page), limit

    return {"window": window}


def refuses_with(detail: str) -> Change:
    """Return the change that says more of an unknown call than it should."""
    return {"unknown": lambda *_: Refused(404, detail)}


def _without(asked: Json, keys: tuple[str, ...]) -> Json:
    return {key: value for key, value in asked.items() if key not in keys}


def _crash(*_: Any) -> Any:
    raise ZeroDivisionError


def _has(**values: Any) -> Callable[[Json], bool]:
    return lambda call: all(call[key] == value for key, value in values.items())


def _of_agent(key: str, value: Any) -> Callable[[Json], Json]:
    return lambda sent: {**sent["agent"], key: value}


# --- changes that need more than a line ---


def end_for_others_too(api: Api, inner: Any, *how: Any) -> bool:
    name, owner, call = how
    if name == "end_call" and not inner(name, owner, call):
        api.end(call)
    return bool(inner(name, owner, call))


def end_all(api: Api, inner: Any, call: Json) -> Json:
    for other in api.read(call["user_id"], "number", 0, 1000)[0]:
        if other["status"] == call["status"] == "in_progress":
            inner(other)
    return dict(inner(call))


def count_everybody(api: Api, inner: Any, *how: Any) -> Json:
    (total,) = api.db.execute("SELECT count(DISTINCT call) FROM versions").fetchone()
    return {**inner(*how), "total": total}


def serve_other_recording(api: Api, inner: Any, call: Json) -> Response:
    calls = api.read(call["user_id"], "number", 0, 1000)[0]
    others = [other for other in calls if other["recording_available"] and other["id"] != call["id"]]
    answer: Response = inner((others or [call])[0])
    return answer


def serve_no_silent_recording(_: Api, inner: Any, call: Json) -> Response:
    if call["start_time"] is None:
        raise Refused(404, "Recording not found")
    answer: Response = inner(call)
    return answer


def list_no_failed_calls(_: Api, inner: Any, owner: str, order: str, *limits: int) -> tuple[list[Json], int]:
    calls = [call for call in inner(owner, order, 0, 1000)[0] if call["status"] != "error"]
    return calls[limits[0] :][: limits[1]], len(calls)


def list_a_hundred(_: Api, inner: Any, owner: str, order: str, *limits: int) -> tuple[list[Json], int]:
    calls, total = inner(owner, order, *limits)
    return calls[: max(0, 100 - limits[0])], total


def numbers_in(context: Json | None) -> Json | None:
    return context and {key: int(value) if value.isdigit() else value for key, value in context.items()}


#: Calls that are over and that only few accounts have.
FAILED, ANSWERED = _has(status="error"), _has(status="in_progress")
UNHEARD, VONAGE = _has(human_detection_result="no_human"), _has(telephony_provider="vonage")

FAULTS: Mapping[str, Fault] = {
    # --- what one tenant sees of another ---
    "list-shows-everybody": Fault(ERROR, {"owners": lambda *_: (ANNA, BERT)}),
    "list-shows-others-last": Fault(
        ERROR,
        {"owners": lambda *_: (ANNA, BERT), "order": lambda _, inner, *how: f"owner = '{BERT}', {inner(*how)}"},
    ),
    "get-serves-others": Fault(ERROR, lets_others("get_call")),
    "get-serves-others-after-the-end": Fault(ERROR, lets_others("get_call", lambda call: call["status"] in OVER)),
    "end-serves-others": Fault(ERROR, lets_others("end_call")),
    "end-refuses-others-but-ends": Fault(ERROR, {"may_use": end_for_others_too}),
    "recording-serves-others": Fault(ERROR, lets_others("get_recording")),
    "create-takes-agents-of-others": Fault(ERROR, {"may_take_agent": lambda *_: True}),
    "create-for-another-tenant": Fault(ERROR, {"create": lambda _, inner, asked, __: inner(asked, BERT)}),
    "total-counts-everybody": Fault(ERROR, {"page": count_everybody}, APRIL),
    "refusal-names-the-owner": Fault(
        ADVICE, {"hidden": lambda *_: Refused(403, f"This call belongs to {ANNA}")}, reason="no document forbids it"
    ),
    # --- authentication ---
    "end-without-token": Fault(ERROR, passes("end_call")),
    "recording-without-token": Fault(ERROR, passes("get_recording")),
    "token-in-any-case": Fault(
        ERROR,
        {
            "authenticate": lambda _, inner, name, header: (
                inner(name, header) or {token.lower(): owner for token, owner in TOKENS.items()}.get(header.lower()[7:])
            )
        },
    ),
    "token-without-scheme": Fault(
        ERROR, {"authenticate": lambda _, inner, name, header: inner(name, header) or TOKENS.get(header)}
    ),
    "scheme-in-one-case": Fault(
        ADVICE,
        {"authenticate": lambda _, inner, name, header: inner(name, header) if header[:1] == "B" else None},
        reason="RFC 9110 section 11.1 ignores case, but the document writes Bearer",
    ),
    "token-expired": Fault(
        OUT_OF_REACH,
        {"authenticate": lambda _, inner, *how: inner(*how) or (ANNA if how[1] == "Bearer tok-of-last-year" else None)},
        reason="nobody gives the suite an expired token",
    ),
    "recording-refuses-the-token": Fault(
        ERROR, {"authenticate": lambda _, inner, *how: None if how[0] == "get_recording" else inner(*how)}
    ),
    # --- options of Create Call ---
    "forgets-detection": Fault(ERROR, forgets("run_do_not_call_detection")),
    "forgets-hipaa": Fault(ERROR, forgets("hipaa_compliant")),
    "forgets-no-human-answer": Fault(ERROR, forgets("on_no_human_answer")),
    "forgets-context": Fault(ERROR, forgets("context")),
    "forgets-language": Fault(ERROR, forgets_of_agent("language")),
    "forgets-interruptions": Fault(ERROR, forgets_of_agent("interrupt_sensitivity")),
    "forgets-noise-suppression": Fault(ERROR, forgets_of_agent("noise_suppression")),
    "forgets-endpointing": Fault(ERROR, forgets_of_agent("endpointing_sensitivity")),
    "forgets-ivr-navigation": Fault(ERROR, forgets_of_agent("ivr_navigation_mode")),
    "forgets-speed": Fault(ERROR, forgets_of_agent("conversation_speed")),
    "forgets-voice": Fault(ERROR, forgets_of_agent("voice")),
    "always-hangs-up": Fault(
        ERROR, {"new_call": lambda _, inner, asked, owner: inner({**asked, "on_no_human_answer": "hangup"}, owner)}
    ),
    "hangs-up-by-default": Fault(ERROR, assumes(on_no_human_answer="hangup")),
    "hipaa-by-default": Fault(ERROR, assumes(hipaa_compliant=True)),
    "german-by-default": Fault(ERROR, assumes_of_agent(language="de")),
    "escapes-the-message": Fault(
        ERROR,
        {
            "new_agent": lambda _, inner, asked, owner: inner(
                {**asked, "initial_message": html.escape(asked.get("initial_message") or "")}, owner
            )
        },
    ),
    "context-in-numbers": Fault(ERROR, shows("", lambda _: True, context=lambda sent: numbers_in(sent["context"]))),
    # --- states, and time ---
    "answered-number-changes": Fault(ERROR, shows("", ANSWERED, agent_phone_number=lambda sent: sent["to_number"])),
    "answered-transcript-in-lines": Fault(
        ERROR, shows("get_call", ANSWERED, transcript=lambda sent: (sent["transcript"] or "").splitlines())
    ),
    "answered-call-goes-on": Fault(
        ERROR, {"end": lambda _, inner, call: call if call["status"] == "in_progress" else inner(call)}
    ),
    "answered-call-breaks-end": Fault(
        ERROR, {"end": lambda _, inner, call: _crash() if call["status"] == "in_progress" else inner(call)}
    ),
    "end-ends-all-answered": Fault(ERROR, {"end": end_all}),
    "failed-message-as-object": Fault(
        ERROR, shows("get_call", FAILED, error_message=lambda sent: {"code": 404, "text": sent["error_message"]})
    ),
    "failed-without-message": Fault(ADVICE, shows("", FAILED, error_message=lambda _: None)),
    "reopens-soon": Fault(ERROR, afterwards(0.4, status="in_progress", end_time=None)),
    "reopens-late": Fault(
        OUT_OF_REACH, afterwards(10, status="in_progress", end_time=None), reason="later than any run lasts"
    ),
    "transcript-lost-at-end": Fault(ERROR, at_end(transcript=None)),
    "transcript-lost-later": Fault(ERROR, afterwards(0.4, transcript=None)),
    "start-lost-at-end": Fault(ERROR, at_end(start_time=None)),
    "end-time-is-now": Fault(
        ERROR,
        {"shown": lambda _, inner, name, call: inner(name, {**call, "end_time": call["end_time"] and time.time()})},
    ),
    "end-time-trembles-in-list": Fault(
        ERROR,
        {
            "shown": lambda _, inner, name, call: inner(
                name,
                {**call, "end_time": call["end_time"] + random.uniform(0, 0.5)}
                if name == "list_calls" and call["end_time"]
                else call,
            )
        },
    ),
    "list-knows-no-progress": Fault(
        ERROR, shows("list_calls", ANSWERED, status=lambda _: "not_started", start_time=lambda _: None)
    ),
    "recording-of-unanswered": Fault(
        ERROR, {**at_end(recording_available=True), "recording": serve_no_silent_recording}
    ),
    "hipaa-transcript-in-get": Fault(
        ADVICE, shows("get_call", _has(hipaa_compliant=True), transcript=lambda _: "BOT: Hello.\n")
    ),
    "local-time-ahead": Fault(ERROR, {"written": lambda _, inner, moment: inner(moment + 7200).replace("+00:00", "Z")}),
    "local-time-behind": Fault(
        ERROR, {"written": lambda _, inner, moment: inner(moment - 18_000).replace("+00:00", "Z")}
    ),
    "list-in-milliseconds": Fault(
        ERROR,
        shows("list_calls", lambda call: call["end_time"], end_time=lambda sent: sent["end_time"] * 1000),
        ("contract-2024-08-27",),
    ),
    # --- pages ---
    "page-overlaps": Fault(ERROR, skips(lambda page: -(page > 1))),
    "page-skips-at-each-edge": Fault(ERROR, skips(lambda page: page - 1)),
    "page-skips-after-the-second": Fault(ERROR, skips(lambda page: page > 2)),
    "more-after-a-full-last-page": Fault(
        ERROR,
        {"page": lambda _, inner, *how: {**(page := inner(*how)), "has_more": len(page["items"]) == page["size"]}},
    ),
    "sort-ignores-direction": Fault(
        ADVICE, {"order": lambda _, inner, column, __: inner(column, False)}, APRIL, reason="the order has no words"
    ),
    "sort-ignores-column": Fault(ERROR, {"order": lambda _, inner, __, descending: inner(None, descending)}, APRIL),
    "sort-shuffles-ties": Fault(
        ERROR,
        {
            "order": lambda _, inner, *how: inner(*how).replace(
                "number DESC", "random()" * bool(how[0]) or "number DESC"
            )
        },
        APRIL,
    ),
    "size-zero-breaks": Fault(
        ERROR,
        {"bounded": lambda *_: int, "window": lambda _, inner, page, size: inner(page, size) if size else _crash()},
    ),
    "page-negative-breaks": Fault(
        ERROR,
        {"bounded": lambda *_: int, "window": lambda _, inner, page, size: inner(page, size) if page > 0 else _crash()},
    ),
    "size-huge-breaks": Fault(
        ERROR,
        {
            "bounded": lambda *_: int,
            "window": lambda _, inner, page, size: inner(page, size) if size < 2**31 else _crash(),
        },
    ),
    "list-stops-at-a-hundred": Fault(ERROR, {"read": list_a_hundred}, ("many-calls",)),
    "list-lacks-failed-calls": Fault(
        OUT_OF_REACH, {"read": list_no_failed_calls}, reason="nothing else names the calls that are left out"
    ),
    # --- operations that disagree ---
    "list-says-twilio": Fault(ERROR, shows("list_calls", VONAGE, telephony_provider=lambda _: "twilio")),
    "list-denies-do-not-call": Fault(
        ERROR, shows("list_calls", _has(do_not_call_result=True), do_not_call_result=lambda _: False)
    ),
    "get-denies-hipaa": Fault(ERROR, shows("get_call", _has(hipaa_compliant=True), hipaa_compliant=lambda _: False)),
    "list-names-another-agent": Fault(ERROR, shows("list_calls", lambda _: True, agent=lambda _: ANNA)),
    "recordings-swapped": Fault(
        ADVICE, {"recording": serve_other_recording}, reason="only the name of the file shows it"
    ),
    # --- rare shapes ---
    "failed-prompt-null": Fault(ERROR, shows("get_call", FAILED, agent=_of_agent("prompt", None))),
    "unheard-actions-null": Fault(ERROR, shows("get_call", UNHEARD, agent=_of_agent("actions", None))),
    "detection-in-other-words": Fault(ERROR, shows("get_call", UNHEARD, human_detection_result=lambda _: "machine")),
    "connection-of-another-owner": Fault(
        ERROR,
        shows(
            "get_call",
            lambda call: call["telephony_account_connection"],
            telephony_account_connection=lambda sent: {**sent["telephony_account_connection"], "user_id": BERT},
        ),
    ),
    # --- refusals ---
    "refusal-with-traceback": Fault(
        ADVICE,
        refuses_with(
            "Traceback (most recent call last):\n  File \"/srv/app/calls.py\", line 81, in find\nKeyError: 'call'"
        ),
        reason="no document forbids it",
    ),
    "refusal-with-password": Fault(
        ADVICE,
        refuses_with("could not connect to postgresql://calls:hunter2-prod@db.internal:5432/calls"),
        reason="it is the server's own secret, and no document forbids it",
    ),
    "refusal-with-token": Fault(
        ERROR,
        {"unauthenticated": lambda *_: Refused(401, f"Not a valid token: {request.headers.get('Authorization', '')}")},
    ),
    "refusal-as-web-page": Fault(
        ERROR, {"refusal": lambda _, __, ___, detail: Response(f"<h1>Error</h1>{detail}", mimetype="text/html")}
    ),
}
