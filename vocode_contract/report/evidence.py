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
from vocode_contract.http.client.fictional_call import NUMBERS, is_own
from vocode_contract.http.guard.phone_numbers import is_fictional
from vocode_contract.http.message import Request
from vocode_contract.report.text import cut_around, identify_cause
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Unreadable
from vocode_contract.validation.masking import mask, mask_payload, printable
from vocode_contract.validation.safe_text import inert, inert_json
from vocode_contract.validation.violation import Violation

EVIDENCE = "vocode_evidence"
#: Characters of a body; characters of a curl command, which is omitted if longer; bytes of a body that is parsed.
MOST_BODY = 2_000
#: Maximum distance in characters between the middle of a cut body and the start of the key of the place.
_MARGIN = 100
MOST_SENT = 8_000
MOST_READ = 1_048_576
#: Causes per test that come with evidence, and characters of all of it.
MOST_KEPT = 20
MOST_NOTED = 65_536
#: Headers that curl sets by itself.
_CURL_HEADERS = frozenset(("accept", "accept-encoding", "content-length", "host", "user-agent"))
_SHOWN_HEADERS = frozenset(("authorization", "content-type"))
_MEDIA_TYPE = re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,40}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
#: The number of a page; phone numbers are longer.
_NUMBER = re.compile(r"[0-9]{1,6}")
#: What may be a phone number or a token.
_SUSPECT = re.compile(r"[0-9]{7}|[A-Za-z0-9_]{20}")
_NO_JSON = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One exchange, masked and printable, each text on one line.

    Attributes:
        sent: The request as a curl command, in which a variable stands for the token.
        before: The requests that led to it, in order, as curl commands.
        media_type: Of the response, without parameters; empty if there is none that can be shown.
        size: Bytes of the response's body.
        seconds: From sending to the last byte; ``None`` if not measured.
        place: JSON Pointer to what is wrong in the body.
        body: The body around that place, similar to JSON: everything is masked that the contract does not declare
            harmless, and what is nested elsewhere is left out (``...``); empty if there is no JSON.
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
        answer: The exchange that shows it; ``None`` if unknown.
        place: JSON Pointer to it in the body of that response.
        steps: The exchanges that led to it, in order, without `answer`.
    """

    answer: CheckedExchange | None
    place: str
    steps: tuple[CheckedExchange, ...] = ()


class EvidenceSource(Protocol):
    """What evidence is made from, such as the `CheckedClient` of a test."""

    @property
    def contract(self) -> Contract:
        """The contract that exchanges are checked against."""

    @property
    def store(self) -> Store:
        """The responses so far: requests are masked where they repeat a part of one."""


def write_evidence(
    first_seen: Mapping[Violation, FirstSeen], source: EvidenceSource, *, first: int = 0
) -> list[tuple[str, object]]:
    """Return the evidence for violations as properties of a test, one per cause.

    Args:
        first_seen: Where each was seen, in the order of the violations' own properties.
        source: What evidence is made from.
        first: Number of violations among the test's earlier properties.
    """
    causes: set[tuple[str, ...]] = set()
    builder = _EvidenceBuilder(source, {})
    properties: list[tuple[str, object]] = []
    left = MOST_NOTED
    for index, (violation, seen) in enumerate(first_seen.items(), first):
        cause = identify_cause(violation)
        if seen.answer is not None and cause not in causes and len(causes) < MOST_KEPT and left > 0:
            causes.add(cause)
            properties.append(write_property(index, builder.build(seen.answer, seen)))
            left -= len(str(properties[-1][1]))
    return properties


def write_property(index: int, evidence: Evidence) -> tuple[str, object]:
    """Return the evidence for one of a test's violations as a property of that test."""
    return EVIDENCE, inert_json(json.dumps({"violation": index, **asdict(evidence)}))


