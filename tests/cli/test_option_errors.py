"""Errors name the option that the user has to change."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from vocode_contract.audit.files import MOST_BYTES
from vocode_contract.cli import main
from vocode_contract.cli.options import NumberRange
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


LONG = "a" * 6000


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "--contract", LONG, "-"],
        ["validate", "--contract", f"{LONG}.json", "-"],
        ["check", "--accepted", LONG],
        ["check", "--url", "https://127.0.0.1:1", "--ca", LONG],
        ["check", "--url", "https://127.0.0.1:1", "--cert", LONG],
        ["check", "--report", f"html={LONG}"],
        ["diff", f"{LONG}.json", "2023-11-30"],
        ["schema", "--new-date", f"{LONG}/2031-01-01"],
        ["proxy", "--upstream", "http://127.0.0.1:1", "--record", LONG],
        ["webhook", "send", "external_action", "--to", "http://127.0.0.1:1", "--secret-file", LONG],
    ],
    ids=lambda arguments: " ".join(word for word in arguments if LONG not in word),
)
def test_name_of_a_file_that_is_too_long_is_wrong_usage(arguments, capsys):
    pytest.importorskip("httpx")
    assert main.run(arguments) == 2
    assert re.search(r"[Ff]ile name too long|unknown contract", capsys.readouterr().err)


def test_generate_cannot_write_to_a_file_whose_name_is_too_long(capsys):
    pytest.importorskip("hypothesis")
    assert main.run(["generate", "Call", "--output", LONG]) == 3
    assert "file name too long" in capsys.readouterr().err


def test_webhook_send_refuses_a_file_that_is_too_large_in_place_of_cutting_it(capsys, tmp_path):
    pytest.importorskip("httpx")
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", MOST_BYTES + 1)
    words = [
        "webhook",
        "send",
        "event_phone_call_ended",
        "--to",
        "http://127.0.0.1:1",
        "--file",
        str(tmp_path / "large"),
    ]
    assert main.run(words) == 2
    assert f"--file: has more than {MOST_BYTES} bytes" in capsys.readouterr().err


def _iterate_commands(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        for name in command.list_commands(context := click.Context(command)):
            each = command.get_command(context, name)
            assert each is not None
            yield from _iterate_commands(each)


def test_number_of_every_option_has_an_upper_limit() -> None:
    types = [each.type for command in _iterate_commands(main.application) for each in command.params]
    ranges = [each for each in types if isinstance(each, click.IntRange | click.FloatRange)]
    assert len(ranges) > 5
    assert all(each.max is not None for each in ranges)
    assert all(isinstance(each, NumberRange) for each in ranges if isinstance(each, click.FloatRange))
    assert not any(each is click.FLOAT for each in types)


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit", "--sample", "HUGE", "."],
        ["validate", "--max-size", "HUGE", "."],
        ["generate", "--count", "HUGE"],
        ["simulate", "--speed", "HUGE"],
        ["check", "--fuzz", "HUGE"],
        ["check", "--url", "http://127.0.0.1:9", "--budget", "HUGE"],
        ["coverage", "--fail-under", "nan", "."],
    ],
)
def test_number_out_of_range_is_an_error_that_names_the_option(arguments: list[str], capsys) -> None:
    pytest.importorskip("httpx")
    assert main.run([argument.replace("HUGE", "1" + 30 * "0") for argument in arguments]) == 2
    assert [word for word in arguments if word.startswith("--")][-1] in capsys.readouterr().err


@pytest.mark.parametrize("has_own_tests", [True, False])
def test_plan_mentions_own_tests_only_if_there_are_any(has_own_tests: bool) -> None:
    lines = list(RunPlan().lines("https://staging.example", has_own_tests=has_own_tests))
    assert ("your own tests" in lines[-1]) is has_own_tests
