"""Hosts that are not this machine: not a byte leaves without every consent, and what is created is known."""

import importlib.util
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from importlib.metadata import entry_points
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from vocode_contract.errors import InvalidOption
from vocode_contract.guard import Guard, Intent, NotPermitted
from vocode_contract.journal import CallJournal, sole_actor
from vocode_contract.live import Live, read_live, state_directory, user_file

pytest.importorskip("httpx")

from vocode_contract.asking import Ask
from vocode_contract.conformance.run import Run
from vocode_contract.conformance.settings import Given, Settings, Wishes
from vocode_contract.contract import Contract
from vocode_contract.inconclusive import Inconclusive
from vocode_contract.redaction import Secret
from vocode_contract.timing import Timing
from vocode_contract.transport import Client

pytest_plugins = ["pytester"]

LOADED = any(found.value == "vocode_contract.pytest_plugin" for found in entry_points(group="pytest11"))
ROOT = Path(__file__).resolve().parents[1]
HASTY = Timing(pauses=(), interval=0)
OPERATIONS = Contract.load().operations
CALL = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
OTHER = "00000000-0000-4000-8000-000000000000"


def table() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_live", ROOT / "tools" / "generate_live.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TABLE = table()


# --- the tap ---


@pytest.fixture
def tap(monkeypatch):
    """Note each look for a host and each connection; none gets anywhere."""
    touched: list[str] = []

    def refuse(*arguments: object, **_options: object) -> None:
        touched.append(str(arguments[-1]))
        raise socket.gaierror(socket.EAI_NONAME, "tapped")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return touched


ASKS = {
    "rings": Ask(operation=OPERATIONS["create_call"], body=b'{"to_number": "%s"}' % TABLE.NUMBER.encode()),
    "hangs-up": Ask(operation=OPERATIONS["end_call"], arguments=(("id", CALL),)),
}


@pytest.mark.parametrize("effect", ASKS)
@pytest.mark.parametrize("host", [TABLE.STAGING, TABLE.PRODUCTION])
def test_not_a_byte_leaves_without_every_consent(tap, host, effect):
    needless = {"`--production`", "second word"} if host == TABLE.STAGING else set()
    for lacking in product([False, True], repeat=len(TABLE.LACKING)):
        chosen = [name for name, lacks in zip(TABLE.LACKING, lacking, strict=True) if lacks]
        consents = TABLE.EVERYTHING
        for name in chosen:
            consents = replace(consents, **TABLE.LACKING[name])
        client = Client(f"https://{host}", Secret("a-token"), guard=Guard(consents), timing=HASTY)
        with pytest.raises((NotPermitted, Inconclusive)):
            client.exchange(ASKS[effect])
        assert bool(tap) is not bool(set(chosen) - needless), chosen
        tap.clear()


@pytest.mark.parametrize("effect", ASKS)
def test_not_a_byte_of_generated_data_leaves_with_an_effect(tap, effect):
    client = Client(f"https://{TABLE.STAGING}", Secret("a-token"), guard=Guard(TABLE.EVERYTHING))
    with pytest.raises(NotPermitted):
        client.exchange(replace(ASKS[effect], generated=True))
    assert tap == []


def test_another_method_needs_the_same_consents(tap):
    with pytest.raises(NotPermitted):
        Client(f"https://{TABLE.STAGING}", Secret("a-token")).exchange(replace(ASKS["hangs-up"], method="GET"))
    assert tap == []


def test_documentation_prints_the_truth_table():
    assert TABLE.TARGET.read_text(encoding="utf-8") == TABLE.text()


def test_truth_table_reads_anywhere_and_acts_on_this_machine_alone_without_consent():
    bare = [
        Guard().reason_against(Intent(operation="x", effect=effect, host=TABLE.STAGING)) for effect in TABLE.EFFECTS
    ]
    assert [reason is None for reason in bare] == [True, False, False, False, False]


# --- files ---


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_files_that_are_not_there_allow_nothing(tmp_path):
    assert read_live(tmp_path / "a", tmp_path) == Live()


OWN = '[live]\nhosts = ["Staging.Example"]\nnumbers = ["+14155550999"]\n'


