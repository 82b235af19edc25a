"""What a person reads at the end of a run: plain lines, the same on every machine."""

import re
import shlex
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from vocode_contract.report.evidence import Evidence
from vocode_contract.report.outcome import WORDS, Cause, Outcome
from vocode_contract.report.results import Row
from vocode_contract.report.text import MOST_LINE, MOST_PHRASE, MOST_TEXT, shortened
from vocode_contract.validation.codes import rests_on
from vocode_contract.validation.safe_text import inert

_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")
_INDENT = "    "


def folded(command: str, most: int) -> list[str]:
    """Return a shell command as lines; those that begin with a space may be indented further.

    Args:
        command: Its words quoted as `shlex.quote` does.
        most: Characters of a line.
    """
    if len(command) <= most:
        return [command]
    lines, words = [""], _WORD.findall(command)
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        first, *others = _pieces(word, most - len(_INDENT) - 2)
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


def _pieces(word: str, most: int) -> Iterator[str]:
    """Yield a word in pieces, each quoted by itself; one in double quotes holds a variable and stays whole."""
    if len(word) <= most or word.startswith('"'):
        yield word
        return
    text, start = "".join(shlex.split(word)), 0
    while start < len(text):
        size = most - 2
        while len(shlex.quote(text[start : start + size])) > most:
            size -= 1 + size // 8
        yield shlex.quote(text[start : start + size])
        start += size


#: Columns of the table.
COLUMNS = ("operation", "claim", "verdict", "time")
#: Characters before the text of a line of evidence.
_LABEL = 13
#: Labels of what can be pasted into a shell.
_COMMANDS = frozenset(("before", "sent", "rerun"))
#: Bytes that are kept for the last lines.
_RESERVED = 1_024


def lines(outcome: Outcome, *, full: bool = False) -> Iterator[str]:
    """Yield the table of operations and claims, what is wrong, what has no verdict, and the verdict.

    Args:
        outcome: The result of the run.
        full: Whether nothing is cut: without, it is at most 64 KiB in lines of at most 400 characters.
    """
    yield from bounded([*table(outcome), *details(outcome, full=full)], outcome, full=full)
    yield from ending(outcome)


def table(outcome: Outcome) -> list[str]:
    """Write the table of operations and claims."""
    rows = [COLUMNS, *map(cells, outcome.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS) - 1)]
    padded = ([*map(str.ljust, row, widths), row[-1].rjust(len(_seconds(0)))] for row in rows)
    return ["  ".join(row).rstrip() for row in padded] if outcome.rows else []


def cells(row: Row) -> tuple[str, str, str, str]:
    """Write one test as the cells of a row of the table."""
    return inert(row.operation), shortened(inert(row.claim), MOST_PHRASE), WORDS[row.verdict], _seconds(row.seconds)


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s"


def details(outcome: Outcome, *, full: bool = False) -> Iterator[str]:
    """Yield each violation once, with its evidence, and each reason for having no verdict."""
    for number, cause in enumerate(outcome.causes, 1):
        yield ""
        yield f"{number}. {heading(cause, full=full)}"
        yield from evident(cause, full=full, uncut=outcome.run.uncut)
    if outcome.reasons:
        yield from ("", "no verdict:")
    for reason, rows in outcome.reasons.items():
        yield f"   {len(rows)} test{'s' if len(rows) != 1 else ''}: {reason}"
    yield from ("", "remarks:", f"   policies: {outcome.run.policies}")
    yield from (f"   {remark}" for remark in outcome.remarks)


def heading(cause: Cause, *, full: bool = False) -> str:
    """Write a cause as one line, the operation first."""
    place, actual = cause.place, cause.violation.actual
    if not full:
        place, actual = shortened(place, MOST_PHRASE), shortened(actual, MOST_PHRASE)
    return f"{place}: got {actual} [{', '.join(cause.violation.labels)}]"


