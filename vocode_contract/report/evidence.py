"""Evidence: the exchange that shows a violation, masked."""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Protocol
from urllib.parse import parse_qsl, quote, urlencode

from vocode_contract.contract.json_pointer import tokens_of
from vocode_contract.contract.model import Contract
from vocode_contract.http.body_store import Store
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.client.fictional_call import is_own
from vocode_contract.http.guard.phone_numbers import is_fictional
from vocode_contract.http.message import Headers, Request
from vocode_contract.report.text import cause_of, shortened
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Unreadable
from vocode_contract.validation.masking import mask, mask_payload, printable
from vocode_contract.validation.safe_text import inert, inert_json
from vocode_contract.validation.violation import Violation

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
        return orjson.dumps(mask_payload(read(body), contract, name)).decode()
    except Unreadable:
        return f"<{len(body)} bytes>"


EVIDENCE = "vocode_evidence"
#: Characters of a body, and of a curl command, which is left out if it is longer; bytes of a body that is looked into.
MOST_BODY = 2_000
MOST_SENT = 8_000
MOST_READ = 1_048_576
#: Causes in one test that come with their evidence, and characters of all of it.
MOST_KEPT = 20
MOST_NOTED = 65_536
_MEDIA_TYPE = re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,40}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
#: The number of a page, such as no phone has.
_NUMBER = re.compile(r"[0-9]{1,6}")
#: A phone number, a token.
_SUSPECT = re.compile(r"[0-9]{7}|[A-Za-z0-9_]{20}")
_SHOWN_HEADERS = frozenset(("authorization", "content-type"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One exchange as it may be shown: masked, printable, one line a text.

    Attributes:
        operation: What was asked for.
        sent: The request as curl command; the token is a variable in it.
        before: The requests that led there, in order, as curl commands.
        status: Status code of the response.
        media_type: Of the response, without its parameters; empty where it has none that is fit to be shown.
        size: Bytes of the response's body.
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
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSeen:
    """Where a violation was seen.

    Attributes:
        answer: What holds it; ``None`` where nothing is known of it.
        place: JSON Pointer to it in the body of that response.
        steps: What led there, in order, without the response itself.
    """

    answer: CheckedExchange | None
    place: str
    steps: tuple[CheckedExchange, ...] = ()


class Witness(Protocol):
    """Whoever holds what a test got, such as its `CheckedClient`."""

    @property
    def contract(self) -> Contract:
        """The date and profile to check against."""

    @property
    def store(self) -> Store:
        """Knows what came: what it may hold is not shown as sent."""


def written(sights: Mapping[Violation, FirstSeen], client: Witness, *, first: int = 0) -> list[tuple[str, object]]:
    """Write the evidence for violations as properties of a test, once for each cause.

    Args:
        sights: Where each was seen, in the order of the violations' own properties.
        client: Holds all that came from the API.
        first: How many properties of violations come before.
    """
    causes: set[tuple[str, ...]] = set()
    shown = _Shown(client, {})
    properties: list[tuple[str, object]] = []
    left = MOST_NOTED
    for index, (violation, sight) in enumerate(sights.items(), first):
        if sight.answer is not None and cause_of(violation) not in causes and len(causes) < MOST_KEPT and left > 0:
            causes.add(cause_of(violation))
            properties.append(noted_of(index, _evidence(sight.answer, sight, shown)))
            left -= len(str(properties[-1][1]))
    return properties


def noted_of(index: int, evidence: Evidence) -> tuple[str, object]:
    """Write evidence for one of the violations of a test as a property of that test."""
    return EVIDENCE, inert_json(json.dumps({"violation": index, **asdict(evidence)}))


def collected(
    properties: Iterable[tuple[str, object]], violations: Sequence[Violation]
) -> Iterator[tuple[Violation, Evidence]]:
    """Yield violations of a test with their evidence, as far as its properties hold any."""
    for name, value in properties:
        if name == EVIDENCE:
            members = json.loads(str(value))
            violation = violations[members.pop("violation")]
            yield violation, Evidence(**members | {"before": tuple(members["before"])})


@dataclass(frozen=True, slots=True)
class _Shown:
    """What it takes to show an exchange."""

    client: Witness
    bodies: dict[int, object]

    def body(self, answer: CheckedExchange) -> object:
        """Return the masked body of a response; ``_NO_JSON`` where there is none to be shown."""
        if id(answer) not in self.bodies:
            self.bodies[id(answer)] = _masked_body(answer, self.client.contract)
        return self.bodies[id(answer)]


_NO_JSON = object()


def _evidence(answer: CheckedExchange, sight: FirstSeen, shown: _Shown) -> Evidence:
    response = answer.exchange.response
    body, tokens = shown.body(answer), tokens_of(sight.place)
    return Evidence(
        operation=answer.operation.name,
        sent=_command(answer, shown),
        status=response.status,
        media_type=response.media_type if _MEDIA_TYPE.fullmatch(response.media_type) else "",
        size=len(response.body),
        seconds=answer.exchange.seconds,
        place=inert(sight.place),
        body="" if body is _NO_JSON else inert(shortened(_excerpt(body, tokens), MOST_BODY)),
        before=tuple(_command(step, shown) for step in sight.steps),
    )


def _command(answer: CheckedExchange, shown: _Shown) -> str:
    """Write a request as a curl command, whole: what is cut can't be pasted."""
    request, client = answer.exchange.request, shown.client
    body = _made_up(request.body)
    is_ours = answer.is_generated or bool(body)
    command = curl(
        replace(
            request,
            query=request.query if answer.is_generated else _query(request.query, client),
            headers=tuple(_headers(request.headers)),
            body=body or request.body,
        ),
        answer.origin,
        client.contract,
        body_name=None if is_ours else answer.operation.body or "HTTPValidationError",
        authorization=_authorization(request.header("authorization"), answer.authorization),
    )
    text = inert(command)
    return text if len(text) <= MOST_SENT else f"a request of {len(text):,} characters, which is too long to be shown"


def _made_up(body: bytes) -> bytes:
    """Return a body that the suite made up, to be shown as it is but for a user's number; empty for any other."""
    try:
        value = read(body) if body else None
    except Unreadable:
        return b""
    if isinstance(value, dict) and value.keys() == {"id"} and _UUID.fullmatch(str(value["id"])):
        return body
    if not is_own(value) or not isinstance(value, dict):
        return b""
    number = value["to_number"]
    return json.dumps(value if is_fictional(number) else value | {"to_number": mask(number, "personal")}).encode()


def _headers(headers: Headers) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        yield name, value if name.lower() in _SHOWN_HEADERS else mask(value, "header")


def _authorization(value: str | None, in_shell: str) -> str:
    """Write a header Authorization for a shell: the user's token as variable, or as it is known to have come about."""
    scheme, _, token = (value or "").partition(" ")
    if not token:
        return shlex.quote(f"Authorization: {scheme} {token}")
    return f'"Authorization: {in_shell or f"{scheme} $VOCODE_API_KEY"}"'


def _query(query: str, client: Witness) -> str:
    """Write a query string without what came from the API, unless it is an id, or may be a number or token."""
    pairs = parse_qsl(query, keep_blank_values=True)
    if all(_is_shown(value, client) for _, value in pairs):
        return query
    shown = [(name, value if _is_shown(value, client) else mask(value, "text")) for name, value in pairs]
    return urlencode(shown, quote_via=quote)


def is_harmless(value: str) -> bool:
    """Return whether a value of a query tells nothing, whoever it came from: an id, a short number or word."""
    return bool(_UUID.fullmatch(value)) or len(value) < 4


def _is_shown(value: str, client: Witness) -> bool:
    is_one_letter = value.isalpha() and len(set(value)) == 1
    if is_harmless(value) or is_one_letter or value in _words(client.contract.date) or _NUMBER.fullmatch(value):
        return True
    if _SUSPECT.search(_UUID.sub("", value)):
        return False
    return not client.store.may_hold(value.encode("utf-8", "surrogatepass"), json.dumps(value)[1:-1].encode())


@cache
def _words(date: str) -> frozenset[str]:
    """Return the names of properties, and the other words that a query is made of."""
    schemas = Contract.load(date).schemas.values()
    return frozenset(("true", "false", *(key for schema in schemas for key in schema.get("properties", {}))))


def _masked_body(answer: CheckedExchange, contract: Contract) -> object:
    response = answer.exchange.response
    if not response.body or len(response.body) > MOST_READ:
        return _NO_JSON
    declared = answer.operation.responses.get(response.status, {}).get("application/json")
    document = response.document
    return _NO_JSON if document.defect else mask_payload(document.value, contract, declared or "HTTPValidationError")


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
