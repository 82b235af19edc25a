"""The outcome of a run, which every report renders."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from vocode_contract.http.policies import DEFAULT_POLICIES, POLICIES, Policies
from vocode_contract.report.evidence import Evidence
from vocode_contract.report.results import ResultCollector, Row
from vocode_contract.report.text import cause_of, merged
from vocode_contract.validation.safe_text import inert
from vocode_contract.validation.violation import SEVERITIES, Violation

#: Verdict on a test -> its name in reports, in the order in which they are counted.
WORDS: Mapping[str, str] = {
    "conforms": "conforms",
    "violates": "VIOLATES",
    "inconclusive": "INCONCLUSIVE",
    "broken": "BROKEN",
    "not-permitted": "not sent",
    "no-call": "no call",
}

#: Exit code -> the verdict in machine-readable reports, and as a sentence.
VERDICTS: Mapping[int, tuple[str, str]] = {
    0: ("conforms", "all checks that ran passed"),
    1: ("violates", "the API violates the contract"),
    3: ("unjudged", "inconclusive: could not check the API"),
    70: ("broken", "the suite itself failed: please report it"),
    129: ("interrupted", "the run was interrupted"),
    130: ("interrupted", "the run was interrupted"),
    143: ("interrupted", "the run was interrupted"),
}

#: Operations that are named of one cause.
_MOST_OPERATIONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDescription:
    """What was run, and how.

    Attributes:
        contract: Date of the contract.
        profile: How literally it was read.
        where: URL of the endpoint, without a query, or a phrase for the built-in simulator.
        command: The command line to run one test again, without the name of the test.
        uncut: The option that shows texts in full.
        is_pytest: Whether that is a command line of pytest, and not of ``check``.
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
    is_pytest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One violation, however often it was found.

    Attributes:
        violation: All violations of this cause as one; its pointer may name several places.
        sources: JSON Pointers into the contract's OpenAPI document, without those that are empty.
        operations: What was asked for where it was found, as far as that is known.
        status: The status code of every response that shows it; ``None`` where they differ or there is none.
        rows: The tests that found it, at least one.
        evidence: One exchange that shows it; ``None`` where it was not found in a response.
        rerun: The command that runs the first of these tests alone.
    """

    violation: Violation
    sources: tuple[str, ...]
    operations: tuple[str, ...]
    status: int | None
    rows: tuple[Row, ...]
    evidence: Evidence | None
    rerun: str

    @property
    def where(self) -> str:
        """The operations and the status code; empty where neither is known."""
        more = len(self.operations) - _MOST_OPERATIONS
        names = ", ".join(self.operations[:_MOST_OPERATIONS]) + (f" and {more} more" if more > 0 else "")
        return " ".join(filter(None, (names, str(self.status or ""))))

    @property
    def place(self) -> str:
        """Where it is: operations, status code and pointers; in a list, that to the item that shows it."""
        pointer, shown = self.violation.instance_pointer, self.evidence.place if self.evidence else ""
        return " ".join(filter(None, (self.where, shown if shown.endswith(pointer) else pointer))) or "(document)"

    @property
    def found_by(self) -> str:
        """Say how many tests found it, and of which operations."""
        operations = ", ".join(dict.fromkeys(row.operation for row in self.rows if row.operation))
        count = f"{len(self.rows)} test{'s' if len(self.rows) != 1 else ''}"
        return f"{count} of {operations}" if operations else count


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of a run; all of its text may be shown.

    Attributes:
        run: What was run.
        tally: The result of each test.
    """

    run: RunDescription
    tally: ResultCollector

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
        broken = f"; {VERDICTS[1][1]}" if self.tally.count("violates") else "; no verdict"
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

    @property
    def remarks(self) -> tuple[str, ...]:
        """Remarks besides the verdict, each once: calls that were created, and the like."""
        return tuple(dict.fromkeys(map(inert, self.tally.remarks)))

    @cached_property
    def violations(self) -> Mapping[Violation, tuple[Row, ...]]:
        """Each violation once, with the tests that found it, in the order of finding."""
        return self.tally.violations

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """The violations, errors first, otherwise in the order of finding."""
        groups: dict[tuple[str, ...], dict[Violation, tuple[Row, ...]]] = {}
        heads: dict[tuple[str, ...], tuple[str, ...]] = {}
        for violation, rows in self.violations.items():
            cause, shape = (violation.severity, *cause_of(violation)), _shape(violation)
            head = heads.setdefault(cause, heads.get(shape, cause))
            heads.setdefault(shape, head)
            groups.setdefault(head, {})[violation] = rows
        causes = [self._cause(group) for group in groups.values()]
        return tuple(sorted(causes, key=lambda cause: SEVERITIES.index(cause.violation.severity)))

    def _cause(self, group: Mapping[Violation, tuple[Row, ...]]) -> Cause:
        rows = tuple({id(row): row for found in group.values() for row in found}.values())  # a hash would be slow
        shown = [
            row.evidence[violation] for violation, found in group.items() for row in found if violation in row.evidence
        ]
        statuses = {evidence.status for evidence in shown}
        operations = [evidence.operation for evidence in shown] or [row.operation for row in rows if row.operation]
        return Cause(
            violation=merged(tuple(group)),
            sources=tuple(dict.fromkeys(violation.schema_pointer for violation in group if violation.schema_pointer)),
            operations=tuple(sorted(set(operations))),
            status=statuses.pop() if len(statuses) == 1 else None,
            rows=rows,
            evidence=shown[0] if shown else None,
            rerun=self.rerun_of(rows[0]),
        )

    def evidence_of(self, violation: Violation) -> Evidence | None:
        """Return an exchange that shows a violation; ``None`` where there is none."""
        rows = self.violations[violation]
        return next((row.evidence[violation] for row in rows if violation in row.evidence), None)

    def rerun_of(self, row: Row) -> str:
        """Return the command that runs one test alone."""
        prefix = "--vocode-" if self.run.is_pytest else "--"
        words = [shlex.quote(row.nodeid)]
        if self.run.is_pytest and row.module:
            words = ["--pyargs", shlex.quote(f"{row.module}::{row.nodeid.partition('::')[2]}")]
        words += [f"{prefix}{name} {value}" for name, value in row.options.items()]
        return inert(" ".join([self.run.command, *words]))


def _shape(violation: Violation) -> tuple[str, ...]:
    """Return what violations have in common that differ in the branch of a union alone, or in the item of a list."""
    if not violation.schema_pointer.startswith("/components/schemas/") or not violation.instance_pointer:
        return (violation.severity, *cause_of(violation))
    place = re.sub(r"/[0-9]+(?=/|$)", "/*", violation.instance_pointer).removeprefix("/items/*")
    return "shape", violation.severity, violation.code, violation.expected, place


def policies_in_force(run: RunDescription) -> tuple[tuple[str, str, str], ...]:
    """Return name, title and value of each policy: what no document decides, and how it was read."""
    return tuple((name, policy.title, run.policies.value(name)) for name, policy in POLICIES.items())
