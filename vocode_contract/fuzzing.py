"""Fuzzing an operation through schemathesis: its data, our checks, our sender.

schemathesis left alone never gets hold of a call that exists, and sends by itself. Here it only
draws: requests that fit the document and requests that do not. The ids of calls that exist are put
in place of drawn ones half of the time, and every request passes the guard as generated.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain, islice
from typing import Any, Generic, Protocol, TypeVar

from vocode_contract.contract import Contract, Operation
from vocode_contract.errors import MissingExtra
from vocode_contract.exchange import Exchange
from vocode_contract.inconclusive import Inconclusive
from vocode_contract.reducing import fewer, reduced
from vocode_contract.transport import Ask
from vocode_contract.violation import Violation

#: Requests sent at most to reduce one find, finds after which no more is drawn, requests without an answer likewise.
REDUCTION = 100
_MOST_FINDS = 10
_MOST_UNANSWERED = 3
#: Places for ids of things that exist: a fixed number, or a call more would change what is drawn.
_PLACES = 16
#: Values that servers stumble over, in place of one that was drawn for an argument, and how often: one time in so many.
_EDGES = (
    *("0", "1", "2", "10", "50", "100", "101", "-1", "1.5", "1e3", "", " ", "true", "null", "None", "NaN"),
    *("2147483648", "9223372036854775808", "00000000-0000-0000-0000-000000000000", "\x00", "'", "\u0661"),
)
_RARITY = 3
#: A draw that repeats an earlier one is left out; so often in a row, there is nothing new to come.
_STALE = 100
#: Codes that a server earns in several ways, each with a status code of its own.
_TOLD_APART = frozenset(("status-undeclared", "redirect", "redirect-elsewhere"))
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,99}")


class Judged(Protocol):
    """An exchange that was judged."""

    @property
    def exchange(self) -> Exchange:
        """What was sent and what came."""

    @property
    def violations(self) -> tuple[Violation, ...]:
        """What is wrong with it."""


J = TypeVar("J", bound=Judged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to draw, and what exists.

    Attributes:
        requests: How many requests to draw, beside a first one that is right.
        seed: The same seed draws the same requests, ids apart.
        ids: Ids of calls, to be put in place of drawn ones; the first is asked for first.
        agent_ids: Ids of agents, for Create Call.
        body: Of the first request; ``None`` where the operation takes none.
    """

    requests: int
    seed: int = 0
    ids: Sequence[str] = ()
    agent_ids: Sequence[str] = ()
    body: object = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuzzed(Generic[J]):
    """What came of fuzzing one operation.

    Attributes:
        operation: Its name.
        finds: Each cause of violations once, as the answer to the smallest request that shows it.
        served: The first answer of success that has no error; ``None`` if there is none.
        statuses: Status code to how often it came, reduction included; the lowest first.
        unanswered: Why there was no complete answer, for each request that got none.
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


def fuzz(send: Callable[[Ask], J], operation: Operation, contract: Contract, plan: Plan) -> Fuzzed[J]:
    """Fuzz one operation: a request that is right, then those that are drawn; each find is reduced.

    Args:
        send: Sends a request past the guard, and judges the answer.
        operation: Of the contract.
        contract: Says what requests look like.
        plan: What to draw.

    Raises:
        MissingExtra: schemathesis is not installed.
        NotPermitted: The guard refuses generated data for this operation.
    """
    drawn = islice(_unrepeated(_drawn(operation, contract, plan)), plan.requests)
    run = _Run(send, operation)
    for ask in chain(_first(operation, plan), drawn):
        run.try_out(ask)
        if run.is_over:
            break
    return run.result()


class _Run(Generic[J]):
    """The requests of one run, and what they brought to light."""

    def __init__(self, send: Callable[[Ask], J], operation: Operation) -> None:
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

    def try_out(self, ask: Ask) -> None:
        """Send a request, and reduce it if it shows what no request before it did."""
        __tracebackhide__ = True
        answer = self._answer(ask)
        new = _causes(answer) - self._causes if answer is not None else set()
        if answer is None or not new:
            return
        search = _Search(self._answer, ask, answer, new)
        smallest = search.smallest()
        self._causes |= _causes(smallest) | new
        self._finds.append(smallest)

    def _answer(self, ask: Ask) -> J | None:
        """Send a request; ``None`` where no complete answer came, or is to be hoped for."""
        __tracebackhide__ = True
        if len(self._unanswered) >= _MOST_UNANSWERED:
            return None
        try:
            answer = self._send(ask)
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
    """Return what tells the errors of an answer from those of other causes."""
    return {
        (error.code, error.schema_pointer, error.expected, error.actual if error.code in _TOLD_APART else "")
        for error in answer.violations
        if error.severity == "error"
    }


class _Search(Generic[J]):
    """Looks for the smallest request that shows the same causes; sends at most `REDUCTION` for it."""

    def __init__(self, answer: Callable[[Ask], J | None], ask: Ask, found: J, causes: set[tuple[str, ...]]) -> None:
        self._answer = answer
        self._ask = ask
        self._found = found
        self._causes = causes
        self._tried = {_identity(ask)}

    def smallest(self) -> J:
        __tracebackhide__ = True
        self._ask = self._without_body()
        arguments = fewer(self._ask.arguments, lambda kept: self._shows(replace(self._ask, arguments=tuple(kept))))
        self._ask = replace(self._ask, arguments=tuple(arguments))
        if self._ask.body:
            body = reduced(json.loads(self._ask.body), lambda body: self._shows(_with_body(self._ask, body)))
            self._ask = _with_body(self._ask, body)
        for index in range(len(self._ask.arguments)):
            self._reduce_argument(index)
        return self._found

    def _without_body(self) -> Ask:
        without = replace(self._ask, body=b"", media_type="")
        return without if self._shows(without) else self._ask

    def _reduce_argument(self, index: int) -> None:
        value = _plain(self._ask.arguments[index][1])
        smallest = reduced(value, lambda smaller: self._shows(self._with_argument(index, smaller)))
        self._ask = self._with_argument(index, smallest)

    def _with_argument(self, index: int, value: object) -> Ask:
        before, (name, _), after = (
            self._ask.arguments[:index],
            self._ask.arguments[index],
            self._ask.arguments[index + 1 :],
        )
        return replace(self._ask, arguments=(*before, (name, str(value)), *after))

    def _shows(self, ask: Ask) -> bool:
        __tracebackhide__ = True
        if _identity(ask) in self._tried or len(self._tried) > REDUCTION:
            return False
        self._tried.add(_identity(ask))
        answer = self._answer(ask)
        if answer is None or not self._causes <= _causes(answer):
            return False
        self._found = answer
        return True


def _plain(value: str) -> int | str:
    """Return the number that an argument writes, or the argument."""
    return int(value) if _NUMBER.fullmatch(value) else value


def _identity(ask: Ask) -> tuple[object, ...]:
    return ask.arguments, ask.body


def _first(operation: Operation, plan: Plan) -> Iterator[Ask]:
    """Yield the request that is right, unless it takes an id and none is known."""
    is_named = _is_named(operation)
    if not is_named or plan.ids:
        ask = Ask(operation=operation, arguments=(("id", plan.ids[0]),) if is_named else (), generated=True)
        yield ask if operation.body is None else _with_body(ask, plan.body)


def _is_named(operation: Operation) -> bool:
    return any(parameter.name == "id" for parameter in operation.parameters)


def _unrepeated(asks: Iterator[Ask]) -> Iterator[Ask]:
    seen: set[tuple[object, ...]] = set()
    stale = 0
    for ask in asks:
        stale = stale + 1 if _identity(ask) in seen else 0
        if stale > _STALE:
            return
        if not stale:
            seen.add(_identity(ask))
            yield ask


def _drawn(operation: Operation, contract: Contract, plan: Plan) -> Iterator[Ask]:
    """Return requests without end, right and wrong ones.

    Raises:
        MissingExtra: schemathesis is not installed.
    """
    try:
        import schemathesis
    except ImportError:
        raise MissingExtra("fuzz", "fuzzing") from None
    from hypothesis import strategies as st

    from vocode_contract.strategies.seeding import seeded

    drawn = _document(contract)[operation.path][operation.method]
    modes = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
    names = [parameter.name for parameter in operation.parameters]
    draws = st.tuples(
        st.one_of(*(drawn.as_strategy(generation_mode=mode) for mode in modes)),
        st.tuples(*(st.integers(0, _RARITY * len(_EDGES) - 1) for _ in names)),
        st.integers(0, 2 * _PLACES - 1),
    )
    return (
        _ask(operation, _edged(case, zip(names, edges, strict=True)), place, plan)
        for case, edges, place in seeded(draws, plan.seed)
    )


def _edged(case: Any, edges: Iterable[tuple[str, int]]) -> tuple[dict[str, Any], Any]:
    """Return the query and the body that were drawn, some arguments from the table in place of drawn ones."""
    told = {name: _EDGES[edge] for name, edge in edges if edge < len(_EDGES)}
    return {**(case.query or {}), **told}, case.body


@cache
def _document(contract: Contract) -> Any:
    import schemathesis

    return schemathesis.openapi.from_dict(dict(contract.document))


def _ask(operation: Operation, drawn: tuple[dict[str, Any], Any], place: int, plan: Plan) -> Ask:
    """Make a request of what was drawn, the id of something that exists in place of a drawn one."""
    query, body = drawn
    if place < _PLACES and plan.ids and _is_named(operation):
        query["id"] = plan.ids[place % len(plan.ids)]
    if place < _PLACES and plan.agent_ids and isinstance(body, dict) and isinstance(body.get("agent"), str):
        body = {**body, "agent": plan.agent_ids[place % len(plan.agent_ids)]}
    arguments = tuple((_text(key), _text(value)) for key, value in query.items())
    ask = Ask(operation=operation, arguments=arguments, generated=True)
    return ask if operation.body is None else _with_body(ask, body)


def _text(value: object) -> str:
    """Write an argument; a lone surrogate has no place in a URL."""
    return str(value).encode("utf-8", "replace").decode()


def _with_body(ask: Ask, body: object) -> Ask:
    """Write a body as JSON that a shell and a log take as it is; what JSON cannot hold is no body."""
    try:
        text = json.dumps(body)
    except (TypeError, ValueError):
        return replace(ask, body=b"", media_type="")
    for unfit, fit in (("\x7f", r"\u007f"), ("##", r"#\u0023"), ("::", r":\u003a")):  # all of them are in strings
        text = text.replace(unfit, fit)
    return replace(ask, body=text.encode(), media_type="application/json")
