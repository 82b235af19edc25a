"""The changes between two contracts as text, JSON, Markdown, GitHub's workflow commands and SARIF.

What changed is described in the same words by all of them. `change_formats` lists the formats.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vocode_contract.contract.diff import KINDS, LEVELS, Change, ChangeGroup, ChangeLevel
from vocode_contract.report.github import render_command
from vocode_contract.report.text import MOST_LINE, MOST_POINTERS, MOST_TEXT, limit_lines, shorten
from vocode_contract.validation.safe_text import inert, inert_json

#: Incremented when programs that read the report have to change; new keys do not count.
VERSION = 1
_MARKS: Mapping[ChangeLevel, str] = {"breaking": "❌", "risky": "⚠️", "additive": "🆕", "cosmetic": "✏️"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_SARIF: Mapping[ChangeLevel, str] = {"breaking": "error", "risky": "warning", "additive": "note", "cosmetic": "none"}
_GITHUB: Mapping[ChangeLevel, str] = {"breaking": "error", "risky": "warning", "additive": "notice"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReport:
    """What a report of changes shows.

    Attributes:
        old: How the user named the older contract.
        new: How the user named the newer one.
        profile: Under which both were read.
        groups: The changes, first what matters most.
        outdated: A line for each entry of the file of accepted changes that has no use.
        documents: The older and the newer document.
        full: Whether text lists everything.
    """

    old: str
    new: str
    profile: str
    groups: tuple[ChangeGroup, ...]
    outdated: tuple[str, ...] = ()
    documents: tuple[Mapping[str, object], Mapping[str, object]] = ({}, {})
    full: bool = False

    @property
    def counts(self) -> Mapping[ChangeLevel, int]:
        """The number of entries of each level that are not accepted."""
        found = Counter(group.level for group in self.groups if not group.accepted)
        return {level: found[level] for level in LEVELS}

    @property
    def sentence(self) -> str:
        """The result in a few words."""
        words = [f"{count} {level}" for level, count in self.counts.items() if count]
        accepted = sum(1 for group in self.groups if group.accepted)
        words += [f"{accepted} accepted"] if accepted else []
        return f"{self.old} -> {self.new}: {', '.join(words) or 'no changes'}"


def describe_change(change: Change) -> str:
    """Return what something was and is, in a few words."""
    before, after = inert(change.before), inert(change.after)
    if before == after:
        return before
    return f"{before} -> {after}" if before and after else before or after


def describe_places(group: ChangeGroup, *, full: bool = False) -> str:
    """Return where a group has its changes: the first places, and the number of others."""
    places = [inert(change.pointer) or "(document)" for change in group.changes]
    most = len(places) if full else MOST_POINTERS
    more = len(places) - most
    return ", ".join(places[:most]) + (f" and {more:,} more" if more > 0 else "")


def describe_users(change: Change) -> str:
    """Return whether clients send or receive what changed."""
    return " and ".join(direction for direction in ("sent", "received") if direction in change.directions)


def render_group(group: ChangeGroup, *, full: bool = False) -> str:
    """Return one line."""
    change, count = group.first, len(group.changes)
    word = describe_change(change)
    head = f"{group.level}: {change.kind}{f' {word}' if word else ''}"
    places = f"{f'{count} places: ' if count > 1 else ''}{describe_places(group, full=full)}"
    accepted = f"; accepted: {inert(group.accepted)}" if group.accepted else ""
    return f"{head}: {places} ({describe_users(change)}){accepted}"


def render_changes_text(report: ChangeReport) -> str:
    """Return one line per entry, and one with the result."""
    lines = (render_group(group, full=report.full) for group in report.groups if not group.accepted)
    kept = limit_lines(lines, full=report.full, hint="--all shows all of them")
    accepted = (render_group(group) for group in report.groups if group.accepted)
    return "".join(f"{line}\n" for line in (*kept, *accepted, *map(inert, report.outdated), inert(report.sentence)))


def render_changes_json(report: ChangeReport) -> str:
    """Return one document with every change."""
    document = {
        "version": VERSION,
        "old": inert(report.old),
        "new": inert(report.new),
        "profile": report.profile,
        "summary": dict(report.counts),
        "changes": [_group_members(group) for group in report.groups],
        "outdated": [*map(inert, report.outdated)],
    }
    return inert_json(json.dumps(document, indent=1)) + "\n"


def _group_members(group: ChangeGroup) -> dict[str, object]:
    change = group.first
    return {
        "kind": change.kind,
        "level": group.level,
        "title": KINDS[change.kind].title,
        "effect": change.effect,
        "directions": [*change.directions],
        "before": inert(change.before),
        "after": inert(change.after),
        "accepted": inert(group.accepted) or None,
        "count": len(group.changes),
        "places": [
            {"old": None if not each.old_pointer else inert(each.old_pointer), "new": _new_pointer(each)}
            for each in group.changes
        ],
    }


def _new_pointer(change: Change) -> str | None:
    return None if change.is_removal else inert(change.pointer)


def render_changes_markdown(report: ChangeReport) -> str:
    """Return a table for each level, for a comment on a pull request."""
    from vocode_contract.report.markdown import as_code, as_text, cut_pieces

    worst: ChangeLevel = next((level for level, count in report.counts.items() if count), "cosmetic")
    pieces = [f"### {_MARKS[worst]} {as_text(report.sentence, MOST_LINE)}\n"]
    for level in LEVELS:
        groups = [group for group in report.groups if group.level == level and not group.accepted]
        pieces += _render_table(f"{_MARKS[level]} {level}", groups) if groups else []
    accepted = [group for group in report.groups if group.accepted]
    pieces += _render_table("Accepted", accepted) if accepted else []
    pieces += [f"- {as_text(line, MOST_LINE)}" for line in report.outdated]
    kept = cut_pieces(pieces)
    more = len(pieces) - len(kept)
    return "\n".join([*kept, *([f"\n... and {as_code(str(more))} more lines."] if more else [])]) + "\n"


def _render_table(title: str, groups: list[ChangeGroup]) -> Iterator[str]:
    from vocode_contract.report.markdown import as_code, as_text

    yield f"\n**{title}**\n\n| kind | what | where | clients |\n|---|---|---|---|"
    for group in groups:
        change = group.first
        what = as_code(describe_change(change)) or as_text(KINDS[change.kind].title)
        count = f"{len(group.changes)} places: " if len(group.changes) > 1 else ""
        reason = f"; accepted: {as_text(group.accepted)}" if group.accepted else ""
        places = as_code(describe_places(group), MOST_LINE)
        yield f"| {as_code(change.kind)} | {what} | {count}{places} | {describe_users(change)}{reason} |"


def render_changes_github(report: ChangeReport) -> str:
    """Return one workflow command per entry that is not cosmetic, and one with the result."""
    return "".join(f"{line}\n" for line in limit_lines(_list_commands(report), full=False, hint="", width=MOST_TEXT))


def _list_commands(report: ChangeReport) -> Iterator[str]:
    for group in report.groups:
        if group.level in _GITHUB:
            level = "notice" if group.accepted else _GITHUB[group.level]
            yield render_command(
                level, group.first.kind, f"{shorten(render_group(group), MOST_LINE)}\n{KINDS[group.first.kind].title}"
            )
    for line in report.outdated:
        yield render_command("error", "accepted", line)
    yield render_command(
        "error" if report.counts["breaking"] or report.outdated else "notice", "contract changes", report.sentence
    )


def render_changes_sarif(report: ChangeReport) -> str:
    """Return JSON with one result per entry.

    Source: OASIS, SARIF 2.1.0.
    """
    from vocode_contract._version import __version__

    kinds = sorted({group.first.kind for group in report.groups})
    rules = [
        {"id": kind, "shortDescription": {"text": KINDS[kind].title}, "properties": {"effect": KINDS[kind].effect}}
        for kind in kinds
    ]
    run = {
        "tool": {"driver": {"name": "vocode-contract", "version": __version__, "rules": rules}},
        "columnKind": "utf16CodeUnits",
        "properties": {"old": inert(report.old), "new": inert(report.new), "profile": report.profile},
        "results": [_sarif_result(group, kinds, report) for group in report.groups],
    }
    return inert_json(json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)) + "\n"


def _sarif_result(group: ChangeGroup, kinds: list[str], report: ChangeReport) -> dict[str, object]:
    from urllib.parse import quote

    change = group.first
    identity = "\n".join((change.kind, change.pointer, change.before, change.after))
    names = [{"fullyQualifiedName": inert(each.pointer), "kind": "element"} for each in group.changes]
    accepted = [{"kind": "external", "justification": inert(group.accepted)}] if group.accepted else []
    # Code scanning accepts no absolute URL as a file.
    uri = quote(inert(report.new).rpartition("://")[2])
    return {
        "ruleId": change.kind,
        "ruleIndex": kinds.index(change.kind),
        "level": _SARIF[group.level],
        "message": {"text": render_group(group)},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}},
                "logicalLocations": names,
            }
        ],
        "partialFingerprints": {"vocodeContractChange/v1": hashlib.sha256(identity.encode()).hexdigest()[:32]},
        "suppressions": accepted,
    }
