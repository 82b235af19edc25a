"""Every response fault is visible as what its `breaks` says; conforming servers show none.

The same conversation is held with each faulty server. A small oracle for each code looks for it in the responses. The
oracles know the simulator's calls, so they cannot check other servers.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from vocode_contract.contract.model import Contract, dates
from vocode_contract.errors import InvalidOption
from vocode_contract.http.inconclusive import KINDS
from vocode_contract.http.message import Request, Response
from vocode_contract.simulator import FAULTS, SOUND_VARIANTS, ManualClock, Planted, Simulation
from vocode_contract.simulator.faults import catalog
from vocode_contract.simulator.faults.catalog import GROUPS
from vocode_contract.simulator.faults.injection import HEADER
from vocode_contract.simulator.faults.network import NETWORK
from vocode_contract.validation.codes import CODES
from vocode_contract.validation.validator import violations

TOKEN = "a-token-of-tests"
BEARER = f"Bearer {TOKEN}"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
WRONG = {
    "none": None,
    "empty": "Bearer ",
    "basic": f"Basic {TOKEN}",
    "other": "Bearer another-token",
    "longer": f"{BEARER}-and-more",
}
ANSWERS = {name: fault for name, fault in FAULTS.items() if fault.kind == "answer"}
HOSTILE = (
    ("POST", "Bearer \udcff\r\n", b"\xff"),
    ("GET", f"Bearer {TOKEN}\x00", b"[1]"),
    ("HEAD", BEARER, b""),
    ("BREW", BEARER, b'{"id": 7}'),
    ("POST", BEARER, b'{"id": 7}'),
    ("GET", BEARER, b"[1]"),
)
OPERATIONS = frozenset(Contract.load().operations)
Responses = Mapping[str, Response]


def simulate(
    *faults: str | Planted, date: str = "2024-04-19", seed: int = 0, clock: ManualClock | None = None
) -> Simulation:
    return Simulation(Contract.load(date), token=TOKEN, clock=clock or ManualClock(), seed=seed, faults=faults)


def send(
    simulation: Simulation,
    name: str,
    query: str = "",
    body: object = None,
    *,
    headers: dict[str, str | None] | None = None,
    method: str | None = None,
) -> Response:
    operation = simulation.contract.operations[name]
    given: dict[str, str | None] = {"authorization": BEARER, **(headers or {})}
    return simulation.handle(
        Request(
            method=method or operation.method,
            path=operation.path,
            query=query,
            headers=tuple((key, value) for key, value in given.items() if value is not None),
            body=b"" if body is None else json.dumps(body).encode(),
        )
    )


def ids(simulation: Simulation) -> dict[str, str]:
    """The ids of the initial calls by name: their status or a property, and playing-0 to playing-6."""
    named: dict[str, str] = {}
    playing = 0
    for identifier, call in simulation.state.calls.items():
        name = str(call["status"])
        if name == "in_progress":
            name, playing = f"playing-{playing}", playing + 1
        name = "talked" if call["recording_available"] else "confidential" if call["hipaa_compliant"] else name
        named[name] = identifier
    return named


def creation(simulation: Simulation, number: int) -> dict[str, Any]:
    agent = next(call["agent"]["id"] for call in reversed(simulation.state.calls.values()))
    numbers = {"from_number": "12025550150", "to_number": f"1202555016{number}"}
    return numbers | {"agent": agent, "context": {"customer_name": "Ada"}}


def run_conversation(simulation: Simulation, clock: ManualClock) -> dict[str, Response]:
    named = ids(simulation)
    got: dict[str, Response] = {}

    def ask(label: str, name: str, query: str = "", body: object = None, **others: Any) -> Response:
        got[label] = send(simulation, name, query, body, **others)
        return got[label]

    read_all(named, ask)
    send_without_token(named, ask, creation(simulation, 9))
    for name in ("playing-0", "not_started", "talked", "error"):
        ask(f"end {name}", "end_call", f"id={named[name]}")
        clock.advance(60)
        for again in ("once", "twice"):
            ask(f"get {name} {again}", "get_call", f"id={named[name]}")
        ask(f"end {name} again", "end_call", f"id={named[name]}")
    send_invalid(named, ask)
    ask("other method creates", "create_call", "", creation(simulation, 8), method="PUT")
    before = len(simulation.state.calls)
    for number in (1, 2):
        created = content(ask(f"create {number}", "create_call", "", creation(simulation, number)))
        identifier = created.get("id", "") if isinstance(created, dict) else ""
        ask(f"get created {number}", "get_call", f"id={identifier}")
    got["placed"] = Response(status=len(simulation.state.calls) - before)
    for name, identifier in named.items():
        ask(f"last {name}", "get_call", f"id={identifier}")
    ask("last all", "list_calls", "size=50")
    got["calls"] = Response(status=0, body=json.dumps(list(simulation.state.calls)).encode())
    return got


def read_all(named: Mapping[str, str], ask: Callable[..., Response]) -> None:
    for name, identifier in named.items():
        ask(f"get {name}", "get_call", f"id={identifier}")
        ask(f"recording {name}", "get_recording", f"id={identifier}")
    for page in (1, 2, 3, 9):
        ask(f"page {page}", "list_calls", f"page={page}&size=5")
    ask("all", "list_calls", "size=50")
    ask("sorted", "list_calls", "size=50&sort_column=to_number&sort_desc=false")


def send_without_token(named: Mapping[str, str], ask: Callable[..., Response], body: object) -> None:
    """Send every operation without the right token."""
    for kind, authorization in WRONG.items():
        for name in sorted(OPERATIONS):
            identifier = named["talked" if name == "get_recording" else "playing-1"]
            headers = {"authorization": authorization}
            ask(f"refused {kind} {name}", name, f"id={identifier}", body, headers=headers)
    ask("after refusals", "get_call", f"id={named['playing-1']}")


def send_invalid(named: Mapping[str, str], ask: Callable[..., Response]) -> None:
    """Send requests that a server must reject or handle with care."""
    for name in ("end_call", "get_call", "get_recording"):
        ask(f"malformed {name}", name, "id=12")
        ask(f"missing {name}", name)
        ask(f"unknown {name}", name, f"id={UNKNOWN}")
    ask("malformed list_calls", "list_calls", "page=0")
    ask("malformed create_call", "create_call", "", {})
    ask("capitals", "get_call", f"id={named['playing-2'].upper()}")
    ask("doubled", "end_call", f"id={named['playing-3']}&id={named['playing-4']}")
    ask("body", "end_call", "", {"id": named["playing-5"]})
    ask("other method ends", "end_call", f"id={named['playing-6']}", method="GET")


def content(response: Response) -> Any:
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        return None


def call(got: Responses, label: str) -> dict[str, Any]:
    """The call in a response, or an empty object."""
    found = content(got[label]) if got[label].status == 200 else None
    return found if isinstance(found, dict) else {}


def valid_responses(got: Responses) -> Iterator[tuple[str, Response]]:
    """The responses to valid requests."""
    for label, response in got.items():
        if label.split()[0] in ("get", "page", "all", "sorted", "end", "create", "recording", "capitals"):
            yield label, response


def observations(got: Responses) -> Iterator[list[dict[str, Any]]]:
    """The states of each call in order, by the requested id."""
    for name in ("playing-0", "not_started", "talked", "error", "playing-2"):
        labels = (f"get {name}", f"end {name}", f"get {name} once", f"get {name} twice", f"end {name} again")
        yield [seen for label in (*labels, f"last {name}") if label in got and (seen := call(got, label))]
    yield [
        seen
        for number in (1, 2)
        for label in (f"create {number}", f"get created {number}")
        if (seen := call(got, label))
    ]


def has_changed(got: Responses, *keys: str) -> bool:
    """Whether a value changes after it is set."""

    def at(seen: dict[str, Any]) -> Any:
        for key in keys:
            seen = seen.get(key) or {}
        return seen or None

    for life in observations(got):
        values = [at(seen) for seen in life if seen.get("id") == life[0].get("id")]
        settled = values[next((index for index, value in enumerate(values) if value), 0) :]
        if len({json.dumps(value) for value in settled}) > 1:
            return True
    return False


def has_gone_back(got: Responses) -> bool:
    ranks = {"not_started": 0, "in_progress": 1, "ended": 2, "error": 2}
    listed = {item["id"]: item["status"] for item in items(got, "last all")}
    for life in observations(got):
        statuses = [ranks.get(seen.get("status", ""), 0) for seen in life]
        statuses += [ranks.get(listed[life[0]["id"]], 0)] if life and life[0].get("id") in listed else []
        if statuses != sorted(statuses):
            return True
    return False


def items(got: Responses, *labels: str) -> list[dict[str, Any]]:
    found = [call(got, label).get("items") for label in labels]
    return [item for page in found if isinstance(page, list) for item in page]


def list_ids(got: Responses) -> list[str]:
    return [item["id"] for item in items(got, "page 1", "page 2", "page 3")]


def status(got: Responses, label: str) -> str:
    return str(call(got, label).get("status"))


def refusals(got: Responses) -> list[Response]:
    return [response for label, response in got.items() if label.startswith("refused ")]


def is_as_requested(got: Responses) -> bool:
    """Whether created calls have the requested values."""
    wanted = {"from_number": "12025550150", "context": {"customer_name": "Ada"}}
    agent = call(got, "get not_started")["agent"]["id"]
    for number in (1, 2):
        made = call(got, f"create {number}")
        expected = wanted | {"to_number": f"1202555016{number}"}
        if {key: made.get(key) for key in expected} != expected or made["agent"]["id"] != agent:
            return False
    return True


def has_declared_statuses(got: Responses) -> bool:
    return all(
        response.status in ((200, 404) if label.startswith("recording") else (200,))
        for label, response in valid_responses(got)
    ) and all(
        response.status in (401, 403, 404, 405, 422)
        for label, response in got.items()
        if label.split()[0] in ("refused", "malformed", "missing", "unknown") and response.status != 200
    )


def list_owners(got: Responses) -> set[str]:
    found = [call(got, label) for label in ("get playing-0", "end playing-0", "get playing-2")]
    parts = [part for one in found if one for part in (one, one["agent"], one["agent"]["voice"])]
    return {part["user_id"] for part in parts}


def has_declared_types(got: Responses) -> bool:
    for label, response in valid_responses(got):
        wanted = "audio/mpeg" if label == "recording talked" else "application/json"
        if response.body and response.header("content-type") != wanted:
            return False
    return True


CANARIES = (b"5ca1ab1e", b"secret")
LOOKS: Mapping[str, Callable[[Responses], bool]] = {
    "body-missing": lambda got: any(
        response.status == 200 and not response.body for _, response in valid_responses(got)
    ),
    "content-type": lambda got: not has_declared_types(got),
    "redirect": lambda got: any(300 <= response.status < 400 for response in got.values()),
    "status-undeclared": lambda got: not has_declared_statuses(got),
    "status-unexpected": lambda got: (
        any(got[label].status != 422 for label in ("malformed get_call", "missing end_call", "body"))
        or got["get playing-2"].status == 422
    ),
    "other-call": lambda got: (
        any(
            got[label].status == 200 and call(got, label).get("id") != identifier
            for name, identifier in ((name, call(got, f"last {name}").get("id")) for name in ("playing-0", "talked"))
            for label in (f"end {name}",)
        )
        or any(got[f"unknown {name}"].status == 200 for name in ("end_call", "get_call"))
        or call(got, "get talked").get("recording_available") is False
    ),
    "method-taken": lambda got: any(got[f"other method {does}"].status == 200 for does in ("ends", "creates")),
    "not-refused": lambda got: any(response.status == 200 for response in refusals(got)),
    "refusal-ignored": lambda got: status(got, "after refusals") == "ended",
    "refusal-leaks": lambda got: any(len(content(response)) > 1 for response in refusals(got)),
    "secret-leaked": lambda got: any(word in response.body for response in got.values() for word in CANARIES),
    "token-echoed": lambda got: any(
        word in response.body or word in str(response.headers).encode()
        for response in got.values()
        for word in (TOKEN.encode(), b"another-token")
    ),
    "agent-changed": lambda got: has_changed(got, "agent", "id"),
    "number-changed": lambda got: has_changed(got, "to_number"),
    "owner-changed": lambda got: (
        has_changed(got, "user_id")
        or len({item["user_id"] for item in items(got, "all")} | {call(got, "get talked")["user_id"]}) > 1
    ),
    "start-time-moved": lambda got: has_changed(got, "start_time"),
    "end-time-moved": lambda got: has_changed(got, "end_time"),
    "transcript-lost-text": lambda got: has_changed(got, "transcript"),
    "status-went-back": has_gone_back,
    "outcome-changed": lambda got: status(got, "get error") == "error" and status(got, "end error") == "ended",
    "call-not-ended": lambda got: status(got, "get playing-0 twice") != "ended",
    "end-before-start": lambda got: any(
        seen["end_time"] < seen["start_time"] for life in observations(got) for seen in life if seen.get("end_time")
    ),
    "end-time-missing": lambda got: call(got, "end playing-0").get("end_time") is None,
    "foreign-owner": lambda got: len(list_owners(got)) > 1,
    "hipaa-transcript": lambda got: any(
        seen.get("hipaa_compliant") and seen.get("transcript") for life in observations(got) for seen in life
    ),
    "other-ended": lambda got: any(
        status(got, f"last playing-{number}") != "in_progress" for number in (1, 2, 3, 5, 6)
    ),
    "created-lost": lambda got: got["get created 1"].status != 200,
    "created-twice": lambda got: (
        got["placed"].status != 2
        or len({call(got, "get playing-6")["id"], *(call(got, f"create {number}")["id"] for number in (1, 2))}) < 3
        or call(got, "create 1")["to_number"] != "12025550161"
    ),
    "not-as-asked": lambda got: not is_as_requested(got),
    "has-more-wrong": lambda got: (
        [call(got, f"page {page}")["has_more"] for page in (1, 2, 3, 9)] != [True, True, False, False]
    ),
    "item-missing": lambda got: (
        len(set(list_ids(got))) < 12 or {*json.loads(got["calls"].body)} > {one["id"] for one in items(got, "last all")}
    ),
    "item-twice": lambda got: len(list_ids(got)) > len(set(list_ids(got))) or bool(items(got, "page 9")),
    "page-not-obeyed": lambda got: (
        call(got, "page 2")["page"] != 2 or call(got, "page 1")["items"] == call(got, "page 2")["items"]
    ),
    "size-not-obeyed": lambda got: call(got, "page 1")["size"] != 5 or len(items(got, "page 1")) != 5,
    "sort-not-obeyed": lambda got: (
        [item["to_number"] for item in items(got, "sorted")] != sorted(item["to_number"] for item in items(got, "all"))
    ),
    "total-wrong": lambda got: call(got, "all")["total"] != len(items(got, "all")),
    "recording-missing": lambda got: got["recording talked"].status != 200,
    "recording-not-audio": lambda got: not got["recording talked"].body.startswith(b"\xff\xfb"),
    "recording-unexpected": lambda got: got["recording playing-0"].status == 200,
    "gateway": lambda got: {502, 503, 504} & {response.status for response in got.values()} != set(),
    "rate-limited": lambda got: got["end playing-0"].header("retry-after") is not None,
}
#: What faults of HTTP itself break, which the tests of them look for.
ON_THE_WIRE = {"closed", "encoding-unasked", "framing", "protocol", "slow"} | {
    "timeout-read",
    "timeout-total",
    "too-large",
    "truncated",
}
SCHEMAS = {"end": "Call", "get": "Call", "create": "Call", "page": "CallPage", "all": "CallPage"}


def codes(got: Responses, date: str) -> set[str]:
    """The codes of all violations in responses with a declared body."""
    found: set[str] = set()
    for label, response in got.items():
        name = SCHEMAS.get(label.split()[0]) if response.status == 200 else None
        name = "HTTPValidationError" if response.status == 422 else name
        if name:
            found |= {violation.code for violation in violations(response.body, name, contract=date)}
    return found


def date_for(name: str) -> str:
    return next(date for date in dates() if FAULTS[name].breaks_contract(date))


def converse(*faults: str | Planted, date: str) -> dict[str, Response]:
    clock = ManualClock()
    return run_conversation(simulate(*faults, date=date, clock=clock), clock)


# --- the catalogue ---


@pytest.mark.parametrize("name", ANSWERS)
def test_fault_shows_as_what_it_breaks_and_breaks_nothing_else_in_a_payload(name):
    date = date_for(name)
    got = converse(name, date=date)
    broken, found = FAULTS[name].breaks[0], codes(got, date)
    assert LOOKS[broken](got) if broken in LOOKS else broken in found
    assert broken not in CODES or found <= set(FAULTS[name].breaks)


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if OPERATIONS.difference(fault.operations)])
def test_fault_leaves_other_operations_alone(name):
    date = date_for(name)
    for operation in OPERATIONS.difference(FAULTS[name].operations):
        faulty, sound = simulate(name, date=date), simulate(date=date)
        query = f"id={ids(sound)['talked']}"
        body = creation(sound, 1)
        for authorization in (BEARER, None):
            headers = {"authorization": authorization}
            answers = {send(one, operation, query, body, headers=headers).body for one in (faulty, sound)}
            assert len(answers) == 1


@pytest.mark.parametrize("name", SOUND_VARIANTS)
def test_sound_server_shows_no_fault(name):
    sound = SOUND_VARIANTS[name]
    clock = ManualClock()
    contract = Contract.load(sound.contract)
    got = run_conversation(Simulation(contract, token=TOKEN, clock=clock, variant=sound.variant), clock)
    unsorted = {"sort-not-obeyed", "total-wrong"} if sound.contract == "2023-11-30" else set()
    assert not codes(got, sound.contract)
    assert not [claim for claim, shows in LOOKS.items() if claim not in unsorted and shows(got)]


def test_sound_variants_differ_in_every_way():
    seen = [(one.contract, one.variant) for one in SOUND_VARIANTS.values()]
    assert {contract for contract, _ in seen} == set(dates())
    for field in ("refusal", "nulls", "pydantic", "extra_keys", "offset"):
        assert len({getattr(variant, field) for _, variant in seen}) == 2


def test_every_fault_that_is_implemented_is_in_the_catalogue():
    unlisted = (catalog._RESPONSES.keys() | NETWORK.keys()) - FAULTS.keys()
    assert not unlisted, "add a row for each to faults.tsv"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a-fault all all enum A title", "1 cells between tabs, not 5"),
        ("a-fault\tall\tall\tenum\tA", "not implemented"),
    ],
)
def test_row_that_is_no_fault_is_refused(row, message):
    with pytest.raises(LookupError, match=message):
        catalog._parse(row)


def test_catalogue_is_of_many_faults_with_names_of_their_own():
    assert len(FAULTS) == sum(map(len, GROUPS.values())) > 150
    assert len({fault.title for fault in FAULTS.values()}) == len(FAULTS)


def test_every_fault_says_what_it_is():
    for name, fault in FAULTS.items():
        assert 10 < len(fault.title) < 90, name
        assert fault.title.isprintable(), name
        assert set(fault.operations) <= OPERATIONS, name
        assert set(fault.breaks) <= CODES.keys() | KINDS.keys(), name
        assert any(fault.breaks_contract(date) for date in dates()), name


def test_every_code_of_a_server_is_broken_by_some_fault():
    broken = {name for fault in FAULTS.values() for name in fault.breaks}
    assert broken >= LOOKS.keys() | ON_THE_WIRE


@pytest.mark.parametrize("name", ANSWERS)
def test_fault_stands_whatever_is_asked(name):
    simulation = simulate(name, date=date_for(name))
    for operation in simulation.contract.operations.values():
        for query in ("", "id=", "id=\udcff&page=x", f"id={ids(simulation)['talked']}"):
            for method, authorization, body in HOSTILE:
                headers = (("authorization", authorization), ("host", "\udcff"))
                request = Request(method=method, path=operation.path, query=query, headers=headers, body=body)
                assert simulation.handle(request).status >= 200


# --- planting ---


@pytest.mark.parametrize(
    ("text", "planted"),
    [
        ("wrong-enum", Planted(fault="wrong-enum")),
        (" wrong-enum@end_call ", Planted(fault="wrong-enum", operations=("end_call",))),
        ("wrong-enum:0.25", Planted(fault="wrong-enum", probability=0.25)),
        (
            f"server-error@end_call@get_call@{UNKNOWN}:.5",
            Planted(fault="server-error", operations=("end_call", "get_call"), calls=(UNKNOWN,), probability=0.5),
        ),
    ],
)
def test_planted_is_read_from_text(text, planted):
    assert Planted.from_text(text) == planted


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("wrong-enums", "there is no 'wrong-enums'; did you mean wrong-enum?"),
        ("end-does-not-end", "did you mean end-that-does-not-end?"),
        ("", "there is no ''; 'vocode-contract simulate --list-faults' lists them"),
        ("wrong-enum@list_calls", "does not touch 'list_calls'; it touches create_call, end_call, get_call"),
        ("wrong-enum@", "does not touch ''"),
        ("wrong-enum:", "a probability is a number from 0 to 1"),
        ("wrong-enum:1.5", "a probability is a number from 0 to 1"),
        ("wrong-enum:nan", "a probability is a number from 0 to 1"),
        ("total-wrong", "'total-wrong' breaks no contract of 2023-11-30, only those from 2024-04-19 on"),
    ],
)
def test_planting_what_is_not_there_is_refused(text, reason):
    with pytest.raises(InvalidOption) as refusal:
        simulate(text, date="2023-11-30")
    assert reason in str(refusal.value)


def statuses(simulation: Simulation, times: int = 40, **headers: str) -> list[int]:
    return [send(simulation, "list_calls", headers={**headers}).status for _ in range(times)]


def test_probability_is_the_same_for_the_same_seed():
    first, second, other = (simulate("server-error:0.5", seed=seed) for seed in (1, 1, 2))
    series = statuses(first)
    assert set(series) == {200, 500}
    assert statuses(second) == series != statuses(other)
    first.reset()
    assert statuses(first) == series


def test_probability_of_one_fault_does_not_hang_on_another():
    alone, beside = simulate("server-error:0.5"), simulate("server-error:0.5", "latin-1:0.5")
    assert statuses(alone) == statuses(beside)


def test_fault_may_touch_one_operation_only():
    simulation = simulate("server-error@list_calls")
    assert send(simulation, "list_calls").status == 500
    assert send(simulation, "get_call", f"id={ids(simulation)['talked']}").status == 200


def test_fault_may_touch_one_call_only():
    named = ids(simulate())
    simulation = simulate(Planted(fault="wrong-enum", calls=(named["talked"],)))
    found = {name: content(send(simulation, "get_call", f"id={named[name]}"))["status"] for name in named}
    assert [name for name in found if found[name] == "ringing"] == ["talked"]


def test_faults_combine():
    simulation = simulate("null-required", "wrong-enum", "trailing-garbage", "created-201")
    response = send(simulation, "create_call", "", creation(simulation, 1))
    seen = json.loads(response.body.removesuffix(b" OK"))
    assert (response.status, seen["status"], seen["to_number"]) == (201, "ringing", None)
    assert response.body.endswith(b" OK")


def test_header_asks_for_a_fault_for_one_request():
    simulation = simulate()
    assert statuses(simulation, times=1, **{HEADER: "server-error, latin-1"}) == [500]
    assert statuses(simulation, times=1) == [200]


def test_header_that_asks_for_no_fault_is_refused():
    response = send(simulate(), "list_calls", headers={HEADER: "server-eror\udcff"})
    assert response.status == 400
    assert "did you mean server-error?" in content(response)["detail"]


def test_disarming_takes_back_what_was_armed():
    simulation = simulate("latin-1")
    simulation.arm("server-error")
    assert statuses(simulation, times=1) == [500]
    simulation.disarm("server-error")
    assert simulation.armed == ("latin-1",)
    assert statuses(simulation, times=1) == [200]
    simulation.disarm()
    assert not list(violations(send(simulation, "list_calls").body, "CallPage", contract="2024-04-19"))


def test_reset_makes_faults_forget():
    simulation = simulate("create-answers-first")
    first = send(simulation, "create_call", "", creation(simulation, 1))
    simulation.reset()
    second = send(simulation, "create_call", "", creation(simulation, 2))
    assert content(second)["to_number"] != content(first)["to_number"]
