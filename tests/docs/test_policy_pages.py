"""The support policy and the glossary: they name what there is."""

import re
import tomllib
from typing import get_args

import pytest

from tests.support.pages import DOCS, ROOT
from vocode_contract.contract.model import Profile
from vocode_contract.contract.operation import Effect
from vocode_contract.validation.violation import SEVERITIES

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
