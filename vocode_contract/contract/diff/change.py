"""Change: one difference between two contracts, and the entries that combine those with one cause."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from vocode_contract.contract.acceptance import Acceptance, read_acceptances
from vocode_contract.contract.diff.kinds import KINDS, LEVELS, ChangeLevel, Direction, Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between two contracts.

    Attributes:
        kind: A key of `KINDS`, such as ``key-added`` or ``value-removed``.
        pointer: JSON Pointer into the newer document, into the older one for what was removed. It names a part of a
            union or of ``allOf`` like the whole, so that it is the same however a schema is written.
        before: What the older contract has there; may be empty.
        after: What the newer contract has there; may be empty.
        level: How much it matters to the clients that use the place.
        directions: Whether a client receives the place, sends it, or both.
        old_pointer: JSON Pointer into the older document; empty for what was added.
        is_removal: Whether the newer document has no such place.
        accepted: The reason why it is accepted; empty if it is not.
    """

    kind: str
    pointer: str
    before: str = ""
    after: str = ""
    level: ChangeLevel = "cosmetic"
    directions: tuple[Direction, ...] = ()
    old_pointer: str = ""
    is_removal: bool = False
    accepted: str = ""

    @property
    def effect(self) -> Effect:
        """Whether more payloads are valid now, fewer, others, or the same ones."""
        return KINDS[self.kind].effect

    @property
    def breaking(self) -> bool:
        """Whether a client of the older contract may fail."""
        return self.level == "breaking"


def make_removal(kind: str, pointer: str, name: str = "", directions: tuple[Direction, ...] = ()) -> Change:
    """Return the change of something that the newer document does not have.

    Args:
        kind: A key of `KINDS`.
        pointer: JSON Pointer into the older document.
        name: What it was.
        directions: Whether a client received it, sent it, or both.
    """
    return Change(kind=kind, pointer=pointer, old_pointer=pointer, before=name, directions=directions, is_removal=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeGroup:
    """Changes with one cause: of one kind, from one thing to another, for the same clients, accepted alike.

    Attributes:
        changes: In the order of the documents.
    """

    changes: tuple[Change, ...]

    @property
    def first(self) -> Change:
        """The change that stands for all."""
        return self.changes[0]

    @property
    def level(self) -> ChangeLevel:
        """How much they matter."""
        return self.first.level

    @property
    def accepted(self) -> str:
        """The reason why they are accepted; empty if they are not."""
        return self.first.accepted


def accept_changes(
    changes: Iterable[Change], entries: Sequence[Acceptance]
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Return the changes with the reasons why some are accepted, and a line for each entry that is out of date."""
    found, used = [], set()
    for change in changes:
        facts = {"kind": change.kind, "before": change.before, "after": change.after}
        matching = [entry for entry in entries if entry.accepts(change.pointer, **facts)]
        used |= {entry.number for entry in matching}
        found.append(replace(change, accepted=matching[0].reason) if matching else change)
    lines = (entry.describe_outdated("change", is_unused=entry.number not in used) for entry in entries)
    return tuple(found), tuple(filter(None, lines))


def read_accepted_changes(path: str, source: str) -> tuple[Acceptance, ...]:
    """Read a file of accepted changes; return none if no file is given.

    Args:
        path: The file, or an empty string.
        source: The option that names it, for errors.

    Raises:
        InvalidOption: The file cannot be read, or an entry cannot be used.
    """
    return read_acceptances(path, source, {"kind": KINDS, "before": None, "after": None})


def group_changes(changes: Iterable[Change]) -> tuple[ChangeGroup, ...]:
    """Combine the changes with one cause, and sort them: first what matters most."""
    groups: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        # What becomes required in two objects has two causes, unless it has the same name.
        name = change.pointer.rpartition("/")[2] if change.kind in ("required", "optional") else ""
        key = change.kind, change.before, change.after, change.level, change.directions, change.accepted, name
        groups.setdefault(key, []).append(change)
    found = (ChangeGroup(changes=tuple(group)) for group in groups.values())
    order = list(KINDS)
    return tuple(sorted(found, key=lambda group: (LEVELS.index(group.level), order.index(group.first.kind))))
