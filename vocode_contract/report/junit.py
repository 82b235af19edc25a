"""The outcome of a run as JUnit XML: what CI servers read."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from vocode_contract.conformance.outcome import Outcome
from vocode_contract.conformance.summary import came
from vocode_contract.conformance.tally import Row
from vocode_contract.report.inert import inert

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


def as_junit(outcome: Outcome) -> str:
    """Write one test case a test.

    Source: the schema of Jenkins' xUnit plugin, ``junit-10.xsd``, which pytest follows too.
    """
    suite = ET.Element("testsuite", _attributes(outcome))
    properties = ET.SubElement(suite, "properties")
    run = outcome.run
    for name, value in (("contract", run.contract), ("profile", run.profile), ("where", run.where)):
        ET.SubElement(properties, "property", name=f"vocode_{name}", value=_legal(value))
    for row in outcome.rows:
        suite.append(_case(row))
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


def _interruption(outcome: Outcome) -> ET.Element:
    """Write what no test tells: that others were not run."""
    case = ET.Element("testcase", classname=_NAME, name="the run comes to its end", time="0.000")
    ET.SubElement(case, "error", message=_legal(outcome.sentence), type=outcome.verdict)
    return case


def _case(row: Row) -> ET.Element:
    file, _, name = row.nodeid.partition("::")
    case = ET.Element("testcase", classname=_class(file), name=_legal(name or file), time=f"{row.seconds:.3f}")
    properties = ET.SubElement(case, "properties")
    for key, value in _properties(row):
        ET.SubElement(properties, "property", name=f"vocode_{key}", value=_legal(value))
    if row.verdict in _ELEMENTS:
        message = row.reason or f"{len(row.violations)} violations of the contract"
        element = ET.SubElement(case, _ELEMENTS[row.verdict], message=_legal(message), type=row.verdict)
        element.text = "\n".join(_legal(str(violation)) for violation in row.violations)
    return case


def _properties(row: Row) -> Iterator[tuple[str, str]]:
    yield "verdict", row.verdict
    yield "operation", row.operation
    yield "claim", row.claim
    for violation in row.violations:
        yield "violation", str(violation)
        evidence = row.evidence.get(violation)
        if evidence is not None:
            yield "sent", evidence.sent
            yield "came", came(evidence)
            yield "body", evidence.body


def _class(file: str) -> str:
    return _legal(file.removesuffix(".py").replace("/", "."))


def _legal(text: str) -> str:
    """Return text as one line of characters that XML 1.0 allows."""
    return _ILLEGAL.sub("?", inert(text))
