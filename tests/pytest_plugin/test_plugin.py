"""The plugin in other people's projects: outcomes and what they read."""

import json
import os
import shlex
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import vocode_contract
from tests.support.plugins import APART, PLUGIN

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.simulator import simulator

pytest_plugins = ["pytester"]

TOKEN = "tok_0123456789"
CANARY = "canary-5f2b"

READS_A_CALL = """
def test_shop(vocode_client):
    call = vocode_client.list_calls().members["items"][0]["id"]
    assert vocode_client.get_call(call).status == 200
"""
JUDGES_A_PAYLOAD = f"""
def test_shop(assert_conforms):
    payload = {{"id": "{CANARY}", "status": "{CANARY}", "user_id": "{CANARY}"}}
    assert_conforms(payload)
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Run a test file in this process."""
    for name in ("VOCODE_URL", "VOCODE_CONTRACT", "VOCODE_COVERAGE", "VOCODE_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VOCODE_API_KEY", TOKEN)

    def running(source, *arguments):
        path = pytester.makepyfile(source)
        return pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", "--strict-markers", *arguments, path)

    return running


def test_plugin_says_nothing_in_a_run_that_does_not_use_it(run):
    result = run("def test_other(): pass")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*contract*:*")


def test_plugin_documents_its_options(pytester):
    result = pytester.runpytest_inprocess(*PLUGIN, "--help")
    result.stdout.fnmatch_lines(["*--vocode-url=URL*", "*--vocode-call-id=ID*", "*vocode_url (string):*"])


def test_plugin_takes_no_token_as_option(run):
    result = run(READS_A_CALL, "--vocode-api-key", TOKEN)
    assert result.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--vocode-url", "ftp://x", "must start with https://"),
        ("--vocode-contract", "2020-01-01", "unknown contract '2020-01-01'"),
        ("--vocode-profile", "lax", "unknown profile 'lax'"),
        ("--vocode-call-id", "7", "must be the id of a call"),
    ],
)
def test_unusable_option_is_one_line_at_the_start(run, option, value, reason):
    result = run("def test_other(): pass", option, value)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    [line] = filter(None, result.errlines)
    assert line.startswith(f"ERROR: {option}: {reason}")


def test_unusable_key_of_the_configuration_is_refused_at_the_start(run, pytester):
    pytester.makeini("[pytest]\nvocode_url = http://staging.example")
    result = run("def test_other(): pass")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: vocode_url in the configuration file: must start with https://*"])


def test_unusable_variable_is_refused_where_it_would_be_used(run, monkeypatch):
    monkeypatch.setenv("VOCODE_URL", "http://staging.example")
    run("def test_other(): pass").assert_outcomes(passed=1)
    result = run(READS_A_CALL)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: VOCODE_URL: must start with https://*"])


def test_unusable_variable_is_not_refused_if_the_tests_that_use_it_are_deselected(run, monkeypatch):
    monkeypatch.setenv("VOCODE_URL", "http://staging.example")
    run(f"{READS_A_CALL}\ndef test_other(): pass", "-k", "other").assert_outcomes(passed=1, deselected=1)


def test_option_that_is_not_given_has_its_default_in_a_run_that_does_not_use_the_plugin(run):
    run("""
        def test_other(pytestconfig):
            assert pytestconfig.getoption("--vocode-url") is pytestconfig.getoption("vocode_contract") is None
            assert pytestconfig.getini("vocode_url") == ""
    """).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("VOCODE_URL", "https://staging.example.com"),
        ("VOCODE_URL", "http://staging.example.com"),
        ("VOCODE_TIMEOUT", "soon"),
        ("VOCODE_CA", "nowhere.pem"),
        ("VOCODE_PROXY", "socks://proxy.example.com"),
    ],
)
def test_variable_of_the_endpoint_has_no_effect_on_tests_that_send_nothing_there(run, monkeypatch, *, variable, value):
    monkeypatch.setenv(variable, value)
    result = run(f"{JUDGES_A_PAYLOAD}\ndef test_other(vocode_traffic): pass", "--vocode-contract=2024-08-27")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*[[]format, 2024-08-27[]]"])