def read_evidence(
    properties: Iterable[tuple[str, object]], violations: Sequence[Violation]
) -> Iterator[tuple[Violation, Evidence]]:
    """Yield the violations of a test whose evidence is among its properties, with this evidence."""
    for name, value in properties:
        if name == EVIDENCE:
            members = json.loads(str(value))
            violation = violations[members.pop("violation")]
            yield violation, Evidence(**members | {"before": tuple(members["before"])})


@dataclass(frozen=True, slots=True)
class _EvidenceBuilder:
    """Builds evidence, and masks each body once."""

    source: EvidenceSource
    bodies: dict[int, object]

    def build(self, answer: CheckedExchange, seen: FirstSeen) -> Evidence:
        response = answer.exchange.response
        if id(answer) not in self.bodies:
            self.bodies[id(answer)] = _mask_body(answer, self.source.contract)
        body = self.bodies[id(answer)]
        excerpt = "" if body is _NO_JSON else _render_excerpt(body, tokens_of(seen.place))
        return Evidence(
            operation=answer.operation.name,
            sent=self.render_request(answer),
            status=response.status,
            media_type=response.media_type if _MEDIA_TYPE.fullmatch(response.media_type) else "",
            size=len(response.body),
            seconds=answer.exchange.seconds,
            place=inert(seen.place),
            body=inert(cut_around(excerpt, find_place(excerpt, seen.place), MOST_BODY)),
            before=tuple(map(self.render_request, seen.steps)),
        )

    def render_request(self, answer: CheckedExchange) -> str:
        """Return a request as a whole curl command: a shortened one cannot be pasted."""
        request = answer.exchange.request
        body = _render_own_body(request.body)
        is_ours = answer.is_generated or bool(body)
        command = render_curl(
            replace(
                request,
                query=request.query if answer.is_generated else _mask_query(request.query, self.source),
                headers=tuple(
                    (name, value if name.lower() in _SHOWN_HEADERS else mask(value, "header"))
                    for name, value in request.headers
                ),
                body=body or request.body,
            ),
            answer.origin,
            self.source.contract,
            body_name=None if is_ours else answer.operation.body or "HTTPValidationError",
            secrets={
                name.lower(): _render_secret(name, value, answer.in_shell.get(name.lower(), ""))
                for name, value in request.headers
                if name.lower() == "authorization" or name.lower() in answer.in_shell
            },
        )
        text = inert(command)
        return text if len(text) <= MOST_SENT else f"a request of {len(text):,} characters, which is too long to show"


def render_curl(
    request: Request, origin: str, contract: Contract, *, body_name: str | None, secrets: Mapping[str, str]
) -> str:
    """Return a request as a curl command.

    Args:
        request: What was sent.
        origin: Scheme, host and port, such as ``http://127.0.0.1:8000``.
        contract: Says what is sensitive in a body.
        body_name: The schema of the body, by which its values are masked; ``None`` to show it as it is.
        secrets: Name of a secret header, in lower case -> the text shown instead, quoted for a shell.
    """
    query = f"?{request.query}" if request.query else ""
    words = ["curl", "--request", request.method, shlex.quote(printable(f"{origin}{request.path}{query}"))]
    for name, value in request.headers:
        if name.lower() in secrets:
            words += ["--header", secrets[name.lower()]]
        elif name.lower() not in _CURL_HEADERS:
            words += ["--header", shlex.quote(printable(f"{name}: {value}"))]
    if request.body:
        words += ["--data-binary", shlex.quote(printable(_render_body(request.body, contract, body_name)))]
    return " ".join(words)


def _render_body(body: bytes, contract: Contract, name: str | None) -> str:
    if name is None:
        return body.decode("utf-8", "backslashreplace")
    import orjson

    try:
        return orjson.dumps(mask_payload(read(body), contract, name)).decode()
    except Unreadable:
        return f"<{len(body)} bytes>"


