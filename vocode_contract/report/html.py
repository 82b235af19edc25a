"""The HTML report of a run: one page without scripts or remote assets."""

import base64
import hashlib
import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from itertools import groupby

from vocode_contract.contract.files import read_beside
from vocode_contract.report.outcome import Cause, Outcome, RunDescription, list_policies
from vocode_contract.report.row import Row
from vocode_contract.report.summary import describe_cause, render_cells
from vocode_contract.validation.codes import CODES
from vocode_contract.validation.codes.code import Code
from vocode_contract.validation.safe_text import inert

#: The style sheet. Browsers normalise line breaks before they compare its hash with the page's policy.
_CSS = read_beside(__file__, "report.css").decode().replace("\r\n", "\n")
#: Elements without an end tag.
_VOID = frozenset(("meta",))


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML that is inserted into a page as it is."""

    text: str


Content = str | Markup | Iterator["Content"]


def element(tag: str, /, *content: Content, **attributes: str) -> Markup:
    """Return an element.

    Args:
        tag: Name of the element.
        content: Text is escaped, markup is not.
        attributes: Their values are escaped. In names, ``_`` stands for ``-``, and is dropped at the end.
    """
    pairs = "".join(f' {key.rstrip("_").replace("_", "-")}="{_escape(value)}"' for key, value in attributes.items())
    inner = "".join(map(_render, content))
    return Markup(f"<{tag}{pairs}>" if tag in _VOID else f"<{tag}{pairs}>{inner}</{tag}>")


def _render(content: Content) -> str:
    if isinstance(content, Markup):
        return content.text
    if isinstance(content, str):
        return _escape(content)
    return "".join(map(_render, content))


def _escape(text: str) -> str:
    return html.escape(inert(text))


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

#: Label of `describe_cause` -> what the page calls it.
_LABELS: Mapping[str, str] = {
    "contract": "Contract says",
    "policy": "Policy says",
    "standard": "Standard says",
    "before": "Sent before",
    "code": "Explanation",
}
#: Labels of texts whose spaces and line ends are kept.
_CODE = frozenset(("before", "sent", "body", "code", "rerun"))

_FOOTER = "Phone numbers, credentials and free text are masked; the same mask stands for the same value."
#: Violations that are expanded when the page is opened; tests that are named per violation.
_OPEN = 3
_TESTS = 5
#: Causes that the table links to per test.
_LINKS = 10


def render_html(outcome: Outcome) -> str:
    """Return the page."""
    return render_page(f"{outcome.verdict}: contract {outcome.run.contract}", _sections(outcome))


def render_page(title: str, sections: Iterator[Markup]) -> str:
    """Return a page without scripts or remote assets."""
    hashed = base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{hashed}'; base-uri 'none'; form-action 'none'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        Markup(f"<style>{_CSS}</style>"),  # never data: HTML does not unescape it
    )
    body = element("body", element("main", sections))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en').text}\n"


def _sections(outcome: Outcome) -> Iterator[Markup]:
    yield _header(outcome)
    if outcome.causes:
        articles = (_cause(number, cause, f"cause-{number}") for number, cause in enumerate(outcome.causes, 1))
        yield _section("Violations", articles)
    if outcome.outdated:
        items = (element("li", element("p", line)) for line in outcome.outdated)
        yield _section("Outdated entries of accepted violations", element("ul", items, class_="reasons"))
    if outcome.accepted_causes:
        accepted = enumerate(outcome.accepted_causes, len(outcome.causes) + 1)
        yield _section("Accepted violations", (_cause(number, cause, f"cause-{number}") for number, cause in accepted))
    if outcome.reasons:
        items = (element("li", _tests(rows), element("p", reason)) for reason, rows in outcome.reasons.items())
        yield _section("No verdict", element("ul", items, class_="reasons"))
    if outcome.remarks:
        items = (element("li", element("p", remark)) for remark in outcome.remarks)
        yield _section("Remarks", element("ul", items, class_="reasons"))
    if outcome.rows:
        yield _section("Claims", _table(outcome))
    yield _section("Policies in force", _policies(outcome.run))
    yield element("footer", _FOOTER)


def _section(title: str, *content: Content) -> Markup:
    return element("section", element("h2", title), *content)


def _header(outcome: Outcome) -> Markup:
    run, sentence = outcome.run, outcome.sentence
    counts = (
        element("li", element("b", str(count)), f" {verdict.replace('-', ' ')}", class_=_TONES[verdict])
        for verdict, count in outcome.counts.items()
    )
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
        element("ul", counts, class_="counts"),
        _facts(facts),
        class_=f"verdict {_TONES[outcome.verdict]}",
    )


def _facts(facts: Iterator[tuple[str, Content]] | tuple[tuple[str, Content], ...]) -> Markup:
    return element("dl", (element("div", element("dt", name), element("dd", value)) for name, value in facts))


def _cause(number: int, cause: Cause, anchor: str) -> Markup:
    violation = cause.violation
    title = element(
        "h3",
        element("span", f"{number}.", class_="number"),
        " ",
        element("span", violation.code, class_=f"label {_TONES[violation.severity]}"),
        " ",
        element("code", cause.place, class_="place"),
        element("span", f" {violation.problem}", class_="got"),
    )
    opened = {"open": ""} if number <= _OPEN and not violation.accepted else {}
    details = (element("summary", title), _facts(_describe_cause(cause)))
    return element("details", *details, class_="cause", id=anchor, **opened)


def _describe_cause(cause: Cause) -> Iterator[tuple[str, Content]]:
    if cause.violation.accepted:
        yield "Accepted", cause.violation.accepted
    for label, text in describe_cause(cause, full=True):
        title = _LABELS.get(label, label.capitalize())
        if label == "found by":
            yield title, _tests(cause.rows)
        elif label == "code" and cause.violation.code in CODES:
            yield title, _explain(CODES[cause.violation.code])
        else:
            yield title, element("pre", text) if label in _CODE else text


def _explain(code: Code) -> Markup:
    """Return the explanation of a code: the page may be read where there is no terminal."""
    example = element("pre", code.example)
    return element("div", element("b", f"{code.title}."), f" {code.meaning} For example:", example)


def _tests(rows: tuple[Row, ...]) -> Markup:
    names = tuple(dict.fromkeys(f"{row.operation}: {row.claim}" if row.operation else row.claim for row in rows))
    more = (f"and {len(names) - _TESTS} more",) if len(names) > _TESTS else ()
    return element("ul", (element("li", name) for name in (*names[:_TESTS], *more)), class_="tests")


def _table(outcome: Outcome) -> Markup:
    numbers: dict[int, list[int]] = {}
    for number, cause in enumerate((*outcome.causes, *outcome.accepted_causes), 1):
        for row in cause.rows:
            numbers.setdefault(id(row), []).append(number)
    groups = (_group(name, tuple(rows), numbers) for name, rows in groupby(outcome.rows, key=lambda row: row.operation))
    caption = "What each test claims, by operation, and its verdict."
    return _wide_table(caption, ("Claim", "Verdict", "Time"), groups, class_="claims")


def _wide_table(caption: str, titles: tuple[str, ...], body: Content, *, class_: str) -> Markup:
    head = element("thead", element("tr", (element("th", title, scope="col") for title in titles)))
    return element("div", element("table", element("caption", caption), head, body, class_=class_), class_="wide")


def _group(operation: str, rows: tuple[Row, ...], numbers: Mapping[int, list[int]]) -> Markup:
    name = element("code", operation) if operation else "Several operations, or none"
    head = element("tr", element("th", name, scope="rowgroup", colspan="3"))
    return element("tbody", head, (element("tr", _cells(row, numbers.get(id(row), []))) for row in rows))


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
    return _wide_table(caption, ("Policy", "Value"), element("tbody", lines), class_="policies")
