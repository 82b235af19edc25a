"""Results of the tests of a run, carried from process to process and into reports."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace

import pytest

from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.http.traffic import MOST_READ
from vocode_contract.report.evidence import Evidence, collected
from vocode_contract.report.evidence import noted_of as evidence_of
from vocode_contract.validation.safe_text import inert, inert_json
from vocode_contract.validation.violation import ContractViolated, Violation

ENDPOINT = "vocode_endpoint"
OPERATION = "vocode_operation"
CLAIM = "vocode_claim"
MODULE = "vocode_module"
VERDICT = "vocode_verdict"
VIOLATION = "vocode_violation"
INCONCLUSIVE = "vocode_inconclusive"
REMARK = "vocode_remark"
#: Of a user's own traffic: where it asked; what went by if none was checked; how much was without its body.
HEARD = "vocode_heard"
PASSED_BY = "vocode_passed_by"
UNREAD = "vocode_unread"
#: Options that a test needs to do the same again, as a JSON object of names and values.
OPTIONS = "vocode_options"
#: The test without which nothing that matters was checked; a test that sent nothing because the run is read-only.
MAIN, READ_ONLY = "vocode_main", "vocode_read_only"


def noted(item: pytest.Item, error: BaseException) -> None:
    """Note what a test ended in, unless it is noted already."""
    if any(name == VERDICT for name, _ in item.user_properties):
        return
    if isinstance(error, ContractViolated):
        item.user_properties += [(VERDICT, "violates"), *written(error.violations)]
    elif isinstance(error, Inconclusive):
        item.user_properties += [(VERDICT, "inconclusive"), (INCONCLUSIVE, inert(str(error)))]


def written(violations: Iterable[Violation]) -> list[tuple[str, object]]:
    """Write violations as properties."""
    return [(VIOLATION, inert_json(json.dumps(asdict(violation)))) for violation in violations]


def read(properties: Iterable[tuple[str, object]]) -> tuple[Violation, ...]:
    """Read the violations among properties."""
    return tuple(Violation(**json.loads(str(value))) for name, value in properties if name == VIOLATION)


#: Requests that are named at most.
_NAMED = 5


@dataclass(slots=True, eq=False)
class Unjudged:
    """What went by.

    Attributes:
        passed_by: Tests in which nothing was checked, and the names of their requests, with commas between them.
        unread: Tests in which a response was checked without its body, and how many were.
    """

    passed_by: dict[str, str] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)

    def add(self, report: pytest.TestReport) -> None:
        """Take in the last report of a test."""
        for name, value in report.user_properties:
            if name == PASSED_BY:
                self.passed_by[report.nodeid] = str(value)
            elif name == UNREAD:
                self.unread[report.nodeid] = int(str(value))

    def remarks(self) -> Iterator[str]:
        """Yield what there is to say, one line for all tests."""
        if self.passed_by:
            names = dict.fromkeys(name for value in self.passed_by.values() for name in value.split(", ") if name)
            more = ", ..." if len(names) > _NAMED else ""
            went_by = f"no operation of the contract, or another host: {', '.join([*names][:_NAMED])}{more}"
            yield f"vocode_traffic judged nothing in {_told(self.passed_by)}: {went_by if names else 'no request came'}"
        if self.unread:
            answers = f"{sum(self.unread.values()):,} without the body in {_told(self.unread)}"
            yield f"vocode_traffic judged {answers}: over {MOST_READ:,} bytes, or not read to the end"


def _told(tests: dict[str, str] | dict[str, int]) -> str:
    first, *others = tests
    more = f" and {len(others):,} more test{'s' if len(others) != 1 else ''}" if others else ""
    return f"{inert(first)}{more}"


#: From best to worst for one test.
VERDICTS = ("conforms", "not-permitted", "no-call", "inconclusive", "violates", "broken")
CONFORMS, VIOLATES, UNJUDGED, BROKEN = 0, 1, 3, 70
#: 128 and the number of the signal.
_INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One test.

    Attributes:
        nodeid: pytest's name of it.
        operation: What it asks for; empty where it asks for several things or none.
        claim: What it claims, as a phrase.
        verdict: One of `VERDICTS`.
        endpoint: Where it asked; empty where it asked nowhere.
        is_heard: Whether it is a user's own traffic that was checked, and nothing else asked.
        violations: What it found, drift and advice included.
        reason: Why there is no verdict; empty where there is one.
        seconds: How long it took.
        module: Where it is in the suite; empty for a user's own test.
        evidence: What was sent and what came, for violations that were found in a response.
        options: Name to value of the options without which the test would not do the same again.
        is_main: Whether nothing that matters was checked without this test.
        is_left_out: Whether it sent nothing because the run is read-only.
    """

    nodeid: str
    operation: str
    claim: str
    verdict: str
    endpoint: str = ""
    is_heard: bool = False
    violations: tuple[Violation, ...] = ()
    reason: str = ""
    seconds: float = 0
    module: str = ""
    evidence: Mapping[Violation, Evidence] = field(default_factory=dict, hash=False)
    options: Mapping[str, object] = field(default_factory=dict, hash=False)
    is_main: bool = False
    is_left_out: bool = False