def _render_own_body(body: bytes) -> bytes:
    """Return a body that the suite made up, in which only a user's numbers are masked; empty for any other body."""
    try:
        value = read(body) if body else None
    except Unreadable:
        return b""
    if isinstance(value, dict) and value.keys() == {"id"} and _UUID.fullmatch(str(value["id"])):
        return body
    if not is_own(value) or not isinstance(value, dict):
        return b""
    real = {key: value[key] for key in NUMBERS if not is_fictional(value[key])}
    return json.dumps(value | {key: mask(number, "personal") for key, number in real.items()}).encode()


def _render_secret(name: str, value: str, in_shell: str) -> str:
    """Return a header for a shell, in which a variable stands for what is secret."""
    if not value:
        return shlex.quote(f"{name};")  # how curl sends a header without a value
    if in_shell:
        return f'"{name}: {in_shell}"'
    scheme, _, token = value.partition(" ")
    return f'"{name}: {scheme} $VOCODE_API_KEY"' if token else shlex.quote(f"{name}: {scheme} ")


def _mask_query(query: str, source: EvidenceSource) -> str:
    """Return a query string in which values are masked that repeat a response or may be a phone number or token."""
    pairs = parse_qsl(query, keep_blank_values=True)
    if all(_is_shown(value, source) for _, value in pairs):
        return query
    shown = [(name, value if _is_shown(value, source) else mask(value, "text")) for name, value in pairs]
    return urlencode(shown, quote_via=quote)


def is_harmless(value: str) -> bool:
    """Return whether a value of a query is a UUID or very short, and can be shown wherever it came from."""
    return bool(_UUID.fullmatch(value)) or len(value) < 4


def _is_shown(value: str, source: EvidenceSource) -> bool:
    is_one_letter = value.isalpha() and len(set(value)) == 1  # the suite sends such values to test limits
    if is_harmless(value) or is_one_letter or value in _list_words(source.contract) or _NUMBER.fullmatch(value):
        return True
    if _SUSPECT.search(_UUID.sub("", value)):
        return False
    return not source.store.may_hold(value.encode("utf-8", "surrogatepass"), json.dumps(value)[1:-1].encode())


@cache
def _list_words(contract: Contract) -> frozenset[str]:
    """Return the names of properties and the other words that queries of the suite contain."""
    schemas = contract.schemas.values()
    return frozenset(("true", "false", *(key for schema in schemas for key in schema.get("properties", {}))))


def _mask_body(answer: CheckedExchange, contract: Contract) -> object:
    response = answer.exchange.response
    if not response.body or len(response.body) > MOST_READ:
        return _NO_JSON
    declared = answer.operation.responses.get(response.status, {}).get("application/json")
    document = response.document
    return _NO_JSON if document.defect else mask_payload(document.value, contract, declared or "HTTPValidationError")


def _render_excerpt(value: object, tokens: Sequence[str]) -> str:
    """Return a value similar to JSON, in which only what is on the way to a place, or next to it, is complete."""
    if isinstance(value, Mapping):
        members = (f"{_dump(key)}: {_render_member(child, key, tokens)}" for key, child in value.items())
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        index = int(tokens[0]) if tokens and tokens[0].isdecimal() and len(tokens[0]) < 7 else 0
        item = [_render_excerpt(value[index], tokens[1:])] if index < len(value) else []
        before, after = ["..."] if index else [], ["..."] if index + 1 < len(value) else []
        return f"[{', '.join([*before, *item, *after])}]"
    return _dump(value)


def _render_member(value: object, key: str, tokens: Sequence[str]) -> str:
    if tokens and key == tokens[0]:
        return _render_excerpt(value, tokens[1:])
    if isinstance(value, (dict, list)) and value:
        return "{...}" if isinstance(value, dict) else "[...]"
    return _dump(value)


def find_place(body: str, pointer: str) -> int:
    """Return the index in an excerpt of the member at a JSON Pointer, or of the innermost member around it."""
    at = len(body) // 2 - _MARGIN if body.startswith("...") else 0  # it was cut around the place
    for token in tokens_of(pointer):
        at = max(at, body.find(f"{_dump(token)}: ", at))
    return at


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
