"""Faults of authentication: tokens that are not checked, refusals without effect, and leaked secrets."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.fault import (
    FaultContext,
    ResponseFault,
    change_json,
    change_response,
    replace_response,
)
from vocode_contract.simulator.faults.statuses import SERVER_ERROR
from vocode_contract.simulator.responses import json_response

_REFUSED = (401, 403)
#: Characters that may follow the token.
_LONGEST_TAIL = 64
#: Stands for a key of another customer; it opens nothing.
_CANARY = "another-customers-key-5ca1ab1e"
_CREDENTIALS = {
    "openai_account_connection": {"type": "account_connection_openai", "credentials": {"openai_api_key": _CANARY}}
}


def _read_authorization(ctx: FaultContext) -> tuple[str, str]:
    """Return the scheme, in lower case, and the token of the request."""
    scheme, _, token = (ctx.request.header("authorization") or "").partition(" ")
    return scheme.lower(), token


def _skip_check(ctx: FaultContext) -> Response:
    return ctx.respond(checks_token=False)


def _accept_any_scheme(ctx: FaultContext) -> Response:
    scheme, _ = _read_authorization(ctx)
    return _skip_check(ctx) if scheme not in ("", "bearer") else ctx.respond()


def _accept_empty_token(ctx: FaultContext) -> Response:
    return _skip_check(ctx) if _read_authorization(ctx) == ("bearer", "") else ctx.respond()


def _accept_any_token(ctx: FaultContext) -> Response:
    scheme, token = _read_authorization(ctx)
    return _skip_check(ctx) if scheme == "bearer" and token else ctx.respond()


def _accept_longer_token(ctx: FaultContext, response: Response) -> Response:
    """Accept a token with a tail: cut it shorter until the inner server accepts it."""
    _, token = _read_authorization(ctx)
    for length in range(len(token) - 1, max(0, len(token) - _LONGEST_TAIL), -1):
        if response.status not in _REFUSED:
            break
        headers = tuple(pair for pair in ctx.request.headers if pair[0].lower() != "authorization")
        shorter = (*headers, ("authorization", f"Bearer {token[:length]}"))
        response = ctx.respond(replace(ctx.request, headers=shorter))
    return response


def _perform_anyway(ctx: FaultContext, response: Response) -> Response:
    _skip_check(ctx)
    return response


def _add_call(ctx: FaultContext, response: Response) -> Response:
    call = ctx.get_call(ctx.call_id)
    return json_response(response.status, orjson.loads(response.body) | call) if call else response


def _add_token_header(ctx: FaultContext, response: Response) -> Response:
    if not ctx.token:
        return response
    echo = ("x-request-token", "".join(filter(str.isprintable, ctx.token)))
    return replace(response, headers=(*response.headers, echo))


def _add_token(content: dict[str, Any], ctx: FaultContext) -> object:
    return content | {"token": ctx.token} if ctx.token else content


def _repeat_token(ctx: FaultContext, response: Response) -> Response:
    return json_response(response.status, {"detail": f"Invalid API key {ctx.token}"}) if ctx.token else response


def _add_credentials(_ctx: FaultContext, response: Response) -> Response:
    return json_response(response.status, orjson.loads(response.body) | _CREDENTIALS)


def _add_foreign_input(_ctx: FaultContext, response: Response) -> Response:
    """Repeat what another customer sent, as if it were the input of this request."""
    content = orjson.loads(response.body)
    content["detail"] = [entry | {"input": {"twilio_auth_token": _CANARY}} for entry in content["detail"]]
    return json_response(422, content)


AUTHENTICATION: Mapping[str, ResponseFault] = {
    "any-token": _accept_any_token,
    "any-scheme": _accept_any_scheme,
    "empty-token": _accept_empty_token,
    "longer-token": change_response(_accept_longer_token, *_REFUSED),
    "refused-and-done": change_response(_perform_anyway, *_REFUSED),
    "refusal-with-call": change_response(_add_call, *_REFUSED),
    "refusal-500": replace_response(SERVER_ERROR, *_REFUSED),
    "refusal-200": change_response(lambda _, response: replace(response, status=200), *_REFUSED),
}

LEAKS: Mapping[str, ResponseFault] = {
    "token-in-body": change_json(_add_token),
    "token-in-header": change_response(_add_token_header),
    "token-in-refusal": change_response(_repeat_token, *_REFUSED),
    "credentials-in-refusal": change_response(_add_credentials, *_REFUSED),
    "foreign-secret-in-422": change_response(_add_foreign_input, 422),
}
