"""A report as GitHub workflow commands, each of which becomes an annotation of the run."""

from collections.abc import Iterable, Iterator, Mapping

from vocode_contract.report.payload_results import Heading, Result, escape_source
from vocode_contract.report.text import MOST_LINE, MOST_TEXT, group_causes, limit_report, render_violation, shorten
from vocode_contract.validation.masking import printable
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
        yield _render_command("error", result, "inconclusive", result.inconclusive)
    for violation in group_causes(result, heading):
        text = render_violation(violation, heading)
        shown = text if heading.full else shorten(text, MOST_LINE)
        yield _render_command(_LEVELS[violation.severity], result, violation.code, shown)


def _render_command(level: str, result: Result, title: str, text: str) -> str:
    line = "" if result.line is None else f",line={result.line}"
    file = _escape_property(escape_source(result.source))
    return f"::{level} file={file}{line},title={_escape_property(title)}::{_escape_data(printable(text))}"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
