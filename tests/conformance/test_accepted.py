"""Known violations that a file accepts: what it may hold, and what becomes of a run."""

import contextlib
import io
import json
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

from vocode_contract.cli import main
from vocode_contract.conformance.run.accepted import accept, read_accepted
from vocode_contract.conformance.run.options import Given
from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.simulator import simulator
from vocode_contract.validation.violation import Violation

pytest_plugins = ["pytester"]

LOADED = any(found.value == "vocode_contract.pytest_plugin" for found in entry_points(group="pytest11"))
PLUGIN = [] if LOADED else ["-p", "vocode_contract.pytest_plugin"]
#: Spoils the status wherever a call is read, and nothing else.
FAULT = ("--fault", "wrong-enum")
ENTRY = '[[accepted]]\ncode = "enum"\nreason = "VOC-123: old dialler"\n'
VIOLATION = Violation(instance_pointer="/items/3/status", code="enum", expected="a word", actual="another")


def read(path: Path, text: str):
    path.write_text(text, "utf-8")
    return read_accepted(Given(value=str(path), source="--accepted"), Contract.load())


@pytest.fixture
def file(tmp_path):
    return tmp_path / "accepted.toml"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[[acepted]]\ncode = "enum"', "unknown key 'acepted'; did you mean accepted?"),
        (f'{ENTRY}opertaion = "get_call"', "entry 1: unknown key 'opertaion'; did you mean operation?"),
        (f'{ENTRY}{ENTRY}operation = "get_cal"', "entry 2: unknown operation 'get_cal'; did you mean get_call?"),
        (ENTRY.replace("enum", "enmu"), "entry 1: unknown code 'enmu'; did you mean enum?"),
        ('[[accepted]]\ncode = "enum"', "entry 1: reason is missing"),
        (ENTRY.replace("VOC-123: old dialler", " "), "entry 1: reason is missing"),
        (f'{ENTRY}expires = "2027-03-01"', "entry 1: expires must be a date without quotes, such as 2027-03-01"),
        (f"{ENTRY}expires = 2027-03-01T00:00:00Z", "entry 1: expires must be a date without quotes"),
        (f'{ENTRY}place = "status"', "entry 1: place must be a JSON Pointer, such as /items/*/status"),
        ("accepted = 1", "each entry is a table [[accepted]]"),
        ("[[accepted", "is not TOML (at end of document)"),
        (f"a = {'[' * 100_000}", "is nested too deeply"),
        (f"a = {'1' * 5_000}", "is not TOML"),
        (f"{'a.' * 100_000}a = 1", "has more than 100 dots in a line"),
        ("a = 1\n" * 200_000, "is longer than 1,048,576 bytes"),
    ],
)
def test_file_that_cannot_be_used_is_refused_by_entry_and_key(file, text, reason):
    with pytest.raises(InvalidOption) as refused:
        read(file, text)
    assert str(refused.value).startswith(f"--accepted: {file}: {reason}")


def test_file_of_an_editor_on_windows_is_read(file):
    file.write_bytes(b"\xef\xbb\xbf" + ENTRY.replace("\n", "\r\n").encode())
    assert [entry.conditions["code"] for entry in read_accepted(Given(value=str(file)), Contract.load())] == ["enum"]


def test_file_that_is_not_there_is_refused_in_one_line(capsys):
    assert main.run(["check", "--accepted", "nowhere.toml"]) == 2
    assert capsys.readouterr().err == "vocode-contract: --accepted: nowhere.toml: No such file or directory\n"


@pytest.mark.parametrize(
    ("condition", "is_accepted"),
    [
        ("", True),
        ('operation = "list_calls"', True),
        ('operation = "get_call"', False),
        ('place = "/items/*/status"', True),
        ('place = "/items/3/*"', True),
        ('place = "/items/status"', False),
        ('place = "/*"', False),
        ('place = ""', False),
        ("expires = 2999-12-31", True),
        ("expires = 2026-01-02", False),
    ],
)
def test_entry_accepts_what_matches_all_of_its_conditions(file, condition, is_accepted):
    [entry] = read(file, ENTRY + condition)
    reason = "VOC-123: old dialler" if is_accepted else ""
    assert accept(VIOLATION, "list_calls", [entry])[0].accepted == reason


def checked(*options: str) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main.run(["check", *options])
    return code, out.getvalue()


def test_violations_of_a_run_are_accepted_by_the_file_that_it_writes(file, tmp_path):
    assert checked(*FAULT, "--report", f"accepted={file}")[0] == 1
    report = tmp_path / "run.json"
    code, shown = checked(*FAULT, "--accepted", str(file), "--report", f"json={report}")
    assert (code, shown.splitlines()[-1]) == (0, "all checks that ran passed")
    assert "   create_call, end_call, get_call 200 /status: expected" in shown.partition("\naccepted:\n")[2]
    found = json.loads(report.read_text("utf-8"))
    assert {violation["accepted"][:8] for violation in found["violations"]} == {"found on"}


def test_entries_that_match_nothing_fail_a_complete_run(file):
    file.write_text(f'{ENTRY}operation = "get_call"', "utf-8")
    code, shown = checked("--accepted", str(file))
    assert (code, shown.splitlines()[-1]) == (1, "the file of accepted violations is out of date")
    assert "accepted entry 1 (get_call enum: VOC-123: old dialler) matched no violation: remove it" in shown


@pytest.mark.parametrize("options", [["--only", "get_call"], ["--skip", "recording"]])
def test_entries_that_match_nothing_may_belong_to_a_test_that_was_left_out(file, options):
    file.write_text(ENTRY, "utf-8")
    assert checked("--accepted", str(file), *options)[0] == 0


def test_expired_entry_fails_every_run_and_accepts_nothing(file):
    file.write_text(f"{ENTRY}expires = 2026-01-02", "utf-8")
    code, shown = checked("--accepted", str(file), "--only", "test_list_calls.py")
    line = "accepted entry 1 (enum: VOC-123: old dialler) was valid until 2026-01-02: remove it, or extend the date"
    assert (code, line in shown) == (1, True)


@pytest.mark.parametrize("processes", [[], ["-n2"]], ids=["alone", "xdist"])
def test_entries_of_the_configuration_hold_in_pytest(pytester, monkeypatch, file, processes):
    if processes:
        pytest.importorskip("xdist")
    monkeypatch.setenv("VOCODE_API_KEY", "tok_0123456789")
    pytester.makeini(f"[pytest]\nvocode_accepted = {file}")
    file.write_text(ENTRY + ENTRY.replace("enum", "redirect"), "utf-8")
    with simulator(token="tok_0123456789", faults=("wrong-enum",)) as running:
        options = ["-p", "no:schemathesis", "-p", "no:cacheprovider", "--vocode-url", running.url, "--pyargs"]
        result = pytester.runpytest_subprocess(*PLUGIN, *processes, *options, "vocode_contract.conformance")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "accepted:",
            "accepted entry 2 (redirect: VOC-123: old dialler) matched no violation: remove it",
            "the file of accepted violations is out of date",
        ]
    )
    assert result.parseoutcomes().get("failed", 0) == 0
    # Workers of pytest-xdist pass on what they did.
    counts = r"[1-9]\d* created, [1-9]\d* ended, 0 left"
    result.stdout.re_match_lines([rf" *calls of this run \([0-9a-f]{{12}}\): {counts}"])
