"""The changes between two contracts as one HTML page that shows the two side by side."""

import json
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from vocode_contract.contract.diff import KINDS, LEVELS, Change, ChangeGroup, ChangeLevel
from vocode_contract.contract.diff.keywords import is_sensitive
from vocode_contract.contract.diff.shape import SchemaPlace
from vocode_contract.contract.json_pointer import resolve
from vocode_contract.report.changes import ChangeReport, describe_change, describe_places, describe_users
from vocode_contract.report.page import (
    Content,
    Markup,
    element,
    render_counts,
    render_facts,
    render_lines,
    render_page,
    render_reasons,
    render_section,
    render_sides,
)

_TONES: Mapping[ChangeLevel, str] = {"breaking": "bad", "risky": "unclear", "additive": "good", "cosmetic": "quiet"}
#: Places of an entry that are shown side by side, and lines of each.
_PLACES = 3
_LINES = 40
_FOOTER = "Examples are left out, and defaults at places that may hold secrets are masked."


def render_changes_html(report: ChangeReport) -> str:
    """Return the page."""
    sections = (render_section(title, *content) for title, content in _sections(report))
    return render_page(f"{report.old} and {report.new}", (_header(report), sections), _FOOTER)


def _header(report: ChangeReport) -> Markup:
    worst: ChangeLevel = next((level for level, count in report.counts.items() if count), "additive")
    title = element("h1", f"What changed from {report.old} to {report.new}")
    counts = render_counts((count, level, _TONES[level]) for level, count in report.counts.items())
    return element("header", title, counts, class_=f"verdict {_TONES[worst]}")


def _sections(report: ChangeReport) -> Iterator[tuple[str, Iterable[Content]]]:
    """Yield the title and content of each section."""
    for level in LEVELS:
        groups = [group for group in report.groups if group.level == level and not group.accepted]
        if groups:
            yield level.capitalize(), (_entry(group, report) for group in groups)
    if accepted := [group for group in report.groups if group.accepted]:
        yield "Accepted", (_entry(group, report) for group in accepted)
    if report.outdated:
        yield "Outdated entries", (render_reasons(report.outdated),)


def _entry(group: ChangeGroup, report: ChangeReport) -> Markup:
    change, count = group.first, len(group.changes)
    heading = element(
        "h3",
        element("span", change.kind, class_=f"label {_TONES[group.level]}"),
        " ",
        element("code", describe_change(change), class_="place"),
        element("span", f" {f'{count} places: ' if count > 1 else ''}{describe_places(group)}", class_="got"),
    )
    facts = [("Meaning", KINDS[change.kind].title), ("Clients", describe_users(change))]
    facts += [("Accepted", group.accepted)] if group.accepted else []
    opened = {"open": ""} if group.level == "breaking" and not group.accepted else {}
    sides = (_sides(each, report) for each in group.changes[:_PLACES])
    return element("details", element("summary", heading), render_facts(facts), sides, class_="cause", **opened)


def _sides(change: Change, report: ChangeReport) -> Markup:
    """Return one place in both documents; what differs is marked."""
    old, new = report.documents
    before = _cut(old, change.old_pointer) if change.old_pointer else []
    after = [] if change.is_removal else _cut(new, change.pointer)
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    same_before = {line for block in blocks for line in range(block.a, block.a + block.size)}
    same_after = {line for block in blocks for line in range(block.b, block.b + block.size)}
    old_title = f"{report.old} {change.old_pointer}"
    new_title = f"{report.new} {'' if change.is_removal else change.pointer}"
    return render_sides(
        (old_title, _render_side(before, same_before), "bad"), (new_title, _render_side(after, same_after), "good")
    )


def _render_side(lines: list[str], same: set[int]) -> Markup:
    return render_lines(lines, set(range(len(lines))) - same) if lines else element("p", "not there")


def _cut(document: Mapping[str, Any], pointer: str) -> list[str]:
    """Return what a document has at a place, or at the nearest one above, as lines of JSON."""
    found: Any = None
    while found is None and pointer:
        try:
            found = resolve(document, pointer)
        except LookupError:
            pointer = pointer.rpartition("/")[0]
    lines = json.dumps(_hide(found, pointer), indent=2, ensure_ascii=False).splitlines()
    return lines if len(lines) <= _LINES else [*lines[:_LINES], f"... and {len(lines) - _LINES} more lines"]


def _hide(node: Any, pointer: str) -> Any:
    """Copy a part of a document without examples and without defaults that may be secrets."""
    if isinstance(node, list):
        return [_hide(child, pointer) for child in node]
    if not isinstance(node, dict):
        return node
    is_secret = is_sensitive(SchemaPlace(node, pointer), node)
    return {
        key: "(masked)" if key == "default" and is_secret else _hide(child, f"{pointer}/{key}")
        for key, child in node.items()
        if key not in ("example", "examples")
    }