def test_users_file_names_hosts_and_numbers(tmp_path):
    own = written(tmp_path / "config.toml", OWN)
    expected = Live(hosts=frozenset({"staging.example"}), numbers=frozenset({"14155550999"}))
    assert read_live(own, tmp_path / "project") == expected


def test_users_file_that_a_project_may_bring_along_is_refused(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub").mkdir()
    for start in (tmp_path, tmp_path / "sub"):
        with pytest.raises(InvalidOption, match="lies inside the project"):
            read_live(written(tmp_path / "config.toml", OWN), start)


def test_users_file_may_lie_below_what_the_run_and_its_tests_have_in_common(tmp_path):
    (tmp_path / "work").mkdir()
    assert read_live(written(tmp_path / "config.toml", OWN), tmp_path, tmp_path / "work").hosts


def test_users_file_may_lie_below_the_home_that_a_run_begins_in(tmp_path, monkeypatch):
    monkeypatch.setattr("vocode_contract.live._home", lambda: tmp_path)
    assert read_live(written(tmp_path / "config.toml", OWN), tmp_path).hosts


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
@pytest.mark.parametrize(("file", "directory"), [(0o666, 0o700), (0o620, 0o700), (0o600, 0o770)])
def test_users_file_that_others_may_write_is_not_believed(tmp_path, file, directory):
    (tmp_path / "own").mkdir()
    own = written(tmp_path / "own" / "config.toml", OWN)
    own.chmod(file)
    own.parent.chmod(directory)
    with pytest.raises(InvalidOption, match="may be written by others"):
        read_live(own, tmp_path / "project")


def test_repositorys_file_narrows(tmp_path):
    written(tmp_path / "vocode-contract.toml", "[live]\nread_only = true\n")
    (tmp_path / "below" / "deeper").mkdir(parents=True)
    assert read_live(tmp_path / "none", tmp_path / "below" / "deeper").read_only


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[live]\nhosts = ["x"]', "belongs into your own file"),
        ('[live]\nnumbers = ["1"]', "belongs into your own file"),
        ("[live]\nread_only = false", "can only be true"),
        ('[live]\nread_only = "yes"', "can only be true"),
        ("[dead]\nread_only = true", "another table"),
        ("live = 1", "another table"),
        ("[live", "cannot be read as TOML"),
    ],
)
def test_repositorys_file_cannot_widen(tmp_path, text, reason):
    written(tmp_path / "vocode-contract.toml", text)
    with pytest.raises(InvalidOption, match=reason):
        read_live(tmp_path / "none", tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[live]\nhost = ["x"]', "unknown key 'host'"),
        ('[live]\nhosts = "x"', "a list of strings"),
        ("[live]\nnumbers = [14155550999]", "a list of strings"),
        ('[live]\nnumbers = ["+1 415"]', "digits with country code"),
        ("[live]\nread_only = 1", "true or false"),
        ("#" * 70_000, "another table"),
    ],
)
def test_users_file_with_what_means_nothing_is_refused(tmp_path, text, reason):
    with pytest.raises(InvalidOption, match=reason):
        read_live(written(tmp_path / "config.toml", text), tmp_path / "project")


def test_users_files_are_where_the_desktop_keeps_them():
    assert user_file({"XDG_CONFIG_HOME": "/c"}) == Path("/c/vocode-contract/config.toml")
    assert state_directory({"XDG_STATE_HOME": "/s"}) == Path("/s/vocode-contract")
    assert user_file({"XDG_CONFIG_HOME": "relative"}) == Path.home() / ".config" / "vocode-contract" / "config.toml"


# --- journal and lock ---


def journal(directory: Path, run_id: str = "one", host: str = "staging.example") -> CallJournal:
    return CallJournal(directory, host=host, run_id=run_id)


def test_journal_lists_what_was_created_and_not_ended(tmp_path):
    first = journal(tmp_path)
    for event, call in (("creating", ""), ("created", CALL), ("creating", ""), ("created", OTHER), ("ended", CALL)):
        first.note(event, call)
    assert journal(tmp_path, "two").leftovers() == (OTHER,)
    assert journal(tmp_path, "two", host="other.example").leftovers() == ()


