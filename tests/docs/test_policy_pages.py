"""Pages without examples to follow: the support policy, the glossary, the comparison and others."""

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

import vocode_contract
from tests.support.pages import DOCS, ROOT, read_blocks
from vocode_contract.cli.validate import validate
from vocode_contract.contract.model import Profile
from vocode_contract.contract.operation import Effect
from vocode_contract.validation.violation import SEVERITIES

PACKAGE = Path(vocode_contract.__file__).parent
SUPPORT = (DOCS / "reference" / "support.md").read_text("utf-8")
GLOSSARY = dict(
    re.findall(r"^\| ([^|]+) \| (.+) \|$", (DOCS / "reference" / "glossary.md").read_text("utf-8"), re.MULTILINE)
)


def test_support_policy_names_the_versions_of_the_metadata():
    if not (ROOT / "pyproject.toml").exists():
        pytest.skip("needs the checkout")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    versions = re.findall(r"Python :: (\d\.\d+)'", str(project["classifiers"]))
    assert f"CPython {', '.join(versions)} |" in SUPPORT
    assert f"| Python | {project['requires-python'].removeprefix('>=')} and later |" in SUPPORT
    extras = project["optional-dependencies"]
    assert extras["pytest"][0] == "pytest>=8.4,<10"
    assert "| pytest | 8.4 to 9 |" in SUPPORT
    assert extras["hypothesis"] == ["hypothesis>=6.140,<7"]
    assert "| Hypothesis | 6.140 to 6 |" in SUPPORT


def test_glossary_is_sorted_and_names_all_effects_profiles_and_severities():
    terms = [term for term in GLOSSARY if term != "term"]
    assert terms == sorted(terms)
    for term, words in (("effect", get_args(Effect)), ("profile", get_args(Profile)), ("severity", SEVERITIES)):
        assert set(re.findall(r"`([\w-]+)`", GLOSSARY[term])) == set(words)


def test_page_about_commits_configures_hooks_that_there_are():
    yaml = pytest.importorskip("yaml")
    if not (ROOT / ".pre-commit-hooks.yaml").exists():
        pytest.skip("needs the checkout")
    [block] = [block for block in read_blocks("how-to/validate-before-a-commit.md") if block.language == "yaml"]
    [repository] = yaml.safe_load(block.text)["repos"]
    hooks = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    assert {hook["id"] for hook in repository["hooks"]} <= hooks
    options = {option for parameter in validate.params for option in parameter.opts}
    assert {word for hook in repository["hooks"] for word in hook["args"] if word.startswith("--")} <= options


def test_comparison_takes_its_figures_from_the_measurements():
    page, found, mutants = (
        (DOCS / name).read_text("utf-8")
        for name in ("explanation/comparison.md", "reference/found.md", "reference/mutants.md")
    )
    rows = re.findall(
        r"^\| (vocode-contract|schemathesis|schemathesis, tuned) \| (\d+) \| ([\d,]+) \|", found, re.MULTILINE
    )
    assert len(rows) == 3
    for tool, count, requests in rows:
        assert re.search(rf"^\| .*{tool.split()[-1]}.* \| {count} \| {requests} \|$", page, re.MULTILINE)
    [share] = re.findall(r"^\| found, of 200 \|.*\| (\d+) \(", mutants, re.MULTILINE)
    assert re.search(rf"of 200,\s+the\s+suite\s+finds\s+{share}\.", page)
    assert re.search(r"something for 8 of\s+the first 50 .*the suite for 40", mutants, re.DOTALL)
    assert "something for 8, and the suite for 40" in page


def test_reference_of_the_command_line_names_the_variables_of_the_code():
    page = (DOCS / "reference" / "cli.md").read_text("utf-8")
    literals = re.compile(r"""["'](_?VOCODE_[A-Z_]+|XDG_[A-Z_]+|NO_COLOR|FORCE_COLOR|TERM|CI)["']""")
    used = {name for path in PACKAGE.rglob("*.py") for name in literals.findall(path.read_text("utf-8"))}
    assert len(used) > 10
    assert used <= {*re.findall(r"`(\w+)[=`]", page)}
