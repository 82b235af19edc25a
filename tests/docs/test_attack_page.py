"""The worked example of the how-to, run: its blocks are taken from the page, the receiver is served by uvicorn."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.receivers import asgi
from vocode_contract.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "attack-a-receiver.md"
BLOCK = re.compile(r'^```\w+ title="(?P<title>[\w.]+)"\n(?P<text>.*?)^```$', re.DOTALL | re.MULTILINE)
TEXTS = {block["title"]: block["text"] for block in BLOCK.finditer(PAGE.read_text("utf-8"))}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    pytest.importorskip("fastapi")
    monkeypatch.syspath_prepend(tmp_path)
    modules = [title for title in TEXTS if title.endswith(".py")]
    for title in modules:
        (tmp_path / title).write_text(TEXTS[title], "utf-8")
    importlib.invalidate_caches()
    yield importlib.import_module("shop")
    for title in modules:
        sys.modules.pop(title.removesuffix(".py"), None)


def attacked(url, capsys):
    capsys.readouterr()
    code = main.run(["webhook", "attack", "--to", f"{url}/events", "--state", f"{url}/calls/{{call_id}}"])
    return code, capsys.readouterr().out


def test_page_shows_what_the_attack_finds(shop, capsys):
    with asgi(shop.app) as url:
        assert attacked(url, capsys) == (1, TEXTS["attack"])


def test_page_mends_the_receiver(shop, capsys):
    importlib.import_module("fixed")
    with asgi(shop.app) as url:
        assert attacked(url, capsys) == (0, "")
        importlib.import_module("test_attack").test_receiver_passes_the_stress_test(url)


@pytest.mark.usefixtures("shop")
def test_page_shows_what_hypothesis_finds(tmp_path):
    # A process without pytest: the plugin of Schemathesis leaves the values out of every report there.
    code = "import test_shop; test_shop.test_state_does_not_depend_on_how_events_come()"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]), "CI": "true"}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert TEXTS["falsified"].strip() in result.stderr


@pytest.mark.usefixtures("shop")
def test_page_mends_what_hypothesis_finds():
    importlib.import_module("fixed")
    importlib.import_module("test_shop").test_state_does_not_depend_on_how_events_come()
