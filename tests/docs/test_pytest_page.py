"""The reference of the pytest plugin: it names what there is, and its example runs."""

import re
from pathlib import Path

import pytest

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

from vocode_contract import pytest_plugin
from vocode_contract.report import evidence, results

pytest_plugins = ["pytester"]

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "pytest.md").read_text("utf-8")
[EXAMPLE] = re.findall(r'^```python title="[\w.]+"\n(.*?)^```$', PAGE, re.DOTALL | re.MULTILINE)


def rows(title: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = (re.split(r"(?<!\\)\|", line)[1:-1] for line in section.splitlines() if line[:3] == "| `")
    return [[cell.strip() for cell in cells] for cells in lines]


def name_of(row: list[str]) -> str:
    """The option of a row, without what stands for its value."""
    return row[0].removesuffix(" +").strip("`").split()[0]


def test_reference_names_every_fixture():
    declared = {name for name, value in vars(pytest_plugin).items() if type(value) is type(pytest_plugin.vocode_client)}
    public = {name for name in declared if not name.startswith("_")}
    assert public == {row[0].strip("`") for row in rows("Fixtures")}


def test_reference_names_every_option_variable_and_key(pytestconfig):
    group = pytestconfig._parser.getgroup("vocode-contract")
    options = {name for option in group.options for name in option.names()}
    assert options == {name_of(row) for row in rows("Options")}
    keys = {name for name in pytestconfig._parser._inidict if name.startswith("vocode_")}
    assert keys == {row[2].strip("`") for row in rows("Options")} - {""}


def test_reference_marks_what_may_be_given_several_times(pytestconfig):
    group = pytestconfig._parser.getgroup("vocode-contract")
    several = {option.names()[0] for option in group.options if isinstance(pytestconfig.getoption(option.dest), list)}
    assert several == {name_of(row) for row in rows("Options") if row[0].endswith(" +")}


def test_reference_of_reports_names_every_user_property():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "report.md").read_text("utf-8")
    constants = [value for module in (evidence, results) for name, value in vars(module).items() if name.isupper()]
    names = {value for value in constants if isinstance(value, str) and value.startswith("vocode_")}
    assert names <= set(re.findall(r"`(vocode_\w+)`", page))


def test_reference_has_an_example_that_runs(pytester, monkeypatch):
    monkeypatch.delenv("VOCODE_URL", raising=False)
    path = pytester.makepyfile(EXAMPLE)
    plugin = ["-p", "vocode_contract.pytest_plugin"] if not _is_loaded() else []
    pytester.runpytest_inprocess(*plugin, "-p", "no:cacheprovider", path).assert_outcomes(passed=2)


def _is_loaded() -> bool:
    from importlib.metadata import entry_points

    return any(found.value == "vocode_contract.pytest_plugin" for found in entry_points(group="pytest11"))
