"""Deliveries by real HTTP to receivers on loopback: order, retries, limits, what is refused, what is told."""

import base64
import json
import logging
import socket
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from uuid import uuid4

import pytest

from tests.support.receivers import receiver, served
from vocode_contract.errors import InvalidOption
from vocode_contract.validation.masking import Secret
from vocode_contract.webhooks.sending import (
    POLICIES,
    Deliverer,
    Delivery,
    RetryPolicy,
    Target,
    event_delivery,
    send_action,
)

CALL = "37bf8eef-d71f-474f-877f-cdaf1d3e2103"
CANARY = "Canary-7f3e"
SECRET = base64.b64encode(b"0123456789abcdef" * 2).decode()
AT_ONCE = RetryPolicy(summary="three attempts without a pause", pauses=(0.0, 0.0))


def event(url, number=0, call_id=CALL, **options):
    content = {"type": "event_message", "call_id": call_id, "payload": {"text": CANARY, "number": number}}
    return event_delivery(content, url, **options)


def told(shop):
    """The numbers of the events that came, by call, in the order in which they came."""
    numbers = defaultdict(list)
    for body in shop.bodies:
        content = json.loads(body)
        numbers[content["call_id"]].append(content["payload"]["number"])
    return numbers


def answering(*statuses):
    """A receiver that answers so, one status after the other, and the last for ever."""
    shop, left = receiver(), list(statuses)
    shop.receive = lambda *_: (left.pop(0) if len(left) > 1 else left[0], b"")
    return shop


