"""The pictures of the documentation: they are no older than what they show, and small."""

import re
from importlib import import_module
from pathlib import Path

import pytest

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"


@pytest.mark.slow  # two runs of the suite, which are what the pictures show
def test_pictures_show_what_the_program_shows(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools")
    outdated = import_module("make_pictures").list_outdated(tmp_path)
    assert outdated == [], "run python tools/make_pictures.py, and look at the pictures"


def test_pictures_take_little_space():
    assert sum(path.stat().st_size for path in IMAGES.iterdir()) < 300_000


def test_pictures_are_all_shown_somewhere():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    shown = {name for page in pages for name in re.findall(r"images/([\w.-]+)", page.read_text("utf-8"))}
    assert shown == {path.name for path in IMAGES.iterdir()} - {"manifest.json"}
