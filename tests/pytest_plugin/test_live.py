"""Tests of a user's own that ask another host: they get no further than the consents, and leave nothing."""

import ssl

import pytest

from tests.support.payloads import written

pytest.importorskip("httpx")

pytest_plugins = ["tests.support.live_runs"]

CALL = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
CREATES = """
REQUEST = {"from_number": "12025550123", "to_number": "12025550145", "agent": {"prompt": {"content": "Goodbye."}}}

def test_create(vocode_client):
    assert vocode_client.create_call(REQUEST).status == 200
"""


THERE = ("--vocode-url=https://staging.example",)
ALLOWED = (*THERE, "--vocode-allow=rings")


def test_call_that_a_users_test_creates_is_written_down_ended_and_told(live_pytest, sent, tmp_path):
    process = live_pytest(CREATES, *ALLOWED)
    assert process.returncode == 0, process.stdout
    assert "1 created, 1 ended, 0 left" in process.stdout
    assert [line.split()[2] for line in sent("POST")] == ["/v1/calls/create", "/v1/calls/end"]
    events = (tmp_path / "state" / "vocode-contract" / "journal.jsonl").read_text(encoding="utf-8")
    assert [event in events for event in ('"creating"', '"created"', '"ended"')] == [True] * 3


GOES_ROUND = {
    "another path": 'vocode_client.send("get_call", {"id": CALL}, method="POST", suffix="/end")',
    "the token by another name": 'vocode_client.send("end_call", {"id": CALL}, credentials=Credentials(suffix=" "))',
    "the token of the environment": (
        'vocode_client.send("end_call", {"id": CALL}, credentials=Credentials(token=Secret(environ["VOCODE_API_KEY"])))'
    ),
    "no token": 'vocode_client.send("end_call", {"id": CALL}, credentials=None)',
    "another number": 'vocode_client.create_call({"to_number": "12025550145", "context": {"phone": "14155551234"}})',
}


@pytest.mark.parametrize("statement", GOES_ROUND.values(), ids=GOES_ROUND)
def test_users_test_gets_no_further_than_the_consents(live_pytest, sent, statement):
    imports = (
        "from os import environ",
        "from vocode_contract.validation.masking import Secret",
        "from vocode_contract.http.client.request import Credentials",
    )
    source = "\n".join((*imports, f'CALL = "{CALL}"', "def test_shop(vocode_client):", f"    {statement}\n"))
    process = live_pytest(source, *ALLOWED, "--vocode-allow=hangs-up", "--vocode-budget=9")
    assert "was not sent" in process.stdout, process.stdout
    assert not sent("POST")


def test_users_test_with_drawn_data_creates_nothing(live_pytest, sent):
    pytest.importorskip("hypothesis")
    source = """
from hypothesis import HealthCheck, given, settings, strategies as st

@settings(suppress_health_check=list(HealthCheck), max_examples=3, deadline=None, database=None)
@given(st.text(min_size=1))
def test_shop(vocode_client, text):
    vocode_client.create_call({"from_number": "12025550123", "to_number": "12025550145", "agent": {"prompt": text}})
"""
    process = live_pytest(source, *ALLOWED, "--vocode-budget=9")
    assert "generated data is never sent to an operation with an effect" in process.stdout
    assert not sent("POST")


def test_users_test_creates_nothing_where_the_collection_failed(live_pytest, sent, tmp_path):
    broken = written(tmp_path / "work" / "test_broken.py", "import nothing_of_that_name")
    process = live_pytest(CREATES, *ALLOWED, "--continue-on-collection-errors", str(broken))
    assert "it rings a phone; permit that" in process.stdout
    assert not sent("POST")


def test_users_test_creates_nothing_in_several_processes(live_pytest, sent):
    pytest.importorskip("xdist")
    process = live_pytest(CREATES, *ALLOWED, "-n1", apart=True)
    assert "rings a phone" in process.stdout, process.stdout
    assert not sent("POST")


WIDENING = {
    "allow": "--vocode-allow=rings",
    "allow-number": "--vocode-allow-number=14155550999",
    "call-id": f"--vocode-call-id={CALL}",
    "budget": "--vocode-budget=9",
    "production": "--vocode-production",
    "approve-sends": "--vocode-approve-sends=0",
    "allow-http": "--vocode-allow-http=api",
    "header-env": "--vocode-header-env=X-Path=PATH",
}


