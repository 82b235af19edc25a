"""How long is waited: time-outs that fit into each other, and a server that limits the rate of requests."""

import time
from dataclasses import replace

import httpx
import pytest

from tests.support.raw import AMPLE, GET, OK, POST, Answer, client, is_silent, says, serving
from tests.support.waiting import Clock, one_clock
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.timing import Throttle, Timing
from vocode_contract.http.guard.guard import Consents, Guard
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.validation.masking import Secret

FINE = says(OK + b"Content-Length: 2\r\n\r\n{}")


def limited(header: bytes) -> Answer:
    return says(b"HTTP/1.1 429 Slow\r\n" + header + b"Content-Length: 0\r\n\r\n")


# --- time-outs ---


@pytest.mark.parametrize("total", [0.05, 1, 3, 29, 30, 600])
def test_phases_end_before_the_whole_and_leave_time_for_a_second_attempt(total):
    timing = Timing.within(total)
    assert max(timing.connect, timing.read, timing.write) < total
    phase = timing.phase(timing.read, is_retried=True)
    assert phase + 1.2 * timing.pauses[0] < 0.75 * total


def test_request_that_only_reads_is_sent_again_within_a_short_time_too():
    with serving(is_silent, FINE) as server:
        assert client(server, Timing.within(1)).exchange(GET).response.status == 200


# --- a server that limits the rate ---


@pytest.mark.parametrize("header", [b"Retry-After: 0\r\n", b"Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", b""])
def test_wait_of_nothing_is_still_a_pause(header):
    started = time.monotonic()
    with serving(limited(header), FINE) as server:
        client(server, replace(AMPLE, pauses=(0.2, 0.2))).exchange(GET)
    assert time.monotonic() - started >= 0.2


def test_mutating_request_that_was_refused_for_a_time_is_sent_again_after_it():
    started = time.monotonic()
    with serving(limited(b"Retry-After: 1\r\n"), FINE) as server:
        assert client(server, AMPLE).exchange(POST).response.status == 200
    assert time.monotonic() - started >= 0.9
    assert len(server.heard) == 2


def test_mutating_request_that_was_refused_without_a_time_is_not_sent_again_but_the_next_one_waits():
    with serving(limited(b""), FINE) as server, one_clock() as clock:
        sender = client(server, replace(AMPLE, pauses=(0.2, 0.2)))
        with pytest.raises(Inconclusive) as caught:
            sender.exchange(POST)
        started = clock.now()
        sender.exchange(POST)
    assert (caught.value.kind, caught.value.may_have_acted) == ("rate-limited", False)
    assert clock.now() - started >= 0.1
    assert len(server.heard) == 2


@pytest.mark.parametrize(("budget", "sent"), [(1, 1), (2, 2)])
def test_mutating_request_is_sent_to_a_remote_host_as_often_as_the_budget_says(budget, sent):
    host, call = "staging.example", POST.arguments[0][1]
    permits = Consents(
        effects=frozenset({"hangs-up"}), hosts=frozenset({host}), call_ids=frozenset({call}), budget=budget
    )
    heard = []

    def refuse(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(429, headers={"retry-after": "0"}, stream=httpx.ByteStream(b""))

    timing = replace(AMPLE, interval=0, pauses=(0.01, 0.01))
    carrier = httpx.MockTransport(refuse)  # there is no remote host to send to
    sender = Client(f"https://{host}", Secret("token"), guard=Guard(permits), timing=timing, transport=carrier)
    with pytest.raises(Inconclusive):
        sender.exchange(POST)
    assert len(heard) == sent


def test_wait_that_was_asked_for_is_no_time_of_the_server():
    with serving(limited(b"Retry-After: 6\r\n"), FINE) as server, one_clock():
        sender = client(server, replace(AMPLE, total=5))
        with pytest.raises(Inconclusive):  # the wait is longer than one exchange may take
            sender.exchange(POST)
        assert sender.exchange(POST).response.status == 200  # within 5 s, the wait not counted


def test_wait_beyond_patience_is_told_and_speaks_of_the_server():
    with serving(limited(b"Retry-After: 31\r\n")) as server, pytest.raises(Inconclusive) as caught:
        client(server, AMPLE).exchange(POST)
    assert caught.value.what == "for 31 s, which is not waited for: 30 s at most, 60 s in a run"
    assert caught.value.is_down


def test_server_that_refuses_although_it_was_waited_for_is_down():
    with serving(limited(b"Retry-After: 0\r\n")) as server, pytest.raises(Inconclusive) as caught:
        client(server, AMPLE).exchange(GET)
    assert (caught.value.kind, caught.value.is_down) == ("rate-limited", True)


def test_run_waits_no_longer_than_it_may_in_all():
    timing, throttle = replace(AMPLE, max_total_wait=0.1), Throttle()
    with one_clock():
        assert throttle.slow_down(0.08, timing)
        assert throttle.wait(timing) > 0
        assert not throttle.slow_down(0.08, timing)


def test_requests_are_spread_as_the_server_allows():
    timing = Timing()
    with one_clock(Clock(tick=0.0001)):
        throttle = Throttle()
        for _ in range(11):
            assert throttle.wait(timing) == 0
        throttle.slow_down(0.1, timing)  # ten were taken in no time: ten in a tenth of a second
        assert 0.01 <= throttle.interval < 0.05
        assert throttle.wait(timing) > 0.05
        assert 0 < throttle.wait(timing) < 0.05


def test_requests_are_spread_to_one_a_second_at_most():
    timing, throttle = Timing(), Throttle()
    throttle.wait(timing)
    throttle.slow_down(30, timing)
    assert throttle.interval == 1
