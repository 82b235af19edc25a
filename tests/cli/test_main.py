"""How a process ends: real ones, real signals, real pipes."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import httpx
import pytest

import vocode_contract
from tests.support.payloads import CALL, RINGING, saved
from tests.support.receivers import receiver, served
from vocode_contract.cli.output import BUG, VIOLATES
from vocode_contract.validation.validator import conforms

SECRET = CALL["agent"]["openai_account_connection"]["credentials"]["openai_api_key"]
ENTRY = str(Path(vocode_contract.__file__).parents[1])
COMMAND = [sys.executable, "-m", "vocode_contract"]
# As users have it: what is written is held back until it is flushed.
CHANGED = {"PYTHONUNBUFFERED", "VOCODE_CONTRACT_DEBUG"}
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in CHANGED} | {"PYTHONPATH": ENTRY}
SECONDS = 30
is_posix = pytest.mark.skipif(os.name != "posix", reason="signals and pipes of POSIX")


def spawned(*arguments, **options):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen([*COMMAND, *map(str, arguments)], env=ENVIRONMENT, text=True, **pipes)


def ended(process, text=None):
    """Exit code, standard output and standard error of a process that was given some input."""
    out, err = process.communicate(text, timeout=SECONDS)
    return process.returncode, out, err


def test_process_ends_with_the_verdict(good, bad):
    assert [ended(spawned("validate", path))[0] for path in (good, bad)] == [0, 1]


@is_posix
@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_signal_ends_with_its_code_and_a_partial_summary(number, code, word):
    process = spawned("validate", "--lines", "-")
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(RINGING) + "\n")
    process.stdin.flush()
    assert "/status" in process.stdout.readline()  # judged as it comes, and waiting for more
    process.send_signal(number)
    returncode, _, err = ended(process)
    assert returncode == code
    assert "1 payload: 1 violates" in err
    assert err.splitlines()[-1] == f"vocode-contract: {word}"


@is_posix
@pytest.mark.parametrize(("name", "code"), [("good", 0), ("bad", 1)])
def test_broken_pipe_keeps_the_verdict_in_silence(request, name, code):
    reading, writing = os.pipe()
    os.close(reading)
    process = spawned("validate", "--output-format", "json", request.getfixturevalue(name), stdout=writing)
    os.close(writing)
    returncode, _, err = ended(process)
    assert (returncode, err.count("\n")) == (code, 1)


@is_posix
def test_broken_pipe_ends_help_in_silence():
    reading, writing = os.pipe()
    os.close(reading)
    process = spawned("--help", stdout=writing)
    os.close(writing)
    assert ended(process) == (0, None, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
@pytest.mark.parametrize(("name", "code"), [("good", 3), ("bad", 1)])
def test_full_disk_is_no_verdict_unless_there_is_a_violation(request, name, code):
    with open("/dev/full", "w") as full:
        returncode, _, err = ended(
            spawned("validate", "--output-format", "json", request.getfixturevalue(name), stdout=full)
        )
    assert returncode == code
    assert "the report could not be written: No space left on device" in err


@is_posix
def test_closed_streams_change_nothing(bad):
    command = f'"{sys.executable}" -m vocode_contract validate "{bad}" >&- 2>&- <&-'
    assert subprocess.run(["/bin/sh", "-c", command], check=False, env=ENVIRONMENT).returncode == VIOLATES


def test_ascii_terminal_takes_every_name(tmp_path):
    path = saved(tmp_path / "ü€.json", RINGING)
    process = subprocess.run(
        [*COMMAND, "validate", path], env=ENVIRONMENT | {"PYTHONIOENCODING": "ascii"}, capture_output=True, check=False
    )
    assert process.returncode == VIOLATES
    assert rb"\xfc\u20ac.json: /status" in process.stdout


BUGGY = """
import sys
import time
import urllib.request
import vocode_contract.validation.validator
from vocode_contract.__main__ import main

def validate(self, instance):
    raise ValueError(f"about {instance!r}")

