"""Evidence: what was sent and what came where something was wrong, with nothing in it that is secret."""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from urllib.parse import parse_qsl, quote, urlencode

from vocode_contract.conformance.answers import Answer
from vocode_contract.conformance.client import CheckedClient
from vocode_contract.contract import Contract
from vocode_contract.curl import curl
from vocode_contract.exchange import Headers
from vocode_contract.pointer import tokens_of
from vocode_contract.reading import Unreadable, read
from vocode_contract.redaction import mask, masked
from vocode_contract.report.inert import inert, inert_json
from vocode_contract.report.text import cause_of, shortened
from vocode_contract.violation import Violation

EVIDENCE = "vocode_evidence"

#: Characters of a body, of a whole curl command and of a media type; bytes of a body that is looked into.
MOST_BODY = 2_000
MOST_SENT = 8_000
MOST_READ = 1_048_576
#: Causes in one test that come with their evidence.
MOST_KEPT = 20

_MEDIA_TYPE = re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,40}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
#: The number of a page, such as no phone has.
_NUMBER = re.compile(r"[0-9]{1,6}")
#: A phone number, a token.
_SUSPECT = re.compile(r"[0-9]{7}|[A-Za-z0-9_]{20}")
#: Stands at the start of the tokens that the suite makes up to be refused.
_MADE_UP = "vocode-contract-"
_SHOWN_HEADERS = frozenset(("authorization", "content-type"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One exchange as it may be shown: masked, printable, one line a text.

    Attributes:
        operation: What was asked for.
        sent: The request as curl command; the token is a variable in it.
        status: Status code of the answer.
        media_type: Of the answer, without its parameters; empty where it has none that is fit to be shown.
        size: Bytes of the answer's body.
        seconds: From sending to the last byte; ``None`` where nobody measured.
        place: JSON Pointer to what is wrong in the body.
        body: The body around that place, like JSON: everything is masked that the contract does not
            declare harmless, and left out (``...``) what is deep elsewhere; empty where there is no JSON.
    """

    operation: str
    sent: str
    status: int
    media_type: str
    size: int
    seconds: float | None
    place: str = ""
    body: str = ""


def written(violations: Iterable[Violation], client: CheckedClient) -> list[tuple[str, object]]:
    """Write the evidence for violations as properties of a test, once for each cause.

    Args:
        violations: In the order of their own properties.
        client: Holds all that the test got.
    """
    causes: set[tuple[str, ...]] = set()
    shown = _Shown(client, {})
    properties: list[tuple[str, object]] = []
    for index, violation in enumerate(violations):
        answer = _answer_of(violation, client.answers)
        if answer is not None and cause_of(violation) not in causes and len(causes) < MOST_KEPT:
            causes.add(cause_of(violation))
            evidence = _evidence(answer, violation, shown)
            properties.append((EVIDENCE, inert_json(json.dumps({"violation": index, **asdict(evidence)}))))
    return properties


def collected(
    properties: Iterable[tuple[str, object]], violations: Sequence[Violation]
) -> Iterator[tuple[Violation, Evidence]]:
    """Yield violations of a test with their evidence, as far as its properties hold any."""
    for name, value in properties:
        if name == EVIDENCE:
            members = json.loads(str(value))
            yield violations[members.pop("violation")], Evidence(**members)


def _answer_of(violation: Violation, answers: Sequence[Answer]) -> Answer | None:
    """Return the answer that a violation is about.

    A claim of the test is about several answers; the last one of its operation, else of all, is shown.
    """
    whole = [answer for answer in answers if violation in answer.violations]
    same = [answer for answer in answers if answer.operation.pointer == violation.schema_pointer]
    return next(iter((*whole[:1], *same[-1:], *answers[-1:])), None)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What it takes to show an exchange."""

    client: CheckedClient
    bodies: dict[int, object]

    def body(self, answer: Answer) -> object:
        """Return the masked body of an answer; ``_NO_JSON`` where there is none to be shown."""
        if id(answer) not in self.bodies:
            self.bodies[id(answer)] = _masked_body(answer, self.client.contract)
        return self.bodies[id(answer)]


_NO_JSON = object()


def _evidence(answer: Answer, violation: Violation, shown: _Shown) -> Evidence:
    response = answer.exchange.response
    media_type = (response.header("content-type") or "").partition(";")[0].strip().lower()
    body, tokens = shown.body(answer), tokens_of(violation.instance_pointer)
    return Evidence(
        operation=answer.operation.name,
        sent=inert(_command(answer, shown))[:MOST_SENT],
        status=response.status,
        media_type=media_type if _MEDIA_TYPE.fullmatch(media_type) else "",
        size=len(response.body),
        seconds=answer.exchange.seconds,
        place=inert(violation.instance_pointer),
        body="" if body is _NO_JSON else inert(shortened(_excerpt(body, tokens), MOST_BODY)),
    )


def _command(answer: Answer, shown: _Shown) -> str:
    request, client = answer.exchange.request, shown.client
    return curl(
        replace(request, query=_query(request.query, client), headers=tuple(_headers(request.headers))),
        f"{client.endpoint.scheme}://{client.endpoint.authority}",
        client.contract,
        body_name=answer.operation.body or "HTTPValidationError",
        authorization=_authorization(request.header("authorization")),
    )


def _headers(headers: Headers) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        yield name, value if name.lower() in _SHOWN_HEADERS else mask(value, "header")


def _authorization(value: str | None) -> str:
    """Write a header Authorization for a shell: tokens that the suite made up as they are, others as variable."""
    scheme, _, token = (value or "").partition(" ")
    if not token or token.startswith(_MADE_UP):
        return shlex.quote(f"Authorization: {scheme} {token}")
    return f'"Authorization: {scheme} $VOCODE_API_KEY"'


def _query(query: str, client: CheckedClient) -> str:
    """Write a query string without what came from the API, unless it is an id, or may be a number or token."""
    pairs = parse_qsl(query, keep_blank_values=True)
    if all(_is_shown(value, client) for _, value in pairs):
        return query
    shown = [(name, value if _is_shown(value, client) else mask(value, "text")) for name, value in pairs]
    return urlencode(shown, quote_via=quote)


def _is_shown(value: str, client: CheckedClient) -> bool:
    if _UUID.fullmatch(value) or len(value) < 4 or value in _words(client.contract.date) or _NUMBER.fullmatch(value):
        return True
    if _SUSPECT.search(_UUID.sub("", value)):
        return False
    return not client.store.may_hold(value.encode("utf-8", "surrogatepass"), json.dumps(value)[1:-1].encode())


@cache
def _words(date: str) -> frozenset[str]:
    """Return the names of properties, and the other words that a query is made of."""
    schemas = Contract.load(date).schemas.values()
    return frozenset(("true", "false", *(key for schema in schemas for key in schema.get("properties", {}))))


def _masked_body(answer: Answer, contract: Contract) -> object:
    response = answer.exchange.response
    if not response.body or len(response.body) > MOST_READ:
        return _NO_JSON
    declared = answer.operation.responses.get(response.status, {}).get("application/json")
    try:
        return masked(read(response.body), contract, declared or "HTTPValidationError")
    except Unreadable:
        return _NO_JSON


def _excerpt(value: object, tokens: Sequence[str]) -> str:
    """Write a value like JSON, and in full only what is on the way to a place, and beside it."""
    if isinstance(value, Mapping):
        members = (f"{_text(key)}: {_beside(child, key, tokens)}" for key, child in value.items())
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        index = int(tokens[0]) if tokens and tokens[0].isdecimal() and len(tokens[0]) < 7 else 0
        item = [_excerpt(value[index], tokens[1:])] if index < len(value) else []
        before, after = ["..."] if index else [], ["..."] if index + 1 < len(value) else []
        return f"[{', '.join([*before, *item, *after])}]"
    return _text(value)


def _beside(value: object, key: str, tokens: Sequence[str]) -> str:
    if tokens and key == tokens[0]:
        return _excerpt(value, tokens[1:])
    if isinstance(value, (dict, list)) and value:
        return "{...}" if isinstance(value, dict) else "[...]"
    return _text(value)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
