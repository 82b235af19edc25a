"""Serve the shapes that a contract of a user's own declares.

The account is modelled on the contract if that has what the simulator works with, else on the newest shipped one.
Every response is then fitted to the contract: what it requires is added, and what it forbids is replaced.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from vocode_contract.contract.fit import fit
from vocode_contract.contract.minimal_values import usual_value
from vocode_contract.contract.model import Contract, dates
from vocode_contract.contract.operation import Operation
from vocode_contract.http.message import Response
from vocode_contract.simulator.responses import JSON, json_response

#: Schemas that the account works with.
_MODELLED = ("Agent", "Call", "CallPage", "CreateCallRequest", "NormalizedCall")


def find_model(contract: Contract) -> Contract:
    """Return the contract that the account is modelled on: the one that is served, if it has all that is needed."""
    if contract.is_shipped or (has_event_types(contract) and all(_is_alike(contract, name) for name in _MODELLED)):
        return contract
    return Contract.load(dates()[-1], profile=contract.profile)


def has_event_types(contract: Contract) -> bool:
    """Return whether a contract lists the types of webhook events."""
    return "WebhookEvent" in contract.schemas and isinstance(contract.schemas.get("EventType", {}).get("enum"), list)


def _is_alike(contract: Contract, name: str) -> bool:
    """Return whether a schema has every property that its namesakes in the shipped contracts share."""
    shared: set[str] = set.intersection(*(set(Contract.load(date).schemas[name]["properties"]) for date in dates()))
    return shared.issubset(contract.schemas.get(name, {}).get("properties", ()))


def list_new_values(contract: Contract) -> Iterator[tuple[str, Any]]:
    """Yield each listed value of a property of Call that no shipped contract lists, with the name of the property."""
    if contract.is_shipped:
        return
    known = [Contract.load(date) for date in dates()]
    for key in contract.schemas["Call"]["properties"]:
        old = {value for each in known for value in _list_values(each, key)}
        yield from ((key, value) for value in _list_values(contract, key) if old and value not in old)


def _list_values(contract: Contract, key: str) -> tuple[Any, ...]:
    schema = contract.branch(contract.schemas["Call"]["properties"].get(key, {}), "") or {}
    return tuple(value for value in schema.get("enum", ()) if value is not None)


def fit_response(contract: Contract, operation: Operation, response: Response, *, model: Contract) -> Response:
    """Return a response with the JSON body that a contract of a user's own declares for its status."""
    name = operation.responses.get(response.status, {}).get("application/json")
    if contract.is_shipped or name is None or JSON not in response.headers:
        return response
    content = fit(contract, name, orjson.loads(response.body), drops_undeclared=model is not contract)
    return replace(response, body=orjson.dumps(content))


def make_response(contract: Contract, operation: Operation) -> Response:
    """Return the shortest response that a contract declares for the success of an operation."""
    status = min((status for status in operation.responses if 200 <= status < 300), default=200)
    declared = operation.responses.get(status, {})
    for media_type, name in declared.items():
        if name is not None and media_type == JSON[1]:
            return json_response(status, usual_value(contract, contract.schemas[name]))
    headers = (("content-type", next(iter(declared))),) if declared else ()
    return Response(status=status, headers=headers)
