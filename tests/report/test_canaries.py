"""Secrets that an API answers with are in no channel of a run, in no form; nor is anything that a runner obeys."""

import base64
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

pytest.importorskip("httpx")

import vocode_contract
from vocode_contract.report.files import FORMATS

LOADED = any(found.value == "vocode_contract.pytest_plugin" for found in entry_points(group="pytest11"))
PLUGIN = [] if LOADED else ["-p", "vocode_contract.pytest_plugin"]
SECRETS = {
    "to_number": "15553334444",
    "from_number": "14445556666",
    "transcript": "my card is 4111 and kanarie sings",
    "prompt": "never tell kanarie the secret plan",
    "openai_key": "sk-kanarieKANARIEkanarie0123456789",
    "twilio_token": "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e",
    "bearer": "tok_kanarie_0123456789abcdef",
}
COMMANDS = ("::add-mask::x", "::stop-commands::kanarie", "##vso[task.complete]", "##[error]", "##vso[x]")
RAW = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
CONTROLS = "\x1b[2J\x1b]8;;http://x\x07\u202e\u2066\x9b\r\n"
ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"


def call(identifier: str) -> dict[str, object]:
    """A call that is wrong in many places and tells everything."""
    hostile = f"{CONTROLS}{' '.join(COMMANDS)}\n{COMMANDS[0]}"
    return {
        "id": identifier,
        "user_id": f"{hostile}{SECRETS['bearer']}",
        "status": f"{COMMANDS[0]}{CONTROLS}",
        "to_number": SECRETS["to_number"],
        "from_number": int(SECRETS["from_number"]),
        "transcript": SECRETS["transcript"],
        "error_message": f"{hostile} {SECRETS['bearer']}",
        "agent": {
            "prompt": {"content": SECRETS["prompt"]},
            "language": SECRETS["openai_key"],
            "openai_account_connection": {"credentials": {"openai_api_key": SECRETS["openai_key"]}},
            "voice": {"type": hostile, "voice_id": SECRETS["openai_key"]},
        },
        "telephony_account_connection": {
            "type": "account_connection_twilio",
            "credentials": {"twilio_auth_token": SECRETS["twilio_token"]},
        },
        "telephony_provider": SECRETS["twilio_token"],
        "context": {SECRETS["openai_key"]: SECRETS["transcript"], COMMANDS[0]: 1},
        f"{COMMANDS[2]}{CONTROLS}{SECRETS['prompt']}": SECRETS["bearer"],
    }


class Telltale(BaseHTTPRequestHandler):
    """Answers everything with everything."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        identifier = parse_qs(url.query).get("id", [ID])[0]
        body: object = call(identifier)
        if url.path.endswith("/list"):
            body = {"items": [call(SECRETS["openai_key"]), call(ID)], "page": COMMANDS[0], "size": 1, "has_more": "x"}
        self.answer(json.dumps(body).encode(), "application/json")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/v1/calls/end") and "id=" not in self.path:
            page = f"<title>{SECRETS['prompt']}</title>{COMMANDS[2]}{CONTROLS}{SECRETS['bearer']}"
            self.answer(page.encode(), "text/##vso[x]")
        else:
            self.do_GET()

    def answer(self, body: bytes, media_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Secret", SECRETS["twilio_token"])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name is the library's
        """Say nothing."""


SHOP = f"""
def test_shop(vocode_client):
    call = vocode_client.send("list_calls", keep=False).members["items"][0]
    vocode_client.get_call(call["id"])

def test_payload(assert_conforms):
    assert_conforms({call(ID)!r})
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Telltale)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ran(directory: Path, *command: str) -> str:
    environment = os.environ | {
        "PYTHONPATH": str(Path(vocode_contract.__file__).parents[1]),
        "VOCODE_API_KEY": SECRETS["bearer"],
        "PYTEST_DEBUG_TEMPROOT": str(directory),
    }
    environment.pop("TOX_ENV_DIR", None)  # pytest would put its cache there
    process = subprocess.run(
        [sys.executable, *command], cwd=directory, env=environment, capture_output=True, check=False, timeout=120
    )
    assert process.returncode == 1, process.stdout.decode()[-2_000:] + process.stderr.decode()[-2_000:]
    return (process.stdout + process.stderr).decode()


@pytest.fixture(scope="module")
def channels(url: str, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Everything that two runs wrote, by where they wrote it."""
    directory = tmp_path_factory.mktemp("canaries")
    (directory / "test_shop.py").write_text(SHOP)
    reports = ",".join(f"{name}=check.{name}" for name in FORMATS)
    terminal = ran(directory, "-m", "vocode_contract", "check", "--all", "--url", url, "--report", reports)
    options = [
        *PLUGIN,
        "-p",
        "no:schemathesis",
        f"--rootdir={directory}",
        "-vv",
        "--showlocals",
        "--tb=long",
        "--vocode-url",
        url,
    ]
    options += ["--junitxml=pytest.xml", *(f"--vocode-report={name}=pytest.{name}" for name in FORMATS)]
    shown = ran(directory, "-m", "pytest", *options, "--pyargs", "vocode_contract.conformance", "test_shop.py")
    files = [path for path in directory.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
    written = {str(path.relative_to(directory)): path.read_text("utf-8") for path in files}
    return {"terminal": terminal, "pytest": shown, **written}


def forms(secret: str) -> Iterator[str]:
    raw = secret.encode()
    yield from (secret, secret[::-1], quote(secret), json.dumps(secret)[1:-1], raw.hex(), raw.hex().upper())
    for shift in range(3):  # wherever it stands in what was encoded
        encoded = base64.b64encode(b"x" * shift + raw).decode().rstrip("=")
        yield encoded[4 if shift else 0 : -1]


def test_channels_are_there_and_tell_what_was_found(channels):
    assert {f"{run}.{name}" for run in ("check", "pytest") for name in FORMATS} < set(channels)
    assert any(name.startswith(".pytest_cache") for name in channels)
    assert all("enum" in channels[name] for name in channels if "cache" not in name)
    shown = {name for name in channels if "cache" not in name and not name.endswith((".accepted", ".github"))}
    assert all("curl" in channels[name] for name in shown)


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_secret_is_in_no_channel(channels, secret):
    assert [name for name, text in channels.items() if any(form in text for form in forms(secret))] == []


@pytest.mark.parametrize("command", COMMANDS, ids=["mask", "stop", "vso", "error", "type"])
def test_command_of_a_runner_is_in_no_channel(channels, command):
    assert [name for name, text in channels.items() if command in text] == []


def test_control_characters_are_in_no_channel(channels):
    assert [name for name, text in channels.items() if RAW.search(text) or "\x1b" in text] == []
