"""Fuzzing an operation through schemathesis: its data, our checks, our sender.

schemathesis left alone never gets hold of a call that exists, and sends by itself. Here it only
draws: requests that fit the document and requests that do not. The ids of calls that exist are put
in place of drawn ones half of the time, and every request passes the guard as generated.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Generic, Protocol, TypeVar

from vocode_contract.conformance.fuzzing.requests import FuzzPlan, drawn, first, identity, unrepeated, with_body
from vocode_contract.conformance.fuzzing.shrinking import fewer, reduced
from vocode_contract.contract.model import Contract, Operation
from vocode_contract.http.client.request import OperationRequest
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.http.message import Exchange
from vocode_contract.validation.violation import Violation

#: Requests sent at most to reduce one find, finds after which no more is drawn, requests without a response likewise.
REDUCTION = 100
_MOST_FINDS = 10
_MOST_UNANSWERED = 3
#: Codes that a server earns in several ways, each with a status code of its own.
_TOLD_APART = frozenset(("status-undeclared", "redirect", "redirect-elsewhere"))
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,99}")


class Judged(Protocol):
    """An exchange that was checked."""

    @property
    def exchange(self) -> Exchange:
        """What was sent and what came."""

    @property
    def violations(self) -> tuple[Violation, ...]:
        """The violations with it."""


J = TypeVar("J", bound=Judged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuzzed(Generic[J]):
    """The result of fuzzing one operation.

    Attributes:
        operation: Its name.
        finds: Each cause of violations once, as the response to the smallest request that shows it.
        served: The first response of success that has no error; ``None`` if there is none.
        statuses: Status code to how often it came, reduction included; the lowest first.
        unanswered: Why there was no complete response, for each request that got none.
    """

    operation: str
    finds: tuple[J, ...]
    served: J | None
    statuses: tuple[tuple[int, int], ...]
    unanswered: tuple[Inconclusive, ...] = ()

    @property
    def requests(self) -> int:
        """How many requests were sent, those for reduction included."""
        return sum(count for _, count in self.statuses) + len(self.unanswered)

    @property
    def was_served(self) -> bool:
        """Whether any request was answered with success; nothing much was tested without."""
        return any(200 <= status < 300 for status, _ in self.statuses)


def fuzz(send: Callable[[OperationRequest], J], operation: Operation, contract: Contract, plan: FuzzPlan) -> Fuzzed[J]:
    """Fuzz one operation: a request that is right, then those that are drawn; each find is reduced.

    Args:
        send: Sends a request past the guard, and checks the response.
        operation: Of the contract.
        contract: Says what requests look like.
        plan: What to draw.

    Raises:
        MissingExtra: schemathesis is not installed.
        NotPermitted: The guard refuses generated data for this operation.
    """
    requests = islice(unrepeated(drawn(operation, contract, plan)), plan.requests)
    run = _Run(send, operation)
    for wanted in chain(first(operation, plan), requests):
        run.try_out(wanted)
        if run.is_over:
            break
    return run.result()


class _Run(Generic[J]):
    """The requests of one run, and what they brought to light."""

    def __init__(self, send: Callable[[OperationRequest], J], operation: Operation) -> None:
        self._send = send
        self._operation = operation
        self._causes: set[tuple[str, ...]] = set()
        self._finds: list[J] = []
        self._served: J | None = None
        self._statuses: Counter[int] = Counter()
        self._unanswered: list[Inconclusive] = []

    @property
    def is_over(self) -> bool:
        return len(self._finds) >= _MOST_FINDS or len(self._unanswered) >= _MOST_UNANSWERED

    def try_out(self, wanted: OperationRequest) -> None:
        """Send a request, and reduce it if it shows what no request before it did."""
        __tracebackhide__ = True
        answer = self._answer(wanted)
        new = _causes(answer) - self._causes if answer is not None else set()
        if answer is None or not new:
            return
        search = _Search(self._answer, wanted, answer, new)
        smallest = search.smallest()
        self._causes |= _causes(smallest) | new
        self._finds.append(smallest)

    def _answer(self, wanted: OperationRequest) -> J | None:
        """Send a request; ``None`` where no complete response came, or is to be hoped for."""
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

    def result(self) -> Fuzzed[J]:
        return Fuzzed(
            operation=self._operation.name,
            finds=tuple(self._finds),
            served=self._served,
            statuses=tuple(sorted(self._statuses.items())),
            unanswered=tuple(self._unanswered),
        )


def _causes(answer: Judged) -> set[tuple[str, ...]]:
    """Return what tells the errors of a response from those of other causes."""
    return {
        (error.code, error.schema_pointer, error.expected, error.actual if error.code in _TOLD_APART else "")
        for error in answer.violations
        if error.severity == "error"
    }


class _Search(Generic[J]):
    """Looks for the smallest request that shows the same causes; sends at most `REDUCTION` for it."""

    def __init__(
        self,
        answer: Callable[[OperationRequest], J | None],
        wanted: OperationRequest,
        found: J,
        causes: set[tuple[str, ...]],
    ) -> None:
        self._answer = answer
        self._wanted = wanted
        self._found = found
        self._causes = causes
        self._tried = {identity(wanted)}

    def smallest(self) -> J:
        __tracebackhide__ = True
        self._wanted = self._without_body()
        arguments = fewer(
            self._wanted.arguments, lambda kept: self._shows(replace(self._wanted, arguments=tuple(kept)))
        )
        self._wanted = replace(self._wanted, arguments=tuple(arguments))
        if self._wanted.body:
            body = reduced(json.loads(self._wanted.body), lambda body: self._shows(with_body(self._wanted, body)))
            self._wanted = with_body(self._wanted, body)
        for index in range(len(self._wanted.arguments)):
            self._reduce_argument(index)
        return self._found

    def _without_body(self) -> OperationRequest:
        without = replace(self._wanted, body=b"", media_type="")
        return without if self._shows(without) else self._wanted

    def _reduce_argument(self, index: int) -> None:
        value = _plain(self._wanted.arguments[index][1])
        smallest = reduced(value, lambda smaller: self._shows(self._with_argument(index, smaller)))
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
        answer = self._answer(wanted)
        if answer is None or not self._causes <= _causes(answer):
            return False
        self._found = answer
        return True


def _plain(value: str) -> int | str:
    """Return the number that an argument writes, or the argument."""
    return int(value) if _NUMBER.fullmatch(value) else value
