"""Pages that are followed from top to bottom: their commands and code run, and print what the pages show."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import vocode_contract
from tests.support.pages import DOCS, following
from vocode_contract import Contract

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

PACKAGE = Path(vocode_contract.__file__).parent
PAGES = (
    "how-to/audit-an-archive.md",
    "how-to/log-violations.md",
    "how-to/move-between-dates.md",
    "how-to/troubleshoot.md",
    "how-to/use-with-pydantic-and-fastapi.md",
    "how-to/validate-in-a-service.md",
    "how-to/validate-in-async-code.md",
    "how-to/validate-before-a-commit.md",
    "how-to/use-your-own-contract.md",
    "reference/limits.md",
)


#: Extras and other libraries that a page's examples use.
NEEDED = {
    "how-to/move-between-dates.md": ("hypothesis",),
    "how-to/use-with-pydantic-and-fastapi.md": ("fastapi",),
    "how-to/use-your-own-contract.md": ("hypothesis", "jsonpath", "yaml"),
    "how-to/validate-before-a-commit.md": ("yaml",),
}


@pytest.mark.parametrize("page", PAGES)
def test_page_shows_what_is_printed(page, tmp_path):
    for name in NEEDED.get(page, ()):
        pytest.importorskip(name)
    with following(tmp_path) as follower:
        follower.follow(page)


def test_page_shows_how_violations_are_accepted(tmp_path):
    with following(tmp_path) as follower:
        follower.narrow = ("--only", "get_call_returns")
        follower.patch.setenv("PYTEST_ADDOPTS", "-k get_call_returns")
        follower.follow("how-to/accept-known-violations.md")


class Published(BaseHTTPRequestHandler):
    """Publishes the document of a contract, as a server does."""

    def do_GET(self) -> None:
        body = json.dumps(Contract.load("2024-08-27").document).encode()
        self.send_response(200 if self.path == "/openapi.json" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_page_shows_what_changed(tmp_path):
    with ThreadingHTTPServer(("127.0.0.1", 0), Published) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        with following(tmp_path, {"https://staging.example.com": f"http://127.0.0.1:{server.server_port}"}) as follower:
            follower.follow("how-to/see-what-changed.md")
        server.shutdown()


def test_index_of_the_documentation_names_every_page():
    text = (DOCS / "README.md").read_text("utf-8")
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.glob("*/*.md")}
    assert {page for page in pages if f"({page})" not in text} == set()


def test_package_writes_no_log_records():
    lines = [line for path in PACKAGE.rglob("*.py") for line in path.read_text("utf-8").splitlines()]
    assert {line.strip() for line in lines if "getLogger" in line} == {
        "logging.getLogger(name).setLevel(logging.WARNING)"
    }
