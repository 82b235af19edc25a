"""Results of the tests of a run, carried between processes and into reports as user properties of pytest."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace

import pytest

from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.http.traffic import MOST_READ
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

ENDPOINT = "vocode_endpoint"
OPERATION = "vocode_operation"
CLAIM = "vocode_claim"
MODULE = "vocode_module"
VERDICT = "vocode_verdict"
VIOLATION = "vocode_violation"
INCONCLUSIVE = "vocode_inconclusive"
REMARK = "vocode_remark"
#: The number of an entry of the file of accepted violations that matched one of the test's.
ACCEPTED = "vocode_accepted"
#: For a user's own traffic: the servers; the requests if none was checked; the number of responses without a body.
TRAFFIC_ORIGINS = "vocode_heard"
UNCHECKED_REQUESTS = "vocode_skipped"
UNREAD_BODIES = "vocode_unread"
#: Options that a test needs to repeat what it did, as a JSON object of names and values.
OPTIONS = "vocode_options"
#: The test without which nothing that matters was checked; a test that sent nothing because the run is read-only.
MAIN, READ_ONLY = "vocode_main", "vocode_read_only"


def record_verdict(item: pytest.Item, verdict: str) -> None:
    """Record the verdict of a test, unless a worse one is recorded already."""
    recorded = [(index, str(value)) for index, (name, value) in enumerate(item.user_properties) if name == VERDICT]
    for index, known in recorded:
        item.user_properties[index] = (VERDICT, max(known, verdict, key=VERDICTS.index))
    if not recorded:
        item.user_properties.append((VERDICT, verdict))


def record_error(item: pytest.Item, error: BaseException) -> None:
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
    item: pytest.Item, found: Mapping[Violation, FirstSeen], source: EvidenceSource, entries: Iterable[int] = ()
) -> None:
    """Record violations that are not recorded yet, the exchanges that show them, and the verdict if one is an error.

    Args:
        item: The test.
        found: The violations.
        source: What evidence is made from.
        entries: Numbers of the entries that accept some of them.
    """
    item.user_properties += [(ACCEPTED, str(number)) for number in entries]
    known = read_violations(item.user_properties)
    new = {violation: seen for violation, seen in found.items() if violation not in known}
    if has_error(new):
        record_verdict(item, "violates")
    item.user_properties += [*write_violations(new), *write_evidence(new, source, first=len(known))]


def write_violations(violations: Iterable[Violation]) -> list[tuple[str, object]]:
    """Return violations as properties, without the members that say nothing; a run may have thousands."""
    members = (asdict(violation) for violation in violations)
    shown = (
        {name: value for name, value in each.items() if value not in ("", None) or name == "instance_pointer"}
        for each in members
    )
    return [(VIOLATION, inert_json(json.dumps(each))) for each in shown]


def read_violations(properties: Iterable[tuple[str, object]]) -> tuple[Violation, ...]:
    """Return the violations among properties."""
    return tuple(Violation(**json.loads(str(value))) for name, value in properties if name == VIOLATION)


#: Requests that are named in a remark.
_NAMED = 5


@dataclass(slots=True, eq=False)
class UncheckedTraffic:
    """Traffic of users' own clients that was not checked, or not completely.

    Attributes:
        skipped: Tests in which nothing was checked, with the names of their requests, separated by commas.
        unread: Tests in which responses were checked without their body, and how many.
    """

    skipped: dict[str, str] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)

    def add(self, report: pytest.TestReport) -> None:
        """Add the last report of a test, which replaces that of an earlier attempt."""
        self.skipped.pop(report.nodeid, None)
        self.unread.pop(report.nodeid, None)
        for name, value in report.user_properties:
            if name == UNCHECKED_REQUESTS:
                self.skipped[report.nodeid] = str(value)
            elif name == UNREAD_BODIES:
                self.unread[report.nodeid] = int(str(value))

    def remarks(self) -> Iterator[str]:
        """Yield a line for the tests in which nothing was checked, and one for those with unread bodies."""
        if self.skipped:
            names = dict.fromkeys(name for value in self.skipped.values() for name in value.split(", ") if name)
            more = ", ..." if len(names) > _NAMED else ""
            others = f"not an operation of the contract, or another host: {', '.join([*names][:_NAMED])}{more}"
            reason = others if names else "it saw no request"
            yield f"vocode_traffic checked nothing in {_name_tests(self.skipped)}: {reason}"
        if self.unread:
            count = sum(self.unread.values())
            responses = f"{count:,} response{'s' if count != 1 else ''} without the body"
            reason = f"longer than {MOST_READ:,} bytes, or not read to the end"
            yield f"vocode_traffic checked {responses} in {_name_tests(self.unread)}: {reason}"


def _name_tests(tests: dict[str, str] | dict[str, int]) -> str:
    first, *others = tests
    more = f" and {len(others):,} more test{'s' if len(others) != 1 else ''}" if others else ""
    return f"{inert(first)}{more}"


#: Stands for a test in the results of a run that was stopped before its first one.
PREFLIGHT = "preflight"
#: From best to worst for one test.
VERDICTS = ("conforms", "not-permitted", "no-call", "inconclusive", "violates", "broken")
CONFORMS, VIOLATES, INCONCLUSIVE_EXIT, BROKEN = 0, 1, 3, 70
#: 128 and the number of the signal.
_INTERRUPTED = 130


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


@dataclass(slots=True, eq=False)  # pytest 8 requires that plugins can be hashed
class ResultCollector:
    """A pytest plugin that collects the results of a run; pass it to ``pytest.main`` and read it afterwards.

    Attributes:
        rows: One for each test that sent a request, checked a payload or should have.
        remarks: Remarks besides the verdict, such as calls that were created.
        unchecked: Traffic of users' own clients that was not checked.
        rerun: Results of attempts that another attempt at the same test followed; they do not count.
        is_left_open: Whether a call that the run created may still be in progress.
        outdated: Lines that name entries of the file of accepted violations which must be removed.
        planned: Number of collected tests of the suite.
        interrupted: Exit code of a run that Ctrl-C or SIGTERM ended; 0 for a finished run.
    """

    rows: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    unchecked: UncheckedTraffic = field(default_factory=UncheckedTraffic)
    rerun: list[Row] = field(default_factory=list)
    is_left_open: bool = False
    outdated: list[str] = field(default_factory=list)
    planned: int = 0
    interrupted: int = 0
    #: The row of the current attempt at each test, by node id and worker of pytest-xdist.
    _latest: dict[tuple[str, str], Row] = field(default_factory=dict)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count the collected tests of the suite."""
        self.planned = sum(item.get_closest_marker("vocode_operation") is not None for item in session.items)

    def pytest_keyboard_interrupt(self, excinfo: "pytest.ExceptionInfo[BaseException]") -> None:
        """Record that the user interrupted the run."""
        if not isinstance(excinfo.value, pytest.Session.Interrupted):
            self.interrupted = getattr(excinfo.value, "exit_code", _INTERRUPTED)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add the result that pytest reports.

        The reports of one attempt share the properties of the test, so a later one, such as that of the test after its
        subtests, replaces an earlier one. Each attempt starts with a setup.
        """
        key = (report.nodeid, str(getattr(report, "worker_id", "")))
        if report.when == "setup" and key in self._latest:
            self.rerun.append(self._remove(key))
        row = _make_row(report)
        if row is not None:
            if key in self._latest:
                earlier = self._remove(key)
                row = replace(row, seconds=max(earlier.seconds, row.seconds if report.when == "call" else 0))
            self._latest[key] = row
            self.rows.append(row)
            remarks = [str(value) for name, value in report.user_properties if name == REMARK]
            self.remarks += [remark for remark in remarks if remark not in self.remarks]
        if report.when == "teardown":
            self.unchecked.add(report)

    def _remove(self, key: tuple[str, str]) -> Row:
        row = self._latest.pop(key)
        self.rows = [each for each in self.rows if each is not row]
        return row

    def late_remarks(self) -> Iterator[str]:
        """Yield the remarks that are known at the end of a run: attempts that do not count, and unchecked traffic."""
        failed = [row for row in self.rerun if row.verdict != "conforms"]
        if failed:
            words = {"violates": "violated the contract", "inconclusive": "was inconclusive", "broken": "failed"}
            named = [f"{inert(row.nodeid)} {words.get(row.verdict, 'sent nothing')}" for row in failed[:_NAMED]]
            more = f", and {len(failed) - _NAMED:,} more" if len(failed) > _NAMED else ""
            yield f"earlier attempts of rerun tests, which do not count: {', '.join(named)}{more}"
        yield from self.unchecked.remarks()

    def record_obstacle(self, obstacle: str, endpoint: str) -> None:
        """Record why a server could not be checked at all.

        Args:
            obstacle: The reason, and what to do about it, in one line.
            endpoint: URL of the server.
        """
        row = Row(
            nodeid=PREFLIGHT,
            operation="",
            claim="the server can be checked",
            verdict="inconclusive",
            endpoint=endpoint,
            reason=obstacle,
        )
        self.rows.append(row)

    @property
    def obstacle(self) -> str:
        """Why the server could not be checked at all; empty if it could."""
        return next((row.reason for row in self.rows if row.nodeid == PREFLIGHT), "")

    def without_conforming_traffic(self) -> "ResultCollector":
        """Return a copy without tests that only checked a user's own traffic and found nothing."""
        shown = [row for row in self.rows if not row.is_traffic_only or row.violations or row.verdict != "conforms"]
        more = len(self.rows) - len(shown)
        more_tests = f"{more:,} more test{'s' if more != 1 else ''}"
        remark = [f"the traffic of {more_tests} conforms"] if more else []
        return ResultCollector(rows=shown, remarks=[*self.remarks, *remark], outdated=self.outdated)

    def count(self, *verdicts: str) -> int:
        """Return the number of tests with one of these verdicts."""
        return sum(row.verdict in verdicts for row in self.rows)

    @property
    def verdict_count(self) -> int:
        """Number of tests with a verdict on the API."""
        return sum(row.has_verdict for row in self.rows)

    @property
    def unrun(self) -> int:
        """Number of tests of the suite that were not finished."""
        return max(0, self.planned - sum(bool(row.operation) for row in self.rows))

    @property
    def violations(self) -> Mapping[Violation, tuple[Row, ...]]:
        """Each violation once, with the tests that found it, in the order of discovery."""
        found: dict[Violation, tuple[Row, ...]] = {}
        for row in self.rows:
            for violation in row.violations:
                found[violation] = (*found.get(violation, ()), row)
        return found

    @property
    def exit_code(self) -> int:
        """The exit code: 130 and 143 interrupted, 1 violations, 70 a bug in the suite, 3 inconclusive, 0 passed.

        An outdated entry in the file of accepted violations gives 1 too. A run in which no call could be ended has not
        checked the main operation and is inconclusive, unless it is read-only; so is a run that leaves a call open.
        """
        if self.interrupted:
            return self.interrupted
        if self.count("violates"):
            return VIOLATES
        if self.count("broken"):
            return BROKEN
        if self.outdated:
            return VIOLATES
        if self.count("inconclusive") or not self.verdict_count or not self._has_ended_one:
            return INCONCLUSIVE_EXIT
        return INCONCLUSIVE_EXIT if self.is_left_open else CONFORMS

    @property
    def _has_ended_one(self) -> bool:
        unsent = [row for row in self.rows if row.verdict in ("no-call", "not-permitted") and not row.is_left_out]
        checked = {row.operation for row in self.rows if row.verdict == "conforms"}
        return not any(row.operation not in checked or row.is_main for row in unsent)


def _make_row(report: pytest.TestReport) -> Row | None:
    properties = {name: str(value) for name, value in report.user_properties if name.startswith("vocode_")}
    if not properties or not _is_final(report):
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


def _is_final(report: pytest.TestReport) -> bool:
    """Return whether a report holds the verdict; a later phase counts only if its traffic fails the test."""
    return report.when == "call" or report.outcome != "passed"


def _find_reason(report: pytest.TestReport, properties: Mapping[str, str]) -> str:
    skipped = report.longrepr
    if report.outcome == "skipped" and isinstance(skipped, tuple):
        return str(skipped[2]).removeprefix("Skipped: ")
    return properties.get(INCONCLUSIVE, "")
