import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from vocode_contract.contract.model import Contract, dates
from vocode_contract.errors import InvalidOption
from vocode_contract.http.message import Request, Response
from vocode_contract.simulator import ManualClock, Simulation, Variant
from vocode_contract.validation.validator import violations

TOKEN = "a-token-of-tests"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
NUMBERS = {"from_number": "12025550150", "to_number": "12025550151"}
INLINE = {
    "prompt": {"content": "Say hello."},
    "voice": {"type": "voice_azure", "voice_name": "en-US-SteffanNeural"},
    "actions": [{"type": "action_transfer_call", "config": {"phone_number": "12025550152"}}],
    "webhook": {"subscriptions": ["event_message"], "url": "https://hooks.example.com/vocode"},
}
LIKELY = Variant()
VARIANTS = {
    "likely": LIKELY,
    "newer": Variant(refusal=401, pydantic=2, offset="Z"),
    "sparse": Variant(nulls=False),
    "chatty": Variant(extra_keys=True),
}


def made(date: str | None = None, *, variant: Variant = LIKELY) -> Simulation:
    return Simulation(Contract.load(date), token=TOKEN, clock=ManualClock(), variant=variant)


def asked(
    simulation: Simulation,
    method: str,
    target: str,
    body: object = None,
    *,
    authorization: str | None = f"Bearer {TOKEN}",
) -> Response:
    path, _, query = target.partition("?")
    headers = (("authorization", authorization),) if authorization is not None else ()
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return simulation.handle(Request(method=method, path=path, query=query, headers=headers, body=raw))


def content(response: Response):
    return json.loads(response.body)


def one(simulation: Simulation, status: str) -> str:
    """The id of a seeded call in that status."""
    return next(identifier for identifier, call in simulation.state.calls.items() if call["status"] == status)


@pytest.fixture(params=dates())
def simulation(request):
    return made(request.param)


# --- what it answers conforms ---


@pytest.mark.parametrize("date", dates())
@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_answer_of_every_operation_conforms(date, variant):
    simulation = made(date, variant=variant)
    judged = []
    for identifier in list(simulation.state.calls):
        judged.append(("Call", asked(simulation, "GET", f"/v1/calls?id={identifier}")))
        judged.append(("Call", asked(simulation, "POST", f"/v1/calls/end?id={identifier}")))
    judged.append(("CallPage", asked(simulation, "GET", "/v1/calls/list?size=50")))
    judged.append(("Call", asked(simulation, "POST", "/v1/calls/create", NUMBERS | {"agent": INLINE})))
    for name, response in judged:
        assert response.status == 200
        assert response.header("content-type") == "application/json"
        found = [found for found in violations(response.body, name, contract=date) if found.severity == "error"]
        assert not found


@pytest.mark.parametrize("pydantic", [1, 2])
@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/v1/calls", None),
        ("POST", "/v1/calls/end?id=12", None),
        ("GET", "/v1/calls/list?page=0&size=ten", None),
        ("POST", "/v1/calls/create", {"from_number": 1, "agent": {"voice": {"type": "voice_unheard_of"}}}),
    ],
)
def test_refusal_of_a_request_conforms(pydantic, method, target, body):
    response = asked(made(variant=Variant(pydantic=pydantic)), method, target, body)
    assert response.status == 422
    assert not list(violations(response.body, "HTTPValidationError"))


def test_body_has_the_keys_of_the_model_in_its_order(simulation):
    answer = content(asked(simulation, "GET", f"/v1/calls?id={one(simulation, 'in_progress')}"))
    assert list(answer) == list(simulation.contract.schema("Call")["properties"])
    assert list(answer["agent"]) == list(simulation.contract.schema("Agent")["properties"])


def test_unset_property_is_null_at_every_depth(simulation):
    answer = content(asked(simulation, "GET", f"/v1/calls?id={one(simulation, 'in_progress')}"))
    assert answer["error_message"] is None
    assert answer["agent"]["prompt"]["collect_fields"] is None


def test_unset_property_is_left_out_in_the_variant_without_nulls():
    simulation = made("2024-04-19", variant=Variant(nulls=False))
    answer = asked(simulation, "GET", f"/v1/calls?id={one(simulation, 'in_progress')}")
    assert b"null" not in answer.body


