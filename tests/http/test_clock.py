"""Tests that freeze or move the clock change no deadline, no measured time and no verdict on a server's clock."""

import re
import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

import httpx

import vocode_contract
from tests.support.raw import CONTRACT, GET, HASTY, OK, PATIENT, TOKEN, client, drips, says, serving
from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.http import clock
from vocode_contract.http.client.client import Client
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.http.traffic import Traffic
from vocode_contract.simulator import simulator
from vocode_contract.validation.masking import Secret
from vocode_contract.webhooks.sending import Deliverer, Delivery

freezegun = pytest.importorskip("freezegun")
time_machine = pytest.importorskip("time_machine")

Moving = Callable[[], AbstractContextManager[object]]

PAST, FUTURE = "2022-01-01T12:00:00Z", "2033-01-01T12:00:00Z"
MOVES: dict[str, Moving] = {
    "frozen": lambda: freezegun.freeze_time(PAST),
    "ticking": lambda: freezegun.freeze_time(PAST, auto_tick_seconds=20),
    "future": lambda: freezegun.freeze_time(FUTURE),
    "travelling": lambda: time_machine.travel(PAST, tick=False),
}
each_move = pytest.mark.parametrize("move", MOVES.values(), ids=list(MOVES))

#: Files that may read the process's own clock, because that is what they show, or what they are for.
OWN_CLOCK = {
    "cli/audit.py",  # its progress
    "cli/check.py",  # not run inside of a test
    "cli/output.py",
    "cli/proxy.py",
    "contract/acceptance.py",  # whether a date has passed
    "conformance/run/command_line.py",  # when a run started
    "http/checks.py",  # the later of both clocks
    "http/clock.py",
    "pytest_plugin/end.py",  # how long a run took
    "pytest_plugin/__init__.py",  # when it started
    "simulator/faults/statuses.py",
    "simulator/server/connection.py",  # how long a response took, for the log
    "simulator/server/server.py",  # a default, which its user can replace
    "simulator/simulation.py",
    "validation/consistency.py",  # the same
}


def test_clock_of_the_process_is_read_only_where_that_is_meant():
    root = Path(vocode_contract.__file__).parent
    reading = re.compile(r"(?<!`)\btime\.(?:time|monotonic|perf_counter)\b|\bdatetime\.now\b")
    found = {file for file in root.rglob("*.py") if reading.search(file.read_text(encoding="utf-8"))}
    assert {file.relative_to(root).as_posix() for file in found} == OWN_CLOCK


@each_move
def test_wall_time_is_the_real_one(move):
    before = time.time()
    with move():
        assert before <= clock.wall_time() < before + 60
        assert clock.is_moved()
    assert not clock.is_moved()


@each_move
def test_deadline_comes_in_its_time(move):
    started = time.monotonic()
    with serving(drips(OK + b"Content-Length: 9999\r\n\r\n")) as server, move(), pytest.raises(Inconclusive) as caught:
        client(server, PATIENT).exchange(GET)
    assert (caught.value.kind, HASTY.total <= time.monotonic() - started < 5) == ("timeout-total", True)


@each_move
def test_response_that_comes_in_time_is_checked(move):
    with serving(says(OK + b"Content-Length: 2\r\n\r\n{}")) as server, move():
        exchange = client(server).exchange(GET)
    assert exchange.response.status == 200
    assert exchange.seconds is not None
    assert 0 <= exchange.seconds < 5


@each_move
def test_server_is_not_accused_of_the_clock_that_a_test_moved(move):
    with simulator(token=TOKEN) as running, move():
        answer = CheckedClient(Client(running.url, Secret(TOKEN)), CONTRACT).list_calls()
    assert [found for found in answer.violations if found.code != "foreign-owner"] == []


@each_move
def test_traffic_is_not_slow_by_the_clock_that_a_test_moved(move):
    traffic = Traffic(CONTRACT)
    with simulator(token=TOKEN) as running, httpx.Client(event_hooks={"response": [traffic.hook]}) as user, move():
        user.get(f"{running.url}/v1/calls/list", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (traffic.checked, [found.code for found in traffic.violations if found.code == "slow"]) == (1, [])


@each_move
def test_delivery_has_its_deadline(move):
    with socket.create_server(("127.0.0.1", 0)) as listening, move(), Deliverer(seconds=0.3) as deliverer:
        deliverer.deliver(Delivery(url=f"http://127.0.0.1:{listening.getsockname()[1]}/", body=b"{}"))
        deliverer.drain(5)
        assert [attempt.outcome for attempt in deliverer.log] == ["timeout"]
