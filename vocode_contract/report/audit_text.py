"""Render the result of an audit as text, about one screen of it."""

from collections.abc import Iterable, Iterator, Sequence

from vocode_contract.audit.summary import VERDICTS, Finding, FindingKey
from vocode_contract.report.audit import (
    AuditReport,
    describe_calls,
    describe_finding,
    describe_property,
    list_statuses,
)
from vocode_contract.report.coverage import render_coverage
from vocode_contract.report.payload_results import Heading, format_size
from vocode_contract.report.text import align, limit_lines, render_violation
from vocode_contract.validation.masking import printable

#: Maximum findings under a title, properties, and unchecked sources that are listed.
_MOST = 6
_HINT = "--all shows all of them, --report json has everything"
_VERDICTS = {"conforms": "The archive conforms", "violates": "The archive violates the contract"}


def render_audit_text(report: AuditReport) -> str:
    """Return the result as text, with the verdict at the end."""
    lines = limit_lines(_render_lines(report), full=report.full, hint=_HINT)
    return "".join(f"{line}\n" for line in lines) + f"{render_verdict(report)}\n"


def render_verdict(report: AuditReport) -> str:
    """Return the result as one line."""
    verdict = _VERDICTS.get(report.verdict, "Part of the archive could not be checked, and the rest conforms")
    return printable(f"{verdict}: {report.sentence} [{report.audited.contract}, {report.audited.profile}]")


def _render_lines(report: AuditReport) -> Iterator[str]:
    size, seconds = report.audited.summary.size, report.seconds
    rate = f", {format_size(size / seconds)}/s" if seconds > 1 else ""
    yield printable(f"{report.basis}: {format_size(size)} in {seconds:.1f} s{rate}; sample: {report.sample}")
    yield from _section("Payloads", _tabulate_schemas(report), full=True)
    for title, found in report.groups.items():
        yield from _section(title, (line for pair in _cut(found, report) for line in _render_finding(report, *pair)))
        if len(found) > _MOST and not report.full:
            yield f"  and {len(found) - _MOST:,} more; {_HINT}"
    yield from _section("Not checked", report.unchecked, full=report.full)
    yield from _section("Calls over time", filter(None, [describe_calls(report)]))
    yield from _section("Contract dates", report.dates.describe())
    yield from _section("Properties by status of the call", _tabulate_properties(report))
    if report.coverage.names and report.audited.summary.sampled:
        lines = [*render_coverage(report.coverage, missing=report.full)]
        yield from _section("Coverage of the contract", lines if report.full else lines[-1:])
    yield ""


def _cut(found: Sequence[tuple[FindingKey, Finding]], report: AuditReport) -> Sequence[tuple[FindingKey, Finding]]:
    return found if report.full else found[:_MOST]


def _section(title: str, lines: Iterable[str], *, full: bool = True) -> Iterator[str]:
    listed = list(lines)
    if listed:
        shown = listed if full else listed[:_MOST]
        yield from ("", title, *(f"  {line}" for line in shown))
        if len(shown) < len(listed):
            yield f"  and {len(listed) - len(shown):,} more; {_HINT}"


def _render_finding(report: AuditReport, key: FindingKey, finding: Finding) -> Iterator[str]:
    heading = Heading(contract=report.audited.contract, profile=report.audited.profile, full=report.full)
    yield f"{report.describe_place(finding.first)}: {render_violation(finding.example, heading)}"
    yield f"    {f'{printable(key.schema)}; ' if key.schema else ''}{describe_finding(report, finding)}"


def _tabulate_schemas(report: AuditReport) -> Iterator[str]:
    shown = [verdict for verdict in VERDICTS if report.audited.summary.count(verdict)]
    rows = [["", "total", *shown]]
    rows += (
        [printable(name) or "(none)", f"{counts.total():,}", *(f"{counts[verdict]:,}" for verdict in shown)]
        for name, counts in report.schemas.items()
    )
    return align(rows, "<" + ">" * len(rows[0])) if len(rows) > 1 else iter(())


def _tabulate_properties(report: AuditReport) -> Iterator[str]:
    """Yield the properties that a consumer may not expect."""
    shown = [use for use in report.properties if use.remarks or report.full]
    statuses = list_statuses(shown)
    if not shown:
        return
    rows = [["", *(status or "(no status)" for status in statuses), ""]]
    for use in shown if report.full else shown[:_MOST]:
        cells = [describe_property(use, status) for status in statuses]
        rows.append([printable(use.name), *cells, printable("; ".join(use.remarks))])
    yield from align(rows)
    if len(shown) > len(rows) - 1:
        yield f"and {len(shown) - len(rows) + 1:,} more; {_HINT}"
