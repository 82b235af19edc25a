"""Faults of who may do what: tokens that are not checked, refusals that are none."""

from collections.abc import Callable
from dataclasses import replace

import orjson

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.fault import ALL, JSON_ANSWERS, Fault, FaultyTurn, Spoiling
from vocode_contract.simulator.faults.statuses import SERVER_ERROR
from vocode_contract.simulator.responses import answered

_REFUSED = (401, 403)
#: Characters of a token that may be too many.
_LONGEST_TAIL = 64


def _authorization(turn: FaultyTurn) -> tuple[str, str]:
    """Return scheme and token of the request."""
    scheme, _, token = (turn.request.header("authorization") or "").partition(" ")
    return scheme.lower(), token


def _any_scheme(turn: FaultyTurn) -> Response:
    scheme, _ = _authorization(turn)
    return turn.unchecked() if scheme not in ("", "bearer") else turn.sound()


def _no_token(turn: FaultyTurn) -> Response:
    return turn.unchecked() if _authorization(turn) == ("bearer", "") else turn.sound()


def _any_token(turn: FaultyTurn) -> Response:
    scheme, token = _authorization(turn)
    return turn.unchecked() if scheme == "bearer" and token else turn.sound()


def _token_and_more(turn: FaultyTurn) -> Response:
    """Accept what starts with the token: the first shorter form that the server takes decides."""
    response = turn.sound()
    _, token = _authorization(turn)
    for length in range(len(token) - 1, max(0, len(token) - _LONGEST_TAIL), -1):
        if response.status not in _REFUSED:
            break
        headers = tuple(pair for pair in turn.request.headers if pair[0].lower() != "authorization")
        shorter = (*headers, ("authorization", f"Bearer {token[:length]}"))
        response = turn.below(replace(turn.request, headers=shorter), turn.rules)
    return response


def refusing(change: Callable[[FaultyTurn, Response], Response]) -> Spoiling:
    """Spoil the refusals of an authentication."""

    def spoil(turn: FaultyTurn) -> Response:
        response = turn.sound()
        return change(turn, response) if response.status in _REFUSED else response

    return spoil


def _done(turn: FaultyTurn, response: Response) -> Response:
    turn.unchecked()
    return response


def _with_call(turn: FaultyTurn, response: Response) -> Response:
    """Refuse, and show the call beside the reason."""
    call = turn.call(turn.identifier)
    return answered(response.status, orjson.loads(response.body) | call) if call else response


def _open(name: str, title: str, spoil: Spoiling, operations: tuple[str, ...] = ALL) -> Fault:
    return Fault(name=name, title=title, breaks=("not-refused",), operations=operations, spoil=spoil)


AUTHENTICATION = (
    _open("ignored-token", "any token will do, and none", FaultyTurn.unchecked),
    _open("ignored-token-on-end", "End Call ends calls for anybody", FaultyTurn.unchecked, ("end_call",)),
    _open("ignored-token-on-list", "List Calls shows calls to anybody", FaultyTurn.unchecked, ("list_calls",)),
    _open("ignored-token-on-recording", "recordings are there for anybody", FaultyTurn.unchecked, ("get_recording",)),
    _open("any-token", "any bearer token will do", _any_token),
    _open("any-scheme", "any scheme but Bearer is let in, with any credentials", _any_scheme),
    _open("empty-token", "the scheme Bearer will do, without a token", _no_token),
    _open("longer-token", "what starts with the token will do", _token_and_more),
    Fault(
        name="refused-and-done",
        title="End Call refuses a wrong token, and ends the call",
        breaks=("refusal-ignored",),
        operations=("end_call",),
        spoil=refusing(_done),
    ),
    Fault(
        name="refusal-with-call",
        title="a refusal shows the call beside the reason",
        breaks=("refusal-leaks",),
        operations=("end_call", "get_call"),
        spoil=refusing(_with_call),
    ),
    Fault(
        name="refusal-500",
        title="a wrong token is a 500",
        breaks=("status-undeclared",),
        operations=ALL,
        spoil=refusing(lambda _turn, _response: SERVER_ERROR),
    ),
    Fault(
        name="refusal-200",
        title="a wrong token is refused in words, with status 200",
        breaks=("not-refused", "required"),
        operations=JSON_ANSWERS,
        spoil=refusing(lambda _turn, response: replace(response, status=200)),
    ),
)