def test_variable_of_the_endpoint_fails_a_test_that_asks_for_the_client_late(run, monkeypatch):
    monkeypatch.setenv("VOCODE_URL", "https://staging.example.com")
    source = f"def test_late(request):\n    request.getfixturevalue('vocode_client')\n\n{JUDGES_A_PAYLOAD}"
    result = run(source)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*staging.example.com is not this machine; pass it with --vocode-url, *"])


def test_client_comes_late_under_a_contract_of_the_project(run, pytester):
    pytester.makeconftest("""
        import pytest
        from vocode_contract import Contract

        @pytest.fixture(scope="session")
        def vocode_contract():
            return Contract.load("2024-04-19")

        @pytest.fixture
        def client(request):
            return request.getfixturevalue("vocode_client")
    """)
    source = """
        def test_conforms(client):
            assert client.get_call(client.list_calls().members["items"][0]["id"]).status == 200

        def test_violates(client):
            client.get_call("not-a-uuid")
            raise AssertionError
    """
    run(source).assert_outcomes(passed=1, failed=1)


def test_client_and_simulator_start_before_the_fixtures_of_the_first_test_that_uses_them(run):
    result = run("""
        import socket
        import pytest

        @pytest.fixture(autouse=True)
        def no_network(monkeypatch):
            monkeypatch.setattr(socket.socket, "bind", None)

        @pytest.fixture
        def other_token(monkeypatch):
            monkeypatch.setenv("VOCODE_API_KEY", "of-one-test-alone")

        def test_first(other_token, vocode_client, vocode_simulator):
            assert vocode_client.list_calls().status == 200
    """)
    result.assert_outcomes(passed=1)


def test_token_of_one_test_is_not_sent_by_others(run):
    with simulator(token=TOKEN) as running:
        result = run(
            """
            import pytest

            @pytest.fixture
            def other_token(monkeypatch):
                monkeypatch.setenv("VOCODE_API_KEY", "of-one-test-alone")

            def test_first(other_token, vocode_client): pass
            def test_second(vocode_client):
                assert vocode_client.list_calls().status == 200
            """,
            f"--vocode-url={running.url}",
        )
    result.assert_outcomes(passed=2)


def test_marker_that_a_conftest_adds_counts(run, pytester):
    pytester.makeconftest("""
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.vocode_operation("end_call"))
    """)
    run("def test_other(): pass", "--junitxml=junit.xml").assert_outcomes(passed=1)
    report = (pytester.path / "junit.xml").read_text()
    assert report.count("<property ") == report.count("vocode_operation") + report.count("vocode_claim") == 2


def test_conftest_of_a_directory_sees_the_violations_of_its_tests(run, pytester):
    directory = pytester.mkdir("known")
    (directory / "conftest.py").write_text("""
import pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call():
    try:
        return (yield)
    except AssertionError:
        pytest.xfail("known")
""")
    (directory / "test_known.py").write_text("""
import httpx

def test_known(vocode_traffic):
    stub = httpx.MockTransport(lambda request: httpx.Response(200, json={"id": "x"}))
    with httpx.Client(transport=vocode_traffic.transport(stub), base_url="http://stub") as client:
        client.get("/v1/calls", params={"id": "3c90c3cc-0d44-4b50-8888-8dd25736052a"})
""")
    run("def test_other(): pass", pytester.path).assert_outcomes(passed=1, xfailed=1)


@pytest.mark.parametrize("option", ["--vocode-timeout=0.1", "--vocode-max-body=100"])
def test_limit_of_an_exchange_holds_for_the_simulator_too(run, option):
    result = run(
        """
        def test_slow_and_long(vocode_client, vocode_simulator):
            vocode_simulator.arm("delay-fixed")
            vocode_client.end_call(vocode_simulator.place())
        """,
        option,
    )
    assert result.ret == 3


@pytest.mark.parametrize(
    ("option", "variable", "key", "date"),  # the last is the one that counts
    [
        ("2024-08-27", "2024-04-19", "2023-11-30", "2024-08-27"),
        (None, "2024-04-19", "2024-08-27", "2024-04-19"),
        (None, None, "2024-08-27", "2024-08-27"),
        (None, None, "", "2023-11-30"),
    ],
)
def test_option_comes_before_the_environment_before_the_configuration(
    run, pytester, monkeypatch, *, option, variable, key, date
):
    pytester.makeini(f"[pytest]\nvocode_contract = {key}")
    if variable:
        monkeypatch.setenv("VOCODE_CONTRACT", variable)
    source = f"def test_shop(vocode_contract):\n    assert vocode_contract.date == '{date}'"
    run(source, *(["--vocode-contract", option] if option else [])).assert_outcomes(passed=1)


