"""What a run keeps of the bodies that came: all that is needed, in little room."""

import random
import string
import tracemalloc
from dataclasses import replace

import pytest

pytest.importorskip("httpx")
import httpx

from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.scenario.calls import Calls, NoCall
from vocode_contract.conformance.scenario.scenario import SharedScenario
from vocode_contract.conformance.scenario.steps import call_with_recording
from vocode_contract.contract.model import Contract
from vocode_contract.http import body_store
from vocode_contract.http.body_store import SMALL, Store
from vocode_contract.http.client.client import Client
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.http.message import Exchange, Request, Response
from vocode_contract.report.evidence import _mask_query

CONTRACT = Contract.load()
CALL = CONTRACT.schemas["Call"]["examples"][0]


def exchange(body: bytes) -> Exchange:
    response = Response(status=200, headers=(("X-A", "b"),), body=body)
    return Exchange(request=Request(method="GET", path="/"), response=response)


def test_small_body_is_kept_as_it_came():
    small = exchange(b" " * SMALL)
    assert Store().pack(small) is small


def test_large_body_is_the_same_once_it_is_packed():
    large = exchange(b"0" * (SMALL + 1))
    response = Store().pack(large).response
    assert (response.status, response.header("x-a"), response.body) == (200, "b", large.response.body)
    assert replace(response, status=500).body == large.response.body


def test_equal_bodies_take_room_once_and_others_are_refused_in_the_end(monkeypatch):
    monkeypatch.setattr(body_store, "MOST_PACKED", 3_000_000)
    store, draw = Store(), random.Random(0)
    bodies = ["".join(draw.choices(string.printable, k=SMALL + 1)).encode() for _ in range(4)]
    kept = [store.pack(exchange(bodies[0])) for _ in range(9)]
    kept.append(store.pack(exchange(bodies[1])))
    with pytest.raises(Inconclusive) as caught:
        kept += [store.pack(exchange(body)) for body in bodies[2:]]
    assert caught.value.kind == "too-large"


def test_what_came_is_found_and_what_was_forgotten_may_have_come(monkeypatch):
    monkeypatch.setattr(body_store, "MOST_SEEN", 10)
    store = Store()
    store.see(b"a canary")
    assert store.may_hold(b"canary")
    assert not store.may_hold(b"word")
    store.see(b"another")
    assert store.may_hold(b"word")


def asking(*items: object, body: bytes = b"") -> CheckedClient:
    page = {"items": items, "page": 1, "size": 100, "has_more": False, "total": len(items)}
    answer = httpx.Response(200, content=body) if body else httpx.Response(200, json=page)
    carrier = httpx.MockTransport(lambda _: answer)
    return CheckedClient(Client("http://127.0.0.1:1", transport=carrier), CONTRACT)


def test_id_that_is_none_is_not_sent():
    listed = {**CALL, "id": "+1 555 867 5309 canary", "recording_available": True}
    with pytest.raises(NoCall):
        call_with_recording(SharedScenario(Calls(asking(listed))), available=True)


def test_what_another_client_of_the_run_got_is_not_shown_as_sent():
    first = asking({**CALL, "id": "canary"})
    first.list_calls()
    second = CheckedClient(first._client, CONTRACT, health=first._health)
    assert "canary" not in _mask_query("id=canary&page=100000&sort_column=to_number", second)
    assert "page=100000&sort_column=to_number" in _mask_query("id=canary&page=100000&sort_column=to_number", second)


def test_large_answers_are_held_in_little_room():
    body = b'{"id": "%s"}' % (b"a" * 8_000_000)
    client = asking(body=body)
    tracemalloc.start()
    try:
        answers = [client.get_call("3c90c3cc-0d44-4b50-8888-8dd25736052a") for _ in range(5)]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 2 * len(body)  # one of them is still in the client's hands
    assert all(answer.exchange.response.body == body for answer in answers)
