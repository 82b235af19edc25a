"""What is said of a connection that fails: over real sockets, and never in the words of the server."""

import socket
import threading
from dataclasses import replace

import pytest

from tests.support.raw import GET, HASTY, OK, PATIENT, POST, Answer, client, drips, is_silent, says, serving
from vocode_contract.http.inconclusive import Inconclusive

CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CANARY = b"disconnected-canary"

BROKEN: dict[str, tuple[bytes, str]] = {
    "no beginning": (CANARY, "do not start an HTTP response: RFC 9112, section 4"),
    "status in letters": (b"HTTP/1.1 abc %s\r\n\r\n" % CANARY, "the status line: RFC 9112, section 4"),
    "status of 99": (b"HTTP/1.1 099 %s\r\n\r\n" % CANARY, "the status code: RFC 9110, section 15"),
    "header without colon": (OK + CANARY + b"\r\n\r\n", "a line of the head: RFC 9112, section 5"),
    "two lengths": (OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n", "two different lengths"),
    "length below zero": (OK + b"Content-Length: -2\r\n\r\n", "the length of the body: RFC 9112, section 6.3"),
    "another coding": (OK + b"Transfer-Encoding: %s\r\n\r\n" % CANARY, "other than chunked: RFC 9112, section 6.1"),
    "size in letters": (CHUNKED + CANARY + b"\r\n", "the size of a chunk: RFC 9112, section 7.1"),
    "chunk too long": (CHUNKED + b"1\r\n" + CANARY, "the end of a chunk: RFC 9112, section 7.1"),
    "head too long": (OK + b"X-Wide: " + CANARY * 30_000, "a head or a line longer than 100 KiB"),
    "other protocol": (b"HTTP/1.1 101 %s\r\nUpgrade: h2c\r\n\r\n" % CANARY, "an unrequested protocol switch"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_rule_that_is_broken_is_named_without_what_came(name):
    data, rule = BROKEN[name]
    with serving(says(data)) as server, pytest.raises(Inconclusive) as caught:
        client(server).exchange(POST)
    assert caught.value.kind == "protocol"
    assert rule in caught.value.what
    assert CANARY.decode() not in str(caught.value)


TOLD: dict[str, tuple[Answer, str, str]] = {
    "drip": (drips(OK + b"\r\n"), "timeout-total", "bytes came before the deadline"),
    "cut body": (says(OK + b"Content-Length: 100\r\n\r\n{}"), "truncated", "got 2 of 100 bytes of the body"),
    "cut chunk": (says(CHUNKED + b"50\r\n{}"), "truncated", "got 2 of an unknown number of bytes of the body"),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_came_is_counted(name):
    answer, kind, what = TOLD[name]
    with serving(answer) as server, pytest.raises(Inconclusive) as caught:
        client(server, PATIENT).exchange(POST)
    assert caught.value.kind == kind
    assert what in caught.value.what


def stops_in_the_body(connection: socket.socket) -> None:
    connection.sendall(OK + b"Content-Length: 9\r\n\r\n{")
    is_silent(connection)


def test_answer_that_stops_tells_for_how_long():
    with serving(stops_in_the_body) as server, pytest.raises(Inconclusive, match=r"then nothing within 0\.2 s"):
        client(server, HASTY).exchange(POST)


def test_silence_until_the_deadline_is_no_answer_that_does_not_end():
    timing = replace(HASTY, read=2, total=0.3)
    with serving(is_silent) as server, pytest.raises(Inconclusive) as caught:
        client(server, timing).exchange(GET)
    assert caught.value.kind == "timeout-read"


def reads_slowly(connection: socket.socket) -> None:
    pause = threading.Event()
    for _ in range(20):
        connection.recv(4_096)
        pause.wait(0.05)


def test_request_that_is_taken_drop_by_drop_ends_with_the_deadline():
    timing = replace(HASTY, write=2, total=0.5)
    with serving(reads_slowly) as server, pytest.raises(Inconclusive) as caught:
        client(server, timing).exchange(replace(POST, body=b" " * 30_000_000))
    assert caught.value.kind == "timeout-write"


def test_attempt_that_the_deadline_cuts_off_does_not_replace_what_came_before():
    timing = replace(HASTY, read=5, total=0.5, pauses=(0.35,))
    with serving(says(OK + b"Content-Length: 9\r\n\r\n{"), is_silent) as server, pytest.raises(Inconclusive) as caught:
        client(server, timing).exchange(GET)
    assert (caught.value.kind, len(server.heard)) == ("truncated", 2)
    assert "tried 2 times" in caught.value.what
