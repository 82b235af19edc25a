"""A report as GitHub workflow commands, each of which becomes an annotation of the run."""

from collections.abc import Iterable, Iterator, Mapping

from vocode_contract.report.payload_results import Heading, Result, escape_source
from vocode_contract.report.text import (
    MOST_LINE,
    MOST_TEXT,
    group_causes,
    limit_report,
    render_violation,
    shorten,
)
from vocode_contract.validation.safe_text import inert
from vocode_contract.validation.violation import Severity

#: Severity to the level of a workflow command.
LEVELS: Mapping[Severity, str] = {"error": "error", "drift": "warning", "advice": "notice"}


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
        yield render_command(LEVELS[violation.severity], violation.code, shown, source=result.source, line=result.line)


def render_command(level: str, title: str, text: str, *, source: str = "", line: int | None = None) -> str:
    """Return one workflow command."""
    properties = {"file": escape_source(source) if source else "", "line": str(line or ""), "title": title}
    shown = ",".join(f"{name}={_escape_property(value)}" for name, value in properties.items() if value)
    return f"::{level} {shown}::{_escape_data(chr(10).join(map(inert, text.splitlines())))}"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
