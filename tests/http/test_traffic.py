"""Users' own traffic: judged as it goes by, whoever carries it."""

import asyncio
import gzip
import json
import pickle
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import pytest

from tests.support.payloads import SOUND
from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.http.policies import Policies
from vocode_contract.http.traffic import MOST_READ, Traffic, operation_at
from vocode_contract.http.traffic.stream import Recording
from vocode_contract.validation.consistency import inconsistencies
from vocode_contract.validation.violation import ContractViolated

CALL = json.dumps(SOUND).encode()
ID = json.loads(CALL)["id"]
URL = f"https://api.example/v1/calls/end?id={ID}"
LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])


def stub(library: Any, body: bytes, status: int = 200) -> Any:
    headers = {"content-type": "application/json"}
    return library.MockTransport(lambda _: library.Response(status, content=body, headers=headers))


@LIBRARIES
def test_traffic_passes_what_conforms_unchanged(library):
    traffic = Traffic()
    with library.Client(transport=traffic.transport(stub(library, CALL))) as client:
        assert client.post(URL).content == CALL
    assert (traffic.checked, traffic.violations) == (1, [])


@LIBRARIES
def test_traffic_finds_what_breaks_the_contract(library):
    traffic = Traffic()
    with library.Client(transport=traffic.transport(stub(library, b'{"status": "ringing"}'))) as client:
        client.post(URL)
    assert ("/status", "enum") in {(found.instance_pointer, found.code) for found in traffic.violations}
    with pytest.raises(ContractViolated, match="/status"):
        traffic.ensure()


@pytest.mark.parametrize("date", [(), (("date", "Tue, 07 Nov 2023 05:40:00 GMT"),)], ids=["no Date", "Date"])
def test_traffic_reports_every_contradiction_within_a_response(date):
    times = {"start_time": "2023-11-07T05:31:56Z", "end_time": "2023-11-07T05:30:56Z"}
    call = json.loads(CALL) | {**times, "agent": {**json.loads(CALL)["agent"], "user_id": ID}}
    traffic = Traffic()
    headers = httpx.Headers([("content-type", "application/json"), *date])
    answering = httpx.MockTransport(lambda _: httpx.Response(200, json=call, headers=headers))
    with httpx.Client(transport=traffic.transport(answering)) as client:
        client.post(URL)
    expected = [(found.instance_pointer, found.code) for found in inconsistencies(call)]
    assert [(found.instance_pointer, found.code) for found in traffic.violations] == expected
    assert {"end-before-start", "foreign-owner"} <= {code for _, code in expected}


@pytest.mark.parametrize("follows", [True, False])
def test_traffic_reports_a_redirect_without_a_word_on_what_the_client_does(follows):
    def answering(request: httpx.Request) -> httpx.Response:
        headers = {"content-type": "application/json", "location": f"/gateway{request.url.raw_path.decode()}"}
        return httpx.Response(200 if "gateway" in request.url.path else 307, content=CALL, headers=headers)

    traffic = Traffic()
    transport = traffic.transport(httpx.MockTransport(answering))
    with httpx.Client(transport=transport, follow_redirects=follows) as client:
        client.post(URL)
    [found] = traffic.violations
    assert (found.code, found.actual) == ("redirect", "307 to /gateway/v1/calls/end")
    assert (traffic.checked, "followed" in str(found)) == (1 + follows, False)


def test_traffic_reports_a_redirect_that_leaves_tls():
    def answering(_: httpx.Request) -> httpx.Response:
        return httpx.Response(307, headers={"location": f"http://api.example/v1/calls?id={ID}"})

    traffic = Traffic()
    with httpx.Client(transport=traffic.transport(httpx.MockTransport(answering))) as client:
        client.get(f"https://api.example/v1/calls/?id={ID}")  # the policy trailing-slash allows a redirect, not this
    [found] = traffic.violations
    assert (found.code, found.actual) == ("redirect-elsewhere", "307 to http, without TLS, //api.example/v1/calls")


@LIBRARIES
def test_traffic_raises_in_the_middle_if_told(library):
    traffic = Traffic(raises=True)
    with (
        library.Client(transport=traffic.transport(stub(library, CALL, status=500))) as client,
        pytest.raises(ContractViolated, match="status-undeclared"),
    ):
        client.post(URL)


