"""Render the result of an audit as JSON, as described in ``docs/reference/report.md``."""

import json

from vocode_contract.audit.summary import VERDICTS, DateFit, Finding, FindingKey
from vocode_contract.report.audit import STATES, AuditReport, PropertyUse, sort_statuses
from vocode_contract.report.coverage import compute_percent, describe_part, group_parts
from vocode_contract.report.json import VERSION, violation_members
from vocode_contract.validation.safe_text import inert, inert_json
from vocode_contract.validation.scalars import to_datetime


def render_audit_json(report: AuditReport) -> str:
    """Return everything that is known about an archive as one document."""
    audited, summary = report.audited, report.audited.summary
    document = {
        "version": VERSION,
        "kind": "audit",
        "contract": inert(audited.contract),
        "profile": audited.profile,
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "seconds": round(report.seconds, 3),
        "bytes": summary.size,
        "payloads": summary.payloads,
        "counts": {verdict: summary.count(verdict) for verdict in VERDICTS},
        "schemas": {inert(name): dict(sorted(counts.items())) for name, counts in report.schemas.items()},
        "sources": [
            {"name": inert(each.name), "form": each.form, "coding": each.coding or None, "bytes": each.size}
            for each in audited.sources
        ],
        "unchecked": list(report.unchecked),
        "findings": {
            title.split()[0].lower(): [_finding_members(report, *pair) for pair in pairs]
            for title, pairs in report.groups.items()
        },
        "calls": {
            "observations": summary.observations,
            "calls": summary.calls,
            "repeated": summary.repeated,
            "violating": summary.broken,
            "unchecked": summary.lost,
        },
        "days": [
            {"day": day, **{verdict: summary.days[day, verdict] for verdict in VERDICTS}}
            for day in sorted({day for day, _ in summary.days})
        ],
        "sample": {"every": audited.every, "payloads": summary.sampled},
        "dates": [
            {"date": use.date, "accepted": _fit_members(use.accepted), "refused": _fit_members(use.refused)}
            for use in report.dates.uses
        ],
        "accepted_by_none": _fit_members(report.dates.accepted_by_none),
        "periods": [
            {"since": _format(period.since), "is_after": period.is_after, "dates": list(period.dates)}
            for period in report.dates.periods
        ],
        "properties": [_property_members(use) for use in report.properties],
        "coverage": _coverage_members(report),
    }
    return inert_json(json.dumps(document, indent=1)) + "\n"


def _finding_members(report: AuditReport, key: FindingKey, finding: Finding) -> dict[str, object]:
    return {
        "schema": inert(key.schema) or None,
        "pointer": inert(key.pointer),
        "count": finding.count,
        "payloads": finding.payloads,
        "first": report.describe_place(finding.first),
        "last": report.describe_place(finding.last),
        "since": _format(finding.since),
        "until": _format(finding.until),
        "example": violation_members(finding.example),
    }


def _fit_members(fit: DateFit | None) -> dict[str, object] | None:
    if fit is None:
        return None
    return {"payloads": fit.count, "since": _format(fit.since), "until": _format(fit.until)}


def _property_members(use: PropertyUse) -> dict[str, object]:
    return {
        "pointer": inert(use.pointer),
        "statuses": [
            {"status": status or None, **{state: use.counts[status][state] for state in STATES}}
            for status in sort_statuses(use.counts)
        ],
        "remarks": list(use.remarks),
    }


def _coverage_members(report: AuditReport) -> dict[str, object]:
    found = report.coverage
    return {
        "percent": compute_percent(found),
        "schemas": {
            inert(name): {
                "parts": len(parts),
                "exercised": len(parts & found.touched),
                "missing": [inert(describe_part(part)) for part in sorted(parts - found.touched)],
            }
            for name, parts in group_parts(found).items()
        },
    }


def _format(at: float | None) -> str | None:
    """Return a time as RFC 3339 in UTC; ``None`` if there is none, or no calendar has it."""
    time = to_datetime(at)
    return time.isoformat().replace("+00:00", "Z") if time else None
