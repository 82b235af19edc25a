"""`--vocode-coverage` and `vocode_traffic` in other people's projects."""

from pathlib import Path

import pytest

import vocode_contract
from tests.support.plugins import APART, PLUGIN

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

pytest_plugins = ["pytester"]


JUDGES_A_CALL = """
    from vocode_contract import Contract

    def test_shop(assert_conforms):
        assert_conforms(Contract.load().schemas["Call"]["examples"][0])
"""
COUNTS_EVENTS = """
    import pytest
    from vocode_contract import Contract
    from vocode_contract.contract.covering_set import covering_set

    @pytest.mark.parametrize("event", covering_set(Contract.load(), "WebhookEvent"))
    def test_shop(vocode_coverage, event):
        vocode_coverage.add(event, "WebhookEvent")
"""
OVERHEARS = """
    import httpx

    def answer(request):
        return httpx.Response({status}, content=b'{body}', headers={{"content-type": "application/json"}})

    def test_shop(vocode_traffic):
        with httpx.Client(transport=vocode_traffic.transport(httpx.MockTransport(answer))) as client:
            client.post("https://api.example/v1/calls/end?id=x")
            {then}
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Run a test file in this process."""
    for name in ("VOCODE_URL", "VOCODE_CONTRACT", "VOCODE_COVERAGE", "VOCODE_PROFILE"):
        monkeypatch.delenv(name, raising=False)

    def running(source, *arguments):
        path = pytester.makepyfile(source)
        return pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", *arguments, path)

    return running


def test_coverage_is_not_told_unless_asked_for(run):
    result = run(JUDGES_A_CALL)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*coverage of the contract*")


def test_coverage_tells_what_assert_conforms_judged(run):
    result = run(JUDGES_A_CALL, "--vocode-coverage=0")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["*= coverage of the contract =*", "CallStatus *25%  1 of 4", "* parts of Call [[]2023-11-30, wire[]]"]
    )


def test_coverage_tells_what_the_client_exchanged(run):
    source = "def test_shop(vocode_client):\n    vocode_client.list_calls()"
    result = run(source, "--vocode-coverage=0")
    result.stdout.fnmatch_lines(["list_calls *50%  1 of 2", "* parts of CallPage, list_calls [[]*"])


def test_coverage_tells_what_went_by(run):
    result = run(OVERHEARS.format(status=422, body="{}", then=""), "--vocode-coverage=0")
    result.stdout.fnmatch_lines(["end_call *50%  1 of 2", "*of HTTPValidationError, end_call [[]*"])


def test_coverage_of_everything_passes_the_highest_threshold(run):
    result = run(COUNTS_EVENTS, "--vocode-coverage=100")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["100% of the contract exercised: * parts of WebhookEvent *"])


def test_coverage_below_the_threshold_fails_the_run(run):
    result = run(JUDGES_A_CALL, "--vocode-coverage=99.5")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["ERROR: *% is below the required 99.5%"])


def test_coverage_of_nothing_is_below_any_threshold(run):
    result = run("def test_other(): pass", "--vocode-coverage=1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["nothing was counted: pass payloads to *", "ERROR: 0% is below the required 1%"])


def test_coverage_may_be_asked_for_by_environment_or_configuration(run, pytester, monkeypatch):
    pytester.makeini("[pytest]\nvocode_coverage = 100")
    assert run(JUDGES_A_CALL).ret == pytest.ExitCode.TESTS_FAILED
    monkeypatch.setenv("VOCODE_COVERAGE", "5")
    assert run(JUDGES_A_CALL).ret == 0


@pytest.mark.parametrize("value", ["101", "tests", "nan"])
def test_coverage_of_no_percentage_is_usage(run, value):
    result = run(JUDGES_A_CALL, "--vocode-coverage", value)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --vocode-coverage: must be a percentage from 0 to 100*"])


def test_coverage_leaves_a_run_that_failed_as_it_was(run):
    result = run("def test_other(): assert 0", "--vocode-coverage=1")
    result.assert_outcomes(failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_coverage_counts_raw_bytes_and_judges_nothing(run):
    result = run(
        """
        def test_shop(vocode_coverage):
            vocode_coverage.add(b'{"status": "ended", "id": 7}')
            vocode_coverage.add(b'{')
        """,
        "--vocode-coverage",
        "--vocode-contract=2024-08-27",
    )
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*parts of Call [[]2024-08-27, wire[]]"])


def test_coverage_sums_over_processes(pytester, monkeypatch):
    pytest.importorskip("xdist")
    monkeypatch.setenv("PYTHONPATH", str(Path(vocode_contract.__file__).parents[1]))
    pytester.makepyfile(COUNTS_EVENTS)
    result = pytester.runpytest_subprocess(*APART, "-n2", "-p", "no:cacheprovider", "--vocode-coverage=100")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["100% of the contract exercised: * parts of WebhookEvent *"])


def test_traffic_that_breaks_the_contract_fails_its_test(run):
    result = run(OVERHEARS.format(status=200, body='{"status": "ringing"}', then=""))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["8 violations of the contract", '  POST /v1/calls/end answered 200 *: /status: *"ringing" *']
    )


def test_traffic_that_keeps_the_contract_passes(run):
    run(OVERHEARS.format(status=422, body="{}", then="")).assert_outcomes(passed=1)


def test_traffic_leaves_a_failure_of_the_test_itself_to_its_owner(run):
    result = run(OVERHEARS.format(status=500, body="{}", then="assert 1 == 2"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E  *assert 1 == 2"])


def test_traffic_beside_a_client_that_found_nothing_fails_its_test(run):
    source = OVERHEARS.format(status=500, body="{}", then="vocode_client.list_calls()")
    result = run(source.replace("(vocode_traffic)", "(vocode_traffic, vocode_client)"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*status-undeclared*", "*1 VIOLATES*"])
