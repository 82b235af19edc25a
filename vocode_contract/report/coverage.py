"""Coverage of the contract as text: a table, a percentage, and what is missing."""

from collections.abc import Iterator

from vocode_contract.contract import json_pointer
from vocode_contract.contract.coverage import Coverage, Part
from vocode_contract.validation.masking import printable

#: Rows of a table that is not complete.
_MOST_ROWS = 12


def compute_percent(coverage: Coverage) -> int:
    """Return the percentage that was exercised, rounded down, so that 100 means everything; 0 if there are no parts."""
    parts = coverage.parts
    return 100 * len(parts & coverage.touched) // len(parts) if parts else 0


def render_coverage(coverage: Coverage, *, missing: bool = False) -> Iterator[str]:
    """Return a line per schema and operation, the least exercised first, and the total.

    If `missing` is set, all rows are shown, each followed by its parts that were not exercised.
    """
    return map(printable, _render_lines(coverage, missing=missing))  # names are those of anybody's document


def _render_lines(coverage: Coverage, *, missing: bool) -> Iterator[str]:
    groups = group_parts(coverage)
    width = max(map(len, groups), default=0)
    for number, (name, parts) in enumerate(groups.items()):
        if number == _MOST_ROWS and not missing:
            yield f"and {len(groups) - number} more"
            break
        done = len(parts & coverage.touched)
        yield f"{name:<{width}}  {100 * done // len(parts):3}%  {done} of {len(parts)}"
        if missing:
            yield from (f"    {describe_part(part)}" for part in sorted(parts - coverage.touched))
    yield _render_total(coverage)


def _render_total(coverage: Coverage) -> str:
    parts = coverage.parts
    of = ", ".join((*coverage.names, *coverage.operations))
    contract = coverage.contract
    count = f"{len(parts & coverage.touched)} of {len(parts)} parts"
    return (
        f"{compute_percent(coverage)}% of the contract exercised: {count} of {of} [{contract.date}, {contract.profile}]"
    )


def group_parts(coverage: Coverage) -> dict[str, set[Part]]:
    """Return all parts by schema or operation, the least exercised first."""
    operations = {operation.pointer: name for name, operation in coverage.contract.operations.items()}
    groups: dict[str, set[Part]] = {}
    for part in sorted(coverage.parts):
        name = operations.get(part.pointer) or json_pointer.tokens_of(part.pointer)[2]
        groups.setdefault(name, set()).add(part)

    def share(name: str) -> float:
        return len(groups[name] & coverage.touched) / len(groups[name])

    return {name: groups[name] for name in sorted(groups, key=lambda name: (share(name), name))}


def describe_part(part: Part) -> str:
    """Return where a part is in its schema or operation, and which it is."""
    below = [key for key in json_pointer.tokens_of(part.pointer)[3:] if key != "properties"]
    what = part.case if part.kind in ("property", "array") else f"{part.kind} {part.case}"
    return f"{'/'.join(below)}: {what}" if below and part.kind != "status" else what
