"""The suite against the simulator: silence where it is sound, the right name where it is not."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from importlib.metadata import entry_points
from typing import ClassVar

import pytest

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

import httpx

from tests.support.raw import OK, resets, says, serving
from vocode_contract.conformance import health as health_module
from vocode_contract.conformance.assertions import pages
from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.run.cleanup import finish
from vocode_contract.conformance.run.options import Given
from vocode_contract.conformance.run.settings import Settings
from vocode_contract.conformance.scenario import late_steps, lists, more_steps, steps
from vocode_contract.conformance.scenario.calls import REFUSED, UNKNOWN_ID, Calls, NoCall
from vocode_contract.conformance.scenario.scenario import ScenarioRunner, SharedScenario
from vocode_contract.contract.model import Contract, dates
from vocode_contract.errors import InvalidOption
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.fictional_call import request_options
from vocode_contract.http.client.request import OperationRequest
from vocode_contract.http.client.timing import Timing
from vocode_contract.http.guard.config_file import Live
from vocode_contract.http.guard.guard import READ_ONLY_VARIABLE, SIMULATOR_HEADER, Consents, Guard, NotPermitted
from vocode_contract.http.guard.phone_numbers import is_fictional
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.http.message import Exchange, Request, Response
from vocode_contract.report.results import ResultCollector
from vocode_contract.report.row import Row
from vocode_contract.simulator import Simulation, SimulatorTransport, Variant, simulator
from vocode_contract.simulator.faults.injection import SimulatedResponse
from vocode_contract.validation.masking import Secret

pytest_plugins = ["pytester"]

TOKEN = "tok_0123456789"
AGENT = {"prompt": {"content": "Say goodbye."}}
ROW = Row(nodeid="t::a", operation="end_call", claim="ends", verdict="conforms")
LOADED = any(found.value == "vocode_contract.pytest_plugin" for found in entry_points(group="pytest11"))

Run = Callable[..., ResultCollector]


@pytest.fixture
def run(pytester, monkeypatch) -> Run:
    """Run the suite in this process and return its tally."""
    monkeypatch.setenv("VOCODE_API_KEY", TOKEN)

    def running(*arguments: str) -> ResultCollector:
        tally = ResultCollector()
        plugin = [] if LOADED else ["-p", "vocode_contract.pytest_plugin"]
        suite = ["--pyargs", "vocode_contract.conformance"]
        pytester.inline_run(*plugin, *suite, "-p", "no:cacheprovider", *arguments, plugins=[tally])
        return tally

    return running


def errors(tally: ResultCollector) -> set[str]:
    return {violation.code for violation in tally.violations if violation.severity == "error"}


@pytest.mark.parametrize("date", dates())
def test_suite_asks_at_most_eighty_times(run, date):
    with simulator(contract=Contract.load(date), token=TOKEN) as running, counted(running.simulation) as asked:
        run("--vocode-url", running.url, "--vocode-contract", date)
    assert 60 < len(asked) <= 80


@pytest.mark.parametrize("date", dates())
def test_created_calls_take_every_value_of_every_option_and_the_fewest_keys(run, date):
    contract = Contract.load(date)
    sent: list[tuple[Request, int]] = []
    with simulator(contract=contract, token=TOKEN) as running, recorded(running.simulation, sent):
        run("--vocode-url", running.url, "--vocode-contract", date)
    created = [
        json.loads(request.body) for request, status in sent if request.path.endswith("create") and status == 200
    ]
    for place, values in request_options(contract).items():
        taken = [members[place[-1]] for one in created if place[-1] in (members := one["agent"] if place[1:] else one)]
        assert set(taken) >= {*values} or len({*taken}) >= 3, place
    assert {"from_number", "to_number", "agent", "context"} in [one.keys() for one in created]
    assert len(created) <= 4


@contextmanager
def recorded(simulation: Simulation, sent: list[tuple[Request, int]]) -> Iterator[None]:
    """Note each request and the status of its response."""
    answer = simulation.answer

    def recording(request: Request) -> SimulatedResponse:
        answered = answer(request)
        sent.append((request, answered.response.status))
        return answered

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulation, "answer", recording)
        yield


@pytest.mark.parametrize("number", ["+14155550999", "14155550999"])
def test_calls_are_placed_from_the_number_of_the_account(run, number):
    sent: list[tuple[Request, int]] = []
    with simulator(token=TOKEN) as running, recorded(running.simulation, sent):
        tally = run("--vocode-url", running.url, "--vocode-from-number", number, "-k", "returns_the_requested_call")
    assert {json.loads(request.body)["from_number"] for request, _ in sent if request.body} == {"14155550999"}
    assert tally.exit_code == 0


@contextmanager
def counted(simulation: Simulation) -> Iterator[list[str]]:
    """Note the path of each request."""
    asked: list[str] = []
    answer = simulation.answer

    def counting(request: Request) -> SimulatedResponse:
        asked.append(request.path)
        return answer(request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulation, "answer", counting)
        yield asked


def test_suite_ends_what_it_created(run):
    with simulator(token=TOKEN) as running:
        before = len(running.simulation.state.calls)
        tally = run("--vocode-url", running.url)
        calls = list(running.simulation.state.calls.values())[before:]
    assert {call["status"] for call in calls} == {"ended"}
    assert any(f"{len(calls)} created, {len(calls)} ended, 0 left" in remark for remark in tally.remarks)


@pytest.mark.parametrize(
    "name", ["test_end_call", "test_create_call", "test_list_calls", "test_get_call", "refusals", "whole_run", "ids"]
)
def test_suite_needs_no_other_test_for_one(run, name):
    tally = run("-k", name)
    assert (tally.exit_code, errors(tally)) == (0, set())


def test_suite_without_the_right_token_judges_nothing_of_the_main_claim(run, monkeypatch):
    monkeypatch.setenv("VOCODE_API_KEY", "another-token")
    with simulator(token=TOKEN) as running:
        tally = run("--vocode-url", running.url, "-k", "test_end_call_returns")
    assert (tally.exit_code, tally.verdict_count) == (3, 0)
    assert "not-authorised" in tally.rows[0].reason


@pytest.mark.parametrize(
    ("status", "body", "only"),
    [
        (404, b'{"detail": "Not Found"}', ""),
        (404, b'{"detail": "Not Found"}', "creates_a_new_call_each_time"),
        (404, b'{"detail": "Not Found"}', "unknown_id"),
        (422, b'{"detail": []}', ""),
        (500, b'{"detail": "failed"}', ""),
        (200, b"{}", ""),
    ],
)
def test_suite_lets_no_test_conform_against_a_server_that_serves_nothing(run, status, body, only):
    head = f"HTTP/1.1 {status} Any\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    first = says(OK + b"Content-Length: 2\r\n\r\n{}")  # lets the suite start, which it would not with 404 to everything
    with serving(first, says(head.encode() + body)) as server:
        tally = run("--vocode-url", server.url, "-k", only)
    assert [row.claim for row in tally.rows if row.verdict == "conforms"] == []
    assert tally.rows


def test_suite_requires_a_created_call_where_only_creation_is_rejected(run):
    with simulator(token=TOKEN) as running, creating_nothing(running.simulation):
        tally = run("--vocode-url", running.url, "-k", "creates_a_new_call_each_time or one_call_per_request")
    assert {(row.verdict, row.reason) for row in tally.rows} == {("no-call", "no call was created")}


def test_suite_requires_the_statuses_of_authentication_where_nothing_can_be_unknown(run):
    with simulator(token=TOKEN) as running, creating_nothing(running.simulation):
        tally = run("--vocode-url", running.url, "-k", "unauthenticated and create_call")
    (violation,) = tally.violations
    assert (violation.code, violation.actual) == ("status-undeclared", "404")
    assert (violation.expected, violation.policy) == ("401 or 403", "authentication=401,403")


@contextmanager
def creating_nothing(simulation: Simulation) -> Iterator[None]:
    """Answer Create Call with 404, whatever else is wrong with the request."""
    answer = simulation.answer
    missing = SimulatedResponse(
        response=Response(status=404, headers=(("content-type", "application/json"),), body=b"{}")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulation, "answer", lambda request: missing if "create" in request.path else answer(request))
        yield


def test_suite_stops_asking_a_server_that_is_not_there(run):
    with serving(says(OK + b"Content-Length: 2\r\n\r\n{}"), resets) as server:  # it goes away after the first request
        tally = run("--vocode-url", server.url, "-k", "is_rejected")
    assert (tally.exit_code, tally.verdict_count) == (3, 0)
    assert "[stopped]" in tally.rows[-1].reason


def test_suite_ends_no_call_elsewhere_that_was_not_named(run, monkeypatch):
    monkeypatch.setenv(READ_ONLY_VARIABLE, "1")
    monkeypatch.setattr(socket, "getaddrinfo", _unknown_name)
    tally = run("--vocode-url", "https://nowhere.invalid", "-k", "test_end_call.py or refusals.py and end_call")
    assert {row.verdict for row in tally.rows} <= {"no-call", "not-permitted", "inconclusive"}
    assert tally.exit_code == 3


def _unknown_name(*_arguments, **_options):
    raise socket.gaierror(socket.EAI_NONAME, "the name is not known")


def test_suite_is_collected_alike_every_time(pytester):
    plugin = [] if LOADED else ["-p", "vocode_contract.pytest_plugin"]
    arguments = [*plugin, "--collect-only", "-q", "--pyargs", "vocode_contract.conformance"]
    first, second = (pytester.inline_genitems(*arguments)[0] for _ in range(2))
    assert [item.nodeid for item in first] == [item.nodeid for item in second]
    assert len(first) > 20


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([], 3),
        (["conforms"], 0),
        (["conforms", "not-permitted"], 0),
        (["conforms", "inconclusive"], 3),
        (["not-permitted"], 3),
        (["no-call"], 3),
        (["conforms", "no-call"], 0),
        (["conforms", "violates", "inconclusive", "broken"], 1),
        (["conforms", "inconclusive", "broken"], 70),
    ],
)
def test_tally_weighs_verdicts(verdicts, code):
    assert ResultCollector([replace(ROW, verdict=verdict) for verdict in verdicts]).exit_code == code


def test_tally_does_not_pass_a_run_that_leaves_a_call_open():
    assert ResultCollector([ROW], is_left_open=True).exit_code == 3
    assert ResultCollector([replace(ROW, verdict="violates")], is_left_open=True).exit_code == 1


def test_tally_wants_each_operation_judged_that_lacked_a_call():
    rows = [replace(ROW, verdict="no-call"), replace(ROW, operation="get_call")]
    assert ResultCollector(rows).exit_code == 3


def settings_of(**values: object) -> Settings:
    names = {key: key.replace("_", "-") for key in values}
    return Settings.from_given({names[key]: Given(value=values[key], source=f"--{names[key]}") for key in values})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"url": "ftp://x"}, "--url: must start with https://"),
        ({"contract": "2020-01-01"}, "--contract: unknown contract '2020-01-01'"),
        ({"profile": "lax"}, "--profile: unknown profile 'lax'"),
        ({"url": "https://staging.example", "ca": __file__}, "--ca: .* holds no PEM certificate"),
        ({"allow": ("rings", "all")}, "--allow: 'all' is not an effect"),
        ({"allow_number": ("555-0100",)}, "--allow-number: must be digits"),
        ({"call_id": ("12",)}, "--call-id: must be the id of a call"),
        ({"budget": -1}, "--budget: must be a number of requests"),
        ({"fuzz": -1}, "--fuzz: must be a number of requests"),
        ({"traffic_host": ("http://x",)}, "--traffic-host: must be a host"),
    ],
)
def test_settings_name_what_they_refuse(values, message):
    with pytest.raises(InvalidOption, match=message):
        settings_of(**values)


def test_settings_consent_to_what_options_and_files_say_together():
    identifier = "3C90C3CC-0D44-4B50-8888-8DD25736052A"
    settings = settings_of(url="https://staging.example", call_id=(identifier,), allow=("hangs-up",), budget=2)
    consents = settings.consents(Live(hosts=frozenset({"staging.example"})), read_only=False)
    assert (list(consents.effects), list(consents.hosts), consents.budget) == (["hangs-up"], ["staging.example"], 2)
    assert list(consents.call_ids) == [identifier.lower()]
    assert not consents.production


def test_settings_consent_to_nothing_by_the_name_of_a_call_alone():
    settings = settings_of(url="https://staging.example", call_id=("3c90c3cc-0d44-4b50-8888-8dd25736052a",))
    consents = settings.consents(Live(), read_only=False)
    assert (consents.effects, consents.hosts) == (frozenset(), frozenset())


def test_settings_are_read_only_by_any_file():
    settings = settings_of(url="https://staging.example")
    assert settings.consents(Live(read_only=True), read_only=False).read_only


@pytest.mark.parametrize(("number", "fits"), [("12025550143", True), ("+14155550999", True), ("14155550998", False)])
def test_settings_want_a_number_to_be_fictional_or_in_the_users_file(number, fits):
    settings = settings_of(allow_number=(number,))
    live = Live(numbers=frozenset({"14155550999"}))
    if fits:
        assert settings.consents(live, read_only=False).numbers == {number.removeprefix("+")}
    else:
        with pytest.raises(InvalidOption, match="is not among numbers"):
            settings.consents(live, read_only=False)


def test_settings_consent_to_the_numbers_of_this_run_in_place_of_all_that_are_in_the_users_file():
    live = Live(numbers=frozenset({"14155550999", "14155550998"}))
    named = settings_of(allow_number=("14155550999",))
    assert named.consents(live, read_only=False).numbers == {"14155550999"}
    assert settings_of().consents(live, read_only=False).numbers == live.numbers


class Carrier(httpx.BaseTransport):
    """A simulation under any address, which may lack operations; it notes what it was asked for."""

    def __init__(self, *lacking: str, date: str | None = None) -> None:
        self.asked: list[str] = []
        self.contract = Contract.load(date)
        self._lacking = lacking
        self._simulator = SimulatorTransport(Simulation(self.contract, token=TOKEN))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path in self._lacking:
            return httpx.Response(405, json={"detail": "Method Not Allowed"})
        return self._simulator.handle_request(request)


class Losing(Carrier):
    """A simulation that does what it is asked for, and whose answers to one URL path are lost."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.lost = path

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if request.url.path == self.lost:
            raise httpx.ReadError("reset")
        return answer


