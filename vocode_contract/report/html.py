"""The HTML report: one page without scripts or remote assets."""

import base64
import hashlib
import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from itertools import groupby

from vocode_contract.report.outcome import Cause, Outcome, RunDescription, policies_in_force
from vocode_contract.report.results import Row
from vocode_contract.report.summary import basis, came, cells
from vocode_contract.validation.safe_text import inert

CSS = """
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #fff; --ink: #1b2027; --soft: #5b6673; --line: #dfe3e8; --code: #f1f3f6;
  --good: #12703f; --good-ground: #e3f4ea; --bad: #b01c2e; --bad-ground: #fdeaec;
  --unclear: #855300; --unclear-ground: #fdf2dc; --quiet: #55606c; --quiet-ground: #eceff2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161b; --card: #1a2027; --ink: #e6e9ed; --soft: #9aa5b1; --line: #2c343d; --code: #12171c;
    --good: #6fd49b; --good-ground: #15301f; --bad: #ff97a1; --bad-ground: #3a1a1f;
    --unclear: #f2c26b; --unclear-ground: #35280f; --quiet: #a4afba; --quiet-ground: #272e36;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
code, pre { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
h1 { display: flex; align-items: center; gap: .75rem; margin: 0; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 2.25rem 0 .75rem; font-size: 1.1rem; }
ul { list-style: none; margin: 0; padding: 0; }
p { margin: 0 0 .75rem; color: var(--soft); }
dl, dd { margin: 0; }
dt { color: var(--soft); font-size: .85rem; }
.good { --tone: var(--good); --tone-ground: var(--good-ground); }
.bad { --tone: var(--bad); --tone-ground: var(--bad-ground); }
.unclear { --tone: var(--unclear); --tone-ground: var(--unclear-ground); }
.quiet { --tone: var(--quiet); --tone-ground: var(--quiet-ground); }
.verdict { padding: 1.5rem; border: 1px solid var(--line); border-top: 6px solid var(--tone); border-radius: 10px;
  background: var(--card); }
.mark { flex: none; width: 2.25rem; height: 2.25rem; border-radius: 50%; background: var(--tone); color: var(--card);
  font-size: 1.3rem; line-height: 2.25rem; text-align: center; }
.counts { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0 1.25rem; }
.counts li, .label { border-radius: 99px; background: var(--tone-ground); color: var(--tone); }
.counts li { padding: .2rem .8rem; }
.label { display: inline-block; padding: .05rem .6rem; font-size: .8rem; font-weight: 600; white-space: nowrap; }
.verdict dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem 1.5rem; }
.verdict dd { font-weight: 600; overflow-wrap: anywhere; }
.cause, .wide, .reasons li { margin: 0 0 .75rem; border: 1px solid var(--line); border-radius: 10px;
  background: var(--card); }
summary { padding: .75rem 1rem; cursor: pointer; overflow-wrap: anywhere; }
summary:focus-visible { outline: 2px solid var(--soft); border-radius: 10px; }
h3 { display: inline; margin: 0; font-size: inherit; font-weight: inherit; }
.number { color: var(--soft); font-variant-numeric: tabular-nums; }
.place { font-weight: 600; }
.got { color: var(--soft); }
.cause dl { padding: .25rem 1rem 1rem; border-top: 1px solid var(--line); }
.cause dl > div { display: grid; grid-template-columns: 8rem minmax(0, 1fr); gap: 1rem; padding-top: .6rem; }
.cause dd { overflow-wrap: anywhere; }
pre { margin: 0; padding: .5rem .75rem; border-radius: 6px; background: var(--code); white-space: pre-wrap;
  overflow-wrap: anywhere; }
.tests li { display: inline; }
.tests li:not(:last-child)::after { content: "; "; color: var(--soft); }
.reasons li { padding: .75rem 1rem; }
.reasons .tests { color: var(--soft); font-size: .85rem; }
.reasons .tests li { padding: 0; border: 0; margin: 0; }
.reasons p { margin: .25rem 0 0; color: var(--ink); overflow-wrap: anywhere; }
.wide { overflow-x: auto; padding: .25rem 1rem .75rem; }
caption { padding: .6rem 0; color: var(--soft); text-align: left; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .35rem .75rem .35rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-size: .85rem; font-weight: 500; }
tbody th { font-weight: 600; }
.claims tbody th { padding-top: .9rem; }
.claims tbody tr:nth-child(2) > * { border-top: 0; }
.time { white-space: nowrap; font-variant-numeric: tabular-nums; }
.claims tr > :nth-child(3) { padding-right: 0; text-align: right; }
.policies p { margin: 0; font-weight: 400; }
footer { margin-top: 2rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 40rem) {
  main { padding: 1rem .75rem; }
  .cause dl > div { grid-template-columns: minmax(0, 1fr); gap: 0; }
}
@media print {
  :root { color-scheme: light; }
  body { background: none; }
  .cause::details-content { content-visibility: visible; display: block; }
  .cause > dl > div, tr { break-inside: avoid; }
  summary { break-after: avoid; }
}
"""