@LIBRARIES
def test_traffic_hangs_into_event_hooks(library):
    traffic = Traffic()
    with library.Client(transport=stub(library, b"[]"), event_hooks={"response": [traffic.hook]}) as client:
        client.post(URL)
    assert [found.code for found in traffic.violations] == ["type"]


@LIBRARIES
def test_traffic_judges_asynchronous_clients(library):
    async def ask(traffic: Traffic) -> None:
        transport = traffic.async_transport(stub(library, b"[]"))
        async with library.AsyncClient(transport=transport, event_hooks={"response": [traffic.async_hook]}) as client:
            await client.post(URL)

    traffic = Traffic()
    asyncio.run(ask(traffic))
    assert [found.code for found in traffic.violations] == ["type", "type"]


def test_traffic_leaves_other_apis_alone():
    traffic = Traffic()
    with httpx.Client(transport=traffic.transport(stub(httpx, b"<html>", status=500))) as client:
        client.get("https://api.example/v1/agents")
    assert (traffic.checked, traffic.violations) == (0, [])


def test_traffic_judges_a_compressed_body_that_was_asked_for():
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    stubbed = httpx.MockTransport(lambda _: httpx.Response(200, content=gzip.compress(CALL), headers=headers))
    traffic = Traffic()
    with httpx.Client(transport=traffic.transport(stubbed)) as client:
        client.post(URL)
    assert (traffic.checked, traffic.violations) == (1, [])


@LIBRARIES
@pytest.mark.parametrize("is_streamed", [False, True])
def test_traffic_checks_a_compressed_body_that_was_not_asked_for(library, is_streamed):
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    packed = gzip.compress(b"[]")
    content = {"stream": library.ByteStream(packed)} if is_streamed else {"content": packed}
    carrier = library.MockTransport(lambda _: library.Response(200, headers=headers, **content))
    traffic = Traffic()
    with library.Client(transport=traffic.transport(carrier)) as client:
        client.post(URL, headers={"accept-encoding": "identity"})
    assert [found.code for found in traffic.violations] == ["encoding-unasked", "type"]


@LIBRARIES
def test_traffic_judges_a_compressed_stream_that_was_asked_for(library):
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    stream = library.ByteStream(gzip.compress(b"[]"))
    carrier = library.MockTransport(lambda _: library.Response(200, headers=headers, stream=stream))
    traffic = Traffic()
    with library.Client(transport=traffic.transport(carrier)) as client:
        assert client.post(URL).json() == []
    assert [found.code for found in traffic.violations] == ["type"]


PACKED = gzip.compress(b" " * 1_000_000)


@pytest.mark.parametrize(
    ("coding", "body"), [("gzip", PACKED), ("gzip, deflate", zlib.compress(PACKED))], ids=["once", "twice"]
)
def test_traffic_does_not_inflate_without_bound(coding, body, monkeypatch):
    monkeypatch.setattr("vocode_contract.http.traffic.traffic.MOST_READ", 100_000)
    traffic = Traffic()
    with asked(traffic, body, {"content-encoding": coding}) as client:
        assert len(client.post(URL).content) == 1_000_000
    assert (traffic.checked, traffic.unread, traffic.violations) == (1, 1, [])


class Endless(httpx.SyncByteStream):
    """Yields chunks until one too many is read."""

    def __init__(self, most: int, chunk: bytes = b"data: x\n\n") -> None:
        self.left = most
        self.chunk = chunk

    def __iter__(self) -> Iterator[bytes]:
        while self.left:
            self.left -= 1
            yield self.chunk
        raise AssertionError("more was read than the client wanted")


def streaming(stream: Any, status: int = 200, headers: dict[str, str] | None = None) -> httpx.MockTransport:
    told = {"content-type": "application/json"} if headers is None else headers
    return httpx.MockTransport(lambda _: httpx.Response(status, stream=stream, headers=told))


