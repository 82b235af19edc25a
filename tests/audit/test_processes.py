"""An audit with several processes that is interrupted or killed: all of them end at once, and nothing is printed.

All processes share the standard error of the first one: reading it to its end shows that all have ended.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from vocode_contract.audit import executors
from vocode_contract.audit.examine import Task
from vocode_contract.audit.executors import Lost, ProcessExecutor
from vocode_contract.contract.model import Contract

PROGRAM = """
import sys

from vocode_contract.cli import audit, main

if __name__ == "__main__":
    audit._LOG_SECONDS = audit._RATE_SECONDS = 0.0
    sys.exit(main.run(["audit", "--workers", "2", "--checkpoint", "state", "x.jsonl"]))
"""
#: Seconds for what takes a fraction of one, unless the shards that are being read are waited for: that takes minutes.
PATIENCE = 60


@pytest.fixture
def start(tmp_path):
    """Start an audit of many payloads; returns its process once a text is in its progress."""
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "x.jsonl").write_bytes(b"{}\n" * 15_000_000)
    started = []

    def start(text):
        process = subprocess.Popen(
            [sys.executable, "program.py"], cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        started.append(process)
        assert process.stderr is not None
        assert any(text in line for line in process.stderr)
        return process

    yield start
    for process in started:
        with process, suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_interrupted_audit_ends_its_processes_at_once(start, number, code, word):
    process = start("MB/s")
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    lines = [line for line in err.splitlines() if "examining" not in line]
    assert lines == [
        "vocode-contract: to continue, run the same command again; the results so far are in state",
        f"vocode-contract: {word}",
    ]


def test_ctrl_c_while_processes_start_prints_no_traceback(start):
    process = start("examining")
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_processes_end_with_a_main_process_that_is_killed(start):
    process = start("MB/s")
    process.kill()
    process.communicate(timeout=PATIENCE)


class _DeadlyHolder:
    """An argument that ends the process that receives it while that holds the lock of the progress, once."""

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __reduce__(self):
        return _die_once, (self.marker,)


def _die_once(marker):
    if not os.path.exists(marker):
        open(marker, "x").close()
        executors._worker["read"].get_lock().acquire()
        os._exit(9)
    return []


def _count(_task, argument, tick):
    tick(1)
    return argument


def test_process_that_dies_while_it_reports_progress_stops_nothing(tmp_path):
    counts: list[int] = []
    with ProcessExecutor(Task(sources=(), contract=Contract.load()), 2) as executor:
        arguments = [_DeadlyHolder(str(tmp_path / "marker")), [], []]
        results = [result for _, result in executor.run(_count, arguments, counts.append)]
    assert results == [[], [], []]
    assert not any(isinstance(result, Lost) for result in results)
