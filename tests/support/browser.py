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
