"""The HTML and Markdown reports of an audit: what they show, that nothing breaks out of them, and in a browser."""

import re
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

pytest.importorskip("httpx")
pytest.importorskip("selenium")

from tests.audit.archives import write_lines
from tests.report.test_audit import CONTRACT, at, report_of, report_with
from tests.report.test_files import FORBIDDEN, HOSTILE, Strict
from tests.support.browser import emulated, find_barriers, read_console, visit
from vocode_contract.audit.run import AuditResult
from vocode_contract.audit.sources import Source
from vocode_contract.audit.summary import DateFit, FindingKey, PayloadPlace, Summary
from vocode_contract.contract.coverage import Part
from vocode_contract.report.audit import AuditReport
from vocode_contract.report.audit_html import render_audit_html
from vocode_contract.report.audit_markdown import render_audit_markdown
from vocode_contract.report.audit_pictures import TimeAxis
from vocode_contract.report.markdown import MOST
from vocode_contract.validation.violation import Violation

VIOLATION = Violation(instance_pointer="/a", code="type", expected="a word", actual="null", contract="2023-11-30")


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> AuditReport:
    """The report of an archive in which everything occurs that a page shows."""
    rows: list[Any] = [at(number, "03") for number in range(30)] + [
        at(30 + number, "04", stage="created") for number in range(9)
    ]
    rows += [at(1, "04", status="in_progress", end_time=None), at(2, "04", agent=None), {"neither": 1}]
    path = tmp_path_factory.mktemp("archive") / "a.jsonl"
    write_lines(path, rows)
    with path.open("ab") as file:
        file.write(b"nothing\n")
    return report_of(path, path.with_name("missing.jsonl"))


@cache
def hostile() -> AuditReport:
    """A report in which every text that comes from elsewhere is hostile."""
    sources = tuple(
        Source(path="x", form=form, coding="", size=1, name=f"{HOSTILE}{form}")
        for form in ("lines", "array", "har", "cassette", "value")
    )
    summary = Summary(
        fits={(HOSTILE,): DateFit(count=1, since=1e300, until=1e300), (): DateFit(count=1, since=0.0, until=1.0)},
        damaged={(0, 7): HOSTILE},
        sampled=2,
        observations=1,
        calls=1,
    )
    summary.verdicts[HOSTILE, "violates"] = 1
    summary.days["2024-02-29", "violates"] = 1
    summary.parts["", Part("/components/schemas/Call/properties/end_time", "property", "null")] = 1
    pointer = f"/{HOSTILE}"
    violation = replace(VIOLATION, instance_pointer=pointer, expected=HOSTILE, actual=HOSTILE, note=HOSTILE)
    for number in range(5):
        summary.add_violations(HOSTILE, [violation], PayloadPlace(number, 0, number), 1709200000.0)
    audited = AuditResult(
        summary=summary, sources=sources, unread={HOSTILE: HOSTILE}, contract=HOSTILE, profile="tolerant"
    )
    return AuditReport(audited=audited, contract=CONTRACT)


def test_page_names_what_was_found(report):
    page = Strict(render_audit_html(report))
    for text in (
        "The archive violates the contract",
        "Timeline",
        "With drift: 9, at most 1 per day",
        "Violating: 1, at most 1 per day",
        "status-went-back",
        "a.jsonl:41",
        "The status goes from not_started to in_progress",
        "1 payload is not readable as JSON",
        "missing.jsonl: no such file",
        "since 2024-04-03 10:05:00 UTC: 2024-04-19 and 2024-08-27 fit best",
        "null, which its schema does not declare",
        "not_started",
    ):
        assert text in page.text


def test_page_draws_the_days_the_dates_the_properties_and_the_map(report):
    page = render_audit_html(report)
    assert re.findall(r'<svg [^>]*class="days (\w+)">', page) == ["quiet", "unclear", "bad"]
    assert page.count('class="span unclear"') >= 1
    assert page.count('class="shares"') > 30
    assert "<title>value ended: " in page
    assert page.count('class="seen"') == len(report.coverage.parts & report.coverage.touched) + 1  # the key


def test_page_of_nothing_is_whole():
    page = Strict(render_audit_html(report_with()))
    assert "there are no payloads" in page.text
    assert "Timeline" not in page.text