class Meanwhile(Carrier):
    """A simulation in which somebody else creates a call between one page and the next, a number of times."""

    def __init__(self, times: int, date: str | None = None) -> None:
        super().__init__(date=date)
        self.times = times
        self.leaves = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if request.url.params.get("size") not in (None, str(lists.WHOLE[0])):
            self.leaves += 1
            if request.url.params["page"] == "1":
                self.create(request)
        return answer

    def create(self, request: httpx.Request) -> None:
        if not self.times:
            return
        self.times -= 1
        body = {"from_number": "12025550123", "to_number": "12025550145", "agent": AGENT}
        create = httpx.Request("POST", request.url.copy_with(path="/v1/calls/create", query=None), json=body)
        create.headers["Authorization"] = request.headers["Authorization"]
        assert self._simulator.handle_request(create).status_code == 200


class Before(Meanwhile):
    """A simulation in which somebody else creates a call before each part of the list is read, a number of times."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.params.get("size") not in (None, str(lists.WHOLE[0])) or "sort_column" in request.url.params:
            self.create(request)
        return Carrier.handle_request(self, request)


def calls_at(url: str, carrier: Carrier, *given: str, turn: tuple[int, int] = (0, 1)) -> tuple[Calls, CheckedClient]:
    timing = Timing(interval=0)
    client = CheckedClient(Client(url, Secret(TOKEN), transport=carrier, timing=timing), carrier.contract)
    return Calls(client, given=given, turn=turn), client


def test_calls_are_created_on_this_machine_and_ended_in_the_end():
    calls, client = calls_at("http://127.0.0.1:1", Carrier())
    call = calls.endable_id("one")
    assert finish(client) == ()
    assert client.get_call(call).call_status == "ended"


def test_calls_are_ended_in_the_end_although_the_server_was_down_for_a_while():
    calls, client = calls_at("http://127.0.0.1:1", Carrier())
    call = calls.endable_id("one")
    client._health.failures = 3
    with pytest.raises(Inconclusive, match="several times in a row"):
        client.get_call(call)
    assert finish(client) == ()


@pytest.mark.parametrize(("kind", "is_stopped"), [("gateway", True), ("rate-limited", False)])
def test_server_that_answers_is_not_down_however_slow_it_wants_us(kind, is_stopped):
    health = health_module.Health()
    for _ in range(3):
        health.record(Inconclusive(kind))
    _, client = calls_at("http://127.0.0.1:1", Carrier())
    client._health = health
    with pytest.raises(Inconclusive) if is_stopped else nullcontext():
        client.require_health()


def test_call_that_goes_on_is_waited_for_once_in_a_run(monkeypatch):
    monkeypatch.setitem(health_module.PATIENCE, True, 0.1)
    carrier = Carrier()
    calls, client = calls_at("http://127.0.0.1:1", carrier)
    call = calls.endable_id("one")
    asked = []
    for _ in range(2):
        before = len(carrier.asked)
        assert client.wait_until_over(call).call_status != "ended"
        asked.append(len(carrier.asked) - before)
    assert asked[0] > asked[1] == 1


class Hurried(Client):
    """Notes how long each end of a call may take."""

    seconds: ClassVar[list[float]] = []

    def exchange(self, wanted: OperationRequest) -> Exchange:
        if wanted.operation.name == "end_call":
            self.seconds.append(wanted.within)
        return super().exchange(wanted)


@pytest.mark.parametrize(("within", "seconds"), [(10, [10, 10]), (0, [])])
def test_calls_are_ended_in_the_end_within_seconds_for_all_of_them(within, seconds, monkeypatch):
    monkeypatch.setattr(Hurried, "seconds", [])
    hurried = Hurried("http://127.0.0.1:1", Secret(TOKEN), transport=Carrier())
    client = CheckedClient(hurried, Contract.load())
    calls = Calls(client)
    created = [calls.endable_id(role) for role in ("one", "other")]
    assert list(finish(client, within)) == ([] if seconds else created)
    assert Hurried.seconds == pytest.approx(seconds, abs=5)
    assert Hurried.seconds == sorted(Hurried.seconds, reverse=True)


def test_call_is_created_once_though_its_answer_is_lost_and_found_in_the_list_in_the_end(monkeypatch):
    carrier, events = Losing("/v1/calls/create"), []
    calls, client = calls_at("http://127.0.0.1:1", carrier)
    journal = client.creations._journal
    monkeypatch.setattr(journal, "note", lambda event, identifier="": events.append((event, identifier)))
    for _ in range(3):
        with pytest.raises(Inconclusive, match="a phone may have been rung"):
            calls.create("one")
    assert carrier.asked.count("/v1/calls/create") == 1
    assert finish(client) == ()
    [created] = [identifier for event, identifier in events if event == "created"]
    assert events == [("creating", ""), ("created", created), ("ended", created)]
    assert client.get_call(created).call_status == "ended"


def test_call_whose_creation_was_never_sent_is_declined():
    calls, client = calls_at("http://127.0.0.1:1", Carrier())
    client._health.failures = 3
    with pytest.raises(Inconclusive, match="nothing was sent"):
        calls.create("one")
    assert finish(client) == ()


def test_call_whose_end_had_no_answer_is_looked_at_and_not_ended_again():
    carrier = Losing("/v1/calls/end")
    calls, client = calls_at("http://127.0.0.1:1", carrier)
    call = calls.endable_id("one")
    with pytest.raises(Inconclusive, match="the call may have been ended"):
        client.end_call(call)
    assert finish(client) == ()
    assert carrier.asked.count("/v1/calls/end") == 1


def test_calls_are_taken_from_the_list_where_none_can_be_created():
    turns = [calls_at("http://127.0.0.1:1", Carrier("/v1/calls/create"), turn=(number, 2))[0] for number in (0, 1)]
    assert len({calls.endable_id(role) for calls in turns for role in ("one", "other")}) == 4


class Tunnelled(Carrier):
    """A server that does not say that it is a simulator: an address of this machine may lead to the real one."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        answer.headers.pop(SIMULATOR_HEADER, None)
        return answer


