"""A report as GitHub workflow commands, each of which becomes an annotation of the run."""

from collections.abc import Iterable, Iterator, Mapping

from vocode_contract.report.outcome import Cause, Outcome
from vocode_contract.report.payload_results import Heading, Result, escape_source
from vocode_contract.report.summary import describe_basis, describe_cause, render_accepted, render_heading
from vocode_contract.report.text import (
    MOST_LINE,
    MOST_TEXT,
    group_causes,
    limit_lines,
    limit_report,
    render_violation,
    shorten,
)
from vocode_contract.validation.safe_text import inert
from vocode_contract.validation.violation import Severity

_LEVELS: Mapping[Severity, str] = {"error": "error", "drift": "warning", "advice": "notice"}


def render_github(results: Iterable[Result], heading: Heading) -> Iterator[str]:
    """Yield one workflow command per cause.

    Source: GitHub's documentation, "Workflow commands"; the escapes are those of ``@actions/core``.
    """
    lines = (line for result in results for line in _render_result(result, heading))
    return limit_report(lines, heading, width=MOST_TEXT)  # a cut command would lose its properties


def _render_result(result: Result, heading: Heading) -> Iterator[str]:
    if result.inconclusive:
        yield render_command("error", "inconclusive", result.inconclusive, source=result.source, line=result.line)
    for violation in group_causes(result, heading):
        text = render_violation(violation, heading)
        shown = text if heading.full else shorten(text, MOST_LINE)
        yield render_command(_LEVELS[violation.severity], violation.code, shown, source=result.source, line=result.line)


def render_run_annotations(outcome: Outcome) -> str:
    """Return one workflow command per cause, per reason for a missing verdict, and one with the verdict."""
    return "".join(
        f"{line}\n" for line in limit_lines(_list_annotations(outcome), full=False, hint="", width=MOST_TEXT)
    )


def _list_annotations(outcome: Outcome) -> Iterator[str]:
    for cause in outcome.causes:
        level, source = _LEVELS[cause.violation.severity], _find_source(cause)
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


def render_command(level: str, title: str, text: str, *, source: str = "", line: int | None = None) -> str:
    """Return one workflow command."""
    properties = {"file": escape_source(source) if source else "", "line": str(line or ""), "title": title}
    shown = ",".join(f"{name}={_escape_property(value)}" for name, value in properties.items() if value)
    return f"::{level} {shown}::{_escape_data(chr(10).join(map(inert, text.splitlines())))}"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
