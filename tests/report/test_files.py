"""The reports of a run as files: each is read again by a strict reader, and the page by a browser."""

import errno
import json
import os
import re
import stat
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

pytest.importorskip("httpx")

from tests.support.browser import read_console, visit
from vocode_contract.cli.check import check
from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.pytest_plugin import _FORMATS
from vocode_contract.report.evidence import Evidence
from vocode_contract.report.files import FORMATS, ReportRequest, parse_reports, write_reports
from vocode_contract.report.outcome import Outcome, RunDescription
from vocode_contract.report.results import ResultCollector
from vocode_contract.report.row import Row
from vocode_contract.validation.codes import CODES
from vocode_contract.validation.violation import Violation

DOCS = Path(__file__).parents[2] / "docs" / "reference"
HOSTILE = (
    "</style></script><script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">"
    "`]]>-->|[a](javascript:1)@octocat #1 ::add-mask::x ##vso[x]\n::error::y\x1b[2J\x00\u202e\u2028\udcff\ufffe'\"&amp;"
)
VIOLATION = Violation(
    instance_pointer="/status", code="enum", expected="a word", actual='"another"', schema_pointer="/s", contract="C"
)
EVIDENCE = Evidence(operation="end_call", sent="curl x", status=200, media_type="", size=1, seconds=None, body="{}")
ROW = Row(nodeid="test_end_call.py::test_ends[a b]", operation="end_call", claim="ends", verdict="conforms")
WRONG = replace(ROW, verdict="violates", violations=(VIOLATION,), evidence={VIOLATION: EVIDENCE})
SPOILT = replace(
    WRONG,
    nodeid=f"test_a.py::test_b[{HOSTILE}]",
    operation=HOSTILE,
    claim=HOSTILE,
    reason=HOSTILE,
    violations=(replace(VIOLATION, instance_pointer=f"/{HOSTILE}", actual=HOSTILE, expected=HOSTILE, note=HOSTILE),),
    evidence={},
)
SPOILT = replace(
    SPOILT, evidence={SPOILT.violations[0]: replace(EVIDENCE, sent=f"curl {HOSTILE}", body=HOSTILE, place=HOSTILE)}
)


#: What a run says of itself beside the verdict.
REMARKS = ["calls of this run (x): 6 created, 1 ended, 5 left", HOSTILE]


def outcome(*rows: Row, where: str = "https://staging.example", remarks: tuple[str, ...] = ()) -> Outcome:
    run = RunDescription(
        contract="2023-11-30",
        profile="wire",
        where=where,
        command="vocode-contract check --only",
        uncut="--all",
        started=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        seconds=2.5,
        paths={name: operation.path for name, operation in Contract.load().operations.items()},
    )
    return Outcome(run=run, tally=ResultCollector(list(rows), list(remarks)))


FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def interrupted(*rows: Row) -> Outcome:
    found = outcome(*rows)
    found.tally.planned, found.tally.interrupted = 9, 130
    return found


each_format = pytest.mark.parametrize("name", FORMATS)
each_outcome = pytest.mark.parametrize(
    "found",
    [outcome(), outcome(ROW), outcome(ROW, WRONG), outcome(SPOILT, where=HOSTILE), interrupted(ROW)],
    ids=["nothing", "conforms", "violates", "hostile", "interrupted"],
)


