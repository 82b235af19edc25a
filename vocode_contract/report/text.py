"""Reports as lines of text: for a reader, and one short line a violation for other tools."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from vocode_contract.report.payload_results import Heading, Result
from vocode_contract.validation.masking import printable
from vocode_contract.validation.violation import Violation

#: Bytes of a text report that is not full; characters of a line of it; characters of a phrase.
MOST_TEXT = 65_536
MOST_LINE = 400
MOST_PHRASE = 160
#: Causes listed of one payload; pointers named of one cause.
MOST_CAUSES = 20
MOST_POINTERS = 3


def as_text(results: Iterable[Result], heading: Heading) -> Iterator[str]:
    """Write one line a cause, the pointer first, after the name of the source."""
    lines = (line for result in results for line in _told(result, heading))
    return bounded((_cut(line, heading) for line in lines), heading)


def as_concise(results: Iterable[Result], heading: Heading) -> Iterator[str]:
    """Write ``FILE:POINTER: CODE`` for every violation."""
    lines = (
        f"{result.place}:{printable(violation.instance_pointer)}: {violation.code}"
        for result in results
        for violation in result.violations
    )
    return bounded((_cut(line, heading) for line in lines), heading)


def bounded(lines: Iterable[str], heading: Heading) -> Iterator[str]:
    """Yield lines with their line breaks, and no more than a reader can use unless all were asked for.

    All lines are taken even where they are no longer yielded: who counts them beneath sees every one.
    """
    size = left_out = 0
    for line in lines:
        size += len(line.encode("utf-8", "backslashreplace")) + 1
        if heading.full or size <= MOST_TEXT:
            yield line + "\n"
        else:
            left_out += 1
    if left_out:
        yield f"... and {left_out:,} more line{'s' if left_out != 1 else ''}; {_ALL}\n"


_ALL = "--all shows all of them, --output-format json lists every violation"


def causes(result: Result, heading: Heading) -> Iterator[Violation]:
    """Yield the violations of one payload, those that repeat one cause as one.

    One cause is one code at one place of the schema, and one key where keys are missing. Its violations
    become one that names the first pointers and the number of the others.
    """
    if heading.full:
        yield from result.violations
        return
    groups: dict[tuple[str, ...], list[Violation]] = {}
    for violation in result.violations:
        groups.setdefault(cause_of(violation), []).append(violation)
    for group in groups.values():
        yield from [merged(group)] if len(group) > MOST_POINTERS else group


def cause_of(violation: Violation) -> tuple[str, ...]:
    """Return what violations of one cause have in common."""
    key = violation.instance_pointer.rpartition("/")[2] if violation.code == "required" else ""
    return violation.code, violation.schema_pointer, violation.expected, key


def merged(group: Sequence[Violation]) -> Violation:
    """Tell violations of one cause as one, which names the first places and how many more there are."""
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
    )


def _told(result: Result, heading: Heading) -> Iterator[str]:
    found = list(causes(result, heading))
    most = len(found) if heading.full else MOST_CAUSES
    for violation in found[:most]:
        yield f"{result.place}: {sentence(violation, heading)}"
    if len(found) > most:
        yield f"{result.place}: and {len(found) - most:,} more causes; {_ALL}"


def sentence(violation: Violation, heading: Heading) -> str:
    """Write one violation as one printable line."""
    if not heading.full:
        violation = replace(
            violation,
            expected=shortened(violation.expected, MOST_PHRASE),
            actual=shortened(violation.actual, MOST_PHRASE),
        )
    return printable(str(violation))


def _cut(line: str, heading: Heading) -> str:
    return line if heading.full else shortened(line, MOST_LINE)


def shortened(text: str, most: int) -> str:
    """Cut a text in its middle to at most so many characters."""
    if len(text) <= most:
        return text
    head = (most - 3) // 2
    return f"{text[:head]}...{text[len(text) - (most - 3 - head) :]}"
