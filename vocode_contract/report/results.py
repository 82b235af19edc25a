"""The results of a run: the rows of its tests, and what else there is to say of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from vocode_contract.http.traffic import MOST_READ
from vocode_contract.report.row import REMARK, UNCHECKED_REQUESTS, UNREAD_BODIES, Row, make_row
from vocode_contract.validation.safe_text import inert
from vocode_contract.validation.violation import Violation

if TYPE_CHECKING:
    import pytest

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

    def add(self, report: "pytest.TestReport") -> None:
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


#: Stands for a test in the results of a run that was stopped before its first test.
PREFLIGHT = "preflight"


CONFORMS, VIOLATES, INCONCLUSIVE_EXIT, BROKEN = 0, 1, 3, 70
#: 128 and the number of the signal.
_INTERRUPTED = 130


@dataclass(slots=True, eq=False)  # pytest 8 requires that plugins can be hashed
class ResultCollector:
    """A pytest plugin that collects the results of a run; pass it to ``pytest.main`` and read it afterwards.

    Attributes:
        rows: One for each test that sent a request, checked a payload or should have.
        remarks: Remarks besides the verdict, such as calls that were created.
        unchecked: Traffic of users' own clients that was not checked.
        rerun: Results of earlier attempts at tests that were run again; they do not count.
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

    def pytest_collection_finish(self, session: "pytest.Session") -> None:
        """Count the collected tests of the suite."""
        self.planned = sum(item.get_closest_marker("vocode_operation") is not None for item in session.items)

    def pytest_keyboard_interrupt(self, excinfo: "pytest.ExceptionInfo[BaseException]") -> None:
        """Record that the user interrupted the run."""
        import pytest

        if not isinstance(excinfo.value, pytest.Session.Interrupted):
            self.interrupted = getattr(excinfo.value, "exit_code", _INTERRUPTED)

    def pytest_runtest_logreport(self, report: "pytest.TestReport") -> None:
        """Add the result that pytest reports.

        The reports of one attempt share the properties of the test, so a later one, such as that of the test after its
        subtests, replaces an earlier one. Each attempt starts with a setup.
        """
        key = (report.nodeid, str(getattr(report, "worker_id", "")))
        if report.when == "setup" and key in self._latest:
            self.rerun.append(self._remove(key))
        row = make_row(report)
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
        """Record why a server could not be checked at all."""
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
