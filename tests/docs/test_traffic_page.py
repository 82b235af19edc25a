"""The pages about users' own traffic, followed: their tests pass, or fail as they say."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import vocode_contract

PAGES = ("check-your-own-traffic.md", "check-traffic-of-other-libraries.md", "check-your-stubs.md")
PAGE = "".join((Path(__file__).parents[2] / "docs" / "how-to" / page).read_text("utf-8") for page in PAGES)
BLOCKS = dict(re.findall(r'^```python title="([\w.]+)"\n(.*?)^```$', PAGE, re.DOTALL | re.MULTILINE))
#: The block that the page says also works with httpx2, as it says.
ADAPTED = {"test_httpx2.py": BLOCKS["test_async.py"].replace("httpx", "httpx2")}
SHOWN = re.findall(r"^```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
PASSING = {
    "test_sync.py": 1,
    "test_async.py": 1,
    "test_httpx2.py": 1,
    "test_hook.py": 1,
    "test_requests.py": 1,
    "test_aiohttp.py": 1,
    "test_urllib3.py": 1,
    "test_pytest_httpx.py": 1,
    "test_example.py": 1,
    "test_application.py": 2,
    "test_hypothesis.py": 1,
}
#: Libraries that blocks use; they are extras of tests.
LIBRARIES = ("aiohttp", "fastapi", "httpx2", "pytest_httpx", "requests", "respx", "urllib3")
FAILING = {"test_case.py": SHOWN[0], "test_respx.py": SHOWN[1]}


def followed(directory: Path, *titles: str) -> subprocess.CompletedProcess[str]:
    """Write blocks, and the page's conftest.py for the test that needs it, and run pytest with our plugin alone."""
    for name in (*titles, *(["conftest.py"] if "test_case.py" in titles else [])):
        (directory / name).write_text((BLOCKS | ADAPTED)[name], "utf-8")
    environment = os.environ | {
        "PYTHONPATH": str(Path(vocode_contract.__file__).parents[1]),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    options = ["-p", "no:cacheprovider", "-p", "vocode_contract.pytest_plugin", "-W", "error", "-v"]
    options += ["-p", "pytest_httpx"] if "test_pytest_httpx.py" in titles else []
    command = [sys.executable, "-m", "pytest", *options, *titles]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


def lacking(title: str) -> set[str]:
    """Return what a block needs that is not installed."""
    text = title + (BLOCKS | ADAPTED)[title]
    return {name for name in LIBRARIES if name in text and find_spec(name) is None}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """One run of all tests that the page says pass."""
    return followed(tmp_path_factory.mktemp("page"), *(title for title in PASSING if not lacking(title)))


@pytest.mark.parametrize(("title", "count"), PASSING.items(), ids=PASSING)
def test_page_shows_tests_that_pass(done, title, count):
    if lacking(title):
        pytest.skip(f"needs {', '.join(lacking(title))}")
    passed = [line for line in done.stdout.splitlines() if line.startswith(f"{title}::") and " PASSED" in line]
    assert (done.returncode, len(passed)) == (0, count), done.stdout
    assert "checked nothing" not in done.stdout


@pytest.mark.parametrize(("title", "shown"), FAILING.items(), ids=FAILING)
def test_page_shows_how_a_test_fails(tmp_path, title, shown):
    pytest.importorskip("respx")
    done = followed(tmp_path, title)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert shown in done.stdout


def test_page_shows_traffic_without_pytest(capsys):
    pytest.importorskip("httpx")
    exec(compile(BLOCKS["script.py"], "script.py", "exec"), {})  # noqa: S102 - our own page
    [_, line, *_advice] = capsys.readouterr().out.splitlines()
    assert line.startswith("  GET /v1/calls answered 200 (get_call): /status: expected one of ")


def test_page_about_clients_imports_what_the_extras_install():
    clients = "".join(BLOCKS[title] for title in ("test_sync.py", "test_async.py", "test_hook.py", "conftest.py"))
    assert {*re.findall(r"^(?:import|from) (\w+)", clients, re.MULTILINE)} == {
        "asyncio",
        "httpx",
        "pytest",
        "vocode_contract",
    }


def test_page_has_no_block_that_is_not_run():
    assert {*BLOCKS, *ADAPTED} == {*PASSING, *FAILING, "conftest.py", "script.py"}
    assert PAGE.count("```python") == len(BLOCKS)
