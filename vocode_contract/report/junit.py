"""The outcome of a run as JUnit XML, for CI servers.

Its properties have the names and the form of those that pytest writes with ``--junitxml``.
"""

import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET

from vocode_contract.report.outcome import Cause, Outcome, list_policies
from vocode_contract.report.row import REMARK, Row, write_properties
from vocode_contract.report.summary import render_cause, render_heading
from vocode_contract.report.text import MOST_PHRASE, shorten
from vocode_contract.validation.safe_text import inert

_NAME = "vocode-contract"
#: Verdict -> the element that reports it; a test without one passed.
_ELEMENTS = {
    "violates": "failure",
    "inconclusive": "error",
    "broken": "error",
    "not-permitted": "skipped",
    "no-call": "skipped",
}
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Violations and causes that are reported per test: against a very broken server, each test finds a hundred.
_MOST = 10


def render_junit(outcome: Outcome) -> str:
    """Return XML with one test case per test.

    Source: the schema of Jenkins' xUnit plugin, ``junit-10.xsd``, which pytest follows too.
    """
    suite = ET.Element("testsuite", _attributes(outcome))
    _add_properties(suite, _list_run_properties(outcome))
    causes: dict[int, list[tuple[int, Cause]]] = {}
    for number, cause in enumerate(outcome.causes, 1):
        for row in cause.rows:
            causes.setdefault(id(row), []).append((number, cause))
    for row in outcome.rows:
        suite.append(_case(row, causes.get(id(row), [])))
    if outcome.is_interrupted:
        suite.append(_make_case("the run is finished", "error", outcome.sentence, outcome.verdict))
    for line in outcome.outdated:
        suite.append(_make_case("the file of accepted violations is up to date", "failure", line, "outdated"))
    root = ET.Element("testsuites", name=_NAME)
    root.append(suite)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _attributes(outcome: Outcome) -> dict[str, str]:
    kinds = [_ELEMENTS.get(row.verdict) for row in outcome.rows]
    return {
        "name": _NAME,
        "tests": str(len(kinds) + outcome.is_interrupted + len(outcome.outdated)),
        "failures": str(kinds.count("failure") + len(outcome.outdated)),
        "errors": str(kinds.count("error") + outcome.is_interrupted),
        "skipped": str(kinds.count("skipped")),
        "time": f"{outcome.run.seconds:.3f}",
        "timestamp": outcome.run.started.isoformat(timespec="seconds"),
    }


def _list_run_properties(outcome: Outcome) -> Iterator[tuple[str, object]]:
    run = outcome.run
    yield from (("vocode_contract", run.contract), ("vocode_profile", run.profile), ("vocode_where", run.where))
    yield from (("vocode_policy", f"{name}={value}") for name, _, value in list_policies(run))
    yield from ((REMARK, remark) for remark in outcome.remarks)


def _add_properties(element: ET.Element, pairs: Iterable[tuple[str, object]]) -> None:
    properties = ET.SubElement(element, "properties")
    for name, value in pairs:
        ET.SubElement(properties, "property", name=name, value=_legal(str(value)))


def _make_case(name: str, tag: str, message: str, kind: str) -> ET.Element:
    """Return a test case for a problem that no test shows, such as tests that were not run."""
    case = ET.Element("testcase", classname=_NAME, name=name, time="0.000")
    ET.SubElement(case, tag, message=_legal(message), type=kind)
    return case


def _case(row: Row, causes: list[tuple[int, Cause]]) -> ET.Element:
    file, _, name = row.nodeid.partition("::")
    case = ET.Element("testcase", classname=_class(file), name=_legal(name or file), time=f"{row.seconds:.3f}")
    first = {id(cause.evidence) for _, cause in causes if cause.rows[0] is row}
    shown = {violation: evidence for violation, evidence in row.evidence.items() if id(evidence) in first}
    _add_properties(case, write_properties(row, shown, most=_MOST))
    if row.verdict in _ELEMENTS:
        count = sum(not violation.accepted for violation in row.violations)
        message = row.reason or f"{count} violation{'s' if count != 1 else ''} of the contract"
        element = ET.SubElement(case, _ELEMENTS[row.verdict], message=_legal(message), type=row.verdict)
        element.text = "\n".join(map(_legal, _describe_causes(row, causes)))
    return case


def _describe_causes(row: Row, causes: list[tuple[int, Cause]]) -> Iterator[str]:
    """Yield what a test found: in full if it is the first to find it, otherwise where to read it."""
    for number, cause in causes[:_MOST]:
        first = cause.rows[0]
        if first is row:
            yield from (f"{number}. {render_heading(cause)}", *render_cause(cause))
        else:
            labels = ", ".join(cause.violation.labels)
            yield from (f"{number}. {shorten(cause.place, MOST_PHRASE)} [{labels}]", f"   shown at {first.nodeid}")
    if len(causes) > _MOST:
        yield f"and {len(causes) - _MOST} more"


def _class(file: str) -> str:
    return _legal(file.removesuffix(".py").replace("/", "."))


def _legal(text: str) -> str:
    """Return text as one line of characters that XML 1.0 allows."""
    return _ILLEGAL.sub("?", inert(text))
