"""The simulator calls back: subscribed kinds, in order, once, by real HTTP."""

import json
from base64 import b64encode
from uuid import uuid4

import httpx
import pytest

from tests.support.receivers import receiver, served
from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.http.message import Request
from vocode_contract.simulator import ManualClock, Simulation, simulator
from vocode_contract.simulator.server.callbacks import Callbacks
from vocode_contract.simulator.simulation import DEFAULT_TOKEN

KINDS = tuple(Contract.load().schemas["EventType"]["enum"])
SECRET = b64encode(bytes(range(32))).decode()
SOME = ("event_phone_call_connected", "event_phone_call_ended")


def body(url, subscriptions=KINDS, **webhook):
    agent = {
        "prompt": {"content": "x"},
        "voice": {"type": "voice_azure", "voice_name": "x"},
        "webhook": {"subscriptions": list(subscriptions), "url": url, **webhook},
    }
    return json.dumps({"from_number": "12025550199", "to_number": "12025550101", "agent": agent}).encode()


def created(simulation, content):
    headers = (("authorization", f"Bearer {DEFAULT_TOKEN}"), ("content-type", "application/json"))
    request = Request(method="POST", path="/v1/calls/create", query="", headers=headers, body=content)
    response = simulation.handle(request)
    assert response.status == 200
    return json.loads(response.body)["id"]


def told(shop):
    return [json.loads(content)["type"] for content in shop.bodies]


def test_core_makes_deliveries_and_sends_nothing():
    simulation = Simulation(clock=ManualClock())
    created(simulation, body("http://127.0.0.1:9/hook?key=1", SOME, method="GET"))
    simulation.advance(600)
    deliveries = simulation.take_deliveries()
    assert [(delivery.label, delivery.method) for delivery in deliveries] == [(kind, "GET") for kind in SOME]
    assert simulation.take_deliveries() == ()


def test_call_without_a_webhook_calls_nobody_back():
    simulation = Simulation(clock=ManualClock())
    simulation.place()
    simulation.advance(600)
    assert simulation.take_deliveries() == ()


def test_subscriber_is_told_in_order_and_once():
    shop = receiver()
    with served(shop) as url, simulator(speed=0) as running:
        identifier = created(running.simulation, body(f"{url}/hook"))
        running.advance(600)
        assert running.callbacks.drain(30)
        expected = [event.type for event in running.simulation.events() if event.call_id == identifier]
        assert told(shop) == expected
        assert {attempt.outcome for attempt in running.callbacks.log} == {"delivered"}


def test_server_looks_by_itself_for_what_is_due():
    shop = receiver()
    with served(shop) as url, simulator(speed=100_000) as running:
        headers = {"authorization": f"Bearer {running.token}", "content-type": "application/json"}
        created_at = f"{running.url}/v1/calls/create"
        assert httpx.post(created_at, content=body(f"{url}/hook", SOME), headers=headers).status_code == 200
        while len(shop.bodies) < len(SOME):
            running.simulation.calls()
    assert told(shop) == list(SOME)


def test_policy_tries_again():
    shop, statuses = receiver(), [500, 200, 200]
    shop.receive = lambda *_: (statuses.pop(0), b"")
    with served(shop) as url:
        simulation = Simulation(clock=ManualClock())
        with Callbacks(simulation, policy="fixed") as callbacks:
            created(simulation, body(url, SOME))
            simulation.advance(600)
            assert callbacks.drain(30)
    assert told(shop) == [SOME[0], *SOME]


def test_webhook_beyond_loopback_is_told_nothing():
    with simulator(speed=0) as running:
        created(running.simulation, body("http://169.254.169.254/latest", SOME))
        running.advance(600)
        assert running.callbacks.drain(10)
        assert {attempt.outcome for attempt in running.callbacks.log} == {"not-allowed"}


