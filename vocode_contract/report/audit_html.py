"""Render the result of an audit as one HTML page with pictures, without scripts or remote assets."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from vocode_contract.audit.recognize import day_of
from vocode_contract.audit.summary import VERDICTS, Finding, FindingKey, Verdict
from vocode_contract.contract.coverage import Part
from vocode_contract.contract.files import read_beside
from vocode_contract.report.audit import (
    STATES,
    AuditReport,
    AuditVerdict,
    PropertyUse,
    describe_calls,
    describe_property,
    list_statuses,
)
from vocode_contract.report.audit_pictures import TimeAxis, draw_days, draw_shares, draw_span, draw_squares
from vocode_contract.report.coverage import compute_percent, describe_part, group_parts
from vocode_contract.report.page import (
    Content,
    Markup,
    element,
    make_anchor,
    render_counts,
    render_facts,
    render_page,
    render_reasons,
    render_section,
    render_table,
)
from vocode_contract.report.payload_results import format_share, format_size, format_time
from vocode_contract.validation.codes import CODES

_SENTENCES: Mapping[AuditVerdict, tuple[str, str, str]] = {
    "conforms": ("✓", "good", "The archive conforms"),
    "violates": ("✗", "bad", "The archive violates the contract"),
    "inconclusive": ("?", "unclear", "Part of the archive could not be checked, and the rest conforms"),
}
_TONES: Mapping[Verdict, str] = {
    "conforms": "good",
    "drift": "unclear",
    "violates": "bad",
    "unreadable": "bad",
    "unknown": "quiet",
}
_GROUP_TONES = {"Violations": "bad", "Drift": "unclear", "Advice": "quiet"}
#: The lanes of the timeline that count payloads: label, class, and the verdicts that they count.
_LANES: tuple[tuple[str, str, tuple[Verdict, ...]], ...] = (
    ("Payloads", "quiet", VERDICTS),
    ("With drift", "unclear", ("drift",)),
    ("Violating", "bad", ("violates",)),
)
_FOOTER = "Times are in UTC. This page shows no values of payloads, except words where the contract lists words."
#: Maximum findings under a title; those of them that are expanded; findings on the timeline; files.
_MOST = 500
_OPEN = 3
_SPANS = 15
_FILES = 1000


def render_audit_html(report: AuditReport) -> str:
    """Return the page."""
    sections = dict(_sections(report))
    links = (element("li", element("a", title, href=f"#{make_anchor(title)}")) for title in sections)
    contents = element("nav", element("ul", links), class_="contents", aria_label="Contents")
    main = (_header(report), contents, (render_section(title, *content) for title, content in sections.items()))
    rules = read_beside(__file__, "audit.css").decode().replace("\r\n", "\n")
    return render_page(f"Audit: {report.verdict}", main, _FOOTER, rules=rules)


def _header(report: AuditReport) -> Markup:
    mark, tone, sentence = _SENTENCES[report.verdict]
    summary = report.audited.summary
    counts: list[tuple[int, str, str]] = [(summary.count(each), each, _TONES[each]) for each in VERDICTS]
    counts.append((summary.broken, "calls with a violation over time", "bad"))
    facts = (
        ("Contract", f"{report.audited.contract}, {report.audited.profile}"),
        ("Payloads", f"{summary.payloads:,}"),
        ("Read", f"{format_size(summary.size)} in {report.seconds:.1f} s"),
        ("Sample", report.sample),
    )
    title = element("h1", element("span", mark, class_="mark", aria_hidden="true"), sentence)
    return element(
        "header",
        title,
        render_counts(each for each in counts if each[0]),
        render_facts(facts),
        class_=f"verdict {tone}",
    )


def _sections(report: AuditReport) -> Iterator[tuple[str, tuple[Content, ...]]]:
    """Yield the title and content of each section."""
    if axis := TimeAxis.from_days({day for day, _ in report.audited.summary.days}):
        yield "Timeline", (*_draw_timeline(report, axis),)
    for title, found in report.groups.items():
        more = [element("p", f"and {len(found) - _MOST:,} more, in the JSON report")] if len(found) > _MOST else []
        tone = _GROUP_TONES.get(title, "bad")
        opened = _OPEN if tone == "bad" else 0
        shown = (_finding(report, pair, tone, is_open=number < opened) for number, pair in enumerate(found[:_MOST]))
        yield title, (*shown, *more)
    if report.unchecked:
        yield "Not checked", (render_reasons(report.unchecked[:_FILES]),)
    if dates := [*report.dates.describe()]:
        yield "Contract dates", (element("div", _draw_dates(report), _list(dates), class_="card picture"),)
    if calls := describe_calls(report):
        yield "Calls over time", (render_reasons([calls]),)
    if report.properties:
        yield "Properties by status", (*_show_properties(report),)
    if report.coverage.names and report.audited.summary.sampled:
        yield "Coverage of the contract", (*_draw_coverage(report),)
    yield "Payloads", (_tabulate_schemas(report),)
    if report.audited.sources:
        yield "Files", (_list_files(report),)


# --- timeline ---


def _draw_timeline(report: AuditReport, axis: TimeAxis) -> Iterator[Markup]:
    days = report.audited.summary.days
    lanes = []
    for label, tone, shown in _LANES:
        counts: Counter[str] = Counter()
        for (day, verdict), count in days.items():
            counts[day] += count * (verdict in shown)
        if bars := axis.add_up(+counts):
            unit = "per day" if axis.step == 1 else f"per {axis.step} days"
            text = f"{label}: {sum(bars.values()):,}, at most {max(bars.values()):,} {unit}"
            lanes.append(_lane(element("span", text), draw_days(axis, bars, text, tone)))
    lanes += _lanes_of_findings(report, axis)
    ends = element("div", element("span", str(axis.first)), element("span", str(axis.last)), class_="axis")
    yield element("div", lanes, _lane(element("span"), ends), class_="card picture")
    yield _collapse("Numbers", _tabulate_days(report, axis))


def _lane(label: Markup, picture: Markup) -> Markup:
    return element("div", label, picture, class_="lane")


def _lanes_of_findings(report: AuditReport, axis: TimeAxis) -> Iterator[Markup]:
    """Yield a lane for each of the first findings that have a time."""
    shown = 0
    for title, found in report.groups.items():
        for key, finding in found:
            since, until = day_of(finding.since), day_of(finding.until)
            if shown == _SPANS or not (since and until):
                continue
            shown += 1
            text = f"{key.pointer or '(document)'} {key.code}"
            label = f"{text}: from {since} to {until}"
            picture = draw_span(axis, (since, until), label, _GROUP_TONES.get(title, "bad"))
            yield _lane(element("code", text), picture)


def _tabulate_days(report: AuditReport, axis: TimeAxis) -> Markup:
    bars: dict[int, Counter[Verdict]] = defaultdict(Counter)
    for (day, verdict), count in report.audited.summary.days.items():
        bars[axis.find_bar(day)][verdict] += count
    rows = (
        _row(axis.describe_bar(number), *(f"{counts[verdict]:,}" for verdict in VERDICTS))
        for number, counts in sorted(bars.items())
    )
    return render_table("Payloads by day", ("day", *VERDICTS), element("tbody", rows), class_="numbers")


# --- findings ---


def _finding(report: AuditReport, pair: tuple[FindingKey, Finding], tone: str, *, is_open: bool) -> Markup:
    key, finding = pair
    violation = finding.example
    heading = element(
        "h3",
        element("span", violation.code, class_=f"label {tone}"),
        " ",
        element("code", violation.instance_pointer or "(document)", class_="place"),
        element("span", f" {violation.problem}", class_="got"),
    )
    code = CODES.get(violation.code)
    facts = [
        ("Schema", key.schema),
        (
            "Payloads",
            f"{finding.payloads:,}" + (f", {finding.count:,} times" if finding.count > finding.payloads else ""),
        ),
        ("First in", report.describe_place(finding.first)),
        ("Last in", report.describe_place(finding.last)),
        ("First seen", format_time(finding.since)),
        ("Last seen", format_time(finding.until)),
        ("Contract", f"{violation.contract} {violation.schema_pointer}".strip()),
        ("Note", violation.note),
        ("Meaning", code.meaning if code else ""),
    ]
    opened = {"open": ""} if is_open else {}
    shown = render_facts((name, value) for name, value in facts if value)
    return element("details", element("summary", heading), shown, class_="cause", **opened)


# --- dates, properties, coverage ---


def _draw_dates(report: AuditReport) -> Iterator[Markup]:
    sampled = report.audited.summary.sampled
    for use in report.dates.uses:
        text = f"{use.date}: {format_share(use.accepted.count, sampled)}"
        shares = ((use.accepted.count, "accepted"), (sampled - use.accepted.count, "refused"))
        yield _lane(element("span", text), draw_shares(shares, text))


def _show_properties(report: AuditReport) -> Iterator[Markup]:
    keys = (element("li", draw_shares([(1, state)], f"Colour of {state}"), state) for state in reversed(STATES))
    yield element("ul", keys, class_="key")
    remarkable = [use for use in report.properties if use.remarks]
    if remarkable:
        yield _tabulate_properties("Properties that a consumer may not expect", remarkable)
    rest = [use for use in report.properties if not use.remarks]
    if rest:
        yield _collapse(f"{len(rest):,} others", _tabulate_properties("Other optional properties", rest))


def _tabulate_properties(caption: str, uses: Sequence[PropertyUse]) -> Markup:
    statuses = list_statuses(uses)
    rows = (
        element(
            "tr",
            element("th", use.name, scope="row"),
            (element("td", _draw_property(use, status)) for status in statuses),
            element("td", "; ".join(use.remarks)),
        )
        for use in uses
    )
    titles = ("property", *(status or "no status" for status in statuses), "remarks")
    return render_table(caption, titles, element("tbody", rows), class_="uses")


def _draw_property(use: PropertyUse, status: str) -> Content:
    text, counts = describe_property(use, status), use.counts.get(status)
    if not counts:
        return text
    shares = [(counts[state], state) for state in reversed(STATES) if counts[state]]
    return (text, draw_shares(shares, f"{use.name}, {status or 'no status'}: {text} of {counts.total():,}"))


def _draw_coverage(report: AuditReport) -> Iterator[Markup]:
    found, counts = report.coverage, _count_parts(report)
    seen = found.parts & found.touched
    yield element(
        "p",
        f"{compute_percent(found)} %: {len(seen):,} of {len(found.parts):,} parts occur in the sample. Each square is "
        "an enumerated value, a type of a union, a state of an optional property, or an empty or non-empty array.",
    )
    keys = ((True, "seen"), (False, "not seen"))
    yield element("ul", (element("li", draw_squares([key], key[1]), key[1]) for key in keys), class_="key")
    cards = []
    for name, parts in group_parts(found).items():
        listed = sorted(parts)
        squares = [(part in seen, f"{describe_part(part)}: {counts.get(part, 0):,}") for part in listed]
        missing = [describe_part(part) for part in listed if part not in seen]
        text = f"{len(parts) - len(missing):,} of {len(parts):,}"
        content = [element("h3", name), element("span", text, class_="soft"), draw_squares(squares, f"{name}: {text}")]
        if missing:
            content.append(_collapse("not seen", _list(missing), class_="rest"))
        cards.append(element("li", content, class_="card"))
    yield element("ul", cards, class_="map")


def _count_parts(report: AuditReport) -> Mapping[Part, int]:
    counts: dict[Part, int] = {}
    for (_, part), count in report.audited.summary.parts.items():
        counts[part] = counts.get(part, 0) + count
    return counts


# --- tables ---


def _tabulate_schemas(report: AuditReport) -> Markup:
    rows = (
        _row(name or "none", f"{counts.total():,}", *(f"{counts[verdict]:,}" for verdict in VERDICTS))
        for name, counts in report.schemas.items()
    )
    titles = ("schema", "payloads", *VERDICTS)
    return render_table("Payloads by schema", titles, element("tbody", rows), class_="numbers")


def _list_files(report: AuditReport) -> Markup:
    sources = report.audited.sources
    rows = (_row(each.name, each.form, each.coding or "none", format_size(each.size)) for each in sources[:_FILES])
    more = f", of which the first {_FILES:,} are listed" if len(sources) > _FILES else ""
    table = render_table(
        "Files of the archive", ("file", "form", "compression", "size"), element("tbody", rows), class_="numbers"
    )
    return _collapse(f"{len(sources):,} {'file' if len(sources) == 1 else 'files'}{more}", table)


def _row(title: str, *cells: str) -> Markup:
    return element("tr", element("th", title, scope="row"), (element("td", cell) for cell in cells))


def _list(lines: Sequence[str]) -> Markup:
    return element("ul", (element("li", line) for line in lines))


def _collapse(title: str, content: Markup, *, class_: str = "cause") -> Markup:
    return element("details", element("summary", title), content, class_=class_)
