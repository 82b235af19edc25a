"""The command `check`, against simulators; how its process ends."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

import vocode_contract
from vocode_contract.cli import ending, suite
from vocode_contract.contract import dates
from vocode_contract.simulator import simulator

TOKEN = "tok_kanarie_0123456789"
FOREIGN = {"PYTEST_ADDOPTS", "PYTHONUNBUFFERED", "VOCODE_API_KEY", "VOCODE_CONTRACT_DEBUG"}
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in FOREIGN} | {
    "PYTHONPATH": str(Path(vocode_contract.__file__).parents[1]),
}
SECONDS = 60


def checked(*options, **changes):
    """Run `check` as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "vocode_contract", "check", *options],
        env=ENVIRONMENT | changes.pop("env", {}),
        capture_output=True,
        check=False,
        text=True,
        timeout=SECONDS,
        **changes,
    )


@pytest.mark.parametrize("date", dates())
def test_check_of_the_simulator_is_0_and_ends_in_a_verdict(date):
    process = checked("--contract", date)
    lines = process.stdout.splitlines()
    assert (process.returncode, process.stderr) == (0, "")
    assert lines[0] == f"contract {date}, wire: the built-in simulator"
    assert lines[-1] == "the API keeps the contract, as far as it was asked"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("wrong-enum", "[enum, 2023-11-30]"),
        ("missing-required", "[required, 2023-11-30]"),
        ("ignored-token", "[not-refused, 2023-11-30]"),
        ("end-that-does-not-end", "[call-not-ended, 2023-11-30]"),
    ],
)
def test_check_of_a_server_with_a_fault_is_1_and_names_it(fault, code):
    with simulator(faults=(fault,), token=TOKEN) as running:
        process = checked("--url", running.url, env={"VOCODE_API_KEY": TOKEN})
    assert process.returncode == 1
    assert code in process.stdout
    assert "the API breaks the contract" in process.stdout


def test_check_lets_the_simulator_disobey():
    process = checked("--fault", "wrong-enum")
    assert (process.returncode, process.stdout.splitlines()[0]) == (
        1,
        "contract 2023-11-30, wire: the built-in simulator with wrong-enum",
    )


def test_check_of_an_unreachable_server_is_3_without_a_traceback():
    process = checked("--url", "http://127.0.0.1:1", env={"VOCODE_API_KEY": TOKEN})
    assert process.returncode == 3
    assert "the connection was refused; nothing was sent [unreachable]" in process.stdout
    assert "Traceback" not in process.stdout + process.stderr


def test_check_says_that_there_is_no_token():
    with simulator() as running:
        process = checked("--url", running.url)
    assert process.returncode == 3
    assert process.stderr == "vocode-contract: VOCODE_API_KEY is not set, so requests carry no token\n"


def test_check_shows_no_token():
    with simulator(token=TOKEN, faults=("ignored-token", "wrong-enum")) as running:
        process = checked("--url", running.url, env={"VOCODE_API_KEY": TOKEN, "VOCODE_CONTRACT_DEBUG": "1"})
    assert process.returncode == 1
    assert TOKEN not in process.stdout + process.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--url", "ftp://x"], "--url: must start with https://"),
        (["--url", "https://u:p@x"], "--url: must hold no user name"),
        (["--call-id", "x"], "--call-id: must be the id of a call, a UUID"),
        (["--fault", "wrong-enmu"], "did you mean 'wrong-enum'"),
        (["--url", "http://127.0.0.1:1", "--fault", "wrong-enum"], "--fault is for the simulator"),
        (["--contract", "2020-01-01"], "unknown contract '2020-01-01'"),
    ],
)
def test_check_of_a_wrong_option_is_usage_in_one_line(capsys, monkeypatch, options, message):
    monkeypatch.setenv("VOCODE_API_KEY", TOKEN)
    assert ending.run(["check", *options]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), message in err) == ("", 1, True)


def test_check_without_an_extra_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr("vocode_contract.cli.check.find_spec", lambda _: None)
    assert ending.run(["check"]) == 2
    assert "the contract suite needs the extra 'pytest'" in capsys.readouterr().err


def test_check_keeps_apart_from_the_project_around_it(tmp_path):
    (tmp_path / "conftest.py").write_text("raise SystemExit(9)")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option")
    process = checked(cwd=tmp_path, env={"PYTEST_ADDOPTS": "--no-such-option", "PYTEST_PLUGINS": "no_such_plugin"})
    assert process.returncode == 0
    assert sorted(os.listdir(tmp_path)) == ["conftest.py", "pytest.ini"]


def test_check_leaves_the_environment_as_it_was(monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "-x")
    monkeypatch.delenv("VOCODE_API_KEY", raising=False)
    before = dict(os.environ)
    with suite._environment({"PYTEST_ADDOPTS": None, "VOCODE_API_KEY": TOKEN}):
        assert ("PYTEST_ADDOPTS" in os.environ, os.environ["VOCODE_API_KEY"]) == (False, TOKEN)
    assert dict(os.environ) == before


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_check_that_is_interrupted_ends_with_its_code_and_what_it_knows(number, code):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = subprocess.Popen(
            [sys.executable, "-m", "vocode_contract", "check", "--url", f"http://127.0.0.1:{silent.getsockname()[1]}"],
            env=ENVIRONMENT | {"VOCODE_API_KEY": TOKEN},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        silent.settimeout(SECONDS)
        connection, _ = silent.accept()  # it has asked, and gets no answer
        with connection:
            process.send_signal(number)
            out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == code
    assert out.startswith("contract 2023-11-30, wire: http://127.0.0.1:")
    assert "Traceback" not in err


BROKEN = """
import sys
import pytest
from vocode_contract.__main__ import main

class Plugin:
    def pytest_collection_modifyitems(self):
        raise ValueError("kanarie")

suite = pytest.main
pytest.main = lambda arguments, plugins: suite(arguments, plugins=[*plugins, Plugin()])
sys.exit(main())
"""


def test_check_that_fails_itself_is_70_in_one_line():
    process = subprocess.run(
        [sys.executable, "-c", BROKEN, "check"], env=ENVIRONMENT, capture_output=True, check=False, text=True
    )
    assert (process.returncode, process.stdout) == (70, "")
    assert process.stderr.startswith("vocode-contract: a bug of ours: RuntimeError at vocode_contract/cli/suite.py:")
    assert "kanarie" not in process.stderr
