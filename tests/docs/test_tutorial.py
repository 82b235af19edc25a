"""The tutorial, followed: its tests find the bugs that it says, and pass once they are fixed."""

import os
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import vocode_contract

pytest.importorskip("hypothesis")

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial" / "generate.md").read_text("utf-8")
BLOCK = re.compile(r'^```python title="([\w.]+)"\n(.*?)^```$', re.DOTALL | re.MULTILINE)
COUNTED = ("-p", "vocode_contract.pytest_plugin", "--vocode-coverage=0")
SHOWN = re.findall(r"^```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def followed(directory, module, *, fixed):
    """Write a module, as first shown or as fixed, and its test; run that test."""
    versions = [code for title, code in BLOCK.findall(PAGE) if title == f"{module}.py"]
    [test] = [code for title, code in BLOCK.findall(PAGE) if title == f"test_{module}.py"]
    (directory / f"{module}.py").write_text(versions[fixed], "utf-8")
    (directory / f"test_{module}.py").write_text(test, "utf-8")
    entry = str(Path(vocode_contract.__file__).parents[1])
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(directory), entry]),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "CI": "true",  # Hypothesis then has no limits of time, which a busy machine exceeds
    }
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *COUNTED, f"test_{module}.py"]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("module", "shown"), [*zip(["summary", "detection"], SHOWN, strict=True)])
def test_tutorial_finds_the_bug_that_it_shows(tmp_path, module, shown):
    done = followed(tmp_path, module, fixed=False)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert module != "summary" or "'transcript': None" in done.stdout
    assert any(
        fnmatchcase(line.lstrip(" |E"), shown.strip().replace("RAISE ", "RAISE *") + "*")
        for line in done.stdout.splitlines()
    )
    if module == "detection":  # the failure that the page shows is the last of several
        assert "BaseExceptionGroup: Hypothesis found " in done.stdout
        *others, last = re.findall(r"^ +\| (?!.*Group)(\w+): ", done.stdout, re.MULTILINE)
        assert ("KeyError" in others, last) == (True, "Failed")
        assert "removed type." in done.stdout.rsplit("DID NOT RAISE", 1)[1]


@pytest.mark.parametrize("module", ["summary", "detection"])
def test_tutorial_passes_once_the_bug_is_fixed_and_coverage_counts_nothing(tmp_path, module):
    done = followed(tmp_path, module, fixed=True)
    assert done.returncode == 0, done.stdout
    [counted] = [line for line in done.stdout.splitlines() if line.startswith("nothing was counted")]
    fixtures = {name for name in re.findall(r"\w+", counted) if "_" in name}
    assert fixtures == {"assert_conforms", "vocode_coverage", "vocode_client", "vocode_traffic"}
    assert all(f"`{name}`" in PAGE for name in fixtures)


def test_tutorial_names_options_that_there_are():
    from vocode_contract.cli.generate import generate

    known = {option for parameter in generate.params for option in parameter.opts}
    lines = [line for line in PAGE.splitlines() if line.startswith("$ vocode-contract generate")]
    assert len(lines) == 3
    assert {word for line in lines for word in line.split() if word.startswith("--")} <= known
