"""Users' own traffic: judged as it goes by, whoever carries it."""

import asyncio
import json
from typing import Any

import httpx
import httpx2
import pytest

from vocode_contract.contract import Contract
from vocode_contract.traffic import Traffic, operation_at
from vocode_contract.violation import ContractViolated

CALL = json.dumps(Contract.load().schemas["Call"]["examples"][0]).encode()
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
    assert (traffic.judged, traffic.violations) == (1, [])


@LIBRARIES
def test_traffic_finds_what_breaks_the_contract(library):
    traffic = Traffic()
    with library.Client(transport=traffic.transport(stub(library, b'{"status": "ringing"}'))) as client:
        client.post(URL)
    assert ("/status", "enum") in {(found.instance_pointer, found.code) for found in traffic.violations}
    with pytest.raises(ContractViolated, match="/status"):
        traffic.ensure()


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
    assert (traffic.judged, traffic.violations) == (0, [])


def test_traffic_judges_a_compressed_body_that_was_asked_for():
    import gzip

    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    stubbed = httpx.MockTransport(lambda _: httpx.Response(200, content=gzip.compress(CALL), headers=headers))
    traffic = Traffic()
    with httpx.Client(transport=traffic.transport(stubbed)) as client:
        client.post(URL)
    assert (traffic.judged, traffic.violations) == (1, [])


def test_traffic_keeps_a_bounded_list():
    traffic = Traffic()
    with httpx.Client(transport=traffic.transport(stub(httpx, b"{}"))) as client:
        for _ in range(200):
            client.post(URL)
    assert len(traffic.violations) == 1_000
    assert traffic.judged == 200


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
