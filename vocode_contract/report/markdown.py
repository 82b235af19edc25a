"""The outcome of a run as Markdown, for a comment on a pull request."""

import html
import re
from collections.abc import Iterator

from vocode_contract.conformance.outcome import WORDS, Cause, Outcome
from vocode_contract.conformance.summary import labelled
from vocode_contract.report.inert import inert
from vocode_contract.report.text import MOST_LINE, MOST_PHRASE, shortened

#: GitHub takes 65,536 characters.
_MOST = 60_000
_MARKS = re.compile(r"([\\`*_{}\[\]()#+.!|~:@-])")
_VERDICTS = {"conforms": "✅", "violates": "❌", "unjudged": "❔", "broken": "💥", "interrupted": "✋"}


def as_markdown(outcome: Outcome) -> str:
    """Write the verdict, what is wrong, and the table of operations and claims, folded."""
    pieces = [*_head(outcome), *(_cause(number, cause) for number, cause in enumerate(outcome.causes, 1))]
    kept, size = [], 0
    last = _table(outcome)
    for piece in pieces:
        size += len(piece) + 1
        if size + len(last) <= _MOST:
            kept.append(piece)
    if len(kept) < len(pieces):
        kept.append(f"... and {len(pieces) - len(kept):,} more.\n")
    return "\n".join([*kept, last])


def _head(outcome: Outcome) -> Iterator[str]:
    run = outcome.run
    yield f"### {_VERDICTS[outcome.verdict]} {outcome.sentence[:1].upper()}{outcome.sentence[1:]}\n"
    yield f"Contract {run.contract}, {run.profile}: {_code(run.where)}; {outcome.counted}; {run.seconds:.1f} s\n"


def _cause(number: int, cause: Cause) -> str:
    violation = cause.violation
    place = _code(violation.instance_pointer or "(document)")
    title = f"{number}. {place}: got {_code(violation.actual)} ({_code(violation.code)})"
    body = "\n".join(f"{label:<8}  {shortened(inert(text), MOST_LINE)}" for label, text in labelled(cause))
    fence = "`" * (1 + max([2, *map(len, re.findall("`+", body))]))
    return f"<details><summary>{title}</summary>\n\n{fence}text\n{body}\n{fence}\n\n</details>\n"


def _table(outcome: Outcome) -> str:
    rows = [
        f"| {_code(row.operation)} | {_text(row.claim)} | {WORDS[row.verdict]} | {row.seconds:.2f} s |"
        for row in outcome.rows
    ]
    kept = rows[: _MOST // 2 // (MOST_PHRASE * 2)] if len(rows) > 90 else rows
    more = f"\n\n... and {len(rows) - len(kept):,} more." if len(kept) < len(rows) else ""
    head = "| operation | claim | verdict | time |\n|---|---|---|---:|"
    return f"<details><summary>All tests</summary>\n\n{head}\n{chr(10).join(kept)}{more}\n\n</details>\n"


def _text(text: str) -> str:
    """Write text in which neither Markdown nor HTML finds a mark of its own."""
    return _MARKS.sub(r"\\\1", html.escape(shortened(inert(text), MOST_PHRASE), quote=False))


def _code(text: str) -> str:
    """Write text as code, where no name of a person is linked and told."""
    return f"<code>{_entities(text)}</code>" if text else ""


def _entities(text: str) -> str:
    """Write every mark as character reference: backslashes do not count inside of HTML blocks."""
    shown = shortened(inert(text), MOST_PHRASE)
    return "".join(each if each.isalnum() or each == " " else f"&#{ord(each)};" for each in shown)
