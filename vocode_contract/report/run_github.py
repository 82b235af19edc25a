"""The report of a run as GitHub workflow commands, each of which becomes an annotation."""

from collections.abc import Iterator

from vocode_contract.report.github import LEVELS, render_command
from vocode_contract.report.outcome import Cause, Outcome
from vocode_contract.report.summary import describe_basis, describe_cause, render_accepted, render_heading
from vocode_contract.report.text import MOST_TEXT, limit_lines


def render_run_annotations(outcome: Outcome) -> str:
    """Return one workflow command per cause, per reason for a missing verdict, and one with the verdict."""
    return "".join(
        f"{line}\n" for line in limit_lines(_list_annotations(outcome), full=False, hint="", width=MOST_TEXT)
    )


def _list_annotations(outcome: Outcome) -> Iterator[str]:
    for cause in outcome.causes:
        level, source = LEVELS[cause.violation.severity], _find_source(cause)
        yield render_command(level, cause.violation.code, "\n".join(_describe_lines(cause)), source=source)
    for line in outcome.outdated:
        yield render_command("error", "accepted", line)
    for cause in outcome.accepted_causes:
        yield render_command("notice", "accepted", render_accepted(cause), source=_find_source(cause))
    for reason, rows in outcome.reasons.items():
        yield render_command("warning", "no verdict", f"{len(rows)} test{'s' if len(rows) != 1 else ''}: {reason}")
    level = "notice" if outcome.exit_code == 0 else "error"
    yield render_command(level, f"contract {outcome.run.contract}", f"{outcome.count_text}: {outcome.sentence}")


def _describe_lines(cause: Cause) -> Iterator[str]:
    yield render_heading(cause)
    yield ": ".join(describe_basis(cause))
    yield from (f"{label}: {text}" for label, text in describe_cause(cause) if label in ("found by", "sent", "rerun"))


def _find_source(cause: Cause) -> str:
    """Return the file of a user's own test; empty for a test of the suite, which is not in the user's repository."""
    row = cause.rows[0]
    return "" if row.module else row.nodeid.partition("::")[0]
