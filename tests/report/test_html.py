"""The HTML report in a browser, and what it shows beside what is in every report."""

import re
from dataclasses import replace

import pytest

pytest.importorskip("httpx")
pytest.importorskip("selenium")

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.report.test_files import EVIDENCE, HOSTILE, ROW, SPOILT, VIOLATION, WRONG, Strict, outcome, written
from tests.support.browser import emulated, find_barriers, read_console, visit
from vocode_contract.cli.main import run
from vocode_contract.report.outcome import Outcome

BODY = '{"id": "x", "status": "another", "agent": {"voice": {...}, "actions": [..., null, ...]}, "context": {}}'
SEEN = replace(EVIDENCE, place="/status", body=BODY)
ADVICE = replace(VIOLATION, code="slow", severity="advice", instance_pointer="", schema_pointer="/x", actual="9 s")


def found(*, operation: str, nodeid: str, violation=VIOLATION, **changes):
    evidence = {violation: replace(SEEN, operation=operation, sent=f"curl {operation}", **changes)}
    return replace(WRONG, nodeid=nodeid, operation=operation, violations=(violation,), evidence=evidence)


def mixed() -> Outcome:
    """A run with a violation of three operations, another of one of them, and hostile text."""
    spoilt = {violation: replace(seen, operation=HOSTILE) for violation, seen in SPOILT.evidence.items()}
    return outcome(
        ROW,
        *(found(operation=name, nodeid=f"t::{name}") for name in ("end_call", "get_call", "list_calls")),
        found(operation="get_call", nodeid="t::slow", violation=ADVICE),
        replace(SPOILT, evidence=spoilt),
        remarks=(HOSTILE,),
    )


def test_page_shows_what_was_expected_beside_what_was_found():
    text = written("html", outcome(found(operation="end_call", nodeid="t")))
    assert (
        '<div class="sides"><div class="good"><h4>Contract says</h4><p>C expects a word at #/s</p></div>'
        '<div class="bad"><h4>Found</h4><p>&quot;another&quot;</p></div></div>'
    ) in text


def test_page_shows_exchanges_of_a_violation_beside_each_other():
    text = written("html", mixed())
    exchanges = re.findall(r'<details class="exchange"( open="")?><summary><h4>(.*?)</h4>', text)
    assert exchanges == [(' open=""', "end_call 200"), (' open=""', "get_call 200"), ("", "list_calls 200")]
    assert all(f"curl {name}" in text for name in ("end_call", "get_call", "list_calls"))


def test_page_breaks_a_body_into_lines_and_marks_the_place():
    text = written("html", outcome(found(operation="end_call", nodeid="t")))
    assert text.count("<mark>") == 1
    assert "<mark>  &quot;status&quot;: &quot;another&quot;,</mark>" in text
    [body] = re.findall(r"<dt>Body</dt><dd><pre>(.*?)</pre>", text, re.DOTALL)
    lines = Strict(body).text.splitlines()
    assert lines == [
        "{",
        '  "id": "x",',
        '  "status": "another",',
        '  "agent": {',
        '    "voice": {...},',
        '    "actions": [',
        "      ...,",
        "      null,",
        "      ...",
        "    ]",
        "  },",
        '  "context": {}',
        "}",
    ]


@pytest.mark.parametrize("body", ['..."a": 1}, "b": [{"c', '"', "}]", "{,, ", '{"a\\', HOSTILE], ids=repr)
def test_page_takes_any_body(body):
    page = Strict(written("html", outcome(found(operation="end_call", nodeid="t", body=body, place="/a/b"))))
    assert re.sub(r"\s", "", body[:1]) in page.text


def test_page_names_the_severity_of_what_is_no_error():
    assert ">advice: slow</span>" in written("html", mixed())


def test_page_that_has_nothing_to_filter_has_no_filter():
    assert "radio" not in written("html", outcome(WRONG))


def test_page_with_a_filter_holds_elements_of_ours_alone():
    page = Strict(written("html", mixed()))
    assert not {"script", "img", "link", "iframe", "form"} & set(page.tags)
    assert page.tags.count("input") == 8  # all, and four operations; all, and two codes
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))


# --- in a browser ---


@pytest.fixture
def page(browser, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(written("html", mixed()), "utf-8")
    visit(browser, path.as_uri())
    return browser


def shown(page) -> list[str]:
    """The numbers of the causes that are shown, and how many the page says they are."""
    numbers = [each.text for each in page.find_elements(By.CSS_SELECTOR, ".number") if each.is_displayed()]
    script = "return getComputedStyle(document.querySelector('.shown'), '::before').content"
    assert "counter(shown)" in page.execute_script(script)
    return numbers


def select(page, text: str) -> None:
    page.find_element(By.XPATH, f"//label[normalize-space()={text!r}]").click()


@pytest.mark.slow
def test_filter_selects_by_operation_and_code(page):
    assert shown(page) == ["1.", "2.", "3."]
    select(page, "get_call")
    assert shown(page) == ["1.", "3."]
    assert page.find_element(By.CSS_SELECTOR, ".claims").text.count("end_call") == 0
    select(page, "slow")
    assert shown(page) == ["3."]
    select(page, "end_call")
    assert shown(page) == []


@pytest.mark.slow
def test_filter_hides_nothing_that_a_link_leads_to(page):
    select(page, "slow")
    page.execute_script("location.hash = 'cause-1'")
    assert shown(page) == ["1.", "3."]


@pytest.mark.slow
def test_filter_is_worked_with_the_keyboard(page):
    page.find_element(By.CSS_SELECTOR, ".contents a").send_keys("")
    for _ in range(10):
        ActionChains(page).send_keys(Keys.TAB).perform()
        if page.switch_to.active_element.get_attribute("name") == "operation":
            break
    ActionChains(page).send_keys(Keys.ARROW_DOWN * 3).perform()
    assert shown(page) == ["1.", "3."]
    assert page.switch_to.active_element.accessible_name == "get_call"
    assert page.execute_script("return getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.slow
def test_page_is_printed_whole_and_without_the_filter(page):
    select(page, "slow")
    with emulated(page, media="print"):
        assert len(shown(page)) == 3
        assert not page.find_element(By.CSS_SELECTOR, ".filter").is_displayed()
        script = "return [...document.querySelectorAll('.exchange pre')].every(each => each.checkVisibility())"
        assert page.execute_script(script)


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 400)])
def test_page_has_no_barriers(page, scheme, width):
    with emulated(page, scheme=scheme, width=width):
        assert find_barriers(page) == []
    assert page.title == "violates: contract 2023-11-30"
    assert read_console(page) == []


@pytest.mark.slow
def test_page_of_changes_has_no_barriers(browser, tmp_path, capsys):
    run(["diff", "--output-format", "html", "--show", "breaking", "2024-04-19", "2024-08-27"])
    path = tmp_path / "changes.html"
    path.write_text(capsys.readouterr().out, "utf-8")
    with emulated(browser, scheme="dark", width=400):
        visit(browser, path.as_uri())
        assert find_barriers(browser) == []
