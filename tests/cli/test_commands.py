import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tracemalloc

import click
import jsonschema
import jsonschema_rs
import pytest
from click.shell_completion import ShellComplete

import vocode_contract
from tests.support.payloads import CALL, RINGING, saved
from vocode_contract.cli import main
from vocode_contract.cli.output import CONFORMS, INCONCLUSIVE, USAGE, VIOLATES, Output, show_bar
from vocode_contract.contract.model import Contract, dates
from vocode_contract.errors import describe_install
from vocode_contract.http.inconclusive import KINDS
from vocode_contract.http.policies import POLICIES
from vocode_contract.report import REPORTS
from vocode_contract.validation.codes import CODES
from vocode_contract.validation.masking import printable
from vocode_contract.validation.validator import conforms

is_posix = pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")


@pytest.fixture
def run(capsys):
    """Run the command line in this process; returns the exit code, standard output and standard error."""

    def run(*arguments):
        capsys.readouterr()
        code = main.run([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


def given(monkeypatch, raw):
    """Let standard input hold these bytes."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))


# --- validate: verdicts ---


def test_validate_of_what_conforms_is_0(run, good):
    assert run("validate", good) == (0, "", "vocode-contract: 1 payload: 1 conforms [Call, 2023-11-30, wire]\n")


def test_validate_of_a_violation_is_1_and_names_its_place(run, bad):
    code, out, err = run("validate", bad)
    assert code == 1
    assert (
        out
        == f'{bad}: /status: expected one of not_started, in_progress, error, ended, got "ringing" [enum, 2023-11-30]\n'
    )
    assert err.endswith("1 payload: 1 violates the contract (1 violation) [Call, 2023-11-30, wire]\n")


def test_validate_of_a_missing_file_is_3_in_one_line(run, tmp_path):
    code, out, err = run("validate", tmp_path / "nope.json")
    assert (code, out) == (3, "")
    assert err.splitlines()[0] == f"vocode-contract: {tmp_path}/nope.json: no such file or directory"


def test_validate_of_a_mixed_run_is_1(run, good, bad, tmp_path):
    assert run("validate", good, tmp_path / "nope", bad)[0] == VIOLATES


def test_validate_of_an_unread_file_beats_what_conforms(run, good, tmp_path):
    assert run("validate", tmp_path / "nope", good)[0] == INCONCLUSIVE


@pytest.mark.parametrize(
    ("source", "reason"),
    [("", "the directory contains no file that ends in .json, .json.gz, .jsonl"), ("*.xml", "no file matches")],
)
def test_validate_of_a_directory_or_pattern_without_files_is_3(run, tmp_path, source, reason):
    code, _, err = run("validate", tmp_path / source)
    assert code == INCONCLUSIVE
    assert f"{tmp_path / source}: {reason}" in err


def test_which_of_a_directory_is_3(run, tmp_path):
    code, _, err = run("which", tmp_path)
    assert code == INCONCLUSIVE
    assert "it is a directory; name a file in it" in err


@pytest.mark.parametrize("source", [".", "**/*.json*"])
def test_validate_finds_the_files_of_a_directory_or_pattern(run, tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path)
    for name in ("a.json", "deep/b.json", "deep/c.jsonl", "deep/d.json.gz", ".hidden/e.json", "deep/.f.json"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        raw = json.dumps(RINGING).encode()
        path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    (tmp_path / "notes.txt").touch()
    _, out, err = run("validate", "--output-format", "concise", source)
    places = [line.removeprefix("./").partition(":/")[0] for line in out.splitlines()]
    assert places == ["a.json", "deep/b.json", "deep/c.jsonl:1", "deep/d.json.gz"]
    assert "4 payloads" in err


def test_validate_decompresses_files_and_standard_input(run, monkeypatch, tmp_path):
    raw = gzip.compress(json.dumps(RINGING).encode())
    (tmp_path / "call").write_bytes(raw)
    given(monkeypatch, raw)
    _, out, _ = run("validate", "--output-format", "concise", tmp_path / "call", "-")
    assert out == f"{tmp_path}/call:/status: enum\n<stdin>:/status: enum\n"


@pytest.mark.parametrize("option", [(), ("--lines",)])
def test_validate_limits_what_gzip_holds_by_its_decompressed_size(run, tmp_path, option):
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"[" + b" " * 20_000_000 + b"]"))
    tracemalloc.start()
    code, out, _ = run("validate", *option, "--max-size", "1000", "--output-format", "concise", tmp_path / "bomb.gz")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (code, out.count("json-too-large")) == (1, 1)
    assert peak < 5_000_000


@pytest.mark.parametrize("raw", [gzip.compress(b"[]", mtime=0)[:-9], b"\x1f\x8b\x08 not gzip", b"\x1f\x8b"])
def test_validate_of_damaged_gzip_data_is_3(run, tmp_path, raw):
    (tmp_path / "call.json.gz").write_bytes(raw)
    code, _, err = run("validate", tmp_path / "call.json.gz")
    assert (code, "gzip data is damaged" in err) == (INCONCLUSIVE, True)


@is_posix
def test_validate_decompresses_a_pipe_that_delivers_single_bytes():
    command = [sys.executable, "-m", "vocode_contract", "validate", "-"]
    raw = gzip.compress(json.dumps(RINGING).encode())
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        process.stdin.write(raw[:1])
        time.sleep(0.3)
        out, _ = process.communicate(raw[1:])
    assert b'got "ringing" [enum' in out


@is_posix
def test_validate_of_a_named_pipe_does_not_wait(run, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    code, _, err = run("validate", tmp_path / "pipe")
    assert code == INCONCLUSIVE
    assert "not a regular file" in err


def test_validate_judges_standard_input(run, monkeypatch):
    given(monkeypatch, json.dumps(RINGING).encode())
    code, out, _ = run("validate", "-")
    assert (code, out.partition(" ")[0]) == (1, "<stdin>:")


def test_validate_of_closed_standard_input_is_3(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert run("validate", "-")[0] == INCONCLUSIVE


def test_validate_takes_standard_input_once(run):
    assert run("validate", "-", "-")[0] == USAGE


@pytest.mark.parametrize(
    ("raw", "code"),
    [(b"", "json-empty"), (b"\xff", "json-encoding"), (b"<html>", "json-html"), (b"[" * 100_000, "json-too-deep")],
    ids=["empty", "binary", "html", "deep"],
)
def test_validate_of_no_json_is_a_violation(run, monkeypatch, raw, code):
    given(monkeypatch, raw)
    verdict, out, _ = run("validate", "--output-format", "concise", "-")
    assert (verdict, out) == (1, f"<stdin>:: {code}\n")


def test_validate_of_a_deselected_defect_is_3(run, monkeypatch):
    given(monkeypatch, b"{")
    assert run("validate", "--ignore", "json-*", "-")[0] == INCONCLUSIVE


def test_validate_reads_no_further_than_the_limit(run, tmp_path):
    big = tmp_path / "big.json"
    with big.open("wb") as file:
        file.truncate(50 * 1024**3)  # sparse
    code, out, _ = run("validate", big)
    assert code == 1
    assert "expected at most 8388608 bytes, got 53687091200 bytes [json-too-large" in out


def test_validate_takes_a_limit(run, good):
    assert run("validate", "--max-size", "10", good)[0] == VIOLATES


# --- validate: lines ---


def test_lines_are_judged_one_by_one(run, tmp_path):
    lines = saved(tmp_path / "calls.jsonl", CALL, RINGING, CALL)
    code, out, err = run("validate", "--lines", lines)
    assert (code, out.partition(": ")[0]) == (1, f"{lines}:2")
    assert "3 payloads: 2 conform, 1 violates" in err


def test_lines_skip_blank_ones_and_count_them(run, tmp_path):
    path = tmp_path / "calls.jsonl"
    path.write_bytes(json.dumps(CALL).encode() + b"\r\n\r\n" + json.dumps(RINGING).encode() + b"\n\n")
    _, out, err = run("validate", "--lines", path)
    assert out.startswith(f"{path}:3:")
    assert "2 payloads" in err


def test_lines_go_on_after_one_that_is_too_long(run, tmp_path):
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b'"' + b"x" * 200_000 + b'"\n' + json.dumps(RINGING).encode())
    _, out, _ = run("validate", "--lines", "--max-size", "50000", "--output-format", "concise", path)
    assert out == f"{path}:1:: json-too-large\n{path}:2:/status: enum\n"


def test_lines_of_exactly_the_limit_are_judged(run, tmp_path):
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b'"xxx"\n"xxx"\r\n"xxxx"')
    _, out, _ = run("validate", "--lines", "--max-size", "5", "--output-format", "concise", path)
    assert out == f"{path}:1:: type\n{path}:2:: type\n{path}:3:: json-too-large\n"


def test_lines_of_an_empty_file_are_no_verdict(run, tmp_path):
    (tmp_path / "empty.jsonl").touch()
    assert run("validate", "--lines", tmp_path / "empty.jsonl")[0] == INCONCLUSIVE


@pytest.mark.parametrize("name", ["calls.jsonl", "calls.NDJSON", "calls.jsonl.gz"])
def test_lines_are_read_from_a_file_whose_name_says_so(run, tmp_path, name):
    raw = b"\n".join(json.dumps(call).encode() for call in (CALL, RINGING))
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    assert run("validate", "--output-format", "concise", tmp_path / name)[1] == f"{tmp_path / name}:2:/status: enum\n"


def test_several_values_in_a_file_name_the_option_that_reads_them(run, tmp_path):
    _, out, _ = run("validate", saved(tmp_path / "calls.json", CALL, RINGING))
    assert "(--lines validates each line)" in out
    assert "validate --lines" in run("explain", "json-lines")[1]
    assert "validate --lines" in run("explain", "json-trailing")[1]


# --- validate: each ---


def test_each_item_of_an_array_is_a_payload(run, tmp_path):
    calls = saved(tmp_path / "calls.json", [CALL, RINGING, {}, CALL | {"end_time": "2023-11-07T05:30:00Z"}])
    _, out, err = run("validate", "--each", "--output-format", "concise", calls)
    assert f"{calls}:/1/status: enum\n{calls}:/2/id: required\n" in out
    assert out.splitlines()[-1].endswith("/3/end_time: end-before-start")
    assert "4 payloads: 1 conforms, 3 violate" in err
    report = json.loads(run("validate", "--each", "--output-format", "json", calls)[1])
    assert [result["item"] for result in report["results"]] == [0, 1, 2, 3]


@pytest.mark.parametrize("payload", [CALL, []])
def test_each_of_no_array_or_an_empty_one_is_3(run, tmp_path, payload):
    assert run("validate", "--each", saved(tmp_path / "call.json", payload))[0] == INCONCLUSIVE


def test_array_of_objects_names_the_option_that_reads_it(run, tmp_path):
    assert "(--each validates each item of an array)" in run("validate", saved(tmp_path / "calls.json", [CALL]))[1]
    assert "--each" not in run("validate", saved(tmp_path / "numbers.json", [1]))[1]


# --- validate: places ---


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"a": 1,}', "at byte 7, line 1, column 8: expected JSON, got a trailing comma"),
        ('{\n "\xe9": 1, // x\n}'.encode(), "at byte 12, line 2, column 10: expected JSON, got a comment"),
        (b"{'a': 1}", "at byte 1, line 1, column 2: expected JSON, got a single quote"),
    ],
)
def test_syntax_error_has_line_and_column(run, monkeypatch, raw, expected):
    given(monkeypatch, raw)
    assert expected in run("validate", "-")[1]


def test_syntax_error_in_a_line_has_the_line_of_the_file(run, monkeypatch):
    given(monkeypatch, json.dumps(CALL).encode() + b'\n\n{"a": 1,}\n')
    assert run("validate", "--lines", "-")[1].startswith("<stdin>:3: (document) at byte 7, line 3, column 8: ")


# --- validate: options ---


def test_validate_takes_a_schema_whatever_its_case(run, tmp_path):
    event = {"type": "event_human_detection", "call_id": CALL["id"], "payload": {"result": "human"}}
    assert run("validate", "--as", "webhookevent", saved(tmp_path / "event.json", event))[0] == CONFORMS


def test_validate_of_an_unknown_schema_asks_what_was_meant(run, good):
    code, _, err = run("validate", "--as", "Cal", good)
    assert code == USAGE
    assert "unknown schema 'Cal'; did you mean Call?" in err


@pytest.mark.parametrize(
    "option", [("--contract", "2020-01-01"), ("--profile", "lax"), ("--select", "enmu"), ("--colour",)]
)
def test_validate_of_an_unknown_word_is_usage_in_one_line(run, good, option):
    code, out, err = run("validate", *option, good)
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_validate_reads_by_the_profile(run, tmp_path):
    path = saved(tmp_path / "call.json", CALL | {"error_message": None})
    assert run("validate", path)[0] == CONFORMS
    code, out, _ = run("validate", "--profile", "Documented", path)
    assert (code, "/error_message" in out) == (1, True)


def test_validate_reports_drift_without_refusing(run, bad):
    code, out, err = run("validate", "--profile", "tolerant", bad)
    assert (code, "[enum, drift, 2023-11-30]" in out, "1 drift" in err) == (0, True, True)


def test_validate_judges_by_the_codes_asked_for(run, bad):
    assert run("validate", "--select", "type,format", bad)[0] == CONFORMS
    assert run("validate", "--ignore", "type", "--ignore", "enum", bad)[0] == CONFORMS


def test_validate_raises_advice_to_errors_where_told(run, tmp_path):
    foreign = saved(
        tmp_path / "call.json", CALL | {"agent": CALL["agent"] | {"user_id": "b0b0b0b0-0000-4000-8000-000000000000"}}
    )
    assert run("validate", foreign)[0] == CONFORMS
    code, out, _ = run("validate", "--error", "foreign-*", foreign)
    assert (code, "[foreign-owner, 2023-11-30]" in out) == (VIOLATES, True)


def test_validate_finds_duplicate_keys_unless_plain(run, monkeypatch):
    raw = json.dumps(CALL).encode().replace(b"{", b'{"status": "ended", ', 1)
    for option, code in (("--strict", 1), ("--plain", 0)):
        given(monkeypatch, raw)
        assert run("validate", option, "-")[0] == code


def test_formats_are_those_of_the_reports(run, good):
    for name in REPORTS:
        assert run("validate", "--output-format", name, good)[0] == CONFORMS
    assert run("validate", "--output-format", "morse", good)[0] == USAGE


def test_json_of_a_run_names_every_file(run, good, bad, tmp_path):
    _, out, _ = run("validate", "--output-format", "json", good, bad, tmp_path / "nope")
    assert [result["conforms"] for result in json.loads(out)["results"]] == [True, False, None]


def test_page_of_200_violations_is_a_summary_and_json_has_them_all(run, tmp_path):
    path = saved(tmp_path / "page.json", {"items": [{}] * 200, "page": 1, "size": 200})
    lines = run("validate", "--as", "CallPage", path)[1].splitlines()
    assert len(lines) <= 20
    report = json.loads(run("validate", "--as", "CallPage", "--output-format", "json", path)[1])
    assert report["summary"]["errors"] > 200


# --- nothing leaks, everything is printable ---


CANARY = "kanarie"
HOSTILE = "\x1b]0;x\x07\u202egnp\n.json"


def with_canaries(value, path="0"):
    """Put a canary in place of every string, as value and, where keys are free, as key."""
    if isinstance(value, dict):
        return {key: with_canaries(child, f"{path}x{index}") for index, (key, child) in enumerate(value.items())} | {
            f"{CANARY}{path}-+\x1b": f"{CANARY}{path}"
        }
    if isinstance(value, list):
        return [with_canaries(child, f"{path}y{index}") for index, child in enumerate(value)]
    return f"{CANARY}{path}-4f1" if isinstance(value, str) else value


def broken(value):
    """Wrap every leaf into an array: each is of a wrong type now."""
    if isinstance(value, dict):
        return {key: broken(child) for key, child in value.items()}
    return [broken(child) for child in value] if isinstance(value, list) else [value]


@pytest.mark.parametrize("full", [(), ("--all",)], ids=["short", "all"])
@pytest.mark.parametrize("name", REPORTS)
def test_no_output_holds_a_part_of_the_payload(run, tmp_path, name, full):
    leaky = with_canaries(CALL)
    paths = [
        saved(tmp_path / f"{index}.json", payload) for index, payload in enumerate([leaky, broken(leaky), {"a": leaky}])
    ]
    code, out, err = run("validate", "--profile", "tolerant", "--output-format", name, *full, *paths)
    assert code == 1
    assert CANARY not in out + err


@pytest.mark.parametrize("name", REPORTS)
def test_hostile_file_names_and_keys_are_printed_escaped(run, tmp_path, name):
    path = saved(tmp_path / HOSTILE, RINGING | {"\x1b[2J": 1})
    _, out, err = run("validate", "--output-format", name, "--profile", "tolerant", path, f"{path}-not-there")
    assert all(line == printable(line) for line in (out + err).split("\n"))


def test_everything_said_is_printable(capsys):
    Output().say(f"{HOSTILE}\nnext")
    assert capsys.readouterr().err == "vocode-contract: \\x1b]0;x\\x07\\u202egnp\\n.json\\nnext\n"


def test_hostile_words_are_printed_escaped(run):
    _, _, err = run("validate", "--as", "\x1b[2J\u202e", "a")
    assert printable(err.rstrip("\n")) == err.rstrip("\n")


# --- explain, schema ---


def test_explain_lists_every_code(run):
    code, out, _ = run("explain")
    assert (code, [line.split()[0] for line in out.splitlines()]) == (0, list(CODES))


def test_explain_tells_meaning_and_example(run):
    for code in CODES:
        _, out, _ = run("explain", code.upper())
        assert out.startswith(f"{code}: {CODES[code].title}\n")
        assert CODES[code].example.splitlines()[0] in out, code


def test_explain_tells_several_codes_each_once(run):
    _, out, _ = run("explain", "enum", "not-refused", "enum")
    assert [line.partition(":")[0] for line in out.splitlines() if re.match("[a-z-]+: ", line)] == [
        "enum",
        "not-refused",
    ]


@pytest.mark.parametrize(
    ("code", "basis"),
    [
        ("enum", "the contract's own words"),
        ("call-not-ended", "an inference from the contract and from observed behaviour"),
        ("not-refused", "the policy authentication, which can be changed"),
        ("framing", "RFC 9112 section 6.3."),
    ],
)
def test_explain_tells_what_a_code_rests_on(run, code, basis):
    _, out, _ = run("explain", code)
    assert f"Rests on {basis}" in " ".join(out.split())


def test_explain_describes_the_reasons_of_inconclusive_results(run):
    for name, kind in KINDS.items():
        code, out, _ = run("explain", name)
        assert (code, f"{name}: {kind.title}\n" in out, "no violation" in out) == (0, True, True), name
    assert run("explain", "closed")[1].startswith(f"closed: {CODES['closed'].title}\n")
    assert "did you mean unreachable?" in run("explain", "unreachabel")[2]


def test_explain_asks_what_was_meant(run):
    code, _, err = run("explain", "enmu")
    assert (code, "did you mean enum?" in err) == (2, True)


def test_schema_lists_names(run):
    assert run("schema", "--list")[1].split() == sorted(Contract.load().schemas)


@pytest.mark.parametrize("date", dates())
def test_schema_without_a_name_is_the_document(run, date):
    assert json.loads(run("schema", "--contract", date)[1]) == Contract.load(date).document


@pytest.mark.parametrize(
    ("date", "profile"),
    [*((date, "wire") for date in dates()), (dates()[-1], "documented"), (dates()[-1], "tolerant")],
)
def test_schema_alone_is_enough_for_another_tool(run, date, profile):
    for name, schema in Contract.load(date).schemas.items():
        alone = json.loads(run("schema", "--contract", date, "--profile", profile, name)[1])
        jsonschema_rs.meta.validate(alone)  # as `check_schema` does, which takes a hundred times as long
        validator = jsonschema.Draft202012Validator(alone)
        for example in schema.get("examples", ()):
            assert validator.is_valid(example) == conforms(example, name, contract=date, profile=profile)
        assert not validator.is_valid(3)
        assert not re.search("#/components|x-source|x-tag", json.dumps(alone))


# --- which ---


def test_which_tells_the_dates_that_accept_a_payload(run, good):
    code, out, _ = run("which", good)
    assert (code, out) == (0, "".join(f"{date}  accepts it\n" for date in dates()))


def test_which_tells_what_rules_a_contract_out(run, tmp_path):
    voice = {"id": CALL["id"], "user_id": CALL["user_id"], "type": "voice_vocode", "voice_id": "joe"}
    path = saved(tmp_path / "call.json", CALL | {"agent": CALL["agent"] | {"voice": voice}})
    code, out, _ = run("which", "--as", "call", path)
    first, second, third = out.splitlines()
    assert code == CONFORMS
    assert first.startswith("2023-11-30  /agent/voice/type: expected one of ")
    assert "(known since 2024-08-27)" in first
    assert second.startswith("2024-04-19  /agent/voice/type: ")
    assert third == "2024-08-27  accepts it"


def test_which_of_a_payload_that_none_accepts_is_1(run, bad):
    assert run("which", bad)[0] == VIOLATES


def test_validate_holds_a_payload_against_itself(run, tmp_path):
    call = CALL | {"start_time": "2023-11-07T05:31:56Z", "end_time": "2023-11-07T05:30:00Z"}
    code, out, _ = run("validate", "--output-format", "concise", saved(tmp_path / "call.json", call))
    assert (code, out) == (1, f"{tmp_path}/call.json:/end_time: end-before-start\n")


def test_validate_gives_advice_when_asked(run, good):
    code, out, err = run("validate", "--advice", "--output-format", "concise", good)
    assert (code, {line.rpartition(" ")[2] for line in out.splitlines()}) == (0, {"credential-in-clear"})
    assert "advice" in err


def test_which_counts_undeclared_keys(run, tmp_path):
    out = run("which", saved(tmp_path / "call.json", CALL | {"stage": "created"}))[1].splitlines()
    assert out[:2] == ["2023-11-30  accepts it, 1 undeclared key", "2024-04-19  accepts it"]


def test_which_of_a_missing_file_is_3(run, tmp_path):
    code, out, err = run("which", tmp_path / "nope")
    assert (code, out, err) == (3, "", f"vocode-contract: {tmp_path}/nope: no such file or directory\n")


def test_which_says_where_a_schema_is_missing(run, tmp_path):
    out = run("which", "--as", "ExternalAction", saved(tmp_path / "action.json", {}))[1]
    assert out.startswith("2023-11-30  it has no schema of that name\n2024-04-19  /id: ")


# --- usage ---


@pytest.mark.parametrize("name", list(main.COMMANDS))
def test_help_teaches_by_example(run, name):
    code, out, _ = run(name, "--help")
    assert code == CONFORMS
    assert f"Examples:\n    vocode-contract {name}" in out


def test_help_lists_every_command(run):
    out = run("--help")[1]
    assert all(f"\n  {name} " in out for name in main.COMMANDS)


def test_no_command_is_usage_and_shows_help(run):
    code, out, err = run()
    assert (code, out, err.startswith("Usage: vocode-contract")) == (2, "", True)


def test_unknown_command_asks_what_was_meant(run):
    assert run("validat") == (
        2,
        "",
        "vocode-contract: no such command 'validat'; did you mean validate?; see 'vocode-contract --help'\n",
    )


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version_is_that_of_the_package(run, option):
    assert run(option)[:2] == (0, f"vocode-contract {vocode_contract.__version__}\n")


@pytest.mark.parametrize(
    ("words", "command"),
    [(["check", "--report"], "check"), (["webhook", "send", "--to"], "webhook send"), (["--bogus"], "")],
)
def test_option_without_a_value_points_to_the_help_of_its_command(run, words, command):
    assert run(*words)[2].endswith(f"; see '{' '.join(['vocode-contract', *command.split()])} --help'\n")


def find_options(command=main.application, path=()):
    """Yield the path and every option of a command and of those below it."""
    context = click.Context(command)
    for name in command.list_commands(context) if isinstance(command, click.Group) else ():
        yield from find_options(command.get_command(context, name), (*path, name))
    options = (parameter for parameter in command.params if isinstance(parameter, click.Option))
    yield from ((" ".join(path), option, (option.get_help_record(context) or ("", ""))[1]) for option in options)


def test_every_option_shows_its_default():
    # What prints something else and exits.
    lists = {"--version", "--list", "--list-faults", "--markdown", "--policies", "--schema"}
    shown = [(path, option) for path, option, text in find_options() if option.required or "default" in text]
    missing = [(path, option.opts) for path, option, _ in find_options() if (path, option) not in shown]
    assert [each for each in missing if not lists & set(each[1])] == []


@pytest.mark.parametrize(
    ("words", "incomplete", "found"),
    [
        (["validate", "--as"], "callp", "CallPage"),
        (["coverage", "--contract"], "2024-0", "2024-04-19"),
        (["coverage", "--contract"], "schemas/", "schemas/"),
        (["check", "--profile"], "t", "tolerant"),
        (["explain"], "json-d", "json-duplicate-key"),
        (["validate", "--ignore"], "json-d", "json-duplicate-key"),
        (["check", "--fault"], "wrong-e", "wrong-enum"),
        (["simulate", "--fault"], "wrong-e", "wrong-enum"),
        (["simulate", "--scenario"], "voi", "voicemail"),
        (["simulate", "--variant"], "spa", "sparse"),
        (["generate"], "Webhooke", "WebhookEvent"),
        (["schema"], "Webhooke", "WebhookEvent"),
        (["webhook", "send"], "event_rec", "event_recording"),
        (["check", "--policy"], "extra-keys=f", "extra-keys=forbid"),
        (["check", "--report"], "j", "junit"),
        (["check", "--report"], "html=a.html,ju", "html=a.html,junit"),
        (["check", "--select"], "enum,json-d", "enum,json-duplicate-key"),
    ],
)
def test_shell_completes_names(words, incomplete, found):
    completion = ShellComplete(main.application, {}, "vocode-contract", "_VOCODE_CONTRACT_COMPLETE")
    assert found in [item.value for item in completion.get_completions(words, incomplete)]


def test_shell_completion_is_what_the_page_says():
    environment = os.environ | {"_VOCODE_CONTRACT_COMPLETE": "bash_source"}
    command = [sys.executable, "-m", "vocode_contract"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "complete -o nosort -F _vocode_contract_completion vocode-contract" in done.stdout


BASH = shutil.which("bash") or ""
#: What Bash splits the line into, and some of what it gets for the last word.
BASH_WORDS = {
    "check --contr": "--contract",
    "validate --contract = 2024-0": "2024-04-19",
    "simulate --fault wrong-e": "wrong-enum",
    "check --policy extra-keys = f": "forbid",
    "check --report html = a.html,ju": "a.html,junit",
}


@pytest.mark.skipif(not BASH or os.name != "posix", reason="bash of POSIX")
def test_bash_completes_words_that_it_splits_at_equals_signs(tmp_path):
    command = tmp_path / "vocode-contract"  # on the search path of bash, as an installed one is
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m vocode_contract "$@"\n', "utf-8")
    command.chmod(0o755)
    script = """
        eval "$(_VOCODE_CONTRACT_COMPLETE=bash_source vocode-contract)"
        while IFS= read -r line; do
            IFS=' ' read -r -a COMP_WORDS <<< "vocode-contract $line"
            if [[ $line == *' ' ]]; then COMP_WORDS+=(''); fi
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
            _vocode_contract_completion vocode-contract
            echo "${COMPREPLY[*]}"
        done
    """
    environment = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [BASH, "--norc", "-c", script],
        env=environment,
        input="".join(f"{line}\n" for line in BASH_WORDS),
        capture_output=True,
        text=True,
        check=True,
    )
    found = dict(zip(BASH_WORDS, map(str.split, done.stdout.splitlines()), strict=True))
    assert {line: word for line, word in BASH_WORDS.items() if word not in found[line]} == {}, found


# --- the terminal ---


@pytest.fixture(autouse=True)
def _environment_is_restored(monkeypatch):
    for name in ("TERM", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.setenv(name, os.environ.get(name, ""))


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("term", "shown"), [("xterm", True), ("dumb", False)])
def test_progress_is_shown_only_where_a_line_can_be_replaced(monkeypatch, term, shown):
    monkeypatch.setenv("TERM", term)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    Output().show_progress("1 of 2")
    assert (terminal.getvalue() == "\r\x1b[K1 of 2") is shown
    assert list(show_bar([1], 1)) == [1]


@pytest.mark.parametrize(("forced", "refused", "is_styled"), [("1", "", True), ("1", "1", False), ("", "", False)])
def test_colour_variables_decide_whether_tables_are_styled(run, good, *, forced, refused, is_styled):
    os.environ |= {"TERM": "xterm", "FORCE_COLOR": forced, "NO_COLOR": refused}
    assert ("\x1b[" in run("which", good)[1]) is is_styled


def test_dumb_terminal_gets_no_escape_codes(run, monkeypatch, good):
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(Output, "is_terminal", property(lambda _: True))
    assert "\x1b" not in run("which", good)[1]


# --- policies ---


def test_explain_lists_policies_with_values_and_defaults(run):
    code, out, _ = run("explain", "--policies")
    assert (code, [line.split()[0] for line in out.splitlines()]) == (0, list(POLICIES))
    assert "does not declare: allow or forbid (default: allow)\n" in out
    assert "separated by commas, or none (default: 401,403)\n" in out


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("extra-keys=?", "--policy: extra-keys is one of allow, forbid"),
        ("overload=?", "--policy: overload takes status codes separated by commas, or none"),
        ("x=1", "extra-keys, missing-keys; 'vocode-contract explain --policies' lists their values"),
    ],
)
def test_wrong_policy_names_the_allowed_values(run, word, message):
    code, _, err = run("check", "--policy", word)
    assert (code, message in err) == (USAGE, True)


@pytest.mark.parametrize("option", [("--host", "0.0.0.0"), ("--fault", "wrong-enmu"), ("--contract", "1")])  # noqa: S104
def test_simulate_of_a_wrong_option_is_usage(run, option):
    code, _, err = run("simulate", *option)
    assert (code, err.count("\n")) == (2, 1)


def test_simulate_without_its_extra_is_one_line(run, monkeypatch):
    import vocode_contract.simulator

    monkeypatch.delitem(vars(vocode_contract.simulator), "serve", raising=False)
    monkeypatch.delitem(sys.modules, "vocode_contract.simulator.server.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    code, _, err = run("simulate")
    assert code == USAGE
    assert err == (
        f"vocode-contract: the simulator needs the extra 'simulator'; install it {describe_install('simulator')}\n"
    )


@pytest.mark.parametrize("command", [["schema", "Call"], ["generate", "--count", "1"]])
def test_contract_and_profile_of_the_environment_hold_for_every_command(run, monkeypatch, command):
    expected = run(*command, "--contract", "2024-08-27", "--profile", "documented")
    monkeypatch.setenv("VOCODE_CONTRACT", "2024-08-27")
    monkeypatch.setenv("VOCODE_PROFILE", "documented")
    assert run(*command) == expected != run(*command, "--contract", "2023-11-30")


def test_contract_of_the_environment_that_is_unknown_is_usage(run, monkeypatch):
    monkeypatch.setenv("VOCODE_CONTRACT", "2020-01-01")
    code, _, err = run("schema", "Call")
    assert (code, "unknown contract '2020-01-01'" in err) == (USAGE, True)
