"""What a person reads at the end of a run, and what shows a violation."""

import json
import os
import shlex
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

pytest.importorskip("httpx")

from vocode_contract.conformance.assertions.responses import assert_ended
from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.run.verdict import find_violations
from vocode_contract.contract.model import Contract
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.created_calls import MARK
from vocode_contract.http.client.fictional_call import CONTEXT, REQUEST
from vocode_contract.http.client.request import INVALID_TOKEN, Credentials, OperationRequest
from vocode_contract.report.evidence import (
    MOST_BODY,
    MOST_NOTED,
    Evidence,
    FirstSeen,
    find_place,
    read_evidence,
    write_evidence,
)
from vocode_contract.report.outcome import Outcome, RunDescription
from vocode_contract.report.results import ResultCollector
from vocode_contract.report.row import Row
from vocode_contract.report.summary import describe_basis, fold_command, render_summary
from vocode_contract.report.text import MOST_LINE, MOST_TEXT, cut_around
from vocode_contract.simulator import Simulation, SimulatorTransport
from vocode_contract.validation.masking import Secret
from vocode_contract.validation.safe_text import inert
from vocode_contract.validation.violation import ContractViolated, Violation

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
RUN = RunDescription(
    contract="2023-11-30",
    profile="wire",
    where="https://staging.example",
    command="vocode-contract check --only",
    uncut="--all",
    started=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    seconds=2.5,
)


def outcome(*rows: Row, **changes: object) -> Outcome:
    return Outcome(run=replace(RUN, **changes), tally=ResultCollector(list(rows)))  # type: ignore[arg-type]  # fields of it


def read(*rows: Row, full: bool = False, verbosity: int = 0) -> list[str]:
    return list(render_summary(outcome(*rows), full=full, verbosity=verbosity))


def client_of(*, faults: tuple[str, ...] = (), token: str = TOKEN) -> CheckedClient:
    carrier = SimulatorTransport(Simulation(Contract.load(), token=TOKEN, faults=faults))
    return CheckedClient(Client("http://127.0.0.1:1", Secret(token), transport=carrier), Contract.load())


def test_folded_command_breaks_between_the_words_of_json():
    context = {"vocode_contract_request": "it's 3c90c3cc-0d44-4b50-8888-8dd25736052a"}
    content = {
        "from_number": "1202",
        "agent": {"prompt": {"content": "A bot that talks and talks"}, "context": context},
    }
    words = ["curl", "-X", "POST", "-d", json.dumps(content), "https://staging.example/v1/calls/create"]
    lines = fold_command(shlex.join(words), 80)
    assert shlex.split("\n".join(lines).replace("\\\n", "")) == words
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line.endswith("'\\") and not line.endswith(" '\\")] == []


def test_summary_of_a_run_that_passed_is_a_line_an_operation():
    assert read(replace(ROW, seconds=1), ROW, replace(ROW, operation="get_call")) == [
        "operation  tests         time",
        "end_call   2 conforms  1.00 s",
        "get_call   1 conforms  0.00 s",
        "",
        "3 conforms",
        "all checks that ran passed",
    ]


def test_quiet_summary_is_the_verdict_unless_something_failed():
    assert read(ROW, verbosity=-1) == ["all checks that ran passed"]
    found = read(WRONG, verbosity=-1)
    assert found[1] == '1. end_call 200 /status: expected a word, got "another" [enum, 2023-11-30]'
    assert found[-2:] == ["1 VIOLATES", "the API violates the contract"]


def test_verbose_summary_begins_with_a_row_a_test():
    assert read(WRONG, replace(ROW, operation="get_call"), verbosity=1)[:3] == [
        "operation  claim  verdict     time",
        "end_call   ends   VIOLATES  1.23 s",
        "get_call   ends   conforms  0.00 s",
    ]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (ROW, "the run was interrupted, 8 of 9 tests were not run; no verdict"),
        (WRONG, "the run was interrupted, 8 of 9 tests were not run; the API violates the contract"),
    ],
)
def test_interrupted_run_has_no_verdict_but_what_it_found(row, sentence):
    found = outcome(row)
    found.tally.planned, found.tally.interrupted = 9, 143
    assert (found.exit_code, found.verdict, found.sentence) == (143, "interrupted", sentence)


