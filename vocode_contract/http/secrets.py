"""Checks that a response repeats no token and no secret of the request."""

import re
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from typing import Any

from vocode_contract.contract.model import Contract, Operation
from vocode_contract.http.body import (
    ANSWER_LIMITS,
    UNREAD,
    parsed_body,
)
from vocode_contract.http.message import Exchange, Request, Response
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Unreadable
from vocode_contract.validation.violation import Violation

#: A shorter token stands in a response by chance.
_TOKEN_LENGTH = 8
#: What stands for a credential that a server leaves out of its refusal, as our simulator does.
_MASK = re.compile(r"<[a-z]+ [0-9a-f]{8}>|\*+")


def token_kept(exchange: Exchange, _operation: Operation, contract: Contract) -> Iterator[Violation]:
    """Yield a violation when the response holds the token of the request, as it is or in base64."""
    token = (exchange.request.header("authorization") or "").partition(" ")[2].strip()
    yield from token_echoes(exchange.response, token, contract)


def token_echoes(response: Response, token: str, contract: Contract) -> Iterator[Violation]:
    """Yield a violation for each place in which a response holds a token, as it is or in base64.

    Args:
        response: What came, whoever asked.
        token: One that is long enough to stand nowhere by chance; nothing is found of another.
        contract: The contract to check against.
    """
    if len(token) < _TOKEN_LENGTH:
        return
    forms = (token, b64encode(token.encode()).decode().rstrip("="))
    headers = any(form in value for _, value in response.headers for form in forms)
    places = {"in a header": headers, "in the body": any(form.encode() in response.body for form in forms)}
    for place in (place for place, found in places.items() if found):
        yield Violation(
            instance_pointer="",
            code="token-echoed",
            expected="an answer without the token",
            actual=f"the token {place}",
            contract=contract.date,
        )


def secrets_kept(exchange: Exchange, _operation: Operation, contract: Contract) -> Iterator[Violation]:
    """Yield a violation when a refusal holds a credential that did not come with the request."""
    value = parsed_body(exchange) if 400 <= exchange.response.status < 500 else UNREAD
    if value is UNREAD:
        return
    names = _credentials(contract.date)
    for key, text in _strings(value):
        if key in names and text and not _MASK.fullmatch(text) and not _was_sent(text, exchange.request):
            yield Violation(
                instance_pointer="",
                code="secret-leaked",
                expected="a refusal without credentials",
                actual=f'a string of {len(text)} characters under "{key}"',
                contract=contract.date,
            )


def _was_sent(text: str, request: Request) -> bool:
    """Return whether a text came with a request, as it is or as JSON may write it."""
    if text.encode("utf-8", "surrogatepass") in request.body:
        return True
    try:
        value = read(request.body, ANSWER_LIMITS, strict=False)
    except Unreadable:
        return False
    return any(sent == text for _, sent in _strings(value))


@cache
def _credentials(date: str) -> frozenset[str]:
    """Return the names under which the contract knows secrets; addresses and account names are none."""
    schemas = Contract.load(date).schemas.values()
    declared = (item for schema in schemas for item in schema.get("properties", {}).items())
    marked = {key for key, schema in declared if schema.get("x-sensitivity") == "credential"}
    return frozenset(key for key in marked if key.endswith(("_key", "_token", "_secret")))


def _strings(value: Any) -> Iterator[tuple[str, str]]:
    """Yield each string in an object, with its key, at any depth."""
    level = [value]
    while level:
        objects = [one for one in level if isinstance(one, dict)]
        yield from ((key, text) for one in objects for key, text in one.items() if isinstance(text, str))
        lists = (one for one in level if isinstance(one, list))
        level = [child for one in objects for child in one.values()] + [item for one in lists for item in one]
