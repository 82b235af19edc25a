"""Hosts that are not this machine: not a byte leaves without every consent, and what is created is known."""

import os
import signal
import socket
import ssl
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from tests.support.payloads import written
from tests.support.tools import load_tool
from vocode_contract.errors import InvalidOption
from vocode_contract.http.guard.config_file import Live, read_live, state_directory, user_file
from vocode_contract.http.guard.guard import Guard, Intent, NotPermitted
from vocode_contract.http.guard.journal import sole_actor

pytest.importorskip("httpx")

from vocode_contract.conformance.run.options import Given
from vocode_contract.conformance.run.run import Run
from vocode_contract.conformance.run.settings import Settings
from vocode_contract.conformance.scenario.steps import WAYS
from vocode_contract.contract.model import Contract
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.request import OperationRequest
from vocode_contract.http.client.timing import Timing
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.validation.masking import Secret

pytest_plugins = ["tests.support.live_runs"]

ROOT = Path(__file__).resolve().parents[2]
HASTY = Timing(pauses=(), interval=0)
OPERATIONS = Contract.load().operations
CALL = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
OTHER = "00000000-0000-4000-8000-000000000000"


TABLE = load_tool("generate_tables")


# --- the tap ---


@pytest.fixture
def tap(monkeypatch):
    """Note each look for a host and each connection; none gets anywhere."""
    touched: list[str] = []

    def refuse(*arguments: object, **_options: object) -> None:
        touched.append(str(arguments[-1]))
        raise socket.gaierror(socket.EAI_NONAME, "tapped")

    # To load the certificates that nobody comes to verify takes most of the time.
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return touched


ASKS = {
    "rings": OperationRequest(operation=OPERATIONS["create_call"], body=b'{"to_number": "%s"}' % TABLE.NUMBER.encode()),
    "hangs-up": OperationRequest(operation=OPERATIONS["end_call"], arguments=(("id", CALL),)),
}


@pytest.mark.parametrize("effect", ASKS)
@pytest.mark.parametrize("host", [TABLE.STAGING, TABLE.PRODUCTION])
def test_not_a_byte_leaves_without_every_consent(tap, host, effect):
    needless = {"`--production`", "second confirmation"} if host == TABLE.STAGING else set()
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


def test_truth_table_reads_anywhere_and_acts_on_this_machine_alone_without_consent():
    bare = [
        Guard().reason_against(Intent(operation="x", effect=effect, host=TABLE.STAGING)) for effect in TABLE.EFFECTS
    ]
    assert [reason is None for reason in bare] == [True, False, False, False, False]


# --- files ---


def test_files_that_are_not_there_allow_nothing(tmp_path):
    assert read_live(tmp_path / "a", tmp_path) == Live()


USER_FILE = '[live]\nhosts = ["Staging.Example"]\nnumbers = ["+14155550999"]\n'


def test_users_file_names_hosts_and_numbers(tmp_path):
    own = written(tmp_path / "config.toml", USER_FILE)
    expected = Live(hosts=frozenset({"staging.example"}), numbers=frozenset({"14155550999"}))
    assert read_live(own, tmp_path / "project") == expected


