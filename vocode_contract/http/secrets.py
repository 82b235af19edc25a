"""Checks that a response repeats no token, and that a rejection shows no secret and no internals of the server."""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from vocode_contract.contract.model import Contract
from vocode_contract.http.message import BODY_LIMITS, Request
from vocode_contract.http.operation_exchange import OperationExchange
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Unreadable
from vocode_contract.validation.violation import Violation

#: A shorter token stands in a response by chance.
_TOKEN_LENGTH = 8
#: What stands for a credential that a server leaves out of its refusal, as our simulator does.
_MASK = re.compile(r"<[a-z]+ [0-9a-f]{8}>|\*+")


def check_tokens(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield a violation for each place in which the response holds a token, as it is or in base64."""
    sent = (exchange.exchange.request.header("authorization") or "").partition(" ")[2].strip()
    own = exchange.token.reveal() if exchange.token else ""
    response = exchange.response
    for token in (token for token in dict.fromkeys((sent, own)) if len(token) >= _TOKEN_LENGTH):
        forms = (token, b64encode(token.encode()).decode().rstrip("="))
        headers = any(form in value for _, value in response.headers for form in forms)
        places = {"in a header": headers, "in the body": any(form.encode() in response.body for form in forms)}
        for place in (place for place, found in places.items() if found):
            yield exchange.violation(
                "token-echoed", expected="an answer without the token", actual=f"the token {place}"
            )


def check_secrets(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield a violation if a refusal holds a credential that did not come with the request."""
    if exchange.response.status < 400:
        return
    names = _credentials(exchange.contract)
    for key, text in _strings(exchange.value):
        if key in names and text and not _MASK.fullmatch(text) and not _was_sent(text, exchange.exchange.request):
            yield exchange.violation(
                "secret-leaked",
                expected="a refusal without credentials",
                actual=f'a string of {len(text)} characters under "{key}"',
            )


#: What a server's own error messages look like, in bytes as they are or in JSON, and what it is.
_INTERNALS: Mapping[str, re.Pattern[bytes]] = {
    "a stack trace": re.compile(
        rb"Traceback \(most recent call last\)"
        rb'|File \\?"[^"\\]+\.py\\?", line \d'
        rb"|(?:\n|\\n)\s+at [\w.$<> ]+\([^()\n]*:\d+"
        rb"|goroutine \d+ \[running\]"
    ),
    "a message of a database": re.compile(
        rb"SQLSTATE\[|ORA-\d{5}:|\b(?:sqlalchemy|psycopg2?|asyncpg|sqlite3|pymysql)\.(?:exc|errors|exceptions|\w*Error)\b"
    ),
    "an address with a password": re.compile(rb"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>]{1,64}:[^\s/@\"'<>]{1,64}@"),
    "a key": re.compile(
        rb"\bAKIA[0-9A-Z]{16}\b|\bsk-[A-Za-z0-9_-]{20}|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"
        rb"|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\."
    ),
}
#: How much of a body is searched for them, in bytes.
_SEARCHED = 65_536


def check_internals(exchange: OperationExchange) -> Iterator[Violation]:
    """Yield advice if an error response shows how the server works inside, or a secret, in its text.

    Source: CWE-209.
    """
    if exchange.response.status < 400:
        return
    body, request = exchange.response.body[:_SEARCHED], exchange.exchange.request
    for name, pattern in _INTERNALS.items():
        found = pattern.search(body)
        if found and found.group() not in request.body and found.group() not in request.query.encode():
            yield exchange.violation("internals-shown", expected="an error message without internals", actual=name)


def _was_sent(text: str, request: Request) -> bool:
    """Return whether a text came with a request, as it is or as JSON may write it."""
    if text.encode("utf-8", "surrogatepass") in request.body:
        return True
    try:
        value = read(request.body, BODY_LIMITS, strict=False)
    except Unreadable:
        return False
    return any(sent == text for _, sent in _strings(value))


@cache
def _credentials(contract: Contract) -> frozenset[str]:
    """Return the names of the properties that hold secrets; addresses and account names are not secrets."""
    declared = (item for schema in contract.schemas.values() for item in schema.get("properties", {}).items())
    marked = {key for key, schema in declared if schema.get("x-sensitivity") == "credential"}
    return frozenset(key for key in marked if key.endswith(("_key", "_token", "_secret")))


def _strings(value: Any) -> Iterator[tuple[str, str]]:
    level = [value]
    while level:
        objects = [one for one in level if isinstance(one, dict)]
        yield from ((key, text) for one in objects for key, text in one.items() if isinstance(text, str))
        lists = (one for one in level if isinstance(one, list))
        level = [child for one in objects for child in one.values()] + [item for one in lists for item in one]
