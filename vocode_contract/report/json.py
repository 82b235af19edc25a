"""The outcome of a run for programs: one JSON document. ``docs/reference/report.md`` describes it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC

from vocode_contract.report.outcome import Outcome, policies_in_force
from vocode_contract.report.payload_results import Heading, Result, ResultCounts, shown_source
from vocode_contract.report.results import Row
from vocode_contract.validation.codes import rests_on
from vocode_contract.validation.masking import printable
from vocode_contract.validation.safe_text import inert, inert_json
from vocode_contract.validation.violation import Violation

#: Grows when a reader of the report would have to change; additional keys do not count.
VERSION = 1


def as_json(results: Iterable[Result], heading: Heading) -> Iterator[str]:
    """Write one document: what was judged by, every result, and the sum of them."""
    tally = ResultCounts()
    head = _text({"version": VERSION, **_head(heading)})
    yield f'{head[:-1]},"results":['
    for index, result in enumerate(results):
        tally.add(result)
        yield ("," if index else "") + "\n" + _text(_result(result))
    yield f'\n],"summary":{_text(_summary(tally))}}}\n'


def as_json_lines(results: Iterable[Result], heading: Heading) -> Iterator[str]:
    """Write one document a result."""
    head = {"version": VERSION, **_head(heading)}
    for result in results:
        yield _text(head | _result(result)) + "\n"


def _head(heading: Heading) -> dict[str, object]:
    return {"contract": heading.contract, "profile": heading.profile, "schema": heading.schema or None}


def _result(result: Result) -> dict[str, object]:
    return {
        "source": shown_source(result.source),
        "line": result.line,
        "conforms": None if result.unjudged else result.conforms,
        "unjudged": printable(result.unjudged) or None,
        "violations": [as_members(violation) for violation in result.violations],
    }


def as_members(violation: Violation) -> dict[str, object]:
    """Return a violation as the members of a JSON object."""
    return {
        "code": violation.code,
        "severity": violation.severity,
        "instance_pointer": printable(violation.instance_pointer),
        "schema_pointer": printable(violation.schema_pointer),
        "expected": printable(violation.expected),
        "actual": printable(violation.actual),
        "contract": violation.contract or None,
        "offset": violation.offset,
        "note": printable(violation.note) or None,
        "basis": printable(rests_on(violation)),
    }


def _summary(tally: ResultCounts) -> dict[str, object]:
    return {
        "payloads": tally.payloads,
        "conforming": tally.conforming,
        "violating": tally.violating,
        "unjudged": tally.unjudged,
        "errors": tally.errors,
        "drift": tally.drift,
        "advice": tally.advice,
    }


def _text(value: object) -> str:
    """Write JSON in ASCII: it is the same in every encoding of a terminal or file."""
    return json.dumps(value, separators=(",", ":"))


def as_run(outcome: Outcome) -> str:
    """Write everything that is known of a run; every violation is listed, nothing is grouped or cut."""
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
        "tests": [_test(row) for row in outcome.rows],
        "violations": [_violation(outcome, violation) for violation in outcome.violations],
        "remarks": list(outcome.asides),
        "policies": [
            {"name": name, "title": inert(title), "value": inert(value)}
            for name, title, value in policies_in_force(run)
        ],
    }
    return inert_json(json.dumps(document, indent=1)) + "\n"


def _test(row: Row) -> dict[str, object]:
    return {
        "id": inert(row.nodeid),
        "operation": inert(row.operation) or None,
        "claim": inert(row.claim),
        "verdict": row.verdict,
        "seconds": round(row.seconds, 3),
        "reason": inert(row.reason) or None,
    }


def _violation(outcome: Outcome, violation: Violation) -> dict[str, object]:
    rows = outcome.violations[violation]
    evidence = outcome.evidence_of(violation)
    return as_members(violation) | {
        "tests": [inert(row.nodeid) for row in rows],
        "rerun": outcome.rerun_of(rows[0]),
        "evidence": asdict(evidence) if evidence else None,
    }