@pytest.mark.parametrize("lacking", [[], ["/v1/calls/create"]])
def test_calls_of_a_server_on_this_machine_that_is_no_simulator_are_not_ended(lacking):
    carrier = Tunnelled(*lacking)
    calls, client = calls_at("http://127.0.0.1:1", carrier)
    listed = client.list_calls(size=100).item_ids
    scenario = SharedScenario(calls)
    for state in ("ended", "error", "in_progress"):
        with pytest.raises(NoCall, match=SIMULATOR_HEADER):
            scenario.run(more_steps.end_of(state))
    if lacking:
        with pytest.raises(NoCall, match="name one with --vocode-call-id"):
            calls.endable_id("one")
    else:
        assert calls.endable_id("one") not in listed
    assert "/v1/calls/end" not in carrier.asked


def test_call_that_is_named_is_ended_on_this_machine_although_it_is_no_simulator():
    carrier = Tunnelled("/v1/calls/create")
    _, client = calls_at("http://127.0.0.1:1", carrier)
    [listed, *_] = client.list_calls().item_ids
    assert calls_at("http://127.0.0.1:1", carrier, listed)[0].endable_id("one") == listed


@pytest.mark.parametrize("way", ["variable", "file"])
def test_read_only_run_changes_nothing_on_this_machine(run, monkeypatch, tmp_path, way):
    if way == "variable":
        monkeypatch.setenv(READ_ONLY_VARIABLE, "1")
    else:
        (tmp_path / "vocode-contract.toml").write_text("[live]\nread_only = true\n", "utf-8")
        monkeypatch.chdir(tmp_path)
    with simulator(token=TOKEN) as running:
        before = {identifier: call["status"] for identifier, call in running.simulation.state.calls.items()}
        tally = run("--vocode-url", running.url)
        entries = [*running.simulation.request_log.serialize(Contract.load())]
        assert {identifier: call["status"] for identifier, call in running.simulation.state.calls.items()} == before
        assert {entry["method"] for entry in entries} == {"GET"}
    assert tally.exit_code == 0
    assert {row.verdict for row in tally.rows if row.is_left_out} == {"not-permitted"}


