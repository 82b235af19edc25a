"""What a person reads at the end of a run: plain lines, the same on every machine."""

import re
import shlex
from collections.abc import Iterable, Iterator
from itertools import groupby, zip_longest

from vocode_contract.report.evidence import Evidence, find_place
from vocode_contract.report.outcome import WORDS, Cause, Outcome, count_verdicts, describe_counts
from vocode_contract.report.results import CONFORMS
from vocode_contract.report.row import VERDICTS, Row
from vocode_contract.report.text import MOST_LINE, MOST_PHRASE, MOST_TEXT, align, cut_around, limit_lines, shorten
from vocode_contract.validation.codes import rests_on
from vocode_contract.validation.safe_text import inert

_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")
_INDENT = "    "
#: Columns of the table of operations, and of that of all tests.
_OPERATIONS, _TESTS = ("operation", "tests", "time"), ("operation", "claim", "verdict", "time")
#: Characters before the text of a line of evidence.
_LABEL = 13
#: Labels of what can be pasted into a shell.
_COMMANDS = frozenset(("before", "sent", "rerun"))
#: Bytes that are kept for the last lines.
_RESERVED = 1_024


def render_summary(outcome: Outcome, *, full: bool = False, verbosity: int = 0) -> Iterator[str]:
    """Yield the table, the violations, what is inconclusive, and the verdict.

    Args:
        outcome: The result of the run.
        full: Whether to truncate nothing; otherwise there are at most 64 KiB in lines of at most 400 characters.
        verbosity: 0 for a table of operations, more for one of tests; less for none, and for a run in which all passed
            only the verdict.
    """
    if outcome.is_stopped:
        yield from limit_output((outcome.tally.obstacle,), outcome, full=full)
        return
    lines = [*_render_table(outcome, verbosity), *render_details(outcome, full=full, verbosity=verbosity)]
    yield from limit_output(lines, outcome, full=full)
    yield from render_ending(outcome, verbosity=verbosity)


def tabulate(outcome: Outcome, verbosity: int) -> tuple[tuple[str, ...], list[tuple[tuple[str, ...], str]]]:
    """Return the titles of the table's columns, and the cells of each row with the verdict that they show."""
    if verbosity < 0:
        return (), []
    if verbosity > 0:
        return _TESTS, [(render_cells(row), row.verdict) for row in outcome.rows]
    groups = ((name, [*rows]) for name, rows in groupby(outcome.rows, key=lambda row: row.operation))
    return _OPERATIONS, [(_render_group(name, rows), _find_worst(rows)) for name, rows in groups]


def _render_table(outcome: Outcome, verbosity: int) -> Iterator[str]:
    titles, shown = tabulate(outcome, verbosity)
    return align([titles, *(cells for cells, _ in shown)], "<" * (len(titles) - 1) + ">") if shown else iter(())


def _render_group(operation: str, rows: list[Row]) -> tuple[str, ...]:
    accepted = sum(map(is_accepted, rows))
    counts = describe_counts(count_verdicts(rows)) + (f" ({accepted} accepted)" if accepted else "")
    return inert(operation) or "(other)", counts, _render_seconds(sum(row.seconds for row in rows))


def _find_worst(rows: list[Row]) -> str:
    return max((row.verdict for row in rows), key=VERDICTS.index)


def is_accepted(row: Row) -> bool:
    """Return whether a test conforms only because its violations are accepted."""
    return row.verdict == "conforms" and any(violation.accepted for violation in row.violations)


def render_cells(row: Row) -> tuple[str, ...]:
    """Return the cells of the table's row for one test."""
    return (
        inert(row.operation),
        shorten(inert(row.claim), MOST_PHRASE),
        WORDS[row.verdict] + (" (accepted)" if is_accepted(row) else ""),
        _render_seconds(row.seconds),
    )


def _render_seconds(seconds: float) -> str:
    return f"{seconds:.2f} s"


def render_details(outcome: Outcome, *, full: bool = False, verbosity: int = 0) -> Iterator[str]:
    """Yield each violation once, with its evidence, and each reason for an inconclusive or skipped test."""
    if verbosity < 0 and outcome.exit_code == CONFORMS:
        return
    for number, cause in enumerate(outcome.causes, 1):
        yield ""
        yield f"{number}. {render_heading(cause, full=full)}"
        yield from render_cause(cause, full=full, uncut=outcome.run.uncut)
    if outcome.accepted_causes:
        yield from ("", "accepted:")
    yield from (f"   {render_accepted(cause, full=full)}" for cause in outcome.accepted_causes)
    if outcome.outdated:
        yield ""
    yield from outcome.outdated
    if outcome.reasons:
        yield from ("", "no verdict:")
    for reason, rows in outcome.reasons.items():
        yield f"   {len(rows)} test{'s' if len(rows) != 1 else ''}: {reason}"
    changed = str(outcome.run.policies)
    remarks = [*([f"changed policies: {changed}"] if changed else []), *outcome.remarks]
    if remarks:
        yield from ("", "remarks:", *(f"   {remark}" for remark in remarks))


def render_heading(cause: Cause, *, full: bool = False) -> str:
    """Return a cause as one line, the operation first."""
    place, problem = cause.place, cause.violation.problem
    if not full:
        place, problem = shorten(place, MOST_PHRASE), shorten(problem, MOST_PHRASE)
    return f"{place}: {problem} [{', '.join(cause.violation.labels)}]"


