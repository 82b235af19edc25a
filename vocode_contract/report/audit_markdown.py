"""Render the result of an audit as Markdown, for a comment on a pull request."""

from collections.abc import Iterable, Iterator, Sequence

from vocode_contract.audit.summary import VERDICTS, Finding, FindingKey
from vocode_contract.report.audit import (
    UNREADABLE,
    AuditReport,
    describe_calls,
    describe_finding,
    describe_property,
    list_statuses,
)
from vocode_contract.report.audit_text import render_verdict
from vocode_contract.report.coverage import render_coverage
from vocode_contract.report.markdown import as_code, as_text, cut_pieces
from vocode_contract.report.text import MOST_LINE

_MARKS = {"conforms": "✅", "violates": "❌", "inconclusive": "❔"}
#: Maximum findings under a title, and lines about what was not checked.
_MOST = 20
#: Titles whose findings are not collapsed.
_OPEN = ("Violations", UNREADABLE)


def render_audit_markdown(report: AuditReport) -> str:
    """Return the verdict, the findings, and the rest in collapsed parts."""
    head = f"### {_MARKS[report.verdict]} {as_text(render_verdict(report), MOST_LINE)}\n"
    sample = f"{as_text(report.basis)}; sample: {as_text(report.sample)}\n"
    pieces = [head, sample, *_render_parts(report)]
    kept = cut_pieces(pieces)
    if len(kept) < len(pieces):
        kept.append("The rest is omitted; the JSON report has everything.\n")
    return "\n".join(kept)


def _render_parts(report: AuditReport) -> Iterator[str]:
    for title, found in report.groups.items():
        table = _list_findings(report, found)
        yield f"#### {title}\n\n{table}\n" if title in _OPEN else _collapse(f"{title} ({len(found):,})", table)
    if report.unchecked:
        more = len(report.unchecked) - _MOST
        rest = [f"and {more:,} more"] if more > 0 else []
        yield f"#### Not checked\n\n{_list([*report.unchecked[:_MOST], *rest])}\n"
    yield _collapse("Payloads", _tabulate_schemas(report))
    if dates := _list([*report.dates.describe()]):
        yield _collapse("Contract dates", dates)
    if calls := describe_calls(report):
        yield _collapse("Calls over time", _list([calls]))
    if properties := _tabulate_properties(report):
        yield _collapse("Properties by status of the call", properties)
    if report.coverage.names and report.audited.summary.sampled:
        yield _collapse("Coverage of the contract", _list(render_coverage(report.coverage)))


def _list_findings(report: AuditReport, found: Sequence[tuple[FindingKey, Finding]]) -> str:
    lines = []
    for key, finding in found[:_MOST]:
        place, schema = as_code(report.describe_place(finding.first)), f"{as_text(key.schema)}; " * bool(key.schema)
        lines.append(f"- {place}: {as_code(str(finding.example), MOST_LINE)}")
        lines.append(f"  {schema}{as_text(describe_finding(report, finding), MOST_LINE)}")
    if len(found) > _MOST:
        lines.append(f"- and {len(found) - _MOST:,} more")
    return "\n".join(lines)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {as_text(line, MOST_LINE)}" for line in lines)


def _collapse(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>\n"


def _tabulate_schemas(report: AuditReport) -> str:
    shown = [verdict for verdict in VERDICTS if report.audited.summary.count(verdict)]
    rows = [
        [as_code(name) or "none", f"{counts.total():,}", *(f"{counts[verdict]:,}" for verdict in shown)]
        for name, counts in report.schemas.items()
    ]
    return _tabulate(["schema", "payloads", *shown], rows)


def _tabulate_properties(report: AuditReport) -> str:
    shown = [use for use in report.properties if use.remarks][:_MOST]
    statuses = list_statuses(shown)
    rows = [
        [as_code(use.name), *(describe_property(use, status) for status in statuses), as_text("; ".join(use.remarks))]
        for use in shown
    ]
    return _tabulate(["property", *(status or "no status" for status in statuses), "remarks"], rows) if rows else ""


def _tabulate(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (f"| {' | '.join(cells)} |" for cells in (titles, ["---"] * len(titles), *rows))
    return "\n".join(lines)
