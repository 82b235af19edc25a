"""What a person reads at the end of a run, and what shows a violation."""

import shlex
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

pytest.importorskip("httpx")

from vocode_contract.conformance.client import CheckedClient
from vocode_contract.conformance.evidence import MOST_BODY, Evidence, collected, written
from vocode_contract.conformance.outcome import Outcome, Run
from vocode_contract.conformance.summary import lines
from vocode_contract.conformance.tally import Row, Tally
from vocode_contract.contract import Contract
from vocode_contract.redaction import Secret
from vocode_contract.report.inert import inert
from vocode_contract.report.text import MOST_LINE, MOST_TEXT
from vocode_contract.simulator import Simulation, SimulatorTransport
from vocode_contract.transport import Client, Credentials
from vocode_contract.violation import Violation

TOKEN = "tok_0123456789"
ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
VIOLATION = Violation(
    instance_pointer="/status",
    code="enum",
    expected="a word",
    actual='"another"',
    schema_pointer="/components/schemas/CallStatus/enum",
    contract="2023-11-30",
)
EVIDENCE = Evidence(
    operation="end_call", sent="curl x", status=200, media_type="application/json", size=2_000, seconds=0.5, body="{}"
)
ROW = Row(nodeid="test_end_call.py::test_ends[a b]", operation="end_call", claim="ends", verdict="conforms")
WRONG = replace(ROW, verdict="violates", violations=(VIOLATION,), evidence={VIOLATION: EVIDENCE}, seconds=1.234)
RUN = Run(
    contract="2023-11-30",
    profile="wire",
    where="https://staging.example",
    command="vocode-contract check --only",
    uncut="--all",
    started=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    seconds=2.5,
)


def outcome(*rows: Row, **changes: str) -> Outcome:
    return Outcome(run=replace(RUN, **changes), tally=Tally(list(rows)))  # type: ignore[arg-type]  # texts alone


def read(*rows: Row, full: bool = False) -> list[str]:
    return list(lines(outcome(*rows), full=full))


def client_of(*, faults: tuple[str, ...] = (), token: str = TOKEN) -> CheckedClient:
    carrier = SimulatorTransport(Simulation(Contract.load(), token=TOKEN, faults=faults))
    return CheckedClient(Client("http://127.0.0.1:1", Secret(token), transport=carrier), Contract.load())


def test_summary_begins_with_a_row_a_test():
    assert read(WRONG, replace(ROW, operation="get_call"))[:3] == [
        "operation  claim  verdict     time",
        "end_call   ends   VIOLATES  1.23 s",
        "get_call   ends   conforms  0.00 s",
    ]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (ROW, "the run was interrupted, 8 of 9 tests were not run, so there is no verdict"),
        (WRONG, "the run was interrupted, 8 of 9 tests were not run; the API breaks the contract"),
    ],
)
def test_interrupted_run_has_no_verdict_but_what_it_found(row, sentence):
    found = outcome(row)
    found.tally.planned, found.tally.interrupted = 9, 143
    assert (found.exit_code, found.verdict, found.sentence) == (143, "interrupted", sentence)


def test_summary_tells_a_violation_with_all_that_is_known_of_it():
    told = read(WRONG)
    assert told[told.index('1. /status: got "another" [enum, 2023-11-30]') + 1 : -3] == [
        "   found by  1 test of end_call",
        "   sent      curl x",
        "   came      status 200, application/json, 2,000 bytes in 0.500 s",
        "   body      {}",
        "   contract  2023-11-30 expects a word at #/components/schemas/CallStatus/enum",
        "   code      vocode-contract explain enum",
        "   rerun     vocode-contract check --only 'test_end_call.py::test_ends[a b]'",
    ]


def test_summary_tells_a_cause_once_wherever_it_was_found():
    elsewhere = replace(VIOLATION, instance_pointer="/items/0/status")
    told = read(WRONG, replace(WRONG, operation="get_call"), replace(ROW, violations=(elsewhere,)))
    [head] = [line for line in told if line[:1].isdigit() and "[enum" in line]
    assert head.startswith("1. /status, /items/0/status: got")
    assert "   found by  3 tests of end_call, get_call" in told


def test_summary_tells_errors_before_drift():
    drift = replace(VIOLATION, code="unknown-key", severity="drift")
    told = "\n".join(read(replace(ROW, violations=(drift,)), WRONG))
    assert told.index("[enum,") < told.index("[unknown-key, drift,")


def test_summary_tells_why_there_is_no_verdict():
    told = read(replace(ROW, verdict="inconclusive", reason="gone"))
    assert "   1 test: gone" in told
    assert told[-2:] == ["1 INCONCLUSIVE", "whether the API keeps the contract could not be judged"]


def test_summary_is_bounded_and_keeps_the_verdict():
    causes = tuple(replace(VIOLATION, schema_pointer=f"/s/{index}", expected="e" * 5_000) for index in range(5_000))
    told = read(replace(WRONG, violations=causes))
    assert len("\n".join(told).encode()) <= MOST_TEXT
    assert max(map(len, told)) <= MOST_LINE
    assert told[-1] == "the API breaks the contract"
    assert told[-4].endswith("more lines; --all shows all of them")