def test_read_only_run_checks_the_built_in_simulator(run, monkeypatch):
    monkeypatch.setenv(READ_ONLY_VARIABLE, "1")
    tally = run("-k", "test_end_call.py")
    assert (tally.exit_code, errors(tally)) == (0, set())
    assert tally.count("conforms") > 5


def test_call_that_another_process_created_is_ended_by_none():
    carrier = Carrier()
    (one, _), (other, _) = (calls_at("http://127.0.0.1:1", carrier) for _ in range(2))
    before = SharedScenario(other).run(lists.list_before)
    created = {one.endable_id(role) for role in ("subject", "bystander")}
    told = [SharedScenario(other).run(more_steps.end_of("not_started")) for _ in range(2)]
    ended = {str(answer.call_id) for answer in told}
    assert {answer.status for answer in told} == {200}
    assert ended.isdisjoint(created)
    assert len(ended & {*before.item_ids}) == 1  # the other one was created for the purpose


@pytest.mark.parametrize(("times", "asked"), [(0, 2), (1, 4), (3, 8)])
def test_pages_are_read_again_where_others_create_calls_meanwhile(times, asked):
    carrier = Meanwhile(times)
    whole, first, second = SharedScenario(calls_at("http://127.0.0.1:1", carrier)[0]).run(late_steps.list_two_pages)
    assert {*first.item_ids}.isdisjoint(second.item_ids)
    assert {*whole.item_ids} >= {*first.item_ids, *second.item_ids}
    assert carrier.leaves == asked


