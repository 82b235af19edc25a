"""The output formats of `generate`: JSON Lines, one JSON array, or a pytest file."""

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
        mutation: What was changed in a near miss, and how it must be reported; empty for a valid payload.
    """

    payload: Any = field(repr=False)
    line: str = field(repr=False)
    mutation: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_payload(cls, payload: Any) -> "Generated":
        """Return the entry of a valid payload."""
        return cls(payload=payload, line=json.dumps(payload))

    @classmethod
    def from_near_miss(cls, miss: "NearMiss") -> "Generated":
        """Return the entry of a near miss."""
        mutation = {
            "kind": miss.kind,
            "done": miss.done,
            "judge": miss.judge,
            "code": miss.code,
            "pointer": miss.instance_pointer,
        }
        return cls(payload=miss.payload, line=json.dumps({**mutation, "payload": miss.payload}), mutation=mutation)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadsHeader:
    """What all payloads of a run have in common."""

    schema: str
    contract: str
    profile: str
    near_miss: bool

    def name_of(self, number: int) -> str:
        """Return the name of one payload of the run, counted from 1."""
        return f"{self.schema.lower()}-{number:04}"


def as_lines(generated: Iterable[Generated], _heading: PayloadsHeader) -> Iterator[str]:
    """Write one JSON document per line."""
    return (f"{each.line}\n" for each in generated)


def as_array(generated: Iterable[Generated], _heading: PayloadsHeader) -> Iterator[str]:
    """Write one JSON array with an entry per line."""
    separator = "[\n"
    for each in generated:
        yield separator + each.line
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def as_tests(generated: Iterable[Generated], heading: PayloadsHeader) -> Iterator[str]:
    """Write a pytest file, in ASCII, that passes each payload to a handler."""
    names = {"schema": heading.schema, "contract": heading.contract, "profile": heading.profile}
    before, after = (part.format(**names) for part in (_REJECT if heading.near_miss else _ACCEPT))
    yield before
    for number, each in enumerate(generated, 1):
        yield _parameter(each, heading.name_of(number))
    yield after


def _parameter(generated: Generated, name: str) -> str:
    mutation = generated.mutation
    identifier = " ".join(filter(None, (name, mutation.get("code"), mutation.get("pointer"))))
    comment = f"    # {mutation['done']}\n" if mutation else ""
    payload = pformat(generated.payload, width=110, sort_dicts=False).replace("\n", "\n        ")
    text = f"{comment}    pytest.param(\n        {payload},\n        id={identifier!r},\n    ),\n"
    return text.encode("ascii", "backslashreplace").decode("ascii")


_ACCEPT = (
    '''"""Valid payloads of {schema} ({contract}, {profile}), which a handler must accept; run it with pytest."""

import pytest

from vocode_contract import ensure


def handle(payload):
    """Replace this with the handler under test. It fails by raising."""
    ensure(payload, "{schema}", contract="{contract}", profile="{profile}")


PAYLOADS = [
''',
    """]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_handler_accepts(payload):
    handle(payload)
""",
)
_REJECT = (
    '''"""Near misses of {schema} ({contract}, {profile}), which a handler must reject; run it with pytest.

Each has one mutation: the comment describes it, the id has the code and the place of its violation.
"""

import pytest

from vocode_contract import inconsistencies, violations

CONTRACT = {{"contract": "{contract}", "profile": "{profile}"}}
REJECTED = ValueError


def handle(payload):
    """Replace this with the handler under test. It rejects a payload by raising REJECTED."""
    if [*violations(payload, "{schema}", **CONTRACT), *inconsistencies(payload, "{schema}", **CONTRACT)]:
        raise REJECTED


PAYLOADS = [
''',
    """]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_handler_rejects(payload):
    with pytest.raises(REJECTED):
        handle(payload)
""",
)

#: Format to the function that writes it.
FORMATS: Mapping[str, Callable[[Iterable[Generated], PayloadsHeader], Iterator[str]]] = {
    "jsonl": as_lines,
    "json": as_array,
    "pytest": as_tests,
}
