"""What the files of a project set for a run, and what they may not set."""

import json
import os
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import jsonschema
import pytest

pytest.importorskip("httpx")

from tests.support.raw import Server, says, serving
from vocode_contract.cli import main
from vocode_contract.conformance.run.options import Given
from vocode_contract.conformance.run.project_file import make_schema, read_project
from vocode_contract.conformance.run.settings import Settings
from vocode_contract.errors import InvalidOption
from vocode_contract.run_options import OPTIONS

pytest_plugins = ["pytester"]

LOADED = any(found.value == "vocode_contract.pytest_plugin" for found in entry_points(group="pytest11"))
PLUGIN = [] if LOADED else ["-p", "vocode_contract.pytest_plugin"]
ROOT = Path(__file__).resolve().parents[2]
#: A value for each key, as it stands in a file.
EVERY_KEY = """
url = "http://127.0.0.1:1"
contract = "2024-08-27"
profile = "tolerant"
operation = ["end_call=hangUp"]
select = ["json-*", "enum"]
ignore = ["format"]
error = ["foreign-owner"]
accepted = "accepted.toml"
traffic-host = ["api.example.com"]
policy = ["ended-call=404"]
fuzz = 3
seed = 7
auth = "basic"
timeout = 2.5
max-body = 1000
from-number = "14155550100"
"""


def pyproject(directory: Path, text: str, *, file: str = "pyproject.toml") -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / file).write_text(f"[tool.vocode-contract]\n{text}" if file == "pyproject.toml" else text, "utf-8")
    return directory


def values(start: Path) -> dict[str, object]:
    return {name: given.value for name, given in read_project(start).items()}


@pytest.mark.parametrize("file", ["pyproject.toml", "vocode-contract.toml"])
def test_project_sets_every_option_that_widens_nothing(tmp_path, file):
    read = values(pyproject(tmp_path, EVERY_KEY, file=file))
    assert read.keys() == {option.name for option in OPTIONS if not option.is_typed and not option.is_flag}
    assert (read["select"], read["fuzz"], read["timeout"], read["max-body"]) == (("json-*", "enum"), 3, "2.5", "1000")
    assert read["accepted"] == str(tmp_path / "accepted.toml")


@pytest.mark.parametrize("name", sorted(option.name for option in OPTIONS if option.is_typed or option.is_flag))
def test_project_cannot_set_an_option_that_must_be_typed(tmp_path, name):
    with pytest.raises(InvalidOption, match=rf"^{name} in .*must be given on the command line of each run"):
        read_project(pyproject(tmp_path, f'{name} = "x"'))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("profil = 'wire'", "unknown key 'profil'; did you mean profile"),
        ("max_body = 1", "unknown key 'max_body'; did you mean max-body"),
        ("select = 'enum'", "select in .*: must be a list of strings"),
        ("select = ['']", "must be a list of strings"),
        ("fuzz = '3'", "fuzz in .*: must be an integer"),
        ("fuzz = true", "must be an integer"),
        ("max-body = 1.5", "must be an integer"),
        ("timeout = '5'", "timeout in .*: must be a number"),
        ("profile = ''", "profile in .*: must be a string, and not empty"),
        ("url = ['http://127.0.0.1']", "must be a string"),
        ("[tool.vocode-contract.dead]\nx = 1", "holds another table than .live."),
        ("live = 1", "holds another table than .live."),
        ("x = ", "is not TOML"),
    ],
)
def test_project_file_with_a_mistake_is_refused(tmp_path, text, reason):
    with pytest.raises(InvalidOption, match=reason):
        Settings.from_given(read_project(pyproject(tmp_path, text)))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize(
    ("kind", "reason"),
    [("pipe", "regular file"), ("directory", "a directory"), ("device", "regular file"), ("large", "longer than")],
)
def test_project_file_is_a_regular_file_of_bounded_size(tmp_path, kind, reason):
    path = tmp_path / "vocode-contract.toml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.touch()
        os.truncate(path, 2**30)
    with pytest.raises(InvalidOption, match=reason):
        read_project(tmp_path)
    with pytest.raises(InvalidOption, match=r"a regular file|a directory|longer than"):
        Settings.from_given({"accepted": Given(value=str(path), source="--accepted")})
    with pytest.raises(InvalidOption, match=r"regular file|more than|openapi\.json: cannot be read"):
        Settings.from_given({"contract": Given(value=str(path), source="--contract")})