@pytest.mark.parametrize(("date", "kind"), [("2023-11-30", str), ("2024-04-19", str), ("2024-08-27", float)])
def test_time_in_a_list_is_what_the_contract_says(date, kind):
    page = content(asked(made(date), "GET", "/v1/calls/list"))
    assert {type(item["start_time"]) for item in page["items"] if item["start_time"] is not None} == {kind}


def test_same_seed_gives_the_same_calls():
    assert list(made().state.calls) == list(made().state.calls)
    assert list(made().state.calls) != list(Simulation(seed=1).state.calls)


# --- end ---


@pytest.mark.parametrize("status", ["in_progress", "not_started"])
def test_end_ends_a_call_now(simulation, status):
    identifier = one(simulation, status)
    answer = content(asked(simulation, "POST", f"/v1/calls/end?id={identifier}"))
    assert answer["status"] == "ended"
    assert answer["end_time"] == "2024-01-01T00:00:00+00:00"
    assert answer["start_time"] <= answer["end_time"]
    assert content(asked(simulation, "GET", f"/v1/calls?id={identifier}")) == answer


def test_ended_call_stays_as_it_is():
    clock = ManualClock()
    simulation = Simulation(token=TOKEN, clock=clock)
    target = f"/v1/calls/end?id={one(simulation, 'in_progress')}"
    first = asked(simulation, "POST", target)
    clock.advance(60)
    assert asked(simulation, "POST", target).body == first.body


def test_failed_call_stays_failed(simulation):
    answer = content(asked(simulation, "POST", f"/v1/calls/end?id={one(simulation, 'error')}"))
    assert answer["status"] == "error"


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b"\xff nonsense"])
def test_end_takes_whatever_body_clients_send(simulation, body):
    response = asked(simulation, "POST", f"/v1/calls/end?id={one(simulation, 'in_progress')}", body)
    assert content(response)["status"] == "ended"


def test_reset_restores_the_calls():
    simulation = made()
    identifier = one(simulation, "in_progress")
    asked(simulation, "POST", f"/v1/calls/end?id={identifier}")
    simulation.reset()
    assert simulation.state.calls[identifier]["status"] == "in_progress"


# --- list, create, recording ---


def test_pages_hold_every_call_once_newest_first(simulation):
    pages = [content(asked(simulation, "GET", f"/v1/calls/list?page={page}&size=5")) for page in (1, 2, 3)]
    listed = [item["id"] for page in pages for item in page["items"]]
    assert listed == list(reversed(simulation.state.calls))
    assert [page["has_more"] for page in pages] == [True, True, False]


def test_page_counts_the_calls_where_the_contract_says_so(simulation):
    page = content(asked(simulation, "GET", "/v1/calls/list?size=2"))
    expected = {} if simulation.contract.date == "2023-11-30" else {"total": 12, "total_is_estimated": False}
    assert {key: page[key] for key in page if key.startswith("total")} == expected


def test_list_has_agents_as_ids(simulation):
    page = content(asked(simulation, "GET", "/v1/calls/list"))
    agents = {call["agent"]["id"] for call in simulation.state.calls.values()}
    assert {item["agent"] for item in page["items"]} == agents


@pytest.mark.parametrize("descending", ["true", "false"])
def test_list_is_sorted_by_a_column(descending):
    target = f"/v1/calls/list?size=50&sort_column=to_number&sort_desc={descending}"
    numbers = [item["to_number"] for item in content(asked(made("2024-08-27"), "GET", target))["items"]]
    assert numbers == sorted(numbers, reverse=descending == "true")


def test_created_call_is_the_one_asked_for(simulation):
    echoed = NUMBERS | {"context": {"customer_name": "Ada"}, "on_no_human_answer": "hangup"}
    call = content(asked(simulation, "POST", "/v1/calls/create", echoed | {"agent": INLINE}))
    assert call["status"] == "not_started"
    assert {key: call[key] for key in echoed} == echoed
    assert call["agent"]["prompt"]["content"] == "Say hello."
    assert call["agent"]["voice"]["pitch"] == 0
    assert {call["agent"]["user_id"], call["agent"]["voice"]["user_id"]} == {call["user_id"]}
    assert content(asked(simulation, "GET", f"/v1/calls?id={call['id']}")) == call


