"""Fuzzing an operation through schemathesis: its data, our checks, our sender.

schemathesis left alone never gets hold of a call that exists, and sends by itself. Here it only
draws: requests that fit the document and requests that do not; ids of real calls are put in place
of drawn ones half of the time, and every request passes the guard as generated.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from vocode_contract.checks import violations_of
from vocode_contract.contract import Contract, Operation
from vocode_contract.curl import curl
from vocode_contract.errors import MissingExtra
from vocode_contract.exchange import Exchange
from vocode_contract.transport import Ask
from vocode_contract.violation import Violation

#: Requests sent at most to reduce a failure; after that, what is smallest so far is told.
_REDUCTION = 100

Send = Callable[[Ask], Exchange]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuzzed:
    """What came of fuzzing one operation.

    Attributes:
        operation: Its name.
        violations: What the smallest failing request brought to light; none if all went well.
        curl: That request, without the token; empty if there is none.
        requests: How many requests were sent, those for reduction included.
        statuses: The status codes that came.
    """

    operation: str
    violations: tuple[Violation, ...]
    curl: str = field(repr=False)
    requests: int
    statuses: frozenset[int]

    @property
    def was_served(self) -> bool:
        """Whether any request was answered with success; nothing much was tested without."""
        return any(200 <= status < 300 for status in self.statuses)


class _Found(Exception):
    """A request brought violations to light."""


def fuzz(
    send: Send,
    operation: Operation,
    contract: Contract,
    *,
    origin: str,
    examples: int,
    seed: int = 0,
    call_ids: Sequence[str] = (),
    agent_ids: Sequence[str] = (),
) -> Fuzzed:
    """Fuzz one operation, and reduce the first failure.

    Args:
        send: Sends a request past the guard.
        operation: Of the contract.
        contract: The date and profile to judge by.
        origin: Where requests go, for the command that reproduces one.
        examples: How many requests to draw.
        seed: The same seed draws the same requests.
        call_ids: Calls that exist.
        agent_ids: Agents that exist, for Create Call.

    Raises:
        MissingExtra: schemathesis is not installed.
        NotPermitted: The guard refuses generated data for this operation.
        Inconclusive: No complete answer came.
    """
    try:
        import hypothesis
    except ImportError:
        raise MissingExtra("fuzz", "fuzzing") from None
    run = _Run(send, operation, contract, origin)
    given: Any = hypothesis.given(_asks(operation, contract, call_ids, agent_ids))
    seeded = hypothesis.seed(seed)(given(run.one))
    settled = hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )(seeded)
    with suppress(_Found, hypothesis.errors.Flaky):  # what a call answers depends on what was done to it before
        settled()
    return run.result()


class _Run:
    """The requests of one run, and the last that failed: the smallest, as reduction goes."""

    def __init__(self, send: Send, operation: Operation, contract: Contract, origin: str) -> None:
        self._send = send
        self._operation = operation
        self._contract = contract
        self._origin = origin
        self._failed: tuple[Exchange, tuple[Violation, ...]] | None = None
        self._requests = 0
        self._last_request = 0
        self._statuses: set[int] = set()

    def one(self, ask: Ask) -> None:
        __tracebackhide__ = True
        if self._failed and self._requests >= self._last_request:
            return
        exchange = self._send(ask)
        self._requests += 1
        self._statuses.add(exchange.response.status)
        found = tuple(violations_of(exchange, self._operation, self._contract))
        if any(violation.severity == "error" for violation in found):
            if self._failed is None:
                self._last_request = self._requests + _REDUCTION
            self._failed = exchange, found
            raise _Found

    def result(self) -> Fuzzed:
        exchange, violations = self._failed or (None, ())
        return Fuzzed(
            operation=self._operation.name,
            violations=violations,
            curl=curl(exchange.request, self._origin, self._contract) if exchange else "",
            requests=self._requests,
            statuses=frozenset(self._statuses),
        )


def _asks(operation: Operation, contract: Contract, call_ids: Sequence[str], agent_ids: Sequence[str]) -> Any:
    """Return a strategy of requests, right and wrong ones."""
    try:
        import schemathesis
    except ImportError:
        raise MissingExtra("fuzz", "fuzzing") from None
    from hypothesis import strategies as st

    document = schemathesis.openapi.from_dict(dict(contract.document))
    drawn = document[operation.path][operation.method]
    modes = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
    cases = st.one_of(*(drawn.as_strategy(generation_mode=mode) for mode in modes))
    real = call_ids if operation.body is None else agent_ids
    return st.builds(lambda case, known: _ask(operation, case, known), cases, st.sampled_from([None, *real]))


def _ask(operation: Operation, case: Any, known: str | None) -> Ask:
    """Make a request of what was drawn, the id of something that exists in place of a drawn one."""
    query, drawn = dict(case.query or {}), case.body
    if known is not None and any(parameter.name == "id" for parameter in operation.parameters):
        query["id"] = known
    if known is not None and isinstance(drawn, dict) and isinstance(drawn.get("agent"), str):
        drawn = {**drawn, "agent": known}
    body = b"" if operation.body is None else _written(drawn)
    return Ask(
        operation=operation,
        arguments=tuple((str(key), value if isinstance(value, str) else str(value)) for key, value in query.items()),
        body=body,
        media_type="application/json" if body else "",
        generated=True,
    )


def _written(body: object) -> bytes:
    """Write a drawn body as JSON; what JSON cannot hold is no body."""
    import json

    try:
        return json.dumps(body).encode()
    except (TypeError, ValueError):
        return b""
