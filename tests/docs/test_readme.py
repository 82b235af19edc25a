"""The README: its examples run, and print what it says."""

import re
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")

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


def test_readme_parses_an_event():
    exec(compile(EXAMPLES[1], "README.md", "exec"), {})  # noqa: S102  # our own page
