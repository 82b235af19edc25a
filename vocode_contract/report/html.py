"""The HTML report of a run: one page without scripts or remote assets."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from itertools import count, groupby

from vocode_contract.report.evidence import Evidence, find_place
from vocode_contract.report.outcome import Cause, Outcome, RunDescription, list_policies
from vocode_contract.report.page import (
    Content,
    Markup,
    element,
    make_anchor,
    render_counts,
    render_facts,
    render_lines,
    render_page,
    render_reasons,
    render_section,
    render_sides,
    render_table,
)
from vocode_contract.report.row import Row
from vocode_contract.report.summary import describe_basis, describe_cause, describe_response, render_cells
from vocode_contract.validation.codes import CODES

_MARKS: Mapping[str, str] = {
    "conforms": "✓",
    "violates": "✗",
    "unjudged": "?",
    "broken": "!",
    "interrupted": "!",
    "outdated": "✗",
}

#: Verdict or severity -> the class that colours it.
_TONES: Mapping[str, str] = {
    "conforms": "good",
    "violates": "bad",
    "broken": "bad",
    "outdated": "bad",
    "inconclusive": "unclear",
    "not-permitted": "quiet",
    "no-call": "quiet",
    "unjudged": "unclear",
    "interrupted": "unclear",
    "error": "bad",
    "drift": "unclear",
    "advice": "quiet",
}

#: Label of `describe_basis` -> what the page calls it.
_BASES: Mapping[str, str] = {"contract": "Contract says", "policy": "Policy says", "standard": "Standard says"}

_FOOTER = "Phone numbers, credentials and free text are masked; the same mask stands for the same value."
#: Violations, and exchanges of each, that are expanded when the page is opened; tests that are named per violation.
_OPEN = 3
_OPEN_EXCHANGES = 2
_TESTS = 5
#: Causes that the table links to per test.
_LINKS = 10
#: Parts of a body that is similar to JSON: strings, what is empty or left out, where lines break, and the rest.
_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{](?:\.\.\.)?[\]}]|(?P<start>[\[{])|(?P<end>[\]}])|(?P<next>, )|[^]["{},]+|.')


def render_html(outcome: Outcome) -> str:
    """Return the page."""
    buttons = _Filter(outcome)
    sections = dict(_sections(outcome, buttons))
    links = (element("li", element("a", title, href=f"#{make_anchor(title)}")) for title in sections)
    contents = element("nav", element("ul", links), class_="contents", aria_label="Contents")
    main = (_header(outcome), contents, (render_section(title, *content) for title, content in sections.items()))
    return render_page(f"{outcome.verdict}: contract {outcome.run.contract}", main, _FOOTER, rules=buttons.rules)


class _Filter:
    """Radio buttons that select causes by operation and by code, and the style rules that hide the others.

    The rules hold no data: each operation and each code has a number.
    """

    def __init__(self, outcome: Outcome) -> None:
        self._causes = (*outcome.causes, *outcome.accepted_causes)
        operations = sorted({name for cause in self._causes for name in cause.operations})
        codes = sorted({cause.violation.code for cause in self._causes})
        self._operations = {name: f"operation-{number}" for number, name in enumerate(operations, 1)}
        self._codes = {code: f"code-{number}" for number, code in enumerate(codes, 1)}

    @property
    def rules(self) -> str:
        """The style rules; what a link leads to is never hidden, and on paper nothing is."""
        hidden = [*((name, ":is(.causes > li, .claims > tbody)") for name in self._operations.values())]
        hidden += ((code, ".causes > li") for code in self._codes.values())
        rules = (
            f"main:has(#{anchor}:checked) {items}:not(.{anchor}, :has(> :target)) {{ display: none; }}\n"
            for anchor, items in hidden
        )
        return f"@media screen {{\n{''.join(rules)}}}\n"

    def find_classes(self, operations: Sequence[str], code: str = "") -> str:
        """Return the classes of what belongs to these operations and this code."""
        names = (self._operations.get(name, "") for name in operations)
        return " ".join(filter(None, (*names, self._codes.get(code, ""))))

    def render(self, causes: Markup, total: int) -> Iterator[Markup]:
        """Yield the list of causes; before it the buttons, and after it the total, if there is something to select."""
        choices = [("Operation", self._operations), ("Code", self._codes)]
        shown = [_render_choice(title, anchors) for title, anchors in choices if len(anchors) > 1]
        if shown:
            yield element("div", shown, class_="filter", role="group", aria_label="Filter")
        yield causes
        if shown:  # the style sheet counts those above that are not hidden
            yield element("p", f"{total} shown", class_="shown")


def _render_choice(title: str, anchors: Mapping[str, str]) -> Markup:
    """Return a radio button for each value, after one for all of them."""
    name = title.lower()
    pairs = (("all", f"{name}-all"), *anchors.items())
    checked: list[dict[str, str]] = [{"checked": ""}, *({} for _ in anchors)]
    buttons = (
        element("label", element("input", type="radio", name=name, id=anchor, **attributes), text)
        for (text, anchor), attributes in zip(pairs, checked, strict=True)
    )
    return element("fieldset", element("legend", title), buttons)


def _sections(outcome: Outcome, buttons: _Filter) -> Iterator[tuple[str, tuple[Content, ...]]]:
    """Yield the title and content of each section."""
    if outcome.causes:
        causes = enumerate(outcome.causes, 1)
        yield "Violations", (*buttons.render(_list_causes(causes, buttons), len(outcome.causes)),)
    if outcome.outdated:
        yield "Outdated entries of accepted violations", (render_reasons(outcome.outdated),)
    if outcome.accepted_causes:
        accepted = enumerate(outcome.accepted_causes, len(outcome.causes) + 1)
        yield "Accepted violations", (_list_causes(accepted, buttons),)
    if outcome.reasons:
        items = (element("li", _tests(rows), element("p", reason)) for reason, rows in outcome.reasons.items())
        yield "No verdict", (element("ul", items, class_="reasons"),)
    if outcome.remarks:
        yield "Remarks", (render_reasons(outcome.remarks),)
    if outcome.rows:
        yield "Claims", (_table(outcome, buttons),)
    yield "Policies in force", (_policies(outcome.run),)


def _header(outcome: Outcome) -> Markup:
    run, sentence = outcome.run, outcome.sentence
    counts = ((count, verdict.replace("-", " "), _TONES[verdict]) for verdict, count in outcome.counts.items())
    facts = (
        ("Endpoint", run.where),
        ("Contract", f"{run.contract}, {run.profile}"),
        ("Started", run.started.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("Duration", f"{run.seconds:.1f} s"),
    )
    return element(
        "header",
        element(
            "h1",
            element("span", _MARKS[outcome.verdict], class_="mark", aria_hidden="true"),
            f"{sentence[:1].upper()}{sentence[1:]}",
        ),
        render_counts(counts),
        render_facts(facts),
        class_=f"verdict {_TONES[outcome.verdict]}",
    )


def _list_causes(causes: Iterable[tuple[int, Cause]], buttons: _Filter) -> Markup:
    items = (
        element("li", _cause(number, cause), class_=buttons.find_classes(cause.operations, cause.violation.code))
        for number, cause in causes
    )
    return element("ol", items, class_="causes")


def _cause(number: int, cause: Cause) -> Markup:
    violation = cause.violation
    severity = "" if violation.severity == "error" else f"{violation.severity}: "
    title = element(
        "h3",
        element("span", f"{number}.", class_="number"),
        " ",
        element("span", f"{severity}{violation.code}", class_=f"label {_TONES[violation.severity]}"),
        " ",
        element("code", cause.place, class_="place"),
        element("span", f" {violation.problem}", class_="got"),
    )
    opened = {"open": ""} if number <= _OPEN and not violation.accepted else {}
    return element(
        "details", element("summary", title), _describe_cause(cause), class_="cause", id=f"cause-{number}", **opened
    )


def _describe_cause(cause: Cause) -> Iterator[Markup]:
    """Yield what was expected beside what was found, the exchanges that show it, and what can be done."""
    violation, known = cause.violation, dict(describe_cause(cause))
    label, expected = describe_basis(cause)
    accepted = [("Accepted", violation.accepted)] if violation.accepted else []
    yield render_facts((*accepted, ("Found by", _tests(cause.rows))))
    yield render_sides(
        (_BASES.get(label, label.capitalize()), element("p", expected), "good"),
        ("Found", element("p", violation.actual), "bad"),
    )
    if len(cause.exchanges) > 1:
        yield element("div", map(_exchange, cause.exchanges, count()), class_="sides")
    else:
        yield from (render_facts(_describe_exchange(evidence)) for evidence in cause.exchanges)
    note = [("Note", known["note"])] if "note" in known else []
    rerun = element("pre", known["rerun"])
    yield render_facts((*note, ("Explanation", _explain(violation.code, known["code"])), ("Rerun", rerun)))


def _exchange(evidence: Evidence, index: int) -> Markup:
    """Return one of several exchanges, which can be opened beside another one."""
    title = element("h4", f"{evidence.operation} {evidence.status}")
    opened = {"open": ""} if index < _OPEN_EXCHANGES else {}
    facts = render_facts(_describe_exchange(evidence))
    return element("details", element("summary", title), facts, class_="exchange", **opened)


def _describe_exchange(evidence: Evidence) -> Iterator[tuple[str, Content]]:
    yield from (("Sent before", element("pre", command)) for command in evidence.before)
    yield "Sent", element("pre", evidence.sent)
    yield "Received", describe_response(evidence)
    if evidence.body:
        lines = [*_break_lines(evidence.body)]
        place = find_place(evidence.body, evidence.place)
        marked = [number for number, (start, _) in enumerate(lines) if start <= place][-1:] if place else []
        yield "Body", render_lines((line for _, line in lines), marked)


def _break_lines(body: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a body that is similar to JSON, indented, each with the index of its start in the body."""
    depth, start, line = 0, 0, ""
    for part in _PART.finditer(body):
        if part["end"] and line:
            yield start, f"{'  ' * depth}{line}"
            line = ""
        if part["end"]:
            depth = max(0, depth - 1)
        start = start if line else part.start()
        line += part.group().rstrip() if part["next"] else part.group()
        if part["start"] or part["next"]:
            yield start, f"{'  ' * depth}{line}"
            depth, line = depth + bool(part["start"]), ""
    if line:
        yield start, f"{'  ' * depth}{line}"


