"""Reports as lines of text: for people, and one short line per violation for other tools."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from vocode_contract.report.payload_results import Heading, Result
from vocode_contract.validation.codes import GROUPS
from vocode_contract.validation.masking import printable
from vocode_contract.validation.violation import Violation

#: Bytes of a text report that is not full; characters of a line of it; characters of a phrase.
MOST_TEXT = 65_536
MOST_LINE = 400
MOST_PHRASE = 160
#: Causes listed per payload; pointers named per cause.
MOST_CAUSES = 20
MOST_POINTERS = 3
_HINT = "--all shows all of them, --output-format json lists every violation"


def render_text(results: Iterable[Result], heading: Heading) -> Iterator[str]:
    """Yield one line per cause: the source, the pointer, and what is wrong."""
    return limit_report((line for result in results for line in _render_result(result, heading)), heading)


def render_concise(results: Iterable[Result], heading: Heading) -> Iterator[str]:
    """Yield ``FILE:POINTER: CODE`` for every violation."""
    lines = (
        f"{result.place}:{printable(violation.instance_pointer)}: {violation.code}"
        for result in results
        for violation in result.violations
    )
    return limit_report(lines, heading)


def align(rows: Sequence[Sequence[str]], sides: str = "") -> Iterator[str]:
    """Yield the rows of a table as lines.

    Args:
        rows: The cells of each row, the same number in all.
        sides: ``<`` or ``>`` for each column, the side to which it is aligned; by default all to the left.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = sides or "<" * len(widths)
    for row in rows:
        cells = (f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=False))
        yield "  ".join(cells).rstrip()


def limit_report(lines: Iterable[str], heading: Heading, *, width: int = MOST_LINE) -> Iterator[str]:
    """Yield the lines of a report with line breaks, at most `MOST_TEXT` bytes unless the report is full."""
    return (f"{line}\n" for line in limit_lines(lines, full=heading.full, hint=_HINT, width=width))


def limit_lines(
    lines: Iterable[str], *, full: bool, hint: str, most: int = MOST_TEXT, width: int = MOST_LINE
) -> Iterator[str]:
    """Yield lines up to a size, then one line that counts the others.

    All lines are consumed, also those that are not yielded: the caller counts results as they are read.

    Args:
        lines: Without line breaks.
        full: Whether to yield all of them, and to cut none.
        hint: How to see the others.
        most: Maximum size of the yielded lines in bytes.
        width: Maximum length of a line in characters.
    """
    size = left_out = 0
    for line in lines:
        shown = line if full else shorten(line, width)
        size += len(shown.encode("utf-8", "backslashreplace")) + 1
        if full or size <= most:
            yield shown
        else:
            left_out += 1
    if left_out:
        yield f"... and {left_out:,} more line{'s' if left_out != 1 else ''}; {hint}"


def group_causes(result: Result, heading: Heading) -> Iterator[Violation]:
    """Yield the violations of one payload, merging those that repeat one cause unless the report is full."""
    if heading.full:
        yield from result.violations
        return
    groups: dict[tuple[str, ...], list[Violation]] = {}
    for violation in result.violations:
        groups.setdefault(identify_cause(violation), []).append(violation)
    for group in groups.values():
        yield from [merge_violations(group)] if len(group) > MOST_POINTERS else group


def identify_cause(violation: Violation) -> tuple[str, ...]:
    """Return what violations with one cause have in common: code, place in the schema, and the missing key if any.

    A contradiction has its cause in the whole payload, wherever in the schema its parts are.
    """
    if violation.code in GROUPS["consistency"]:
        return violation.code, violation.expected
    key = violation.instance_pointer.rpartition("/")[2] if violation.code == "required" else ""
    return violation.code, violation.schema_pointer, violation.expected, key


def merge_violations(group: Sequence[Violation]) -> Violation:
    """Return one violation for several with one cause: it names the first places and counts the others."""
    first, *others = group
    if not others:
        return first
    places = tuple(dict.fromkeys(violation.instance_pointer for violation in group))
    pointers = ", ".join(place or "(document)" for place in places[:MOST_POINTERS]) if places != ("",) else ""
    more = len(places) - MOST_POINTERS
    same = all(violation.actual == first.actual for violation in group)
    return replace(
        first,
        instance_pointer=f"{pointers} and {more:,} more" if more > 0 else pointers,
        actual=first.actual if same else f"{first.actual} and others",
        note=first.note if all(violation.note == first.note for violation in group) else "",
        offset=None,
        line=None,
        column=None,
    )


def _render_result(result: Result, heading: Heading) -> Iterator[str]:
    causes = list(group_causes(result, heading))
    most = len(causes) if heading.full else MOST_CAUSES
    for violation in causes[:most]:
        yield f"{result.place}: {render_violation(violation, heading)}"
    if len(causes) > most:
        yield f"{result.place}: and {len(causes) - most:,} more causes; {_HINT}"


def render_violation(violation: Violation, heading: Heading) -> str:
    """Return one violation as one printable line."""
    if not heading.full:
        violation = replace(
            violation,
            expected=shorten(violation.expected, MOST_PHRASE),
            actual=shorten(violation.actual, MOST_PHRASE),
        )
    return printable(str(violation))


def shorten(text: str, most: int) -> str:
    """Cut a text in the middle, so that it has at most so many characters."""
    if len(text) <= most:
        return text
    head = (most - 3) // 2
    return f"{text[:head]}...{text[len(text) - (most - 3 - head) :]}"


def cut_around(text: str, middle: int, most: int) -> str:
    """Cut a text to a maximum number of characters around an index in it."""
    if len(text) <= most:
        return text
    start = max(0, min(middle - most // 2, len(text) - most))
    end = start + most
    before, after = "..." if start else "", "..." if end < len(text) else ""
    return f"{before}{text[start + len(before) : end - len(after)]}{after}"
