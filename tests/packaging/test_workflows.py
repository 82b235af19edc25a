"""The workflows of the repository, the action and the release: their form, and the usual mistakes of security."""

import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = ROOT / "action.yml"
ZIZMOR = shutil.which("zizmor", path=Path(sys.executable).parent)


@pytest.mark.parametrize(
    ("schema", "files"), [("github-workflows", WORKFLOWS), ("github-actions", [ACTION])], ids=["workflows", "action"]
)
def test_workflows_have_the_form_that_github_takes(schema, files):
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed; the group `test` has it")
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        f"vendor.{schema}",
        *files,
    ]
    result = subprocess.run(command, capture_output=True, check=False, text=True)
    assert result.returncode == 0, result.stdout


@pytest.mark.skipif(not ZIZMOR, reason="zizmor is not installed; the group `test` has it")
def test_workflows_have_no_known_weakness():
    command: list[str | Path] = [str(ZIZMOR), "--offline", "--no-progress", "--min-severity=medium", *WORKFLOWS, ACTION]
    result = subprocess.run(command, capture_output=True, check=False, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


# --- the release ---


@pytest.mark.parametrize(
    ("tag", "changelog", "mistakes"),
    [
        ("v1.2.3", "## [Unreleased]\n\n## [1.2.3] - 2026-12-01\n", []),
        ("v1.2.3", "## [Unreleased]\n\n## [1.2.2] - 2026-12-01\n", ["CHANGELOG.md"]),
        ("v1.2.3", "## [Unreleased]\n\n## [1.2.3]\n", ["CHANGELOG.md"]),
        ("v1.2.4", "## [Unreleased]\n", ["pyproject.toml", "CHANGELOG.md"]),
        ("1.2.3", "## [1.2.3] - 2026-12-01\n", ["pyproject.toml", "CHANGELOG.md"]),
    ],
)
def test_release_needs_a_tag_that_fits_version_and_changelog(tmp_path, tag, changelog, mistakes):
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n', "utf-8")
    (tmp_path / "CHANGELOG.md").write_text(changelog, "utf-8")
    find_mistakes = runpy.run_path(str(ROOT / "tools" / "check_release.py"))["find_mistakes"]
    assert [mistake.partition(":")[0] for mistake in find_mistakes(tag, tmp_path)] == mistakes
