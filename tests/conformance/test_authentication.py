"""The suite against servers that authenticate in another way than by a bearer token."""

import http.client
import json
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

from tests.cli.test_check import checked
from vocode_contract.simulator import simulator

BASIC = f"Basic {b64encode(b'ada:hunter2-hunter2').decode()}"
SCHEMES = {
    "basic": {"Authorization": BASIC},
    "header:X-API-Key": {"X-API-Key": "ada:hunter2-hunter2"},
}


def is_right(sent: str, wanted: str, is_lax: bool) -> bool:
    sent = sent[:1].upper() + sent[1:] if sent.startswith("basic ") else sent
    return sent == wanted or (is_lax and bool(sent) and sent[:12] == wanted[:12])


@contextmanager
def in_front_of(url: str, token: str, required: Mapping[str, str], *, is_lax: bool = False) -> Iterator[str]:
    """Serve a gateway that requires some headers, and then passes requests on with a bearer token.

    Args:
        url: The server behind it.
        token: The token of that server.
        required: Headers without which a request is rejected.
        is_lax: Whether the beginning of a credential is enough.
    """
    authority = url.removeprefix("http://")

    class Gateway(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            if not all(is_right(self.headers.get(name, ""), wanted, is_lax) for name, wanted in required.items()):
                return self._answer(401, {"Content-Type": "application/json"}, b'{"detail": "no"}')
            upstream = http.client.HTTPConnection(authority)
            headers = {"Authorization": f"Bearer {token}", "Host": self.headers["Host"]}
            headers |= {"Content-Type": self.headers["Content-Type"]} if self.headers["Content-Type"] else {}
            upstream.request(self.command, self.path, body=body, headers=headers)
            response = upstream.getresponse()
            self._answer(response.status, dict(response.getheaders()), response.read())
            return upstream.close()

        def do_POST(self) -> None:
            self.do_GET()

        def do_PUT(self) -> None:
            self.do_GET()

        def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


ENVIRONMENT = {"VOCODE_API_KEY": "ada:hunter2-hunter2", "TENANT": "tenant-canary"}
TENANT = {"X-Tenant": "tenant-canary"}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_suite_passes_a_sound_server_of_any_scheme(scheme, tmp_path):
    report = tmp_path / "report.json"
    options = ("--auth", scheme, "--header-env", "X-Tenant=TENANT", "--report", f"json={report}")
    with simulator() as running, in_front_of(running.url, running.token, SCHEMES[scheme] | TENANT) as url:
        process = checked("--url", url, *options, env=ENVIRONMENT)
    assert process.returncode == 0, process.stdout
    tests = json.loads(report.read_text(encoding="utf-8"))["tests"]
    wrong = [test for test in tests if "wrong_scheme" in test["id"]]
    assert len(wrong) == 1
    reason = None if scheme == "basic" else "the header X-API-Key has no authentication scheme"
    assert {test["reason"] for test in wrong} == {reason}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_suite_finds_a_server_that_compares_half_of_a_credential_and_shows_none(scheme, tmp_path):
    files = {name: tmp_path / name for name in ("json", "html", "junit", "sarif", "markdown")}
    words = ",".join(f"{name}={file}" for name, file in files.items())
    options = ("--auth", scheme, "--header-env", "X-Tenant=TENANT", "--report", words, "--all", "--only", "wrong_token")
    with simulator() as running, in_front_of(running.url, running.token, SCHEMES[scheme] | TENANT, is_lax=True) as url:
        process = checked("--url", url, *options, env=ENVIRONMENT)
    assert process.returncode == 1, process.stdout
    assert "not-refused" in process.stdout
    name = "X-API-Key: " if scheme != "basic" else "Authorization: Basic $(printf %s "
    assert f'--header "X-Tenant: $TENANT" --header "{name}${{VOCODE_API_KEY' in process.stdout
    assert f"--auth {scheme} --header-env X-Tenant=TENANT" in process.stdout
    shown = process.stdout + process.stderr + "".join(file.read_text(encoding="utf-8") for file in files.values())
    for secret in ("hunter2", "tenant-canary", BASIC.removeprefix("Basic ")[:20]):
        assert secret not in shown


def test_plan_names_the_headers_and_shows_no_value():
    options = ("--plan", "--auth", "header:X-API-Key", "--header-env", "X-Tenant=TENANT")
    process = checked("--url", "http://127.0.0.1:9", *options, env=ENVIRONMENT)
    assert process.returncode == 0
    line = "GET /v1/calls/list?page=<...>&size=<...>  [reads]  X-API-Key: <token>  X-Tenant: $TENANT"
    assert line in process.stdout
    assert "canary" not in process.stdout