def test_summary_tells_a_violation_with_all_that_is_known_of_it():
    told = read(WRONG)
    start = told.index('1. end_call 200 /status: expected a word, got "another" [enum, 2023-11-30]') + 1
    assert told[start : told.index("", start)] == [
        "   found by  1 test of end_call",
        "   sent      curl x",
        "   received  status 200, application/json, 2,000 bytes in 0.500 s",
        "   body      {}",
        "   contract  2023-11-30 expects a word at #/components/schemas/CallStatus/enum",
        "   code      vocode-contract explain enum",
        "   rerun     vocode-contract check --only 'test_end_call.py::test_ends[a b]'",
    ]


def test_summary_tells_apart_what_came_from_no_server():
    sent = replace(WRONG, nodeid="test_traffic.py::test_b", endpoint="https://staging.example")
    payload = replace(WRONG, nodeid="test_payload.py::test_a", evidence={})
    causes = outcome(payload, sent).causes
    assert [(cause.rerun.rpartition(" ")[2], cause.evidence is not None) for cause in causes] == [
        ("test_payload.py::test_a", False),
        ("test_traffic.py::test_b", True),
    ]


def test_rerun_names_the_test_whose_exchange_is_shown():
    silent = replace(WRONG, nodeid="test_a.py::test_a", evidence={})
    [cause] = outcome(silent, replace(WRONG, nodeid="test_b.py::test_b")).causes
    assert cause.rerun.endswith(" test_b.py::test_b")


def test_last_line_says_how_to_permit_what_was_not():
    unsent = replace(ROW, verdict="not-permitted", reason="end_call was not sent")
    assert read(replace(ROW, operation="get_call"), unsent)[-1] == (
        "inconclusive: some checks were not permitted; permit them with --allow, "
        "or set VOCODE_CONTRACT_READ_ONLY=1 to leave them out"
    )


def test_last_line_of_a_read_only_run_without_a_check_does_not_ask_for_what_is_set():
    left_out = replace(ROW, verdict="not-permitted", reason="end_call was not sent", is_left_out=True)
    assert read(left_out, left_out)[-1] == (
        "inconclusive: every selected check was left out; select others, such as those that only read"
    )


def test_summary_tells_a_cause_once_wherever_it_was_found():
    elsewhere = replace(VIOLATION, instance_pointer="/items/0/status")
    told = read(WRONG, replace(WRONG, operation="get_call"), replace(ROW, violations=(elsewhere,)))
    [head] = [line for line in told if line[:1].isdigit() and "[enum" in line]
    assert head.startswith("1. end_call 200 /status, /items/0/status: expected a word, got")
    assert "   found by  3 tests of end_call, get_call" in told


def test_summary_names_a_place_once():
    told = read(WRONG, replace(WRONG, violations=(replace(VIOLATION, actual="x"), replace(VIOLATION, actual="y"))))
    [head] = [line for line in told if line.startswith("1. ")]
    assert head == '1. end_call 200 /status: expected a word, got "another" and others [enum, 2023-11-30]'


def test_summary_tells_apart_what_is_wrong_with_whole_answers():
    whole = [replace(VIOLATION, instance_pointer="", code="status-undeclared", actual="500") for _ in range(2)]
    whole[1] = replace(whole[1], schema_pointer="/other")
    rows = [
        replace(WRONG, violations=(one,), evidence={one: replace(EVIDENCE, operation=name, status=500)})
        for one, name in zip(whole, ("end_call", "get_call"), strict=True)
    ]
    assert [line for line in read(*rows) if line[:1].isdigit() and "got" in line] == [
        "1. end_call 500: expected a word, got 500 [status-undeclared, 2023-11-30]",
        "2. get_call 500: expected a word, got 500 [status-undeclared, 2023-11-30]",
    ]


def test_summary_tells_as_one_what_differs_in_the_branch_of_a_union_alone():
    place = "/agent/voice/user_id"
    voices = tuple(
        replace(
            VIOLATION, instance_pointer=start + place, schema_pointer=f"/components/schemas/{name}/properties/user_id"
        )
        for name, start in (("AzureVoice", ""), ("RimeVoice", "/items/3"), ("PlayHtVoice", ""))
    )
    [cause] = outcome(replace(WRONG, violations=voices)).causes
    assert len(cause.sources) == 3
    assert describe_basis(cause)[1].endswith("#/components/schemas/AzureVoice/properties/user_id and 2 more")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "   contract  2023-11-30 expects a word at #/components/schemas/CallStatus/enum"),
        (
            {"code": "not-refused", "policy": "authentication=401", "schema_pointer": "/p"},
            "   policy    authentication=401 expects a word, which the contract 2023-11-30 leaves open at #/p",
        ),
        (
            {"code": "start-time-moved", "schema_pointer": "/p"},
            "   inferred  a word is expected: it follows from the contract 2023-11-30 at #/p and from what was seen",
        ),
        ({"code": "framing", "schema_pointer": ""}, "   standard  RFC 9112 section 6.3 expects a word"),
        ({"code": "slow", "schema_pointer": ""}, "   practice  its users expect a word; no document states it"),
    ],
)
def test_summary_tells_who_expects_something(changes, line):
    assert line in read(replace(WRONG, violations=(replace(VIOLATION, **changes),)))


