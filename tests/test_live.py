"""Hosts that are not this machine: not a byte leaves without every consent, and what is created is known."""

import importlib.util
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import ModuleType

import pytest

from vocode_contract.errors import InvalidOption
from vocode_contract.guard import Guard, Intent, NotPermitted
from vocode_contract.journal import CallJournal, sole_actor
from vocode_contract.live import Live, read_live, state_directory, user_file

pytest.importorskip("httpx")

from vocode_contract.contract import Contract
from vocode_contract.inconclusive import Inconclusive
from vocode_contract.redaction import Secret
from vocode_contract.timing import Timing
from vocode_contract.transport import Ask, Client

pytest_plugins = ["pytester"]

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


def test_users_file_names_hosts_and_numbers(tmp_path):
    own = written(tmp_path / "config.toml", '[live]\nhosts = ["Staging.Example"]\nnumbers = ["+14155550999"]\n')
    expected = Live(hosts=frozenset({"staging.example"}), numbers=frozenset({"14155550999"}))
    assert read_live(own, tmp_path) == expected


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
        read_live(written(tmp_path / "config.toml", text), tmp_path)


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
import os, sys
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
        return inner.handle_request(request)

transport.Network = Network
"""
RUN = """
import sys
from vocode_contract.timing import Timing
Timing.__init__.__kwdefaults__["interval"] = 0
from vocode_contract.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def live(tmp_path):
    """Run `check` against a host of any name, which a simulator in the process stands in for."""
    (tmp_path / "config" / "vocode-contract").mkdir(parents=True)
    names = '[live]\nhosts = ["staging.example", "api.vocode.dev"]\nnumbers = ["14155550999"]\n'
    written(tmp_path / "config" / "vocode-contract" / "config.toml", names)

    def running(*options: str, stdin: int | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
            "VOCODE_API_KEY": "a-token-of-tests",
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            **variables,
        }
        return subprocess.run(
            [sys.executable, "-c", REDIRECTED + RUN, "check", *options],
            env=environment, cwd=tmp_path, capture_output=True, check=False, text=True, timeout=120, stdin=stdin,
        )  # fmt: skip

    return running


STAGING = ("--url", "https://staging.example")
PRODUCTION = ("--url", "https://api.vocode.dev")
RINGING = ("--allow", "rings")


@pytest.fixture
def sent(tmp_path):
    """Return what has left the process: method, host, URL path, name of the sender."""

    def lines(start: str = "", path: str = "") -> list[str]:
        file = tmp_path / "sent.txt"
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
    written(tmp_path / "vocode-contract.toml", "[live]\nread_only = true\n")
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


@pytest.fixture
def typing() -> Iterator[Callable[[str], int]]:
    """Type a line at a terminal, and return the terminal to read it from."""
    pty = pytest.importorskip("pty")
    controller, terminal = pty.openpty()

    def typed(line: str) -> int:
        os.write(controller, f"{line}\n".encode())
        return int(terminal)

    yield typed
    os.close(controller)
    os.close(terminal)


@pytest.mark.parametrize(
    ("line", "created"), [("api.vocode.dev", True), ("API.vocode.dev ", True), ("y", False), ("", False)]
)
def test_production_takes_the_host_that_is_typed_and_no_other_word(live, typing, line, created):
    process = live(*PRODUCTION, *RINGING, "--production", stdin=typing(line))
    asked = process.stdout.index("this is production: type api.vocode.dev")
    assert process.stdout.index("mutating requests: 1") < asked < process.stdout.index("contract 2023-11-30")
    assert ("1 created, 1 ended, 0 left" in process.stdout) is created


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_run_that_is_interrupted_ends_what_it_created(live, number, code):
    process = live(*STAGING, *RINGING, KILLED_BY=str(int(number)))
    assert process.returncode == code
    assert "1 created, 1 ended, 0 left" in process.stdout


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_run_after_a_crash_lists_what_was_left(live):
    assert live(*STAGING, *RINGING, KILLED_BY=str(int(signal.SIGKILL))).returncode == -signal.SIGKILL
    process = live(*STAGING)
    assert "left open by earlier runs: " in process.stdout


def test_options_that_mean_nothing_are_usage(live):
    for options, reason in (
        (("--allow", "everything"), "is no effect"),
        (("--allow-number", "one"), "must be digits"),
        (("--allow-number", "14155550998"), "is not among numbers"),
    ):
        process = live(*STAGING, *options)
        assert (process.returncode, reason in process.stderr) == (2, True), process.stderr
