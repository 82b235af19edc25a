"""Mutations: each operator changes what it says, where it says, and nothing else."""

import json
from typing import Any

import pytest

from tests.simulator.test_faults import call, creation, ids, send, simulate
from vocode_contract.errors import InvalidOption
from vocode_contract.simulator import ManualClock, Planted
from vocode_contract.simulator.faults.operators import OPERATORS

SOUND = simulate()
NAMED = ids(SOUND)


def show(text: str, name: str = "talked", date: str = "2024-04-19") -> dict[str, Any]:
    """Return a call as Get Call shows it under a mutation."""
    got = {"get": send(simulate(text, date=date), "get_call", f"id={NAMED[name]}")}
    return call(got, "get")


def show_page(text: str, query: str = "", date: str = "2024-04-19") -> dict[str, Any]:
    return call({"page": send(simulate(text, date=date), "list_calls", query)}, "page")


TALKED = call({"get": send(SOUND, "get_call", f"id={NAMED['talked']}")}, "get")
PAGE = call({"page": send(SOUND, "list_calls", "")}, "page")


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("null:/to_number", "to_number", None),
        ("retype:/hipaa_compliant", "hipaa_compliant", "False"),
        ("retype:/hipaa_compliant=integer", "hipaa_compliant", 0),
        ("retype:/to_number=integer", "to_number", int(TALKED["to_number"])),
        ("retype:/user_id=object", "user_id", {"id": TALKED["user_id"]}),
        ("retype:/to_number=array", "to_number", [TALKED["to_number"]]),
        ("retype:/to_number=boolean", "to_number", True),
        ("set:/status=not_started", "status", "not_started"),
        ("set:/to_number=7", "to_number", 7),
        ("set:/to_number=%5B7%5D", "to_number", [7]),
        ("add:/error_message=oops", "error_message", "oops"),
        ("empty:/to_number", "to_number", ""),
        ("empty:/context", "context", {}),
        ("default:/run_do_not_call_detection", "run_do_not_call_detection", None),
        ("wrap:/status", "status", ["ended"]),
        ("swap:/to_number=/from_number", "to_number", TALKED["from_number"]),
        ("flip:/recording_available", "recording_available", False),
        ("other:/on_no_human_answer", "on_no_human_answer", "hangup"),
        ("case:/status", "status", "ENDED"),
        ("cut:/status", "status", "en"),
        ("quote:/start_time", "start_time", TALKED["start_time"].replace(":", "%3A").replace("+", "%2B")),
        ("foreign:/user_id", "user_id", "5ca1ab1e-0000-4000-8000-00000000dead"),
        ("off-by-one:/to_number", "to_number", f"{int(TALKED['to_number']) + 1}"),
        ("move:/start_time=3600", "start_time", "2023-12-31T23:00:00+00:00"),
        ("round:/end_time", "end_time", "2023-12-31T22:01:20+00:00"),
        ("mix:/context", "context", {"customer_name": "Grace"}),
    ],
)
def test_operator_changes_one_value_of_a_call(text, key, value):
    shown = show(text)
    assert json.dumps(shown[key]) == json.dumps(value) != json.dumps(TALKED[key])
    partners = {"from_number"} if text.startswith("swap") else set()
    assert {name for name in TALKED if shown[name] != TALKED[name]} <= {key} | partners


def test_drop_removes_a_key():
    assert TALKED.keys() - show("drop:/agent/prompt/id").keys() == set()
    assert TALKED["agent"]["prompt"].keys() - show("drop:/agent/prompt/id")["agent"]["prompt"].keys() == {"id"}


def test_rename_shows_a_key_in_camel_case():
    shown = show("rename:/start_time")
    assert shown.keys() ^ TALKED.keys() == {"start_time", "startTime"}
    assert shown["startTime"] == TALKED["start_time"]


def test_null_value_is_changed_by_add_only():
    assert show("set:/error_message=oops")["error_message"] is None


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("lose:/items", PAGE["items"][:-1]),
        ("lose:/items=0", PAGE["items"][1:]),
        ("lose:/items=99", PAGE["items"]),
        ("repeat:/items", [PAGE["items"][0], *PAGE["items"]]),
        ("reverse:/items", PAGE["items"][::-1]),
    ],
)
def test_operator_of_arrays_changes_the_items(text, items):
    assert show_page(text)["items"] == items