def _explain(name: str, command: str) -> Markup:
    """Return the explanation of a code: the page may be read where there is no terminal."""
    code = CODES.get(name)
    if code is None:
        return element("pre", command)
    text = (element("b", f"{code.title}."), f" {code.meaning} For example:", element("pre", code.example))
    return element("div", text, "In a terminal: ", element("code", command))


def _tests(rows: tuple[Row, ...]) -> Markup:
    names = tuple(dict.fromkeys(f"{row.operation}: {row.claim}" if row.operation else row.claim for row in rows))
    more = (f"and {len(names) - _TESTS} more",) if len(names) > _TESTS else ()
    return element("ul", (element("li", name) for name in (*names[:_TESTS], *more)), class_="tests")


def _table(outcome: Outcome, buttons: _Filter) -> Markup:
    numbers: dict[int, list[int]] = {}
    for number, cause in enumerate((*outcome.causes, *outcome.accepted_causes), 1):
        for row in cause.rows:
            numbers.setdefault(id(row), []).append(number)
    groups = (
        element("tbody", _group(name, rows, numbers), class_=buttons.find_classes((name,)))
        for name, rows in groupby(outcome.rows, key=lambda row: row.operation)
    )
    caption = "What each test claims, by operation, and its verdict."
    return render_table(caption, ("Claim", "Verdict", "Time"), groups, class_="claims")