#: Elements without an end tag.
_VOID = frozenset(("meta",))


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML that is fit to stand in a page as it is.

    Attributes:
        text: The HTML.
    """

    text: str


Content = str | Markup | Iterator["Content"]


def element(tag: str, /, *content: Content, **attributes: str) -> Markup:
    """Return an element.

    Args:
        tag: Name of the element.
        content: Text is escaped, markup is not.
        attributes: Their values are escaped; a name may end in ``_``, and has ``-`` for any other.
    """
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{_escaped(value)}"' for key, value in attributes.items())
    inner = "".join(map(_markup, content))
    return Markup(f"<{tag}{written}>" if tag in _VOID else f"<{tag}{written}>{inner}</{tag}>")


def style(css: str) -> Markup:
    """Return an element ``style``, whose content HTML does not unescape: CSS of our own, never data."""
    return Markup(f"<style>{css}</style>")


def _markup(content: Content) -> str:
    if isinstance(content, Markup):
        return content.text
    if isinstance(content, str):
        return _escaped(content)
    return "".join(map(_markup, content))


def _escaped(text: str) -> str:
    return html.escape(inert(text))


_MARKS: Mapping[str, str] = {"conforms": "✓", "violates": "✗", "unjudged": "?", "broken": "!", "interrupted": "!"}

#: Verdict on a test -> the class of its label.
_CLASSES: Mapping[str, str] = {
    "conforms": "good",
    "violates": "bad",
    "broken": "bad",
    "inconclusive": "unclear",
    "not-permitted": "quiet",
    "no-call": "quiet",
}

_VERDICT_CLASSES: Mapping[str, str] = {
    "conforms": "good",
    "violates": "bad",
    "unjudged": "unclear",
    "broken": "bad",
    "interrupted": "unclear",
}

_SEVERITY_CLASSES: Mapping[str, str] = {"error": "bad", "drift": "unclear", "advice": "quiet"}

#: Label of what a violation rests on -> what the page calls it.
_BASES: Mapping[str, str] = {
    "contract": "Contract says",
    "inferred": "Inferred",
    "limit": "Limit",
    "policy": "Policy says",
    "practice": "Practice",
    "standard": "Standard says",
}

_FOOTER = "Phone numbers, credentials and free text are masked; the same mask stands for the same value."
#: Violations that stand open when the page is opened; tests that are named of one.
_OPEN = 3
_TESTS = 5


def as_html(outcome: Outcome) -> str:
    """Write the page."""
    hashed = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{hashed}'; base-uri 'none'; form-action 'none'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{outcome.verdict}: contract {outcome.run.contract}"),
        style(CSS),
    )
    body = element("body", element("main", iter(_sections(outcome))))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en').text}\n"


def _sections(outcome: Outcome) -> Iterator[Markup]:
    yield _header(outcome)
    if outcome.causes:
        articles = (_cause(number, cause) for number, cause in enumerate(outcome.causes, 1))
        yield _section("Violations", articles)
    if outcome.reasons:
        told = (element("li", _tests(rows), element("p", reason)) for reason, rows in outcome.reasons.items())
        yield _section("Without verdict", element("ul", told, class_="reasons"))
    if outcome.remarks:
        told = (element("li", element("p", remark)) for remark in outcome.remarks)
        yield _section("Remarks", element("ul", told, class_="reasons"))
    if outcome.rows:
        yield _section("Claims", _table(outcome))
    yield _section("Policies in force", _policies(outcome.run))
    yield element("footer", _FOOTER)


def _section(title: str, *content: Content) -> Markup:
    return element("section", element("h2", title), *content)


def _header(outcome: Outcome) -> Markup:
    run, sentence = outcome.run, outcome.sentence
    counts = (
        element("li", element("b", str(count)), f" {verdict.replace('-', ' ')}", class_=_CLASSES[verdict])
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
        class_=f"verdict {_VERDICT_CLASSES[outcome.verdict]}",
    )


def _facts(facts: Iterator[tuple[str, Content]] | tuple[tuple[str, Content], ...]) -> Markup:
    return element("dl", (element("div", element("dt", name), element("dd", value)) for name, value in facts))


def _cause(number: int, cause: Cause) -> Markup:
    violation = cause.violation
    title = element(
        "h3",
        element("span", f"{number}.", class_="number"),
        " ",
        element("span", violation.code, class_=f"label {_SEVERITY_CLASSES[violation.severity]}"),
        " ",
        element("code", cause.place, class_="place"),
        element("span", f" got {violation.actual}", class_="got"),
    )
    opened = {"open": ""} if number <= _OPEN else {}
    return element("details", element("summary", title), _facts(_told(cause)), class_="cause", **opened)


def _told(cause: Cause) -> Iterator[tuple[str, Content]]:
    violation, evidence = cause.violation, cause.evidence
    label, phrase = basis(cause)
    yield _BASES[label], phrase
    if violation.note and violation.note not in cause.operations:
        yield "Note", violation.note
    if evidence is not None:
        yield from (("Sent before", element("pre", command)) for command in evidence.before)
        yield "Sent", element("pre", evidence.sent)
        yield "Came", came(evidence)
        if evidence.body:
            yield "Body", element("pre", evidence.body)
    yield "Found by", _tests(cause.rows)
    yield "Rerun", element("pre", cause.rerun)
    yield "Explained by", element("code", f"vocode-contract explain {violation.code}")


def _tests(rows: tuple[Row, ...]) -> Markup:
    names = tuple(dict.fromkeys(f"{row.operation}: {row.claim}" if row.operation else row.claim for row in rows))
    more = (f"and {len(names) - _TESTS} more",) if len(names) > _TESTS else ()
    return element("ul", (element("li", name) for name in (*names[:_TESTS], *more)), class_="tests")


def _table(outcome: Outcome) -> Markup:
    titles = (element("th", title, scope="col") for title in ("Claim", "Verdict", "Time"))
    groups = (_group(name, tuple(rows)) for name, rows in groupby(outcome.rows, key=lambda row: row.operation))
    caption = element("caption", "What each test claims, by operation, and what came of it.")
    table = element("table", caption, element("thead", element("tr", titles)), groups, class_="claims")
    return element("div", table, class_="wide")


def _group(operation: str, rows: tuple[Row, ...]) -> Markup:
    name = element("code", operation) if operation else "Several operations, or none"
    head = element("tr", element("th", name, scope="rowgroup", colspan="3"))
    return element("tbody", head, (element("tr", _cells(row)) for row in rows))


def _cells(row: Row) -> Iterator[Markup]:
    _, claim, verdict, seconds = cells(row)
    yield element("td", claim)
    yield element("td", element("span", verdict.lower(), class_=f"label {_CLASSES[row.verdict]}"))
    yield element("td", seconds, class_="time")


def _policies(run: RunDescription) -> Markup:
    lines = (
        element("tr", element("th", element("code", name), element("p", title), scope="row"), element("td", shown))
        for name, title, value in policies_in_force(run)
        for shown in [value.replace(",", ", ")]  # so that it may be wrapped
    )
    caption = "What no document decides, and how it was read: a run may choose otherwise."
    titles = (element("th", title, scope="col") for title in ("Policy", "Value"))
    head = element("thead", element("tr", titles))
    table = element("table", element("caption", caption), head, element("tbody", lines), class_="policies")
    return element("div", table, class_="wide")