def test_operator_leaves_alone_what_has_another_type_of_those_that_a_place_may_have():
    listed = show_page("case:/items/*/start_time", "", date="2024-08-27")["items"]
    assert any(isinstance(item["start_time"], float) for item in listed)


def test_place_in_every_item_changes_those_for_which_the_condition_holds():
    shown = show_page("null:/items/*/to_number@list_calls[in_progress]")["items"]
    assert {item["status"] for item in shown if item["to_number"] is None} == {"in_progress"}
    assert {item["status"] for item in shown if item["to_number"]} == {"ended", "not_started"}


def test_place_in_the_query_changes_what_the_server_reads_and_not_what_it_repeats():
    shown = show_page("off-by-one:query/page", "page=1&size=5")
    right = call({"page": send(SOUND, "list_calls", "page=2&size=5")}, "page")
    assert (shown["items"], shown["page"]) == (right["items"], 1)


def test_place_in_the_request_forgets_an_option():
    simulation = simulate("drop:request/context")
    created = json.loads(send(simulation, "create_call", "", creation(simulation, 1)).body)
    assert created["context"] is None
    assert created["to_number"] == "12025550161"


def test_place_in_the_state_shows_in_every_operation_from_then_on():
    simulation = simulate("null:state/to_number@end_call[in_progress]")
    query = f"id={NAMED['playing-0']}"
    numbers = [
        json.loads(send(simulation, name, query).body)["to_number"] for name in ("get_call", "end_call", "get_call")
    ]
    listed = json.loads(send(simulation, "list_calls", "size=50").body)["items"]
    assert [bool(number) for number in numbers] == [True, False, False]
    assert [item["id"] for item in listed if item["to_number"] is None] == [NAMED["playing-0"]]


def test_freeze_keeps_what_was_first_shown():
    simulation = simulate("freeze:/status@get_call")
    query = f"id={NAMED['playing-0']}"
    send(simulation, "get_call", query)
    send(simulation, "end_call", query)
    assert json.loads(send(simulation, "get_call", query).body)["status"] == "in_progress"


def test_stale_response_is_the_one_of_before():
    simulation = simulate("stale@get_call")
    query = f"id={NAMED['playing-0']}"
    send(simulation, "get_call", query)
    send(simulation, "end_call", query)
    statuses = [json.loads(send(simulation, "get_call", query).body)["status"] for _ in range(2)]
    assert statuses == ["in_progress", "ended"]


@pytest.mark.parametrize(
    ("text", "status", "after"),
    [("status=500", 500, "ended"), ("fail=403", 403, "in_progress"), ("ignore", 200, "in_progress")],
)
def test_operator_of_exchanges_answers_and_acts_as_it_says(text, status, after):
    simulation = simulate(f"{text}@end_call")
    query = f"id={NAMED['playing-0']}"
    assert send(simulation, "end_call", query).status == status
    assert json.loads(send(simulation, "get_call", query).body)["status"] == after


def test_also_end_ends_the_call_that_is_read():
    simulation = simulate("also-end@get_call")
    query = f"id={NAMED['playing-0']}"
    assert [json.loads(send(simulation, "get_call", query).body)["status"] for _ in range(2)] == [
        "in_progress",
        "ended",
    ]


def test_pretend_creates_no_call():
    simulation = simulate("pretend@create_call")
    created = json.loads(send(simulation, "create_call", "", creation(simulation, 1)).body)
    assert send(simulation, "get_call", f"id={created['id']}").status == 404
    simulation.advance(3600)
    assert created["id"] not in {event.call_id for event in simulation.take_events()}


def test_leak_lists_a_call_of_another_account():
    owners = {item["user_id"] for item in show_page("leak")["items"]}
    assert len(owners) == 2


@pytest.mark.parametrize("text", ["delay=0", "another", "twice", "also-end-other", "open", "escape:/to_number"])
def test_operator_answers_whatever_is_asked(text):
    simulation = simulate(text)
    for name in simulation.contract.operations:
        assert send(simulation, name, f"id={NAMED['talked']}", creation(simulation, 1)).status in (200, 422)


