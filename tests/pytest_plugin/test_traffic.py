"""`vocode_traffic` in other people's projects: what fails a test, and what the reader learns of it."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import vocode_contract
from tests.support.plugins import APART, PLUGIN
from vocode_contract.report.files import FORMATS

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

pytest_plugins = ["pytester"]

CANARY = "canary5f2b"

#: A stub of the API that answers every request wrongly, and a client whose traffic is judged.
STUB = """
import unittest
import httpx
import pytest

def answer(request):
    if request.url.path == "/v1/calls/list":
        return httpx.Response(200, json={"items": [], "page": 1, "size": 50, "has_more": False, "total": 0})
    return httpx.Response(500, json={})

@pytest.fixture
def client(vocode_traffic):
    with httpx.Client(
        transport=vocode_traffic.transport(httpx.MockTransport(answer)), base_url="https://api.example"
    ) as client:
        yield client

"""
ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
BREAKS = f'client.get("/v1/calls?id={ID}")'
KEEPS = 'client.get("/v1/calls/list")'
FOUND = "GET /v1/calls answered 500 (get_call): (document): expected one of 200, 422, got 500"


@pytest.fixture
def run(pytester, monkeypatch):
    """Run a test file in this process."""
    for name in ("VOCODE_URL", "VOCODE_CONTRACT", "VOCODE_COVERAGE", "VOCODE_PROFILE", "VOCODE_POLICY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "300")

    def running(source, *arguments):
        path = pytester.makepyfile(STUB + source)
        return pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", *arguments, path)

    return running


#: A test of unittest, which may go on with lines of its own.
TEST_CASE = f"""
class TestShop(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _client(self, client):
        self.client = client

    def test_shop(self):
        self.{BREAKS}
"""


def test_traffic_of_a_test_case_fails_it(run):
    result = run(TEST_CASE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["1 violation of the contract", f"  {FOUND} *"])


@pytest.mark.parametrize(
    ("body", "outcomes"),
    [("self.fail('theirs')", {"failed": 1}), ("self.skipTest('theirs')", {"skipped": 1, "errors": 1})],
    ids=["fails", "skips"],
)
def test_traffic_of_a_test_case_that_ends_otherwise_is_told(run, body, outcomes):
    result = run(f"{TEST_CASE}        {body}\n")
    result.assert_outcomes(**outcomes)
    result.stdout.fnmatch_lines([f"*{FOUND} *"])
    assert ("AssertionError: theirs" in result.stdout.str()) is (outcomes == {"failed": 1})


SHARED = f"""
@pytest.fixture(scope="session")
def session():
    with httpx.Client(transport=httpx.MockTransport(answer), base_url="https://api.example") as client:
        yield client
        {BREAKS}

@pytest.fixture(autouse=True)
def _overheard(session, vocode_traffic):
    session.event_hooks = {{"response": [vocode_traffic.hook]}}

def test_shop():
    pass
"""
ENDS_WRONGLY = f"""
@pytest.fixture
def tidy(client):
    yield
    {BREAKS}

def test_shop(tidy, client):
    {KEEPS}
"""


@pytest.mark.parametrize("source", [SHARED, ENDS_WRONGLY], ids=["session", "fixture"])
def test_traffic_of_a_teardown_fails_its_test(run, source):
    result = run(source)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"  {FOUND} *", "1 VIOLATES", f"ERROR *::test_shop - {FOUND} *"])


@pytest.mark.parametrize("processes", [[], ["-n1"]], ids=["alone", "xdist"])
def test_traffic_of_a_teardown_is_in_reports_once(pytester, monkeypatch, processes):
    if processes:
        pytest.importorskip("xdist")
    monkeypatch.setenv("PYTHONPATH", str(Path(vocode_contract.__file__).parents[1]))
    path = pytester.makepyfile(STUB + ENDS_WRONGLY)
    pytester.runpytest_subprocess(*APART, *processes, "--vocode-report=json", "--junitxml=junit.xml", path)
    report = json.loads((pytester.path / "vocode-contract.json").read_text("utf-8"))
    assert report["counts"] == {"violates": 1}
    [test] = report["tests"]
    assert (test["operation"], test["verdict"]) == ("list_calls, get_call", "violates")
    root = ET.fromstring((pytester.path / "junit.xml").read_text("utf-8"))  # noqa: S314 - our own file
    names = [each.get("name") for each in root.iter("property")]
    assert names.count("vocode_evidence") == names.count("vocode_violation") == 1


def test_traffic_that_failed_a_test_is_not_told_again(run):
    result = run(f"def test_shop(client):\n    {BREAKS}")
    result.assert_outcomes(failed=1)
    assert result.stdout.str().count(f"{FOUND} [") == 2  # the failure, and pytest's short summary


def test_traffic_explains_a_test_that_fails_by_itself(run, pytester):
    result = run(f"def test_shop(client):\n    assert {BREAKS}.status_code == 200", "--vocode-report=json")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E  *assert 500 == 200", "*- vocode-contract: violations in the traffic of this test -*", f"{FOUND} *"]
    )
    report = json.loads((pytester.path / "vocode-contract.json").read_text("utf-8"))
    assert (report["verdict"], report["violations"][0]["code"]) == ("violates", "status-undeclared")


@pytest.mark.parametrize("body", ["raise OSError", "pytest.skip()"], ids=["fails", "skips"])
def test_traffic_of_a_setup_is_told_with_its_end(run, body):
    result = run(f"@pytest.fixture\ndef ready(client):\n    {BREAKS}\n    {body}\n\ndef test_shop(ready): pass")
    assert result.parseoutcomes()["errors"] == 1
    result.stdout.fnmatch_lines([f"*{FOUND} *"])


def test_traffic_weighs_more_than_a_skip(run):
    run(f"def test_shop(client):\n    {BREAKS}\n    pytest.skip()").assert_outcomes(failed=1)


def test_traffic_of_a_test_that_is_expected_to_fail_is_expected(run):
    result = run(f"@pytest.mark.xfail(strict=True)\ndef test_shop(client):\n    {BREAKS}")
    result.assert_outcomes(xfailed=1)


def test_advice_on_traffic_is_told_and_passes(run):
    result = run(f"""
import time

def slow(request):
    time.sleep(0.8)
    return httpx.Response(200, json={{"items": [], "page": 1, "size": 50, "has_more": False, "total": 0}})

def test_shop(vocode_traffic):
    slowly = vocode_traffic.transport(httpx.MockTransport(slow))
    with httpx.Client(base_url="https://api.example", transport=slowly) as client:
        {KEEPS}
""")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1. list_calls 200: expected *, got a later one [[]slow, advice, 2023-11-30[]]"])


def test_traffic_that_conforms_is_not_told(run):
    result = run(f"def test_shop(client):\n    {KEEPS}")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*= contract*")


def test_traffic_that_is_accepted_fails_no_test(run, pytester):
    (pytester.path / "accepted.toml").write_text(
        '[[accepted]]\noperation = "get_call"\ncode = "status-undeclared"\nreason = "VOC-1"\n'
    )
    result = run(f"def test_shop(client):\n    {BREAKS}", "--vocode-accepted=accepted.toml", "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["get_call * conforms (accepted) *", "accepted:", "*[[]status-undeclared, accepted, *: VOC-1"]
    )


def test_traffic_that_conforms_is_counted_beside_what_breaks(run):
    result = run(
        f'@pytest.mark.parametrize("turn", range(7))\ndef test_shop(client, turn):\n'
        f"    {KEEPS}\n    if turn == 3: {BREAKS}"
    )
    result.assert_outcomes(passed=6, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*= contract 2023-11-30, wire: https://api.example =*",
            "list_calls, get_call  1 VIOLATES *",
            "   sent      curl --request GET 'https://api.example/v1/calls?id=*",
            "   received  status 500, application/json, 2 bytes in 0.*",
            "   the traffic of 6 more tests conforms",
            "1 VIOLATES",
        ]
    )


def test_traffic_is_read_by_the_policies_of_the_run(run):
    source = f"def test_shop(client):\n    {BREAKS}"
    run(source, "--vocode-policy=other-statuses=500").assert_outcomes(passed=1)


@pytest.mark.parametrize(("host", "outcome"), [("api.example", "failed"), ("other.example", "passed")])
@pytest.mark.parametrize("where", ["option", "configuration"])
def test_traffic_is_that_of_the_hosts_of_the_run(run, pytester, *, where, host, outcome):
    options = [f"--vocode-traffic-host={host}"] if where == "option" else []
    pytester.makeini("[pytest]" if options else f"[pytest]\nvocode_traffic_host = {host}")
    run(f"def test_shop(client):\n    {BREAKS}", *options).assert_outcomes(**{outcome: 1})


def test_host_that_is_none_is_one_line_at_the_start(run):
    result = run("def test_shop(): pass", "--vocode-traffic-host=https://api.example")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    [line] = filter(None, result.errlines)
    assert line.startswith("ERROR: --vocode-traffic-host: must be a host as in api.example")


def test_traffic_that_was_not_judged_is_told_once(run):
    result = run(
        "def test_shop(client):\n    client.get('/v1/cals')\ndef test_other(client):\n    client.get('/bot7:x')"
    )
    result.assert_outcomes(passed=2)
    told = [line for line in result.outlines if "checked nothing" in line]
    assert len(told) == 1
    assert told[0].startswith(
        "vocode_traffic checked nothing in test_traffic_that_was_not_judged_is_told_once.py::test_"
    )
    assert told[0].endswith(
        " and 1 more test: not an operation of the contract, or another host: "
        "GET api.example/v1/cals, GET api.example/*"
    )


def test_traffic_that_was_never_sent_is_told_to_who_asked_for_it(run):
    result = run("@pytest.fixture(autouse=True)\ndef _all(client): pass\n\ndef test_shop(): pass")
    result.stdout.no_fnmatch_line("*vocode_traffic*")
    result = run("def test_shop(vocode_traffic): pass")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["vocode_traffic checked nothing in *::test_shop: it saw no request"])


def test_traffic_whose_body_was_not_read_is_told(run):
    source = "with client.stream('GET', '/v1/calls/list') as response:\n        pass"
    late = "httpx.Response(200, headers={'content-type': 'application/json'}, stream=httpx.ByteStream(b'[]'))"
    result = run(f"def answer(request):\n    return {late}\n\ndef test_shop(client):\n    {source}")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["vocode_traffic checked 1 response without the body in *::test_shop: longer than 8,388,608 bytes, or *"]
    )


def test_traffic_beside_a_client_is_told_with_its_own_evidence(run, pytester):
    result = run(
        f"def test_shop(vocode_client, client):\n    vocode_client.list_calls()\n    {BREAKS}", "--vocode-report=json"
    )
    result.assert_outcomes(failed=1)
    report = json.loads((pytester.path / "vocode-contract.json").read_text("utf-8"))
    assert report["where"] == "the built-in simulator"
    assert [each["evidence"]["sent"].split("'")[1] for each in report["violations"]] == [
        f"https://api.example/v1/calls?id={ID}"
    ]


LEAKS = f"""
import base64

def answer(request):
    return httpx.Response(422, json={{"detail": [{{"loc": [], "msg": 7, "type": "{CANARY}"}}], "{CANARY}": "{CANARY}"}})

@pytest.mark.parametrize("number", range(5))
def test_shop(client, number):
    authorization = ["Bearer {CANARY}", "{CANARY}", "{CANARY} {CANARY}", "Bearer", "Basic"][number]
    user = "user:{CANARY}@" * (number == 4)
    headers = {{"Authorization": authorization, "Content-Type": "application/json; x={CANARY}"}}
    headers |= {{"X-API-Key": "{CANARY}", "Cookie": "session={CANARY}"}}
    url = f"https://{{user}}api.example/{CANARY}/v1/calls/create?id={CANARY}&{CANARY}=1&token={CANARY}"
    client.post(url, headers=headers, json={{"to_number": "{CANARY}", "agent": {{"openai_api_key": "{CANARY}"}}}})
    client.get("/{CANARY}7/" + "{CANARY}" * 9)
"""


@pytest.mark.parametrize("end", ["", "    assert number == 7\n"], ids=["passes", "fails"])
def test_reports_of_traffic_hold_no_secret(run, pytester, end):
    files = {name: f"a.{extension}" for name, (_, extension) in FORMATS.items()}
    options = [f"--vocode-report={name}={file}" for name, file in files.items()]
    result = run(LEAKS + end, *options, "--junitxml=b.xml", "--tb=line")
    result.assert_outcomes(failed=5)
    texts = [(pytester.path / file).read_text("utf-8") for file in (*files.values(), "b.xml")]
    assert not [text for text in (*texts, result.stdout.str()) if CANARY in text]
