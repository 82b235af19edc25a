"""Errors name the option that the user has to change."""

import os
import subprocess
import sys

import pytest

from vocode_contract.conformance.run.plan import RunPlan


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["simulate", "--host", "192.0.2.1"], "vocode-contract: --host: "),
        (["simulate", "--fault", "no-such"], "vocode-contract: --fault: "),
        (
            ["webhook", "send", "external_action", "--to", "http://127.0.0.1:1/", "--secret-env", "SECRET"],
            "vocode-contract: --secret-env: is not base64",
        ),
    ],
)
def test_error_names_the_option(arguments: list[str], expected: str) -> None:
    command = [sys.executable, "-m", "vocode_contract", *arguments]
    run = subprocess.run(command, env=os.environ | {"SECRET": "?"}, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr[: len(expected)]) == (2, expected)


@pytest.mark.parametrize("has_own_tests", [True, False])
def test_plan_mentions_own_tests_only_if_there_are_any(has_own_tests: bool) -> None:
    lines = list(RunPlan().lines("https://staging.example", has_own_tests=has_own_tests))
    assert ("your own tests" in lines[-1]) is has_own_tests
