"""Compare two contracts: what changed, and how much that matters to whoever uses them.

A change is breaking if the new contract allows the server to send what the old one forbids, or forbids a client to send
what the old one allows. Start with `changes`; `group_changes` combines those with one cause, `KINDS` describes every
kind. `operations`, `security` and `schemas` compare; `endpoints` and `shape` read what they compare.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from vocode_contract.contract.diff.change import (
    Change,
    ChangeGroup,
    accept_changes,
    group_changes,
    make_removal,
    read_accepted_changes,
)
from vocode_contract.contract.diff.endpoints import list_callbacks, list_endpoints
from vocode_contract.contract.diff.kinds import KINDS, LEVELS, ChangeLevel, Direction
from vocode_contract.contract.diff.operations import compare_operations
from vocode_contract.contract.diff.renames import strip_annotations
from vocode_contract.contract.diff.schemas import SchemaComparison
from vocode_contract.contract.diff.shape import COMPONENTS, Reader, SchemaPlace, find_references
from vocode_contract.contract.json_pointer import escape, resolve
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Schema

__all__ = [
    "KINDS",
    "LEVELS",
    "Change",
    "ChangeGroup",
    "ChangeLevel",
    "accept_changes",
    "changes",
    "group_changes",
    "read_accepted_changes",
]


def changes(old: Contract, new: Contract) -> Iterator[Change]:
    """Yield the changes: operations first, then schemas by name, each in the order of the document.

    The profile of the newer contract decides. Under ``wire``, null is valid for every optional property without a
    default. Under ``tolerant``, new enumerated values and union members are risky and not breaking.

    Args:
        old: The contract that the clients were written for.
        new: The contract that the server follows now.
    """
    readers = Reader(old.document), Reader(new.document)
    renamed = _match_renamed_schemas(*readers)
    comparison = SchemaComparison(
        old=readers[0], new=readers[1], renamed=renamed, is_on_wire=new.profile != "documented"
    )
    is_tolerant = new.profile == "tolerant"
    for change in compare_operations(comparison):
        yield _assess(change, change.directions, is_tolerant)
    uses = [_Uses(document) for document in (old.document, new.document)]
    for name in sorted({*readers[0].schemas, *readers[1].schemas} - {*renamed.values()}):
        directions = _list_directions(uses, {name, renamed.get(name, name)})
        for change in _compare_named(name, comparison):
            here = tuple(each for each in directions if not change.directions or each in change.directions)
            yield _assess(change, here or directions, is_tolerant)


def _assess(change: Change, directions: tuple[Direction, ...], is_tolerant: bool) -> Change:
    """Return a change with who is affected, and how much it matters to them."""
    level = KINDS[change.kind].level(directions, tolerant=is_tolerant)
    return replace(change, directions=directions, level=level)


def _compare_named(name: str, comparison: SchemaComparison) -> Iterator[Change]:
    old, new = comparison.old.schemas, comparison.new.schemas
    new_name = comparison.renamed.get(name, name)
    was, now = (f"/components/schemas/{escape(each)}" for each in (name, new_name))
    if new_name not in new:
        yield make_removal("schema-removed", was, name)
    elif name not in old:
        yield Change(kind="schema-added", pointer=now, after=name)
    else:
        if new_name != name:
            yield Change(kind="schema-renamed", pointer=now, old_pointer=was, before=name, after=new_name)
        yield from comparison.compare(SchemaPlace(old[name], was), SchemaPlace(new[new_name], now))


def _match_renamed_schemas(old: Reader, new: Reader) -> Mapping[str, str]:
    """Map each schema that is gone to the one new schema that is the same."""
    gone = {name: strip_annotations(schema) for name, schema in old.schemas.items() if name not in new.schemas}
    fresh = {name: strip_annotations(schema) for name, schema in new.schemas.items() if name not in old.schemas}
    counts = Counter([*gone.values(), *fresh.values()])
    names = {text: name for name, text in fresh.items()}
    return {name: names[text] for name, text in gone.items() if text in names and counts[text] == 2}


class _Uses:
    """The named schemas of a document that a client sends, and those that it receives."""

    def __init__(self, document: Schema) -> None:
        self.document = document
        sent: list[Any] = []
        received: list[Any] = []
        for section, request, response in (("paths", sent, received), ("webhooks", received, sent)):
            for endpoint in list_endpoints(document, section):
                request += [endpoint.spec.get("requestBody"), endpoint.spec.get("parameters")]
                request.append(endpoint.shared.get("parameters"))
                response.append(endpoint.spec.get("responses"))
        for spec in list_callbacks(document):
            received.append(spec.get("requestBody"))
            sent.append(spec.get("responses"))
        self.sent, self.received = self._reach(sent), self._reach(received)

    def _reach(self, roots: Iterable[Any]) -> frozenset[str]:
        """Return the names of all schemas that parts of the document lead to."""
        found: set[str] = set()
        waiting = [*find_references([*roots])]
        while waiting:
            reference = waiting.pop()
            if reference not in found and reference.startswith("#/"):
                found.add(reference)
                try:
                    waiting += find_references(resolve(self.document, reference[1:]))
                except LookupError:
                    continue
        return frozenset(each.removeprefix(COMPONENTS) for each in found if each.startswith(COMPONENTS))


def _list_directions(uses: Iterable[_Uses], names: set[str]) -> tuple[Direction, ...]:
    """Return whether a client sends a schema, receives it, or both; one that is not used may be received by webhook."""
    uses = tuple(uses)
    is_sent = any(names & each.sent for each in uses)
    is_received = any(names & each.received for each in uses) or not is_sent
    return (*(("received",) if is_received else ()), *(("sent",) if is_sent else ()))
