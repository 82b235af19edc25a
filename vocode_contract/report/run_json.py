"""The JSON report of a run, described in ``docs/reference/report.md``."""

import json
from dataclasses import asdict
from datetime import UTC

from vocode_contract.report.json import VERSION, violation_members
from vocode_contract.report.outcome import Outcome, list_policies
from vocode_contract.report.row import Row
from vocode_contract.validation.safe_text import inert, inert_json
from vocode_contract.validation.violation import Violation


def render_run(outcome: Outcome) -> str:
    """Return everything that is known about a run as JSON: every violation, nothing grouped or cut."""
    run = outcome.run
    document = {
        "version": VERSION,
        "kind": "run",
        "contract": run.contract,
        "profile": run.profile,
        "where": inert(run.where),
        "started": run.started.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "seconds": round(run.seconds, 3),
        "verdict": outcome.verdict,
        "exit_code": outcome.exit_code,
        "counts": dict(outcome.counts),
        "unrun": outcome.tally.unrun if outcome.is_interrupted else 0,
        "tests": [_render_row(row) for row in outcome.rows],
        "violations": [_render_violation(outcome, violation) for violation in outcome.violations],
        "outdated": list(outcome.outdated),
        "remarks": list(outcome.remarks),
        "policies": [
            {"name": name, "title": inert(title), "value": inert(value)} for name, title, value in list_policies(run)
        ],
    }
    return inert_json(json.dumps(document, indent=1)) + "\n"


def _render_row(row: Row) -> dict[str, object]:
    return {
        "id": inert(row.nodeid),
        "operation": inert(row.operation) or None,
        "claim": inert(row.claim),
        "verdict": row.verdict,
        "seconds": round(row.seconds, 3),
        "reason": inert(row.reason) or None,
    }


def _render_violation(outcome: Outcome, violation: Violation) -> dict[str, object]:
    rows = outcome.violations[violation]
    evidence = outcome.find_evidence(violation)
    return violation_members(violation) | {
        "accepted": inert(violation.accepted) or None,
        "tests": [inert(row.nodeid) for row in rows],
        "rerun": outcome.render_rerun(rows[0]),
        "evidence": asdict(evidence) if evidence else None,
    }
