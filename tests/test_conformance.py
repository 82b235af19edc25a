"""The suite against the simulator: silence where it is sound, the right name where it is not."""

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import entry_points

import pytest

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

import httpx

from vocode_contract.conformance.calls import UNKNOWN_ID, Calls, NoCall
from vocode_contract.conformance.client import CheckedClient
from vocode_contract.conformance.settings import Given, Settings
from vocode_contract.conformance.tally import Row, Tally
from vocode_contract.contract import Contract, dates
from vocode_contract.errors import InvalidOption
from vocode_contract.guard import READ_ONLY_VARIABLE
from vocode_contract.redaction import Secret
from vocode_contract.simulator import Simulation, SimulatorTransport, simulator
from vocode_contract.transport import Client

pytest_plugins = ["pytester"]

TOKEN = "tok_0123456789"
#: Fault of the simulator to the codes that name it; nothing else may be found.
FAULTS = {
    "end-that-does-not-end": {"call-not-ended"},
    "html-page": {"content-type", "body-not-json"},
    "ignored-token": {"not-refused"},
    "missing-required": {"required"},
    "null-required": {"null"},
    "server-error": {"status-undeclared"},
    "stale-get": {"call-not-ended"},
    "wrong-call": {"other-call"},
    "wrong-enum": {"enum"},
}
ROW = Row(nodeid="t::a", operation="end_call", claim="ends", verdict="conforms")
LOADED = any(found.value == "vocode_contract.pytest_plugin" for found in entry_points(group="pytest11"))

Run = Callable[..., Tally]


@pytest.fixture
def run(pytester, monkeypatch) -> Run:
    """Run the suite in this process and return its tally."""
    monkeypatch.setenv("VOCODE_API_KEY", TOKEN)

    def running(*arguments: str) -> Tally:
        tally = Tally()
        plugin = [] if LOADED else ["-p", "vocode_contract.pytest_plugin"]
        suite = ["--pyargs", "vocode_contract.conformance"]
        pytester.inline_run(*plugin, *suite, "-p", "no:cacheprovider", *arguments, plugins=[tally])
        return tally

    return running


def codes(tally: Tally) -> set[str]:
    return {violation.code for violation in tally.violations}


@pytest.mark.parametrize("date", dates())
def test_suite_finds_nothing_wrong_with_a_sound_server(run, date):
    tally = run("--vocode-contract", date)
    assert (tally.exit_code, tally.count("conforms"), codes(tally)) == (0, len(tally.rows), set())


@pytest.mark.parametrize("fault", FAULTS)
def test_suite_names_a_planted_fault_and_nothing_else(run, fault):
    with simulator(faults=(fault,), token=TOKEN) as running:
        tally = run("--vocode-url", running.url)
    assert (tally.exit_code, codes(tally)) == (1, FAULTS[fault])


def test_suite_without_the_right_token_judges_nothing_of_the_main_claim(run, monkeypatch):
    monkeypatch.setenv("VOCODE_API_KEY", "another-token")
    with simulator(token=TOKEN) as running:
        tally = run("--vocode-url", running.url, "-k", "end_call_answers")
    assert (tally.exit_code, tally.judged) == (3, 0)
    assert "not-authorised" in tally.rows[0].reason


def test_suite_stops_asking_a_server_that_is_not_there(run):
    tally = run("--vocode-url", "http://127.0.0.1:1", "-k", "is_refused")
    assert (tally.exit_code, tally.judged) == (3, 0)
    assert "[stopped]" in tally.rows[-1].reason


def test_suite_ends_no_call_elsewhere_that_was_not_named(run, monkeypatch):
    monkeypatch.setenv(READ_ONLY_VARIABLE, "1")  # nothing is sent at all
    tally = run("--vocode-url", "https://nowhere.invalid", "-k", "test_end_call.py or refusals.py and end_call")
    assert {row.verdict for row in tally.rows} == {"no-call", "not-permitted"}
    assert tally.exit_code == 3


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
    assert Tally([replace(ROW, verdict=verdict) for verdict in verdicts]).exit_code == code


