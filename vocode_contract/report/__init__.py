"""Results and the formats in which they are reported: results in, text out.

`REPORTS` lists the formats for payloads, `files.FORMATS` those for a run, one function each. Start with `outcome` (the
result of a run) and `payload_results`; `evidence` masks the exchange that shows a violation. May import `http` and
below.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from vocode_contract.report.github import render_github
from vocode_contract.report.json import render_json, render_json_lines
from vocode_contract.report.payload_results import Heading, Result
from vocode_contract.report.text import render_concise, render_text

#: Each function yields pieces of text: it prints nothing, reads the results one by one and keeps none of them.
REPORTS: Mapping[str, Callable[[Iterable[Result], Heading], Iterator[str]]] = {
    "text": render_text,
    "concise": render_concise,
    "json": render_json,
    "json-lines": render_json_lines,
    "github": render_github,
}