vocode_contract.validation.validator.Validator.validate = validate
sys.exit(main())
"""


@pytest.mark.parametrize("debug", ["", "1"])
def test_bug_is_70_and_says_where_without_the_payload(tmp_path, debug):
    path = saved(tmp_path / "call.json", CALL)
    environment = ENVIRONMENT | {"VOCODE_CONTRACT_DEBUG": debug}
    process = subprocess.run(
        [sys.executable, "-c", BUGGY, "validate", path], env=environment, capture_output=True, check=False, text=True
    )
    assert process.returncode == BUG
    assert "internal error: ValueError at vocode_contract/cli/validate.py:" in process.stderr
    assert ("in validate" in process.stderr) == bool(debug)
    assert SECRET not in process.stdout + process.stderr


PEAK = """
import sys
import time
import urllib.request
from vocode_contract.__main__ import main
code = main()
print(*(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
sys.exit(code)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="Linux tells the peak of memory")
def test_streamed_lines_keep_memory_flat(tmp_path):
    path = tmp_path / "calls.jsonl"
    line = json.dumps(CALL | {"transcript": "x" * 20_000}) + "\n"
    path.write_text(line * 4_000)  # 90 MB
    command = [sys.executable, "-c", PEAK, "validate", "--lines", str(path)]
    process = subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=True, text=True)
    assert int(process.stdout) < 60_000  # kB


def test_validate_loads_nothing_it_does_not_need(good):
    code = "import sys; from vocode_contract.__main__ import main; main(); print(*sys.modules)"
    command = [sys.executable, "-c", code, "validate", str(good)]
    loaded = set(subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=True, text=True).stdout.split())
    assert "vocode_contract.validation.validator" in loaded
    assert not loaded & {
        "rich",
        "jsonschema",
        "httpx",
        "pytest",
        "starlette",
        "uvicorn",
        "difflib",
        "importlib.metadata",
    }


@pytest.fixture
def simulator():
    """Run the simulator as a process; returns it and its line."""
    started = []

    def simulator(*options):
        process = spawned("simulate", *options)
        started.append(process)
        assert process.stdout
        return process, process.stdout.readline()

    yield simulator
    for process in started:
        process.kill()
        process.communicate()


@is_posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_simulate_serves_until_a_signal(simulator, number, code):
    process, line = simulator()
    [(url, token)] = re.findall(r"^(http://127\.0\.0\.1:\d+)  Authorization: (Bearer \S+)$", line, re.MULTILINE)
    answer = httpx.get(f"{url}/v1/calls/list", headers={"Authorization": token}, timeout=SECONDS, trust_env=False)
    assert conforms(answer.content, "CallPage")
    process.send_signal(number)
    assert ended(process)[0] == code


def test_simulate_serves_ipv6_and_logs_requests_masked(simulator):
    process, line = simulator("--host", "::1")
    [(url, token)] = re.findall(r"^(http://\[::1\]:\d+)  Authorization: (Bearer \S+)$", line, re.MULTILINE)
    with httpx.Client(base_url=url, headers={"Authorization": token}, trust_env=False) as client:
        assert conforms(client.get("/v1/calls/list", params={"page": 2}).content, "CallPage")
        client.get("/v1/calls/list?page=2&size=sk-secret", headers={"Authorization": "sk-other-secret"})
        client.get("/_simulator/state")
        client.get("/sk-path")
    process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
    _, _, err = ended(process)
    lines = [line.removeprefix("vocode-contract: ") for line in err.splitlines()]
    assert lines[0] == f"open {url}/ in a browser to watch the calls; Ctrl-C stops the simulator"
    assert re.fullmatch(r"GET /v1/calls/list\?page=2 200  \d+ ms", lines[1])
    assert re.fullmatch(r"GET /v1/calls/list\?page=2&size=<text \w+> 403  \d+ ms", lines[2])
    assert re.fullmatch(r"GET <text \w+> 404  \d+ ms", lines[3])
    assert lines[4:] == ["interrupted"]
    assert "sk-" not in err


def test_simulate_that_other_machines_reach_needs_its_own_token_for_everything(simulator, monkeypatch):
    token = "a-token-of-nobody-else"
    monkeypatch.setitem(ENVIRONMENT, "SIMULATOR", token)
    process, line = simulator("--host", "0.0.0.0", "--token-env", "SIMULATOR")  # noqa: S104 - the test is about it
    [port] = re.findall(r"^http://0\.0\.0\.0:(\d+)  Authorization: Bearer \$SIMULATOR$", line, re.MULTILINE)
    paths = ("/v1/calls/list", "/", "/_simulator/state", "/_simulator/page.js")
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}", headers={"Host": "simulator:8000"}, trust_env=False
    ) as client:
        for wrong in ({}, {"Authorization": "Bearer simulator-token"}):
            assert {client.get(path, headers=wrong).status_code for path in paths} == {403}
        right = {"Authorization": f"Bearer {token}"}
        assert {client.get(path, headers=right).status_code for path in paths} == {200}
    process.terminate()
    assert token not in ended(process)[2]