def test_tally_wants_each_operation_judged_that_lacked_a_call():
    rows = [replace(ROW, verdict="no-call"), replace(ROW, operation="get_call")]
    assert Tally(rows).exit_code == 3


def given(**values: str) -> dict[str, Given]:
    return {key: Given(value=values.get(key, ""), source=f"--{key}") for key in ("url", "contract", "profile")}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"url": "ftp://x"}, "--url: must start with https://"),
        ({"contract": "2020-01-01"}, "--contract: unknown contract '2020-01-01'"),
        ({"profile": "lax"}, "--profile: unknown profile 'lax'"),
    ],
)
def test_settings_name_what_they_refuse(values, message):
    with pytest.raises(InvalidOption, match=message):
        Settings.from_given(given(**values))


def test_settings_consent_to_end_the_calls_that_were_named_and_nothing_else():
    identifier = "3C90C3CC-0D44-4B50-8888-8DD25736052A"
    settings = Settings.from_given(given(url="https://staging.example"), (identifier,))
    consents = settings.consents(read_only=False)
    assert list(consents.effects) == ["hangs-up"]
    assert list(consents.call_ids) == [identifier.lower()]
    assert not consents.production


def test_settings_consent_to_nothing_without_a_call():
    assert Settings.from_given(given(url="https://staging.example")).consents(read_only=False).budget == 1
    assert not Settings.from_given(given(url="https://staging.example")).consents(read_only=False).effects


class Carrier(httpx.BaseTransport):
    """A simulation under any address, which may lack operations; it notes what it was asked for."""

    def __init__(self, *lacking: str) -> None:
        self.asked: list[str] = []
        self._lacking = lacking
        self._simulator = SimulatorTransport(Simulation(Contract.load(), token=TOKEN))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path in self._lacking:
            return httpx.Response(405, json={"detail": "Method Not Allowed"})
        return self._simulator.handle_request(request)


def calls_at(url: str, carrier: Carrier, *given: str, turn: int = 0) -> tuple[Calls, CheckedClient]:
    client = CheckedClient(Client(url, Secret(TOKEN), transport=carrier), Contract.load())
    return Calls(client, given=given, turn=turn), client


def test_calls_are_created_on_this_machine_and_ended_in_the_end():
    carrier = Carrier()
    calls, client = calls_at("http://127.0.0.1:1", carrier)
    call = calls.fresh()
    calls.finish()
    assert client.get_call(call).call_status == "ended"


def test_calls_are_taken_from_the_list_where_none_can_be_created():
    taken = [calls_at("http://127.0.0.1:1", Carrier("/v1/calls/create"), turn=turn) for turn in (0, 1)]
    found = {calls.fresh() for calls, _ in taken}
    assert len(found) == 2
    assert all(client.answers[0].operation.name == "list_calls" for _, client in taken)


def test_calls_elsewhere_are_those_that_were_given():
    carrier = Carrier()
    assert [calls_at("https://staging.example", carrier, "a", "b", turn=turn)[0].fresh() for turn in (0, 1)] == [
        "a",
        "b",
    ]
    assert carrier.asked == []


def test_calls_elsewhere_are_never_created_nor_taken_from_the_list():
    carrier = Carrier()
    with pytest.raises(NoCall, match=r"--vocode-call-id \(1 given, 2 needed so far\)"):
        calls_at("https://staging.example", carrier, "a", turn=1)[0].fresh()
    assert carrier.asked == []


def test_calls_to_be_read_are_taken_from_the_list_everywhere():
    carrier = Carrier()
    calls, client = calls_at("https://staging.example", carrier)
    assert client.get_call(calls.any()).status == 200
    assert carrier.asked == ["/v1/calls/list", "/v1/calls"]


def test_calls_to_be_refused_elsewhere_do_not_exist():
    assert calls_at("https://staging.example", Carrier(), "a")[0].probe() == (UNKNOWN_ID, False)