def test_summary_tells_what_was_sent_before():
    evidence = replace(EVIDENCE, before=("curl one", "curl two"))
    told = read(replace(WRONG, evidence={VIOLATION: evidence}))
    at = told.index("   before    curl one")
    assert told[at + 1 : at + 3] == ["   before    curl two", "   sent      curl x"]


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
@pytest.mark.parametrize("size", [10, 500, 3_000, 7_000])
def test_summary_tells_a_command_in_short_lines_that_can_be_pasted_whole(size):
    words = ["curl", "--request", "POST", f"http://h/?id={'f' * size}", "--data-binary", "it's " * (size // 5)]
    told = read(replace(WRONG, evidence={VIOLATION: replace(EVIDENCE, sent=shlex.join(words))}))
    start = next(index for index, line in enumerate(told) if line.startswith("   sent"))
    end = next(index for index, line in enumerate(told) if line.startswith("   received"))
    assert max(map(len, told)) <= MOST_LINE
    pasted = "\n".join([told[start].removeprefix("   sent"), *told[start + 1 : end]])
    printed = subprocess.run(["/bin/sh", "-c", f"printf '%s\\0' {pasted}"], capture_output=True, check=True, text=True)
    assert printed.stdout.split("\0")[:-1] == words


def test_summary_says_beside_a_cut_body_how_to_see_more():
    body = json.dumps({"status": "x", "text": "y" * 600})
    spoilt = replace(WRONG, evidence={VIOLATION: replace(EVIDENCE, body=body)})
    [line] = [line for line in read(spoilt) if line.startswith("   body")]
    assert line.endswith("... (cut; --all shows more)")
    assert len(line) <= MOST_LINE
    assert f"   body      {body}" in read(spoilt, full=True)


@pytest.mark.parametrize("size", [300, 5_000])
def test_summary_cuts_a_body_around_the_place_and_not_around_a_key_of_that_name(size):
    body = {"user_id": "outer", "text": "x" * size, "agent": {"user_id": "inner", "text": "y" * size}, "z": "z" * size}
    excerpt = cut_around(json.dumps(body), find_place(json.dumps(body), "/agent/user_id"), MOST_BODY)
    spoilt = replace(WRONG, evidence={VIOLATION: replace(EVIDENCE, body=excerpt, place="/agent/user_id")})
    [line] = [line for line in read(spoilt) if line.startswith("   body")]
    assert ('"inner"' in line, '"outer"' in line) == (True, False)


def test_contradiction_is_one_cause_wherever_in_the_schema_it_shows():
    found = [
        replace(VIOLATION, code="foreign-owner", instance_pointer=place, schema_pointer=f"/components/schemas/{schema}")
        for place, schema in (("/agent/user_id", "Agent"), ("/agent/voice/user_id", "AzureVoice"))
    ]
    [cause] = outcome(replace(WRONG, violations=tuple(found))).causes
    assert cause.violation.instance_pointer == "/agent/user_id, /agent/voice/user_id"
    assert len(cause.sources) == 2


def test_summary_tells_errors_before_drift():
    drift = replace(VIOLATION, code="unknown-key", severity="drift")
    told = "\n".join(read(replace(ROW, violations=(drift,)), WRONG))
    assert told.index("[enum,") < told.index("[unknown-key, drift,")


def test_summary_tells_why_there_is_no_verdict():
    told = read(replace(ROW, verdict="inconclusive", reason="gone"))
    assert "   1 test: gone" in told
    assert told[-2:] == ["1 INCONCLUSIVE", "inconclusive: could not check the API"]


def test_summary_is_bounded_and_keeps_the_verdict():
    causes = tuple(replace(VIOLATION, schema_pointer=f"/s/{index}", expected="e" * 5_000) for index in range(5_000))
    told = read(replace(WRONG, violations=causes))
    assert len("\n".join(told).encode()) <= MOST_TEXT
    assert max(map(len, told)) <= MOST_LINE
    assert told[-1] == "the API violates the contract"
    assert told[-4].endswith("more lines; --all shows all of them")


def test_summary_that_is_full_is_not_cut():
    causes = tuple(replace(VIOLATION, schema_pointer=f"/s/{index}", expected="e" * 500) for index in range(300))
    told = read(replace(WRONG, violations=causes), full=True)
    assert sum("e" * 500 in line for line in told) == 600  # the heading, and what it rests on


def test_rerun_of_the_suite_under_pytest_names_its_module():
    row = replace(WRONG, nodeid="test_ids.py::test_x[end_call]", module="vocode_contract.conformance.test_ids")
    [cause] = outcome(row, command="pytest --vocode-url U", is_pytest=True).causes
    assert cause.rerun == "pytest --vocode-url U --pyargs 'vocode_contract.conformance.test_ids::test_x[end_call]'"


@pytest.mark.parametrize(
    ("command", "rerun"),
    [
        ("vocode-contract check --only", "vocode-contract check --only t.py::test_x --fuzz 5 --seed 7"),
        ("pytest", "pytest --pyargs m::test_x --vocode-fuzz 5 --vocode-seed 7"),
    ],
)
def test_rerun_has_the_options_without_which_the_test_does_something_else(command, rerun):
    row = replace(WRONG, nodeid="t.py::test_x", module="m", options={"fuzz": 5, "seed": 7})
    [cause] = outcome(row, command=command, is_pytest=command == "pytest").causes
    assert cause.rerun == rerun


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
    """The evidence for a violation in the last answer."""
    sight = FirstSeen(answer=client.answers[-1], place=violation.instance_pointer)
    [[_, evidence]] = read_evidence(write_evidence({violation: sight}, client), [violation])
    return evidence


def evidence_of(client: CheckedClient, claimed: ContractViolated | None = None) -> dict[str, Evidence]:
    """The evidence for all that is wrong in a test, by code."""
    sights, _ = find_violations(client, claimed)
    return {
        violation.code: evidence for violation, evidence in read_evidence(write_evidence(sights, client), tuple(sights))
    }


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
        (Credentials(token=Secret("")), ["Authorization: Bearer"]),
        (Credentials(token=Secret(INVALID_TOKEN)), [f"Authorization: Bearer {INVALID_TOKEN}"]),
        (Credentials(scheme="Basic"), ["Authorization: Basic $VOCODE_API_KEY"]),
        (Credentials(cut=1), ["Authorization: Bearer ${VOCODE_API_KEY%?}"]),
        (Credentials(token=Secret("another")), ["Authorization: Bearer $VOCODE_OTHER_API_KEY"]),
    ],
)
def test_evidence_shows_no_token_but_those_that_were_made_up(credentials, headers):
    client = client_of()
    client.send("get_call", {"id": ID}, credentials=credentials)
    assert [word for word in sent(client) if word.startswith("Authorization")] == headers


