"""The command that runs a test again asks for the same, wherever the run's settings came from."""

import json
import shlex
from importlib.metadata import entry_points
from typing import cast

import pytest

pytest.importorskip("httpx")

from vocode_contract.conformance.run.command_line import words_of
from vocode_contract.conformance.run.options import DEFAULTS, Given
from vocode_contract.conformance.run.settings import Settings
from vocode_contract.errors import InvalidOption
from vocode_contract.run_options import OPTIONS

pytest_plugins = ["pytester"]
ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
LOADED = any(found.value == "vocode_contract.pytest_plugin" for found in entry_points(group="pytest11"))
PLUGIN = [] if LOADED else ["-p", "vocode_contract.pytest_plugin"]


def settings(**given: object) -> Settings:
    return Settings.from_given({name.replace("_", "-"): Given(value=value) for name, value in given.items()})


URL = "https://staging.example"
#: Options that need files, variables or another URL, and have tests of their own.
ELSEWHERE = {"accepted", "allow-http", "auth", "ca", "cert", "header-env", "key", "operation"}


class WatchedOption:
    """A default value that notes that it is read."""

    is_from_file = False

    def __init__(self, name: str, read: set[str]) -> None:
        self.source, self._read = name, read

    @property
    def value(self) -> object:
        self._read.add(self.source)
        return DEFAULTS[self.source].value


def test_settings_read_every_option():
    read: set[str] = set()
    watched = {name: cast("Given", WatchedOption(name, read)) for name in DEFAULTS}
    Settings.from_given(watched | {"url": Given(value="http://127.0.0.1:1")})  # without one, all are only looked at
    unread = DEFAULTS.keys() - read - {"url"}
    assert unread == {"plan"}, "an option has no field in run/settings.py, so that it is accepted and ignored"


def test_rerun_repeats_the_host_of_plain_http():
    run = settings(url="http://API:8000", allow_http=("api", "other"))
    assert words_of(run) == ["--url", "http://api:8000", "--allow-http", "api"]


@pytest.mark.parametrize("host", ["http://api", "api:8000", "api/", ""])
def test_settings_name_a_host_of_plain_http_that_is_none(host):
    with pytest.raises(InvalidOption, match="the name or address of a host, without http:// and without a port"):
        settings(url="http://api:8000", allow_http=(host,))


def test_rerun_of_defaults_needs_no_words():
    assert words_of(settings()) == []


def test_rerun_repeats_a_contract_of_ones_own_and_its_operations(tmp_path):
    path = tmp_path / "own.json"
    text = '{"openapi": "3.1.0", "info": {"version": "7"}, "paths": {"/hangup": {"post": {"responses": {}}}}}'
    path.write_text(text, "utf-8")
    run = settings(contract=str(path), operation=("end_call=POST /hangup",))
    assert words_of(run) == ["--contract", str(path), "--operation", "'end_call=POST /hangup'"]


def test_rerun_repeats_all_settings():
    run = settings(
        call_id=(ID,),
        policy=("ended-call=404", "overload=503,502"),
        url="https://staging.example",
        contract="2024-04-19",
        profile="tolerant",
        timeout="7.50",
        proxy="http://proxy.example:3128",
        select=("json-*",),
        ignore=("slow",),
        error=("foreign-*",),
        max_body="7",
    )
    expected = {
        "contract": "2024-04-19",
        "profile": "tolerant",
        "url": "https://staging.example",
        "call-id": ID,
        "proxy": "http://proxy.example:3128",
        "timeout": "7.5",
        "max-body": "7",
        "select": "'json-*'",
        "ignore": "slow",
        "error": "foreign-call,foreign-owner,foreign-template",
    }
    words = words_of(run, "--vocode-")
    pairs = list(zip(words[::2], words[1::2], strict=True))
    policies = [value for name, value in pairs if name == "--vocode-policy"]
    assert policies == ["ended-call=404", "overload=502,503"]
    told = {name.removeprefix("--vocode-"): value for name, value in pairs if name != "--vocode-policy"}
    assert told == expected
    consents = {"allow", "allow-number", "from-number", "budget", "production", "approve-sends"}
    unrepeated = {option.name for option in OPTIONS} - set(told) - {"policy", *ELSEWHERE} - consents
    # Fuzzing tests repeat `fuzz` and `seed` themselves.
    assert unrepeated == {"fuzz", "seed", "plan", "traffic-host"}, "repeat the option in words_of, or list it here"


