"""A real browser, which reaches nothing but loopback."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

_BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_DRIVER = shutil.which("chromedriver")


@contextmanager
def open_browser(profile: Path) -> Iterator[Chrome]:
    """Start Chromium without a window, which logs what its console shows; skip the test if it is not installed."""
    if not (_BROWSER and _DRIVER):
        pytest.skip("no Chromium with its driver is installed (Debian: chromium, chromium-driver)")
    options = ChromeOptions()
    options.binary_location = _BROWSER
    # Containers have no user namespaces and little shared memory; the pages are our own.
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with Chrome(options=options, service=Service(_DRIVER)) as browser:
        yield browser


def visit(browser: Chrome, url: str) -> None:
    """Open a page, and forget what the console shows of the one before, which may still wait for a server."""
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get(url)


def read_console(browser: Chrome) -> list[str]:
    """Return what the console shows of the open page, and of no other server, since the last call."""
    origin = "/".join(browser.current_url.split("/")[:3])
    log = browser.get_log("browser")
    return [each["message"] for each in log if each["source"] != "network" or origin in each["message"]]


@contextmanager
def emulated(browser: Chrome, *, scheme: str = "light", width: int = 1200, media: str = "") -> Iterator[None]:
    """Show pages in a colour scheme, with a width in pixels, and as on ``media``, such as ``print``."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features, "media": media})
    size = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [], "media": ""})
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def find_barriers(browser: Chrome) -> list[str]:
    """Return what axe-core finds wrong with the accessibility of the page, and text that is wider than the page."""
    package = pytest.importorskip("axe_core_python")
    browser.set_script_timeout(120)  # of a busy machine
    browser.execute_script(Path(package.__file__).with_name("axe.min.js").read_text("utf-8"))
    script = (
        "const done = arguments[0]; axe.run().then(result => done(result.violations), e => done([{id: String(e)}]))"
    )
    found = browser.execute_async_script(script)
    barriers = [f"{each['id']}: {node['html'][:200]}" for each in found for node in each.get("nodes", [{"html": ""}])]
    width, room = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    return [*barriers, *([f"the page is {width} pixels wide, in a window of {room}"] if width > room else [])]