def render_accepted(cause: Cause, *, full: bool = False) -> str:
    """Return an accepted cause as one line, which ends with the reason."""
    return f"{render_heading(cause, full=full)}, found by {cause.tests}: {cause.violation.accepted}"


def render_cause(cause: Cause, *, full: bool = False, uncut: str = "") -> Iterator[str]:
    """Yield the lines below a heading; long commands are folded, so that they can be pasted whole."""
    for label, text in describe_cause(cause, full=full, uncut=uncut):
        first, *others = fold_command(text, MOST_LINE - _LABEL) if label in _COMMANDS and not full else [text]
        yield f"   {label:<8}  {first}"
        yield from (f"{' ' * _LABEL if line.startswith(' ') else ''}{line}" for line in others)


def describe_cause(cause: Cause, *, full: bool = False, uncut: str = "") -> Iterator[tuple[str, str]]:
    """Yield what is known about a cause as pairs of a short label and one line."""
    violation, evidence = cause.violation, cause.evidence
    yield "found by", cause.tests
    if evidence is not None:
        yield from (("before", command) for command in evidence.before)
        yield "sent", evidence.sent
        yield "received", describe_response(evidence)
        if evidence.body:
            yield "body", evidence.body if full else _cut_body(evidence, uncut)
    yield describe_basis(cause)
    if violation.note and violation.note not in cause.operations:
        yield "note", violation.note
    yield "code", f"vocode-contract explain {violation.code}"
    yield "rerun", cause.rerun


def _cut_body(evidence: Evidence, uncut: str) -> str:
    """Return a body, cut on both sides of the key that is wrong if it is too long for a line."""
    if len(evidence.body) <= MOST_LINE - _LABEL:
        return evidence.body
    hint = f" (cut; {uncut} shows more)" if uncut else " (cut)"
    return cut_around(evidence.body, find_place(evidence.body, evidence.place), MOST_LINE - _LABEL - len(hint)) + hint


def describe_response(evidence: Evidence) -> str:
    """Return a phrase with the status, media type, size and time of a response."""
    time = f" in {evidence.seconds:.3f} s" if evidence.seconds is not None else ""
    size = f"{evidence.size:,} byte{'s' if evidence.size != 1 else ''}"
    return f"{', '.join(filter(None, (f'status {evidence.status}', evidence.media_type, size)))}{time}"


def describe_basis(cause: Cause) -> tuple[str, str]:
    """Return what a cause rests on: a label, and a phrase that says what is expected by what or whom."""
    violation = cause.violation
    rests, expected = rests_on(violation), violation.expected
    more = f" and {len(cause.sources) - 1} more" if len(cause.sources) > 1 else ""
    at = f" at #{cause.sources[0]}{more}" if cause.sources else ""
    contract = f"contract {violation.contract}".strip()
    if rests.startswith("policy "):
        return "policy", f"{rests.removeprefix('policy ')} expects {expected}, which the {contract} leaves open{at}"
    if rests == "logic":
        return "logic", f"{expected} is expected: anything else contradicts another value"
    if rests == "inference":
        return "inferred", f"{expected} is expected: it follows from the {contract}{at} and from what was seen"
    if rests == "practice":
        return "practice", f"its users expect {expected}; no document states it"
    if rests in ("contract", "limit"):
        return rests, f"{violation.contract} expects {expected}{at}".lstrip()
    return "standard", f"{rests} expects {expected}"


def render_ending(outcome: Outcome, *, verbosity: int = 0) -> Iterator[str]:
    """Yield the last lines: the counts and the verdict."""
    if verbosity >= 0 or outcome.exit_code != CONFORMS:
        yield from ("", outcome.count_text)
    yield outcome.sentence


def limit_output(lines: Iterable[str], outcome: Outcome, *, full: bool) -> Iterator[str]:
    """Yield escaped lines; unless `full` is set, long ones are cut and the end of a long text is left out."""
    hint = f"{outcome.run.uncut} shows all of them"
    return limit_lines(map(inert, lines), full=full, hint=hint, most=MOST_TEXT - _RESERVED)


def fold_command(command: str, most: int) -> list[str]:
    """Split a shell command into lines; those that begin with a space may be indented further.

    Args:
        command: Its words quoted as `shlex.quote` does.
        most: Maximum length of a line in characters.
    """
    if len(command) <= most:
        return [command]
    lines, words = [""], _WORD.findall(command)
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        first, *others = _split_word(word, most - len(_INDENT) - 2)
        kept = len(following) + 1 if word.startswith("--") else 0  # an option stays with its value
        if lines[-1] and len(lines[-1]) + len(first) + kept + 3 > most:
            lines[-1] += " \\"
            lines.append(_INDENT + first)
        else:
            lines[-1] += f" {first}" if lines[-1] else first
        for piece in others:
            lines[-1] += "\\"
            lines.append(piece)
    return lines


def _split_word(word: str, most: int) -> Iterator[str]:
    """Yield a word in pieces, each quoted by itself; a word in double quotes holds a variable and stays whole."""
    if len(word) <= most or word.startswith('"'):
        yield word
        return
    text, start = "".join(shlex.split(word)), 0
    while start < len(text):
        size = most - 2
        while len(shlex.quote(text[start : start + size])) > most:
            size -= 1 + size // 8
        if start + size < len(text):  # in JSON, prefer to break between members, then between words
            piece = text[start : start + size]
            size = next((end for mark in (", ", " ", ",") if (end := piece.rfind(mark) + len(mark)) > size // 2), size)
        yield shlex.quote(text[start : start + size])
        start += size
