"""Change: one difference between two contracts, and the entries that combine those with one cause."""

from collections.abc import Iterable
from dataclasses import dataclass

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
    """

    kind: str
    pointer: str
    before: str = ""
    after: str = ""
    level: ChangeLevel = "cosmetic"
    directions: tuple[Direction, ...] = ()
    old_pointer: str = ""
    is_removal: bool = False

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
    """Changes with one cause: of one kind, from one thing to another, that matter to the same clients.

    Attributes:
        changes: In the order of the documents.
        accepted: The reason why they are accepted; empty if they are not.
    """

    changes: tuple[Change, ...]
    accepted: str = ""

    @property
    def first(self) -> Change:
        """The change that stands for all."""
        return self.changes[0]

    @property
    def level(self) -> ChangeLevel:
        """How much they matter."""
        return self.first.level


def group_changes(changes: Iterable[Change]) -> tuple[ChangeGroup, ...]:
    """Combine the changes with one cause, and sort them: first what matters most."""
    groups: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        # What becomes required in two objects has two causes, unless it has the same name.
        name = change.pointer.rpartition("/")[2] if change.kind in ("required", "optional") else ""
        key = change.kind, change.before, change.after, change.level, change.directions, name
        groups.setdefault(key, []).append(change)
    found = (ChangeGroup(changes=tuple(group)) for group in groups.values())
    order = list(KINDS)
    return tuple(sorted(found, key=lambda group: (LEVELS.index(group.level), order.index(group.first.kind))))
