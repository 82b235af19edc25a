"""Fuzz an operation with requests from schemathesis, checked and sent by this package.

On its own, schemathesis would never use the id of an existing call, and would send without the guard. Here it only
generates requests, valid and invalid ones. Half of the generated ids are replaced by ids of existing calls, and the
guard knows that every request is generated.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain, islice

from vocode_contract.conformance.fuzzing.requests import (
    FuzzPlan,
    first_requests,
    generate_requests,
    identity,
    unique_requests,
    with_body,
)
from vocode_contract.conformance.fuzzing.shrinking import shrink, shrink_sequence
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Operation
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.client.request import OperationRequest
from vocode_contract.http.inconclusive import Inconclusive

#: Maximum numbers of requests to shrink one finding, of findings, and of requests without a response.
REDUCTION = 100
_MOST_FINDS = 10
_MOST_UNANSWERED = 3
#: Codes whose violations have different causes for different status codes.
_BY_STATUS = frozenset(("status-undeclared", "redirect", "redirect-elsewhere"))
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FuzzResult:
    """The result of fuzzing one operation.

    Attributes:
        finds: Each cause of violations once, as the exchange of the smallest request that shows it.
        served: The first successful exchange without an error; ``None`` if there is none.
        statuses: Pairs of status code and count, shrinking included, the lowest first.
        unanswered: For each request without a complete response, the reason.
    """

    operation: str
    finds: tuple[CheckedExchange, ...]
    served: CheckedExchange | None
    statuses: tuple[tuple[int, int], ...]
    unanswered: tuple[Inconclusive, ...] = ()

    @property
    def requests(self) -> int:
        """Number of requests sent, shrinking included."""
        return sum(count for _, count in self.statuses) + len(self.unanswered)

    @property
    def was_served(self) -> bool:
        """Whether any request succeeded; otherwise little was tested."""
        return any(200 <= status < 300 for status, _ in self.statuses)


def fuzz(
    send: Callable[[OperationRequest], CheckedExchange], operation: Operation, contract: Contract, plan: FuzzPlan
) -> FuzzResult:
    """Fuzz one operation: send a valid request, then generated ones, and shrink each finding.

    Raises:
        MissingExtra: schemathesis is not installed.
        NotPermitted: The guard refuses generated data for this operation.
    """
    requests = islice(unique_requests(generate_requests(operation, contract, plan)), plan.requests)
    run = _FuzzRun(send, operation)
    for wanted in chain(first_requests(operation, plan), requests):
        run.try_out(wanted)
        if run.is_over:
            break
    return run.result()


class _FuzzRun:
    """The requests of one run, and their findings."""

    def __init__(self, send: Callable[[OperationRequest], CheckedExchange], operation: Operation) -> None:
        self._send = send
        self._operation = operation
        self._causes: set[tuple[str, ...]] = set()
        self._finds: list[CheckedExchange] = []
        self._served: CheckedExchange | None = None
        self._statuses: Counter[int] = Counter()
        self._unanswered: list[Inconclusive] = []

    @property
    def is_over(self) -> bool:
        return len(self._finds) >= _MOST_FINDS or len(self._unanswered) >= _MOST_UNANSWERED

    def try_out(self, wanted: OperationRequest) -> None:
        """Send a request, and shrink it if it shows a new cause."""
        __tracebackhide__ = True
        answer = self._try_send(wanted)
        new = _causes(answer) - self._causes if answer is not None else set()
        if answer is None or not new:
            return
        search = _Search(self._try_send, wanted, answer, new)
        smallest = search.smallest()
        self._causes |= _causes(smallest) | new
        self._finds.append(smallest)

    def _try_send(self, wanted: OperationRequest) -> CheckedExchange | None:
        """Send a request; return ``None`` if no complete response came or can be expected."""
        __tracebackhide__ = True
        if len(self._unanswered) >= _MOST_UNANSWERED:
            return None
        try:
            answer = self._send(wanted)
        except Inconclusive as inconclusive:
            self._unanswered.append(inconclusive)
            return None
        status = answer.exchange.response.status
        self._statuses[status] += 1
        if self._served is None and 200 <= status < 300 and not _causes(answer):
            self._served = answer
        return answer

    def result(self) -> FuzzResult:
        return FuzzResult(
            operation=self._operation.name,
            finds=tuple(self._finds),
            served=self._served,
            statuses=tuple(sorted(self._statuses.items())),
            unanswered=tuple(self._unanswered),
        )


def _causes(answer: CheckedExchange) -> set[tuple[str, ...]]:
    return {
        (error.code, error.schema_pointer, error.expected, error.actual if error.code in _BY_STATUS else "")
        for error in answer.violations
        if error.severity == "error"
    }


class _Search:
    """Search for the smallest request that shows the same causes, with at most `REDUCTION` requests."""

    def __init__(
        self,
        try_send: Callable[[OperationRequest], CheckedExchange | None],
        wanted: OperationRequest,
        found: CheckedExchange,
        causes: set[tuple[str, ...]],
    ) -> None:
        self._try_send = try_send
        self._wanted = wanted
        self._found = found
        self._causes = causes
        self._tried = {identity(wanted)}

    def smallest(self) -> CheckedExchange:
        __tracebackhide__ = True
        self._wanted = self._without_body()
        arguments = shrink_sequence(
            self._wanted.arguments, lambda kept: self._shows(replace(self._wanted, arguments=tuple(kept)))
        )
        self._wanted = replace(self._wanted, arguments=tuple(arguments))
        if self._wanted.body:
            body = shrink(json.loads(self._wanted.body), lambda body: self._shows(with_body(self._wanted, body)))
            self._wanted = with_body(self._wanted, body)
        for index in range(len(self._wanted.arguments)):
            self._shrink_argument(index)
        return self._found

    def _without_body(self) -> OperationRequest:
        without = replace(self._wanted, body=b"", media_type="")
        return without if self._shows(without) else self._wanted

    def _shrink_argument(self, index: int) -> None:
        text = self._wanted.arguments[index][1]
        value = int(text) if _NUMBER.fullmatch(text) else text
        smallest = shrink(value, lambda smaller: self._shows(self._with_argument(index, smaller)))
        self._wanted = self._with_argument(index, smallest)

    def _with_argument(self, index: int, value: object) -> OperationRequest:
        arguments = list(self._wanted.arguments)
        arguments[index] = (arguments[index][0], str(value))
        return replace(self._wanted, arguments=tuple(arguments))

    def _shows(self, wanted: OperationRequest) -> bool:
        __tracebackhide__ = True
        if identity(wanted) in self._tried or len(self._tried) > REDUCTION:
            return False
        self._tried.add(identity(wanted))
        answer = self._try_send(wanted)
        if answer is None or not self._causes <= _causes(answer):
            return False
        self._found = answer
        return True
