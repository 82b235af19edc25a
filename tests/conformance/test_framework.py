"""The suite against a server that nobody here wrote: the framework's own routing, models and error bodies.

The tox environment `older` runs it with the framework of the time, and pydantic 1.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("httpx")

from tests.support.plugins import needs
from vocode_contract.cli.run_suite import SuiteMonitor, run_suite
from vocode_contract.contract.model import dates

APPLICATION = Path(__file__).parents[1] / "servers" / "fastapi_app.py"
pytestmark = [pytest.mark.slow, needs("fastapi")]

TOKEN = "token-of-the-framework"


@contextmanager
def serving(date: str) -> Iterator[str]:
    """Serve the application in a process of its own, and tell its URL."""
    command = [sys.executable, str(APPLICATION), date]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


@pytest.mark.parametrize("date", dates())
def test_suite_finds_nothing_wrong_with_a_server_that_is_not_ours(date):
    with serving(date) as url:
        options = [f"--vocode-url={url}", f"--vocode-contract={date}"]
        watch = SuiteMonitor()
        tally = run_suite(options, {"VOCODE_API_KEY": TOKEN}, watch)
    assert watch.interruption is None
    assert [str(found) for found in tally.violations if found.severity == "error"] == []
    assert {row.verdict for row in tally.rows} <= {"conforms", "no-call"}
    assert (tally.exit_code, tally.count("conforms") > 60) == (0, True)
