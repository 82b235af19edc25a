"""The hook of ``.pre-commit-hooks.yaml``, which pre-commit installs from a clone, as in a user's repository."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.payloads import CALL, RINGING

pytest.importorskip("pre_commit", reason="pre-commit is not installed; the dependency group `test` has it")
pytestmark = [
    pytest.mark.slow,  # pre-commit installs the package and its dependencies
    pytest.mark.skipif(not shutil.which("git"), reason="git is not installed"),
]

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = (
    "vocode_contract",
    "schemas",
    "pyproject.toml",
    "hatch_build.py",
    "README.md",
    "LICENSE",
    ".pre-commit-hooks.yaml",
)


@dataclass(frozen=True)
class Project:
    """A repository of a user."""

    path: Path
    environment: Mapping[str, str]

    def write(self, name: str, text: str) -> None:
        (self.path / name).parent.mkdir(exist_ok=True)
        (self.path / name).write_text(text, encoding="utf-8")

    def git(self, *words: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words]
        run = subprocess.run(command, cwd=self.path, env=self.environment, check=True, capture_output=True, text=True)
        return run.stdout.strip()

    def commit(self) -> str:
        for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "a")):
            self.git(*words)
        return self.git("rev-parse", "HEAD")

    def run_hook(self) -> "subprocess.CompletedProcess[str]":
        self.git("add", "-A")
        command = [sys.executable, "-m", "pre_commit", "run", "--color=never"]
        return subprocess.run(
            command, cwd=self.path, env=self.environment, check=False, capture_output=True, text=True, timeout=300
        )


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """A repository that uses the hook for the files in ``recorded``."""
    home = tmp_path_factory.mktemp("home")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTHON", "COVERAGE"))}
    environment = kept | {"PRE_COMMIT_HOME": str(home), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    clone = Project(tmp_path_factory.mktemp("clone"), environment)
    for name in SHIPPED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, clone.path / name)
    made = Project(tmp_path_factory.mktemp("project"), environment)
    hook = {"id": "validate", "files": "^recorded/.*[.]jsonl?$", "args": ["--as", "Call", "--output-format", "concise"]}
    config = {"repos": [{"repo": str(clone.path), "rev": clone.commit(), "hooks": [hook]}]}
    made.write(".pre-commit-config.yaml", json.dumps(config))  # JSON is YAML
    made.git("init", "-q")
    return made


def test_hook_validates_the_files_that_a_commit_changes(project):
    project.write("recorded/call.json", json.dumps(CALL))
    project.write("recorded/calls.jsonl", f"{json.dumps(CALL)}\n" * 2)
    project.write("package.json", "{}")
    passed = project.run_hook()
    assert passed.returncode == 0, passed.stdout + passed.stderr
    project.write("recorded/call.json", json.dumps(RINGING))
    failed = project.run_hook()
    assert failed.returncode == 1
    assert "exit code: 1" in failed.stdout
    assert "recorded/call.json:/status: enum" in failed.stdout
    assert "package.json" not in failed.stdout
