"""Every kind of change: its effect, and how much it matters to whom.

`kinds.txt` holds them in groups, one per line: name, effect, level for a client that receives the place, level for a
client that sends it, title. A level may be followed by that under the profile ``tolerant``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from vocode_contract.contract.files import read_beside

Direction = Literal["received", "sent"]
Effect = Literal["widens", "narrows", "alters", "neither"]
#: How much a change matters: a client of the older contract can fail; it can be surprised; it need not care; nothing
#: that is sent is different.
ChangeLevel = Literal["breaking", "risky", "additive", "cosmetic"]
#: All levels; what matters most comes first.
LEVELS: tuple[ChangeLevel, ...] = get_args(ChangeLevel)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeKind:
    """The description of one kind of change.

    Attributes:
        title: What has changed, as a sentence.
        group: What it is a change of.
        effect: Whether more payloads are valid, fewer, others, or the same ones.
        levels: Direction to level.
        tolerant: The same under the profile ``tolerant``.
    """

    title: str
    group: str
    effect: Effect
    levels: Mapping[Direction, ChangeLevel]
    tolerant: Mapping[Direction, ChangeLevel]

    def level(self, directions: Iterable[Direction], *, tolerant: bool = False) -> ChangeLevel:
        """Return the level for clients that use a place in these directions: the worst of theirs."""
        levels = self.tolerant if tolerant else self.levels
        return min((levels[direction] for direction in directions), key=LEVELS.index)


def _read_kinds() -> Iterator[tuple[str, ChangeKind]]:
    text = read_beside(__file__, "kinds.txt").decode()
    for group in text.removeprefix("# ").split("\n# "):
        heading, _, lines = group.strip().partition("\n\n")
        for line in lines.splitlines():
            yield _parse(heading, line)


def _parse(group: str, line: str) -> tuple[str, ChangeKind]:
    cells = line.split(" | ")
    if len(cells) != 5:
        raise LookupError(f"kinds.txt: a line is NAME | EFFECT | RECEIVED | SENT | TITLE, but one is {line!r}")
    name, effect, received, sent, title = cells
    pairs = {"received": received.partition(", tolerant "), "sent": sent.partition(", tolerant ")}
    return name, ChangeKind(
        title=title,
        group=group,
        effect=effect,  # type: ignore[arg-type]  # a test compares all effects and levels with the known ones
        levels={direction: level for direction, (level, _, _) in pairs.items()},  # type: ignore[misc]  # the same
        tolerant={direction: other or level for direction, (level, _, other) in pairs.items()},  # type: ignore[misc]  # the same
    )


#: Name -> description, in the order of the documentation.
KINDS: Mapping[str, ChangeKind] = dict(_read_kinds())
