"""Faults seen in the same traffic: by `Traffic`, openapi-core, a bare JSON Schema engine, and Prism's proxy.

The client does what an application does: it lists calls, reads them, places one, ends it, reads it again and fetches a
recording. All checkers get the same document, in which what servers send as null may be null. Only faults of complete
responses take part. openapi-core takes part where it is installed, and Prism where ``prism`` of
``@stoplight/prism-cli`` is on the path or named by the variable PRISM.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs

from benchmarks.finding import TOKEN, date_of, document_on_wire
from benchmarks.measuring import Reading
from benchmarks.serving import find_free_port, run_server
from vocode_contract.contract.model import Contract
from vocode_contract.http.traffic import Traffic
from vocode_contract.simulator import FAULTS, SOUND_VARIANTS, Simulation, SimulatorTransport, Variant, simulator
from vocode_contract.simulator.variants import LIKELY
from vocode_contract.validation.violation import has_error

#: Takes a request and its response, and returns whether it reports anything.
Checker = Callable[[httpx.Request, httpx.Response], bool]
#: What an application runs into if a response is not what it expects.
_TROUBLE = (httpx.HTTPError, ValueError, KeyError, TypeError, RecursionError)
_PRISM = "Prism, proxy"
_HOST = "http://api.example"
_HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def figures() -> Iterator[Reading]:
    """Yield in how many faulty servers each checker reports something, and in how many sound ones."""
    faults = sorted((name for name in FAULTS if FAULTS[name].kind == "answer"), key=date_of)
    found: dict[str, int] = {}
    accused: dict[str, int] = {}
    for date, names in groupby(faults, date_of):
        for name in names:
            simulation = Simulation(Contract.load(date), token=TOKEN, faults=(name,))
            _count(_find(simulation), found)
        with _find_by_prism(date) as find:
            if find:
                chosen = [name for name in faults if date_of(name) == date]
                servers = [server for server in SOUND_VARIANTS.values() if server.contract == date]
                found[_PRISM] = found.get(_PRISM, 0) + sum(find(name, LIKELY) for name in chosen)
                accused[_PRISM] = accused.get(_PRISM, 0) + sum(find("", server.variant) for server in servers)
    for server in SOUND_VARIANTS.values():
        simulation = Simulation(Contract.load(server.contract), token=TOKEN, variant=server.variant)
        _count(_find(simulation), accused)
    for checker, count in found.items():
        yield Reading(name=f"{checker}: faults found", value=count, unit=f"of {len(faults)}")
    for checker, count in accused.items():
        yield Reading(name=f"{checker}: sound servers accused", value=count, unit=f"of {len(SOUND_VARIANTS)}")


def _count(results: Mapping[str, bool], counts: dict[str, int]) -> None:
    for checker, is_found in results.items():
        counts[checker] = counts.get(checker, 0) + is_found


def _find(simulation: Simulation) -> dict[str, bool]:
    """Return which checkers report something about the traffic of a client in front of a server."""
    traffic = Traffic(contract=simulation.contract)
    checkers = _checkers(simulation.contract.date)
    exchanges: list[tuple[httpx.Request, httpx.Response]] = []

    def keep(response: httpx.Response) -> None:
        response.read()
        exchanges.append((response.request, response))

    transport = traffic.transport(SimulatorTransport(simulation))
    with httpx.Client(
        transport=transport, base_url=_HOST, headers=_HEADERS, event_hooks={"response": [keep]}
    ) as client:
        _use(client)
    found = {name: any(check(*exchange) for exchange in exchanges) for name, check in checkers.items()}
    return {"Traffic": has_error(traffic.violations), **found}


@cache
def _checkers(date: str) -> Mapping[str, Checker]:
    document = document_on_wire(Contract.load(date))
    checkers = {"a bare JSON Schema engine": _bare(document)}
    if find_spec("openapi_core"):
        checkers["openapi-core"] = _openapi_core(document)
    return checkers


def _use(client: httpx.Client) -> None:
    """Do what an application does, as far as the server lets it."""
    with suppress(*_TROUBLE):
        ids = [call["id"] for call in client.get("/v1/calls/list", params={"size": 50}).json()["items"]]
        for page in (1, 2):
            client.get("/v1/calls/list", params={"page": page, "size": 3})
        calls = [client.get("/v1/calls", params={"id": call}).json() for call in ids]
        for call in [call["id"] for call in calls if call["recording_available"]][:3]:
            client.get("/v1/calls/recording", params={"id": call})
    with suppress(*_TROUBLE):
        body = {"from_number": "12025550123", "to_number": "12025550101", "agent": {"prompt": {"content": "Hello."}}}
        created = client.post("/v1/calls/create", json=body).json()["id"]
        for method, path in (("GET", ""), ("POST", "/end"), ("POST", "/end"), ("GET", "")):
            client.request(method, f"/v1/calls{path}", params={"id": created})


def _bare(document: Any) -> Checker:
    """Return a check of status, media type and schema, as a few lines of one's own would make it."""
    components = {"components": document["components"]}

    def check(request: httpx.Request, response: httpx.Response) -> bool:
        declared = document["paths"][request.url.path][request.method.lower()]["responses"].get(
            str(response.status_code)
        )
        if declared is None:
            return True
        media = declared.get("content", {})
        kind = response.headers.get("content-type", "").partition(";")[0].strip()
        if media and kind not in media:
            return True
        if kind != "application/json":
            return False
        try:
            body = response.json()
        except (ValueError, RecursionError):
            return True
        schema = media.get(kind, {}).get("schema", {})
        validator = jsonschema_rs.Draft202012Validator({**components, **schema}, validate_formats=True, offline=True)
        return not validator.is_valid(body)

    return check


def _openapi_core(document: Any) -> Checker:
    from openapi_core import OpenAPI
    from openapi_core.exceptions import OpenAPIError
    from openapi_core.testing import MockRequest, MockResponse

    api = OpenAPI.from_dict({**document, "servers": [{"url": _HOST}]})

    def check(request: httpx.Request, response: httpx.Response) -> bool:
        kind = response.headers.get("content-type", "")
        asked = MockRequest(_HOST, request.method.lower(), request.url.path, args=dict(request.url.params))
        answered = MockResponse(response.content, response.status_code, dict(response.headers), kind)
        try:
            api.validate_response(asked, answered)
        except (OpenAPIError, ValueError, RecursionError):
            return True
        return False

    return check


@contextmanager
def _find_by_prism(date: str) -> Iterator[Callable[[str, Variant], bool] | None]:
    """Yield what plants a fault in a server behind Prism's proxy and returns whether the proxy reports it."""
    prism = os.environ.get("PRISM") or shutil.which("prism")
    if not prism:
        yield None
        return
    contract, port = Contract.load(date), find_free_port()
    with tempfile.TemporaryDirectory() as folder, simulator(contract=contract, token=TOKEN) as running:
        document = Path(folder, "openapi.json")
        document.write_text(json.dumps(document_on_wire(contract)), encoding="utf-8")
        with run_server([prism, "proxy", "--port", str(port), str(document), running.url], port):

            def find(fault: str, variant: Variant) -> bool:
                running.reset()
                running.simulation.variant = variant
                if fault:
                    running.arm(fault)
                reports: list[str] = []

                def keep(response: httpx.Response) -> None:
                    reports.append(response.headers.get("sl-violations", "[]"))

                url = f"http://127.0.0.1:{port}"
                with httpx.Client(
                    base_url=url, headers=_HEADERS, event_hooks={"response": [keep]}, timeout=15
                ) as client:
                    _use(client)
                return any(found["location"][0] == "response" for report in reports for found in json.loads(report))

            yield find
