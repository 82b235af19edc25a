"""Results and their formats: results in, text out.

Reports of payloads are listed in `REPORTS`, one function each; reports of a run in `files.FORMATS`. Start with
`outcome` (what a run found) and `payload_results`; `evidence` masks the exchange that shows a violation. May import
`http` and below.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from vocode_contract.report.github import as_github
from vocode_contract.report.text import as_concise, as_text

from .json import as_json, as_json_lines
from .payload_results import Heading, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFormat:
    """One way to write results down.

    Attributes:
        title: What it is for, as a phrase.
        written: Results and a heading -> pieces of text; it prints nothing, takes the results one by one
            and keeps none of them.
        shows_inconclusive: Whether it also tells what could not be checked; an edge says so elsewhere if not.
    """

    title: str
    written: Callable[[Iterable[Result], Heading], Iterator[str]]
    shows_inconclusive: bool = True


REPORTS: Mapping[str, ReportFormat] = {
    "text": ReportFormat(
        title="for reading: one line a violation, repeated causes in one", written=as_text, shows_inconclusive=False
    ),
    "concise": ReportFormat(
        title="FILE:POINTER: CODE, one line a violation", written=as_concise, shows_inconclusive=False
    ),
    "json": ReportFormat(title="one JSON document, complete", written=as_json),
    "json-lines": ReportFormat(title="one JSON document a payload and line, complete", written=as_json_lines),
    "github": ReportFormat(title="annotations of a GitHub workflow", written=as_github),
}
