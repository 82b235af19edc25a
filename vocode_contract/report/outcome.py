"""The outcome of a run, from which every report is rendered."""

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from vocode_contract.errors import CHECK_PREFIX, PYTEST_PREFIX
from vocode_contract.http.guard.guard import READ_ONLY_VARIABLE
from vocode_contract.http.policies import DEFAULT_POLICIES, POLICIES, Policies
from vocode_contract.report.evidence import Evidence
from vocode_contract.report.results import INCONCLUSIVE_EXIT, ResultCollector
from vocode_contract.report.row import Row
from vocode_contract.report.text import identify_cause, merge_violations
from vocode_contract.validation.safe_text import inert
from vocode_contract.validation.violation import SEVERITIES, Violation

#: Verdict on a test -> its name in reports, in the order of the counts.
WORDS: Mapping[str, str] = {
    "conforms": "conforms",
    "violates": "VIOLATES",
    "inconclusive": "INCONCLUSIVE",
    "broken": "BROKEN",
    "not-permitted": "not sent",
    "no-call": "no call",
}

#: Verdict and sentence of a run in which only the file of accepted violations is wrong.
_OUTDATED = ("outdated", "the file of accepted violations is out of date")

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

#: Operations that are named, and exchanges that are shown, per cause.
_MOST_OPERATIONS = 3
_MOST_EXCHANGES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDescription:
    """What was run, and how.

    Attributes:
        where: URL of the endpoint, without a query, or a phrase for the built-in simulator.
        command: The command that runs one test again, without the name of the test.
        uncut: The option that disables truncation.
        started: Aware of its time zone.
        seconds: Wall time.
        is_pytest: Whether `command` is one of pytest, not of ``check``.
        paths: URL path of each operation of the contract, by its name.
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
    paths: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One violation, however often it was found.

    Attributes:
        violation: All violations with this cause as one; its pointer may name several places.
        sources: JSON Pointers into the contract's OpenAPI document.
        operations: The operations whose exchanges show it, sorted.
        status: The status code of all responses that show it; ``None`` if they differ or there is none.
        rows: The tests that found it, at least one.
        exchanges: One exchange per operation and status code that shows it; none if it was not found in a response.
        rerun: The command that runs only the first of these tests.
    """

    violation: Violation
    sources: tuple[str, ...]
    operations: tuple[str, ...]
    status: int | None
    rows: tuple[Row, ...]
    exchanges: tuple[Evidence, ...]
    rerun: str

    @property
    def evidence(self) -> Evidence | None:
        """The first exchange that shows it; ``None`` if it was not found in a response."""
        return next(iter(self.exchanges), None)

    @property
    def where(self) -> str:
        """The operations and the status code; empty if neither is known."""
        more = len(self.operations) - _MOST_OPERATIONS
        names = ", ".join(self.operations[:_MOST_OPERATIONS]) + (f" and {more} more" if more > 0 else "")
        return " ".join(filter(None, (names, str(self.status or ""))))

    @property
    def place(self) -> str:
        """Operations, status code and pointers; if the evidence is a list, the pointer to the item in it."""
        pointer, shown = self.violation.instance_pointer, self.evidence.place if self.evidence else ""
        return " ".join(filter(None, (self.where, shown if shown.endswith(pointer) else pointer))) or "(document)"

    @property
    def tests(self) -> str:
        """How many tests found it, and for which operations, as a phrase."""
        operations = ", ".join(dict.fromkeys(row.operation for row in self.rows if row.operation))
        count = f"{len(self.rows)} test{'s' if len(self.rows) != 1 else ''}"
        return f"{count} of {operations}" if operations else count


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of a run: what was run, and the result of each test. All of its text may be shown."""

    run: RunDescription
    tally: ResultCollector

    @property
    def exit_code(self) -> int:
        """The exit code of the run."""
        return self.tally.exit_code

    @property
    def verdict(self) -> str:
        """The verdict as a word."""
        return self._ending[0]

    @property
    def _ending(self) -> tuple[str, str]:
        is_outdated = bool(self.outdated) and self.exit_code == 1 and not self.tally.count("violates")
        return _OUTDATED if is_outdated else VERDICTS[self.exit_code]

    @property
    def sentence(self) -> str:
        """The verdict as a sentence."""
        sentence = self._ending[1]
        counts = self.counts
        if self.exit_code == INCONCLUSIVE_EXIT and "not-permitted" in counts and "inconclusive" not in counts:
            if all(row.is_left_out for row in self.tally.rows if row.verdict == "not-permitted"):
                return "inconclusive: every selected check was left out; select others, such as those that only read"
            allow = f"{PYTEST_PREFIX if self.run.is_pytest else CHECK_PREFIX}allow"
            remedy = f"permit them with {allow}, or set {READ_ONLY_VARIABLE}=1 to leave them out"
            return f"inconclusive: some checks were not permitted; {remedy}"
        if not self.is_interrupted:
            return sentence
        unrun = f", {self.tally.unrun} of {self.tally.planned} tests were not run" if self.tally.unrun else ""
        broken = f"; {VERDICTS[1][1]}" if self.tally.count("violates") else "; no verdict"
        return f"{sentence}{unrun}{broken}"

    @property
    def is_interrupted(self) -> bool:
        """Whether Ctrl-C or SIGTERM ended the run."""
        return self.verdict == "interrupted"

    @property
    def is_stopped(self) -> bool:
        """Whether the only result is the reason why the server could not be checked."""
        return bool(self.tally.obstacle) and len(self.tally.rows) == 1

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The tests, sorted by operation."""
        return tuple(sorted(self.tally.rows, key=lambda row: (row.operation, row.nodeid)))

    @property
    def counts(self) -> Mapping[str, int]:
        """Verdict to number of tests, without zeros."""
        return count_verdicts(self.tally.rows)

    @property
    def count_text(self) -> str:
        """The counts as one line."""
        return describe_counts(self.counts) or "no test was run"

    @property
    def reasons(self) -> Mapping[str, tuple[Row, ...]]:
        """Each reason why tests have no verdict, with these tests."""
        found: dict[str, tuple[Row, ...]] = {}
        for row in self.rows:
            if row.reason:
                found[inert(row.reason)] = (*found.get(inert(row.reason), ()), row)
        return found

    @property
    def remarks(self) -> tuple[str, ...]:
        """Remarks besides the verdict, each once, such as calls that were created."""
        return tuple(dict.fromkeys(map(inert, self.tally.remarks)))

    @property
    def outdated(self) -> tuple[str, ...]:
        """A line for each entry of the file of accepted violations that must be removed."""
        return tuple(map(inert, self.tally.outdated))

    @cached_property
    def violations(self) -> Mapping[Violation, tuple[Row, ...]]:
        """Each violation once, with the tests that found it, in the order of discovery."""
        return self.tally.violations

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The violations that are not accepted, by cause, errors first, otherwise in the order of discovery."""
        return tuple(cause for cause in self._all_causes if not cause.violation.accepted)

    @property
    def accepted_causes(self) -> tuple[Cause, ...]:
        """The accepted violations, grouped by cause and reason, in the order of discovery."""
        return tuple(cause for cause in self._all_causes if cause.violation.accepted)

    @cached_property
    def _all_causes(self) -> tuple[Cause, ...]:
        # Violations belong together if they share their cause or their shape with one that is in the group already.
        groups: dict[tuple[str, ...], dict[Violation, tuple[Row, ...]]] = {}
        heads: dict[tuple[str, ...], tuple[str, ...]] = {}
        for violation, rows in self.violations.items():
            # The same violation in a test's own payload has another cause than in a response.
            for is_payload in dict.fromkeys(not row.endpoint for row in rows):
                kind = (violation.severity, violation.accepted, "payload" if is_payload else "")
                cause, shape = (*kind, *identify_cause(violation)), (*kind, *_identify_shape(violation))
                head = heads.setdefault(cause, heads.get(shape, cause))
                heads.setdefault(shape, head)
                groups.setdefault(head, {})[violation] = tuple(row for row in rows if (not row.endpoint) is is_payload)
        causes = [self._merge_group(group) for group in groups.values()]
        return tuple(sorted(causes, key=lambda cause: SEVERITIES.index(cause.violation.severity)))

    def _merge_group(self, group: Mapping[Violation, tuple[Row, ...]]) -> Cause:
        rows = tuple({id(row): row for found in group.values() for row in found}.values())  # hashing rows is slow
        pairs = [
            (row, row.evidence[violation])
            for violation, found in group.items()
            for row in found
            if violation in row.evidence
        ]
        shown = [evidence for _, evidence in pairs]
        if pairs:  # the test whose exchange is shown is the one to run again
            rows = (pairs[0][0], *(row for row in rows if row is not pairs[0][0]))
        exchanges: dict[tuple[str, int], Evidence] = {}
        for evidence in shown:
            exchanges.setdefault((evidence.operation, evidence.status), evidence)
        statuses = {evidence.status for evidence in shown}
        operations = [evidence.operation for evidence in shown] or [row.operation for row in rows if row.operation]
        return Cause(
            violation=merge_violations(tuple(group)),
            sources=tuple(dict.fromkeys(violation.schema_pointer for violation in group if violation.schema_pointer)),
            operations=tuple(sorted(set(operations))),
            status=statuses.pop() if len(statuses) == 1 else None,
            rows=rows,
            exchanges=tuple(exchanges.values())[:_MOST_EXCHANGES],
            rerun=self.render_rerun(rows[0]),
        )

    def find_evidence(self, violation: Violation) -> Evidence | None:
        """Return an exchange that shows a violation, if there is one."""
        rows = self.violations[violation]
        return next((row.evidence[violation] for row in rows if violation in row.evidence), None)

    def render_rerun(self, row: Row) -> str:
        """Return the command that runs only one test."""
        prefix = PYTEST_PREFIX if self.run.is_pytest else CHECK_PREFIX
        words = [shlex.quote(row.nodeid)]
        if self.run.is_pytest and row.module:
            words = ["--pyargs", shlex.quote(f"{row.module}::{row.nodeid.partition('::')[2]}")]
        words += [f"{prefix}{name} {value}" for name, value in row.options.items()]
        return inert(" ".join([self.run.command, *words]))


def _identify_shape(violation: Violation) -> tuple[str, ...]:
    """Return what violations have in common that differ only in the branch of a union or the item of a list."""
    if not violation.schema_pointer.startswith("/components/schemas/") or not violation.instance_pointer:
        return identify_cause(violation)
    place = re.sub(r"/[0-9]+(?=/|$)", "/*", violation.instance_pointer).removeprefix("/items/*")
    return "shape", violation.code, violation.expected, place


def count_verdicts(rows: Iterable[Row]) -> Mapping[str, int]:
    """Return verdict to number of tests, without zeros, in the order of `WORDS`."""
    found = Counter(row.verdict for row in rows)
    return {verdict: found[verdict] for verdict in WORDS if found[verdict]}


def describe_counts(counts: Mapping[str, int]) -> str:
    """Return the number of tests with each verdict as a phrase."""
    return ", ".join(f"{count} {WORDS[verdict]}" for verdict, count in counts.items())


def list_policies(run: RunDescription) -> tuple[tuple[str, str, str], ...]:
    """Return the name, title and value of each policy."""
    return tuple((name, policy.title, run.policies.value(name)) for name, policy in POLICIES.items())
