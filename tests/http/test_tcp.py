"""Connecting within one deadline: the look-up of a name, and several addresses."""

import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.raw import HASTY, OK, POST, free_port, says, serving
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.tcp import Unresolved, connect
from vocode_contract.http.inconclusive import Inconclusive

#: Far below what a name that is not looked up would take.
SOON = 1.5


def resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int], after: float = 0) -> None:
    def resolve(*_arguments: Any, **_options: Any) -> list[Any]:
        threading.Event().wait(after)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def took(action: Callable[[], object]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


def test_name_that_is_not_looked_up_in_time_is_not_waited_for(monkeypatch):
    resolving_to(monkeypatch, after=3)

    def attempt() -> None:
        with pytest.raises(Unresolved):
            connect("slow.localhost", 9, within=0.1)

    assert took(attempt) < SOON


def test_request_to_a_name_that_is_not_looked_up_says_so_and_that_nothing_was_sent(monkeypatch):
    resolving_to(monkeypatch, after=3)
    with pytest.raises(Inconclusive) as caught:
        Client("http://localhost:9", timing=HASTY).exchange(POST)
    assert (caught.value.kind, caught.value.consequence) == ("timeout-connect", "nothing was sent")
    assert "the host name was not resolved within" in caught.value.what


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full backlog refuses, or takes more than told")
def test_addresses_that_take_no_connection_share_one_deadline(monkeypatch):
    with ExitStack() as stack:
        listening = [stack.enter_context(socket.create_server((f"127.0.0.{last}", 0), backlog=0)) for last in (2, 3, 4)]
        for one in listening:  # fills the backlog
            stack.enter_context(socket.create_connection(one.getsockname()))
        resolving_to(monkeypatch, *[one.getsockname() for one in listening])

        def attempt() -> None:
            with pytest.raises(TimeoutError):
                connect("three.localhost", 9, within=0.6)

        assert 0.5 < took(attempt) < SOON


def test_next_address_is_tried_where_one_refuses(monkeypatch):
    with serving(says(OK + b"Content-Length: 2\r\n\r\n{}")) as server:
        resolving_to(monkeypatch, ("127.0.0.1", free_port()), ("127.0.0.1", server.port))
        answer = Client("http://localhost:9", timing=HASTY).exchange(POST)
    assert answer.response.body == b"{}"


def test_refusal_of_every_address_is_told(monkeypatch):
    resolving_to(monkeypatch, ("127.0.0.1", free_port()), ("127.0.0.1", free_port()))
    with pytest.raises(ConnectionRefusedError):
        connect("none.localhost", 9, within=1)


def test_address_is_not_looked_up_apart(monkeypatch):
    monkeypatch.setattr("vocode_contract.http.client.tcp.Thread", None)
    with pytest.raises(ConnectionRefusedError):
        connect("127.0.0.1", free_port(), within=1)


def test_name_that_no_name_can_be_is_not_found():
    with pytest.raises(socket.gaierror):
        connect(f"localhost.{'a' * 64}", 9, within=1)
