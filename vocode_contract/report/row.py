"""The result of one test, carried between processes and into reports as user properties of pytest."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.report.evidence import (
    Evidence,
    EvidenceSource,
    FirstSeen,
    read_evidence,
    write_evidence,
    write_property,
)
from vocode_contract.validation.safe_text import inert, inert_json
from vocode_contract.validation.violation import ContractViolated, Violation, has_error

if TYPE_CHECKING:
    import pytest

ENDPOINT = "vocode_endpoint"
OPERATION = "vocode_operation"
CLAIM = "vocode_claim"
MODULE = "vocode_module"
VERDICT = "vocode_verdict"
VIOLATION = "vocode_violation"
INCONCLUSIVE = "vocode_inconclusive"
REMARK = "vocode_remark"
#: The number of an entry of the file of accepted violations that matched a violation of the test.
ACCEPTED = "vocode_accepted"
#: For a user's own traffic: the servers; the requests if none was checked; the number of responses without a body.
TRAFFIC_ORIGINS = "vocode_heard"
UNCHECKED_REQUESTS = "vocode_skipped"
UNREAD_BODIES = "vocode_unread"
#: Options that a test needs to repeat what it did, as a JSON object of names and values.
OPTIONS = "vocode_options"
#: The test without which nothing that matters was checked; a test that sent nothing because the run is read-only.
MAIN, READ_ONLY = "vocode_main", "vocode_read_only"
#: From best to worst for one test.
VERDICTS = ("conforms", "not-permitted", "no-call", "inconclusive", "violates", "broken")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The result of one test.

    Attributes:
        operation: The operation that it tests; empty for several or none.
        verdict: One of `VERDICTS`.
        endpoint: The server that it sent requests to; empty for none.
        is_traffic_only: Whether only a user's own traffic was checked.
        violations: Includes drift and advice.
        reason: Why there is no verdict; empty if there is one.
        module: The suite's module; empty for a user's own test.
        options: The options that the test needs to repeat what it did.
        is_main: Whether nothing that matters was checked without this test.
        is_left_out: Whether it sent nothing because the run is read-only.
        accepted: Numbers of the entries that accept some of its violations, in the file of accepted violations.
    """

    nodeid: str
    operation: str
    claim: str
    verdict: str
    endpoint: str = ""
    is_traffic_only: bool = False
    violations: tuple[Violation, ...] = ()
    reason: str = ""
    seconds: float = 0
    module: str = ""
    evidence: Mapping[Violation, Evidence] = field(default_factory=dict, hash=False)
    options: Mapping[str, object] = field(default_factory=dict, hash=False)
    is_main: bool = False
    is_left_out: bool = False
    accepted: tuple[int, ...] = ()

    @property
    def has_verdict(self) -> bool:
        """Whether it has a verdict on the API."""
        return self.verdict in ("conforms", "violates")


def record_verdict(item: "pytest.Item", verdict: str) -> None:
    """Record the verdict of a test, unless a worse one is recorded already."""
    recorded = [(index, str(value)) for index, (name, value) in enumerate(item.user_properties) if name == VERDICT]
    for index, known in recorded:
        item.user_properties[index] = (VERDICT, max(known, verdict, key=VERDICTS.index))
    if not recorded:
        item.user_properties.append((VERDICT, verdict))


def record_error(item: "pytest.Item", error: BaseException) -> None:
    """Record the error that a test, or a part of it, ended with."""
    if isinstance(error, ContractViolated):
        record_verdict(item, "violates")
        known = read_violations(item.user_properties)
        item.user_properties += write_violations(each for each in error.violations if each not in known)
    elif isinstance(error, Inconclusive):
        record_verdict(item, "inconclusive")
        reason = (INCONCLUSIVE, inert(str(error)))
        item.user_properties += [reason] if reason not in item.user_properties else []


def record_violations(
    item: "pytest.Item", found: Mapping[Violation, FirstSeen], source: EvidenceSource, entries: Iterable[int] = ()
) -> None:
    """Record violations that are not recorded yet, the exchanges that show them, and the verdict if one is an error."""
    item.user_properties += [(ACCEPTED, str(number)) for number in entries]
    known = read_violations(item.user_properties)
    new = {violation: seen for violation, seen in found.items() if violation not in known}
    if has_error(new):
        record_verdict(item, "violates")
    item.user_properties += [*write_violations(new), *write_evidence(new, source, first=len(known))]


def write_violations(violations: Iterable[Violation]) -> list[tuple[str, object]]:
    """Return violations as properties, without empty members, since a run may have thousands."""
    members = (asdict(violation) for violation in violations)
    shown = (
        {name: value for name, value in each.items() if value not in ("", None) or name == "instance_pointer"}
        for each in members
    )
    return [(VIOLATION, inert_json(json.dumps(each))) for each in shown]


def read_violations(properties: Iterable[tuple[str, object]]) -> tuple[Violation, ...]:
    """Return the violations among properties."""
    return tuple(Violation(**json.loads(str(value))) for name, value in properties if name == VIOLATION)


def make_row(report: "pytest.TestReport") -> Row | None:
    """Return the result that a report holds; ``None`` if it holds none."""
    properties = {name: str(value) for name, value in report.user_properties if name.startswith("vocode_")}
    # A phase after the test itself counts only if its traffic fails the test.
    if not properties or (report.when != "call" and report.outcome == "passed"):
        return None
    is_ours = OPERATION in properties  # a test of the suite, not one that merely uses the client
    verdict = properties.get(VERDICT, "broken" if is_ours and report.outcome == "failed" else "")
    if not verdict:
        return None
    violations = read_violations(report.user_properties)
    return Row(
        nodeid=report.nodeid,
        operation=properties.get(OPERATION, ""),
        claim=properties.get(CLAIM, report.nodeid),
        verdict=verdict,
        endpoint=properties.get(ENDPOINT, properties.get(TRAFFIC_ORIGINS, "")),
        is_traffic_only=ENDPOINT not in properties and TRAFFIC_ORIGINS in properties,
        violations=violations,
        reason=_find_reason(report, properties),
        seconds=report.duration,
        module=properties.get(MODULE, ""),
        evidence=dict(read_evidence(report.user_properties, violations)),
        options=json.loads(properties.get(OPTIONS, "{}")),
        is_main=MAIN in properties,
        is_left_out=READ_ONLY in properties,
        accepted=tuple(int(str(value)) for name, value in report.user_properties if name == ACCEPTED),
    )


def write_properties(row: Row, evidence: Mapping[Violation, Evidence], *, most: int) -> Iterator[tuple[str, object]]:
    """Yield the properties of a result as pytest writes them, with at most so many violations."""
    main, read_only = "true" if row.is_main else "", "true" if row.is_left_out else ""
    properties = {OPERATION: row.operation, CLAIM: row.claim, MAIN: main, MODULE: row.module, ENDPOINT: row.endpoint}
    properties |= {VERDICT: row.verdict, READ_ONLY: read_only}
    yield from ((name, value) for name, value in properties.items() if value)
    if row.verdict == "inconclusive" and row.reason:
        yield INCONCLUSIVE, row.reason
    yield from ((ACCEPTED, str(number)) for number in row.accepted)
    shown = row.violations[:most]
    yield from write_violations(shown)
    yield from (write_property(index, evidence[found]) for index, found in enumerate(shown) if found in evidence)


def _find_reason(report: "pytest.TestReport", properties: Mapping[str, str]) -> str:
    skipped = report.longrepr
    if report.outcome == "skipped" and isinstance(skipped, tuple):
        return str(skipped[2]).removeprefix("Skipped: ")
    return properties.get(INCONCLUSIVE, "")