@pytest.mark.parametrize(
    ("condition", "wrong"),
    [
        ("ended", {"talked", "confidential", "ended"}),
        ("error", {"error"}),
        ("hipaa_compliant", {"confidential"}),
        ("recording_available=false", {"ended", "confidential", "error", "not_started"}),
        ("error_message=null", {"talked", "ended", "confidential", "not_started"}),
        ("ended][run_do_not_call_detection", {"talked"}),
        ("nth=2", {"confidential"}),
    ],
)
def test_condition_selects_the_requests(condition, wrong):
    simulation = simulate(f"set:/to_number=wrong@get_call[{condition}]")
    names = ("talked", "confidential", "ended", "error", "not_started")
    shown = {name: json.loads(send(simulation, "get_call", f"id={NAMED[name]}").body) for name in names}
    assert {name for name in names if shown[name]["to_number"] == "wrong"} == wrong


def test_condition_again_holds_for_a_repeated_request():
    simulation = simulate("status=500@get_call[again]")
    queries = [f"id={NAMED[name]}" for name in ("talked", "error", "talked")]
    assert [send(simulation, "get_call", query).status for query in queries] == [200, 200, 500]


def test_condition_page_holds_for_that_page():
    simulation = simulate("lose:/items@list_calls[page=2]")
    pages = [json.loads(send(simulation, "list_calls", f"size=5&page={page}").body) for page in (1, 2)]
    assert [len(page["items"]) for page in pages] == [5, 4]


def test_condition_of_a_flag_holds_for_a_creation_that_sets_it():
    simulation = simulate("null:/context@create_call[hipaa_compliant]")
    bodies = [creation(simulation, 1) | {"hipaa_compliant": flag} for flag in (True, False)]
    contexts = [json.loads(send(simulation, "create_call", "", body).body)["context"] for body in bodies]
    assert contexts == [None, {"customer_name": "Ada"}]


def test_named_fault_takes_conditions():
    simulation = simulate("wrong-enum@get_call[ended]")
    shown = [
        json.loads(send(simulation, "get_call", f"id={NAMED[name]}").body)["status"] for name in ("talked", "error")
    ]
    assert shown == ["ringing", "error"]


@pytest.mark.parametrize(
    "text",
    [
        "null:/agent/id@get_call[ended]",
        "move:/items/*/end_time=3600@list_calls[ended][page=2]:0.5",
        "status=500@end_call",
        "open",
    ],
)
def test_planted_is_written_as_it_is_read(text):
    assert str(Planted.from_text(text)) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nul:/status", "there is no operator 'nul'; did you mean null?"),
        ("null", "operator 'null' needs a place, such as null:/status"),
        ("null:/staus", "no contract has the place '/staus' in a response; did you mean /status?"),
        (
            "null:body/status",
            "'body/status' is no place: it starts with '/' (the response), 'request/', 'query/'",
        ),
        ("case:/hipaa_compliant", "changes values of type string, which '/hipaa_compliant' is not"),
        ("stale:/status", "operator 'stale' takes no place"),
        ("status", "operator 'status' needs a value after '='"),
        ("status=abc", "operator 'status' takes a status from 200 to 599"),
        ("null:/status=1", "operator 'null' takes no value"),
        ("retype:/status=text", "takes a type: string, integer, boolean, array, object"),
        ("move:/start_time=soon", "takes a number of seconds"),
        ("lose:/items=x", "takes the index of an item"),
        ("swap:/to_number=from_number", "takes a place"),
        ("null:/agent@list_calls", "does not touch 'list_calls'"),
        ("null:/agent[ende]", "there is no condition 'ende'; did you mean ended?"),
        (
            "null:/agent[xyzzy]",
            "a condition is ended, error, in_progress, not_started, again, nth=2, page=2",
        ),
        ("status=500[ended]", "list_calls is about no single call"),
        ("null:/agent[ended", "is not of the form FAULT[@OPERATION][[CONDITION]][:PROBABILITY]"),
        ("off-by-one:/total", "breaks no contract of 2023-11-30, only those from 2024-04-19 on"),
    ],
)
def test_mutation_that_means_nothing_is_refused(text, reason):
    with pytest.raises(InvalidOption) as refusal:
        simulate(text, date="2023-11-30", clock=ManualClock())
    assert reason in str(refusal.value)


def test_operators_say_what_they_do():
    assert len({operator.title for operator in OPERATORS.values()}) == len(OPERATORS)