def test_journal_lists_a_creation_whose_answer_never_came(tmp_path):
    journal(tmp_path).note("creating")
    assert journal(tmp_path, "two").leftovers() == ("unknown",)


def test_journal_lists_each_creation_whose_answer_never_came(tmp_path):
    first = journal(tmp_path)
    for event, call in (("creating", ""), ("creating", ""), ("created", CALL), ("ended", CALL), ("creating", "")):
        first.note(event, call)
    first.note("declined")
    assert journal(tmp_path, "two").leftovers() == ("unknown",)


def test_journal_survives_a_line_that_a_crash_cut_off(tmp_path):
    journal(tmp_path).note("created", CALL)
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(b'{"event": "crea\n[1]\n')
    journal(tmp_path).note("created", OTHER)
    assert journal(tmp_path).leftovers() == (CALL, OTHER)


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_journal_is_for_its_owner_alone(tmp_path):
    journal(tmp_path).note("created", CALL)
    assert stat.S_IMODE((tmp_path / "journal.jsonl").stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_journal_is_not_written_through_a_link(tmp_path):
    (tmp_path / "journal.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidOption, match="cannot be written"):
        journal(tmp_path).note("creating")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_journal_that_others_could_read_is_for_its_owner_from_then_on(tmp_path):
    written(tmp_path / "journal.jsonl", "").chmod(0o666)
    journal(tmp_path).prepare()
    assert stat.S_IMODE((tmp_path / "journal.jsonl").stat().st_mode) == 0o600


def test_journal_is_on_the_disk_before_anything_is_sent(tmp_path, monkeypatch):
    synced: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda _descriptor: synced.append((tmp_path / "journal.jsonl").read_bytes()))
    journal(tmp_path).note("creating")
    assert b'"creating"' in synced[0]


def test_journal_that_is_written_in_part_is_not_written(tmp_path, monkeypatch):
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:9]))
        with pytest.raises(InvalidOption, match="cannot be written"):
            journal(tmp_path).note("creating")
    journal(tmp_path).note("created", CALL)
    assert journal(tmp_path).leftovers() == (CALL,)


def test_journal_lists_a_call_as_unknown_whose_id_was_somebody_elses(tmp_path):
    first = journal(tmp_path)
    for event, call in (("creating", ""), ("created", CALL), ("foreign", CALL)):
        first.note(event, call)
    assert journal(tmp_path, "two").leftovers() == ("unknown",)


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_lock_is_for_its_owner_alone_and_taken_through_no_link(tmp_path):
    with sole_actor(tmp_path, "staging.example"):
        [lock] = tmp_path.glob("*.lock")
        assert stat.S_IMODE(lock.stat().st_mode) == 0o600
    lock.unlink()
    lock.symlink_to(written(tmp_path / "elsewhere", "kept"))
    with pytest.raises(InvalidOption, match="cannot be made"), sole_actor(tmp_path, "staging.example"):
        pass
    assert (tmp_path / "elsewhere").read_text(encoding="utf-8") == "kept"


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_lock_keeps_a_second_actor_out_and_names_the_first(tmp_path):
    with (
        sole_actor(tmp_path, "staging.example"),
        pytest.raises(InvalidOption, match=f"process {os.getpid()}"),
        sole_actor(tmp_path, "staging.example"),
    ):
        pass
    with sole_actor(tmp_path, "staging.example"), sole_actor(tmp_path, "other.example"):
        pass


# --- the suite ---

