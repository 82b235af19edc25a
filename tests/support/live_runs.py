"""Runs against hosts of any name, which a simulator in the process of each run stands in for."""

import contextlib
import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import plugins
from tests.support.payloads import written
from vocode_contract.cli import main

pytest.importorskip("httpx")

from vocode_contract.http.client import client
from vocode_contract.http.client.connection import Network
from vocode_contract.http.client.timing import Timing

ROOT = Path(__file__).resolve().parents[2]
#: Variables by which a run gets a signal, or paces itself: such a run needs a process of its own.
APART = {"ALARMED", "INTERVAL", "KILLED_BY"}


#: Lets names of hosts lead to a simulator, over which a whole run can be watched.
REDIRECTED = """
import os, sys, threading
import httpx
from vocode_contract.http.client import client
from vocode_contract.contract.model import Contract
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

client.Network = Network
"""
RUN = """
import sys
from vocode_contract.http.client.timing import Timing
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
        *options: str,
        command: list[str] | None = None,
        run: Callable[[], int] | None = None,
        typed: str | None = None,
        ahead: str = "",
        **variables: str,
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
        if command is None and typed is None and not variables.keys() & APART:
            return _inside(environment, tmp_path / "work", run or (lambda: main.run(["check", *options])))
        command = command or [sys.executable, "-c", REDIRECTED + RUN, "check", *options]
        there = {"env": environment, "cwd": tmp_path / "work", "text": True}
        if typed is None:
            return subprocess.run(command, capture_output=True, check=False, timeout=120, **there)
        return _typing(command, there, ahead, typed)

    return running


def _inside(
    environment: Mapping[str, str], directory: Path, run: Callable[[], int]
) -> subprocess.CompletedProcess[str]:
    """Run something in this process, as it would run in one of its own."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
            patch.delenv(name, raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.chdir(directory)
        patch.setattr(sys, "path", sys.path.copy())
        patch.setitem(Timing.__init__.__kwdefaults__ or {}, "interval", 0)
        patch.setattr(client, "Network", Network)  # what stands in for it is taken away afterwards
        exec(REDIRECTED, {})  # noqa: S102 - our own text
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run()
    return subprocess.CompletedProcess([], code, out.getvalue(), err.getvalue())


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
from vocode_contract.http.client.timing import Timing
Timing.__init__.__kwdefaults__["interval"] = 0
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""


def _main(words: list[str], directory: Path) -> int:
    """Run pytest, and forget the modules of a directory afterwards, so that the next run reads its own."""
    try:
        return pytest.main(words)
    finally:
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None)).startswith(str(directory)):
                del sys.modules[name]


@pytest.fixture
def live_pytest(live, tmp_path):
    """Run pytest over a test of a user's own against a host of any name.

    With `apart` it runs in a process of its own: for tests that start others, or change what is loaded here.
    """

    def running(source: str, *options: str, apart: bool = False, **variables: str) -> subprocess.CompletedProcess[str]:
        test = written(tmp_path / "work" / "test_shop.py", source)
        words = ["-rs", "-p", "no:cacheprovider", *options, str(test)]
        process: subprocess.CompletedProcess[str]
        if apart:
            process = live(command=[sys.executable, "-c", REDIRECTED + TESTED, *plugins.APART, *words], **variables)
        else:
            process = live(run=lambda: _main([*plugins.PLUGIN, *words], tmp_path / "work"), **variables)
        return process

    return running


@pytest.fixture
def sent(tmp_path):
    """Return what has left the process: method, host, URL path, name of the sender."""

    def lines(start: str = "", path: str = "") -> list[str]:
        file = tmp_path / "work" / "sent.txt"
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        return [line for line in text.splitlines() if line.startswith(start) and path in line]

    return lines
