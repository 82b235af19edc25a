"""Minutes of mixed load on the simulator, with lives and webhooks: memory, errors, events lost and doubled.

It runs in rounds: calls are created and asked for, ended and misspelt over a few connections; then the
clock is put forward until every life is over, what the receiver was told is compared with what
happened, and everything is reset. So memory can be flat: within a round the simulator forgets no call.
"""

import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

from benchmarks.measuring import Reading, resident, slope
from benchmarks.receiving import Receiver, compared, receiving

SECONDS = 600
#: Seconds of load in a round, and connections.
LOAD = 4.0
CONNECTIONS = 3
#: Calls with a webhook in a round, at most: as many as can be told in about a second.
CALLS = 60
#: Seconds after which every life is over, at the longest.
LIFE = 300
KINDS = ("event_phone_call_connected", "event_human_detection", "event_phone_call_ended", "event_recording")
#: Seconds to wait for the last webhooks of a round.
_PATIENCE = 30.0
_TOKEN = {"Authorization": "Bearer simulator-token"}
_JSON = {"Content-Type": "application/json"}
_UNKNOWN = "00000000-0000-4000-8000-000000000000"
#: Last digits of the numbers called, which choose scenarios.
_NUMBERS = ("0101", "0102", "0103", "0104", "0105", "0106", "0107", "0110", "0111")
#: Method, target, body and the status of the refusal.
_REFUSED: tuple[tuple[str, str, bytes | None, int], ...] = (
    ("POST", f"/v1/calls/end?id={_UNKNOWN}", None, 404),
    ("GET", "/v1/calls?id=7", None, 422),
    ("POST", "/v1/calls/create", b"{", 422),
    ("POST", "/v1/calls/create", b'{"from_number": "1"}', 422),
    ("DELETE", "/v1/calls", None, 405),
)
#: MB an hour of growth, in the second half, that count as flat.
_FLAT = 30.0


@dataclass(slots=True)
class Totals:
    """What happened so far."""

    requests: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    events: int = 0
    told: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[float, float]] = field(default_factory=list)


class Client:
    """One connection to the simulator, which counts its requests and the answers that were not hoped for."""

    def __init__(self, port: int, totals: Totals) -> None:
        """Connect with the first request."""
        self._connection = HTTPConnection("127.0.0.1", port, timeout=15)
        self._totals = totals

    def ask(self, method: str, target: str, body: object = None, *, hoped: tuple[int, ...] = (200,)) -> bytes:
        """Send a request and return the body of its answer."""
        content = body if isinstance(body, bytes | None) else json.dumps(body)
        self._totals.requests += 1
        try:
            self._connection.request(method, target, content, _TOKEN | (_JSON if content is not None else {}))
            response = self._connection.getresponse()
            answer = response.read()
        except (HTTPException, OSError) as error:
            self._connection.close()
            self._totals.wrong[type(error).__name__] += 1
            return b""
        if response.status not in hoped:
            self._totals.wrong[f"{method} {response.status}"] += 1
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def figures(seconds: int = SECONDS) -> Iterator[Reading]:
    """Run rounds for so many seconds."""
    totals, started = Totals(), time.monotonic()
    with _simulator() as (pid, port), receiving() as receiver:
        while (now := time.monotonic() - started) < seconds:
            _round(port, receiver, totals, min(LOAD, seconds - now))
            totals.memory.append((time.monotonic() - started, resident(pid)))
    elapsed = time.monotonic() - started
    half = [point for point in totals.memory if point[0] >= elapsed / 2]
    yield Reading(name="lasted", value=elapsed, unit="s")
    yield Reading(name="rounds", value=len(totals.memory), unit="")
    yield Reading(name="requests", value=totals.requests, unit="")
    yield Reading(name="answers not hoped for", value=totals.wrong.total(), unit=_list(totals.wrong), most=0)
    yield Reading(name="events to be told", value=totals.events, unit="")
    for name in ("lost", "doubled", "disordered"):
        yield Reading(name=name, value=totals.told[name], unit="", most=0)
    yield Reading(name="memory after the first round", value=totals.memory[0][1] / 1e6, unit="MB")
    yield Reading(name="memory at the end", value=totals.memory[-1][1] / 1e6, unit="MB")
    growth = slope(half) * 3600 / 1e6
    yield Reading(name="slope of the second half", value=growth, unit="MB an hour", most=_FLAT)


