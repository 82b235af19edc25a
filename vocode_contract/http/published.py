"""Fetch the OpenAPI document that a server publishes."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from vocode_contract.contract.operation import Operation
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.endpoint import Endpoint
from vocode_contract.http.client.request import DEFAULT_CREDENTIALS, OperationRequest
from vocode_contract.http.client.timing import Timing
from vocode_contract.http.inconclusive import Inconclusive

if TYPE_CHECKING:
    from vocode_contract.validation.masking import Secret

#: Where FastAPI and most other frameworks publish it.
PATH = "/openapi.json"
_SUFFIXES = (".json", ".yaml", ".yml")


def locate_document(endpoint: Endpoint) -> str:
    """Return the URL of the document: that of the endpoint if it names a file, else the usual one below it."""
    return str(endpoint) if endpoint.path.endswith(_SUFFIXES) else f"{endpoint}{PATH}"


def fetch_document(
    endpoint: Endpoint, token: "Secret | None" = None, *, timing: Timing | None = None, most: int, **options: Any
) -> bytes:
    """Send one GET, without credentials unless a token is given, and return the body.

    Args:
        endpoint: The server, or the document itself.
        token: The user's token, if it is to be sent.
        timing: Time-outs; nothing is sent twice.
        most: Maximum size of the document in bytes.
        options: Other options of `Client`.

    Raises:
        Inconclusive: No complete document came.
    """
    url = locate_document(endpoint)
    operation = Operation(
        name="fetch the OpenAPI document",
        method="GET",
        path=url.removeprefix(str(endpoint)),
        summary="",
        effect="reads",
        parameters=(),
        body=None,
        responses={},
        pointer="",
    )
    client = Client(endpoint, token, timing=replace(timing or Timing(), pauses=()), max_body=most, **options)
    credentials = DEFAULT_CREDENTIALS if token is not None else None
    try:
        exchange = client.exchange(OperationRequest(operation=operation, credentials=credentials))
    except Inconclusive as error:
        if error.kind == "too-large":
            raise Inconclusive(error.kind, f"{url} has more than {most:,} bytes") from None
        raise
    status = exchange.response.status
    if status in (401, 403):
        raise Inconclusive("not-authorised", f"status {status} for {url}")
    if status != 200:
        raise Inconclusive("wrong-path", f"status {status} for {url}")
    return exchange.with_decoded_body(most).response.body