def test_page_needs_no_script_and_loads_nothing(report):
    for each in (report, hostile()):
        text = render_audit_html(each)
        page = Strict(text)
        assert not {"script", "img", "link", "iframe", "form", "image", "use", "foreignobject"} & set(page.tags)
        assert "default-src &#x27;none&#x27;" in text
        assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("style", "src")]
        assert not FORBIDDEN.search(text)
        ids = [value for name, value in page.attributes if name == "id"]
        assert len(ids) == len(set(ids))


def test_page_shows_hostile_text_as_text():
    text = render_audit_html(hostile())
    assert "document.title" in Strict(text).text
    assert "::add-mask::" not in text


def test_axis_shows_years_in_few_bars():
    axis = TimeAxis.from_days(["2020-01-01", "2024-01-01"])
    assert axis is not None
    assert (axis.step, axis.find_bar("2020-01-13"), axis.find_bar("2020-01-14")) == (13, 0, 1)
    assert axis.describe_bar(0) == "2020-01-01 to 2020-01-13"
    assert axis.describe_bar(axis.find_bar("2024-01-01")).endswith("2024-01-01")


@pytest.mark.parametrize("days", [[], ["2000-01-01", "2099-01-01"]])
def test_axis_is_left_out_where_it_would_show_nothing(days):
    assert TimeAxis.from_days(days) is None


# --- Markdown ---


def test_markdown_shows_violations_at_once_and_collapses_drift(report):
    text = render_audit_markdown(report)
    assert text.startswith("### ❌ The archive violates the contract: 43 payloads in 1 file: ")
    assert "#### Violations\n\n- <code>" in text
    assert re.search(r"<details><summary>Drift \(\d+\)</summary>", text)
    assert "| <code>Call/end_time</code> | null | present |" in text


def test_markdown_of_hostile_text_holds_elements_of_ours_alone():
    text = render_audit_markdown(hostile())
    assert set(re.findall(r"</?(\w+)", text)) <= {"details", "summary", "code"}
    assert "@octocat" not in text
    assert not FORBIDDEN.search(text)


def test_markdown_fits_into_a_comment():
    violations = {
        FindingKey("error", "type", "Call", "/s", f"/{'k' * 300}{number}", ""): replace(
            VIOLATION, instance_pointer=f"/{'k' * 3000}{number}", expected="x" * 3000
        )
        for number in range(100)
    }
    found = report_with()
    for violation in violations.values():
        for severity in ("error", "drift", "advice"):
            found.audited.summary.add_violations(
                "Call",
                [replace(violation, severity=severity)],
                PayloadPlace(0, 0, 0),
            )
    unread = {f"{'p' * 3000}{number}": "gone" for number in range(100)}
    report = AuditReport(audited=replace(found.audited, unread=unread), contract=CONTRACT)
    assert len(render_audit_markdown(report)) <= MOST + 200


# --- in a browser ---


@pytest.fixture
def page(browser, tmp_path, report):
    path = tmp_path / "audit.html"
    path.write_text(render_audit_html(report), "utf-8")
    visit(browser, path.as_uri())
    return browser


_ARE_DRAWN = """
return [...document.querySelectorAll('main > section svg')].filter(each => each.checkVisibility()).map(each => {
  const box = each.getBoundingClientRect();
  return box.width > 3 && box.height > 3;
})
"""


@pytest.mark.slow
def test_page_has_no_barriers(page):
    with emulated(page, scheme="dark", width=400):
        assert find_barriers(page) == []
        drawn = page.execute_script(_ARE_DRAWN)
    assert len(drawn) > 15
    assert all(drawn)
    assert page.title == "Audit: violates"
    assert read_console(page) == []


@pytest.mark.slow
def test_page_colours_what_it_draws_and_is_printed_whole(page):
    script = "return getComputedStyle(document.querySelector('.seen')).fill"
    with emulated(page, scheme="light"):
        light = page.execute_script(script)
    with emulated(page, scheme="dark"):
        assert page.execute_script(script) != light
    with emulated(page, media="print"):
        assert page.execute_script(
            "return [...document.querySelectorAll('details li')].every(e => e.checkVisibility())"
        )


@pytest.mark.slow
def test_hostile_page_runs_nothing(browser, tmp_path):
    path = tmp_path / "hostile.html"
    path.write_text(render_audit_html(hostile()), "utf-8")
    visit(browser, path.as_uri())
    assert browser.title == "Audit: violates"
    assert read_console(browser) == []
