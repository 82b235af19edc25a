"""Violations that a team accepts for now: entries of a TOML file, each with a reason."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from vocode_contract.conformance.run.options import Given
from vocode_contract.contract.acceptance import Acceptance, read_acceptances
from vocode_contract.contract.model import Contract
from vocode_contract.validation.codes import CODES
from vocode_contract.validation.violation import Violation

if TYPE_CHECKING:
    from vocode_contract.report.results import ResultCollector


def accept(violation: Violation, operation: str, entries: Sequence[Acceptance]) -> tuple[Violation, tuple[int, ...]]:
    """Return a violation with the reason why it is accepted, if it is, and the numbers of the entries that match."""
    facts = {"code": violation.code, "operation": operation}
    matching = [entry for entry in entries if entry.accepts(violation.instance_pointer, **facts)]
    if not matching or violation.severity != "error":
        return violation, ()
    return replace(violation, accepted=matching[0].reason), tuple(entry.number for entry in matching)


def list_outdated(entries: Iterable[Acceptance], results: "ResultCollector", *, is_complete: bool) -> Iterator[str]:
    """Yield a line for each entry that has expired, or that accepted nothing although it could have.

    Args:
        entries: The entries of the file.
        results: The results of the run.
        is_complete: Whether no test of the suite was left out.
    """
    used = {number for row in results.rows for number in row.accepted}
    for entry in entries:
        operation = entry.conditions.get("operation", "")
        rows = [row for row in results.rows if row.module and operation in ("", row.operation)]
        has_verdicts = bool(rows) and all(row.has_verdict for row in rows)
        is_unused = is_complete and has_verdicts and entry.number not in used
        if line := entry.describe_outdated("violation", is_unused=is_unused):
            yield line


def read_accepted(given: Given, contract: Contract) -> tuple[Acceptance, ...]:
    """Read the file of accepted violations; return none if no file is given.

    Raises:
        InvalidOption: The file cannot be read, or an entry cannot be used.
    """
    return read_acceptances(given.value, given.source, {"code": CODES, "operation": contract.operations})
