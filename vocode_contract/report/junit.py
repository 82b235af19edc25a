"""The outcome of a run as JUnit XML: what CI servers read.

Its properties are those that pytest writes with ``--junitxml``: the same names, and the same form.
"""

import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET

from vocode_contract.report.outcome import Cause, Outcome, policies_in_force
from vocode_contract.report.results import REMARK, Row, noted_of
from vocode_contract.report.summary import evident, heading
from vocode_contract.validation.safe_text import inert

_NAME = "vocode-contract"
#: Verdict -> the element that tells it; without, the test passed.
_ELEMENTS = {
    "violates": "failure",
    "inconclusive": "error",
    "broken": "error",
    "not-permitted": "skipped",
    "no-call": "skipped",
}
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Violations, and causes, that are reported of one test: each test of a server that does all wrong finds a hundred.
_MOST = 10


def as_junit(outcome: Outcome) -> str:
    """Write one test case a test.

    Source: the schema of Jenkins' xUnit plugin, ``junit-10.xsd``, which pytest follows too.
    """
    suite = ET.Element("testsuite", _attributes(outcome))
    _add_properties(suite, _of_the_run(outcome))
    causes: dict[int, list[tuple[int, Cause]]] = {}
    for number, cause in enumerate(outcome.causes, 1):
        for row in cause.rows:
            causes.setdefault(id(row), []).append((number, cause))
    for row in outcome.rows:
        suite.append(_case(row, causes.get(id(row), [])))
    if outcome.is_interrupted:
        suite.append(_interruption(outcome))
    root = ET.Element("testsuites", name=_NAME)
    root.append(suite)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _attributes(outcome: Outcome) -> dict[str, str]:
    kinds = [_ELEMENTS.get(row.verdict) for row in outcome.rows]
    return {
        "name": _NAME,
        "tests": str(len(kinds) + outcome.is_interrupted),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error") + outcome.is_interrupted),
        "skipped": str(kinds.count("skipped")),
        "time": f"{outcome.run.seconds:.3f}",
        "timestamp": outcome.run.started.isoformat(timespec="seconds"),
    }


def _of_the_run(outcome: Outcome) -> Iterator[tuple[str, object]]:
    run = outcome.run
    yield from (("vocode_contract", run.contract), ("vocode_profile", run.profile), ("vocode_where", run.where))
    yield from (("vocode_policy", f"{name}={value}") for name, _, value in policies_in_force(run))
    yield from ((REMARK, remark) for remark in outcome.remarks)


def _add_properties(element: ET.Element, pairs: Iterable[tuple[str, object]]) -> None:
    properties = ET.SubElement(element, "properties")
    for name, value in pairs:
        ET.SubElement(properties, "property", name=name, value=_legal(str(value)))


def _interruption(outcome: Outcome) -> ET.Element:
    """Write what no test tells: that others were not run."""
    case = ET.Element("testcase", classname=_NAME, name="the run comes to its end", time="0.000")
    ET.SubElement(case, "error", message=_legal(outcome.sentence), type=outcome.verdict)
    return case


def _case(row: Row, causes: list[tuple[int, Cause]]) -> ET.Element:
    file, _, name = row.nodeid.partition("::")
    case = ET.Element("testcase", classname=_class(file), name=_legal(name or file), time=f"{row.seconds:.3f}")
    first = {id(cause.evidence) for _, cause in causes if cause.rows[0] is row}
    shown = {violation: evidence for violation, evidence in row.evidence.items() if id(evidence) in first}
    _add_properties(case, noted_of(row, shown, most=_MOST))
    if row.verdict in _ELEMENTS:
        count = len(row.violations)
        message = row.reason or f"{count} violation{'s' if count != 1 else ''} of the contract"
        element = ET.SubElement(case, _ELEMENTS[row.verdict], message=_legal(message), type=row.verdict)
        element.text = "\n".join(map(_legal, _told(row, causes)))
    return case


def _told(row: Row, causes: list[tuple[int, Cause]]) -> Iterator[str]:
    """Yield what a test found: in full where it is the first that found it, else where to read on."""
    for number, cause in causes[:_MOST]:
        yield f"{number}. {heading(cause)}"
        first = cause.rows[0]
        yield from evident(cause) if first is row else (f"   shown at {first.nodeid}",)
    if len(causes) > _MOST:
        yield f"and {len(causes) - _MOST} more"


def _class(file: str) -> str:
    return _legal(file.removesuffix(".py").replace("/", "."))


def _legal(text: str) -> str:
    """Return text as one line of characters that XML 1.0 allows."""
    return _ILLEGAL.sub("?", inert(text))
