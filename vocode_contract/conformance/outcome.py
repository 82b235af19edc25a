"""Outcome: what came of a run, as every report of it tells."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from vocode_contract.conformance.evidence import Evidence
from vocode_contract.conformance.settings import Settings
from vocode_contract.conformance.tally import Row, Tally
from vocode_contract.policies import DEFAULT_POLICIES, POLICIES, Policies
from vocode_contract.report.inert import inert
from vocode_contract.report.text import cause_of, merged
from vocode_contract.violation import SEVERITIES, Violation

#: Verdict on a test -> what a reader calls it; from good to bad, as they are counted.
WORDS: Mapping[str, str] = {
    "conforms": "conforms",
    "violates": "VIOLATES",
    "inconclusive": "INCONCLUSIVE",
    "broken": "BROKEN",
    "not-permitted": "not sent",
    "no-call": "no call",
}
#: Exit code -> its name in reports for programs, and the sentence.
VERDICTS: Mapping[int, tuple[str, str]] = {
    0: ("conforms", "the API keeps the contract, as far as it was asked"),
    1: ("violates", "the API breaks the contract"),
    3: ("unjudged", "whether the API keeps the contract could not be judged"),
    70: ("broken", "the suite itself failed: please report it"),
    130: ("interrupted", "the run was interrupted"),
    143: ("interrupted", "the run was interrupted"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was run, and how.

    Attributes:
        contract: Date of the contract.
        profile: How literally it was read.
        where: URL of the endpoint, without a query, or a phrase for the built-in simulator.
        command: What to type before the name of a test to run that test alone.
        uncut: The option that lets a text be told in full.
        started: When; aware of its time zone.
        seconds: Wall time of all of it.
        policies: How what no document decides was read.
    """

    contract: str
    profile: str
    where: str
    command: str
    uncut: str
    started: datetime
    seconds: float
    policies: Policies = DEFAULT_POLICIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What is wrong, once, however often it was found.

    Attributes:
        violation: All violations of this cause as one; its pointer may name several places.
        rows: The tests that found it, at least one.
        evidence: One exchange that shows it; ``None`` where it was not found in an answer.
        rerun: The command that runs the first of these tests alone.
    """

    violation: Violation
    rows: tuple[Row, ...]
    evidence: Evidence | None
    rerun: str

    @property
    def found_by(self) -> str:
        """Say how many tests found it, and of which operations."""
        operations = ", ".join(dict.fromkeys(row.operation for row in self.rows if row.operation))
        count = f"{len(self.rows)} test{'s' if len(self.rows) != 1 else ''}"
        return f"{count} of {operations}" if operations else count


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a run; all of its text may be shown.

    Attributes:
        run: What was run.
        tally: What came of each test.
    """

    run: Run
    tally: Tally

    @property
    def exit_code(self) -> int:
        """The exit code that the verdict means."""
        return self.tally.exit_code

    @property
    def verdict(self) -> str:
        """The verdict as a word."""
        return VERDICTS[self.exit_code][0]

    @property
    def sentence(self) -> str:
        """The verdict as a sentence."""
        sentence = VERDICTS[self.exit_code][1]
        if not self.is_interrupted:
            return sentence
        unrun = f", {self.tally.unrun} of {self.tally.planned} tests were not run" if self.tally.unrun else ""
        broken = f"; {VERDICTS[1][1]}" if self.tally.count("violates") else ", so there is no verdict"
        return f"{sentence}{unrun}{broken}"

    @property
    def is_interrupted(self) -> bool:
        """Whether Ctrl-C or SIGTERM ended the run."""
        return self.verdict == "interrupted"

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The tests, those of one operation together."""
        return tuple(sorted(self.tally.rows, key=lambda row: (row.operation, row.nodeid)))

    @property
    def counts(self) -> Mapping[str, int]:
        """Verdict to number of tests, for those that occur."""
        return {verdict: self.tally.count(verdict) for verdict in WORDS if self.tally.count(verdict)}

    @property
    def counted(self) -> str:
        """The numbers as one line."""
        return ", ".join(f"{count} {WORDS[verdict]}" for verdict, count in self.counts.items()) or "no test was run"

    @property
    def reasons(self) -> Mapping[str, tuple[Row, ...]]:
        """Why tests have no verdict, each reason once, with its tests."""
        found: dict[str, tuple[Row, ...]] = {}
        for row in self.rows:
            if row.reason:
                found[inert(row.reason)] = (*found.get(inert(row.reason), ()), row)
        return found

    @cached_property
    def violations(self) -> Mapping[Violation, tuple[Row, ...]]:
        """Each violation once, with the tests that found it, in the order of finding."""
        return self.tally.violations

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """What is wrong, errors first, otherwise in the order of finding."""
        groups: dict[tuple[str, ...], dict[Violation, tuple[Row, ...]]] = {}
        for violation, rows in self.violations.items():
            groups.setdefault((violation.severity, *cause_of(violation)), {})[violation] = rows
        causes = [self._cause(group) for group in groups.values()]
        return tuple(sorted(causes, key=lambda cause: SEVERITIES.index(cause.violation.severity)))

    def _cause(self, group: Mapping[Violation, tuple[Row, ...]]) -> Cause:
        rows = tuple({id(row): row for found in group.values() for row in found}.values())  # a hash would be slow
        shown = next(filter(None, map(self.evidence_of, group)), None)
        return Cause(violation=merged(tuple(group)), rows=rows, evidence=shown, rerun=self.rerun_of(rows[0]))

    def evidence_of(self, violation: Violation) -> Evidence | None:
        """Return an exchange that shows a violation; ``None`` where there is none."""
        rows = self.violations[violation]
        return next((row.evidence[violation] for row in rows if violation in row.evidence), None)

    def rerun_of(self, row: Row) -> str:
        """Return the command that runs one test alone."""
        if self.run.command.startswith("pytest") and row.module:
            selector = f"{row.module}::{row.nodeid.partition('::')[2]}"
            return inert(f"{self.run.command} --pyargs {shlex.quote(selector)}")
        return inert(f"{self.run.command} {shlex.quote(row.nodeid)}")


def outcome_of_pytest(settings: Settings, tally: Tally, seconds: float) -> Outcome:
    """Return what came so far of a run that pytest began so many seconds ago."""
    where = str(settings.endpoint or "the built-in simulator")
    run = Run(
        contract=settings.contract.date,
        profile=settings.contract.profile,
        where=where,
        command=f"pytest --vocode-url {where}" if settings.endpoint else "pytest",
        uncut="-vv",
        started=datetime.now(UTC) - timedelta(seconds=seconds),
        seconds=seconds,
        policies=settings.policies,
    )
    return Outcome(run=run, tally=tally)


def policies_in_force(run: Run) -> tuple[tuple[str, str, str], ...]:
    """Return name, title and value of each policy: what no document decides, and how it was read."""
    return tuple((name, policy.title, run.policies.value(name)) for name, policy in POLICIES.items())
