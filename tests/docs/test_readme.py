"""The README: its examples run, and print what it says."""

import re
from pathlib import Path

from vocode_contract.http.inconclusive import KINDS
from vocode_contract.validation.codes import CODES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FOUND = (ROOT / "docs" / "reference" / "found.md").read_text(encoding="utf-8")

EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_readme_example_prints_exactly_what_it_shows(capsys):
    example, _ = EXAMPLES
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102  # our own page
    [shown] = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    assert capsys.readouterr().out == shown


def test_readme_comments_with_a_result_are_true():
    example, _ = EXAMPLES
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)  # noqa: S102  # our own page
    results = re.findall(r"^(\w.*?)  # (False|True)\b", example, re.MULTILINE)
    assert [str(eval(expression, names)) for expression, _ in results] == [value for _, value in results] != []  # noqa: S307


def test_readme_counts_the_faults_whose_result_is_inconclusive():
    table = FOUND.partition("## Conforming servers")[0]
    cells = re.findall(r"^\| `[\w-]+` \| [\d-]+ \| (.*?) \|", table, re.MULTILINE)
    found = [set(re.findall("`(.*?)`", cell)) for cell in cells]
    errors = {name for name, code in CODES.items() if code.level == "error"} - set(KINDS)
    inconclusive = [words for words in found if words & set(KINDS) and not words & errors]
    assert (len(found), f"is *inconclusive* for {len(inconclusive)} of the faults" in README) == (191, True)


def test_readme_shows_faults_that_no_schema_describes():
    row = re.compile(
        r"^\| `([\w-]+)` \| [\d-]+ \| (.*?) \| [\d,]+ \| [\d.]+ \| (.*?) \| .*? \| .*? \| (.*?) \|", re.MULTILINE
    )
    found = {name: (set(re.findall("`(.*?)`", ours)), *theirs) for name, ours, *theirs in row.findall(FOUND)}
    codes, *schemathesis = zip(*(found[name] for name in re.findall(r"--fault\s+([\w-]+)", README)), strict=True)
    assert codes == ({"end-time-moved"}, {"item-missing", "item-twice"}, {"not-refused"})
    assert schemathesis == [("-",) * 3] * 2


def test_readme_parses_an_event():
    exec(compile(EXAMPLES[1], "README.md", "exec"), {})  # noqa: S102  # our own page


def test_pages_install_the_package_from_a_checkout_or_from_git():
    pages = [README, *(path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md"))]
    installs = [found for page in pages for found in re.findall(r"pip install ([^\n]*)", page)]
    assert len(installs) >= 5
    assert [found for found in installs if re.match(r"'?vocode-contract(?!\[\w+\] @ git\+)", found)] == []