@pytest.mark.parametrize("value", ["not-a-uuid", f"{ID}0", "<script>", "'; true", "7"])
def test_evidence_shows_what_the_suite_sent(value):
    client = client_of()
    client.send("get_call", {"id": value})
    assert sent(client)[3] == f"http://127.0.0.1:1/v1/calls?{urlencode({'id': value})}"


@pytest.mark.parametrize("value", ["15553334444", "sk0123456789012345678901234"])
def test_evidence_masks_numbers_and_tokens_that_were_sent(value):
    client = client_of()
    client.send("get_call", {"id": value})
    assert value not in evidence_in(client).sent


def test_evidence_masks_what_came_from_the_api_and_was_sent_back():
    client = client_of()
    name = client.send("list_calls", keep=False).members["items"][0]["telephony_provider"]
    client.send("get_call", {"id": name})
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
    sight = FirstSeen(answer=client.answers[-1], place="/status")
    assert len(write_evidence(dict.fromkeys(same, sight), client)) == 1


def test_evidence_of_one_test_is_bounded():
    client = client_of()
    client.send("get_call", {"id": "f" * 7_000})
    different = [replace(VIOLATION, schema_pointer=f"/s/{index}") for index in range(50)]
    sight = FirstSeen(answer=client.answers[-1], place="/status", steps=(client.answers[-1],) * 2)
    properties = write_evidence(dict.fromkeys(different, sight), client)
    assert MOST_NOTED < sum(len(str(value)) for _, value in properties) < 1.5 * MOST_NOTED