def test_rerun_repeats_the_file_of_a_private_authority(tmp_path):
    trustme = pytest.importorskip("trustme")
    path = tmp_path / "a file.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    assert shlex.split(" ".join(words_of(settings(url=URL, ca=str(path))))) == ["--url", URL, "--ca", str(path)]


def test_rerun_repeats_how_the_client_authenticates(monkeypatch, tmp_path):
    monkeypatch.setenv("TENANT", "hunter2")
    trustme = pytest.importorskip("trustme")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued = trustme.CA().issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(str(certificate))
    issued.private_key_pem.write_to_path(str(key))
    run = settings(
        url=URL, cert=str(certificate), key=str(key), auth="header:X-API-Key", header_env=("X-Tenant=TENANT",)
    )
    access = ["--auth", "header:X-API-Key", "--header-env", "X-Tenant=TENANT"]
    assert words_of(run) == ["--url", URL, "--cert", str(certificate), "--key", str(key), *access]
    assert "hunter2" not in repr(run)


@pytest.mark.parametrize("words", [("X-Tenant=TENANT", "x-tenant=TENANT"), ("X-API-Key=TENANT",)])
def test_settings_refuse_a_header_that_is_given_twice(monkeypatch, words):
    monkeypatch.setenv("TENANT", "acme")
    with pytest.raises(InvalidOption, match="is given twice"):
        settings(auth="header:X-API-Key", header_env=words)


def test_rerun_repeats_the_file_of_accepted_violations(tmp_path):
    path = tmp_path / "a file.toml"
    path.write_text("")
    assert shlex.split(" ".join(words_of(settings(accepted=str(path))))) == ["--accepted", str(path)]


def test_rerun_repeats_no_consent():
    wide = settings(
        url="https://staging.example", allow=("rings",), allow_number=("+12025550145",), production=True, budget=3
    )
    assert words_of(wide) == ["--url", "https://staging.example"]


def test_rerun_by_pytest_repeats_what_the_environment_and_the_file_said(pytester, monkeypatch):
    monkeypatch.setenv("VOCODE_POLICY", "authentication=418")
    monkeypatch.setenv("VOCODE_TIMEOUT", "9")
    pytester.makeini("[pytest]\nvocode_policy = ended-call=404\nvocode_profile = documented\nvocode_ignore = slow")
    options = [
        *PLUGIN,
        "--vocode-report=json",
        "--vocode-contract=2023-11-30",
        "--pyargs",
        "vocode_contract.conformance",
    ]
    pytester.runpytest_inprocess(*options, "-k", "list_calls and no_token")
    report = json.loads((pytester.path / "vocode-contract.json").read_text("utf-8"))
    assert report["violations"][0]["rerun"].partition(" --pyargs ")[0] == (
        "pytest --vocode-profile documented --vocode-policy ended-call=404 --vocode-policy authentication=418 "
        "--vocode-timeout 9 --vocode-ignore slow"
    )


def test_rerun_by_check_repeats_what_the_environment_said(capsys, monkeypatch):
    from vocode_contract.cli import main

    monkeypatch.setenv("VOCODE_POLICY", "authentication=418 ended-call=404")
    monkeypatch.setenv("VOCODE_TIMEOUT", "9")
    assert main.run(["check", "--only", "[no_token-list_calls]", "--policy", "ended-call=409"]) == 1
    out = capsys.readouterr().out
    assert "\n   changed policies: authentication=418; ended-call=409\n" in out
    [rerun] = [line for line in out.splitlines() if line.startswith("   rerun")]
    words = "--policy authentication=418 --policy ended-call=409 --timeout 9"
    assert rerun.startswith(f"   rerun     vocode-contract check {words} --only ")