#: Lets names of hosts lead to a simulator, over which a whole run can be watched.
REDIRECTED = """
import os, sys, threading
import httpx
from vocode_contract import transport
from vocode_contract.contract import Contract
from vocode_contract.simulator import Simulation, SimulatorTransport

simulation = Simulation(Contract.load(), token=os.environ["VOCODE_API_KEY"])
inner = SimulatorTransport(simulation)
named = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
playing = next(call for call in simulation.state.calls.values() if call["status"] == "in_progress")
simulation.state.calls[named] = {**playing, "id": named}

class Network(httpx.BaseTransport):
    def __init__(self, line, tls, proxy):
        line.sent = True
    def handle_request(self, request):
        with open("sent.txt", "a") as file:
            file.write(f"{request.method} {request.url.host} {request.url.path} {request.headers['user-agent']}\\n")
        if os.environ.get("KILLED_BY") and request.url.path.endswith("/end"):
            number = int(os.environ.pop("KILLED_BY"))
            os.kill(os.getpid(), number)
        if os.environ.get("ALARMED") and request.url.path.endswith("/create") and request.method == "POST":
            number, late = os.environ.pop("ALARMED").split()
            threading.Timer(float(late), os.kill, (os.getpid(), int(number))).start()  # while the next one waits
        return inner.handle_request(request)

transport.Network = Network
"""
RUN = """
import sys
from vocode_contract.timing import Timing
Timing.__init__.__kwdefaults__["interval"] = float(__import__("os").environ.get("INTERVAL", "0"))
from vocode_contract.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def live(tmp_path):
    """Run `check` against a host of any name, which a simulator in the process stands in for."""
    (tmp_path / "config" / "vocode-contract").mkdir(parents=True)
    names = '[live]\nhosts = ["staging.example", "api.vocode.dev"]\nnumbers = ["14155550999"]\n'
    written(tmp_path / "config" / "vocode-contract" / "config.toml", names)

    (tmp_path / "work").mkdir()

    def running(
        *options: str, command: list[str] | None = None, typed: str | None = None, ahead: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
            "VOCODE_API_KEY": "a-token-of-tests",
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            **variables,
        }
        command = command or [sys.executable, "-c", REDIRECTED + RUN, "check", *options]
        there = {"env": environment, "cwd": tmp_path / "work", "text": True}
        if typed is None:
            return subprocess.run(command, capture_output=True, check=False, timeout=120, **there)
        return _typing(command, there, ahead, typed)

    return running


def _typing(command: list[str], there: Any, ahead: str, typed: str) -> subprocess.CompletedProcess[str]:
    """Run a command at a terminal, and type a line before it begins and one when it asks."""
    pty = pytest.importorskip("pty")
    controller, terminal = pty.openpty()
    os.write(controller, ahead.encode())
    with subprocess.Popen(
        command, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **there
    ) as process:
        stop = threading.Timer(120, process.kill)
        stop.start()
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("this is production: type"):
                os.write(controller, f"{typed}\n".encode())
        process.wait()
        stop.cancel()
    os.close(controller)
    os.close(terminal)
    return subprocess.CompletedProcess(command, process.returncode, "".join(lines), "")


TESTED = """
import sys
from vocode_contract.timing import Timing
Timing.__init__.__kwdefaults__["interval"] = 0
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""
CREATES = """
REQUEST = {"from_number": "12025550123", "to_number": "12025550145", "agent": {"prompt": {"content": "Goodbye."}}}

def test_create(vocode_client):
    assert vocode_client.create_call(REQUEST).status == 200
"""