@dataclass(slots=True, eq=False)  # pytest 8 wants plugins that can be hashed
class ResultCollector:
    """A plugin that counts; give it to ``pytest.main`` and read it afterwards.

    Attributes:
        rows: One for each test that asked an endpoint, checked a payload or should have.
        remarks: What there is to say beside the verdict: policies, calls created, commands that show a find.
        unjudged: What of users' own traffic has no verdict.
        is_left_open: Whether a call that the run asked for may go on.
        planned: How many tests of the suite there were to run.
        interrupted: What a run ends with that Ctrl-C or SIGTERM ended; 0 for one that came to its end.
    """

    rows: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    unjudged: Unjudged = field(default_factory=Unjudged)
    is_left_open: bool = False
    planned: int = 0
    interrupted: int = 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note how many tests of the suite there are."""
        self.planned = sum(item.get_closest_marker("vocode_operation") is not None for item in session.items)

    def pytest_keyboard_interrupt(self, excinfo: "pytest.ExceptionInfo[BaseException]") -> None:
        """Note that the run was interrupted by its user."""
        if not isinstance(excinfo.value, pytest.Session.Interrupted):
            self.interrupted = getattr(excinfo.value, "exit_code", _INTERRUPTED)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what pytest reports."""
        row = _row(report)
        if row is not None and report.when == "teardown":  # its traffic went on after the verdict
            earlier = next((each for each in reversed(self.rows) if each.nodeid == row.nodeid), row)
            self.rows = [each for each in self.rows if each is not earlier]
            row = replace(row, seconds=earlier.seconds)
        if row is not None:
            self.rows.append(row)
            told = [str(value) for name, value in report.user_properties if name == REMARK]
            self.remarks += [remark for remark in told if remark not in self.remarks]
        if report.when == "teardown":
            self.unjudged.add(report)

    def without_sound_traffic(self) -> "ResultCollector":
        """Return what is worth telling at length: not each test whose own traffic conforms."""
        shown = [row for row in self.rows if not row.is_heard or row.violations or row.verdict != "conforms"]
        more = len(self.rows) - len(shown)
        more_tests = f"{more:,} more test{'s' if more != 1 else ''}"
        remark = [f"the traffic of {more_tests} conforms"] if more else []
        return ResultCollector(rows=shown, remarks=[*self.remarks, *remark])

    def count(self, *verdicts: str) -> int:
        """Return how many tests had one of these verdicts."""
        return sum(row.verdict in verdicts for row in self.rows)

    @property
    def judged(self) -> int:
        """How many tests got a verdict on the API."""
        return self.count("conforms", "violates")

    @property
    def unrun(self) -> int:
        """How many tests of the suite were not run to their end."""
        return max(0, self.planned - sum(bool(row.operation) for row in self.rows))

    @property
    def violations(self) -> Mapping[Violation, tuple[Row, ...]]:
        """Each violation once, with the tests that found it, in the order of finding."""
        found: dict[Violation, tuple[Row, ...]] = {}
        for row in self.rows:
            for violation in row.violations:
                found[violation] = (*found.get(violation, ()), row)
        return found

    @property
    def exit_code(self) -> int:
        """The exit code of the run: 130 and 143 interrupted, 1 violations, 70 a bug of ours, 3 not checked, 0 conforms.

        A run in which no call could be ended has not checked the main operation, unless its user wanted it read-only;
        and one that leaves a call open does not pass.
        """
        if self.interrupted:
            return self.interrupted
        if self.count("violates"):
            return VIOLATES
        if self.count("broken"):
            return BROKEN
        if self.count("inconclusive") or not self.judged or not self._has_ended_one:
            return UNJUDGED
        return UNJUDGED if self.is_left_open else CONFORMS

    @property
    def _has_ended_one(self) -> bool:
        unsent = [row for row in self.rows if row.verdict in ("no-call", "not-permitted") and not row.is_left_out]
        judged = {row.operation for row in self.rows if row.verdict == "conforms"}
        return not any(row.operation not in judged or row.is_main for row in unsent)


