"""Pages that are followed from top to bottom: their commands and code run, and print what the pages show."""

from pathlib import Path

import pytest

import vocode_contract
from tests.support.pages import DOCS, following

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

PACKAGE = Path(vocode_contract.__file__).parent
PAGES = (
    "how-to/log-violations.md",
    "how-to/move-between-dates.md",
    "how-to/troubleshoot.md",
    "how-to/use-with-pydantic-and-fastapi.md",
    "how-to/validate-in-async-code.md",
    "how-to/validate-before-a-commit.md",
    "reference/limits.md",
)


@pytest.mark.parametrize("page", PAGES)
def test_page_shows_what_is_printed(page, tmp_path):
    with following(tmp_path) as follower:
        follower.follow(page)


def test_page_shows_how_violations_are_accepted(tmp_path):
    with following(tmp_path) as follower:
        follower.narrow = ("--only", "get_call_returns")
        follower.patch.setenv("PYTEST_ADDOPTS", "-k get_call_returns")
        follower.follow("how-to/accept-known-violations.md")


def test_index_of_the_documentation_names_every_page():
    text = (DOCS / "README.md").read_text("utf-8")
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.glob("*/*.md")}
    assert {page for page in pages if f"({page})" not in text} == set()


def test_package_writes_no_log_records():
    lines = [line for path in PACKAGE.rglob("*.py") for line in path.read_text("utf-8").splitlines()]
    assert {line.strip() for line in lines if "getLogger" in line} == {
        "logging.getLogger(name).setLevel(logging.WARNING)"
    }