@pytest.fixture
def live_pytest(live, tmp_path):
    """Run pytest over a test of a user's own against a host of any name."""

    def running(source: str, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        test = written(tmp_path / "work" / "test_shop.py", source)
        loaded = [] if LOADED else ["-p", "vocode_contract.pytest_plugin"]
        command = [sys.executable, "-c", REDIRECTED + TESTED, *loaded, "-rs", "-p", "no:cacheprovider", *options]
        process: subprocess.CompletedProcess[str] = live(command=[*command, str(test)], **variables)
        return process

    return running


STAGING = ("--url", "https://staging.example")
PRODUCTION = ("--url", "https://api.vocode.dev")
RINGING = ("--allow", "rings")


@pytest.fixture
def sent(tmp_path):
    """Return what has left the process: method, host, URL path, name of the sender."""

    def lines(start: str = "", path: str = "") -> list[str]:
        file = tmp_path / "work" / "sent.txt"
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        return [line for line in text.splitlines() if line.startswith(start) and path in line]

    return lines


def test_run_elsewhere_only_reads_and_is_refused(live, sent):
    process = live(*STAGING)
    assert process.returncode == 3  # no call could be ended, so the main claim was not judged
    assert "plan for https://staging.example" in process.stdout
    assert process.stdout.index("mutating requests: 0") < process.stdout.index("contract 2023-11-30")
    assert len(sent("POST", "/v1/calls/create")) == len(sent("POST", "/v1/calls/end")) == 4  # to be refused
    assert all("(run " in line for line in sent())


def test_run_elsewhere_creates_and_ends_one_call_with_every_consent(live):
    process = live(*STAGING, *RINGING)
    assert process.returncode == 0, process.stdout
    assert "mutating requests: 1" in process.stdout
    assert "1 created, 1 ended, 0 left" in process.stdout


def test_run_elsewhere_without_the_host_in_the_users_file_creates_nothing(live):
    process = live("--url", "https://other.example", *RINGING)
    assert "other.example is not among hosts under [live]" in process.stdout
    assert "created, " not in process.stdout


def test_run_elsewhere_ends_a_call_that_was_named(live, sent):
    process = live(*STAGING, "--call-id", CALL, "--allow", "hangs-up", "--budget", "2")
    assert process.returncode == 0
    assert len(sent("POST", "/v1/calls/end")) == 2 + 4  # four are to be refused
    ends = [line for line in process.stdout.splitlines() if "POST /v1/calls/end" in line and CALL in line]
    assert "mutating requests: 2" in process.stdout
    assert len(ends) == 1


def test_run_elsewhere_is_read_only_where_the_environment_says_so(live, sent):
    process = live(*STAGING, *RINGING, VOCODE_CONTRACT_READ_ONLY="1")
    assert process.returncode == 0  # what its user left out is no want of a verdict
    assert "mutating requests: 0" in process.stdout
    assert sent("GET")
    assert not sent("POST")


def test_run_elsewhere_is_read_only_where_the_repository_says_so(live, sent, tmp_path):
    (tmp_path / "work").mkdir(exist_ok=True)
    written(tmp_path / "work" / "vocode-contract.toml", "[live]\nread_only = true\n")
    assert live(*STAGING, *RINGING).returncode == 0
    assert sent("GET")
    assert not sent("POST")


def test_plan_sends_nothing(live, sent):
    process = live(*STAGING, *RINGING, "--plan")
    assert (process.returncode, sent()) == (0, [])
    assert "1 x POST /v1/calls/create  [rings]  Authorization: <token>" in process.stdout
    assert "a-token-of-tests" not in process.stdout


def test_dry_run_is_another_word_for_the_plan(live):
    assert live(*STAGING, "--dry-run").stdout == live(*STAGING, "--plan").stdout


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (RINGING, "is production; say so with --production"),
        ((*RINGING, "--production"), "production wants the host name typed"),
        ((*RINGING, "--approve-sends", "1"), "says 1, and the plan shows 0"),
    ],
)
def test_production_wants_two_more_words(live, options, reason):
    process = live(*PRODUCTION, *options)
    assert reason in process.stdout + process.stderr
    assert "created, " not in process.stdout


def test_production_takes_the_number_that_the_plan_shows(live):
    process = live(*PRODUCTION, *RINGING, "--production", "--approve-sends", "1")
    assert "1 created, 1 ended, 0 left" in process.stdout


def test_production_refuses_another_number_than_the_plan_shows(live, sent):
    process = live(*PRODUCTION, *RINGING, "--production", "--approve-sends", "2")
    assert (process.returncode, sent()) == (2, [])
    assert "says 2, and the plan shows 1" in process.stderr


@pytest.mark.parametrize(
    ("line", "created"), [("api.vocode.dev", True), ("API.vocode.dev ", True), ("y", False), ("", False)]
)
def test_production_takes_the_host_that_is_typed_and_no_other_word(live, line, created):
    process = live(*PRODUCTION, *RINGING, "--production", typed=line)
    asked = process.stdout.index("this is production: type api.vocode.dev")
    assert process.stdout.index("mutating requests: 1") < asked < process.stdout.index("contract 2023-11-30")
    assert ("1 created, 1 ended, 0 left" in process.stdout) is created