class Strict(HTMLParser):
    """Takes a page apart, and refuses what is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def written(name: str, found: Outcome) -> str:
    render, _ = FORMATS[name]
    return render(found)


@each_format
@each_outcome
def test_report_is_printable_and_gives_no_command(name, found):
    text = written(name, found)
    assert not FORBIDDEN.search(text)
    assert not re.search(r"::add-mask::|##vso|^::error::", text, re.MULTILINE)
    assert name == "github" or not text.startswith("::")


def test_json_is_as_documented():
    if not DOCS.is_dir():
        pytest.skip("the docs are in the checkout alone")
    page = (DOCS / "report.md").read_text("utf-8")
    schema = json.loads(re.findall(r"```json\n(\{\n  \"\$schema\".*?)```", page, re.DOTALL)[1])
    for found in (outcome(), outcome(ROW, WRONG), outcome(SPOILT, where=HOSTILE), interrupted(WRONG)):
        jsonschema.Draft202012Validator(schema).validate(json.loads(written("json", found)))


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"github", "accepted"}))
def test_report_tells_remarks_and_names_of_policies(name):
    found = outcome(ROW, remarks=tuple(REMARKS))
    text = written(name, found)
    words = re.sub(r"&#(\d+);", lambda code: chr(int(code[1])), text).replace("\\", "")
    assert "6 created, 1 ended, 5 left" in words
    assert "authentication" in words
    assert "x=1" not in words
    assert not FORBIDDEN.search(text)


def test_json_tells_what_a_violation_rests_on():
    violations = tuple(
        replace(VIOLATION, code=code, policy=policy)
        for code, policy in (("enum", ""), ("call-not-ended", ""), ("not-refused", "authentication=401"))
    )
    report = json.loads(written("json", outcome(replace(WRONG, violations=violations))))
    assert [each["basis"] for each in report["violations"]] == ["contract", "inference", "policy authentication=401"]


def test_json_lists_every_violation_with_its_evidence():
    report = json.loads(written("json", outcome(ROW, WRONG)))
    [violation] = report["violations"]
    assert (report["verdict"], report["exit_code"], report["counts"]) == ("violates", 1, {"conforms": 1, "violates": 1})
    assert violation["evidence"]["sent"] == "curl x"
    assert violation["rerun"] == "vocode-contract check --only 'test_end_call.py::test_ends[a b]'"


@each_outcome
def test_junit_counts_what_it_holds(found):
    [suite] = ET.fromstring(written("junit", found))  # noqa: S314 - our own text
    cases = suite.findall("testcase")
    assert int(suite.get("tests", "")) == len(cases) == len(found.rows) + found.is_interrupted
    assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure")) == found.tally.count("violates")


def test_junit_holds_the_evidence():
    [suite] = ET.fromstring(written("junit", outcome(WRONG)))  # noqa: S314 - our own text
    properties = {each.get("name"): each.get("value") for each in suite.findall("testcase/properties/property")}
    assert Violation(**json.loads(properties["vocode_violation"] or "")) == VIOLATION
    assert json.loads(properties["vocode_evidence"] or "")["sent"] == "curl x"


def test_junit_tells_a_failure_as_a_person_reads_it():
    [suite] = ET.fromstring(written("junit", outcome(WRONG)))  # noqa: S314 - our own text
    [failure] = suite.iter("failure")
    assert failure.get("message") == "1 violation of the contract"
    assert (failure.text or "").splitlines() == [
        '1. end_call 200 /status: expected a word, got "another" [enum, C]',
        "   found by  1 test of end_call",
        "   sent      curl x",
        "   received  status 200, 1 byte",
        "   body      {}",
        "   contract  C expects a word at #/s",
        "   code      vocode-contract explain enum",
        "   rerun     vocode-contract check --only 'test_end_call.py::test_ends[a b]'",
    ]


def test_junit_tells_a_cause_in_full_once():
    again = replace(WRONG, nodeid="test_end_call.py::test_zzz")
    text = written("junit", outcome(WRONG, again))
    assert text.count("   sent      curl x") == text.count('name="vocode_evidence"') == 1
    assert "   shown at test_end_call.py::test_ends[a b]" in text


def test_junit_of_a_server_that_does_all_wrong_is_bounded():
    violations = tuple(replace(VIOLATION, schema_pointer=f"/s/{index}", expected="e" * 400) for index in range(100))
    evidence = {each: replace(EVIDENCE, sent="s" * 8_000, body="b" * 2_000) for each in violations[:20]}
    rows = [
        replace(WRONG, nodeid=f"test_a.py::test_{index}", violations=violations, evidence=evidence)
        for index in range(80)
    ]
    text = written("junit", outcome(*rows))
    assert len(text) < 1_000_000
    assert text.count("and 90 more") == 80


ACCEPTED = replace(
    WRONG, verdict="conforms", violations=(replace(VIOLATION, accepted="VOC-1: old dialler"),), evidence={}
)


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"accepted"}))
def test_report_shows_accepted_violations_with_their_reason(name):
    found = outcome(ACCEPTED)
    assert (found.verdict, found.causes) == ("conforms", ())
    text = re.sub(r"&#(\d+);", lambda code: chr(int(code[1])), written(name, found)).replace("\\", "")
    assert "VOC-1: old dialler" in text


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"accepted"}))
def test_report_names_outdated_entries_and_does_not_blame_the_api(name):
    found = outcome(ROW)
    found.tally.outdated = ["accepted entry 3 expired"]
    assert (found.exit_code, found.verdict) == (1, "outdated")
    text = re.sub(r"&#(\d+);", lambda code: chr(int(code[1])), written(name, found)).replace("\\", "")
    assert "accepted entry 3 expired" in text
    assert "the API violates" not in text


def test_junit_counts_an_outdated_entry_as_a_failure():
    found = outcome(ACCEPTED)
    found.tally.outdated = ["accepted entry 3 expired"]
    [suite] = ET.fromstring(written("junit", found))  # noqa: S314 - our own text
    assert (suite.get("tests"), suite.get("failures"), len(suite.findall("testcase/failure"))) == ("2", "1", 1)


def test_sarif_suppresses_accepted_violations_alone():
    [run] = json.loads(written("sarif", outcome(ACCEPTED, WRONG)))["runs"]
    suppressed = [[each["justification"] for each in result["suppressions"]] for result in run["results"]]
    assert suppressed == [[], ["VOC-1: old dialler"]]


def test_file_of_accepted_violations_has_an_entry_for_each_operation_place_and_code():
    import tomllib

    listed = replace(VIOLATION, instance_pointer="/items/3/status")
    row = replace(
        WRONG,
        violations=(VIOLATION, listed),
        evidence={VIOLATION: EVIDENCE, listed: replace(EVIDENCE, operation="list_calls")},
    )
    drift = replace(ROW, violations=(replace(VIOLATION, severity="drift"),))
    entries = tomllib.loads(written("accepted", outcome(row, ACCEPTED, drift)))["accepted"]
    assert [(entry["operation"], entry["place"], entry["code"]) for entry in entries] == [
        ("end_call", "/status", "enum"),
        ("list_calls", "/items/*/status", "enum"),
    ]
    assert {(entry["expires"].isoformat(), entry["reason"]) for entry in entries} == {
        ("2026-04-02", "found on 2026-01-02; name the ticket")
    }


def test_github_writes_a_command_a_cause_and_one_for_the_verdict():
    lines = written(
        "github", outcome(ROW, replace(WRONG, module="vocode_contract.conformance.test_end_call"))
    ).splitlines()
    assert [line.partition("::")[2].partition("%0A")[0] for line in lines] == [
        'error title=enum::end_call 200 /status: expected a word, got "another" [enum, C]',
        "error title=contract 2023-11-30::1 conforms, 1 VIOLATES: the API violates the contract",
    ]
    assert "%0Arerun: vocode-contract check --only" in lines[0]


def test_github_names_the_file_of_a_user_s_own_test():
    assert written("github", outcome(WRONG)).startswith("::error file=test_end_call.py,title=enum::")


def test_page_explains_codes_and_links_tests_to_violations():
    page = written("html", outcome(WRONG))
    assert CODES["enum"].meaning in Strict(page).text
    assert '<details class="cause" id="cause-1"' in page
    assert '<a href="#cause-1">1</a>' in page


@each_outcome
def test_sarif_is_whole(found):
    report = json.loads(written("sarif", found))
    [run] = report["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert (report["version"], len(run["results"])) == ("2.1.0", len(found.causes))
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]
        [location] = result["locations"]
        assert re.fullmatch(r"[\w./%-]+", location["physicalLocation"]["artifactLocation"]["uri"])


@pytest.mark.parametrize(
    ("module", "operation", "uri"),
    [
        ("vocode_contract.conformance.test_end_call", "end_call", "v1/calls/end"),
        ("", "end_call", "test_end_call.py"),  # a user's own test, which is in their repository
        ("vocode_contract.conformance.test_end_call", "hostile", "test_end_call.py"),
    ],
)
def test_sarif_files_an_alert_where_its_reader_can_tell_what_is_meant(module, operation, uri):
    row = replace(WRONG, module=module, evidence={VIOLATION: replace(EVIDENCE, operation=operation)})
    [result] = json.loads(written("sarif", outcome(row)))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": uri}


def test_sarif_tells_each_step_on_a_line_of_its_own():
    row = replace(WRONG, evidence={VIOLATION: replace(EVIDENCE, before=("curl first",))})
    [result] = json.loads(written("sarif", outcome(row)))["runs"][0]["results"]
    lines = result["message"]["text"].splitlines()
    assert lines[1:4] == ["before: curl first", "sent: curl x", "received: status 200, 1 byte"]


def test_sarif_knows_a_cause_again():
    prints = [
        json.loads(written("sarif", outcome(replace(WRONG, seconds=seconds))))["runs"][0]["results"][0][
            "partialFingerprints"
        ]
        for seconds in (1, 2)
    ]
    assert prints[0] == prints[1]


def test_markdown_tells_the_verdict_and_the_evidence():
    text = written("markdown", outcome(WRONG))
    assert text.startswith("### ❌ The API violates the contract\n")
    assert "\nsent      curl x\n" in text


def test_markdown_of_hostile_text_holds_no_mark_of_it():
    text = written("markdown", outcome(SPOILT, where=HOSTILE))
    text = re.sub(r"^(`{3,})text\n.*?\n\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert set(re.findall(r"<(/?\w+)", text)) == {"details", "/details", "summary", "/summary", "code", "/code"}
    assert not re.search(r"(?<!\\)[@`\[]", text)
    assert all(line.count("|") == 5 for line in re.sub(r"\\\|", "", text).splitlines() if line.startswith("|"))


def test_markdown_is_readable_as_plain_text():
    text = written("markdown", outcome(WRONG, where="https://staging.example/api"))
    assert "<code>end_call 200 /status</code>" in text
    assert "&#95;" not in text
    assert re.findall("&#58;", text) == ["&#58;"]  # GitHub would make a link of the URL


def test_markdown_fits_into_a_comment():
    causes = tuple(replace(VIOLATION, schema_pointer=f"/s/{index}") for index in range(2_000))
    rows = [replace(ROW, nodeid=f"t::{index}", claim="c" * 400) for index in range(2_000)]
    assert len(written("markdown", outcome(replace(WRONG, violations=causes), *rows))) < 65_536


@each_outcome
def test_page_holds_elements_of_ours_alone(found):
    page = Strict(written("html", found))
    assert not {"script", "img", "link", "iframe", "form"} & set(page.tags)
    assert page.tags.count("style") == 1
    assert not [name for name, _ in page.attributes if name in ("style", "src") or name.startswith("on")]
    targets = {value for name, value in page.attributes if name == "id"}
    assert {str(value)[1:] for name, value in page.attributes if name == "href"} <= targets


def test_page_tells_what_was_found():
    text = Strict(written("html", outcome(ROW, WRONG))).text
    told = ("The API violates the contract", "curl x", "/status", "a word", "https://staging.example", "2.5 s", "401")
    assert [each for each in told if each not in text] == []


def many(count: int) -> Outcome:
    """A run that found that many causes, each by ten tests."""
    causes = tuple(replace(VIOLATION, code="type", schema_pointer=f"/s/{index}") for index in range(count))
    evidence = {cause: replace(EVIDENCE, before=("curl first",)) for cause in causes}
    row = replace(WRONG, violations=causes, evidence=evidence)
    return outcome(*(replace(row, nodeid=f"t::{index}", claim=f"claims {index}") for index in range(10)))


def test_page_opens_the_first_violations_alone_and_numbers_all():
    text = written("html", many(23))
    assert text.count("<details") == 23
    assert text.count(' open="">') == 3
    headings = re.findall(r"<h3><span class=\"number\">(\d+)\.</span>", text)
    assert headings == [str(number) for number in range(1, 24)]


def test_page_names_five_tests_of_a_violation_and_counts_the_others():
    text = written("html", many(1))
    [found] = re.findall(r"<dt>Found by</dt><dd><ul class=\"tests\">(.*?)</ul>", text)
    assert re.findall("<li>(.*?)</li>", found) == [*(f"end_call: claims {index}" for index in range(5)), "and 5 more"]


def test_page_tells_what_was_sent_before_and_what_each_thing_rests_on():
    policed = replace(VIOLATION, code="not-refused", policy="authentication=401")
    text = Strict(written("html", outcome(replace(WRONG, violations=(policed,))))).text
    assert "Policy saysauthentication=401 expects a word" in text
    assert "Sent beforecurl first" in Strict(written("html", many(1))).text


def test_page_has_a_caption_for_each_table():
    tags = Strict(written("html", outcome(WRONG))).tags
    assert tags.count("caption") == tags.count("table") == 2


def test_page_gives_each_operation_a_row_of_its_own():
    text = written("html", outcome(ROW, replace(ROW, nodeid="t::x")))
    assert text.count('<tr><th scope="rowgroup" colspan="3"><code>end_call</code></th></tr>') == 1


def opened(browser: Any, path: Path, page: str) -> Any:
    """Open a page in a browser."""
    path.write_text(page, "utf-8")
    visit(browser, path.as_uri())
    return browser


@pytest.mark.slow
def test_page_on_paper_shows_every_violation_whole(browser, tmp_path):
    page = written("html", many(23))
    expanded = re.sub(r'(<details class="cause" id="[^"]*")>', r'\1 open="">', page)
    assert expanded.count("open=") == 23
    printed = (opened(browser, tmp_path / "a.html", each).print_page() for each in (page, expanded))
    pages, expanded_pages = (len(re.findall(rb"/Type\s*/Page\b", b64decode(each))) for each in printed)
    assert pages == expanded_pages > 3


@pytest.mark.slow
def test_page_runs_nothing_in_a_browser(browser, tmp_path):
    page = opened(browser, tmp_path / "report.html", written("html", outcome(SPOILT, ROW, where=HOSTILE)))
    assert page.title == "violates: contract 2023-11-30"
    assert not re.search(r"<(script|img)\b", page.page_source)
    assert read_console(page) == []


@pytest.mark.slow
def test_page_has_a_policy_that_a_browser_enforces(browser, tmp_path):
    text = written("html", outcome(WRONG)).replace("</main>", "</main><script>document.title='pwned'</script>")
    page = opened(browser, tmp_path / "report.html", text.replace("<style>", "<style>/* */"))
    assert page.title.startswith("violates")
    console = "\n".join(read_console(page))
    assert "inline style" in console
    assert "inline script" in console


@pytest.mark.slow
def test_page_is_drawn_by_a_browser(browser, tmp_path):
    page = opened(browser, tmp_path / "report.html", written("html", outcome(ROW, WRONG)))
    assert page.get_screenshot_as_png().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("values", "paths"),
    [
        (["json"], ["-"]),
        (["json=-,html=a.html"], ["-", "a.html"]),
        (["html=a,b.html,junit=c.xml", "sarif=/dev/stdout"], ["a,b.html", "c.xml", "-"]),
    ],
)
def test_option_names_formats_and_paths(values, paths):
    assert [each.path for each in parse_reports(values, "--report")] == paths


def test_option_of_pytest_names_files_by_default():
    reports = parse_reports(["json,html", "github"], "--vocode-report", default="vocode-contract.{}")
    assert [report.path for report in reports] == ["vocode-contract.json", "vocode-contract.html", "-"]


def test_help_and_reference_name_every_format():
    # Written by hand there: to import the formats for a line of help would slow down every start.
    *others, last = FORMATS
    listed = f"{', '.join(others)} or {last}"
    reports = next(each for each in check.params if each.name == "reports")
    assert listed in str(getattr(reports, "help", "")), "add it to --report in cli/check.py"
    assert listed == _FORMATS, "add it in pytest_plugin/__init__.py"
    assert listed in (DOCS / "pytest.md").read_text("utf-8").replace("`", "")
    section = (DOCS / "report.md").read_text("utf-8").partition("\n## Run reports\n")[2].partition("\n#")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(FORMATS)
    assert all(f".{extension}`" in section for _, extension in FORMATS.values() if extension)


@pytest.mark.parametrize("value", ["", "pdf", "html=", "json,html", "json=a,html=./a", "html=\0"])
def test_option_that_names_no_report_is_refused(value):
    with pytest.raises(InvalidOption, match="--report"):
        parse_reports([value], "--report")


@each_format
def test_file_is_for_its_owner_alone(tmp_path, name):
    path = tmp_path / "report"
    path.write_text("old")
    path.chmod(0o644)
    assert list(write_reports(outcome(WRONG), (ReportRequest(name=name, path=str(path)),), print)) == []
    assert path.read_text("utf-8") == written(name, outcome(WRONG))
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def failure(path: Path) -> str:
    [line] = write_reports(outcome(), (ReportRequest(name="json", path=str(path)),), print)
    assert str(path) in line
    return line


def refusal(path: Path, name: str = "json") -> str:
    with pytest.raises(InvalidOption) as refused:
        parse_reports([f"{name}={path}"], "--report")
    return str(refused.value)


def test_path_that_cannot_be_written_is_refused_before_the_run(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "file").touch()
    assert "the json report cannot be written: " in refusal(tmp_path)
    assert "is not a file" in refusal(tmp_path)
    assert "symbolic link" in refusal(tmp_path / "link")
    assert "No such file" in refusal(tmp_path / "nowhere" / "report")
    assert "Not a directory" in refusal(tmp_path / "file" / "report")
    assert parse_reports([f"json={tmp_path / 'file'}"], "--report")


def test_file_of_accepted_violations_is_never_replaced(tmp_path):
    (tmp_path / "file").touch()
    assert "exists, and is never replaced" in refusal(tmp_path / "file", "accepted")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions of POSIX, which root ignores")
def test_directory_that_is_read_only_is_refused_before_the_run(tmp_path):
    tmp_path.chmod(0o500)
    assert "Permission denied" in refusal(tmp_path / "report")


def test_file_is_not_written_through_a_symbolic_link(tmp_path):
    (tmp_path / "target").write_text("mine")
    (tmp_path / "report").symlink_to(tmp_path / "target")
    assert "symbolic link" in failure(tmp_path / "report")
    assert (tmp_path / "target").read_text() == "mine"


def test_file_that_cannot_be_written_is_told(tmp_path):
    assert "is not a file" in failure(tmp_path)
    assert "No such file" in failure(tmp_path / "nowhere" / "report")


def test_file_is_whole_or_not_there(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    assert os.strerror(errno.ENOSPC) in failure(tmp_path / "report")
    assert list(tmp_path.iterdir()) == []
