"""The site of the documentation: it is built without a warning, and opened in a real browser."""

import fcntl
import os
import subprocess
import sys
import threading
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import httpx
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.browser import read_console, visit

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("furo") is None, reason="needs Sphinx: the dependency group `docs`"),
]

DOCS = Path(__file__).parents[2] / "docs"
#: A page of each kind; `genindex` and `search` are Sphinx's own.
SAMPLE = (
    "index",
    "tutorial/generate",
    "how-to/check-in-ci",
    "reference/codes",
    "explanation/contract-and-profiles",
    "reference/api/validation",
)


class Page(HTMLParser):
    """The links and anchors of a page, and what a browser loads with it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors = {"", "top"}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.anchors.add(attributes.get("id", ""))
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        elif "src" in attributes or (tag == "link" and "href" in attributes):
            self.loaded.append(attributes.get("src") or attributes["href"])


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and logs nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base's
        """Log nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site as tox does, once for all processes of pytest-xdist, serve it, and return its URL."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    with (root / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "site").exists():
            build_site(root)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=root / "site")) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def build_site(root: Path) -> None:
    """Build the site; there is none if a warning fails the build."""
    options = ("--fail-on-warning", "--keep-going", "--fresh-env", "--quiet", "--jobs", "auto")
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "sphinx",
        *options,
        "--doctree-dir",
        root / "trees",
        DOCS,
        root / "building",
    ]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    (root / "building").rename(root / "site")


@pytest.fixture(scope="module")
def pages(site):
    """Read every page that a link leads to, by URL."""
    found: dict[str, Page] = {}
    waiting = [f"{site}index.html"]
    with httpx.Client() as client:
        while waiting:
            url = waiting.pop()
            if url in found:
                continue
            found[url] = Page(client.get(url).raise_for_status().text)
            there = (urldefrag(urljoin(url, link)).url for link in found[url].links)
            waiting += (each for each in there if each.startswith(site))
    return found


def test_site_has_no_dead_link(site, pages):
    dead = {
        f"{url.removeprefix(site)} -> {link}"
        for url, page in pages.items()
        for link in page.links
        for there, anchor in [urldefrag(urljoin(url, link))]
        if there in pages and unquote(anchor) not in pages[there].anchors
    }
    assert dead == set()


def test_site_leads_from_its_index_to_every_page(site, pages):
    names = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")} - {"README"}
    assert names <= {url.removeprefix(site).removesuffix(".html") for url in pages}


def test_site_loads_nothing_from_elsewhere(site, pages):
    loaded = {urljoin(url, name) for url, page in pages.items() for name in page.loaded}
    assert {url for url in loaded if not url.startswith((site, "data:"))} == set()
    styles = [httpx.get(url).text for url in loaded if ".css" in url]
    assert styles
    assert not [style for style in styles if "url(http" in style or "@import" in style]


def test_site_opens_without_an_error_in_the_console(site, browser):
    for name in SAMPLE:
        visit(browser, f"{site}{name}.html")
        assert browser.find_element(By.TAG_NAME, "h1").is_displayed()
        shown = [text for text in read_console(browser) if "/favicon.ico" not in text]  # it has none
        assert (name, shown) == (name, [])


@pytest.mark.parametrize(
    ("word", "page"), [("voicemail", "reference/simulator"), ("diagnose", "reference/api/webhooks")]
)
def test_search_finds_a_page(site, browser, word, page):
    browser.get(f"{site}search.html?q={word}")
    links = WebDriverWait(browser, 60).until(lambda _: browser.find_elements(By.CSS_SELECTOR, "#search-results li a"))
    found = {link.get_attribute("href").partition("?")[0].partition("#")[0] for link in links}
    assert f"{site}{page}.html" in found
