"""The results of payloads as JSON: one document, or one line per result."""

import json
from collections.abc import Iterable, Iterator

from vocode_contract.report.payload_results import Heading, Result, ResultCounts, escape_source
from vocode_contract.validation.codes import rests_on
from vocode_contract.validation.masking import printable
from vocode_contract.validation.violation import Violation

#: Incremented when programs that read the report have to change; new keys do not count.
VERSION = 1


def render_json(results: Iterable[Result], heading: Heading) -> Iterator[str]:
    """Yield one document: the contract, every result, and a summary."""
    tally = ResultCounts()
    head = _dump({"version": VERSION, **_render_heading(heading)})
    yield f'{head[:-1]},"results":['
    for index, result in enumerate(results):
        tally.add(result)
        yield ("," if index else "") + "\n" + _dump(_render_result(result))
    yield f'\n],"summary":{_dump(_render_counts(tally))}}}\n'


def render_json_lines(results: Iterable[Result], heading: Heading) -> Iterator[str]:
    """Yield one document per result."""
    head = {"version": VERSION, **_render_heading(heading)}
    for result in results:
        yield _dump(head | _render_result(result)) + "\n"


def _render_heading(heading: Heading) -> dict[str, object]:
    return {"contract": heading.contract, "profile": heading.profile, "schema": heading.schema or None}


def _render_result(result: Result) -> dict[str, object]:
    return {
        "source": escape_source(result.source),
        "line": result.line,
        "item": result.item,
        "conforms": None if result.inconclusive else result.conforms,
        "unjudged": printable(result.inconclusive) or None,
        "violations": [violation_members(violation) for violation in result.violations],
    }


def violation_members(violation: Violation) -> dict[str, object]:
    """Return the members of a JSON object that describes a violation."""
    return {
        "code": violation.code,
        "severity": violation.severity,
        "instance_pointer": printable(violation.instance_pointer),
        "schema_pointer": printable(violation.schema_pointer),
        "expected": printable(violation.expected),
        "actual": printable(violation.actual),
        "contract": violation.contract or None,
        "offset": violation.offset,
        **({} if violation.line is None else {"line": violation.line, "column": violation.column}),
        "note": printable(violation.note) or None,
        "basis": printable(rests_on(violation)),
    }


def _render_counts(tally: ResultCounts) -> dict[str, object]:
    return {
        "payloads": tally.payloads,
        "conforming": tally.conforming,
        "violating": tally.violating,
        "unjudged": tally.inconclusive,
        "errors": tally.errors,
        "drift": tally.drift,
        "advice": tally.advice,
    }


def _dump(value: object) -> str:
    """Return JSON in ASCII, which is the same in every encoding of a terminal or file."""
    return json.dumps(value, separators=(",", ":"))