def test_production_takes_no_word_that_was_typed_before_it_was_asked_for(live):
    process = live(*PRODUCTION, *RINGING, "--production", ahead="api.vocode.dev\n", typed="no")
    assert "this is production" in process.stdout
    assert "created, " not in process.stdout


def test_production_takes_no_number_for_the_word_where_somebody_sits_at_a_terminal(live):
    process = live(*PRODUCTION, *RINGING, "--production", "--approve-sends", "1", typed="no")
    assert "this is production" in process.stdout
    assert "created, " not in process.stdout


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_run_that_is_interrupted_ends_what_it_created(live, number, code):
    process = live(*STAGING, *RINGING, KILLED_BY=str(int(number)))
    assert process.returncode == code
    assert "1 created, 1 ended, 0 left" in process.stdout


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_run_that_is_interrupted_while_it_paces_ends_what_it_created(live, number, code):
    picked = ("--only", "create_call_answers", "--only", "unknown_id_is_refused")
    process = live(*STAGING, *RINGING, *picked, INTERVAL="1", ALARMED=f"{int(number)} 0.5")
    assert process.returncode == code
    assert "1 created, 1 ended, 0 left" in process.stdout


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_run_after_a_crash_lists_what_was_left(live):
    assert live(*STAGING, *RINGING, KILLED_BY=str(int(signal.SIGKILL))).returncode == -signal.SIGKILL
    process = live(*STAGING)
    assert "left open by earlier runs: " in process.stdout


def test_run_whose_calls_cannot_be_written_down_is_one_line_of_usage(live, sent, tmp_path):
    written(tmp_path / "state", "a file where a directory belongs")
    process = live(*STAGING, *RINGING)
    assert (process.returncode, sent()) == (2, [])
    assert [line for line in process.stderr.splitlines() if "cannot be made" in line]
    assert "a bug of ours" not in process.stderr


def settings(*effects: str, url: str = "https://staging.example") -> Settings:
    given = {key: Given(value={"url": url}.get(key, ""), source=key) for key in ("url", "contract", "profile")}
    return Settings.from_given(given, wishes=Wishes.from_words(effects))


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    return tmp_path / "vocode-contract"


@pytest.mark.usefixtures("state")
def test_run_may_act_where_an_effect_is_allowed_and_it_is_not_read_only(monkeypatch):
    assert Run.of(settings("rings")).may_act
    assert not Run.of(settings()).may_act
    assert not Run.of(settings("rings"), alone=False).may_act
    assert not Run.of(settings("rings", url="http://127.0.0.1:1")).may_act
    monkeypatch.setenv("VOCODE_CONTRACT_READ_ONLY", "1")
    assert not Run.of(settings("rings")).may_act


@pytest.mark.usefixtures("state")
def test_run_has_effects_while_it_acts_alone():
    run = Run.of(settings("rings"))
    assert run.sender(None)._guard.consents.effects == frozenset()
    with run.acting():
        assert run.sender(None)._guard.consents.effects == {"rings"}


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_run_that_may_act_takes_the_lock_and_the_signals(state):
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
    assert before == [signal.SIG_DFL] * 2
    with Run.of(settings("rings")).acting():
        with pytest.raises(InvalidOption, match="another run"), sole_actor(state, "staging.example"):
            pass
        for number in (signal.SIGTERM, signal.SIGHUP):
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(number)
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)] == before
    with Run.of(settings()).acting(), sole_actor(state, "staging.example"):
        pass


@pytest.mark.usefixtures("state")
def test_run_remembers_what_could_not_be_written_down(monkeypatch):
    run = Run.of(settings("rings"))
    run.note("creating")
    monkeypatch.setattr(os, "fsync", lambda _descriptor: (_ for _ in ()).throw(OSError))
    with pytest.raises(InvalidOption):
        run.note("created", CALL)
    assert (run.created, run.unanswered) == ([CALL], 0)
    assert any("not all of it could be written down" in remark for remark in run.remarks())