def _row(report: pytest.TestReport) -> Row | None:
    noted = {name: str(value) for name, value in report.user_properties if name.startswith("vocode_")}
    if not noted or not _is_final(report):
        return None
    is_ours = OPERATION in noted  # a test of the suite, not one that merely uses the client
    verdict = noted.get(VERDICT, "broken" if is_ours and report.outcome == "failed" else "")
    if not verdict:
        return None
    violations = read(report.user_properties)
    return Row(
        nodeid=report.nodeid,
        operation=noted.get(OPERATION, ""),
        claim=noted.get(CLAIM, report.nodeid),
        verdict=verdict,
        endpoint=noted.get(ENDPOINT, noted.get(HEARD, "")),
        is_heard=ENDPOINT not in noted and HEARD in noted,
        violations=violations,
        reason=_reason(report, noted),
        seconds=report.duration,
        module=noted.get(MODULE, ""),
        evidence=dict(collected(report.user_properties, violations)),
        options=json.loads(noted.get(OPTIONS, "{}")),
        is_main=MAIN in noted,
        is_left_out=READ_ONLY in noted,
    )


def noted_of(row: Row, evidence: Mapping[Violation, Evidence], *, most: int) -> Iterator[tuple[str, object]]:
    """Yield the properties that a test bears, in the names and the form of those that it was read from.

    Args:
        row: The test.
        evidence: What is shown of its evidence.
        most: Violations that are reported.
    """
    noted = {OPERATION: row.operation, CLAIM: row.claim, MODULE: row.module, ENDPOINT: row.endpoint}
    yield from ((name, value) for name, value in noted.items() if value)
    yield VERDICT, row.verdict
    if row.verdict == "inconclusive" and row.reason:
        yield INCONCLUSIVE, row.reason
    told = row.violations[:most]
    yield from written(told)
    yield from (evidence_of(index, evidence[found]) for index, found in enumerate(told) if found in evidence)


def _is_final(report: pytest.TestReport) -> bool:
    """Return whether a report holds the verdict: a later phase counts only if traffic of its own fails it."""
    return report.when == "call" or report.outcome != "passed"


def _reason(report: pytest.TestReport, noted: Mapping[str, str]) -> str:
    skipped = report.longrepr
    if report.outcome == "skipped" and isinstance(skipped, tuple):
        return str(skipped[2]).removeprefix("Skipped: ")
    return noted.get(INCONCLUSIVE, "")