@pytest.mark.parametrize("times", [1, 2, 3])
def test_list_is_not_accused_of_calls_that_others_create_while_it_is_read(times):
    def scenario_with_calls() -> ScenarioRunner:
        shared = SharedScenario(calls_at("http://127.0.0.1:1", carrier := Before(0, "2024-08-27"))[0])
        shared.run(late_steps.list_at_the_end)
        carrier.times = times
        return ScenarioRunner(shared, [])

    scenario = scenario_with_calls()
    pages.assert_agrees(scenario.run(late_steps.list_later_page))
    if full := scenario.shared.try_run(late_steps.list_full_page):
        pages.assert_agrees(full)
    scenario = scenario_with_calls()
    whole, up, *down = scenario.run(late_steps.list_sorted_both_ways)
    pages.assert_same_calls(whole, *down)
    pages.assert_sorted_both_ways(up, tuple(down), "status")


def test_list_that_changes_at_every_look_is_not_judged():
    with pytest.raises(Inconclusive, match="list-changed"):
        SharedScenario(calls_at("http://127.0.0.1:1", Meanwhile(100))[0]).run(late_steps.list_two_pages)


def test_calls_elsewhere_are_those_that_were_given():
    carrier = Carrier()
    calls, _ = calls_at("https://staging.example", carrier, "a", "b")
    assert [calls.endable_id(role) for role in ("one", "other", "one")] == ["a", "b", "a"]
    assert carrier.asked == []


