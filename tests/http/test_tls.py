"""The sender on its way to a server: connecting, TLS, and a proxy, over real sockets on loopback."""

import http.client
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")
pytest.importorskip("trustme")
import trustme
from cryptography.hazmat.primitives import serialization

import vocode_contract
from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.http.client.authentication import PASSPHRASE_VARIABLE, ClientCertificate
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.endpoint import PROXY_AUTH_VARIABLE, Endpoint, Proxy
from vocode_contract.http.client.request import OperationRequest
from vocode_contract.http.client.timing import Timing
from vocode_contract.http.guard.guard import NO_CALL
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.simulator import simulator
from vocode_contract.simulator.variants import VARIANTS
from vocode_contract.validation.masking import Secret

HOST = "staging.example"
TOKEN = "tok_0123456789"
OPERATIONS = Contract.load().operations
LIST = OperationRequest(operation=OPERATIONS["list_calls"])
END = OperationRequest(operation=OPERATIONS["end_call"], arguments=(("id", "3c90c3cc-0d44-4b50-8888-8dd25736052a"),))
HASTY = Timing(connect=0.3, read=2, write=2, total=3, pauses=(), interval=0)
NOW = datetime.now(UTC)

Answer = Callable[[socket.socket], None]


@contextmanager
def serving(answer: Answer) -> Iterator[int]:
    """Give an answer to each connection in a thread of its own."""

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=answered, args=(connection,), daemon=True).start()

    def answered(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(10)
            answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def encrypted(certificate: trustme.LeafCert, answer: Answer) -> Answer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    def answering(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            answer(secured)

    return answering


def says_nothing_is_there(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")


def closes(connection: socket.socket) -> None:
    connection.recv(65_536)


def speaks_another_protocol(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-nonsense\r\n\r\n")
    stays_silent(connection)


def stays_silent(connection: socket.socket) -> None:
    while connection.recv(65_536):
        pass


Private = tuple[trustme.CA, str]


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Private:
    """Return a certificate authority of our own, and the file that holds its certificate."""
    authority, path = trustme.CA(), tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return authority, str(path)


def why(wanted: OperationRequest, url: str, **options: Any) -> Inconclusive:
    with pytest.raises(Inconclusive) as caught:
        Client(url, Secret(TOKEN), timing=HASTY, **options).exchange(wanted)
    return caught.value


# --- certificates ---


def test_certificate_of_a_private_authority_is_trusted_when_told(private):
    authority, ca_file = private
    with serving(encrypted(authority.issue_cert("localhost"), says_nothing_is_there)) as port:
        client = Client(f"https://localhost:{port}", Secret(TOKEN), timing=HASTY, ca_file=ca_file)
        assert client.exchange(LIST).response.status == 404


@pytest.mark.parametrize(
    ("name", "dates", "reason"),
    [
        ("localhost", {"not_after": NOW - timedelta(days=1)}, "certificate has expired"),
        ("localhost", {"not_before": NOW + timedelta(days=1)}, "not yet valid"),
        ("other.example", {}, "mismatch"),
    ],
)
def test_certificate_that_does_not_hold_is_named(private, name, dates, reason):
    authority, ca_file = private
    with serving(encrypted(authority.issue_cert(name, **dates), says_nothing_is_there)) as port:
        error = why(END, f"https://localhost:{port}", ca_file=ca_file)
    assert error.kind == "tls"
    assert reason in error.what.lower()
    assert error.consequence == "nothing was sent"


def test_certificate_of_an_unknown_authority_is_not_trusted_whatever_the_environment_says(private, monkeypatch):
    authority, ca_file = private
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    with serving(encrypted(authority.issue_cert("localhost"), says_nothing_is_there)) as port:
        error = why(LIST, f"https://localhost:{port}")
    assert error.kind == "tls"
    assert "certificate; --vocode-ca FILE trusts a private authority; SSL_CERT_FILE is ign" in error.what


def test_server_that_does_not_speak_tls_is_named():
    with serving(says_nothing_is_there) as port:
        error = why(LIST, f"https://localhost:{port}")
    assert (error.kind, error.consequence) == ("tls", "nothing was sent")
    assert "does not speak TLS on this port; check the port, or start the URL with http://" in error.what


def test_server_that_expects_tls_is_named():
    with serving(lambda connection: connection.sendall(b"\x15\x03\x01\x00\x02\x02\x46")) as port:
        error = why(LIST, f"http://localhost:{port}")
    assert error.kind == "tls"
    assert "expects TLS; start the URL with https://" in error.what


def test_proxy_gets_no_token_in_the_clear():
    endpoint = Endpoint.from_url("http://api:8000", http_hosts=("api",))
    with pytest.raises(InvalidOption, match="it would see the token"):
        Client(endpoint, proxy=Proxy.from_url("http://127.0.0.1:3128"))


def test_handshake_that_does_not_end_is_not_waited_for():
    with serving(stays_silent) as port:
        error = why(END, f"https://localhost:{port}")
    assert (error.kind, error.consequence) == ("tls", "nothing was sent")
    assert "the handshake was not completed" in error.what


def test_file_without_certificates_is_refused(tmp_path):
    (tmp_path / "empty.pem").write_text("nothing", encoding="utf-8")
    with pytest.raises(InvalidOption, match="file of certificates"):
        Client("https://localhost", ca_file=str(tmp_path / "empty.pem"))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full backlog refuses, or takes more than told")
def test_connection_that_nobody_takes_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening, socket.socket() as first:
        first.connect(listening.getsockname())  # fills the backlog
        error = why(END, f"http://127.0.0.1:{listening.getsockname()[1]}")
    assert (error.kind, error.consequence) == ("timeout-connect", "nothing was sent")


# --- client certificates ---


@pytest.fixture(scope="module")
def identity(private, tmp_path_factory):
    """Return a client certificate, and its key as it is and encrypted with the passphrase ``hunter2``."""
    authority, _ = private
    directory, issued = tmp_path_factory.mktemp("identity"), authority.issue_cert("ada@staging.example")
    files = {name: directory / f"{name}.pem" for name in ("cert", "key", "encrypted", "both")}
    issued.cert_chain_pems[0].write_to_path(str(files["cert"]))
    issued.private_key_pem.write_to_path(str(files["key"]))
    issued.private_key_and_cert_chain_pem.write_to_path(str(files["both"]))
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    encryption = serialization.BestAvailableEncryption(b"hunter2")
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    files["encrypted"].write_bytes(key.private_bytes(*pem))
    return {name: str(path) for name, path in files.items()}


def demanding(private: Private, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> Answer:
    """Answer only to clients with a certificate."""
    authority, ca_file = private
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = version
    authority.issue_cert("localhost").configure_cert(context)
    context.load_verify_locations(cafile=ca_file)
    context.verify_mode = ssl.CERT_REQUIRED

    def answering(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            says_nothing_is_there(secured)

    return answering


@pytest.mark.parametrize(
    ("cert", "key", "passphrase"),
    [("both", "", ""), ("cert", "key", ""), ("cert", "encrypted", "hunter2"), ("both", "", "needless")],
)
def test_client_certificate_proves_the_identity(private, identity, monkeypatch, *, cert, key, passphrase):
    monkeypatch.setenv(PASSPHRASE_VARIABLE, passphrase)
    certificate = ClientCertificate(file=identity[cert], key_file=identity.get(key, ""))
    with serving(demanding(private)) as port:
        url = f"https://localhost:{port}"
        client = Client(url, Secret(TOKEN), timing=HASTY, ca_file=private[1], certificate=certificate)
        assert client.exchange(LIST).response.status == 404


@pytest.mark.parametrize(
    ("version", "what"),
    [
        (ssl.TLSVersion.TLSv1_3, "requires a client certificate; name one with --vocode-cert FILE"),
        (ssl.TLSVersion.TLSv1_2, "handshake failure"),
    ],
)
def test_server_that_requires_a_client_certificate_is_named(private, version, what):
    with serving(demanding(private, version)) as port:
        error = why(LIST, f"https://localhost:{port}", ca_file=private[1])
    assert error.kind == "tls"
    assert what in error.what


@pytest.mark.parametrize(
    ("cert", "key", "passphrase", "reason"),
    [
        ("cert", "encrypted", "", f"encrypted key; put its passphrase into {PASSPHRASE_VARIABLE}"),
        ("cert", "encrypted", "wrong", f"or {PASSPHRASE_VARIABLE} does not decrypt it"),
        ("cert", "encrypted", "x" * 2_000, f"{PASSPHRASE_VARIABLE} is too long"),
        ("cert", "", "", "holds no PEM certificate with its key"),
        ("key", "cert", "", "holds no PEM certificate with its key"),
        ("missing", "", "", r"missing\.pem: No such file or directory"),
        ("cert", "missing", "", r"missing\.pem: No such file or directory"),
        ("cert", "other", "", "does not belong to the key"),
    ],
)
def test_client_certificate_that_cannot_be_used_is_refused_in_one_line(
    identity, monkeypatch, tmp_path, *, cert, key, passphrase, reason
):
    trustme.CA().issue_cert("x@staging.example").private_key_pem.write_to_path(str(tmp_path / "other.pem"))
    files = identity | {"other": str(tmp_path / "other.pem"), "missing": str(tmp_path / "missing.pem")}
    monkeypatch.setenv(PASSPHRASE_VARIABLE, passphrase)
    certificate = ClientCertificate(file=files[cert], key_file=files.get(key, ""))
    with pytest.raises(InvalidOption, match=reason) as caught:
        Client("https://localhost", certificate=certificate)
    assert "hunter2" not in str(caught.value)


# --- the end of an answer ---


def says_without_a_length(*, says_goodbye: bool) -> Answer:
    def answer(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}")
        if says_goodbye and isinstance(connection, ssl.SSLSocket):
            connection.unwrap()

    return answer


def test_body_that_ends_with_tls_is_whole(private):
    authority, ca_file = private
    answer = says_without_a_length(says_goodbye=True)
    with serving(encrypted(authority.issue_cert("localhost"), answer)) as port:
        client = Client(f"https://localhost:{port}", Secret(TOKEN), timing=HASTY, ca_file=ca_file)
        assert client.exchange(LIST).response.body == b"{}"


def test_body_that_ends_with_the_connection_alone_is_cut_off(private):
    authority, ca_file = private
    answer = says_without_a_length(says_goodbye=False)
    with serving(encrypted(authority.issue_cert("localhost"), answer)) as port:
        error = why(LIST, f"https://localhost:{port}", ca_file=ca_file)
    assert error.kind == "truncated"
    assert "got 2 of an unknown number of bytes of the body" in error.what


def test_keys_are_not_written_to_a_file_that_the_environment_names(private, tmp_path, monkeypatch):
    authority, ca_file = private
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    with serving(encrypted(authority.issue_cert("localhost"), says_nothing_is_there)) as port:
        Client(f"https://localhost:{port}", timing=HASTY, ca_file=ca_file).exchange(LIST)
    assert not (tmp_path / "keys").exists()


# --- a proxy ---


@dataclass
class Tunnel:
    """A proxy that leads every name to one server; it keeps what it was told before TLS began."""

    answer: Answer
    status: bytes = b"200 Connection established"
    port: int = 0
    heard: list[bytes] = field(default_factory=list)

    def __call__(self, connection: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):  # byte for byte, so that nothing of TLS is taken
            head += connection.recv(1)
        self.heard.append(head)
        connection.sendall(b"HTTP/1.1 %s\r\nX-Injected: %s\r\n\r\n" % (self.status, TOKEN.encode()))
        if self.status.startswith(b"200"):
            self.answer(connection)

    @property
    def proxy(self) -> Proxy:
        return Proxy.from_url(f"http://127.0.0.1:{self.port}")


@contextmanager
def tunnelling(answer: Answer, status: bytes = b"200 Connection established") -> Iterator[Tunnel]:
    tunnel = Tunnel(answer, status)
    with serving(tunnel) as tunnel.port:
        yield tunnel


def test_request_goes_through_the_proxy_which_does_not_see_it(private):
    authority, ca_file = private
    with tunnelling(encrypted(authority.issue_cert(HOST), says_nothing_is_there)) as tunnel:
        client = Client(f"https://{HOST}", Secret(TOKEN), timing=HASTY, ca_file=ca_file, proxy=tunnel.proxy)
        assert client.exchange(LIST).response.status == 404
    [head] = tunnel.heard
    assert head.startswith(f"CONNECT {HOST}:443 HTTP/1.1\r\n".encode())
    assert TOKEN.encode() not in head
    assert b"authorization" not in head.lower()


def test_proxy_is_told_the_credentials_that_are_its_own(private):
    authority, ca_file = private
    with tunnelling(encrypted(authority.issue_cert(HOST), says_nothing_is_there)) as tunnel:
        proxy = Proxy.from_url(str(tunnel.proxy), credentials=Secret("ada:pass:word"))
        Client(f"https://{HOST}", Secret(TOKEN), timing=HASTY, ca_file=ca_file, proxy=proxy).exchange(LIST)
    assert b"\r\nProxy-Authorization: Basic YWRhOnBhc3M6d29yZA==\r\n" in tunnel.heard[0]
    assert "pass" not in f"{proxy!r} {proxy}"


@pytest.mark.parametrize(
    ("status", "what"),
    [(b"403 Forbidden", "it responds with 403"), (b"407 Who?", f"407; set {PROXY_AUTH_VARIABLE} to user name")],
)
def test_proxy_that_refuses_is_named_and_nothing_was_sent(status, what):
    with tunnelling(says_nothing_is_there, status) as tunnel:
        error = why(LIST, f"https://{HOST}", proxy=tunnel.proxy)
    assert error.kind == "proxy"
    assert f"through the proxy {tunnel.proxy}: " in error.what
    assert what in error.what


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (closes, "closed"),
        (speaks_another_protocol, "protocol"),
        (stays_silent, "timeout-read"),
    ],
)
def test_proxy_that_misbehaves_gets_nothing_of_a_mutating_request(answer, kind):
    unauthenticated = replace(END, arguments=(("id", NO_CALL),), credentials=None)  # it needs no consent
    with serving(answer) as port:
        error = why(unauthenticated, f"https://{HOST}", proxy=Proxy.from_url(f"http://127.0.0.1:{port}"))
    assert (error.kind, error.consequence) == (kind, "nothing was sent")


@pytest.mark.parametrize(
    ("answer", "kind", "what"),
    [
        (closes, "closed", ": 0 bytes came"),
        (speaks_another_protocol, "protocol", "do not start an HTTP response"),
        (stays_silent, "timeout-read", ""),
    ],
)
def test_server_that_misbehaves_behind_the_proxy_is_told_from_it(private, answer, kind, what):
    authority, ca_file = private
    with tunnelling(encrypted(authority.issue_cert(HOST), answer)) as tunnel:
        error = why(LIST, f"https://{HOST}", ca_file=ca_file, proxy=tunnel.proxy)
    assert error.kind == kind
    assert what in error.what


def test_proxy_that_refuses_its_credentials_is_not_offered_them_again():
    with tunnelling(says_nothing_is_there, b"407 Who?") as tunnel:
        proxy = Proxy.from_url(str(tunnel.proxy), credentials=Secret("ada:wrong"))
        error = why(LIST, f"https://{HOST}", proxy=proxy)
    assert f"it responds with 407; it rejects the credentials in {PROXY_AUTH_VARIABLE}" in error.what


def test_certificate_is_verified_behind_the_proxy_too(private):
    authority, ca_file = private
    with tunnelling(encrypted(authority.issue_cert("other.example"), says_nothing_is_there)) as tunnel:
        error = why(LIST, f"https://{HOST}", ca_file=ca_file, proxy=tunnel.proxy)
    assert error.kind == "tls"


def test_proxy_is_not_for_this_machine():
    with pytest.raises(InvalidOption, match="not this machine"):
        Client("https://localhost", proxy=Proxy.from_url("http://127.0.0.1:3128"))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://ada:secret@proxy.example:3128", f"{PROXY_AUTH_VARIABLE} holds what is secret"),
        ("socks5://proxy.example", "must be http:// with a host and a port"),
        ("https://proxy.example", "must be http://"),
        ("http://proxy.example/secret", "must be http://"),
        ("http://proxy.example:99999", "a port of 1 to 65535"),
        ("proxy.example:3128", "must be http:// with a host and a port"),
        ("foo", "must be http:// with a host and a port"),
    ],
)
def test_proxy_that_cannot_be_used_is_refused_unseen(url, reason):
    with pytest.raises(InvalidOption) as caught:
        Proxy.from_url(url, option="--proxy")
    assert reason in str(caught.value)
    assert "secret@" not in str(caught.value)
    assert "/secret" not in str(caught.value)


@pytest.mark.parametrize("credentials", ["ada", "ada:\r\nX: y"])
def test_credentials_that_cannot_be_sent_are_refused_unseen(credentials):
    with pytest.raises(InvalidOption, match=PROXY_AUTH_VARIABLE) as caught:
        Proxy.from_url("http://proxy.example", credentials=Secret(credentials))
    assert "ada" not in str(caught.value)


def passes_on(url: str) -> Answer:
    """Hand requests to a server that speaks no TLS."""
    authority = url.removeprefix("http://")

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65_537)
            if not self.parse_request():
                return
            upstream = http.client.HTTPConnection(authority)
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            headers = {**self.headers, "Host": authority}
            upstream.request(self.command, self.path, body=body, headers=headers)
            response = upstream.getresponse()
            self.close_connection = True
            self.wfile.write(b"HTTP/1.1 %d X\r\n" % response.status)
            for name, value in response.getheaders():
                self.wfile.write(f"{name}: {value}\r\n".encode("latin-1"))
            self.wfile.write(b"\r\n" + response.read())
            upstream.close()

    def answer(connection: socket.socket) -> None:
        Handler(connection, ("", 0), None)  # type: ignore[arg-type]  # it asks for no server

    return answer


RUN = """
import sys
from vocode_contract.http.client.timing import Timing
Timing.__init__.__kwdefaults__["interval"] = 0
from vocode_contract.__main__ import main
sys.exit(main())
"""


def test_suite_reads_a_server_beyond_this_machine_through_a_proxy(private, tmp_path):
    authority, ca_file = private
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(Path(vocode_contract.__file__).parents[1]),
        "VOCODE_API_KEY": TOKEN,
        "HTTPS_PROXY": "http://127.0.0.1:9",  # has no say
    }
    with (
        simulator(token=TOKEN, variant=VARIANTS["strict"]) as running,
        tunnelling(encrypted(authority.issue_cert(HOST), passes_on(running.url))) as tunnel,
    ):
        process = subprocess.run(
            [sys.executable, "-c", RUN, "check", "--url", f"https://{HOST}", "--proxy", str(tunnel.proxy),
             "--ca", ca_file, "--timeout", "20"],
            env=environment, cwd=tmp_path, capture_output=True, check=False, text=True, timeout=120,
        )  # fmt: skip
    assert process.returncode == 3, process.stdout  # no call could be ended, so the main claim was not judged
    assert f"through the proxy {tunnel.proxy}" in process.stdout
    assert re.search(r"^[0-9]+ conforms, [0-9]+ not sent, [0-9]+ no call$", process.stdout, re.MULTILINE)
    assert len(tunnel.heard) > 20
    assert not any(TOKEN.encode() in head for head in tunnel.heard)


def test_proxy_without_a_server_beyond_this_machine_is_usage(tmp_path):
    for options in (("--proxy", "http://p.example"), ("--proxy", "http://p.example", "--url", "http://127.0.0.1:9")):
        process = subprocess.run(
            [sys.executable, "-m", "vocode_contract", "check", *options],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(vocode_contract.__file__).parents[1])},
            cwd=tmp_path, capture_output=True, check=False, text=True, timeout=60,
        )  # fmt: skip
        assert (process.returncode, "--proxy" in process.stderr) == (2, True), process.stderr
