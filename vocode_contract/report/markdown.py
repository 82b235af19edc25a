"""The outcome of a run as Markdown, for a comment on a pull request."""

import re
from collections.abc import Iterable, Iterator
from itertools import accumulate

from vocode_contract.report.outcome import WORDS, Cause, Outcome, list_policies
from vocode_contract.report.summary import render_accepted, render_cause
from vocode_contract.report.text import MOST_LINE, MOST_PHRASE, shorten
from vocode_contract.validation.safe_text import inert

#: Characters; GitHub accepts 65,536.
MOST = 60_000
#: Characters that Markdown or GitHub interprets: an underscore only at the edge of a word, list marks at the start.
_MARKS = re.compile(r"[\\`*\[\]<>&|~#@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|(?<=www)\.|:(?=[/A-Za-z])|^[+-]|^\d+[.)]")
_VERDICTS = {
    "conforms": "✅",
    "violates": "❌",
    "unjudged": "❔",
    "broken": "💥",
    "interrupted": "✋",
    "outdated": "❌",
}
#: Accepted causes, and outdated entries, that are listed.
_MOST_ACCEPTED = 20


def render_markdown(outcome: Outcome) -> str:
    """Return the verdict, the violations, and a collapsed table of all tests."""
    causes = (_cause(number, cause) for number, cause in enumerate(outcome.causes, 1))
    pieces = [*_head(outcome), *causes]
    last = "\n".join([*_remarks(outcome), _table(outcome)])
    kept = cut_pieces(pieces, MOST - len(last))
    if len(kept) < len(pieces):
        kept.append(f"... and {len(pieces) - len(kept):,} more.\n")
    return "\n".join([*kept, last])


def cut_pieces(pieces: Iterable[str], most: int = MOST) -> list[str]:
    """Return the pieces that end within so many characters, each with a line break."""
    listed = list(pieces)
    ends = accumulate(len(piece) + 1 for piece in listed)
    return [piece for piece, end in zip(listed, ends, strict=True) if end <= most]


def _head(outcome: Outcome) -> Iterator[str]:
    run = outcome.run
    yield f"### {_VERDICTS[outcome.verdict]} {outcome.sentence[:1].upper()}{outcome.sentence[1:]}\n"
    yield f"Contract {run.contract}, {run.profile}: {as_code(run.where)}; {outcome.count_text}; {run.seconds:.1f} s\n"


def _remarks(outcome: Outcome) -> Iterator[str]:
    if outcome.accepted_causes:
        yield "Accepted:\n"
        yield "\n".join(
            f"- {as_code(render_accepted(cause), MOST_LINE)}" for cause in outcome.accepted_causes[:_MOST_ACCEPTED]
        )
        more = len(outcome.accepted_causes) - _MOST_ACCEPTED
        yield f"- and {more:,} more\n" if more > 0 else ""
    if outcome.outdated:
        yield "\n".join(f"- {as_text(line, MOST_LINE)}" for line in outcome.outdated[:_MOST_ACCEPTED]) + "\n"
    policies = "; ".join(f"{name}={value}" for name, _, value in list_policies(outcome.run))
    yield f"Policies: {as_code(policies, MOST_LINE)}\n"
    if outcome.remarks:
        yield "\n".join(f"- {as_text(remark, MOST_LINE)}" for remark in outcome.remarks) + "\n"


def _cause(number: int, cause: Cause) -> str:
    violation = cause.violation
    title = f"{number}. {as_code(cause.place)}: {as_code(violation.problem)} ({as_code(', '.join(violation.labels))})"
    body = "\n".join(shorten(inert(line.removeprefix("   ")), MOST_LINE) for line in render_cause(cause))
    fence = "`" * (1 + max([2, *map(len, re.findall("`+", body))]))
    return f"<details><summary>{title}</summary>\n\n{fence}text\n{body}\n{fence}\n\n</details>\n"


def _table(outcome: Outcome) -> str:
    rows = [
        f"| {as_code(row.operation)} | {as_text(row.claim)} | {WORDS[row.verdict]} | {row.seconds:.2f} s |"
        for row in outcome.rows
    ]
    kept = rows[: MOST // 2 // (MOST_PHRASE * 2)] if len(rows) > 90 else rows
    more = f"\n\n... and {len(rows) - len(kept):,} more." if len(kept) < len(rows) else ""
    head = "| operation | claim | verdict | time |\n|---|---|---|---:|"
    return f"<details><summary>All tests</summary>\n\n{head}\n{chr(10).join(kept)}{more}\n\n</details>\n"


def as_text(text: str, most: int = MOST_PHRASE) -> str:
    """Return text escaped for Markdown and HTML."""
    return _escape(shorten(inert(text), most))


def as_code(text: str, most: int = MOST_PHRASE) -> str:
    """Return text as code, in which GitHub does not turn ``@name`` into a mention."""
    return f"<code>{_escape(shorten(inert(text), most))}</code>" if text else ""


def _escape(text: str) -> str:
    """Escape marks as character references: backslashes have no effect inside HTML blocks."""
    return _MARKS.sub(lambda mark: "".join(f"&#{ord(each)};" for each in mark[0]), text)