def _list(wrong: Counter[str]) -> str:
    return ", ".join(f"{name} x {count}" for name, count in wrong.most_common())


@contextmanager
def _simulator() -> Iterator[tuple[int, int]]:
    """Run a simulator and yield its process id and port."""
    command = [sys.executable, "-m", "vocode_contract", "simulate", "--speed", "20"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        try:
            line = process.stdout.readline()  # type: ignore[union-attr]  # it is a pipe
            yield process.pid, int(re.search(r":(\d+) ", line)[1])  # type: ignore[index]  # its first line has one
        finally:
            process.terminate()


def _round(port: int, receiver: Receiver, totals: Totals, seconds: float) -> None:
    seed = len(totals.memory)
    calls: list[str] = []
    until = time.monotonic() + seconds
    threads = []
    for number in range(CONNECTIONS):
        load = Load(
            client=Client(port, totals), url=receiver.url, calls=calls, rng=random.Random(seed * CONNECTIONS + number)
        )
        threads.append(threading.Thread(target=load.run, args=(until,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    control = Client(port, totals)
    control.ask("POST", "/_simulator/clock", {"advance": LIFE})
    _settle(control, receiver, totals)
    control.ask("POST", "/_simulator/reset", {"seed": seed + 1})
    control.close()


def _settle(control: Client, receiver: Receiver, totals: Totals) -> None:
    """Wait until the receiver was told everything, compare, and let it forget."""
    expected: dict[str, list[str]] = {}
    for event in json.loads(control.ask("GET", "/_simulator/events?newest=100000") or b'{"events": []}')["events"]:
        if event["type"] in KINDS:
            expected.setdefault(event["call_id"], []).append(event["type"])
    total = sum(map(len, expected.values()))
    until = time.monotonic() + _PATIENCE
    while sum(map(len, (told := receiver.told()).values())) < total and time.monotonic() < until:
        time.sleep(0.05)
    totals.events += total
    totals.told.update(compared(expected, told))
    receiver.forget()


@dataclass(slots=True, kw_only=True)
class Load:
    """What one connection asks, by chance.

    Attributes:
        client: Asks.
        url: Of the webhook.
        calls: Ids of the calls that there are, shared by all connections.
        rng: The same seed asks the same.
    """

    client: Client
    url: str
    calls: list[str]
    rng: random.Random

    def run(self, until: float) -> None:
        """Ask until that time, in seconds of `time.monotonic`."""
        self._create()
        while time.monotonic() < until:
            self.rng.choice((self._create, self._get, self._get, self._end, self._list, self._recording, self._wrong))()
        self.client.close()

    def _call(self) -> str:
        return self.rng.choice(self.calls or [_UNKNOWN])

    def _create(self) -> None:
        if len(self.calls) >= CALLS:
            return
        webhook = {"subscriptions": list(KINDS), "url": self.url}
        voice = {"type": "voice_azure", "voice_name": "en-US-SteffanNeural"}
        agent = {"prompt": {"content": "Confirm."}, "voice": voice, "webhook": webhook}
        number = f"1202555{self.rng.choice(_NUMBERS)}"
        body = {"from_number": "12025550199", "to_number": number, "agent": agent}
        if answer := self.client.ask("POST", "/v1/calls/create", body):
            self.calls.append(json.loads(answer)["id"])

    def _get(self) -> None:
        self.client.ask("GET", f"/v1/calls?id={self._call()}")

    def _end(self) -> None:
        if self.rng.random() < 0.1:  # or no call lived on
            self.client.ask("POST", f"/v1/calls/end?id={self._call()}")

    def _list(self) -> None:
        self.client.ask("GET", f"/v1/calls/list?page={self.rng.randrange(1, 4)}&size=20")

    def _recording(self) -> None:
        self.client.ask("GET", f"/v1/calls/recording?id={self._call()}", hoped=(200, 404))

    def _wrong(self) -> None:
        """Ask what has to be refused."""
        method, target, body, status = self.rng.choice(_REFUSED)
        self.client.ask(method, target, body, hoped=(status,))
