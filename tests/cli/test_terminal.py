"""What the commands write to terminals of any kind and width, and to the logs of CI, where there is none."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.payloads import RINGING, saved

pytest.importorskip("httpx")
pytest.importorskip("rich")
pty = pytest.importorskip("pty")

SECONDS = 60
ROOT = Path(__file__).resolve().parents[2]
#: Runs commands one after the other, each with its own environment and width, and writes a line before each.
RUN = """
import fcntl, json, os, struct, sys, termios
from vocode_contract.cli import main
for variables, columns, words in json.loads(sys.argv[1]):
    os.environ.update(variables)
    if columns:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    elif os.isatty(1):
        log = os.open(sys.argv[2], os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        os.dup2(log, 1), os.dup2(log, 2)
    print("$", flush=True)
    main.run(words)
    sys.stderr.flush()
"""
#: Sequences that style text, and those that replace a line.
STYLE, REPLACE = re.compile(r"\x1b\[[0-9;]*m"), "\r\x1b[K"
UNSET = dict.fromkeys(("CI", "COLUMNS", "FORCE_COLOR", "NO_COLOR", "VOCODE_CONTRACT_READ_ONLY"), "")
#: Kind of terminal -> its columns, 0 for a file, which all kinds after it have too; and its environment.
KINDS: dict[str, tuple[int, dict[str, str]]] = {
    "terminal": (80, {}),
    "narrow": (40, {}),
    "no colour": (80, {"NO_COLOR": "1"}),
    "dumb": (80, {"TERM": "dumb"}),
    "terminal of CI": (80, {"CI": "true"}),
    "log of CI": (0, {"CI": "true"}),
    "forced": (0, {"FORCE_COLOR": "1"}),
}


def environment(**variables: str) -> dict[str, str]:
    return {**UNSET, "TERM": "xterm-256color", **variables}


def drain(handle: int) -> str:
    """Read until the terminal is closed, which Linux reports as an error."""
    pieces = []
    with contextlib.suppress(OSError):
        while piece := os.read(handle, 4096):
            pieces.append(piece)
    return b"".join(pieces).decode()


@contextlib.contextmanager
def started(*words: str):
    """Run Python on a terminal; yield the process and the handle that its user reads from."""
    user, program = pty.openpty()
    variables = {**os.environ, **environment(), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, *words], env=variables, stdout=program, stderr=program) as process:
        os.close(program)
        try:
            yield process, user
        finally:
            process.kill()
            os.close(user)


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> dict[str, dict[str, str]]:
    """What each command wrote to both streams together, by kind of terminal."""
    directory = tmp_path_factory.mktemp("terminal")
    bad, log = str(saved(directory / "bad.json", RINGING)), directory / "log"
    commands = {
        "help": ["--help"],
        "check help": ["check", "--help"],
        "check": ["check", "--only", "trailing"],
        "validate": ["validate", bad],
        "which": ["which", bad],
    }
    kinds = [(environment(**variables), columns) for columns, variables in KINDS.values()]
    runs = [(*kind, words) for kind in kinds for words in commands.values()]
    with started("-c", RUN, json.dumps(runs), str(log)) as (process, user):
        text = drain(user).replace("\r\n", "\n")
        assert process.wait(SECONDS) == 0
    texts = iter(re.split(r"^\$\n", text + log.read_bytes().decode(), flags=re.MULTILINE)[1:])
    return {kind: {name: next(texts) for name in commands} for kind in KINDS}


def test_terminal_gets_styled_tables_and_progress(shown):
    texts = shown["terminal"]
    assert {name for name, text in texts.items() if STYLE.search(text)} == {"check", "which"}
    assert {name for name, text in texts.items() if REPLACE in text} == {"check"}
    assert "all checks that ran passed" in texts["check"]


def test_narrow_terminal_gets_lines_that_fit(shown):
    texts = shown["narrow"]
    for name in ("help", "check help", "check", "which"):
        ours = texts[name].partition("  Examples:\n")[0].partition("remarks:")[0]
        lines = STYLE.sub("", ours.replace(REPLACE, "\n")).splitlines()
        assert [line for line in lines if len(line) > 40] == []
    assert re.search(r"^  --operation NAME=OPERATION\n {18}Operation of", texts["check help"], re.MULTILINE)


def test_no_color_keeps_progress_and_no_style(shown):
    texts = shown["no colour"]
    assert not STYLE.search("".join(texts.values()))
    assert REPLACE in texts["check"]


@pytest.mark.parametrize("kind", ["dumb", "log of CI"])
def test_what_is_no_full_terminal_gets_plain_lines_and_no_progress(shown, kind):
    assert not re.search(r"[\x1b\r]", "".join(shown[kind].values()))
    assert "test_" not in shown[kind]["check"]


def test_terminal_of_ci_is_not_flooded_with_progress(shown):
    assert "\r" not in "".join(shown["terminal of CI"].values())
    assert STYLE.search(shown["terminal of CI"]["check"])


def test_forced_colour_styles_a_pipe_without_progress(shown):
    texts = shown["forced"]
    assert {name for name, text in texts.items() if STYLE.search(text)} == {"check", "which"}
    assert "\r" not in "".join(texts.values())


def test_simulate_is_plain_on_a_terminal_and_stops_as_it_says():
    with started("-m", "vocode_contract", "simulate") as (process, user):
        text = ""
        while "Ctrl-C stops the simulator" not in text:
            text += os.read(user, 4096).decode()
        process.send_signal(signal.SIGINT)
        text += drain(user)
        assert process.wait(SECONDS) == 130
    assert "\x1b" not in text
    assert text.endswith("vocode-contract: interrupted\r\n")
