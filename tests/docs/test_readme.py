"""The README: its examples run, and print what it says."""

import re
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")

EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_readme_example_prints_what_it_says(capsys):
    example, _ = EXAMPLES
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102  # our own page
    printed = capsys.readouterr().out.splitlines()
    [shown] = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    assert set(shown.splitlines()) <= set(printed)
    assert printed[-1] == str(len(printed) - 1)


def test_readme_parses_an_event():
    exec(compile(EXAMPLES[1], "README.md", "exec"), {})  # noqa: S102  # our own page