def test_calls_elsewhere_name_the_budget_if_only_that_is_missing():
    guard = Guard(Consents(effects=frozenset({"rings"}), hosts=frozenset({"staging.example"}), budget=0))
    sender = Client("https://staging.example", Secret(TOKEN), guard=guard, transport=Carrier())
    calls = Calls(CheckedClient(sender, Contract.load()))
    with pytest.raises(NoCall, match=r"may be ended; the budget of 0 .* is spent; raise it with --vocode-budget"):
        calls.endable_id("one")


def test_calls_elsewhere_are_never_created_nor_taken_from_the_list():
    carrier = Carrier()
    calls, _ = calls_at("https://staging.example", carrier, "a")
    calls.endable_id("one")
    with pytest.raises(NoCall, match=r"--vocode-call-id \(1 given, 2 needed so far\)"):
        calls.endable_id("other")
    assert carrier.asked == []


def test_calls_elsewhere_are_not_asked_for_where_they_would_not_be_created():
    carrier = Carrier()
    calls, _ = calls_at("https://staging.example", carrier)
    with pytest.raises(NotPermitted):
        calls.create("one")
    assert calls._listed_call() is None
    assert carrier.asked == []


def test_calls_that_are_to_be_refused_ring_nobody_whatever_is_allowed():
    client = CheckedClient(Client("https://staging.example", Secret(TOKEN), transport=Carrier()), Contract.load())
    calls = Calls(client, number="14155550999")
    assert calls.request("one")["to_number"] == "14155550999"
    assert is_fictional(calls.request(REFUSED)["to_number"])


