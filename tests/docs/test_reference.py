"""The pages of the documentation, and what its reference has to name."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_index_links_every_page():
    linked = set(re.findall(r"\]\(([\w/-]+\.md)\)", re.sub(r"\s+", " ", (DOCS / "README.md").read_text("utf-8"))))
    assert linked == {path.relative_to(DOCS).as_posix() for path in DOCS.glob("*/*.md")}
