"""The simulator's control plane, its journal and its variants."""

import asyncio
import json
import re
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest
import respx

from vocode_contract.contract.model import Contract, dates
from vocode_contract.errors import InvalidOption
from vocode_contract.http.message import Request, Response
from vocode_contract.simulator import (
    FAULTS,
    SCENARIOS,
    VARIANTS,
    ManualClock,
    Simulation,
    SimulatorTransport,
    Variant,
    simulator,
    variant_of,
)
from vocode_contract.simulator.request_log import REMEMBERED
from vocode_contract.simulator.server.control import ROUTES, answer
from vocode_contract.validation.validator import violations

NUMBERS = {"from_number": "12025550150", "to_number": "12025550151"}
AUTHORISED = {"authorization": "Bearer simulator-token"}
JSON = {"host": "127.0.0.1:80", "content-type": "application/json"}
REFERENCE = (Path(__file__).parents[2] / "docs/reference/simulator.md").read_text(encoding="utf-8")


@pytest.fixture
def simulation():
    return Simulation(Contract.load("2024-08-27"), speed=0, clock=ManualClock())


def asked(simulation: Simulation, method: str, target: str, body: object = None, **headers: str) -> Response:
    path, _, query = target.partition("?")
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    given = tuple((JSON | headers).items())
    return answer(simulation, Request(method=method, path=path, query=query, headers=given, body=raw)).response


def told(simulation: Simulation, method: str, name: str, body: object = None):
    response = asked(simulation, method, f"/_simulator/{name}", body)
    assert response.status == 200
    return json.loads(response.body)


def refused(simulation: Simulation, method: str, name: str, body: object = None, **headers: str) -> int:
    response = asked(simulation, method, f"/_simulator/{name}", body, **headers)
    assert isinstance(json.loads(response.body)["detail"], str)
    return response.status


def call(simulation: Simulation, identifier: str):
    return next(call for call in simulation.calls() if call["id"] == identifier)


# --- what can be asked for ---


def test_state_says_what_the_simulator_is(simulation):
    assert told(simulation, "GET", "state") == {
        "contract": "2024-08-27",
        "now": "2024-01-01T00:00:00Z",
        "speed": 0,
        "scenario": "human",
        "variant": asdict(Variant()),
        "armed": [],
        "calls": 12,
    }


def test_names_list_what_can_be_chosen(simulation):
    names = told(simulation, "GET", "names")
    assert [entry["name"] for entry in names["scenarios"]] == list(SCENARIOS)
    assert [entry["name"] for entry in names["faults"]] == list(FAULTS)
    assert names["variants"]["newer"]["refusal"] == 401
    assert {"name": "busy", "number": "5550104", "summary": "the line is busy"} in names["scenarios"]


@pytest.mark.parametrize("date", dates())
def test_calls_are_listed_without_anything_personal(date):
    simulation = Simulation(Contract.load(date))
    simulation.place("do-not-call")
    listed = told(simulation, "GET", "calls?newest=13")["calls"]
    assert [entry["scenario"] for entry in listed] == ["do-not-call"] + [None] * 12
    assert listed[0]["call"]["status"] == "not_started"
    shown = json.dumps(listed)
    assert not [word for word in ("1202555", "Grace", "Ada", "delivery", "could not be") if word in shown]


def test_placed_call_is_led_by_the_clock(simulation):
    identifier = told(simulation, "POST", "calls", {"scenario": "busy"})["id"]
    assert told(simulation, "POST", "clock", {"advance": 5.5})["now"] == "2024-01-01T00:00:05.500000Z"
    [entry] = told(simulation, "GET", "calls?newest=1")["calls"]
    assert (entry["call"]["id"], entry["call"]["status"]) == (identifier, "ended")
    [event] = told(simulation, "GET", "events")["events"]
    assert (event["type"], event["call_id"]) == ("event_phone_call_did_not_connect", identifier)


def test_call_takes_the_next_state(simulation):
    identifier = told(simulation, "POST", "calls")["id"]
    told(simulation, "POST", "next", {"id": identifier, "status": "in_progress"})
    assert call(simulation, identifier)["status"] == "in_progress"
    told(simulation, "POST", "next", {"id": identifier, "scenario": "hang-up"})
    simulation.advance(10)
    assert call(simulation, identifier)["status"] == "ended"


def test_reset_takes_a_seed(simulation):
    first = simulation.calls(1)[0]["id"]
    told(simulation, "POST", "calls")
    told(simulation, "POST", "reset", {"seed": 3})
    assert len(simulation.calls()) == 12
    assert simulation.calls(1)[0]["id"] != first
    told(simulation, "POST", "reset", {"seed": 0})
    assert simulation.calls(1)[0]["id"] == first


