"""The command `check`, against simulators; how its process ends."""

import contextlib
import io
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

import vocode_contract
from tests.support.raw import OK, says, serving
from vocode_contract.cli import main, run_suite
from vocode_contract.conformance import health
from vocode_contract.contract.model import Contract, dates
from vocode_contract.run_options import OPTIONS
from vocode_contract.simulator import simulator

TOKEN = "tok_kanarie_0123456789"
FOREIGN = {"PYTEST_ADDOPTS", "PYTHONUNBUFFERED", "VOCODE_API_KEY", "VOCODE_CONTRACT_DEBUG"}
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in FOREIGN} | {
    "PYTHONPATH": str(Path(vocode_contract.__file__).parents[1]),
}
SECONDS = 60


def checked(*options, env=None):
    """Run `check` in this process, with the environment and the streams that a process of its own would have."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        for name in FOREIGN:
            patch.delenv(name, raising=False)
        for name, value in (env or {}).items():
            patch.setenv(name, value)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main.run(["check", *options])
    return subprocess.CompletedProcess(["check", *options], code, out.getvalue(), err.getvalue())


def checked_apart(*options, **changes):
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
    process = (checked_apart if date == dates()[0] else checked)("--contract", date)
    lines = process.stdout.splitlines()
    assert (process.returncode, process.stderr) == (0, "")
    assert lines[0] == f"contract {date}, wire: the built-in simulator"
    assert re.fullmatch(r"[0-9]+ conforms", lines[-2])  # every test finds a call to act on
    assert lines[-1] == "all checks that ran passed"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("wrong-enum", "[enum, 2023-11-30]"),
        ("missing-required", "[required, 2023-11-30]"),
        ("ignored-token", "[not-refused, policy authentication=401,403, 2023-11-30]"),
        ("end-that-does-not-end", "[call-not-ended, 2023-11-30]"),
    ],
)
def test_check_of_a_server_with_a_fault_is_1_and_names_it(fault, code, monkeypatch):
    monkeypatch.setitem(health.PATIENCE, True, 0.2)
    with simulator(faults=(fault,), token=TOKEN) as running:
        process = checked("--url", running.url, env={"VOCODE_API_KEY": TOKEN})
    assert process.returncode == 1
    assert code in process.stdout
    assert "the API violates the contract" in process.stdout


@pytest.fixture(scope="module")
def disobeying():
    """A finished run against a simulator with a fault."""
    return checked("--fault", "wrong-enum", "-v")


def test_check_lets_the_simulator_disobey(disobeying):
    assert (disobeying.returncode, disobeying.stdout.splitlines()[0]) == (
        1,
        "contract 2023-11-30, wire: the built-in simulator with wrong-enum",
    )


def test_check_of_an_unreachable_server_is_3_without_a_traceback():
    process = checked("--url", "http://127.0.0.1:1", env={"VOCODE_API_KEY": TOKEN})
    assert process.returncode == 3
    assert "the connection was refused, tried 3 times; nothing was sent; check the URL, and that" in process.stdout
    assert process.stdout.endswith("the server is running [unreachable]\n")
    assert "Traceback" not in process.stdout + process.stderr


def test_check_says_that_there_is_no_token():
    with simulator() as running:
        process = checked("--url", running.url)
    assert process.returncode == 3
    assert process.stderr.splitlines() == ["vocode-contract: VOCODE_API_KEY is not set, so requests carry no token"]
    assert "status 403, no token sent: VOCODE_API_KEY is not set; set VOCODE_API_KEY to a" in process.stdout


NOTICE = (
    "vocode-contract: 127.0.0.1 is treated as a test server; if it forwards to a real one, "
    "set VOCODE_CONTRACT_READ_ONLY=1"
)
ONE_TEST = ("--only", "list_calls_returns_a_page")


def test_check_says_that_a_server_on_this_machine_is_taken_for_a_test_server():
    with serving(says(OK + b"Content-Length: 2\r\n\r\n{}")) as server:
        process = checked("--url", server.url, *ONE_TEST, env={"VOCODE_API_KEY": TOKEN})
    assert process.stderr.splitlines() == [NOTICE]


def test_check_takes_a_host_in_the_clear_for_remote(tmp_path):
    env = {"VOCODE_API_KEY": TOKEN, "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with serving(says(OK + b"Content-Length: 2\r\n\r\n{}")) as server:
        url = f"http://127.1:{server.port}"  # no name of this machine, as a guard reads it
        refused = checked("--url", url, *ONE_TEST, env=env)
        plan = checked("--url", url, "--allow-http", "127.1", "--only", "end_call", "--plan", env=env)
        process = checked("--url", url, "--allow-http", "127.1", *ONE_TEST, env=env)
    assert (refused.returncode, process.returncode) == (2, 1)
    assert "--allow-http 127.1 permits http" in refused.stderr
    assert "state-changing requests: 0" in plan.stdout
    assert f"--url {url} --allow-http 127.1 --only" in process.stdout
    assert process.stderr == ""


def test_check_says_nothing_of_a_server_that_shows_that_it_is_a_simulator():
    with simulator() as running:
        process = checked("--url", running.url, *ONE_TEST, env={"VOCODE_API_KEY": running.token})
    assert (process.returncode, process.stderr) == (0, "")


def test_check_says_nothing_of_a_test_server_where_a_file_makes_the_run_read_only(tmp_path, monkeypatch):
    (tmp_path / "vocode-contract.toml").write_text("[live]\nread_only = true\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with serving(says(OK + b"Content-Length: 2\r\n\r\n{}")) as server:
        process = checked("--url", server.url, *ONE_TEST, env={"VOCODE_API_KEY": TOKEN})
    assert process.stderr == ""


@pytest.mark.parametrize("token", ["two words", "line\nbreak"])
@pytest.mark.parametrize("variable", ["VOCODE_API_KEY", "VOCODE_OTHER_API_KEY"])
def test_check_refuses_a_token_that_no_header_can_hold_in_one_line(token, variable):
    process = checked("--url", "http://127.0.0.1:1", env={"VOCODE_API_KEY": TOKEN, variable: token})
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr.splitlines() == [
        f"vocode-contract: {variable}: must be a token of printable ASCII characters without spaces"
    ]


@pytest.mark.parametrize("seconds", ["1e-9", "0", "0.049", "nan", "inf", "601"])
def test_check_refuses_a_time_in_which_nothing_can_be_answered(seconds):
    process = checked("--url", "http://127.0.0.1:1", "--timeout", seconds, env={"VOCODE_API_KEY": TOKEN})
    assert process.returncode == 2
    assert "--timeout: must be a number of seconds, 0.05 to 600" in process.stderr


def test_check_shows_no_token():
    with simulator(token=TOKEN, faults=("ignored-token", "wrong-enum")) as running:
        process = checked_apart("--url", running.url, env={"VOCODE_API_KEY": TOKEN, "VOCODE_CONTRACT_DEBUG": "1"})
    assert process.returncode == 1
    assert TOKEN not in process.stdout + process.stderr


def test_check_ends_in_a_table_and_shows_each_cause_with_its_evidence(disobeying):
    lines = disobeying.stdout.splitlines()
    assert lines[2].split() == ["operation", "claim", "verdict", "time"]
    [at] = [index for index, line in enumerate(lines) if line.startswith("1. ")]
    told = lines[at + 1 : lines.index("", at)]
    labels = [line[3:11].strip() for line in told if re.match(r" {3}[a-z]", line)]  # a long command is folded
    assert labels == ["found by", "sent", "received", "body", "contract", "code", "rerun"]


def test_check_tells_how_to_run_one_test_again(disobeying):
    [rerun] = [line[13:] for line in disobeying.stdout.splitlines() if line.startswith("   rerun")]
    words = shlex.split(rerun)
    assert words[:2] == ["vocode-contract", "check"]
    again = checked_apart(*words[2:])
    assert (again.returncode, again.stdout.splitlines()[-2]) == (1, "1 VIOLATES")


def test_check_runs_the_tests_alone_whose_name_or_claim_holds_a_text():
    process = checked("-v", "--only", "returns the", "--only", "test_list_calls.py")
    table = process.stdout.split("\n\n")[1].splitlines()[1:]
    assert process.returncode == 0
    assert {line.split()[0] for line in table} == {"create_call", "end_call", "get_call", "list_calls"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--only", "no such test"], "--only: matches no test"),
        (["--only", "end_call", "--skip", "end_call"], "--skip: leaves no test to run"),
    ],
)
def test_check_of_no_test_is_usage(options, message):
    process = checked(*options)
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr.startswith(f"vocode-contract: {message}")


def test_check_skips_tests_by_name_or_description(tmp_path):
    path = tmp_path / "run.json"
    options = ["--only", "get_recording", "--skip", "is rejected", "--skip", "test_ids.py"]
    assert checked(*options, "--report", f"json={path}").returncode == 0
    tests = [(test["id"].partition("::")[0], test["claim"]) for test in json.loads(path.read_text("utf-8"))["tests"]]
    assert tests
    assert {file for file, _ in tests} == {"test_get_recording.py"}
    assert not [claim for _, claim in tests if "is rejected" in claim]


def test_check_ignores_codes_between_commas():
    options = ["--fault", "wrong-enum", "--only", "test_get_call.py", "--ignore"]
    assert [checked(*options, codes).returncode for codes in ("slow,json-*", "slow, enum")] == [1, 0]


def test_check_writes_reports_and_stays_readable(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    process = checked("--report", "json=a.json,html=b.html", "--report", "junit=here.xml", "--only", "get_recording")
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.endswith("all checks that ran passed\n")
    assert sorted(os.listdir(tmp_path)) == ["a.json", "b.html", "here.xml"]


@pytest.mark.parametrize("report", ["json", "json=-", "json=/dev/stdout"])
def test_check_writes_a_report_to_standard_output_and_the_summary_to_the_other(report):
    process = checked("--report", report, "--only", "test_list_calls.py")
    assert json.loads(process.stdout)["verdict"] == "conforms"
    assert process.stderr.splitlines()[-1] == "all checks that ran passed"


@pytest.mark.parametrize(("options", "code"), [([], 3), (["--fault", "wrong-enum"], 1)])
def test_check_keeps_its_verdict_where_a_report_cannot_be_written(tmp_path, monkeypatch, options, code):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    path = tmp_path / "report.json"
    process = checked("--report", f"json={path}", *options, "--only", "test_get_call.py")
    assert process.returncode == code
    assert f"{path}: No space left" in process.stderr
    assert process.stdout.splitlines()[-1] in ("all checks that ran passed", "the API violates the contract")


def test_check_refuses_a_report_that_cannot_be_written_before_the_run(tmp_path):
    process = checked("--report", f"json={tmp_path / 'nowhere' / 'report.json'}")
    assert (process.returncode, process.stdout, process.stderr.count("\n")) == (2, "", 1)
    assert "the json report cannot be written: " in process.stderr


@pytest.mark.parametrize(("option", "rows"), [([], 1), (["-v"], 5), (["-q"], 0)])
def test_check_that_passes_is_as_long_as_asked(option, rows):
    lines = checked("--only", "test_list_calls.py", "--only", "page", "--skip", "token", *option).stdout.splitlines()
    shown = [line for line in lines if line.startswith("list_calls")]
    assert rows <= len(shown) <= max(rows, rows * 4 - 4)
    assert lines[-1] == "all checks that ran passed"
    assert (len(lines) == 1) == (rows == 0)


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")
def test_check_on_a_terminal_draws_the_table_and_tells_how_far_it_is():
    out, err = on_terminal("--fault", "wrong-enum", "--only", "get_call")
    assert "\x1b[" in out
    assert "VIOLATES" in out
    assert re.search(r"\r\x1b\[K1 of \d+: test_", err)
    assert err.rstrip().endswith("\x1b[K")


def on_terminal(*options):
    """Run `check` with a terminal for each stream; return what it wrote to them."""
    pytest.importorskip("rich")
    import pty

    out, err = pty.openpty(), pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "vocode_contract", "check", *options],
        env=ENVIRONMENT | {"TERM": "xterm-256color", "COLUMNS": "100"},
        stdout=out[1],
        stderr=err[1],
    )
    with ThreadPoolExecutor(2) as readers:
        texts = [readers.submit(drained, outer) for outer, _ in (out, err)]
        process.wait(SECONDS)
        for _, inner in (out, err):
            os.close(inner)
        written = tuple(text.result(SECONDS) for text in texts)
    for outer, _ in (out, err):
        os.close(outer)
    return written


def drained(handle):
    """Read until the terminal is closed, which Linux tells as an error."""
    pieces = []
    with contextlib.suppress(OSError):
        while piece := os.read(handle, 4096):
            pieces.append(piece)
    return b"".join(pieces).decode()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--report", "pdf"], "--report: unknown format 'pdf'; known: json, junit, html, sarif, markdown, github"),
        (["--report", "json,html"], "--report: only one report can be written to standard output"),
        (["--url", "ftp://x"], "--url: must start with https://"),
        (["--url", "https://u:p@x"], "--url: must hold no user name"),
        (["--call-id", "x"], "--call-id: must be the id of a call, a UUID"),
        (["--fault", "wrong-enmu"], "did you mean wrong-enum?"),
        (["--url", "http://127.0.0.1:1", "--fault", "wrong-enum"], "--fault needs the built-in simulator"),
        (["--contract", "2020-01-01"], "unknown contract '2020-01-01'"),
        (["--url", "https://127.0.0.1:1", "--ca", os.devnull], f"--ca: {os.devnull} holds no PEM certificate"),
        (["--url", "https://127.0.0.1:1", "--ca", "nothere.pem"], "--ca: nothere.pem: No such file or directory"),
        (["--url", ""], "--url: is empty; leave it out, or give it a value"),
        (["--accepted", ""], "--accepted: is empty; leave it out, or give it a value"),
        (["--select", "enum", "--select", ""], "--select: is empty; leave it out, or give it a value"),
        (["--ignore", "slow,enmu"], "--ignore: no code is named 'enmu'; did you mean enum? 'vocode-contract explain'"),
        (["--fuzz", "-1"], "--fuzz: must be a number of requests, 0 to 1000000"),
        (["--budget", "-1"], "--budget: must be a number of requests, 0 to 1000000"),
        (["--approve-sends", "-1"], "--approve-sends: must be a number of requests, 0 to 1000000"),
    ],
)
def test_check_of_a_wrong_option_is_usage_in_one_line(capsys, monkeypatch, options, message):
    monkeypatch.setenv("VOCODE_API_KEY", TOKEN)
    assert main.run(["check", *options]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), message in err) == ("", 1, True)


def test_check_without_an_extra_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr("vocode_contract.cli.check.find_spec", lambda _: None)
    assert main.run(["check"]) == 2
    assert "the contract suite needs the extra 'pytest'" in capsys.readouterr().err


@pytest.mark.parametrize("option", [each for each in OPTIONS if each.scope == "server"], ids=lambda each: each.name)
def test_check_refuses_options_of_a_server_without_one(capsys, monkeypatch, option):
    monkeypatch.delenv("VOCODE_URL", raising=False)
    values = {"allow": "rings", "auth": "basic", "header-env": "X-Tenant=TENANT"}
    words = [f"--{option.name}", *([] if option.is_flag else [values.get(option.name, "7")])]
    monkeypatch.setenv("TENANT", "7")
    assert main.run(["check", *words]) == 2
    assert f"--{option.name}: needs a server, named by --url or VOCODE_URL" in capsys.readouterr().err


def test_check_holds_the_built_in_simulator_to_the_limits_of_an_exchange(capsys):
    assert main.run(["check", "--max-body", "100", "--only", "list calls returns"]) == 3
    assert "[too-large]" in capsys.readouterr().out


def test_check_that_fuzzes_without_the_extra_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr("vocode_contract.cli.check.find_spec", lambda name: None if name == "schemathesis" else name)
    assert main.run(["check", "--fuzz", "1"]) == 2
    assert "fuzzing needs the extra 'fuzz'" in capsys.readouterr().err


def test_check_keeps_apart_from_the_project_around_it(tmp_path):
    (tmp_path / "conftest.py").write_text("raise SystemExit(9)")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option")
    process = checked_apart(
        cwd=tmp_path, env={"PYTEST_ADDOPTS": "--no-such-option", "PYTEST_PLUGINS": "no_such_plugin"}
    )
    assert process.returncode == 0
    assert sorted(os.listdir(tmp_path)) == ["conftest.py", "pytest.ini"]


def test_check_leaves_the_environment_as_it_was(monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "-x")
    monkeypatch.delenv("VOCODE_API_KEY", raising=False)
    before = dict(os.environ)
    with run_suite._environment({"PYTEST_ADDOPTS": None, "VOCODE_API_KEY": TOKEN}):
        assert ("PYTEST_ADDOPTS" in os.environ, os.environ["VOCODE_API_KEY"]) == (False, TOKEN)
    assert dict(os.environ) == before


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_check_that_is_interrupted_ends_with_its_code_and_what_it_knows(number, code, tmp_path):
    written = ("--report", f"json={tmp_path / 'run.json'},junit={tmp_path / 'run.xml'}")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "vocode_contract", "check"),
                *("--url", f"http://127.0.0.1:{silent.getsockname()[1]}", *written),
            ],
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
    assert re.search(r"the run was interrupted, [0-9]+ of [0-9]+ tests were not run; no verdict$", out)
    assert "Traceback" not in err
    report = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert (report["verdict"], report["exit_code"]) == ("interrupted", code)
    assert report["unrun"] > 60
    assert 'errors="1"' in (tmp_path / "run.xml").read_text("utf-8")


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
    assert process.stderr.startswith(
        "vocode-contract: internal error: RuntimeError at vocode_contract/cli/run_suite.py:"
    )
    assert "kanarie" not in process.stderr


def test_check_blames_the_operation_that_all_others_contradict():
    lines = checked("--fault", "foreign-call-listed").stdout.splitlines()
    start = next(index for index, line in enumerate(lines) if "[owner-changed, " in line)
    assert "/v1/calls/list" in next(line for line in lines[start:] if line.startswith("   sent"))


def test_check_blames_an_operation_that_others_contradict_which_the_test_does_not_see():
    lines = checked("--fault", "foreign:/agent/id@create_call", "--only", "one call per request").stdout.splitlines()
    start = next(index for index, line in enumerate(lines) if "[agent-changed, " in line)
    assert "/v1/calls/create" in next(line for line in lines[start:] if line.startswith("   sent"))


def test_check_from_server_uses_the_document_that_the_server_publishes(tmp_path):
    flask_app = pytest.importorskip("tests.servers.flask_app", exc_type=ImportError)
    document = json.loads(json.dumps(Contract.load("2023-11-30").document))
    document["info"]["version"] = "own-7"
    document["components"]["schemas"]["Page"] = {"type": "string"}
    document["paths"]["/v1/calls/list"]["get"]["responses"]["200"] = {
        "description": "",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}},
    }
    report = tmp_path / "run.json"
    with flask_app.Server().running() as server:
        inner = server.app

        def answer(environ, start_response):
            if environ["PATH_INFO"] != "/openapi.json":
                return inner(environ, start_response)
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(document).encode()]

        server.app = answer
        options = ("--url", server.url, "--contract", "from-server", "--only", "returns_a_page")
        result = checked(*options, "--report", f"json={report}", env={"VOCODE_API_KEY": "tok-Anna-5Xq9"})
    assert result.returncode == 1, result.stderr
    found = json.loads(report.read_text("utf-8"))
    assert result.stdout.startswith("contract own-7, wire")
    assert "--contract from-server" in result.stdout
    assert {violation["code"] for violation in found["violations"]} == {"type"}


def test_check_from_server_needs_a_server_that_publishes_a_document():
    assert checked("--contract", "from-server").returncode == 2
    with serving(says(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")) as server:
        result = checked("--url", server.url, "--contract", "from-server")
    assert (result.returncode, result.stdout) == (3, "")
    assert "status 404" in result.stderr
