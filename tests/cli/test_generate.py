"""The commands `generate` and `coverage`: what they write, and where they end."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import vocode_contract
from vocode_contract import Contract, conforms, violations
from vocode_contract.cli import main
from vocode_contract.cli.output import CONFORMS, INCONCLUSIVE, USAGE, VIOLATES
from vocode_contract.errors import describe_install

pytest_plugins = ["pytester"]

ROOT = Path(vocode_contract.__file__).parents[1]


@pytest.fixture
def run(capsys):
    """Run the command line in this process; return its exit code and what it wrote."""

    def running(*arguments):
        code = main.run([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return running


@pytest.fixture
def generated(run):
    """Generate, and read the lines."""

    def generating(*arguments):
        code, out, err = run("generate", *arguments)
        assert (code, err) == (CONFORMS, "")
        return [json.loads(line) for line in out.splitlines()]

    return generating


def in_process(directory, *arguments, **variables):
    """Run the command in a process of its own; return the bytes that it wrote."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-m", "vocode_contract", *arguments]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, check=True).stdout


# --- generate ---


@pytest.mark.parametrize("options", [("--adversarial", "--count", "5"), ("--near-miss", "--count", "5"), ("--cover",)])
def test_generate_gives_the_same_bytes_in_every_process(tmp_path, options):
    (tmp_path / "local.py").write_text("CONSTANT = 'a constant that Hypothesis could take in'")
    first = in_process(tmp_path, "generate", *options, PYTHONHASHSEED="1")
    again = in_process(ROOT, "generate", *options, PYTHONHASHSEED="2")
    assert first == again != b""


def test_generate_keeps_the_current_directory_clean(tmp_path):
    in_process(tmp_path, "generate", "--adversarial", "--count", "5")
    assert list(tmp_path.iterdir()) == []


def test_generate_with_another_seed_gives_other_payloads(generated):
    assert generated("--seed", 1) != generated("--seed", 2)


def test_generate_goes_on_where_a_shorter_run_ended(generated):
    assert generated("--count", 5) == generated("--count", 9)[:5]


@pytest.mark.parametrize("profile", ["documented", "wire"])
@pytest.mark.parametrize("name", ["Call", "CallPage", "Agent", "WebhookEvent", "Voice"])
def test_generate_makes_what_conforms(generated, name, profile):
    payloads = generated(name.lower(), "--count", 30, "--contract", "2024-08-27", "--profile", profile)
    assert len(payloads) == 30
    assert all(conforms(payload, name, contract="2024-08-27", profile=profile) for payload in payloads)


def test_generate_repeats_nothing(run):
    code, out, err = run("generate", "CallStatus", "--count", 9)
    assert (code, sorted(out.split())) == (0, ['"ended"', '"error"', '"in_progress"', '"not_started"'])
    assert err == "vocode-contract: there are only 4 different payloads\n"


def test_generate_repeats_what_it_may(generated):
    assert len(generated("CallStatus", "--count", 9, "--repeats")) == 9


def test_generate_tells_how_a_near_miss_must_be_reported(generated):
    for miss in generated("--near-miss", "--count", 40):
        assert set(miss) == {"kind", "done", "judge", "code", "pointer", "payload"}
        reported = [(found.code, found.instance_pointer) for found in violations(miss["payload"])]
        assert reported == ([(miss["code"], miss["pointer"])] if miss["judge"] == "schema" else [])


def test_generate_covers_a_schema(run, tmp_path):
    assert run("generate", "WebhookEvent", "--cover", "--output", tmp_path / "events") == (0, "", "")
    files = sorted((tmp_path / "events").iterdir())
    assert files[0].name == "webhookevent-0001.json"
    assert run("coverage", "--as", "WebhookEvent", "--fail-under", 100, *files)[0] == CONFORMS


def test_generate_writes_an_array(run, tmp_path):
    assert run("generate", "--count", 3, "--format", "json", "--output", tmp_path / "calls.json")[0] == 0
    assert list(map(conforms, json.loads((tmp_path / "calls.json").read_text("ascii")))) == [True] * 3


@pytest.mark.parametrize("options", ["", "--adversarial", "--near-miss", "--near-miss --profile tolerant"])
def test_generate_writes_tests_that_run(run, pytester, options):
    path = pytester.path / "test_handler.py"
    assert run("generate", "--format", "pytest", "--count", 20, "--output", path, *options.split()) == (0, "", "")
    pytester.runpytest_inprocess("-p", "no:cacheprovider", path).assert_outcomes(passed=20)


def test_generate_writes_tests_that_find_a_handler_that_takes_everything(run, pytester):
    path = pytester.path / "test_handler.py"
    run("generate", "--format", "pytest", "--count", 5, "--near-miss", "--output", path)
    path.write_text(path.read_text("ascii").replace("        raise REJECTED\n", "        pass\n"), "ascii")
    pytester.runpytest_inprocess("-p", "no:cacheprovider", path).assert_outcomes(failed=5)