def test_project_file_of_the_nearest_directory_counts_up_to_the_root_of_the_checkout(tmp_path):
    pyproject(tmp_path, "seed = 1")
    pyproject(tmp_path / "checkout" / "part", "seed = 3")
    (tmp_path / "checkout" / ".git").mkdir()
    assert values(tmp_path / "checkout" / "part" / "below") == {"seed": 3}
    assert values(tmp_path / "checkout") == {}
    assert values(tmp_path) == {"seed": 1}


def test_vocode_contract_toml_wins_over_pyproject_toml(tmp_path):
    pyproject(tmp_path, "seed = 1\nfuzz = 1")
    pyproject(tmp_path, "seed = 2", file="vocode-contract.toml")
    assert values(tmp_path) == {"seed": 2, "fuzz": 1}


def test_pyproject_toml_of_others_is_not_parsed(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nbroken = ")
    assert values(tmp_path) == {}


def test_contract_file_that_a_project_names_is_refused_on_a_remote_host(tmp_path):
    (tmp_path / "own.json").write_text('{"openapi": "3.1.0", "info": {"version": "7"}, "paths": {}}', "utf-8")
    given = read_project(pyproject(tmp_path, "contract = 'own.json'"))
    assert Settings.from_given(given).contract_path == str(tmp_path / "own.json")
    with pytest.raises(InvalidOption, match=r"contract in .* is a file, which says what each request does"):
        Settings.from_given({**given, "url": Given(value="https://staging.example")})


def test_project_cannot_say_of_a_request_with_an_effect_that_it_only_reads(tmp_path):
    operation = {"operationId": "list_calls", "x-effect": "reads", "responses": {"200": {"description": "OK"}}}
    own = {"openapi": "3.1.0", "info": {"version": "7", "title": "own"}, "paths": {"/hangup": {"post": operation}}}
    (tmp_path / "own.json").write_text(json.dumps(own), "utf-8")
    given = read_project(pyproject(tmp_path, "contract = 'own.json'\nurl = 'http://127.0.0.1:1'"))
    with pytest.raises(InvalidOption, match=r"contract in .* says that POST /hangup only reads; if it does, give --"):
        Settings.from_given(given)
    typed = Given(value=str(tmp_path / "own.json"), source="--contract")
    assert Settings.from_given({**given, "contract": typed}).contract.operations["list_calls"].effect == "reads"


# --- the schema ---


def test_schema_of_the_files_accepts_every_key():
    schema = make_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    document = tomllib.loads(EVERY_KEY) | {"live": {"read_only": True}}
    assert document.keys() == schema["properties"].keys()
    jsonschema.validate(document, schema)


@pytest.mark.parametrize(
    "wrong", [{"allow": ["rings"]}, {"fuzz": "3"}, {"select": "x"}, {"live": {"read_only": False}}]
)
def test_schema_of_the_files_rejects_what_the_program_refuses(wrong):
    assert not jsonschema.Draft7Validator(make_schema()).is_valid(wrong)


def test_schema_in_the_documentation_is_the_one_of_the_table():
    page = ROOT / "docs" / "reference" / "config.schema.json"
    assert json.loads(page.read_text("utf-8")) == make_schema()


# --- the commands ---


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, which is the current directory."""
    monkeypatch.chdir(tmp_path)
    for option in OPTIONS:
        monkeypatch.delenv(option.variable, raising=False)
    return tmp_path


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    return main.run([str(argument) for argument in arguments]), *capsys.readouterr()


def shown(capsys) -> dict[str, tuple[object, str]]:
    code, out, _ = run(capsys, "config", "--output-format", "json")
    assert code == 0
    return {row["name"]: (row["value"], row["source"]) for row in json.loads(out)["config"]}


def test_config_shows_each_value_and_its_source(project, monkeypatch, capsys):
    pyproject(project, "profile = 'tolerant'\ntimeout = 5\npolicy = ['overload=503']\nseed = 3")
    monkeypatch.setenv("VOCODE_TIMEOUT", "9")
    monkeypatch.setenv("VOCODE_POLICY", "ended-call=404")
    found = shown(capsys)
    assert found["profile"] == ("tolerant", "profile in pyproject.toml")
    assert found["timeout"] == ("9", "VOCODE_TIMEOUT")
    assert found["policy"] == (["overload=503", "ended-call=404"], "VOCODE_POLICY and policy in pyproject.toml")
    assert found["budget"] == (1, "default")
    assert {option.name for option in OPTIONS} <= found.keys()


def test_config_masks_secrets_and_phone_numbers(project, monkeypatch, capsys):
    pyproject(project, "from-number = '14155550100'\nurl = 'https://user:pass-a@staging.example/?key=pass-b'")
    for name in ("VOCODE_API_KEY", "VOCODE_OTHER_API_KEY", "VOCODE_PROXY_AUTH", "VOCODE_KEY_PASSPHRASE"):
        monkeypatch.setenv(name, "pass-c")
    monkeypatch.setenv("VOCODE_PROXY", "http://user:pass-d@proxy.example:1")
    text = "".join(run(capsys, "config")[1] + run(capsys, "config", "--output-format", "json")[1])
    assert "https://***@staging.example/?***" in text
    assert "VOCODE_API_KEY         *** (environment)" in text
    assert "pass-" not in text
    assert "14155550100" not in text


def test_config_shows_which_file_makes_runs_read_only(project, capsys):
    pyproject(project, "[tool.vocode-contract.live]\nread_only = true")
    assert shown(capsys)["live.read_only"] == (True, str(project / "pyproject.toml"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("contract = '2031-01-01'", "contract in pyproject.toml: unknown contract"),
        (f"contract = '{'a' * 6000}'", "contract in pyproject.toml: unknown contract"),
        ('contract = "own\\u0000.json"', "cannot be read: no file can have this name"),
        ("profile = 'strict'", "profile in pyproject.toml: unknown profile 'strict'"),
        ("timeout = 1e400", "timeout in pyproject.toml: must be a number of seconds"),
        ("max-body = -1", "max-body in pyproject.toml: must be a number of bytes"),
        ("fuzz = -1", "fuzz in pyproject.toml: must be a number of requests"),
        ("select = ['no-such-code']", "select in pyproject.toml: no code is named 'no-such-code'"),
        ("policy = ['overload=1']", "policy in pyproject.toml: overload"),
        ("auth = 'digest'", "auth in pyproject.toml: must be bearer, basic or header:NAME"),
        (f"accepted = '{'a' * 6000}'", "File name too long"),
        ("url = 'ftp://127.0.0.1'", "url in pyproject.toml: must start with https://"),
        ("url = 'https://staging.example'", "url in pyproject.toml: staging.example is not this machine"),
    ],
)
def test_config_shows_the_values_and_refuses_those_that_check_refuses(project, capsys, text, reason):
    pyproject(project, text)
    code, out, err = run(capsys, "config")
    assert (code, err.count("\n"), "timeout" in out) == (2, 1, True)
    assert reason in err
    assert len(err) < 2_100
    assert run(capsys, "check", "--only", "get_call")[0] == 2


def test_config_of_a_file_with_a_mistake_is_one_line(project, capsys):
    pyproject(project, "selct = []")
    code, _, err = run(capsys, "config")
    assert (code, err.count("\n")) == (2, 1)
    assert "pyproject.toml: unknown key 'selct'; did you mean select?" in err


def test_commands_take_contract_and_codes_of_the_project(project, good, capsys):
    pyproject(project, "contract = '2024-04-19'\nignore = ['enum']")
    payload = json.loads(good.read_text("utf-8")) | {"status": "ringing"}
    good.write_text(json.dumps(payload), "utf-8")
    assert "[Call, 2024-04-19, wire]" in run(capsys, "validate", good)[2]
    assert run(capsys, "validate", good)[0] == 0
    assert run(capsys, "validate", "--ignore", "format", good)[0] == 1


def test_environment_wins_over_the_project_and_an_option_over_both(project, good, monkeypatch, capsys):
    pyproject(project, "contract = '2024-04-19'")
    monkeypatch.setenv("VOCODE_CONTRACT", "2024-08-27")
    assert "[Call, 2024-08-27, wire]" in run(capsys, "validate", good)[2]
    assert "[Call, 2023-11-30, wire]" in run(capsys, "validate", "--contract", "2023-11-30", good)[2]


def test_help_of_a_command_needs_no_sound_project(project, capsys):
    pyproject(project, "x = ")
    assert run(capsys, "check", "--help")[0] == 0


def test_check_takes_options_of_the_project(project, capsys):
    pyproject(project, "profile = 'tolerant'\npolicy = ['ended-call=404']")
    code, out, _ = run(capsys, "check", "--only", "get_call", "--report", "json=result.json")
    report = json.loads((project / "result.json").read_text("utf-8"))
    assert (code, "2023-11-30, tolerant" in out, report["profile"]) == (0, True, "tolerant")


def test_check_sends_no_token_to_a_remote_host_that_only_the_project_names(project, monkeypatch, capsys):
    pyproject(project, "url = 'https://staging.example'")
    monkeypatch.setenv("VOCODE_API_KEY", "a-token")
    code, _, err = run(capsys, "check")
    assert (code, err.count("\n")) == (2, 1)
    assert "url in pyproject.toml: staging.example is not this machine; pass it with --url" in err


REFUSES = says(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")


def heard_by(server: Server) -> tuple[set[bytes], bool]:
    """Return the methods of the requests that a server got, and whether one of them holds a secret."""
    return {request.split(b" ")[0] for request in server.heard}, any(b"pass-" in request for request in server.heard)


@pytest.fixture
def secrets(monkeypatch, tmp_path):
    """Set variables with secrets; the user's own file is one that a test may write."""
    for name in ("VOCODE_API_KEY", "VOCODE_OTHER_API_KEY", "GATEWAY_KEY"):
        monkeypatch.setenv(name, "pass-a")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))