def test_evidence_of_what_was_seen_nowhere_is_none():
    client = client_of()
    client.get_call(ID)
    claimed = ContractViolated((VIOLATION,))
    assert VIOLATION.code not in evidence_of(client, claimed)


def test_evidence_of_a_life_is_the_answer_that_broke_it_and_the_sight_before():
    client = client_of(faults=("end-heals-failure",))
    [failed] = [item for item in client.list_calls(size=100).items if item["status"] == "error"]
    client.end_call(failed["id"])
    client.get_call(ID)  # which has nothing to do with it
    evidence = evidence_of(client)["outcome-changed"]
    assert (evidence.operation, evidence.place) == ("end_call", "/status")
    assert '"status": "ended"' in evidence.body
    [before] = evidence.before
    assert "/v1/calls/list?" in before


def test_evidence_of_a_life_points_at_the_call_in_a_list():
    client = client_of()
    page = client.list_calls(size=100)
    index, living = next((index, item) for index, item in enumerate(page.items) if item["status"] == "in_progress")
    later = replace(client.get_call(living["id"]), at=page.at - 1)  # as if it had come before, further on
    spoilt = later.exchange.response.body.replace(b'"in_progress"', b'"ended"')
    response = replace(later.exchange.response, body=spoilt)
    client.answers[1] = replace(later, exchange=replace(later.exchange, response=response))
    assert evidence_of(client)["status-went-back"].place == f"/items/{index}/status"


def test_evidence_of_what_a_request_did_shows_that_request_before():
    client = client_of(faults=("end-of-another-call",))
    living = next(item["id"] for item in client.list_calls().items if item["status"] == "in_progress")
    client.end_call(living)
    seen = client.get_call(living)
    with pytest.raises(ContractViolated) as raised:
        assert_ended(seen)
    evidence = evidence_of(client, raised.value)["call-not-ended"]
    [before] = evidence.before
    assert before.startswith(f"curl --request POST 'http://127.0.0.1:1/v1/calls/end?id={living}'")
    assert evidence.sent.startswith("curl --request GET")


def created(number: str = "12025550145", **changes: object) -> list[str]:
    client = client_of()
    client.create_call({**REQUEST, "to_number": number, "context": {**CONTEXT, MARK: "0" * 32}, **changes})
    return sent(client)


def test_evidence_shows_a_request_that_the_suite_made_up_so_that_it_can_be_sent_again():
    words = created()
    body = json.loads(words[words.index("--data-binary") + 1])
    assert body == {**REQUEST, "to_number": "12025550145", "context": {**CONTEXT, MARK: "0" * 32}}


def test_evidence_masks_the_number_that_a_user_gave():
    words = created("15553334444")
    body = json.loads(words[words.index("--data-binary") + 1])
    assert body["to_number"].startswith("<personal ")
    assert body["agent"] == REQUEST["agent"]


@pytest.mark.parametrize(
    "changes",
    [
        {"agent": {"prompt": {"content": "secret kanarie"}}},
        {"context": {**CONTEXT, MARK: "secret kanarie"}},
        {"context": {**CONTEXT, MARK: "0" * 32, "more": "secret kanarie"}},
        {"from_number": "secret kanarie"},
        {"transcript": "secret kanarie"},
    ],
)
def test_evidence_masks_a_request_of_a_users_own(changes):
    assert "kanarie" not in " ".join(created(**changes))


def test_evidence_shows_no_part_of_a_request_that_is_too_long():
    client = client_of()
    client.send("get_call", {"id": "f" * 10_000})
    assert evidence_in(client).sent == "a request of 10,101 characters, which is too long to show"


def test_evidence_of_a_generated_request_can_be_sent_again():
    client = client_of()
    body = b'{"to_number": "15553334444", "from_number": 1, "agent": {"prompt": {"content": "x"}}}'
    operation = client.contract.operations["create_call"]
    wanted = OperationRequest(operation=operation, body=body, media_type="application/json", generated=True)
    client.answers.append(client.exchange(replace(wanted, arguments=(("no", "15553334444"),))))
    assert sent(client)[3].endswith("/v1/calls/create?no=15553334444")
    assert sent(client)[-1].encode() == body