# --- tests of a user's own ---

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
    "another path": 'vocode_client.ask("get_call", {"id": CALL}, method="POST", suffix="/end")',
    "the token by another name": 'vocode_client.ask("end_call", {"id": CALL}, credentials=Credentials(suffix=" "))',
    "the token of the environment": (
        'vocode_client.ask("end_call", {"id": CALL}, credentials=Credentials(token=Secret(environ["VOCODE_API_KEY"])))'
    ),
    "no token": 'vocode_client.ask("end_call", {"id": CALL}, credentials=None)',
    "another number": 'vocode_client.create_call({"to_number": "12025550145", "context": {"phone": "14155551234"}})',
}


@pytest.mark.parametrize("statement", GOES_ROUND.values(), ids=GOES_ROUND)
def test_users_test_gets_no_further_than_the_consents(live_pytest, sent, statement):
    imports = (
        "from os import environ",
        "from vocode_contract.redaction import Secret",
        "from vocode_contract.asking import Credentials",
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
    assert "generated data never meets an effect" in process.stdout
    assert not sent("POST")


def test_users_test_creates_nothing_where_the_collection_failed(live_pytest, sent, tmp_path):
    broken = written(tmp_path / "work" / "test_broken.py", "import nothing_of_that_name")
    process = live_pytest(CREATES, *ALLOWED, "--continue-on-collection-errors", str(broken))
    assert "it rings a phone; allow that" in process.stdout
    assert not sent("POST")


def test_users_test_creates_nothing_in_several_processes(live_pytest, sent):
    pytest.importorskip("xdist")
    process = live_pytest(CREATES, *ALLOWED, "-n1")
    assert "rings a phone" in process.stdout, process.stdout
    assert not sent("POST")


WIDENING = {
    "allow": "--vocode-allow=rings",
    "allow-number": "--vocode-allow-number=14155550999",
    "call-id": f"--vocode-call-id={CALL}",
    "budget": "--vocode-budget=9",
    "production": "--vocode-production",
    "approve-sends": "--vocode-approve-sends=0",
}


@pytest.mark.parametrize("option", WIDENING.values(), ids=WIDENING)
@pytest.mark.parametrize("where", ["file", "variable"])
def test_option_that_widens_is_for_the_command_line(live_pytest, sent, tmp_path, *, option, where):
    if where == "file":
        written(tmp_path / "work" / "pytest.ini", f"[pytest]\naddopts = {option}\n")
    process = live_pytest(CREATES, *THERE, **({"PYTEST_ADDOPTS": option} if where == "variable" else {}))
    assert (process.returncode, sent()) == (pytest.ExitCode.USAGE_ERROR, [])
    assert f"{option.partition('=')[0]} is for the command line" in process.stderr


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
    assert ("give it with --vocode-url" in process.stderr) is not read


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
    suite = ("--pyargs", "vocode_contract.conformance", "-k", "list_calls_answers_with_a_page or shop")
    process = live_pytest("def test_shop(): pass", *THERE, *suite, "--vocode-plan")
    assert "plan for https://staging.example" in process.stdout, process.stdout
    assert not (tmp_path / "work" / "talked.txt").exists()
    collected = live_pytest("def test_shop(): pass", *THERE, *suite, "--collect-only")
    assert "plan for" not in collected.stdout


def test_second_ctrl_c_says_which_calls_are_open(live_pytest, tmp_path):
    source = f"""{CREATES}
def test_interrupted(vocode_client, monkeypatch):
    from vocode_contract.conformance.client import CheckedClient

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    CheckedClient.end_at_last = interrupt
    raise KeyboardInterrupt
"""
    process = live_pytest(source, *ALLOWED)
    assert process.returncode != 0
    [line] = [line for line in (process.stdout + process.stderr).splitlines() if "end them by hand" in line]
    assert "interrupted: still open" in line
    assert str(tmp_path / "state" / "vocode-contract" / "journal.jsonl") in line


def test_options_that_mean_nothing_are_usage(live):
    for options, reason in (
        (("--allow", "everything"), "is no effect"),
        (("--allow-number", "one"), "must be digits"),
        (("--allow-number", "14155550998"), "is not among numbers"),
    ):
        process = live(*STAGING, *options)
        assert (process.returncode, reason in process.stderr) == (2, True), process.stderr
