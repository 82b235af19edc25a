"""The results of payloads as JSON: one document, or one line per result."""

import json
from collections.abc import Iterable, Iterator

from vocode_contract.report.payload_results import Heading, Result, ResultCounts, shown_source
from vocode_contract.validation.codes import rests_on
from vocode_contract.validation.masking import printable
from vocode_contract.validation.violation import Violation

#: Grows when a reader of the report would have to change; additional keys do not count.
VERSION = 1


def as_json(results: Iterable[Result], heading: Heading) -> Iterator[str]:
    """Write one document: what was checked by, every result, and the sum of them."""
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
        "conforms": None if result.inconclusive else result.conforms,
        "unjudged": printable(result.inconclusive) or None,
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
        "unjudged": tally.inconclusive,
        "errors": tally.errors,
        "drift": tally.drift,
        "advice": tally.advice,
    }


def _text(value: object) -> str:
    """Write JSON in ASCII: it is the same in every encoding of a terminal or file."""
    return json.dumps(value, separators=(",", ":"))