@contextmanager
def listening(answer):
    """Something that takes connections and is no HTTP server; `answer` gets each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        kept = []

        def take():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                kept.append(connection)
                answer(connection)

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in kept:
            connection.close()


# --- what is sent ---


def test_event_is_written_as_the_framework_of_the_api_writes_json():
    assert event("http://localhost/").body == (
        b'{"type":"event_message","call_id":"%b","payload":{"text":"%b","number":0}}' % (CALL.encode(), CANARY.encode())
    )


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_event_arrives_by_the_method_of_the_webhook(method):
    shop = receiver()
    with served(shop) as url, Deliverer() as deliverer:
        answer = deliverer.send(event(f"{url}/hook?key={CANARY}", method=method))
    [(sent_by, path, headers)] = shop.requests
    assert (answer.outcome, sent_by, path) == ("delivered", method, f"/hook?key={CANARY}")
    assert (headers["content-type"], headers["accept-encoding"]) == ("application/json", "identity")


def test_other_method_is_an_invalid_option():
    with pytest.raises(InvalidOption, match="GET or POST"):
        event("http://localhost/", method="PUT")


# --- where to ---


@pytest.mark.parametrize("url", ["http://localhost:1/x", "http://127.0.0.1/", "https://[::1]:8/", "http://127.9.9.9/"])
def test_loopback_is_delivered_to(url):
    assert Target.from_url(url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://[::ffff:169.254.169.254]/",
        "http://0x7f000001.example/",
        "http://evil.localhost/",
        "http://127.0.0.1.:8080/hook",
        "http://localhost.evil.example/",
        "http://127.0.0.1@evil.example/",
        "http://127.0.0.1\\@evil.example/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:0/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "http:///x",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nx",
        "",
    ],
)
def test_other_address_is_refused_without_being_shown(url):
    with pytest.raises(InvalidOption) as caught:
        Target.from_url(url, option="--to")
    assert not url or url not in str(caught.value)


def test_name_of_this_machine_that_leads_elsewhere_is_refused(monkeypatch):
    elsewhere = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: elsewhere)
    with pytest.raises(InvalidOption, match="leads to another"):
        Target.from_url("http://localhost:8080/hook")


def test_host_that_is_allowed_by_name_is_delivered_to():
    assert Target.from_url("https://Hooks.example.com/x", allowed_hosts=["hooks.example.COM"]).shown


def test_allowed_host_is_that_host_alone():
    with pytest.raises(InvalidOption, match="allow-host"):
        Target.from_url("https://a.hooks.example.com/x", allowed_hosts=["hooks.example.com"])


def test_provider_is_no_receiver_even_if_allowed():
    with pytest.raises(InvalidOption, match="provider"):
        Target.from_url("https://api.vocode.dev/x", allowed_hosts=["api.vocode.dev"])


def test_read_only_environment_wins_over_an_allowed_host(monkeypatch):
    monkeypatch.setenv("VOCODE_CONTRACT_READ_ONLY", "1")
    with pytest.raises(InvalidOption, match="READ_ONLY"):
        Target.from_url("https://hooks.example.com/x", allowed_hosts=["hooks.example.com"])


def test_target_shows_neither_query_nor_what_may_be_a_token():
    target = Target.from_url(f"http://localhost:8000/v1/hooks/{CANARY}/T0KEN9?key={CANARY}")
    assert f"{target} {target!r}".count("http://localhost:8000/v1/hooks/*/*") == 2
    assert CANARY not in f"{target} {target!r}"


def test_webhook_beyond_loopback_is_logged_and_not_sent():
    with Deliverer() as deliverer:
        deliverer.deliver(event(f"http://169.254.169.254/{CANARY}"))
        [attempt] = deliverer.log
    assert (attempt.outcome, attempt.url, attempt.status) == ("not-allowed", "*", None)


# --- what comes back ---


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "delivered"), (204, "delivered"), (302, "redirected"), (410, "refused"), (500, "failed")],
)
def test_status_has_its_outcome(status, outcome):
    with served(answering(status)) as url, Deliverer() as deliverer:
        answer = deliverer.send(event(url))
    assert (answer.status, answer.outcome) == (status, outcome)


def test_redirect_is_not_followed():
    shop = answering(307)
    with served(shop) as url, Deliverer() as deliverer:
        deliverer.send(event(url))
    assert len(shop.requests) == 1


def test_silence_is_a_timeout():
    with listening(lambda _: None) as url, Deliverer(seconds=0.1) as deliverer:
        assert deliverer.send(event(url)).outcome == "timeout"


def test_drip_is_a_timeout():
    def drip(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nx")

    with listening(drip) as url, Deliverer(seconds=0.1) as deliverer:
        assert deliverer.send(event(url)).outcome == "timeout"


def test_closed_connection_is_told():
    with listening(lambda connection: connection.close()) as url, Deliverer() as deliverer:
        assert deliverer.send(event(url)).outcome == "closed"


def test_other_protocol_is_told():
    with listening(lambda connection: connection.sendall(b"SSH-2.0-x\r\n\r\n")) as url, Deliverer() as deliverer:
        assert deliverer.send(event(url)).outcome == "protocol"


def test_endless_answer_is_cut_off():
    def endless(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000_000)

    with listening(endless) as url, Deliverer() as deliverer:
        answer = deliverer.send(event(url))
    assert (answer.outcome, answer.body) == ("too-large", b"")


def test_nobody_there_is_unreachable():
    with listening(lambda _: None) as url:
        pass
    with Deliverer() as deliverer:
        assert deliverer.send(event(url)).outcome == "unreachable"


# --- again, and in order ---


def test_provider_tries_once():
    shop = answering(500, 200)
    with served(shop) as url, Deliverer() as deliverer:
        assert deliverer.send(event(url)).outcome == "failed"
    assert len(shop.bodies or shop.requests) == 1


def test_policy_tries_again_until_it_is_taken():
    with served(answering(500, 503, 200)) as url, Deliverer(policy=AT_ONCE) as deliverer:
        assert deliverer.send(event(url)).outcome == "delivered"
        assert [(attempt.attempt, attempt.status, attempt.final) for attempt in deliverer.log] == [
            (1, 500, False),
            (2, 503, False),
            (3, 200, True),
        ]


def test_policy_gives_up_after_its_last_attempt():
    shop = answering(500)
    with served(shop) as url, Deliverer(policy=AT_ONCE) as deliverer:
        assert deliverer.send(event(url)).outcome == "failed"
    assert len(shop.requests) == 3


@pytest.mark.parametrize("status", [302, 400, 404, 410])
def test_refusal_is_not_tried_again(status):
    shop = answering(status)
    with served(shop) as url, Deliverer(policy=AT_ONCE) as deliverer:
        deliverer.send(event(url))
    assert len(shop.requests) == 1


def test_events_of_a_call_keep_their_order_through_retries():
    shop = receiver()
    answers = iter([500, 500, 200, 500, 200, 200])
    shop.receive = lambda *_: (next(answers), b"")
    with served(shop) as url, Deliverer(policy=AT_ONCE) as deliverer:
        for number in range(3):
            deliverer.deliver(event(url, number))
        assert deliverer.drain(10)
    assert told(shop)[CALL] == [0, 0, 0, 1, 1, 2]


def test_call_that_waits_does_not_hold_back_others():
    waiting, other = receiver(), receiver()
    waiting.receive = lambda *_: (500, b"")
    patient = RetryPolicy(summary="an hour", pauses=(3600.0,))
    with served(waiting) as url, served(other) as other_url, Deliverer(policy=patient, at_once=1) as deliverer:
        deliverer.deliver(event(url))
        assert deliverer.send(event(other_url)).outcome == "delivered"
        assert deliverer.pending == 1


def test_many_calls_at_once_lose_and_double_nothing_and_keep_their_order():
    shop = receiver()
    calls = [str(uuid4()) for _ in range(200)]
    with served(shop) as url, Deliverer(at_once=16) as deliverer:
        for number in range(5):
            for call_id in calls:
                deliverer.deliver(event(url, number, call_id))
        assert deliverer.drain(60)
        assert deliverer.log.counts == {"delivered": 1_000}
    assert told(shop) == {call_id: [0, 1, 2, 3, 4] for call_id in calls}


def test_many_threads_may_hand_over():
    shop = receiver()

    def hand_over():
        for number in range(25):
            deliverer.deliver(event(url, number, str(uuid4())))

    with served(shop) as url, Deliverer() as deliverer:
        threads = [threading.Thread(target=hand_over) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert deliverer.drain(60)
        assert deliverer.log.counts == {"delivered": 200}
    assert len(set(shop.bodies)) == 200


def test_closing_abandons_and_says_so():
    with listening(lambda _: None) as url:
        with Deliverer(at_once=1) as deliverer:
            for number in range(3):
                deliverer.deliver(event(url, number))
        assert deliverer.log.counts == {"abandoned": 3}
        assert (deliverer.pending, deliverer.drain(0)) == (0, True)


def test_closed_deliverer_takes_nothing():
    deliverer = Deliverer()
    deliverer.close()
    deliverer.close()
    with pytest.raises(InvalidOption, match="closed"):
        deliverer.deliver(event("http://127.0.0.1:9/"))


def test_closed_deliverer_leaves_no_thread():
    before = set(threading.enumerate())
    with served(receiver()) as url, Deliverer() as deliverer:
        deliverer.send(event(url))
    left = {thread.name for thread in threading.enumerate() if thread not in before}
    # The receiver's thread that handles the connection may still be closing it.
    assert not {name for name in left if "process_request" not in name}


# --- what is told of it ---


def test_log_is_bounded_and_still_counts():
    with served(receiver()) as url, Deliverer(log=2) as deliverer:
        for number in range(5):
            deliverer.send(event(url, number))
        assert [attempt.number for attempt in deliverer.log] == [4, 5]
        assert deliverer.log.counts == {"delivered": 5}


def test_nothing_that_is_sent_is_told(caplog):
    caplog.set_level(logging.DEBUG)
    with served(answering(500)) as url, Deliverer() as deliverer:
        delivery = event(f"{url}/{CANARY}?key={CANARY}")
        answer = deliverer.send(delivery)
        text = f"{delivery!r} {answer!r} {list(deliverer.log)!r} {deliverer!r}"
    assert CANARY not in text + caplog.text


@pytest.mark.parametrize(
    "options", [{"policy": "often"}, {"at_once": 0}, {"seconds": 0}, {"log": 0}, {"seconds": float("nan")}]
)
def test_option_that_is_none_is_refused(options):
    with pytest.raises(InvalidOption):
        Deliverer(**options)


def test_policies_have_names():
    assert [len(POLICIES[name].pauses) for name in ("once", "fixed", "exponential")] == [0, 2, 5]


# --- external actions ---


def action(url, **options):
    return send_action(url, Secret(SECRET), {"order": CANARY}, CALL, **options)


def test_action_is_signed_and_its_answer_judged():
    shop = receiver(secret=SECRET)
    with served(shop) as url:
        report = action(url)
    assert (report.conforms, report.reason, shop.calls) == (True, "", {CALL: {"done": 1}})


@pytest.mark.parametrize(
    ("body", "code"), [(b"", "json-empty"), (b'{"agent_message": "x"}', "required"), (b'{"result": 1}', "type")]
)
def test_answer_to_an_action_that_does_not_conform_is_named(body, code):
    shop = receiver()
    shop.receive = lambda *_: (200, body)
    with served(shop) as url:
        report = action(url)
    assert (report.conforms, report.violations[0].code) == (False, code)


@pytest.mark.parametrize("status", [201, 302, 401, 500])
def test_action_that_is_not_answered_with_200_is_named(status):
    with served(answering(status)) as url:
        report = action(url)
    assert not report.conforms
    assert str(status) in report.reason or "redirect" in report.reason


def test_action_waits_no_longer_than_its_limit():
    with listening(lambda _: None) as url:
        report = action(url, seconds=0.1)
    assert (report.conforms, report.answer.outcome) == (False, "timeout")
    assert "time" in report.reason


def test_action_shows_neither_secret_nor_payload():
    with served(receiver(secret=SECRET)) as url:
        report = action(url)
    assert CANARY not in repr(report)
    assert SECRET not in repr(report)


def test_action_with_an_unusable_secret_is_refused():
    with pytest.raises(InvalidOption, match="secret"):
        send_action("http://127.0.0.1:9/", "short", {}, CALL)


def test_bare_delivery_may_hold_any_bytes():
    shop = answering(400)
    with served(shop) as url, Deliverer() as deliverer:
        answer = deliverer.send(Delivery(url=url, body=b"\xff", headers=(("x-odd", "é"),)))
    assert answer.outcome == "refused"
    assert time.monotonic() > answer.seconds
