"""The container image: what its `Dockerfile` copies and installs is there. Docker itself is not run."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
IGNORED = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
COPIED = [word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()]


@pytest.mark.parametrize("name", COPIED)
def test_image_copies_what_is_there_and_not_ignored(name):
    assert (ROOT / name).exists()
    assert f"!{name}" in IGNORED


def test_image_copies_all_that_the_wheel_is_built_from():
    built = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    # The script makes the description from the README.
    named = ["hatch_build.py", "README.md", *PROJECT["project"]["license-files"], "pyproject.toml"]
    assert {*built, *named} == set(COPIED)
    assert IGNORED[1] == "*"


def test_image_installs_extras_that_there_are():
    [extras] = re.findall(r"'\.\[(.+)\]'", DOCKERFILE)
    assert set(extras.split(",")) <= PROJECT["project"]["optional-dependencies"].keys()


def test_image_runs_the_command_as_a_user_without_rights():
    assert re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)[-1] not in ("0", "root")
    assert f'ENTRYPOINT ["{next(iter(PROJECT["project"]["scripts"]))}"]' in DOCKERFILE


def test_image_has_bases_with_a_version():
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert bases
    assert all(re.search(r":\d+\.\d+\.\d+-", base) for base in bases)