def _group(operation: str, rows: Iterable[Row], numbers: Mapping[int, list[int]]) -> Iterator[Markup]:
    name = element("code", operation) if operation else "Several operations, or none"
    yield element("tr", element("th", name, scope="rowgroup", colspan="3"))
    yield from (element("tr", _cells(row, numbers.get(id(row), []))) for row in rows)


def _cells(row: Row, numbers: list[int]) -> Iterator[Markup]:
    """Yield the cells of a test, whose verdict links to the causes that it found."""
    _, claim, verdict, seconds = render_cells(row)
    links = [element("a", str(number), href=f"#cause-{number}") for number in numbers[:_LINKS]]
    more = f" and {len(numbers) - _LINKS} more" if len(numbers) > _LINKS else ""
    label = element("span", verdict.lower(), class_=f"label {_TONES[row.verdict]}")
    yield element("td", claim)
    yield element("td", label, (part for link in links for part in (" ", link)), more)
    yield element("td", seconds, class_="time")


def _policies(run: RunDescription) -> Markup:
    lines = (
        element("tr", element("th", element("code", name), element("p", title), scope="row"), element("td", shown))
        for name, title, value in list_policies(run)
        for shown in [value.replace(",", ", ")]  # so that it may be wrapped
    )
    caption = "Choices that no document makes, and the values of this run; options change them."
    return render_table(caption, ("Policy", "Value"), element("tbody", lines), class_="policies")