@pytest.mark.parametrize("token", [None, "simulator-token", "short", "has spaces in it, many"])
def test_simulate_is_reached_by_no_other_machine_with_a_token_that_is_missing_or_known(token, monkeypatch):
    monkeypatch.delitem(ENVIRONMENT, "SIMULATOR", raising=False)
    if token is not None:
        monkeypatch.setitem(ENVIRONMENT, "SIMULATOR", token)
    code, out, err = ended(spawned("simulate", "--host", "0.0.0.0", "--token-env", "SIMULATOR"))  # noqa: S104 - the same
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "token" in err
    assert token is None or f" {token}" not in err


def test_simulate_logs_a_slow_response_once_it_was_sent(simulator):
    process, line = simulator("--fault", "delay-fixed")
    url, token = line.split()[0], line.split()[-1]
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
        client.get("/v1/calls/list", timeout=SECONDS)
    process.terminate()
    [shown] = re.findall(r"GET /v1/calls/list 200  (\d+) ms", ended(process)[2])
    assert int(shown) >= 1000


def test_simulate_that_is_quiet_logs_no_request(simulator):
    process, line = simulator("--quiet")
    assert httpx.get(f"{line.split()[0]}/v1/calls/list", trust_env=False).status_code == 403
    process.terminate()
    _, _, err = ended(process)
    assert "Ctrl-C stops the simulator" in err
    assert "GET" not in err


def test_command_in_a_zip_archive_says_that_it_must_be_installed(tmp_path, good):
    broken = tmp_path / "orjson" / "__init__.py"
    broken.parent.mkdir()
    broken.write_text("from .orjson import *")
    archive = shutil.make_archive(str(tmp_path / "app"), "zip", Path(ENTRY), "vocode_contract/cli")
    with zipfile.ZipFile(archive, "a") as packed:
        for path in Path(ENTRY, "vocode_contract").rglob("*.py"):
            if "cli" not in path.parts:
                packed.write(path, path.relative_to(ENTRY))
        packed.write(broken, "orjson/__init__.py")
    environment = ENVIRONMENT | {"PYTHONPATH": archive}
    command = [*COMMAND, "validate", good]
    with subprocess.Popen(command, env=environment, cwd=broken.parent, stderr=subprocess.PIPE, text=True) as process:
        _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    assert err == (
        "vocode-contract: a dependency, the module orjson.orjson, is compiled and cannot be loaded from a zip archive; "
        "install the package with pip\n"
    )


def test_simulate_sends_again_as_told(simulator):
    shop, statuses = receiver(), [503, 200, 200]
    shop.receive = lambda *_: (statuses.pop(0), b"")
    with served(shop) as hook:
        _, line = simulator("--retry", "fixed", "--speed", "1000", "--scenario", "human")
        url, token = line.split()[0], line.split()[-1]
        webhook = {"subscriptions": ["event_phone_call_connected"], "url": hook}
        voice = {"type": "voice_azure", "voice_name": "x"}
        agent = {"prompt": {"content": "x"}, "voice": voice, "webhook": webhook}
        request = {"from_number": "12025550199", "to_number": "12025550101", "agent": agent}
        headers = {"authorization": f"Bearer {token}"}
        with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
            assert client.post("/v1/calls/create", json=request).status_code == 200
            while len(tried := client.get("/_simulator/deliveries").json()["deliveries"]) < 2:
                time.sleep(0.05)
    assert [(attempt["attempt"], attempt["status"]) for attempt in tried] == [(2, 200), (1, 503)]


def test_simulate_of_a_taken_port_is_usage(simulator):
    port = simulator()[1].partition("  ")[0].rpartition(":")[2]
    code, _, err = ended(spawned("simulate", "--port", port))
    assert (code, err) == (2, f"vocode-contract: --port: {port} is taken; choose another, or 0 for any free one\n")
