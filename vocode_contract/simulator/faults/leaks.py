"""Faults that leak: the token back to its sender, and the secrets of others to anybody."""

from typing import Any

import orjson

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.authentication import refusing
from vocode_contract.simulator.faults.fault import ALL, JSON_ANSWERS, Fault, FaultyTurn, changed
from vocode_contract.simulator.responses import answered

#: Stands for a key of another customer; it opens nothing.
CANARY = "another-customers-key-5ca1ab1e"
_ACCOUNT = {
    "openai_account_connection": {
        "type": "account_connection_openai",
        "credentials": {"openai_api_key": CANARY},
    }
}


def _in_header(turn: FaultyTurn) -> Response:
    response = turn.sound()
    if response.status != 200 or not turn.token:
        return response
    echoed = ("x-request-token", "".join(filter(str.isprintable, turn.token)))
    return Response(status=200, headers=(*response.headers, echoed), body=response.body)


def _in_body(content: dict[str, Any], turn: FaultyTurn) -> object:
    return content | {"token": turn.token} if turn.token else content


def _in_refusal(turn: FaultyTurn, response: Response) -> Response:
    return answered(response.status, {"detail": f"Invalid API key {turn.token}"}) if turn.token else response


def _with_account(_turn: FaultyTurn, response: Response) -> Response:
    return answered(response.status, orjson.loads(response.body) | _ACCOUNT)


def _with_input(turn: FaultyTurn) -> Response:
    """Repeat what another customer sent, as if it had come with this request."""
    response = turn.sound()
    if response.status != 422:
        return response
    content = orjson.loads(response.body)
    content["detail"] = [entry | {"input": {"twilio_auth_token": CANARY}} for entry in content["detail"]]
    return answered(422, content)


SECRETS = (
    Fault(
        name="token-in-body",
        title="answers hold the token that came with the request",
        breaks=("token-echoed",),
        operations=JSON_ANSWERS,
        spoil=changed(_in_body),
    ),
    Fault(
        name="token-in-header",
        title="answers have the token in a header",
        breaks=("token-echoed",),
        operations=ALL,
        spoil=_in_header,
    ),
    Fault(
        name="token-in-refusal",
        title="a refusal repeats the wrong token",
        breaks=("token-echoed",),
        operations=ALL,
        spoil=refusing(_in_refusal),
    ),
    Fault(
        name="credentials-in-refusal",
        title="a refusal holds the credentials of an account",
        breaks=("refusal-leaks", "secret-leaked"),
        operations=ALL,
        spoil=refusing(_with_account),
    ),
    Fault(
        name="foreign-secret-in-422",
        title="a 422 holds a secret that another customer sent",
        breaks=("secret-leaked",),
        operations=ALL,
        spoil=_with_input,
    ),
)
