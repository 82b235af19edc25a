"""Tally: what came of a run, counted from pytest's reports, in one process or many."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from vocode_contract.conformance.evidence import Evidence, collected
from vocode_contract.conformance.properties import (
    CLAIM,
    ENDPOINT,
    INCONCLUSIVE,
    MODULE,
    OPERATION,
    REMARK,
    VERDICT,
    read,
)
from vocode_contract.guard import READ_ONLY_REASON
from vocode_contract.violation import Violation

#: From best to worst for one test.
VERDICTS = ("conforms", "not-permitted", "no-call", "inconclusive", "violates", "broken")

#: The test without which nothing that matters was judged.
_MAIN = "::test_end_call_answers_with_the_call_and_ends_it"

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
        violations: What it found, drift and advice included.
        reason: Why there is no verdict; empty where there is one.
        seconds: How long it took.
        module: Where it is in the suite; empty for a user's own test.
        evidence: What was sent and what came, for violations that were found in an answer.
    """

    nodeid: str
    operation: str
    claim: str
    verdict: str
    endpoint: str = ""
    violations: tuple[Violation, ...] = ()
    reason: str = ""
    seconds: float = 0
    module: str = ""
    evidence: Mapping[Violation, Evidence] = field(default_factory=dict, hash=False)

    @property
    def is_left_out(self) -> bool:
        """Whether it asked nothing since the run's user wants it read-only."""
        return READ_ONLY_REASON in self.reason


@dataclass(slots=True, eq=False)  # pytest 8 wants plugins that can be hashed
class Tally:
    """A plugin that counts; give it to ``pytest.main`` and read it afterwards.

    Attributes:
        rows: One for each test that asked an endpoint, judged a payload or should have.
        remarks: What there is to say beside the verdict: policies, calls created, commands that show a find.
        planned: How many tests of the suite there were to run.
        interrupted: What a run ends with that Ctrl-C or SIGTERM ended; 0 for one that came to its end.
    """

    rows: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
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
        if row is not None:
            self.rows.append(row)
            self.remarks += [str(value) for name, value in report.user_properties if name == REMARK]

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
        """The exit code of the run: 130 and 143 interrupted, 1 violations, 70 a bug of ours, 3 not judged, 0 conforms.

        A run in which no call could be ended has not judged the main operation, unless its user wanted it read-only.
        """
        if self.interrupted:
            return self.interrupted
        if self.count("violates"):
            return VIOLATES
        if self.count("broken"):
            return BROKEN
        return UNJUDGED if self.count("inconclusive") or not self.judged or not self._has_ended_one else CONFORMS

    @property
    def _has_ended_one(self) -> bool:
        unsent = [row for row in self.rows if row.verdict in ("no-call", "not-permitted") and not row.is_left_out]
        judged = {row.operation for row in self.rows if row.verdict == "conforms"}
        return not any(row.operation not in judged or _MAIN in row.nodeid for row in unsent)


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
        endpoint=noted.get(ENDPOINT, ""),
        violations=violations,
        reason=_reason(report, noted),
        seconds=report.duration,
        module=noted.get(MODULE, ""),
        evidence=dict(collected(report.user_properties, violations)),
    )


def _is_final(report: pytest.TestReport) -> bool:
    return report.when == "call" or (report.when == "setup" and report.outcome != "passed")


def _reason(report: pytest.TestReport, noted: Mapping[str, str]) -> str:
    skipped = report.longrepr
    if report.outcome == "skipped" and isinstance(skipped, tuple):
        return str(skipped[2]).removeprefix("Skipped: ")
    return noted.get(INCONCLUSIVE, "")