def test_client_asks_the_simulator_without_a_url(run):
    result = run(READS_A_CALL)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*contract 2023-11-30, wire: the built-in simulator*", "1 conforms"])


def test_client_asks_the_server_that_was_named(run):
    with simulator(token=TOKEN) as running:
        result = run(READS_A_CALL, "--vocode-url", running.url)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"*wire: {running.url}*"])


def test_client_fails_a_test_for_an_answer_that_breaks_the_contract(run):
    with simulator(token=TOKEN, faults=("wrong-enum",)) as running:
        result = run(READS_A_CALL, "--vocode-url", running.url)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["1 violation of the contract", '  /status: expected one of *, got "ringing" [[]enum, 2023-11-30[]]']
    )


def test_client_leaves_a_failure_of_the_test_itself_to_its_owner(run):
    result = run("def test_shop(vocode_client):\n    assert vocode_client.list_calls().status == 404")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E   *assert 200 == 404"])


def test_client_that_gets_no_answer_leaves_a_failure_beside_it_a_failure(run):
    result = run(f"{READS_A_CALL}\n\ndef test_mine():\n    assert not 1\n", "--vocode-url", "http://127.0.0.1:1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_client_that_gets_no_answer_is_reported_apart(run):
    result = run(READS_A_CALL, "--vocode-url", "http://127.0.0.1:1")
    assert result.ret == 3
    result.stdout.fnmatch_lines(["*apart.py [?] *", "*[[]unreachable[]]*", "*= 1 inconclusive in *"])
    result.stdout.no_fnmatch_line("*Traceback*")


#: Tests that end without a complete response, and what else there may be beside one.
NO_ANSWER = """
import pytest
from vocode_contract.http.inconclusive import Inconclusive

def ask():
    raise Inconclusive("closed", "made up")
"""
PIECES = {
    "inconclusive": "def test_shop():\n    ask()",
    "inconclusive-twice": "@pytest.fixture\ndef shop():\n    yield\n    ask()\n\ndef test_shop(shop):\n    ask()",
    "inconclusive-then-fails": (
        "@pytest.fixture\ndef shop():\n    yield\n    assert 0\n\ndef test_shop(shop):\n    ask()"
    ),
    "inconclusive-as-expected": "@pytest.mark.xfail\ndef test_expected():\n    ask()",
    "passes-unexpectedly": "@pytest.mark.xfail(strict=True)\ndef test_unexpected():\n    pass",
    "fails": "def test_mine():\n    assert 0",
    "subtests": "def test_parts(subtests):\n    for _ in range(2):\n        with subtests.test():\n            ask()",
    "subtests-fail": (
        "def test_parts(subtests):\n    with subtests.test():\n        ask()\n"
        "    with subtests.test():\n        assert 0"
    ),
}


@pytest.mark.parametrize(
    ("pieces", "code"),
    [
        ("inconclusive", 3),
        ("inconclusive-twice", 3),
        ("inconclusive-then-fails", 1),
        ("inconclusive-as-expected fails", 1),
        ("inconclusive inconclusive-as-expected", 3),
        ("inconclusive passes-unexpectedly", 1),
        ("subtests", 3),
        ("subtests fails", 1),
        ("subtests-fail", 1),
    ],
)
def test_exit_code_is_inconclusive_only_if_nothing_failed(run, pieces, code):
    if "subtests" in pieces and not hasattr(pytest, "Subtests"):
        pytest.skip("subtests came with pytest 9")
    result = run("\n\n".join([NO_ANSWER, *(PIECES[piece] for piece in pieces.split())]))
    assert result.ret == code
    assert ("failed" in result.parseoutcomes() or "errors" in result.parseoutcomes()) is (code == 1)


def test_subtests_are_one_result(run, pytester):
    if not hasattr(pytest, "Subtests"):
        pytest.skip("subtests came with pytest 9")
    run(f"{NO_ANSWER}\n\n{PIECES['subtests']}", "--vocode-report=json")
    report = json.loads((pytester.path / "vocode-contract.json").read_text("utf-8"))
    assert report["counts"] == {"inconclusive": 1}


def test_violation_weighs_more_than_an_earlier_part_without_response(run, pytester):
    if not hasattr(pytest, "Subtests"):
        pytest.skip("subtests came with pytest 9")
    result = run(
        f"""{NO_ANSWER}
def test_parts(subtests, vocode_client, vocode_simulator):
    with subtests.test():
        ask()
    vocode_simulator.arm("wrong-enum")
    vocode_client.get_call(vocode_simulator.place())
""",
        "--vocode-report=json",
    )
    assert result.ret == 1
    [test] = json.loads((pytester.path / "vocode-contract.json").read_text("utf-8"))["tests"]
    assert test["verdict"] == "violates"


#: A test whose first attempt violates the contract and is inconclusive, and whose second one conforms.
TRIES_TWICE = f"""{NO_ANSWER}
import httpx
from vocode_contract import Contract

CALL = Contract.load().schemas["Call"]["examples"][0]
attempts = iter(["ringing", "ended"])

def test_tries(vocode_traffic):
    stub = httpx.MockTransport(lambda request: httpx.Response(200, json=CALL | {{"status": status}}))
    status = next(attempts)
    with httpx.Client(transport=vocode_traffic.transport(stub), base_url="http://stub") as client:
        client.get("/v1/calls", params={{"id": CALL["id"]}})

answers = iter([ask])

def test_answers():
    for answer in answers:
        answer()
"""


@pytest.mark.parametrize("processes", [[], ["-n1"]], ids=["alone", "xdist"])
def test_last_attempt_of_a_rerun_test_counts(pytester, monkeypatch, processes):
    pytest.importorskip("pytest_rerunfailures")
    monkeypatch.setenv("PYTHONPATH", str(Path(vocode_contract.__file__).parents[1]))
    path = pytester.makepyfile(TRIES_TWICE)
    options = [*APART, "-p", "pytest_rerunfailures", "--reruns=1", *processes]
    options += ["--vocode-report=json", "--junitxml=junit.xml"]
    result = (pytester.runpytest_subprocess if processes else pytester.runpytest_inprocess)(*options, path)
    assert result.ret == 0
    report = json.loads((pytester.path / "vocode-contract.json").read_text("utf-8"))
    assert (report["counts"], report["exit_code"]) == ({"conforms": 1}, 0)
    [remark] = [each for each in report["remarks"] if "attempts" in each]
    assert "::test_tries violated the contract, " in remark
    assert remark.endswith("::test_answers was inconclusive")
    last = properties_in(pytester.path / "junit.xml")["test_tries"]
    assert ("vocode_verdict", "conforms") in last
    assert not [value for name, value in last if name == "vocode_violation" and '"enum"' in value]


def test_failure_beside_a_rerun_test_that_was_inconclusive_is_a_failure(run):
    pytest.importorskip("pytest_rerunfailures")
    assert run(f"{TRIES_TWICE}\n\n{PIECES['fails']}", "--reruns=1").ret == pytest.ExitCode.TESTS_FAILED


VIOLATES = """
def test_shop(vocode_client, vocode_simulator):
    vocode_simulator.arm("wrong-enum")
    call = vocode_client.get_call(vocode_simulator.place())
"""


def test_violations_explain_a_test_that_fails_by_itself(run, pytester):
    result = run(f"{VIOLATES}    assert call.call_id == 'another'", "--vocode-report=json")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E  *assert *another*", "*- vocode-contract: violations in the traffic of this test -*", "GET */status: *"]
    )
    report = json.loads((pytester.path / "vocode-contract.json").read_text("utf-8"))
    assert (report["verdict"], report["violations"][0]["code"]) == ("violates", "enum")


