"""Ten thousand calls that live at once, their webhooks told by real HTTP: nothing lost, doubled or out of order."""

import time
from collections.abc import Iterator

import orjson

from benchmarks.measuring import Reading, resident
from benchmarks.receiving import Receiver, compared, receiving
from vocode_contract.http.message import Request
from vocode_contract.simulator.server.callbacks import Callbacks
from vocode_contract.simulator.simulation import DEFAULT_TOKEN, Simulation

CALLS = 10_000
#: Seconds of a call's life in one of ours.
SPEED = 20.0
#: Seconds after which every life is over.
LIFE = 75.0
KINDS = ("event_phone_call_connected", "event_human_detection", "event_phone_call_ended", "event_recording")
_PATIENCE = 600.0


class Start:
    """A clock that stands still until it is started, and runs fast then."""

    def __init__(self) -> None:
        """Stand still."""
        self._at = time.time()
        self._since: float | None = None

    def __call__(self) -> float:
        """Return seconds since the epoch."""
        return self._at if self._since is None else self._at + (time.monotonic() - self._since) * SPEED

    def start(self) -> None:
        """Run."""
        self._since = time.monotonic()


def figures(count: int = CALLS) -> Iterator[Reading]:
    """Let calls live, and compare what happened with what was told."""
    clock = Start()
    simulation = Simulation(clock=clock)
    with receiving() as receiver, Callbacks(simulation) as callbacks:
        started = time.monotonic()
        for _ in range(count):
            _create(simulation, receiver)
        yield Reading(name="created", value=count / (time.monotonic() - started), unit="calls a second")
        clock.start()
        started = time.monotonic()
        time.sleep(5 / SPEED)
        living = sum(call["status"] == "in_progress" for call in simulation.calls(count))
        yield Reading(name="live at once", value=living, unit="calls", least=count)
        time.sleep(max(0.0, LIFE / SPEED - (time.monotonic() - started)))
        finished = callbacks.drain(_PATIENCE)
        elapsed = time.monotonic() - started
        told = receiver.told()
    yield Reading(name="deliveries not finished in time", value=not finished, unit="", most=0)
    expected: dict[str, list[str]] = {}
    for event in simulation.events():
        if event.type in KINDS:
            expected.setdefault(event.call_id, []).append(event.type)
    total = sum(map(len, expected.values()))
    yield Reading(name="events", value=total, unit="", least=len(KINDS) * count)
    yield Reading(name="delivered", value=total / elapsed, unit="a second")
    for name, value in compared(expected, told).items():
        yield Reading(name=name, value=value, unit="", most=0)
    yield Reading(name="memory", value=resident() / 1e6, unit="MB")


def _create(simulation: Simulation, receiver: Receiver) -> None:
    webhook = {"subscriptions": list(KINDS), "url": receiver.url}
    voice = {"type": "voice_azure", "voice_name": "en-US-SteffanNeural"}
    agent = {"prompt": {"content": "Confirm."}, "voice": voice, "webhook": webhook}
    body = orjson.dumps({"from_number": "12025550199", "to_number": "12025550101", "agent": agent})
    headers = (("authorization", f"Bearer {DEFAULT_TOKEN}"),)
    response = simulation.handle(Request(method="POST", path="/v1/calls/create", headers=headers, body=body))
    if response.status != 200:
        raise RuntimeError(f"Create Call answered {response.status}")