def test_created_call_takes_a_known_agent(simulation):
    agent = simulation.state.calls[one(simulation, "ended")]["agent"]
    call = content(asked(simulation, "POST", "/v1/calls/create", NUMBERS | {"agent": agent["id"].upper()}))
    assert call["agent"]["id"] == agent["id"]


@pytest.mark.parametrize(
    ("agent", "noun"),
    [(UNKNOWN, "Agent"), (INLINE | {"voice": UNKNOWN}, "Voice"), (INLINE | {"prompt": UNKNOWN}, "Prompt")],
)
def test_create_refuses_unknown_things(simulation, agent, noun):
    before = len(simulation.state.calls)
    response = asked(simulation, "POST", "/v1/calls/create", NUMBERS | {"agent": agent})
    assert (response.status, content(response)) == (404, {"detail": f"{noun} not found"})
    assert len(simulation.state.calls) == before


@pytest.mark.parametrize("date", ["2023-11-30", "2024-04-19"])
@pytest.mark.parametrize("agent", [{"prompt": {}}, {"prompt": {}, "voice": None, "initial_message": None}])
def test_created_agent_has_a_voice_where_none_was_asked_for(date, agent):
    response = asked(made(date), "POST", "/v1/calls/create", NUMBERS | {"agent": agent})
    assert response.status == 200
    assert not list(violations(response.body, contract=date))


def test_created_ids_are_never_the_clients():
    simulation = made()
    victim = one(simulation, "in_progress")
    request = NUMBERS | {"id": victim, "agent": INLINE | {"id": "x"}}
    call = content(asked(simulation, "POST", "/v1/calls/create", request))
    assert call["id"] != victim
    assert call["agent"]["id"] != "x"


def test_calls_created_at_once_are_all_kept():
    simulation = made()
    before = len(simulation.state.calls)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(100):
            pool.submit(asked, simulation, "POST", "/v1/calls/create", NUMBERS | {"agent": INLINE})
    assert len(simulation.state.calls) == before + 100


def test_recording_exists_when_the_call_has_one(simulation):
    for identifier, call in simulation.state.calls.items():
        response = asked(simulation, "GET", f"/v1/calls/recording?id={identifier}")
        assert response.status == (200 if call["recording_available"] else 404)
    recorded = next(call["id"] for call in simulation.state.calls.values() if call["recording_available"])
    response = asked(simulation, "GET", f"/v1/calls/recording?id={recorded}")
    assert response.header("content-type") == "audio/mpeg"
    assert response.body.startswith(b"\xff\xfb")


# --- refusals ---


@pytest.mark.parametrize(
    ("authorization", "detail"),
    [
        (None, "Not authenticated"),
        ("", "Not authenticated"),
        ("Bearer", "Not authenticated"),
        ("Bearer ", "Not authenticated"),
        (f"Basic {TOKEN}", "Invalid authentication credentials"),
        (f"Bearer {TOKEN}x", "Invalid API key"),
        (f"Bearer  {TOKEN}", "Invalid API key"),
        ("Bearer \udcff", "Invalid API key"),
    ],
)
@pytest.mark.parametrize("refusal", [401, 403])
def test_request_without_the_token_is_refused_before_all_else(authorization, detail, refusal):
    simulation = made(variant=Variant(refusal=refusal))
    identifier = one(simulation, "in_progress")
    for target in (f"/v1/calls/end?id={identifier}", "/v1/calls/end", "/v1/calls/create"):
        response = asked(simulation, "POST", target, authorization=authorization)
        assert (response.status, content(response)) == (refusal, {"detail": detail})
    assert simulation.state.calls[identifier]["status"] == "in_progress"


def test_scheme_may_be_of_any_case():
    assert asked(made(), "GET", "/v1/calls/list", authorization=f"bearer {TOKEN}").status == 200


@pytest.mark.parametrize(
    ("method", "target", "status", "detail"),
    [
        ("HEAD", "/v1/calls/end", 405, "Method Not Allowed"),
        ("DELETE", "/v1/calls", 405, "Method Not Allowed"),
        ("OPTIONS", "/v1/calls/list", 405, "Method Not Allowed"),
        ("GET", "/v1/call", 404, "Not Found"),
        ("GET", "/v1/numbers/list", 404, "Not Found"),
        ("POST", "/", 404, "Not Found"),
        ("GET", f"/v1/calls?id={UNKNOWN}", 404, "Call not found"),
        ("POST", f"/v1/calls/end?id={UNKNOWN}", 404, "Call not found"),
        ("GET", f"/v1/calls/recording?id={UNKNOWN}", 404, "Call not found"),
    ],
)
def test_request_that_leads_nowhere_is_refused(method, target, status, detail):
    response = asked(made(), method, target)
    assert (response.status, content(response)) == (status, {"detail": detail})


