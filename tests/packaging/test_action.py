"""The action of ``action.yml``: its scripts, run by bash with the variables and files that GitHub gives them."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")
pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

from vocode_contract.simulator import simulator  # noqa: E402 - needs what is skipped above

pytestmark = [
    pytest.mark.slow,  # each test runs a process or more
    pytest.mark.skipif(os.name != "posix" or not shutil.which("bash"), reason="bash of POSIX"),
]

ROOT = Path(__file__).resolve().parents[2]
ACTION: Mapping[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
#: An interpreter with pip, as setup-python installs one; an environment may be without.
PYTHON = str(Path(sys.base_prefix) / "bin" / "python3")
needs_pip = pytest.mark.skipif(
    subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode != 0,
    reason="the interpreter of this environment has no pip",
)
TOKEN = "simulator-token"


@dataclass
class Runner:
    """What GitHub does with a composite action: it evaluates expressions, and runs one script after the other."""

    path: Path

    def run_step(
        self, name: str, variables: Mapping[str, str] | None = None, **inputs: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run the script of a step, with the inputs that differ from their defaults."""
        [step] = [step for step in ACTION["runs"]["steps"] if step["id"] == name]
        values = {f"inputs.{key}": str(found["default"]) for key, found in ACTION["inputs"].items()}
        values |= {f"inputs.{key.replace('_', '-')}": value for key, value in inputs.items()}
        values |= {"github.action_path": str(ROOT), "steps.python.outputs.python-path": PYTHON}
        values |= {"steps.install.outputs.python": sys.executable}  # it has the package too
        given = {
            key: re.sub(r"\$\{\{ (.+?) \}\}", lambda found: values[found[1]], text) for key, text in step["env"].items()
        }
        files = {key: str(self.path / key.lower()) for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            Path(file).write_text("", "utf-8")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("VOCODE", "PYTHON", "COVERAGE"))}
        environment = {**kept, **files, "RUNNER_TEMP": str(self.path), **given, **(variables or {})}
        (self.path / "script.sh").write_text(step["run"], "utf-8")
        (self.path / "checkout").mkdir(exist_ok=True)
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(self.path / "script.sh")]
        return subprocess.run(
            command,
            cwd=self.path / "checkout",
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )

    @property
    def outputs(self) -> dict[str, str]:
        """What the last step wrote to its outputs."""
        lines = (self.path / "github_output").read_text("utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def summary(self) -> str:
        """What the last step wrote to the summary of the job."""
        return (self.path / "github_step_summary").read_text("utf-8")


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with simulator(token=TOKEN) as running:
        yield running.url


@needs_pip
def test_action_installs_the_version_that_is_named(runner):
    files = {
        "vocode_contract.py": "",
        "vocode_contract-1.2.3.dist-info/METADATA": "Name: vocode-contract\nVersion: 1.2.3\nProvides-Extra: pytest\n",
        "vocode_contract-1.2.3.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "vocode_contract-1.2.3.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(runner.path / "vocode_contract-1.2.3-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    result = runner.run_step("install", {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(runner.path)}, version="1.2.3")
    assert result.returncode == 0, result.stderr
    subprocess.run([runner.outputs["python"], "-I", "-c", "import vocode_contract"], check=True)


@needs_pip
def test_action_installs_from_its_own_repository_by_default(runner):
    result = runner.run_step("install", {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""})
    assert result.returncode == 1
    assert "hatchling" in result.stderr  # the build system of the repository, which no index has here


def test_action_checks_a_server_and_writes_the_summary(runner, url):
    result = runner.run_step(
        "check", {"VOCODE_API_KEY": TOKEN}, url=url, report="junit=contract.xml", args="--only get_call"
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert runner.outputs == {"exit-code": "0"}
    assert "All checks that ran passed" in runner.summary
    assert (runner.path / "checkout" / "contract.xml").exists()
    assert TOKEN not in result.stdout + result.stderr + runner.summary


def test_action_annotates_violations_and_fails(runner):
    result = runner.run_step("check", args="--fault wrong-enum --only get_call")
    assert (result.returncode, runner.outputs) == (1, {"exit-code": "1"})
    assert "::error" in result.stdout
    assert "wrong-enum" in runner.summary


def test_action_is_read_only_unless_its_user_gives_that_up(runner, url):
    cautious = runner.run_step("check", {"VOCODE_API_KEY": TOKEN}, url=url, args="-v --only create_call")
    bold = runner.run_step("check", {"VOCODE_API_KEY": TOKEN}, url=url, read_only="false", args="-v --only create_call")
    assert "read-only" in cautious.stdout + cautious.stderr
    assert "read-only" not in bold.stdout + bold.stderr


@pytest.mark.parametrize("name", ["url", "report", "args", "read_only"])
def test_action_runs_nothing_that_an_input_holds(runner, name):
    runner.run_step("check", **{"args": "--only none", name: "$(touch run) `touch run`; touch run\n\"; touch run; '"})
    assert not (runner.path / "checkout" / "run").exists()


def test_action_passes_quoted_arguments_as_one(runner):
    result = runner.run_step("check", args="--only 'no such test'\n--skip \"a b\"")
    assert "--only: matches no test" in result.stderr or "--skip" in result.stderr
    assert result.returncode == 2


def test_action_refuses_arguments_with_an_open_quote(runner):
    result = runner.run_step("check", args="--only 'x")
    assert (result.returncode, runner.outputs) == (2, {"exit-code": "2"})
    assert "::error::args has a quote that is not closed" in result.stdout