@pytest.mark.usefixtures("secrets")
def test_check_sends_no_secret_and_changes_nothing_on_a_port_that_only_the_project_names(project, capsys):
    with serving(says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")) as server:
        pyproject(project, f"url = '{server.url}'")
        _, out, err = run(capsys, "check", "--header-env", "X-Key=GATEWAY_KEY")
        assert heard_by(server) == ({b"GET"}, False)
    notice = "only url in pyproject.toml names the server, so it gets no token, and nothing is changed"
    assert f"{notice}; pass --url {server.url}" in err
    assert "not sent" in out


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("confirmation", ["none", "variable", "own file"])
def test_user_confirms_the_port_that_the_project_names(project, monkeypatch, capsys, *, confirmation):
    with serving(REFUSES) as server:
        pyproject(project, f"url = '{server.url}'")
        if confirmation == "variable":
            monkeypatch.setenv("VOCODE_URL", server.url)
        elif confirmation == "own file":
            pyproject(project / "own" / "vocode-contract", "[live]\nhosts = ['127.0.0.1']", file="config.toml")
            monkeypatch.chdir(pyproject(project / "checkout", f"url = '{server.url}'"))
        code, out, _ = run(capsys, "check")
        assert (code, heard_by(server)) == (3, ({b"GET"}, confirmation != "none"))
    assert ("no token sent: only url in pyproject.toml names the server" in out) is (confirmation == "none")


def test_check_with_a_fault_uses_the_simulator_whatever_server_the_project_names(project, capsys):
    pyproject(project, "url = 'https://staging.example'")
    assert run(capsys, "check", "--fault", "wrong-enum", "--only", "get_call")[0] == 1


def test_number_on_the_command_line_wins_over_the_project_even_if_it_is_zero(project, capsys):
    pyproject(project, "fuzz = 5")
    _, out, _ = run(capsys, "check", "--fuzz", 0, "--only", "generated_requests", "-v")
    assert "no test was run" in out


# --- pytest ---


def test_pytest_takes_options_of_the_project_below_those_of_its_own_file(pytester, monkeypatch):
    for option in OPTIONS:
        monkeypatch.delenv(option.variable, raising=False)
    pytester.makepyprojecttoml(
        """
        [tool.pytest.ini_options]
        vocode_profile = "documented"
        [tool.vocode-contract]
        profile = "tolerant"
        contract = "2024-08-27"
        """
    )
    pytester.makepyfile(
        """
        def test_contract(vocode_contract):
            assert (vocode_contract.date, vocode_contract.profile) == ("2024-08-27", "documented")
        """
    )
    pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_pytest_refuses_a_mistake_of_the_project_where_an_option_is_used(pytester):
    pytester.makepyprojecttoml('[tool.vocode-contract]\nallow = ["rings"]')
    pytester.makepyfile("def test_contract(vocode_contract): pass")
    result = pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider")
    text = result.stdout.str() + result.stderr.str()
    assert "must be given on the command line of each run" in text
    assert result.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize("value", ["\\u202e\\u001b[31m", "a" * 60_000], ids=["control characters", "long"])
def test_pytest_shows_a_value_of_the_project_as_one_printable_line_of_bounded_length(pytester, value):
    (pytester.path / "vocode-contract.toml").write_text(f'accepted = "{value}"', "utf-8")
    pytester.makepyfile("def test_contract(vocode_contract): pass")
    result = pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider")
    [line] = [line for line in result.stderr.lines if line.startswith("ERROR: accepted in vocode-contract.toml: ")]
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert (line.isprintable(), len(line) < 2_100) == (True, True)


def test_pytest_reads_no_file_of_the_project_unless_an_option_is_used(pytester):
    pytester.makepyprojecttoml('[tool.vocode-contract]\nallow = ["rings"]')
    pytester.makepyfile("def test_nothing(): pass")
    pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider").assert_outcomes(passed=1)


@pytest.mark.parametrize("place", ["vocode_url = {}", "addopts = --vocode-url={}", "typed"])
def test_pytest_sends_no_secret_and_changes_nothing_on_a_port_that_only_a_file_names(pytester, monkeypatch, place):
    for option in OPTIONS:
        monkeypatch.delenv(option.variable, raising=False)
    monkeypatch.setenv("VOCODE_API_KEY", "pass-a")
    pytester.makepyfile(
        """
        from vocode_contract.http.guard.guard import NotPermitted
        def test_calls(vocode_client):
            for send in (vocode_client.list_calls, lambda: vocode_client.create_call({})):
                try:
                    send()
                except NotPermitted as error:
                    assert "file names the server" in str(error) or "addopts names the server" in str(error)
                except AssertionError:
                    pass
        """
    )
    with serving(says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")) as server:
        pytester.makeini(f"[pytest]\n{place.format(server.url)}" if place != "typed" else "[pytest]")
        typed = [f"--vocode-url={server.url}"] if place == "typed" else []
        pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", *typed)
        assert heard_by(server) == (({b"GET", b"POST"}, True) if typed else ({b"GET"}, False))