@pytest.mark.parametrize(
    "options",
    [
        ("--cover", "--near-miss"),
        ("--cover", "--count", "3"),
        ("--near-miss", "--adversarial"),
        ("--format", "pytest", "--output", "directory"),
        ("Cal",),
        ("--count", "0"),
    ],
)
def test_generate_refuses_what_makes_no_sense(run, options):
    code, out, err = run("generate", *options)
    assert (code, out, err.count("\n")) == (USAGE, "", 1)


def test_generate_says_where_it_cannot_write(run, tmp_path):
    path = tmp_path / "nowhere" / "calls.jsonl"
    assert run("generate", "--output", path) == (3, "", f"vocode-contract: {path}: no such file or directory\n")


def test_generate_ends_silently_when_nobody_reads(tmp_path):
    command = [sys.executable, "-m", "vocode_contract", "generate", "--count", "1000000"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=pipe, stderr=pipe) as process:
        assert process.stdout
        assert process.stderr
        first = process.stdout.readline()
        process.stdout.close()
        assert (process.wait(60), process.stderr.read()) == (0, b"")
    assert conforms(first)


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")
def test_generate_shows_progress_and_leaves_the_payloads_alone(tmp_path):
    pytest.importorskip("rich")
    ours, theirs = os.openpty()
    code = "from vocode_contract.cli import main, output; output._PATIENCE = 0.0; main.run(['generate'])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    with open(ours, "rb", buffering=0) as terminal, open(theirs, "wb") as stderr:
        command, pipe = [sys.executable, "-c", code], subprocess.PIPE
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, stdout=pipe, stderr=stderr, check=True, timeout=30
        )
        assert b"payloads" in terminal.read(4096)
    assert [conforms(line) for line in done.stdout.splitlines()] == [True] * 10


def test_generate_without_hypothesis_names_the_extra(run, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("vocode_contract.strategies")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(vocode_contract, "strategies", raising=False)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    code, out, err = run("generate")
    assert (code, out, err.count("\n")) == (USAGE, "", 1)
    assert describe_install("hypothesis") in err
    assert run("generate", "--cover")[0] == CONFORMS


# --- coverage ---


@pytest.fixture
def call(tmp_path):
    """Save the example of a Call."""
    path = tmp_path / "call.json"
    path.write_text(json.dumps(Contract.load().schemas["Call"]["examples"][0]))
    return path


def test_coverage_tells_a_table_and_a_percentage(run, call):
    code, out, err = run("coverage", call)
    *rows, last = out.splitlines()
    assert (code, err) == (0, "")
    assert any(row.split() == ["CallStatus", "25%", "1", "of", "4"] for row in rows)
    assert last.endswith(" parts of Call [2023-11-30, wire]")


def test_coverage_lists_what_is_missing(run, call):
    out = run("coverage", "--missing", call)[1]
    assert "\n    value ended\n" in out or "\n    value error\n" in out
    assert "\n    speed_alpha: absent\n" in out


def test_coverage_below_the_threshold_is_1(run, call):
    code, _, err = run("coverage", "--fail-under", 99.5, call)
    assert (code, err.endswith("% is below 99.5%\n")) == (VIOLATES, True)


def test_coverage_judges_nothing(run, tmp_path):
    path = tmp_path / "calls.jsonl"
    path.write_text('{"status": "ended", "id": 7}\n{"status": "ringing"}\n')
    code, out, err = run("coverage", "--lines", "--missing", path)
    assert (code, err) == (0, "")
    assert "\n    value ended\n" not in out
    assert "\n    value error\n" in out


def test_coverage_reads_directories_compressed_files_and_items(run, call, tmp_path):
    raw = call.read_bytes()
    expected = run("coverage", "--missing", call)[1]
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "calls.jsonl.gz").write_bytes(gzip.compress(raw + b"\n" + raw))
    assert run("coverage", "--missing", folder)[1] == expected
    call.write_bytes(b"[" + raw + b"]")
    assert run("coverage", "--missing", "--each", call)[1] == expected


def test_coverage_of_what_cannot_be_read_is_3(run, call, tmp_path):
    path = tmp_path / "calls.jsonl"
    path.write_text("{}\n{\n")
    code, out, err = run("coverage", "--lines", "--missing", path)
    assert (code, "of the contract exercised" in out) == (INCONCLUSIVE, True)
    assert err.startswith(f"vocode-contract: {path}:2: not JSON (line 2, column ")
    assert run("coverage", call, tmp_path / "nope")[0] == INCONCLUSIVE


def test_generated_test_file_that_may_be_edited_is_not_replaced(run, tmp_path):
    path = tmp_path / "test_handler.py"
    path.write_text("# edited\n", "utf-8")
    code, _, err = run("generate", "--format", "pytest", "--output", path)
    assert (code, path.read_text("utf-8")) == (USAGE, "# edited\n")
    assert "exists, and you may have edited it; --force replaces it" in err
    assert run("generate", "--format", "pytest", "--output", path, "--force")[0] == CONFORMS
    assert "# edited" not in path.read_text("utf-8")