def test_summary_that_is_full_is_not_cut():
    causes = tuple(replace(VIOLATION, schema_pointer=f"/s/{index}", expected="e" * 500) for index in range(300))
    told = read(replace(WRONG, violations=causes), full=True)
    assert sum("e" * 500 in line for line in told) == 300


def test_rerun_of_the_suite_under_pytest_names_its_module():
    row = replace(WRONG, nodeid="test_ids.py::test_x[end_call]", module="vocode_contract.conformance.test_ids")
    [cause] = outcome(row, command="pytest --vocode-url U").causes
    assert cause.rerun == "pytest --vocode-url U --pyargs 'vocode_contract.conformance.test_ids::test_x[end_call]'"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::add-mask::x", r":\x3aadd-mask::x"),
        ("  ::set-output name=a::b", r"  :\x3aset-output name=a::b"),
        ("x ::error file=a,line=1::b", r"x :\x3aerror file=a,line=1::b"),
        ("##vso[task.complete]", r"#\x23vso[task.complete]"),
        ("a\n::debug::b\x1b[2J\u202e", r"a\n:\x3adebug::b\x1b[2J\u202e"),
        ("test_a.py::TestB::test_c[x]", "test_a.py::TestB::test_c[x]"),
    ],
)
def test_inert_text_gives_no_command(text, shown):
    assert inert(text) == shown


def evidence_in(client: CheckedClient, violation: Violation = VIOLATION) -> Evidence:
    [[_, evidence]] = collected(written([violation], client), [violation])
    return evidence


def sent(client: CheckedClient) -> list[str]:
    """The words of a shell that show the last request."""
    return shlex.split(evidence_in(client).sent)


def test_evidence_shows_request_and_answer():
    client = client_of(faults=("wrong-enum",))
    client.get_call(client.list_calls().members["items"][0]["id"])
    evidence = evidence_in(client, client.answers[-1].violations[0])
    assert evidence.sent.startswith("curl --request GET 'http://127.0.0.1:1/v1/calls?id=")
    assert evidence.sent.endswith('--header "Authorization: Bearer $VOCODE_API_KEY"')
    assert (evidence.status, evidence.media_type, evidence.place) == (200, "application/json", "/status")
    assert '"status": "ringing"' in evidence.body
    assert '"to_number": "<personal ' in evidence.body


@pytest.mark.parametrize(
    ("credentials", "headers"),
    [
        (None, []),
        (Credentials(token=Secret("")), ["Authorization: Bearer "]),
        (Credentials(token=Secret("vocode-contract-no-token")), ["Authorization: Bearer vocode-contract-no-token"]),
        (Credentials(scheme="Basic"), ["Authorization: Basic $VOCODE_API_KEY"]),
        (Credentials(token=Secret("another")), ["Authorization: Bearer $VOCODE_API_KEY"]),
    ],
)
def test_evidence_shows_no_token_but_those_that_were_made_up(credentials, headers):
    client = client_of()
    client.ask("get_call", {"id": ID}, credentials=credentials)
    assert [word for word in sent(client) if word.startswith("Authorization")] == headers


@pytest.mark.parametrize("value", ["not-a-uuid", f"{ID}0", "<script>", "'; true", "7"])
def test_evidence_shows_what_the_suite_sent(value):
    client = client_of()
    client.ask("get_call", {"id": value})
    assert sent(client)[3] == f"http://127.0.0.1:1/v1/calls?{urlencode({'id': value})}"


@pytest.mark.parametrize("value", ["15553334444", "sk0123456789012345678901234"])
def test_evidence_masks_numbers_and_tokens_that_were_sent(value):
    client = client_of()
    client.ask("get_call", {"id": value})
    assert value not in evidence_in(client).sent


def test_evidence_masks_what_came_from_the_api_and_was_sent_back():
    client = client_of()
    name = client.ask("list_calls", kept=False).members["items"][0]["telephony_provider"]
    client.ask("get_call", {"id": name})
    assert sent(client)[3].startswith("http://127.0.0.1:1/v1/calls?id=%3Ctext%20")


def test_evidence_of_a_list_shows_the_item_that_is_wrong():
    client = client_of()
    client.list_calls(size=5)
    wrong = replace(VIOLATION, instance_pointer="/items/3/status")
    evidence = evidence_in(client, wrong)
    assert client.answers[0].members["items"][3]["id"] in evidence.body
    assert client.answers[0].members["items"][2]["id"] not in evidence.body
    assert len(evidence.body) <= MOST_BODY


def test_evidence_comes_once_a_cause():
    client = client_of()
    client.get_call(ID)
    same = [replace(VIOLATION, instance_pointer=f"/items/{index}/status") for index in range(50)]
    assert len(written(same, client)) == 1