def test_users_file_that_a_project_may_bring_along_is_refused(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub").mkdir()
    for start in (tmp_path, tmp_path / "sub"):
        with pytest.raises(InvalidOption, match="lies inside the project"):
            read_live(written(tmp_path / "config.toml", USER_FILE), start)


def test_users_file_may_lie_below_what_the_run_and_its_tests_have_in_common(tmp_path):
    (tmp_path / "work").mkdir()
    assert read_live(written(tmp_path / "config.toml", USER_FILE), tmp_path, tmp_path / "work").hosts


def test_users_file_may_lie_below_the_home_that_a_run_begins_in(tmp_path, monkeypatch):
    monkeypatch.setattr("vocode_contract.http.guard.config_file._home", lambda: tmp_path)
    assert read_live(written(tmp_path / "config.toml", USER_FILE), tmp_path).hosts


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
@pytest.mark.parametrize(("file", "directory"), [(0o666, 0o700), (0o620, 0o700), (0o600, 0o770)])
def test_users_file_that_others_may_write_is_not_believed(tmp_path, file, directory):
    (tmp_path / "own").mkdir()
    own = written(tmp_path / "own" / "config.toml", USER_FILE)
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
        ("[live]\nrate = 50", "belongs into your own file"),
        ("[live]\nreadonly = true", "unknown key 'readonly' under .live.; did you mean read_only"),
        ('[live]\nnumbers = ["1"]', "belongs into your own file"),
        ("[live]\nread_only = false", "can only be true"),
        ('[live]\nread_only = "yes"', "can only be true"),
        ("[dead]\nread_only = true", "another table"),
        ("live = 1", "another table"),
        ("[live", "is not TOML .at end of document."),
        (f"a = {'[' * 60_000}", "is nested too deeply"),
        (f"a = {'1' * 5_000}", "is not TOML"),
        (f"{'a.' * 30_000}a = 1", "has more than 100 dots in a line"),
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
        ("[live]\nrate = 0", "requests per second, 0.1 to 100"),
        ("[live]\nrate = 100.5", "requests per second, 0.1 to 100"),
        ("[live]\nrate = nan", "requests per second, 0.1 to 100"),
        ("[live]\nrate = true", "requests per second, 0.1 to 100"),
        ('[live]\nrate = "4"', "requests per second, 0.1 to 100"),
        ("[live]\nrates = 4", "unknown key 'rates' under .live.; did you mean rate"),
        ("#" * 70_000, "is longer than 65,536 bytes"),
    ],
)
def test_users_file_with_what_means_nothing_is_refused(tmp_path, text, reason):
    with pytest.raises(InvalidOption, match=reason):
        read_live(written(tmp_path / "config.toml", text), tmp_path / "project")


def test_users_files_are_where_the_desktop_keeps_them():
    assert user_file({"XDG_CONFIG_HOME": "/c"}) == Path("/c/vocode-contract/config.toml")
    assert state_directory({"XDG_STATE_HOME": "/s"}) == Path("/s/vocode-contract")
    assert user_file({"XDG_CONFIG_HOME": "relative"}) == Path.home() / ".config" / "vocode-contract" / "config.toml"


# --- the suite ---

STAGING = ("--url", "https://staging.example")
PRODUCTION = ("--url", "https://api.vocode.dev")
RINGING = ("--allow", "rings")


def test_run_elsewhere_only_reads_and_is_refused(live, sent):
    process = live(*STAGING)
    assert process.returncode == 3  # no call could be ended, so the main claim was not judged
    assert "plan for https://staging.example" in process.stdout
    assert process.stdout.index("state-changing requests: 0") < process.stdout.index("contract 2023-11-30")
    assert len(sent("POST", "/v1/calls/create")) == len(WAYS["create_call"])  # to be refused
    assert len(sent("POST", "/v1/calls/end")) == len(WAYS["end_call"])
    assert all("(run " in line for line in sent())


def test_run_elsewhere_creates_and_ends_one_call_with_every_consent(live):
    process = live(*STAGING, *RINGING)
    assert process.returncode == 0, process.stdout
    assert "state-changing requests: 1" in process.stdout
    assert "1 created, 1 ended, 0 left" in process.stdout


def test_run_elsewhere_without_the_host_in_the_users_file_creates_nothing(live):
    process = live("--url", "https://other.example", *RINGING)
    assert "other.example is not among hosts under [live]" in process.stdout
    assert "created, " not in process.stdout


def test_run_elsewhere_ends_a_call_that_was_named(live, sent):
    process = live(*STAGING, "--call-id", CALL, "--allow", "hangs-up", "--budget", "2")
    assert process.returncode == 0
    assert len(sent("POST", "/v1/calls/end")) == 2 + len(WAYS["end_call"])  # the others are to be refused
    ends = [line for line in process.stdout.splitlines() if "POST /v1/calls/end" in line and CALL in line]
    assert "state-changing requests: 2" in process.stdout
    assert len(ends) == 1


def test_run_elsewhere_is_read_only_where_the_environment_says_so(live, sent):
    process = live(*STAGING, *RINGING, VOCODE_CONTRACT_READ_ONLY="1")
    assert process.returncode == 0  # what its user left out is no want of a verdict
    assert "state-changing requests: 0" in process.stdout
    assert sent("GET")
    assert not sent("POST")


def test_run_elsewhere_is_read_only_where_the_repository_says_so(live, sent, tmp_path):
    written(tmp_path / "work" / "vocode-contract.toml", "[live]\nread_only = true\n")
    assert live(*STAGING, *RINGING).returncode == 0
    assert sent("GET")
    assert not sent("POST")