def test_calls_that_are_to_be_refused_elsewhere_do_not_exist():
    carrier = Carrier()
    calls, _ = calls_at("https://staging.example", carrier, "a")
    answer = SharedScenario(calls).run(steps.unauthenticated_request("end_call", "no_token"))
    assert answer.exchange.request.query == f"id={UNKNOWN_ID}"
    assert carrier.asked == ["/v1/calls/end"]


def test_story_tells_a_moment_once_even_if_it_fails():
    carrier = Carrier()
    calls, _ = calls_at("https://staging.example", carrier)
    scenario = SharedScenario(calls)
    for _ in range(2):
        with pytest.raises(NoCall):
            scenario.run(steps.end_subject)
    assert carrier.asked == ["/v1/calls/list"]


def test_policies_decide_what_is_a_refusal(run):
    with simulator(token=TOKEN) as running:
        arguments = ["--vocode-url", running.url, "-k", "request_is_rejected and get_call"]
        tally = run(*arguments, "--vocode-policy", "authentication=401")
    assert errors(tally) == {"status-undeclared"}


@pytest.mark.parametrize(("fault", "status"), [("created-201", 201), ("accepted-202", 202)])
def test_policies_take_a_status_everywhere(run, fault, status):
    with simulator(token=TOKEN, faults=(fault,)) as running:
        arguments = ["--vocode-url", running.url, "-k", "returns"]
        refused, taken = run(*arguments), run(*arguments, "--vocode-policy", f"other-statuses={status}")
    assert (errors(refused), errors(taken)) == ({"status-undeclared"}, set())


def test_policies_can_forbid_what_is_allowed_and_say_so(run):
    with simulator(token=TOKEN, variant=Variant(extra_keys=True)) as running:
        arguments = ["--vocode-url", running.url, "-k", "test_get_call_returns_the_call"]
        allowed, forbidden = run(*arguments), run(*arguments, "--vocode-policy", "extra-keys=forbid")
    assert (errors(allowed), errors(forbidden)) == (set(), {"unknown-key"})
