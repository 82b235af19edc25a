"""`vocode-contract diff`: exit codes and formats."""

import json
import re
from html.parser import HTMLParser

import pytest

from tests.support.changes import used
from vocode_contract.cli import main
from vocode_contract.cli.diff import FORMATS
from vocode_contract.report.change_formats import CHANGE_REPORTS

STEP = ("2023-11-30", "2024-08-27")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("2023-11-30", "2023-11-30"), 0),
        (STEP, 1),
        (("--fail-on", "never", *STEP), 0),
        (("--profile", "tolerant", "2023-11-30", "2024-04-19"), 0),
        (("--profile", "tolerant", "--fail-on", "risky", "2023-11-30", "2024-04-19"), 1),
        (("2023-11-30", "2020-01-01"), 2),
    ],
)
def test_diff_exits_by_the_worst_level(arguments, code):
    assert main.run(["diff", *arguments]) == code


def test_diff_lists_one_cause_in_many_places_once(capsys):
    main.run(["diff", "--output-format", "json", "2024-04-19", "2024-08-27"])
    found = [each for each in json.loads(capsys.readouterr().out)["changes"] if each["kind"] == "null-added"]
    assert len(found) <= 3
    assert sum(each["count"] for each in found) == 91


def test_diff_has_every_format():
    assert tuple(CHANGE_REPORTS) == FORMATS


def test_diff_shows_only_what_matters_enough(capsys):
    main.run(["diff", "--show", "breaking", *STEP])
    *lines, _ = capsys.readouterr().out.splitlines()
    assert lines
    assert {line.partition(":")[0] for line in lines} == {"breaking"}


def test_diff_page_has_no_script_and_shows_both_sides(capsys):
    main.run(["diff", "--output-format", "html", *STEP])
    page = capsys.readouterr().out
    HTMLParser().feed(page)
    assert "default-src 'none'" in page.replace("&#x27;", "'")
    assert "<script" not in page
    assert len(re.findall('class="sides"', page)) > 10


def test_diff_sarif_names_a_rule_for_each_result(capsys):
    main.run(["diff", "--output-format", "sarif", *STEP])
    [run] = json.loads(capsys.readouterr().out)["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert {result["ruleId"] for result in run["results"]} == {*rules}


def accepted(tmp_path, text: str):
    file = tmp_path / "accepted.toml"
    file.write_text(text, "utf-8")
    return "--accepted", str(file)


ALL_NULLS = '[[accepted]]\nkind = "null-added"\nreason = "VOC-7: clients handle null"\n'
TO_NULL = ("2024-04-19", "2024-08-27")


@pytest.fixture
def sides(tmp_path):
    """Write two documents, of which the newer one allows null."""
    contracts = (used({"properties": {"a": {"type": kind}}}, "received") for kind in ("string", ["string", "null"]))
    files = [tmp_path / name for name in ("old.json", "new.json")]
    for file, contract in zip(files, contracts, strict=True):
        file.write_text(json.dumps(contract.document), "utf-8")
    return [str(file) for file in files]


def test_diff_of_accepted_changes_passes_and_shows_them_apart(tmp_path, sides, capsys):
    assert main.run(["diff", *sides]) == 1
    capsys.readouterr()
    assert main.run(["diff", *accepted(tmp_path, ALL_NULLS), *sides]) == 0
    line, result = capsys.readouterr().out.splitlines()
    assert line.startswith("breaking: null-added")
    assert line.endswith("accepted: VOC-7: clients handle null")
    assert result.endswith("1 accepted")


def test_diff_accepts_a_change_at_one_place_only(tmp_path, capsys):
    place = "/components/schemas/Agent/properties/*"
    main.run(["diff", "--output-format", "json", *accepted(tmp_path, f'{ALL_NULLS}place = "{place}"'), *TO_NULL])
    found = [each for each in json.loads(capsys.readouterr().out)["changes"] if each["kind"] == "null-added"]
    places = {bool(each["accepted"]): [at["new"] for at in each["places"]] for each in found}
    assert all(at.startswith("/components/schemas/Agent/") for at in places[True])
    assert not any(at.startswith("/components/schemas/Agent/") for at in places[False])


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ("expires = 2026-01-02", "was valid until 2026-01-02: remove it, or extend the date"),
        ('after = "nothing"', "matched no change: remove it"),
    ],
)
def test_diff_reports_an_entry_that_is_out_of_date(tmp_path, capsys, entry, line):
    options = accepted(tmp_path, ALL_NULLS + entry)
    assert main.run(["diff", *options, "2024-08-27", "2024-08-27"]) == 1
    assert line in capsys.readouterr().out
    assert main.run(["diff", "--fail-on", "never", *options, "2024-08-27", "2024-08-27"]) == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            '[[accepted]]\nkind = "nul-added"\nreason = "r"',
            "entry 1: unknown kind 'nul-added'; did you mean null-added?",
        ),
        (ALL_NULLS.replace("kind", "code"), "entry 1: unknown key 'code'; known: kind, before, after"),
        ('[[accepted]]\nkind = "null-added"', "entry 1: reason is missing"),
    ],
)
def test_diff_refuses_an_entry_that_cannot_be_used(tmp_path, capsys, text, reason):
    assert main.run(["diff", *accepted(tmp_path, text), *STEP]) == 2
    assert reason in capsys.readouterr().err