def test_500_calls_at_once_lose_and_double_nothing():
    shop = receiver()
    simulation = Simulation(clock=ManualClock())
    with served(shop) as url, Callbacks(simulation) as callbacks:
        for _ in range(500):
            created(simulation, body(f"{url}/{uuid4()}", SOME))
        for _ in range(20):
            simulation.advance(10)
            callbacks.hand_over()
        assert callbacks.drain(60)
    calls = [(json.loads(content)["call_id"], json.loads(content)["type"]) for content in shop.bodies]
    assert len(calls) == len(set(calls)) == 500 * len(SOME)


def action(url, **config):
    schema = {"type": "object", "properties": {"order": {"type": "string"}, "size": {"enum": ["L"]}, "odd": 7}}
    required = {"name": "look_up", "description": "x", "speak_on_send": True, "speak_on_receive": True}
    return {"type": "action_external", "config": {**required, "url": url, "input_schema": schema, **config}}


def asked(shop, scenario="human", **config):
    """Let a call live whose agent has an external action, and return what the log tells of it."""
    contract = Contract.load("2024-08-27")
    with served(shop) as url, simulator(contract=contract, speed=0, scenario=scenario, retries="fixed") as running:
        request = json.loads(body(f"{url}/events", ()))
        request["agent"]["actions"] = [action(**{"url": f"{url}/act", **config})]
        created(running.simulation, json.dumps(request | {"to_number": "12025550142"}).encode())
        running.advance(600)
        assert running.callbacks.drain(30)
        return running.callbacks.log


def test_agent_takes_its_external_action_once_signed():
    shop = receiver(secret=SECRET)
    [attempt] = asked(shop, signature_secret=SECRET)
    assert (attempt.label, attempt.outcome, attempt.note) == ("external_action", "delivered", "the answer conforms")
    [told] = shop.bodies
    assert json.loads(told)["payload"] == {"order": "text", "size": "L", "odd": None}


@pytest.mark.parametrize("config", [{}, {"signature_secret": "!"}], ids=["without", "unusable"])
def test_action_without_a_usable_secret_is_not_signed(config):
    shop = receiver()
    shop.receive = lambda *_: (200, b'{"result": {}}')
    [attempt] = asked(shop, **config)
    assert attempt.note == "not signed; the answer conforms"
    assert "x-vocode-signature" not in {name.lower() for name in shop.requests[0][2]}


@pytest.mark.parametrize(
    ("answer", "note"), [((200, b'{"result": 1}'), "type"), ((503, b""), "status 503 instead of 200")], ids=str
)
def test_wrong_answer_to_an_action_is_told_and_not_asked_for_again(answer, note):
    shop = receiver()
    shop.receive = lambda *_: answer
    [attempt] = asked(shop, signature_secret=SECRET)
    assert attempt.note == note
    assert attempt.final


def test_action_beyond_loopback_is_not_taken():
    [attempt] = asked(receiver(), url="http://169.254.169.254/latest", signature_secret=SECRET)
    assert (attempt.outcome, attempt.note) == ("not-allowed", "the URL is not allowed; nothing was sent")


@pytest.mark.parametrize("scenario", ["voicemail", "busy", "endless"])
def test_other_scenario_takes_no_action(scenario):
    assert asked(receiver(), scenario=scenario, signature_secret=SECRET) == ()


def test_control_plane_tells_what_was_delivered_without_the_address():
    shop = receiver()
    with served(shop) as url, simulator(speed=0) as running:
        identifier = created(running.simulation, body(f"{url}/hook/Canary-7f3e?key=Canary-7f3e", SOME))
        running.advance(600)
        assert running.callbacks.drain(30)
        response = httpx.get(f"{running.url}/_simulator/deliveries?newest=1", trust_env=False)
    [attempt] = response.json()["deliveries"]
    assert (attempt["label"], attempt["outcome"], attempt["status"]) == (SOME[-1], "delivered", 200)
    assert (attempt["url"], attempt["call_id"]) == (f"{url}/hook/*", identifier)
    assert "Canary" not in response.text


def test_nothing_was_delivered_where_nobody_delivers():
    assert Simulation().attempts() == ()


def test_unknown_policy_is_refused():
    with pytest.raises(InvalidOption, match="policy"), simulator(retries="often"):
        pass