def test_trailing_slash_is_redirected_with_its_query():
    response = asked(made(), "POST", f"/v1/calls/end/?id={UNKNOWN}")
    assert (response.status, response.body) == (307, b"")
    assert response.header("location") == f"/v1/calls/end?id={UNKNOWN}"


@pytest.mark.parametrize(
    ("pydantic", "target", "entry"),
    [
        (1, "/v1/calls", {"msg": "field required", "type": "value_error.missing"}),
        (1, "/v1/calls?id=abc", {"msg": "value is not a valid uuid", "type": "type_error.uuid"}),
        (2, "/v1/calls", {"msg": "Field required", "type": "missing", "input": None}),
        (
            2,
            "/v1/calls?id=abc",
            {
                "msg": "Input should be a valid UUID, invalid character or length",
                "type": "uuid_parsing",
                "input": "abc",
            },
        ),
    ],
)
def test_bad_id_is_refused_in_the_words_of_the_framework(pydantic, target, entry):
    response = asked(made(variant=Variant(pydantic=pydantic)), "GET", target)
    assert response.status == 422
    assert content(response) == {"detail": [{"loc": ["query", "id"]} | entry]}


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "size=-1", "size=", "size=1.5", "sort_column=agents", "sort_desc=2"]
)
def test_bad_paging_is_refused(query):
    response = asked(made("2024-04-19"), "GET", f"/v1/calls/list?{query}")
    assert response.status == 422
    assert content(response)["detail"][0]["loc"] == ["query", query.partition("=")[0]]


@pytest.mark.parametrize("written", [str.upper, lambda text: text.replace("-", ""), "urn:uuid:{}".format])
def test_id_may_be_written_as_the_framework_takes_it(written):
    simulation = made()
    identifier = one(simulation, "in_progress")
    assert content(asked(simulation, "GET", f"/v1/calls?id={written(identifier)}"))["id"] == identifier


def test_bad_body_is_refused_at_the_place():
    agent = {"prompt": {"content": 3}, "voice": {"type": "voice_x"}, "actions": ["abc"]}
    response = asked(made(), "POST", "/v1/calls/create", {"from_number": None, "agent": agent})
    assert {(*entry["loc"], entry["type"]) for entry in content(response)["detail"]} == {
        ("body", "to_number", "value_error.missing"),
        ("body", "from_number", "type_error.none.not_allowed"),
        ("body", "agent", "prompt", "content", "type_error.str"),
        ("body", "agent", "voice", "type", "value_error.discriminated_union.invalid"),
        ("body", "agent", "actions", 0, "type_error.uuid"),
    }


def test_refusal_of_a_body_repeats_no_secret():
    agent = INLINE | {"voice": {"type": "voice_eleven_labs", "api_key": "a-secret"}}
    response = asked(made(variant=Variant(pydantic=2)), "POST", "/v1/calls/create", NUMBERS | {"agent": agent})
    assert response.status == 422
    assert b"a-secret" not in response.body
    assert b"1202555" not in response.body


def test_refusal_by_newer_servers_repeats_the_value_at_the_place():
    request = NUMBERS | {"agent": INLINE | {"actions": [5], "language": "xx"}}
    response = asked(made(variant=Variant(pydantic=2)), "POST", "/v1/calls/create", request)
    repeated = {entry["loc"][-1]: entry["input"] for entry in content(response)["detail"]}
    assert repeated["language"] == "xx"
    assert repeated[0].startswith("<number ")


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"", "value_error.missing"), (b"{", "value_error.jsondecode"), (b"[]", "type_error.dict")],
)
def test_body_that_is_none_is_refused(body, kind):
    [entry] = content(asked(made(), "POST", "/v1/calls/create", body))["detail"]
    assert (entry["loc"], entry["type"]) == (["body"], kind)


def test_empty_token_is_refused():
    with pytest.raises(InvalidOption, match="token: must not be empty"):
        Simulation(token="")