def test_violations_explain_a_test_that_gets_its_client_late(run):
    result = run("""
        def test_shop(request):
            client, simulator = map(request.getfixturevalue, ("vocode_client", "vocode_simulator"))
            simulator.arm("wrong-enum")
            assert client.get_call(simulator.place()).call_id == "another"
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*- vocode-contract: violations in the traffic of this test -*", "GET */status: *"])
    result.stdout.fnmatch_lines(["*contract 2023-11-30, wire: the built-in simulator*", "1 VIOLATES"])


def test_client_fails_a_test_case_of_unittest_too(run, pytester):
    result = run(
        """
        import unittest
        import pytest

        class TestShop(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _client(self, vocode_client, vocode_simulator):
                self.client, self.simulator = vocode_client, vocode_simulator

            def test_breaks(self):
                self.simulator.arm("wrong-enum")
                self.client.get_call(self.simulator.place())

            def test_keeps(self):
                self.client.get_call(self.simulator.place())
        """,
        "--vocode-report=json",
    )
    result.assert_outcomes(passed=1, failed=1)
    report = json.loads((pytester.path / "vocode-contract.json").read_text("utf-8"))
    assert report["counts"] == {"conforms": 1, "violates": 1}


def test_violation_weighs_more_than_a_skip(run):
    run(f"import pytest\n{VIOLATES}    pytest.skip()").assert_outcomes(failed=1)


def test_client_that_is_not_authorised_says_which_variable_it_read(run, monkeypatch):
    monkeypatch.delenv("VOCODE_API_KEY")
    with simulator(token=TOKEN) as running:
        result = run(READS_A_CALL, "--vocode-url", running.url)
    result.stdout.fnmatch_lines(["*VOCODE_API_KEY is not set [[]not-authorised[]]"])


def test_client_skips_what_would_end_a_call_elsewhere(run):
    source = "def test_shop(vocode_client):\n    vocode_client.end_call('3c90c3cc-0d44-4b50-8888-8dd25736052a')"
    result = run(source, "--vocode-url", "https://nowhere.invalid", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED * end_call was not sent: it ends a call*"])


def test_simulator_is_fresh_for_each_test(run):
    result = run("""
        import pytest
        from vocode_contract.conformance.assertions.responses import assert_ended

        @pytest.mark.parametrize("turn", [1, 2])
        def test_shop(vocode_client, vocode_simulator, turn):
            calls = vocode_client.list_calls(size=50).members["items"]
            call = next(call["id"] for call in calls if call["status"] == "in_progress")
            vocode_client.end_call(call)
            assert_ended(vocode_client.get_call(call))
            assert sum(call["status"] == "in_progress" for call in calls) == 7
    """)
    result.assert_outcomes(passed=2)


def test_contract_is_the_one_that_was_asked_for(run):
    source = """
        def test_shop(vocode_contract):
            assert (vocode_contract.date, vocode_contract.profile) == ("2024-08-27", "documented")
    """
    run(source, "--vocode-contract", "2024-08-27", "--vocode-profile", "documented").assert_outcomes(passed=1)


def test_payload_that_conforms_is_returned(run):
    run("""
        from vocode_contract import Contract

        def test_shop(assert_conforms):
            payload = Contract.load().schemas["Agent"]["examples"][0]
            assert assert_conforms(payload, "Agent") == payload
    """).assert_outcomes(passed=1)


def test_payload_that_does_not_conform_reads_as_one_line_a_violation(run):
    result = run(JUDGES_A_PAYLOAD)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "* violations of the contract",
            "  /id: expected a UUID*, got a string of 11 characters [[]format, 2023-11-30[]]",
            "*- raised at -*",
            "*.py:3",
        ]
    )
    result.stdout.no_fnmatch_line("*simulator*")


@pytest.mark.parametrize("style", ["auto", "long", "short", "line", "native"])
def test_payload_that_does_not_conform_is_not_shown(run, style):
    result = run(JUDGES_A_PAYLOAD, "--showlocals", "-vv", "--full-trace", f"--tb={style}", "--junitxml=report.xml")
    result.assert_outcomes(failed=1)
    assert CANARY not in result.stdout.str()


def test_violations_are_properties_in_junit(run, pytester):
    run(JUDGES_A_PAYLOAD, "--junitxml=report.xml")
    written = (pytester.path / "report.xml").read_text("utf-8")
    names = [element.get("name") for element in ET.fromstring(written).iter("property")]  # noqa: S314 - our own file
    assert names[0] == "vocode_verdict"
    assert set(names[1:]) == {"vocode_violation"}
    assert CANARY not in written


@pytest.mark.parametrize("processes", [[], ["-n1"]], ids=["alone", "xdist"])
def test_evidence_is_a_property_in_junit(pytester, monkeypatch, processes):
    if processes:
        pytest.importorskip("xdist")
    monkeypatch.setenv("VOCODE_API_KEY", TOKEN)
    monkeypatch.setenv("PYTHONPATH", str(Path(vocode_contract.__file__).parents[1]))
    path = pytester.makepyfile(READS_A_CALL)
    with simulator(token=TOKEN, faults=("wrong-enum",)) as running:
        options = [*APART, *processes, "--vocode-url", running.url, "--junitxml=junit.xml", "--vocode-report=json"]
        result = (pytester.runpytest_subprocess if processes else pytester.runpytest_inprocess)(*options, path)
    root = ET.fromstring((pytester.path / "junit.xml").read_text("utf-8"))  # noqa: S314 - our own file
    [evidence] = [each.get("value") for each in root.iter("property") if each.get("name") == "vocode_evidence"]
    report = json.loads((pytester.path / "vocode-contract.json").read_text("utf-8"))
    assert json.loads(evidence or "").items() >= report["violations"][0]["evidence"].items()
    result.stdout.fnmatch_lines(["   sent *curl --request GET *"])


def test_report_that_cannot_be_written_fails_the_run(run):
    removes = "def test_other():\n    import os; os.rename('reports', 'elsewhere')"
    os.mkdir("reports")
    result = run(removes, "--vocode-report=html=reports/report.html")
    assert result.ret == 3
    result.stdout.fnmatch_lines(["the html report could not be written: reports/report.html: No such file*"])


def test_report_without_a_directory_is_refused_at_the_start(run):
    result = run("def test_other(): pass", "--vocode-report=html=nowhere/report.html")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: --vocode-report: the html report cannot be written: nowhere/report.html: No such*"]
    )


def test_report_of_annotations_is_printed_at_the_end(run):
    with simulator(token=TOKEN, faults=("wrong-enum",)) as running:
        result = run(READS_A_CALL, "--vocode-url", running.url, "--vocode-report=github", "-q")
    result.stdout.fnmatch_lines(["::error file=*.py,title=enum::*", "::error title=contract 2023-11-30::1 VIOLATES: *"])


@pytest.mark.parametrize("verbosity", ["-q", "-v"])
def test_summary_is_as_long_as_pytest_is_verbose(run, verbosity):
    result = run(READS_A_CALL, verbosity)
    result.stdout.fnmatch_lines(["all checks that ran passed"])
    assert ("claim" in result.stdout.str()) == (verbosity == "-v")


def test_unknown_report_is_one_line_at_the_start(run):
    result = run("def test_other(): pass", "--vocode-report=pdf")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    [line] = filter(None, result.errlines)
    assert line.startswith("ERROR: --vocode-report: unknown format 'pdf'")


def test_bug_of_the_suite_is_told_without_what_it_held(run, monkeypatch):
    def broken(_self, *_, **__):
        payload = CANARY
        raise KeyError(payload)

    monkeypatch.setattr(CheckedClient, "exchange", broken)
    suite = ("--pyargs", "vocode_contract.conformance.test_list_calls", "-k", "shop or returns_a_page")
    result = run("def test_shop(): pass", "--showlocals", *suite)
    result.assert_outcomes(passed=1, failed=1, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(["a bug in the suite: KeyError at *.py:*"])
    assert CANARY not in result.stdout.str()


def test_rerun_runs_a_test_of_the_suite_again(pytester, monkeypatch):
    monkeypatch.setenv("VOCODE_API_KEY", TOKEN)
    monkeypatch.setenv("PYTHONPATH", str(Path(vocode_contract.__file__).parents[1]))
    with simulator(token=TOKEN, faults=("wrong-enum",)) as running:
        options = [*PLUGIN, "--vocode-url", running.url, "--vocode-report=json"]
        pytester.runpytest_inprocess(*options, "--pyargs", "vocode_contract.conformance", "-k", "end_call_returns")
        report = json.loads((pytester.path / "vocode-contract.json").read_text("utf-8"))
        command, *words = shlex.split(report["violations"][0]["rerun"])
        again = pytester.runpytest_inprocess(*PLUGIN, *words)
    assert command == "pytest"
    again.assert_outcomes(failed=1)


def test_junit_of_pytest_and_ours_hold_the_same_properties(pytester, monkeypatch):
    monkeypatch.setenv("VOCODE_API_KEY", TOKEN)
    monkeypatch.setenv("PYTHONPATH", str(Path(vocode_contract.__file__).parents[1]))
    with simulator(token=TOKEN, faults=("end-of-another-call",)) as running:
        options = [*PLUGIN, "--vocode-url", running.url, "--junitxml=theirs.xml", "--vocode-report=junit=ours.xml"]
        pytester.runpytest_inprocess(
            *options, "--pyargs", "vocode_contract.conformance", "-k", "and_ends_it or no_token"
        )
    theirs, ours = (properties_in(pytester.path / name) for name in ("theirs.xml", "ours.xml"))
    assert theirs == ours
    assert {name for found in ours.values() for name, _ in found} >= {"vocode_violation", "vocode_evidence"}


def properties_in(path):
    """The properties of each test case by its name."""
    cases = ET.parse(path).getroot().iter("testcase")  # noqa: S314 - our own text
    return {
        case.get("name"): [(each.get("name"), each.get("value")) for each in case.iter("property")] for case in cases
    }


def test_codes_can_be_left_out_of_the_judgement(run, pytester):
    test = "def test_shop(assert_conforms):\n    assert_conforms({'status': 'ringing'})"
    run(test, "--vocode-ignore", "required", "--vocode-ignore", "enum").assert_outcomes(passed=1)
    run(test, "--vocode-ignore", "required,enum").assert_outcomes(passed=1)
    pytester.makeini("[pytest]\nvocode_select = json-*")
    run(test).assert_outcomes(passed=1)


def test_code_that_is_not_there_is_a_usage_error(run):
    result = run("def test_shop(): pass", "--vocode-ignore", "no-such-code")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --vocode-ignore: no code is named 'no-such-code'*"])


def test_failing_example_shows_its_values_beside_the_plugin_of_schemathesis(run):
    pytest.importorskip("schemathesis.pytest.plugin")
    result = run("""
        import unittest
        from hypothesis import given, settings
        from vocode_contract.strategies import calls

        @settings(max_examples=1, database=None, deadline=None)
        @given(calls())
        def test_shop(call):
            assert not call

        class TestShop(unittest.TestCase):
            @settings(max_examples=1, database=None, deadline=None)
            @given(calls())
            def test_case(self, call):
                assert not call
    """)
    result.assert_outcomes(failed=2)
    shown = [line.lstrip("E ") for line in result.outlines if line.lstrip("E ").startswith("call={'")]
    assert len(shown) == 2


def test_adversary_names_what_a_receiver_does_not_bear(run):
    result = run(
        """
        import http.server, threading

        class Failing(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(500)
                self.end_headers()

            def log_message(self, *_):
                pass

        def test_receiver(webhook_adversary):
            with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Failing) as server:
                threading.Thread(target=server.serve_forever, daemon=True).start()
                try:
                    webhook_adversary.attack(f"http://127.0.0.1:{server.server_port}/")
                finally:
                    server.shutdown()
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*receiver-error*"])


def test_schema_that_is_not_there_is_one_line(run):
    result = run("def test_shop(assert_conforms):\n    assert_conforms({}, 'Cal')")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["unknown schema 'Cal'; did you mean Call? *"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_suite_runs_beside_the_users_own_tests(run):
    result = run("def test_shop(): pass", "--pyargs", "vocode_contract.conformance", "-k", "shop or end_call_returns")
    assert result.parseoutcomes().keys() == {"passed", "deselected"}
    assert result.parseoutcomes()["passed"] == 2


def test_suite_runs_in_several_processes(pytester, monkeypatch):
    pytest.importorskip("xdist")
    monkeypatch.setenv("PYTHONPATH", str(Path(vocode_contract.__file__).parents[1]))
    result = pytester.runpytest_subprocess(
        *APART,
        "-n2",
        "-p",
        "no:cacheprovider",
        "--pyargs",
        "vocode_contract.conformance",
        "-k",
        "rejected and get_call",
    )
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*the built-in simulator*", "all checks that ran passed*"])


def test_suite_asks_another_host_from_one_process(pytester, monkeypatch):
    pytest.importorskip("xdist")
    monkeypatch.setenv("PYTHONPATH", str(Path(vocode_contract.__file__).parents[1]))
    monkeypatch.setenv("XDG_STATE_HOME", str(pytester.path))
    suite = [
        "--vocode-url=https://nowhere.invalid",
        "--pyargs",
        "vocode_contract.conformance",
        "-k",
        "test_list_calls_returns_a_page",
        "--vocode-timeout=0.5",
    ]
    result = pytester.runpytest_subprocess(*APART, "-n2", "-v", "-p", "no:cacheprovider", *suite)
    told = [line for line in result.outlines if "INCONCLUSIVE" in line or "SKIPPED" in line]
    workers = {word for line in told for word in line.split() if word.startswith("[gw")}
    assert len(workers) == 1
    result.stdout.fnmatch_lines(["*[[]unreachable[]]*"])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--vocode-policy", "x=1"], "--vocode-policy: must be NAME=VALUE"),
        (
            ["--vocode-allow", "all"],
            "--vocode-allow: 'all' is not an effect; known: reads, writes, bills, rings, hangs-up",
        ),
        (["--vocode-allow-number", "x"], "--vocode-allow-number: must be digits"),
        (["--vocode-timeout", "0"], "--vocode-timeout: must be a number of seconds"),
        (["--vocode-max-body", "0"], "--vocode-max-body: must be a number of bytes, 1 to 67108864"),
        (["--vocode-plan"], "--vocode-plan: needs a server, named by --vocode-url or VOCODE_URL"),
        (["--vocode-ca", "nowhere.pem"], "--vocode-ca: needs a server"),
    ],
)
def test_option_that_cannot_be_used_with_its_value_is_one_line(run, arguments, reason):
    result = run(READS_A_CALL, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert any(reason in line for line in result.errlines)


@pytest.mark.parametrize("name", ["url", "accepted", "select"])
def test_option_without_a_value_is_refused_and_not_ignored(run, name):
    result = run("def test_other(): pass", f"--vocode-{name}=")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    [line] = filter(None, result.errlines)
    assert line == f"ERROR: --vocode-{name}: is empty; leave it out, or give it a value"


@pytest.mark.parametrize("source", ["def test_other(): pass", READS_A_CALL])
def test_options_of_fuzzing_without_a_fuzzing_test_are_named_in_the_summary(run, source):
    pytest.importorskip("schemathesis")
    result = run(source, "--vocode-fuzz=3", "--vocode-seed=7")
    shown = [line.strip() for line in result.outlines if "no fuzzing test was run" in line]
    assert shown == [f"--vocode-{name} has no effect: no fuzzing test was run" for name in ("fuzz", "seed")]


def test_token_that_no_header_can_hold_is_one_line_and_not_shown(run, monkeypatch):
    monkeypatch.setenv("VOCODE_API_KEY", "two canaries")
    result = run(READS_A_CALL, "--vocode-url", "http://127.0.0.1:1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert any("VOCODE_API_KEY: must be a token" in line for line in result.errlines)
    assert "canaries" not in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize("where", ["option", "variable", "configuration"])
def test_policies_come_from_an_option_the_environment_or_the_configuration(run, pytester, monkeypatch, where):
    if where == "configuration":
        pytester.makeini("[pytest]\nvocode_policy = overload=503 extra-keys=forbid")
    if where == "variable":
        monkeypatch.setenv("VOCODE_POLICY", "overload=503 extra-keys=forbid")
    options = ["--vocode-policy=overload=503", "--vocode-policy=extra-keys=forbid"] if where == "option" else []
    result = run(READS_A_CALL, *options)
    result.stdout.fnmatch_lines(["*changed policies: overload=503; extra-keys=forbid"])


def test_calls_of_the_suite_are_not_lost_by_tests_that_reset_the_simulator(run):
    source = "def test_list_calls(vocode_client):\n    vocode_client.list_calls()"
    result = run(source, "--pyargs", "vocode_contract.conformance", "-k", "list_calls and not rejected")
    outcomes = result.parseoutcomes()
    assert outcomes.pop("deselected") > 50
    assert outcomes.keys() == {"passed", "skipped"}
    assert outcomes["passed"] > 10
