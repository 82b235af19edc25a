"""A request as a curl command that can be pasted into a shell, its secrets left out."""

import shlex

from vocode_contract.contract.model import Contract
from vocode_contract.http.message import Request
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Unreadable
from vocode_contract.validation.masking import masked, printable

#: Headers that curl sets by itself.
_OWN = frozenset(("accept", "accept-encoding", "content-length", "host", "user-agent"))


def curl(
    request: Request,
    origin: str,
    contract: Contract,
    *,
    body_name: str | None = None,
    authorization: str | None = None,
) -> str:
    """Write a request as a curl command; the token is the variable ``VOCODE_API_KEY``.

    Args:
        request: What was sent.
        origin: Scheme, host and port, such as ``http://127.0.0.1:8000``.
        contract: Says what is sensitive in a body.
        body_name: The schema of the body, whose values are masked; shown as it is without, for a
            body that was generated.
        authorization: What stands for the header Authorization, where one was sent, quoted for a shell; without,
            the variable for a Bearer token, and nothing for another scheme.
    """
    query = f"?{request.query}" if request.query else ""
    words = ["curl", "--request", request.method, shlex.quote(printable(f"{origin}{request.path}{query}"))]
    for name, value in request.headers:
        if name.lower() == "authorization":
            own = '"Authorization: Bearer $VOCODE_API_KEY"' if value.startswith("Bearer ") else ""
            shown = own if authorization is None else authorization
            words += ["--header", shown] if shown else []
        elif name.lower() not in _OWN:
            words += ["--header", shlex.quote(printable(f"{name}: {value}"))]
    if request.body:
        words += ["--data-binary", shlex.quote(printable(_body(request.body, contract, body_name)))]
    return " ".join(words)


def _body(body: bytes, contract: Contract, name: str | None) -> str:
    if name is None:
        return body.decode("utf-8", "backslashreplace")
    import orjson

    try:
        return orjson.dumps(masked(read(body), contract, name)).decode()
    except Unreadable:
        return f"<{len(body)} bytes>"
