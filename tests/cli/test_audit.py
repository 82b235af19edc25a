"""`vocode-contract audit`: paths, exit codes, progress and reports."""

import gzip
import io
import json
import signal
import subprocess
import sys

import pytest

pytest.importorskip("httpx")

from tests.audit.archives import call, write_lines
from vocode_contract.cli import audit, main
from vocode_contract.cli.output import Output

WRONG = call(9, agent=None)


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run the command in this process; returns the exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)  # a checkpoint may be named by a relative path

    def run(*arguments):
        capsys.readouterr()
        code = main.run(["audit", *map(str, arguments)])
        return code, *capsys.readouterr()

    return run


def given(monkeypatch, raw):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))


@pytest.mark.parametrize(
    ("payloads", "code"),
    [
        ([call(1), call(2)], 0),
        ([call(1, new=1)], 0),
        ([call(1), WRONG], 1),
        ([call(1), call(1, status="in_progress")], 1),
        ([call(1), {"neither": 1}], 3),
        ([], 3),
    ],
    ids=["conforms", "drift", "violates", "over-time", "unknown", "nothing"],
)
def test_audit_exits_by_the_worst(run, tmp_path, payloads, code):
    assert run(write_lines(tmp_path / "a.jsonl", payloads))[0] == code


def test_audit_reads_directories_patterns_and_compressed_files(run, tmp_path):
    zstd = pytest.importorskip("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    data = json.dumps(call(1)).encode() + b"\n"
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(data))
    (tmp_path / "b.ndjson.zst").write_bytes(zstd.compress(data))
    (tmp_path / "deep").mkdir()
    write_lines(tmp_path / "deep" / "c.jsonl", [call(3)])
    assert "3 payloads in 3 files: 3 conform" in run(tmp_path)[1]
    assert "1 payload in 1 file: 1 conforms" in run(tmp_path / "**" / "c.*")[1]


def test_audit_reads_standard_input(run, monkeypatch):
    given(monkeypatch, json.dumps(call(1)).encode() + b"\n" + json.dumps(WRONG).encode() + b"\n")
    code, out, _ = run("-")
    assert code == 1
    assert "<stdin>:2: /agent: " in out