def evident(cause: Cause, *, full: bool = False, uncut: str = "") -> Iterator[str]:
    """Yield the lines below a heading; a command is folded, so that it can be pasted whole."""
    for label, text in labelled(cause, full=full, uncut=uncut):
        first, *others = folded(text, MOST_LINE - _LABEL) if label in _COMMANDS and not full else [text]
        yield f"   {label:<8}  {first}"
        yield from (f"{' ' * _LABEL if line.startswith(' ') else ''}{line}" for line in others)


def labelled(cause: Cause, *, full: bool = False, uncut: str = "") -> Iterator[tuple[str, str]]:
    """Yield what there is to say of a cause: short labels, and one line each.

    Args:
        cause: The violation, grouped by cause.
        full: Whether the body is not cut.
        uncut: The option that leaves it whole.
    """
    violation, evidence = cause.violation, cause.evidence
    yield "found by", cause.found_by
    if evidence is not None:
        yield from (("before", command) for command in evidence.before)
        yield "sent", evidence.sent
        yield "came", came(evidence)
        if evidence.body:
            yield "body", evidence.body if full else _around(evidence, uncut)
    yield basis(cause)
    if violation.note and violation.note not in cause.operations:
        yield "note", violation.note
    yield "code", f"vocode-contract explain {violation.code}"
    yield "rerun", cause.rerun


def _around(evidence: Evidence, uncut: str) -> str:
    """Cut a body on both sides of the key that is wrong, if it has to be cut."""
    middle = max(0, evidence.body.find(f'"{evidence.place.rpartition("/")[2]}": '))
    if len(evidence.body) <= MOST_LINE - _LABEL:
        return evidence.body
    hint = f" (cut; {uncut} shows more)" if uncut else " (cut)"
    return _window(evidence.body, middle, MOST_LINE - _LABEL - len(hint)) + hint


def _window(text: str, middle: int, most: int) -> str:
    if len(text) <= most:
        return text
    start = max(0, min(middle - most // 2, len(text) - most))
    end = start + most
    before, after = "..." if start else "", "..." if end < len(text) else ""
    return f"{before}{text[start + len(before) : end - len(after)]}{after}"


def came(evidence: Evidence) -> str:
    """Write what came as a phrase."""
    time = f" in {evidence.seconds:.3f} s" if evidence.seconds is not None else ""
    size = f"{evidence.size:,} byte{'s' if evidence.size != 1 else ''}"
    return f"{', '.join(filter(None, (f'status {evidence.status}', evidence.media_type, size)))}{time}"


def basis(cause: Cause) -> tuple[str, str]:
    """Return what a cause rests on: a label, and a phrase that begins with who expects something."""
    violation = cause.violation
    rests, expected = rests_on(violation), violation.expected
    more = f" and {len(cause.sources) - 1} more" if len(cause.sources) > 1 else ""
    at = f" at #{cause.sources[0]}{more}" if cause.sources else ""
    contract = f"contract {violation.contract}".strip()
    if rests.startswith("policy "):
        return "policy", f"{rests.removeprefix('policy ')} expects {expected}, which the {contract} leaves open{at}"
    if rests == "inference":
        return "inferred", f"{expected} is expected: it follows from the {contract}{at} and from what was seen"
    if rests == "practice":
        return "practice", f"its users expect {expected}; no document states it"
    if rests in ("contract", "limit"):
        return rests, f"{violation.contract} expects {expected}{at}".lstrip()
    return "standard", f"{rests} expects {expected}"


def ending(outcome: Outcome) -> Iterator[str]:
    """Yield the last lines: the numbers, and the verdict."""
    yield from ("", outcome.counted, outcome.sentence)


def bounded(told: Iterable[str], outcome: Outcome, *, full: bool) -> Iterator[str]:
    """Yield lines that are fit to be shown, and no more of them than a reader can use unless all were asked for."""
    size = left_out = 0
    for line in map(inert, told):
        shown = line if full else shortened(line, MOST_LINE)
        size += len(shown.encode("utf-8", "backslashreplace")) + 1
        if full or size <= MOST_TEXT - _RESERVED:
            yield shown
        else:
            left_out += 1
    if left_out:
        yield f"... and {left_out:,} more line{'s' if left_out != 1 else ''}; {outcome.run.uncut} shows all of them"