@pytest.mark.parametrize("option", WIDENING.values(), ids=WIDENING)
@pytest.mark.parametrize("where", ["file", "variable"])
def test_option_that_widens_is_for_the_command_line(live_pytest, sent, tmp_path, *, option, where):
    if where == "file":
        written(tmp_path / "work" / "pytest.ini", f"[pytest]\naddopts = {option}\n")
    process = live_pytest(CREATES, *THERE, **({"PYTEST_ADDOPTS": option} if where == "variable" else {}))
    assert (process.returncode, sent()) == (pytest.ExitCode.USAGE_ERROR, [])
    assert f"{option.partition('=')[0]} must be given on the command line" in process.stderr


@pytest.mark.parametrize(("key", "value"), [("ca", "ca.pem"), ("proxy", "http://proxy.example:3128")])
@pytest.mark.parametrize("where", ["file", "variable"])
def test_who_may_see_what_is_sent_is_for_the_command_line(live_pytest, sent, tmp_path, *, key, value, where):
    written(tmp_path / "work" / "ca.pem", ssl.DER_cert_to_PEM_cert(b"")) if key == "ca" else None
    if where == "file":
        written(tmp_path / "work" / "pytest.ini", f"[pytest]\nvocode_{key} = {value}\n")
    process = live_pytest(READS, *THERE, **({f"VOCODE_{key.upper()}": value} if where == "variable" else {}))
    assert (process.returncode, sent()) == (pytest.ExitCode.USAGE_ERROR, [])


READS = "def test_read(vocode_client):\n    vocode_client.list_calls()\n"


@pytest.mark.parametrize("where", ["file", "variable"])
@pytest.mark.parametrize(("host", "read"), [("staging.example", True), ("evil.example", False)])
def test_url_that_was_not_typed_must_lead_to_a_host_of_the_user(live_pytest, sent, tmp_path, *, host, read, where):
    url = f"https://{host}"
    if where == "file":
        written(tmp_path / "work" / "pytest.ini", f"[pytest]\nvocode_url = {url}\n")
    process = live_pytest(READS, **({"VOCODE_URL": url} if where == "variable" else {}))
    assert bool(sent("GET")) is read
    assert ("pass it with --vocode-url" in process.stderr) is not read


def test_url_that_was_not_typed_stops_no_run_that_does_not_use_it(live_pytest, tmp_path):
    written(tmp_path / "work" / "pytest.ini", "[pytest]\nvocode_url = https://evil.example\n")
    assert live_pytest("def test_other(): pass").returncode == 0


def test_rehearsal_runs_no_fixture_that_nobody_asked_for(live_pytest, tmp_path):
    source = """
import pytest

@pytest.fixture(autouse=True)
def talk():
    with open("talked.txt", "a") as file:
        file.write("x")
"""
    written(tmp_path / "work" / "conftest.py", source)
    suite = ("--pyargs", "vocode_contract.conformance", "-k", "list_calls_returns_a_page or shop")
    process = live_pytest("def test_shop(): pass", *THERE, *suite, "--vocode-plan")
    assert "plan for https://staging.example" in process.stdout, process.stdout
    assert not (tmp_path / "work" / "talked.txt").exists()
    collected = live_pytest("def test_shop(): pass", *THERE, *suite, "--collect-only")
    assert "plan for" not in collected.stdout


def test_second_ctrl_c_says_which_calls_are_open(live_pytest, tmp_path):
    source = f"""{CREATES}
def test_interrupted(vocode_client, monkeypatch):
    from vocode_contract.conformance.checked_client import CheckedClient

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    CheckedClient.try_to_end = interrupt
    raise KeyboardInterrupt
"""
    process = live_pytest(source, *ALLOWED, apart=True)
    assert process.returncode != 0
    [line] = [line for line in (process.stdout + process.stderr).splitlines() if "end them by hand" in line]
    assert "interrupted: still open" in line
    assert str(tmp_path / "state" / "vocode-contract" / "journal.jsonl") in line
