"""What a set of payloads and exchanges has exercised, as text: a table, a percentage, and what is missing."""

from collections.abc import Iterator

from vocode_contract.contract import json_pointer
from vocode_contract.contract.coverage import Coverage, Part

#: Rows of the table, unless all are asked for.
_MOST_ROWS = 12


def percent(coverage: Coverage) -> int:
    """Return the percentage exercised, rounded down, so that 100 means everything; 0 where nothing counts."""
    parts = coverage.parts
    return 100 * len(parts & coverage.touched) // len(parts) if parts else 0


def lines(coverage: Coverage, *, missing: bool = False) -> Iterator[str]:
    """Yield a line for each schema and operation, the least exercised first, and the percentage.

    Args:
        coverage: What was exercised.
        missing: Whether to show all rows, and below each what was not exercised.
    """
    groups = _groups(coverage)
    width = max(map(len, groups), default=0)
    for number, (name, parts) in enumerate(groups.items()):
        if number == _MOST_ROWS and not missing:
            yield f"and {len(groups) - number} more"
            break
        done = len(parts & coverage.touched)
        yield f"{name:<{width}}  {100 * done // len(parts):3}%  {done} of {len(parts)}"
        if missing:
            yield from (f"    {_phrase(part)}" for part in sorted(parts - coverage.touched))
    yield total(coverage)


def total(coverage: Coverage) -> str:
    """Return the percentage, and of what."""
    parts = coverage.parts
    of = ", ".join((*coverage.names, *coverage.operations)) or "nothing"
    contract = coverage.contract
    count = f"{len(parts & coverage.touched)} of {len(parts)} parts"
    return f"{percent(coverage)}% of the contract exercised: {count} of {of} [{contract.date}, {contract.profile}]"


def _groups(coverage: Coverage) -> dict[str, set[Part]]:
    """Gather all parts by the schema or operation that they belong to, the least exercised first."""
    operations = {operation.pointer: name for name, operation in coverage.contract.operations.items()}
    groups: dict[str, set[Part]] = {}
    for part in sorted(coverage.parts):
        name = operations.get(part.pointer) or json_pointer.tokens_of(part.pointer)[2]
        groups.setdefault(name, set()).add(part)

    def share(name: str) -> float:
        return len(groups[name] & coverage.touched) / len(groups[name])

    return {name: groups[name] for name in sorted(groups, key=lambda name: (share(name), name))}


def _phrase(part: Part) -> str:
    """Say one part in few words."""
    below = [key for key in json_pointer.tokens_of(part.pointer)[3:] if key != "properties"]
    what = part.case if part.kind in ("property", "array") else f"{part.kind} {part.case}"
    return f"{'/'.join(below)}: {what}" if below and part.kind != "status" else what
