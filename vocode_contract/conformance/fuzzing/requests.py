"""Requests for fuzzing an operation: a valid one, and those that schemathesis generates, valid and invalid.

Half of the generated ids are replaced by ids of existing calls. All requests are marked as generated, so that the guard
never lets one have an effect on a remote host.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Operation
from vocode_contract.errors import MissingExtra
from vocode_contract.http.client.request import OperationRequest

#: Number of slots for existing ids; it is fixed so that one more call does not change what is generated.
_PLACES = 16
#: Values that often break servers, used instead of one in `_RARITY` generated arguments.
_EDGES = (
    *("0", "1", "2", "10", "50", "100", "101", "-1", "1.5", "1e3", "", " ", "true", "null", "None", "NaN"),
    *("2147483648", "9223372036854775808", "00000000-0000-0000-0000-000000000000", "\x00", "'", "\u0661"),
)
_RARITY = 3
#: Number of consecutive repetitions after which no new request is expected.
_STALE = 100
_WIDE = 2**63
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FuzzPlan:
    """What to generate, and what exists.

    Attributes:
        requests: Number of generated requests, besides a first valid one.
        seed: Random seed; the same seed gives the same requests, except for ids.
        ids: IDs of existing calls to use instead of generated ones; the first request has the first one.
        agent_ids: IDs of agents, for Create Call.
        body: Body of the first request; ``None`` if the operation takes none.
    """

    requests: int
    seed: int = 0
    ids: Sequence[str] = ()
    agent_ids: Sequence[str] = ()
    body: object = field(default=None, repr=False)


def identity(wanted: OperationRequest) -> tuple[object, ...]:
    """Return what distinguishes a request from others of its operation."""
    return wanted.arguments, wanted.body


def first_requests(operation: Operation, plan: FuzzPlan) -> Iterator[OperationRequest]:
    """Yield the valid request, unless it takes an id and none is known."""
    is_named = _is_named(operation)
    if not is_named or plan.ids:
        wanted = OperationRequest(
            operation=operation, arguments=(("id", plan.ids[0]),) if is_named else (), generated=True
        )
        yield wanted if operation.body is None else with_body(wanted, plan.body)


def _is_named(operation: Operation) -> bool:
    return any(parameter.name == "id" for parameter in operation.parameters)


def unique_requests(requests: Iterator[OperationRequest]) -> Iterator[OperationRequest]:
    """Leave out requests that repeat earlier ones, and end where nothing new comes any more."""
    seen: set[tuple[object, ...]] = set()
    stale = 0
    for wanted in requests:
        stale = stale + 1 if identity(wanted) in seen else 0
        if stale > _STALE:
            return
        if not stale:
            seen.add(identity(wanted))
            yield wanted


def generate_requests(operation: Operation, contract: Contract, plan: FuzzPlan) -> Iterator[OperationRequest]:
    """Return requests without end, right and wrong ones.

    Raises:
        MissingExtra: schemathesis is not installed.
    """
    try:
        import schemathesis
    except ImportError:
        raise MissingExtra("fuzz", "fuzzing") from None
    from hypothesis import strategies as st

    from vocode_contract.strategies.seeding import sample

    described = _document(contract)[operation.path][operation.method]
    modes = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
    names = [parameter.name for parameter in operation.parameters]
    draws = st.tuples(
        st.one_of(*(described.as_strategy(generation_mode=mode) for mode in modes)),
        st.tuples(*(st.integers(0, _RARITY * len(_EDGES) - 1) for _ in names)),
        st.integers(0, 2 * _PLACES - 1),
    )
    return (
        _request(operation, _apply_edges(case, zip(names, edges, strict=True)), place, plan)
        for case, edges, place in sample(draws, plan.seed)
    )


def _apply_edges(case: Any, edges: Iterable[tuple[str, int]]) -> tuple[dict[str, Any], Any]:
    """Return the generated query and body, with some arguments replaced by values of the table."""
    edges_of = {name: _EDGES[edge] for name, edge in edges if edge < len(_EDGES)}
    return {**(case.query or {}), **edges_of}, case.body


@cache
def _document(contract: Contract) -> Any:
    import schemathesis
    from schemathesis.config import SchemathesisConfig

    # By default, the schemathesis.toml of the current directory would apply, which configures the user's own runs.
    return schemathesis.openapi.from_dict(dict(contract.document), config=SchemathesisConfig())


def _request(operation: Operation, values: tuple[dict[str, Any], Any], place: int, plan: FuzzPlan) -> OperationRequest:
    """Return a request from generated values, with ids of existing things in some places."""
    query, body = values
    if place < _PLACES and plan.ids and _is_named(operation):
        query["id"] = plan.ids[place % len(plan.ids)]
    if place < _PLACES and plan.agent_ids and isinstance(body, dict) and isinstance(body.get("agent"), str):
        body = {**body, "agent": plan.agent_ids[place % len(plan.agent_ids)]}
    arguments = tuple((_text(key), _text(value)) for key, value in query.items())
    wanted = OperationRequest(operation=operation, arguments=arguments, generated=True)
    return wanted if operation.body is None else with_body(wanted, _narrow(body))


def _text(value: object) -> str:
    """Return an argument as text, without lone surrogates, which no URL can hold."""
    text = str(value)
    narrow = str(_narrow(int(text))) if _NUMBER.fullmatch(text) else text
    return narrow.encode("utf-8", "replace").decode()


def _narrow(value: Any) -> Any:
    """Return a value with integers of at most 64 bits: a server that echoes a wider one is not wrong."""
    if isinstance(value, dict):
        return {key: _narrow(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_narrow(item) for item in value]
    if isinstance(value, int) and not -_WIDE <= value < 2 * _WIDE:
        return (value % _WIDE) * (1 if value > 0 else -1)
    return value


def with_body(wanted: OperationRequest, body: object) -> OperationRequest:
    """Return a request with a JSON body that is safe in a shell and a log; a value that JSON cannot hold gives none."""
    try:
        text = json.dumps(body, separators=(",", ":"))
    except (TypeError, ValueError):
        return replace(wanted, body=b"", media_type="")
    for unfit, fit in (("\x7f", r"\u007f"), ("##", r"#\u0023"), ("::", r":\u003a")):  # all of them are in strings
        text = text.replace(unfit, fit)
    return replace(wanted, body=text.encode(), media_type="application/json")
