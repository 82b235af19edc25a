"""A report as workflow commands: GitHub shows each as an annotation of the run."""

from collections.abc import Iterable, Iterator, Mapping

from vocode_contract.report.payload_results import Heading, Result, shown_source
from vocode_contract.report.text import MOST_LINE, bounded, causes, sentence, shortened
from vocode_contract.validation.masking import printable
from vocode_contract.validation.violation import Severity

_LEVELS: Mapping[Severity, str] = {"error": "error", "drift": "warning", "advice": "notice"}


def as_github(results: Iterable[Result], heading: Heading) -> Iterator[str]:
    """Write one workflow command a cause.

    Source: GitHub's documentation, "Workflow commands"; the escapes are those of ``@actions/core``.
    """
    return bounded((line for result in results for line in _commands(result, heading)), heading)


def _commands(result: Result, heading: Heading) -> Iterator[str]:
    if result.inconclusive:
        yield _command("error", result, "inconclusive", result.inconclusive)
    for violation in causes(result, heading):
        text = sentence(violation, heading)
        shown = text if heading.full else shortened(text, MOST_LINE)
        yield _command(_LEVELS[violation.severity], result, violation.code, shown)


def _command(level: str, result: Result, title: str, text: str) -> str:
    line = "" if result.line is None else f",line={result.line}"
    file = _property(shown_source(result.source))
    return f"::{level} file={file}{line},title={_property(title)}::{_data(printable(text))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
