"""What `generate` writes: JSON Lines, one JSON array, or a file of pytest tests."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pprint import pformat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vocode_contract.strategies import NearMiss


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """One payload.

    Attributes:
        payload: A JSON value.
        line: The whole entry as JSON: the payload, or a near miss with its description and payload.
        told: What was done to a near miss, and how it must be reported; empty for what conforms.
    """

    payload: Any = field(repr=False)
    line: str = field(repr=False)
    told: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_payload(cls, payload: Any) -> "Generated":
        """Take a payload that conforms."""
        return cls(payload=payload, line=json.dumps(payload))

    @classmethod
    def from_near_miss(cls, miss: "NearMiss") -> "Generated":
        """Take a near miss."""
        told = {
            "kind": miss.kind,
            "done": miss.done,
            "judge": miss.judge,
            "code": miss.code,
            "pointer": miss.instance_pointer,
        }
        return cls(payload=miss.payload, line=json.dumps({**told, "payload": miss.payload}), told=told)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadsHeader:
    """What all payloads of a run have in common.

    Attributes:
        schema: Name of the schema.
        contract: Date of the contract.
        profile: Its profile.
        near_miss: Whether they are near misses.
    """

    schema: str
    contract: str
    profile: str
    near_miss: bool

    def numbered(self, number: int) -> str:
        """Return the name of one payload of the run, counted from 1."""
        return f"{self.schema.lower()}-{number:04}"


def as_lines(generated: Iterable[Generated], _heading: PayloadsHeader) -> Iterator[str]:
    """Write one JSON document a line."""
    return (f"{each.line}\n" for each in generated)


def as_array(generated: Iterable[Generated], _heading: PayloadsHeader) -> Iterator[str]:
    """Write one JSON array, an entry a line."""
    separator = "[\n"
    for each in generated:
        yield separator + each.line
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def as_tests(generated: Iterable[Generated], heading: PayloadsHeader) -> Iterator[str]:
    """Write a file for pytest that hands each payload to a handler, in ASCII."""
    names = {"schema": heading.schema, "contract": heading.contract, "profile": heading.profile}
    before, after = (part.format(**names) for part in (_REFUSED if heading.near_miss else _TAKEN))
    yield before
    for number, each in enumerate(generated, 1):
        yield _parameter(each, heading.numbered(number))
    yield after


def _parameter(generated: Generated, name: str) -> str:
    told = generated.told
    identifier = " ".join(filter(None, (name, told.get("code"), told.get("pointer"))))
    comment = f"    # {told['done']}\n" if told else ""
    payload = pformat(generated.payload, width=110, sort_dicts=False).replace("\n", "\n        ")
    text = f"{comment}    pytest.param(\n        {payload},\n        id={identifier!r},\n    ),\n"
    return text.encode("ascii", "backslashreplace").decode("ascii")


_TAKEN = (
    '''"""Payloads that conform to {schema} ({contract}, {profile}), for a handler to take; run it with pytest."""

import pytest

from vocode_contract import ensure


def handle(payload):
    """Stand in for the handler under test: put yours here. It fails by raising."""
    ensure(payload, "{schema}", contract="{contract}", profile="{profile}")


PAYLOADS = [
''',
    """]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_handler_takes(payload):
    handle(payload)
""",
)
_REFUSED = (
    '''"""Near misses of {schema} ({contract}, {profile}), for a handler to refuse; run it with pytest.

Each has one thing wrong with it: the comment says what was done, the id how it must be reported.
"""

import pytest

from vocode_contract import inconsistencies, violations

JUDGED_BY = {{"contract": "{contract}", "profile": "{profile}"}}
REFUSED = ValueError


def handle(payload):
    """Stand in for the handler under test: put yours here. It refuses by raising REFUSED."""
    if [*violations(payload, "{schema}", **JUDGED_BY), *inconsistencies(payload, "{schema}", **JUDGED_BY)]:
        raise REFUSED


PAYLOADS = [
''',
    """]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_handler_refuses(payload):
    with pytest.raises(REFUSED):
        handle(payload)
""",
)

#: Format -> what writes it.
FORMATS: Mapping[str, Callable[[Iterable[Generated], PayloadsHeader], Iterator[str]]] = {
    "jsonl": as_lines,
    "json": as_array,
    "pytest": as_tests,
}