def test_fault_is_armed_and_disarmed(simulation):
    assert told(simulation, "POST", "faults", {"arm": ["html-page", "html-page", "stale-get"]})["armed"] == [
        "html-page",
        "stale-get",
    ]
    listed = asked(simulation, "GET", "/v1/calls/list", **AUTHORISED)
    assert listed.header("content-type") == "text/html; charset=utf-8"
    assert told(simulation, "POST", "faults", {"disarm": ["html-page"]})["armed"] == ["stale-get"]
    simulation.disarm()
    assert simulation.armed == ()


def test_variant_is_changed(simulation):
    assert told(simulation, "POST", "variant", {"name": "newer"})["variant"] == asdict(VARIANTS["newer"])
    assert told(simulation, "POST", "variant", {"refusal": 403, "nulls": False})["variant"]["offset"] == "Z"
    assert simulation.variant == Variant(pydantic=2, offset="Z", nulls=False)


def test_control_reaches_over_the_socket():
    with simulator(speed=0, clock=ManualClock()) as running, httpx.Client(base_url=running.url, trust_env=False) as web:
        identifier = running.place("hang-up")
        running.advance(5)
        running.go_on(identifier, status="error")
        running.arm("html-page")
        running.disarm("html-page")
        [entry] = web.get("/_simulator/calls?newest=1").json()["calls"]
        assert entry["call"]["status"] == "error"
        assert web.post("/_simulator/reset", json={}).json()["calls"] == 12
        assert web.get("/_simulator/state", headers={"Host": "example.com"}).status_code == 421


# --- what is refused ---


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("calls", {"scenario": "humans"}),
        ("calls", {"scenario": 3}),
        ("calls", {"scenarios": "human"}),
        ("calls", []),
        ("calls", b"{"),
        ("calls", b'{"scenario": "human", "scenario": "busy"}'),
        ("calls", b'{"scenario": NaN}'),
        ("next", {"id": "x", "status": "ended"}),
        ("next", {"status": "ended"}),
        ("reset", {"seed": True}),
        ("reset", {"seed": 1.5}),
        ("clock", {}),
        ("clock", {"advance": -1}),
        ("clock", {"advance": "5"}),
        ("faults", {"arm": ["no-such"]}),
        ("faults", {"arm": [1]}),
        ("variant", {"refusal": 402}),
        ("variant", {"nulls": 1}),
        ("variant", {"name": "newest"}),
    ],
)
def test_wrong_command_is_refused_and_changes_nothing(simulation, name, body):
    before = told(simulation, "GET", "state")
    assert refused(simulation, "POST", name, body) == 400
    assert told(simulation, "GET", "state") == before


def test_wrong_query_is_refused(simulation):
    assert refused(simulation, "GET", "calls?newest=-1") == 400
    assert refused(simulation, "GET", "calls?oldest=1") == 400


def test_unknown_place_and_method_are_refused(simulation):
    assert refused(simulation, "GET", "call") == 404
    assert refused(simulation, "GET", "") == 404
    assert refused(simulation, "DELETE", "calls") == 405
    assert asked(simulation, "GET", "/_simulator/reset").header("allow") == "POST"


@pytest.mark.parametrize(("method", "name"), ROUTES)
@pytest.mark.parametrize("origin", ["https://example.com", "null", "http://127.0.0.1:81"])
def test_other_origin_is_refused(simulation, method, name, origin):
    assert refused(simulation, method, name, origin=origin) == 403


@pytest.mark.parametrize("name", [name for method, name in ROUTES if method == "POST"])
@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_body_that_any_web_page_may_send_is_refused(simulation, name, media):
    assert refused(simulation, "POST", name, **{"content-type": media}) == 415


def test_own_origin_is_served_and_no_other_is_invited(simulation):
    response = asked(simulation, "GET", "/_simulator/state", origin="http://127.0.0.1:80")
    assert response.status == 200
    assert not [name for name, _ in response.headers if name.startswith("access-control-")]


def test_answer_of_the_control_plane_is_not_cached(simulation):
    response = asked(simulation, "GET", "/_simulator/state")
    assert (response.header("cache-control"), response.header("x-content-type-options")) == ("no-store", "nosniff")


# --- the last requests ---


def test_requests_are_shown_without_what_they_say(simulation):
    agent = {"prompt": {"content": "A secret plan"}, "voice": {"type": "voice_azure", "voice_name": "Ann"}}
    asked(simulation, "POST", "/v1/calls/create", NUMBERS | {"agent": agent}, **AUTHORISED)
    asked(simulation, "GET", "/v1/calls?id=12025550150&token=hush-hush", authorization="Bearer wrong-secret")
    asked(simulation, "PROPFIND", "/private/12025550150")
    other, refused, create = told(simulation, "GET", "requests")["requests"]
    assert (create["operation"], create["status"], create["body"]["agent"]["voice"]["type"]) == (
        "create_call",
        200,
        "voice_azure",
    )
    assert (refused["path"], refused["status"]) == ("/v1/calls", 403)
    assert (other["operation"], other["status"]) == (None, 404)
    shown = json.dumps([other, refused, create])
    assert not [word for word in ("1202555", "hush", "secret", "Ann", "private", "PROP") if word in shown]


