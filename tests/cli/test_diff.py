"""`vocode-contract diff`: exit codes and formats."""

import json
import re
from html.parser import HTMLParser

import pytest

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