def test_plan_sends_nothing(live, sent):
    process = live(*STAGING, *RINGING, "--plan")
    assert (process.returncode, sent()) == (0, [])
    assert "1 x POST /v1/calls/create  [rings]  Authorization: <token>" in process.stdout
    assert "a-token-of-tests" not in process.stdout


def test_plan_for_this_machine_says_that_nothing_is_counted(live, sent):
    process = live("--url", "http://127.0.0.1:9", "--plan")
    assert (process.returncode, sent()) == (0, [])
    assert process.stdout.splitlines()[-1].startswith("state-changing requests are not counted")


def test_dry_run_is_another_word_for_the_plan(live):
    assert live(*STAGING, "--dry-run").stdout == live(*STAGING, "--plan").stdout


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (RINGING, "is production; confirm with --production"),
        ((*RINGING, "--production"), "production needs confirmation: type the host name"),
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
    assert process.stdout.index("state-changing requests: 1") < asked < process.stdout.index("contract 2023-11-30")
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
    picked = ("--only", "create_call_returns", "--only", "unknown_id_is_rejected")
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
    assert "internal error" not in process.stderr


def settings(*effects: str, url: str = "https://staging.example") -> Settings:
    return Settings.from_given({"url": Given(value=url), "allow": Given(value=effects)})


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    return tmp_path / "vocode-contract"


@pytest.mark.usefixtures("state")
def test_run_may_act_where_an_effect_is_allowed_and_it_is_not_read_only(monkeypatch):
    assert Run.from_settings(settings("rings")).may_act
    assert not Run.from_settings(settings()).may_act
    assert not Run.from_settings(settings("rings"), alone=False).may_act
    assert not Run.from_settings(settings("rings", url="http://127.0.0.1:1")).may_act
    monkeypatch.setenv("VOCODE_CONTRACT_READ_ONLY", "1")
    assert not Run.from_settings(settings("rings")).may_act


RATES = {
    "https://staging.example": 0.125,
    "https://other.example": Timing().interval,
    "https://api.vocode.dev": Timing().interval,
}


@pytest.mark.parametrize("url", RATES)
@pytest.mark.usefixtures("state")
def test_rate_is_for_the_users_hosts_and_never_hurries_production(tmp_path, monkeypatch, url):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "vocode-contract").mkdir()
    text = '[live]\nhosts = ["staging.example", "api.vocode.dev"]\nrate = 8\n'
    written(tmp_path / "vocode-contract" / "config.toml", text)
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
    assert Run.from_settings(settings(url=url)).sender(None)._timing.interval == RATES[url]


@pytest.mark.usefixtures("state")
def test_run_has_effects_while_it_acts_alone():
    run = Run.from_settings(settings("rings"))
    assert run.sender(None)._guard.consents.effects == frozenset()
    with run.acting():
        assert run.sender(None)._guard.consents.effects == {"rings"}


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_run_that_may_act_takes_the_lock_and_the_signals(state):
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
    assert before == [signal.SIG_DFL] * 2
    with Run.from_settings(settings("rings")).acting():
        with pytest.raises(InvalidOption, match="another run"), sole_actor(state, "staging.example"):
            pass
        for number in (signal.SIGTERM, signal.SIGHUP):
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(number)
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)] == before
    with Run.from_settings(settings()).acting(), sole_actor(state, "staging.example"):
        pass


@pytest.mark.usefixtures("state")
def test_run_remembers_what_could_not_be_written_down(monkeypatch):
    run = Run.from_settings(settings("rings"))
    run.note("creating")
    monkeypatch.setattr(os, "fsync", lambda _descriptor: (_ for _ in ()).throw(OSError))
    with pytest.raises(InvalidOption):
        run.note("created", CALL)
    assert (run.created, run.unanswered) == ([CALL], 0)
    assert any("the journal is incomplete" in remark for remark in run.remarks())


def test_options_that_mean_nothing_are_usage(live):
    for options, reason in (
        (("--allow", "everything"), "is not an effect"),
        (("--allow-number", "one"), "must be digits"),
        (("--allow-number", "14155550998"), "is not among numbers"),
    ):
        process = live(*STAGING, *options)
        assert (process.returncode, reason in process.stderr) == (2, True), process.stderr