def test_requests_are_remembered_up_to_a_number(simulation):
    for page in range(REMEMBERED + 5):
        asked(simulation, "GET", f"/v1/calls/list?page={page + 1}", **AUTHORISED)
    listed = told(simulation, "GET", "requests")["requests"]
    assert len(listed) == REMEMBERED
    assert listed[0]["query"] == [["page", str(REMEMBERED + 5)]]


@pytest.mark.parametrize("body", [b"{", b"[" * 5000, b" " * 100_000, b"\xff"])
def test_any_body_is_remembered(simulation, body):
    asked(simulation, "POST", "/v1/calls/create", body, **AUTHORISED)
    [entry] = told(simulation, "GET", "requests")["requests"]
    assert (entry["status"], entry["body_bytes"]) == (422, len(body))


# --- variants ---


def test_variant_is_chosen_by_words():
    assert variant_of(()) == Variant()
    assert variant_of(("newer", "offset=+00:00", "nulls=no")) == Variant(refusal=401, pydantic=2, nulls=False)
    assert variant_of(("provider=twilio", "charset=true")) == Variant(provider="twilio", charset=True)


@pytest.mark.parametrize("words", [("newest",), ("refusal=402",), ("nulls=maybe",), ("nul=no",), ("=",)])
def test_variant_that_there_is_not_is_refused(words):
    with pytest.raises(InvalidOption, match=r"^variant.*: (must be one of|there is no)"):
        variant_of(words)


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("date", dates())
def test_every_variant_conforms(name, date):
    simulation = Simulation(Contract.load(date), variant=VARIANTS[name], speed=0)
    target = f"/v1/calls?id={simulation.place('human')}"
    for _ in range(4):
        simulation.advance(20)
        body = asked(simulation, "GET", target, **AUTHORISED).body
        assert not [found for found in violations(body, contract=date) if found.severity == "error"]


def test_variant_names_a_charset(simulation):
    simulation.variant = Variant(charset=True)
    response = asked(simulation, "GET", "/v1/calls/list", **AUTHORISED)
    assert response.header("content-type") == "application/json; charset=utf-8"
    assert asked(simulation, "GET", "/v1/none").header("content-type") == "application/json; charset=utf-8"


def test_variant_without_redirects_finds_nothing(simulation):
    simulation.variant = Variant(redirects=False)
    assert asked(simulation, "GET", "/v1/calls/list/", **AUTHORISED).status == 404


def test_variant_that_takes_no_odd_bodies_refuses_them(simulation):
    simulation.variant = Variant(odd_bodies=False)
    target = f"/v1/calls/end?id={simulation.place()}"
    response = asked(simulation, "POST", target, b"null", **AUTHORISED)
    assert response.status == 422
    assert not list(violations(response.body, "HTTPValidationError"))
    assert asked(simulation, "POST", target, **AUTHORISED).status == 200


# --- in process ---


def test_simulator_is_a_side_effect_of_respx(simulation):
    with respx.mock(base_url="https://api.example.com") as router:
        router.route(path__regex=r"/v1/(?P<rest>.*)").mock(side_effect=SimulatorTransport(simulation))
        response = httpx.get("https://api.example.com/v1/calls/list", headers=AUTHORISED)
        router.get("/elsewhere").respond(204)
        assert httpx.get("https://api.example.com/elsewhere").status_code == 204
    assert response.json()["total"] == 12


def test_simulator_carries_requests_of_an_async_client(simulation):
    async def listed() -> int:
        transport = SimulatorTransport(simulation)
        async with httpx.AsyncClient(transport=transport, base_url="http://simulator", headers=AUTHORISED) as client:
            total: int = (await client.get("/v1/calls/list")).json()["total"]
            return total

    assert asyncio.run(listed()) == 12


# --- what the reference says ---


def test_reference_lists_every_scenario_with_its_number():
    for name, scenario in SCENARIOS.items():
        assert f"| `{name}` | 555 {scenario.number} | {scenario.summary} |" in REFERENCE


def test_reference_lists_every_option_variant_and_route():
    for option, value in asdict(Variant()).items():
        shown = ("no", "yes")[value] if isinstance(value, bool) else str(value)
        assert re.search(rf"\| `{option}` \| `{re.escape(shown)}`, ", REFERENCE)
    for name, variant in VARIANTS.items():
        [words] = re.findall(rf"\| `{name}` \| `?([^`|]*)`? \|\n", REFERENCE)
        assert variant == (Variant() if words == "all defaults" else variant_of(words.split()))
    for method, name in ROUTES:
        assert f"`{method} {name}" in REFERENCE