def asked(traffic: Traffic, body: bytes, headers: dict[str, str], status: int = 200) -> httpx.Client:
    """A client of a stub that has not been read when it answers, as no network has."""
    told = {"content-type": "application/json"} | headers
    return httpx.Client(transport=traffic.transport(streaming(httpx.ByteStream(body), status, told)))


@pytest.mark.parametrize("url", [URL, "https://api.example/events"])
@pytest.mark.parametrize("hooked", [False, True], ids=["transport", "hook"])
def test_traffic_reads_nothing_that_its_client_does_not(url, hooked):
    traffic = Traffic()
    stub = streaming(Endless(3))
    told: dict[str, Any] = {"event_hooks": {"response": [traffic.hook]}} if hooked else {}
    with (
        httpx.Client(transport=stub if hooked else traffic.transport(stub), **told) as client,
        client.stream("POST", url) as response,
    ):
        chunks = response.iter_raw()
        assert [next(chunks), next(chunks)] == [b"data: x\n\n"] * 2
    assert (traffic.checked, traffic.unread) == ((1, 1) if url == URL else (0, 0))


@LIBRARIES
def test_traffic_is_judged_by_several_at_once(library):
    async def ask() -> None:
        inner = library.MockTransport(lambda _: library.Response(200, stream=library.ByteStream(b"[]")))
        several = [Traffic() for _ in range(4)]
        hooks = {"response": [several[0].hook, several[1].hook]}
        async with library.AsyncClient(
            transport=several[2].transport(several[3].transport(inner)), event_hooks=hooks
        ) as client:
            assert (await client.post(URL)).content == b"[]"
        assert [[found.code for found in traffic.violations] for traffic in several] == [["content-type", "type"]] * 4

    asyncio.run(ask())


def test_traffic_judges_what_is_read_raw():
    traffic = Traffic()
    with asked(traffic, b"[]", {}) as client, client.stream("POST", URL) as response:
        assert b"".join(response.iter_raw()) == b"[]"
    assert [found.code for found in traffic.violations] == ["type"]


def test_traffic_judges_a_body_that_is_read_as_far_as_its_length_says():
    traffic = Traffic()
    with (
        httpx.Client(transport=traffic.transport(streaming(Endless(1, b"[]"), 200, {"content-length": "2"}))) as client,
        client.stream("POST", URL) as response,
    ):
        next(response.iter_raw())
    assert [found.code for found in traffic.violations] == ["content-type", "type"]


def test_traffic_judges_the_head_of_what_is_not_read():
    traffic = Traffic(raises=True)
    with asked(traffic, b"{}", {}, status=500) as client, client.stream("POST", URL):
        pass
    assert [found.code for found in traffic.violations] == ["status-undeclared"]