def test_audit_reports_standard_input_that_is_closed(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    code, out, _ = run("-")
    assert code == 3
    assert "  <stdin>: standard input is closed\n" in out


def test_audit_shows_how_much_of_standard_input_was_read(run, monkeypatch):
    monkeypatch.setattr(audit, "_LOG_SECONDS", 0.0)
    given(monkeypatch, b"\n" * 3_000_000)
    assert "vocode-contract: reading standard input: 3.0 MB\n" in run("-")[2]


def test_audit_reads_standard_input_once(run):
    assert run("-", "-")[0] == 2


@pytest.mark.parametrize("name", ["missing.jsonl", "*.nothing"])
def test_audit_reports_what_it_cannot_read_and_goes_on(run, tmp_path, name):
    code, out, _ = run(tmp_path / name, write_lines(tmp_path / "a.jsonl", [call(1)]))
    assert code == 3
    assert f"  {tmp_path / name}: no " in out
    assert "1 payload in 1 file: 1 conforms" in out


def test_audit_takes_the_schema_of_all_payloads(run, tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [call(1)])
    assert "\n  CallPage " in run("--as", "callpage", path)[1]
    assert run("--as", "Cal", path)[0] == 2


def test_audit_reads_the_contract_as_it_is_told(run, tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [call(1, status="new")])
    assert run(path)[0] == 0
    assert run("--profile", "wire", "--contract", "2024-04-19", path)[0] == 1


def test_audit_limits_the_size_of_a_payload(run, tmp_path):
    code, out, _ = run("--max-size", 100, write_lines(tmp_path / "a.jsonl", [call(1)]))
    assert code == 3
    assert "1 payload is not readable as JSON, or too large" in out


def test_audit_samples_for_coverage_alone(run, tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [call(number) for number in range(9)] + [WRONG])
    code, out, _ = run("--sample", 5, path)
    assert code == 1
    assert "sample: one payload in 5, 2 in total" in out


def test_audit_writes_reports_to_files_and_standard_output(run, tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [call(1)])
    code, out, err = run("--report", f"json,text={tmp_path / 'a.txt'}", path)
    assert code == 0
    assert json.loads(out)["kind"] == "audit"
    assert err == (tmp_path / "a.txt").read_text()
    assert "The archive conforms: 1 payload in 1 file: 1 conforms" in err


@pytest.mark.parametrize("report", ["junit", "json=", "json=/nonexistent/x"])
def test_audit_refuses_reports_that_it_cannot_write_before_it_begins(run, tmp_path, report):
    code, out, err = run("--report", report, tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith("vocode-contract: --report: ")


def test_audit_continues_from_a_checkpoint(run, tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [call(1), WRONG])
    first, second = (run("--checkpoint", tmp_path / "state", path)[1] for _ in range(2))
    assert first.splitlines()[1:] == second.splitlines()[1:]
    other = write_lines(tmp_path / "b.jsonl", [call(1)])
    code, _, err = run("--checkpoint", tmp_path / "state", other)
    assert (code, err) == (
        2,
        "vocode-contract: --checkpoint: belongs to an audit of other files, or with other options; name another "
        "directory\n",
    )


def test_audit_refuses_a_checkpoint_of_standard_input(run, tmp_path):
    code, out, err = run("--checkpoint", tmp_path / "state", "-")
    assert (code, out) == (2, "")
    assert "--checkpoint needs files, since standard input cannot be read again" in err
    assert not (tmp_path / "state").exists()


def test_interrupted_audit_is_no_traceback(tmp_path):
    command = [sys.executable, "-m", "vocode_contract", "audit", "-"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=tmp_path) as process:
        assert process.stdin
        process.stdin.write(b"\n" * 4_000_000)  # more than a pipe holds: it is being read when this returns
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out) == (130, b"")
    assert err == b"vocode-contract: no results were kept\nvocode-contract: interrupted\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["--checkpoint", "state", "a.jsonl"],
            "to continue, run the same command again; the results so far are in state",
        ),
        (["a.jsonl"], "no results were kept; with --checkpoint DIR, the same command would continue where it stopped"),
    ],
)
def test_interrupted_audit_says_how_to_continue(run, monkeypatch, arguments, text):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("vocode_contract.audit.run.find_sources", interrupt)
    code, out, err = run(*arguments)
    assert (code, out) == (130, "")
    assert err == f"vocode-contract: {text}\nvocode-contract: interrupted\n"


# --- progress ---


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_replaces_its_line_on_a_terminal_and_leaves_none(monkeypatch):
    monkeypatch.setattr(audit, "_TERMINAL_SECONDS", 0.0)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)
    progress = audit._Progress(Output())
    progress.show("examining", 50, 100)
    assert terminal.getvalue() == "\r\x1b[Kexamining: 50 %"
    progress.clear()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_progress_is_logged_now_and_then_without_a_terminal(monkeypatch, capsys):
    progress = audit._Progress(Output())
    progress.show("examining", 10, 100)
    monkeypatch.setattr(audit, "_LOG_SECONDS", 0.0)
    progress.show("examining", 50, 100)
    assert capsys.readouterr().err == "vocode-contract: examining: 50 %\n"


@pytest.mark.parametrize(
    ("done", "seconds", "text"),
    [
        (0, 0.0, "examining: 0 %"),
        (50, 0.5, "examining: 5 %"),
        (500_000_000, 5.0, "examining: 50 %, 100.0 MB/s, 5 s left"),
        (100_000_000, 10.0, "examining: 10 %, 10.0 MB/s, 1 min 30 s left"),
        (1_000_000, 10.0, "examining: 0 %, 0.1 MB/s, 2 h 46 min left"),
    ],
)
def test_progress_shows_percent_rate_and_time_left(done, seconds, text):
    assert audit._describe_progress("examining", done, 1000 if done < 100 else 1_000_000_000, seconds) == text


def test_progress_of_unknown_size_shows_bytes_and_rate():
    assert audit._describe_progress("reading", 5_000_000, 0, 2.0) == "reading: 5.0 MB, 2.5 MB/s"
