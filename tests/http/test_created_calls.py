"""What a client created: written down first, its own only if nothing speaks against it, ended and seen to be."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.http.client.created_calls import MARK
from vocode_contract.http.guard.guard import NO_CALL, Consents, Guard, NotPermitted
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.validation.masking import Secret

pytest.importorskip("httpx")
import httpx

from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.run.cleanup import finish
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.request import OperationRequest
from vocode_contract.http.client.timing import Timing

CONTRACT = Contract.load()
HOST = "staging.example"
OURS, THEIRS = "3c90c3cc-0d44-4b50-8888-8dd25736052a", "00000000-0000-4000-8000-000000000000"
BODY = {"from_number": "12025550123", "to_number": "12025550145", "context": {MARK: "ours"}}
CREATE = OperationRequest(operation=CONTRACT.operations["create_call"], body=json.dumps(BODY).encode())
END = OperationRequest(operation=CONTRACT.operations["end_call"], arguments=(("id", OURS),))
ALLOWING = Consents(effects=frozenset({"rings"}), hosts=frozenset({HOST}), budget=9)


class Notes:
    """A journal that may fail at some events."""

    def __init__(self, *failing: str) -> None:
        self.events: list[tuple[str, str]] = []
        self._failing = failing

    def note(self, event: str, identifier: str = "") -> None:
        if event in self._failing:
            raise InvalidOption("journal", "the disk is full")
        self.events.append((event, identifier))


class Server(httpx.BaseTransport):
    """Answers a creation with one call, shows others, and ends what it is asked to, if it is honest."""

    def __init__(self, *, created: Any = None, shown: Any = None, ends: bool = True) -> None:
        self.calls = {identifier: {**BODY, "id": identifier, "status": "in_progress"} for identifier in (OURS, THEIRS)}
        self.calls[THEIRS] |= {"context": {MARK: "theirs"}}
        self.created: dict[str, Any] | Exception | int = self.calls[OURS] if created is None else created
        self.asked: list[str] = []
        self._shown = shown or {}
        self._ends = ends

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        identifier = request.url.params.get("id", "")
        self.asked.append(f"{request.method} {request.url.path}")
        match request.url.path.rpartition("/")[2]:
            case "create" if isinstance(self.created, Exception):
                raise self.created
            case "create" if isinstance(self.created, int):
                return httpx.Response(self.created, json={})
            case "create":
                return httpx.Response(200, json=self.created)
            case "list":
                return httpx.Response(200, json={"items": [*self.calls.values()]})
            case "end" if self._ends:
                self.calls[identifier]["status"] = "ended"
        return httpx.Response(200, json={**self.calls.get(identifier, {}), **self._shown})


def sender(server: Server, journal: Notes | None = None, url: str = f"https://{HOST}") -> Client:
    guard = Guard(ALLOWING)
    return Client(url, Secret("t"), guard=guard, timing=Timing(interval=0), transport=server, journal=journal)


def finished(client: Client, **options: Any) -> tuple[str, ...]:
    return finish(CheckedClient(client, CONTRACT), 2, **options)


def test_call_is_written_down_before_and_after_and_seen_to_be_over():
    server, notes = Server(), Notes()
    client = sender(server, notes)
    client.exchange(CREATE)
    assert client.creations.open == (OURS,)
    assert finished(client) == ()
    assert notes.events == [("creating", ""), ("created", OURS), ("ended", OURS)]
    assert server.asked[1:] == ["GET /v1/calls", "POST /v1/calls/end", "GET /v1/calls"]


def test_end_that_is_accepted_and_does_not_happen_leaves_the_call_open():
    client, notes = sender(Server(ends=False)), Notes()
    client.creations._journal = notes
    client.exchange(CREATE)
    assert finish(CheckedClient(client, CONTRACT), 0.2) == (OURS,)
    assert notes.events[-1] == ("left", OURS)


def test_end_that_is_accepted_on_this_machine_is_believed():
    server = Server()
    client = sender(server, url="http://127.0.0.1:1")
    client.exchange(CREATE)
    assert finished(client) == ()
    assert server.asked == ["POST /v1/calls/create", "POST /v1/calls/end"]


def test_call_that_its_test_ended_is_not_ended_again():
    server = Server()
    client = sender(server)
    client.exchange(CREATE)
    client.exchange(END)
    assert finished(client) == ()
    assert server.asked.count("POST /v1/calls/end") == 1


@pytest.mark.parametrize(
    "created",
    [
        {**BODY, "id": OURS, "context": {MARK: "theirs"}},
        {"id": OURS, "to_number": "14155550999"},
        {"id": OURS, "to_number": "12025550145", "from_number": "14155550999"},
        {"id": "no-uuid"},
        {},
        500,
    ],
)
def test_call_that_may_be_somebody_elses_is_not_owned(created):
    client, notes = sender(Server(created=created)), Notes()
    client.creations._journal = notes
    client.exchange(CREATE)
    assert notes.events == [("creating", "")]
    assert client.creations.is_unclear
    with pytest.raises(NotPermitted, match="ends a call; permit that"):
        client.exchange(END)


@pytest.mark.parametrize("shown", [{"id": OURS}, {"id": OURS, "to_number": "+1 202 555 0145", "context": None}])
def test_call_of_which_little_is_told_is_owned(shown):
    client = sender(Server(created=shown))
    client.exchange(CREATE)
    client.exchange(END)


LOOKS: dict[str, Callable[[Client], object]] = {
    "listed": lambda client: client.exchange(
        OperationRequest(operation=CONTRACT.operations["list_calls"], arguments=(("page", "1"),))
    ),
    "asked for": lambda client: client.exchange(replace(END, operation=CONTRACT.operations["get_call"])),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_call_that_was_known_before_is_not_owned(look):
    client = sender(Server(created={"id": OURS.upper()}))
    look(client)
    client.exchange(CREATE)
    with pytest.raises(NotPermitted):
        client.exchange(replace(END, arguments=(("id", OURS.upper()),)))


def test_call_that_turns_out_to_be_somebody_elses_is_owned_no_more():
    server, notes = Server(created={"id": THEIRS}), Notes()
    client = sender(server, notes)
    client.exchange(CREATE)
    server.created = {}
    assert finished(client) == ()
    assert "POST /v1/calls/end" not in server.asked[:2]
    assert ("foreign", THEIRS) in notes.events
    assert server.calls[THEIRS]["status"] == "in_progress"


@pytest.mark.parametrize("created", [httpx.ReadError("reset"), 500, {"id": THEIRS, "context": {MARK: "theirs"}}])
def test_call_that_no_answer_told_of_is_found_by_its_mark_and_ended(created):
    server, notes = Server(created=created), Notes()
    client = sender(server, notes)
    if isinstance(created, Exception):
        with pytest.raises(Inconclusive):
            client.exchange(CREATE)
    else:
        client.exchange(CREATE)
    assert finished(client) == ()
    assert notes.events[-2:] == [("created", OURS), ("ended", OURS)]
    assert server.calls[THEIRS]["status"] == "in_progress"


class Interrupting(Server):
    """Ctrl-C comes with the answers to some requests."""

    def __init__(self, path: str, times: int = 1) -> None:
        super().__init__()
        self._path, self._times = path, times

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if request.url.path.endswith(self._path) and self._times:
            self._times -= 1
            raise KeyboardInterrupt
        return answer


def test_call_is_found_and_ended_where_ctrl_c_came_while_it_was_created():
    server = Interrupting("/create")
    client = sender(server)
    with pytest.raises(KeyboardInterrupt):
        client.exchange(CREATE)
    assert finished(client) == ()
    assert server.calls[OURS]["status"] == "ended"


def test_first_ctrl_c_waits_until_the_calls_are_ended_and_the_second_does_not():
    for times, ends, last in ((1, 1, False), (1, 0, True), (2, 0, False)):
        server = Interrupting("/v1/calls", times)
        client = sender(server)
        client.exchange(CREATE)
        with pytest.raises(KeyboardInterrupt):
            finished(client, is_last_word=last)
        assert server.asked.count("POST /v1/calls/end") == ends
        assert (client.creations.open == ()) is bool(ends)


def test_nothing_is_created_that_cannot_be_written_down():
    server = Server()
    with pytest.raises(NotPermitted, match="the disk is full"):
        sender(server, Notes("creating")).exchange(CREATE)
    assert server.asked == []


def test_call_is_ended_although_the_disk_is_full_by_then():
    server = Server()
    client = sender(server, Notes("created", "ended", "left"))
    client.exchange(CREATE)
    assert client.creations.open == (OURS,)
    assert finished(client) == ()
    assert server.calls[OURS]["status"] == "ended"


def test_probe_that_is_served_is_written_down_and_ended():
    server, notes = Server(), Notes()
    client = Client(f"https://{HOST}", Secret("t"), timing=Timing(interval=0), transport=server, journal=notes)
    client.exchange(replace(CREATE, credentials=None))
    assert finished(client) == ()
    assert [event for event, _ in notes.events] == ["creating", "created", "ended"]


def test_probe_that_is_refused_is_declined():
    notes = Notes()
    sender(Server(created=401), notes).exchange(replace(CREATE, credentials=None))
    assert notes.events == [("creating", ""), ("declined", "")]


def test_calls_share_the_seconds_that_are_left_for_their_ends(monkeypatch):
    client = sender(Server(), url="http://127.0.0.1:1")
    client.creations._open |= dict.fromkeys((OURS, THEIRS, NO_CALL), client.creations.record_request(b"{}"))
    seconds: list[float] = []
    now = iter(range(100))
    monkeypatch.setattr("vocode_contract.http.clock.monotonic", lambda: next(now))

    def end(_self: CheckedClient, _identifier: str, *, within: float) -> bool:
        seconds.append(within)
        return False

    monkeypatch.setattr(CheckedClient, "try_to_end", end)
    finish(CheckedClient(client, CONTRACT), 3)
    assert seconds == [2, 1]
