"""Pages that are followed from top to bottom: their commands and code run, and print what the pages show."""

import pytest

from tests.support.pages import DOCS, following

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

PAGES = ("how-to/troubleshoot.md", "reference/limits.md")


@pytest.mark.parametrize("page", PAGES)
def test_page_shows_what_is_printed(page, tmp_path):
    with following(tmp_path) as follower:
        follower.follow(page)


def test_index_of_the_documentation_names_every_page():
    text = (DOCS / "README.md").read_text("utf-8")
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - {"README.md", "index.md"}
    assert {page for page in pages if f"({page})" not in text} == set()
