"""The description of the package that an index shows: the README, whose links are relative, with absolute ones."""

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("hatchling")

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
make_description = runpy.run_path(str(ROOT / "hatch_build.py"))["make_description"]
#: The target of each link and picture, in Markdown and in HTML.
TARGET = re.compile(r'\]\(([^)]*)\)|(?:src|srcset|href)="([^"]*)"')


def find_targets(text: str) -> list[str]:
    return ["".join(found) for found in TARGET.findall(text)]


def test_readme_links_files_that_exist():
    assert [target for target in find_targets(README) if not (ROOT / target).exists()] == []


def test_description_links_the_files_of_the_released_tag():
    targets = find_targets(make_description(README, "https://git.example.com/a/b", "v1.2.3"))
    assert {target.rpartition("/v1.2.3/")[0] for target in targets} == {
        f"https://git.example.com/a/b/{kind}" for kind in ("blob", "raw")
    }
    assert {target.rpartition("/v1.2.3/")[2] for target in targets} == {
        target
        for target in find_targets(README)
        if not target.endswith("-dark.webp")  # an index shows one of them
    }


def test_description_has_no_links_before_the_repository_has_an_address():
    description = make_description(README, "", "v1.2.3")
    assert find_targets(description) == []
    assert "<picture>" not in description


def test_metadata_have_the_description():
    command = [sys.executable, "-m", "hatchling", "metadata"]
    built = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout)
    version, repository = built["version"], built.get("urls", {}).get("Repository", "")
    assert built["readme"] == {
        "content-type": "text/markdown",
        "text": make_description(README, repository, f"v{version}"),
    }