def test_traffic_keeps_no_body_that_is_larger_than_what_is_judged():
    traffic = Traffic()
    stub = streaming(Endless(MOST_READ // 65_536 + 1, b" " * 65_536), status=500)
    with (
        httpx.Client(transport=traffic.transport(stub)) as client,
        client.stream("POST", URL) as response,
        pytest.raises(AssertionError, match="more was read"),
    ):
        for _ in response.iter_raw():
            pass
    assert traffic.checked == 0  # the stub failed in the end, as a network does: there was no answer
    with asked(traffic, b" " * (MOST_READ + 1), {}, status=500) as client:
        client.post(URL)
    assert [found.code for found in traffic.violations] == ["status-undeclared"]
    assert traffic.unread == 1
    assert traffic.record.exchanges[0].exchange.response.body == b""


def test_traffic_keeps_no_parsed_bodies():
    traffic, body = Traffic(), b"[" + b"[]," * 100_000 + b"[]]"  # parsed, these 300 kB need 6 MB
    tracemalloc.start()
    with httpx.Client(transport=traffic.transport(stub(httpx, body))) as client:
        for _ in range(4):
            client.post(URL)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(traffic.record.exchanges) == 4
    assert held < 6_000_000


def test_recording_holds_no_more_than_is_judged():
    recording = Recording((b" " * 10_000 for _ in range(1_000)), most=100_000, closed=lambda _: None)
    tracemalloc.start()
    try:
        read = sum(map(len, recording))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (read, recording.body(None)) == (10_000_000, None)
    assert peak < 1_000_000


CREDENTIAL = {"agent": {"openai_api_key": "sk-in-the-request"}}


def echoing(request: Any) -> Any:
    """Answer as FastAPI does where a body does not fit: with the body."""
    request.read()
    detail = [{"loc": ["body"], "msg": "wrong", "type": "value_error", "input": json.loads(request.content)}]
    return httpx.Response(422, json={"detail": detail})


def test_traffic_takes_an_echo_of_the_request_for_what_it_is():
    traffic = Traffic()
    with httpx.Client(transport=traffic.transport(httpx.MockTransport(echoing))) as client:
        client.post("https://api.example/v1/calls/create", json=CREDENTIAL)
    assert (traffic.checked, traffic.violations) == (1, [])


@pytest.mark.parametrize("key", ['quoted " and \\', "café"])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_traffic_takes_an_escaped_echo_for_what_it_is(key, ascii_only):
    body = json.dumps({"agent": {"openai_api_key": key}}, ensure_ascii=ascii_only)
    traffic = Traffic()
    with httpx.Client(transport=traffic.transport(httpx.MockTransport(echoing))) as client:
        client.post("https://api.example/v1/calls/create", content=body.encode())
    assert (traffic.checked, traffic.violations) == (1, [])


def test_traffic_finds_a_credential_that_did_not_come_with_the_request():
    leaking = httpx.MockTransport(lambda _: httpx.Response(422, json={"detail": [], **CREDENTIAL}))
    traffic = Traffic()
    with httpx.Client(transport=traffic.transport(leaking)) as client:
        client.post("https://api.example/v1/calls/create", json={})
    assert "secret-leaked" in {found.code for found in traffic.violations}


def test_traffic_leaves_a_streaming_request_to_its_server():
    traffic = Traffic()

    def body() -> Iterator[bytes]:
        yield json.dumps(CREDENTIAL).encode()

    class Carrier(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            assert isinstance(request.stream, httpx.SyncByteStream)
            detail = [{"loc": [], "msg": "", "type": "", "input": json.loads(b"".join(request.stream))}]
            return httpx.Response(422, json={"detail": detail})

    with httpx.Client(transport=traffic.transport(Carrier())) as client:
        client.post("https://api.example/v1/calls/create", content=body())
    assert (traffic.checked, traffic.violations) == (1, [])


def test_traffic_reads_by_the_policies_that_it_is_given():
    for words, codes in ((["unknown-id=none"], ["status-undeclared"]), (["unknown-id=404"], [])):
        traffic = Traffic(policies=Policies.from_words(words))
        with httpx.Client(transport=traffic.transport(stub(httpx, b"{}", status=404))) as client:
            client.get(f"https://api.example/v1/calls?id={ID}")
        assert [found.code for found in traffic.violations] == codes


@pytest.mark.parametrize(
    ("hosts", "url", "judged"),
    [
        ((), "https://other.example/v1/calls/end", 1),
        (("api.example",), "https://api.example/v1/calls/end", 1),
        (("API.example",), "https://api.example:8443/v1/calls/end", 1),
        (("api.example:443",), "https://api.example/v1/calls/end", 1),
        (("api.example:8443",), "https://api.example/v1/calls/end", 0),
        (("a.example", "[::1]:80"), "http://[::1]/v1/calls/end", 1),
        (("api.example",), "https://other.example/v1/calls/end", 0),
        (("api.example",), "https://not-api.example/v1/calls/end", 0),
    ],
)
@LIBRARIES
def test_traffic_judges_the_hosts_that_are_the_api(library, hosts, url, judged):
    traffic = Traffic(hosts=hosts)
    with library.Client(transport=traffic.transport(stub(library, CALL))) as client:
        client.post(url)
    assert (traffic.checked, traffic.passed) == (judged, 1 - judged)


@pytest.mark.parametrize("hosts", ["api.example", ["https://api.example"], ["a.example/v1"], ["a:b"], ["u@a"], [""]])
def test_traffic_refuses_what_is_no_host(hosts):
    with pytest.raises(InvalidOption, match=r"^hosts: must be "):
        Traffic(hosts=hosts)


def slowly(*_: Any) -> Any:
    time.sleep(0.8)
    return httpx.Response(200, content=CALL, headers={"content-type": "application/json"})


class Late(httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        time.sleep(0.8)
        yield CALL


@pytest.mark.parametrize("carrier", [httpx.MockTransport(slowly), streaming(Late())], ids=["head", "body"])
def test_traffic_tells_of_a_slow_answer(carrier):
    traffic = Traffic()
    with httpx.Client(transport=traffic.transport(carrier)) as client:
        client.post(URL)
    assert [found.code for found in traffic.violations] == ["slow"]


def test_hook_tells_of_a_slow_answer():
    traffic = Traffic()
    with httpx.Client(transport=streaming(Late()), event_hooks={"response": [traffic.hook]}) as client:
        client.post(URL)
    assert [found.code for found in traffic.violations] == ["slow"]


@pytest.mark.parametrize("hooked", [False, True], ids=["transport", "hook"])
def test_traffic_does_not_blame_the_server_for_a_client_that_reads_slowly(hooked):
    traffic = Traffic()
    stub = streaming(httpx.ByteStream(CALL))
    told: dict[str, Any] = {"event_hooks": {"response": [traffic.hook]}} if hooked else {}
    with (
        httpx.Client(transport=stub if hooked else traffic.transport(stub), **told) as client,
        client.stream("POST", URL) as response,
    ):
        time.sleep(0.8)
        response.read()
    assert (traffic.checked, traffic.violations) == (1, [])


@LIBRARIES
def test_hook_and_transport_serve_both_kinds_of_client(library):
    async def ask() -> None:
        inner = traffic.transport(stub(library, b"[]"))
        async with library.AsyncClient(transport=inner, event_hooks={"response": [traffic.hook]}) as client:
            await client.post(URL)

    traffic = Traffic()
    asyncio.run(ask())
    with library.Client(
        transport=traffic.async_transport(stub(library, b"[]")), event_hooks={"response": [traffic.async_hook]}
    ) as client:
        client.post(URL)
    assert [found.code for found in traffic.violations] == ["type"] * 4


def test_transport_for_the_other_kind_of_client_is_one_clear_line():
    async def ask() -> None:
        async with httpx.AsyncClient(transport=Traffic().transport(httpx.HTTPTransport())):
            pass

    with pytest.raises(InvalidOption, match=r"^HTTPTransport: carries synchronous clients alone, and an asynchronous"):
        asyncio.run(ask())
    with (
        pytest.raises(InvalidOption, match=r"^AsyncHTTPTransport: carries asynchronous clients alone, and a synch"),
        httpx.Client(transport=Traffic().transport(httpx.AsyncHTTPTransport())),
    ):
        pass


@pytest.mark.parametrize("inner", [httpx.Client(), httpx.HTTPTransport, None], ids=["client", "class", "none"])
def test_transport_that_is_none_is_one_clear_line(inner):
    with pytest.raises(InvalidOption, match=r"^transport: must be a transport of httpx or httpx2"):
        Traffic().transport(inner)


def test_hook_for_requests_is_one_clear_line():
    traffic = Traffic()
    with (
        httpx.Client(transport=stub(httpx, CALL), event_hooks={"request": [traffic.hook]}) as client,
        pytest.raises(InvalidOption, match=r'^event_hooks: traffic.hook belongs under "response"'),
    ):
        client.post(URL)


def test_traffic_says_in_which_exchange_something_is_wrong():
    traffic = Traffic()
    with httpx.Client(transport=traffic.transport(stub(httpx, b"[]"))) as client:
        for url in (f"https://api.example/v1/calls?id={ID}", URL, f"https://api.example/v1/calls?id={ID}"):
            client.request("POST" if url == URL else "GET", url)
    with pytest.raises(ContractViolated) as raised:
        traffic.ensure()
    assert str(raised.value).splitlines() == [
        "2 violations of the contract",
        "  GET /v1/calls answered 200 (get_call): "
        "(document): expected an object, got an array of 0 items [type, 2023-11-30]",
        "  POST /v1/calls/end answered 200 (end_call): "
        "(document): expected an object, got an array of 0 items [type, 2023-11-30]",
    ]
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)  # noqa: S301 - our own


def test_traffic_names_what_passed_by_without_what_may_be_secret():
    traffic = Traffic()
    with httpx.Client(transport=traffic.transport(stub(httpx, b"{}"))) as client:
        for path in (
            "/v1/cals",
            "/bot7:AAHdqTcvCH1vGWJxfSeofSAs0K5/sendMessage",
            *(f"/{word}" for word in "abcdefghi"),
        ):
            client.get(f"https://api.example{path}?token=x")
    assert traffic.passed == 11
    assert [*traffic.record.others][:2] == ["GET api.example/v1/cals", "GET api.example/*/sendMessage"]
    assert len(traffic.record.others) == 10


def test_traffic_keeps_an_error_however_much_advice_came_before():
    traffic = Traffic()
    advice = json.dumps(json.loads(CALL) | {"nonsense": 1}).encode()
    with httpx.Client(transport=traffic.transport(stub(httpx, advice))) as client:
        for _ in range(3):
            client.post(URL)
    traffic.record._room[False] = 0
    with httpx.Client(transport=traffic.transport(stub(httpx, b"[]"))) as client:
        client.post(URL)
    with pytest.raises(ContractViolated):
        traffic.ensure()


def test_traffic_keeps_a_bounded_list():
    traffic = Traffic()
    with httpx.Client(transport=traffic.transport(stub(httpx, b"{}"))) as client:
        for _ in range(200):
            client.post(URL)
    assert len(traffic.violations) == 1_000
    assert traffic.checked == 200


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/v1/calls/end", "end_call"),
        ("post", "/staging/v1/calls/end/", "end_call"),
        ("GET", "/v1/calls/list", "list_calls"),
        ("GET", "/v1/calls/end", None),
        ("POST", "/calls/end", None),
    ],
)
def test_operation_at_looks_at_method_and_end_of_path(method, path, name):
    operation = operation_at(Contract.load(), method, path)
    assert (operation and operation.name) == name


def exchange(**changes: Any) -> dict[str, Any]:
    """Arguments of `check_exchange` for a call that was ended."""
    return {
        "method": "POST",
        "url": URL,
        "status": 200,
        "headers": {"Content-Type": "application/json"},
        "content": CALL,
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, set()),
        ({"status": 500}, {"status-undeclared"}),
        ({"content": json.dumps(SOUND | {"status": "ringing"}).encode()}, {"enum"}),
        ({"headers": [("Content-Type", "text/html")]}, {"content-type"}),
        ({"content": None}, set()),
        ({"content": b""}, {"body-missing"}),
        ({"seconds": 0.8}, {"slow"}),
        ({"headers": {b"Content-Type": b"application/json", "Content-Encoding": "gzip"}}, {"encoding-unasked"}),
        ({"headers": {"Content-Encoding": "gzip"}, "request_headers": {"Accept-Encoding": "gzip"}}, {"content-type"}),
    ],
)
def test_exchange_of_any_library_is_checked(changes, codes):
    traffic = Traffic()
    assert {violation.code for violation in traffic.check_exchange(**exchange(**changes))} == codes
    assert (traffic.checked, traffic.unread) == (1, int(changes.get("content", b"") is None))


def test_exchange_of_any_library_is_checked_for_the_hosts_that_are_the_api():
    traffic = Traffic(hosts=["other.example"])
    assert traffic.check_exchange(**exchange(status=500)) == ()
    assert (traffic.checked, traffic.passed) == (0, 1)


def test_exchange_of_any_library_shows_no_credentials_of_its_url():
    traffic = Traffic()
    traffic.check_exchange(**exchange(url=URL.replace("://", "://user:canary@"), status=500))
    assert "canary" not in f"{[*traffic.record.origins]} {traffic.record.exchanges}"


@pytest.mark.parametrize("url", ["/v1/calls", "https://[x", "https://api.example:canary/v1/calls", ""])
def test_exchange_without_an_absolute_url_is_refused(url):
    with pytest.raises(InvalidOption, match=r"^url: must be absolute") as refused:
        Traffic().check_exchange(**exchange(url=url))
    assert "canary" not in str(refused.value)
