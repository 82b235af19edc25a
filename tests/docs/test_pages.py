"""Pages that are followed from top to bottom: their commands and code run, and print what the pages show."""

import pytest

from tests.support.pages import DOCS, following, read_blocks

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

PAGES = ("reference/limits.md",)


@pytest.mark.parametrize("page", PAGES)
def test_page_shows_what_is_printed(page, tmp_path):
    with following(tmp_path) as follower:
        follower.follow(read_blocks(page))


def test_index_of_the_documentation_names_every_page():
    [index] = (path for name in ("README.md", "index.md") if (path := DOCS / name).exists())
    text = index.read_text("utf-8")
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - {index.name}
    assert {page for page in pages if page.removesuffix(".md") not in text} == set()
