"""The receiver under stress test: deliver to it, read its state, and check its responses and its state."""

import json
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import uuid4

from vocode_contract.errors import InvalidOption
from vocode_contract.validation.violation import Violation
from vocode_contract.webhooks.sending import Deliverer, Delivery, DeliveryResult
from vocode_contract.webhooks.sending.target import Target
from vocode_contract.webhooks.stress.arrival_orders import Arrangement, Arrival, in_order, shortest
from vocode_contract.webhooks.stress.call_events import Subject
from vocode_contract.webhooks.stress.findings import (
    ARROW,
    Problem,
    check_response,
    describe_state,
    explain_no_response,
)
from vocode_contract.webhooks.stress.malformed import Odd, Wanted

#: Number of deliveries without a response after which the stress test stops.
_PATIENCE = 5
#: Maximum number of events in a note.
_SHOWN = 12

Item: TypeAlias = Arrival | Odd
Items: TypeAlias = tuple[Item, ...]
#: Returns the receiver's state of a call, given its id, as a JSON value.
ReadState: TypeAlias = Callable[[str], Any]

_PLACEHOLDER = re.compile(r"\{call_id\}|%7[Bb]call_id%7[Dd]")


class StateUnread(Exception):
    """The state could not be read; its text says why, and is safe to show."""


class Stopped(Exception):
    """Going on makes no sense; its text says why, and is safe to show."""


@dataclass(slots=True, kw_only=True)
class Receiver:
    """A receiver under stress test.

    Attributes:
        read: Reads the state of a call; ``None`` if it cannot be read.
        lenient: Whether the receiver may accept malformed deliveries and ignore them.
        settle: Seconds to wait before the state is read.
        unjudged: Why something could not be checked.
        delivered: Number of requests that got a response.
    """

    deliverer: Deliverer
    read: ReadState | None
    lenient: bool
    settle: float
    found: list[Violation] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    delivered: int = 0
    _missing: int = 0
    _known: set[tuple[str, str]] = field(default_factory=set)
    #: Scenario and events -> the state after them, and where it differs between two calls.
    _expected: dict[tuple[str, Items], tuple[Any, frozenset[tuple[str | int, ...]]]] = field(default_factory=dict)

    def try_arrangement(self, subject: Subject, arrangement: Arrangement) -> None:
        """Deliver an arrangement, and check the responses and the state."""
        parts, ids = arrangement.parts, _new_ids()
        for place, part in enumerate(parts):
            for problem in self._deliver(subject, part, ids):
                self._report_response(subject, parts[: place + 1], problem)
        if self.read is None or parts == in_order(parts) or ("state", arrangement.kind) in self._known:
            return
        try:
            if self._differs(subject, parts, ids):
                self._report_state(subject, arrangement)
        except StateUnread as error:
            self.unjudged.append(str(error))

    def try_odd(self, subject: Subject, name: str) -> None:
        """Deliver a scenario with an odd delivery after its first event, and check the responses and the state."""
        ids = _new_ids()
        odd = next(odd for odd in subject.odds(ids[0]) if odd.name == name)
        first, *rest = (Arrival(0, index) for index in range(len(subject.kinds)))
        items: Items = (first, odd, *rest)
        for place, item in enumerate(items):
            for problem in self._deliver(subject, item, ids):
                if item is odd:
                    self._report(problem, 0, _describe(subject, (odd,)))
                else:
                    self._report_response(subject, items[: place + 1], problem)
        if self.read is None or odd.wanted not in ("refuse", "reject"):
            return
        try:
            if self._differs(subject, items, ids):
                problem = Problem("receiver-spoiled", "the state without this delivery", "another state")
                self._report(problem, 0, _describe(subject, (odd,)))
        except StateUnread as error:
            self.unjudged.append(str(error))

    def _deliver(self, subject: Subject, item: Item, ids: Sequence[str]) -> tuple[Problem, ...]:
        """Deliver one item and return the problems of the response."""
        wanted: Wanted = "accept"
        if isinstance(item, Arrival):
            delivery = subject.delivery(item.place, ids[item.call])
        else:
            delivery, wanted = subject.odd_delivery(item, ids[0]), item.wanted
        answer = self.deliverer.send(delivery)
        self._count(answer, wanted)
        if wanted == "refuse" and self.lenient:
            wanted = "either"
        return tuple(check_response(answer, wanted, is_action=subject.secret is not None, contract=subject.contract))

    def _deliver_all(self, subject: Subject, items: Items) -> tuple[Sequence[str], tuple[Problem, ...]]:
        """Deliver items about new calls; return their ids and the problems of the last response."""
        ids = _new_ids()
        problems: tuple[Problem, ...] = ()
        for item in items:
            problems = self._deliver(subject, item, ids)
        return ids, problems

    def _count(self, answer: DeliveryResult, wanted: Wanted) -> None:
        if answer.outcome == "unreachable":
            raise Stopped("no connection; nothing more was sent")
        if reason := explain_no_response(answer, wanted):
            self.unjudged.append(f"no response to a delivery: {reason}")
        self.delivered += answer.status is not None
        self._missing += answer.status is None
        if self._missing > _PATIENCE:
            raise Stopped("no response to too many deliveries; nothing more was sent")

    def _report_response(self, subject: Subject, items: Items, problem: Problem) -> None:
        """Report the problem of the last response, with the shortest sequence that shows it."""
        if (problem.code, "answer") in self._known:
            return
        if problem.code != "receiver-slow":  # each try would take the whole time
            items = shortest(items, lambda fewer: self._shows(subject, fewer, problem.code))
        self._report(problem, len(items) - 1, _describe(subject, items))

    def _shows(self, subject: Subject, items: Items, code: str) -> bool:
        return any(problem.code == code for problem in self._deliver_all(subject, items)[1])

    def _report_state(self, subject: Subject, arrangement: Arrangement) -> None:
        self._known.add(("state", arrangement.kind))
        parts = shortest(arrangement.parts, lambda fewer: self._leads_elsewhere(subject, fewer))
        if self._leads_elsewhere(subject, parts):
            self._report(describe_state(parts), len(parts) - 1, _describe(subject, parts))
        else:
            self.unjudged.append("the state is not stable; if the receiver uses a queue, try --settle")

    def _leads_elsewhere(self, subject: Subject, items: Items) -> bool:
        ids, _ = self._deliver_all(subject, items)
        return self._differs(subject, items, ids)

    def _differs(self, subject: Subject, items: Items, ids: Sequence[str]) -> bool:
        """Return whether the state of a call differs from that after its events, each once and in order."""
        self._settle()
        parts = [item for item in items if isinstance(item, Arrival)]
        for call, call_id in enumerate(ids):
            due = tuple(Arrival(0, part.place) for part in in_order(parts, call))
            if due:
                expected, volatile = self._expect(subject, due)
                if set(differences(expected, self._state(call_id))) - volatile:
                    return True
        return False

    def _expect(self, subject: Subject, due: Items) -> tuple[Any, frozenset[tuple[str | int, ...]]]:
        """Return the state after events in order, and where it differs between two calls."""
        key = (subject.name, due)
        if key not in self._expected:
            states = []
            for _ in range(2):
                ids, _ = self._deliver_all(subject, due)
                self._settle()
                states.append(self._state(ids[0]))
            self._expected[key] = states[0], frozenset(differences(*states))
        return self._expected[key]

    def _settle(self) -> None:
        if self.settle:
            time.sleep(self.settle)

    def _state(self, call_id: str) -> Any:
        return anonymous(self.read(call_id), call_id) if self.read else None

    def _report(self, problem: Problem, place: int, sequence: str) -> None:
        """Add a violation, unless the same one was found before."""
        if (problem.code, sequence) not in self._known:
            self._known |= {(problem.code, sequence), (problem.code, "answer")}
            self.found += problem.report(place, sequence)


def _new_ids() -> tuple[str, str]:
    """Return ids of two new calls, since a receiver remembers the old ones."""
    return str(uuid4()), str(uuid4())


def _describe(subject: Subject, items: Items) -> str:
    words = [_describe_item(subject, item) for item in items[:_SHOWN]]
    more = len(items) - _SHOWN
    return ARROW.join([*words, *([f"and {more} more"] if more > 0 else [])])


def _describe_item(subject: Subject, item: Item) -> str:
    if isinstance(item, Odd):
        return f"{subject.odd_kind} ({item.kind}: {item.name})"
    return subject.kinds[item.place] + (" (another call)" if item.call else "")


def state_reader(url: str, deliverer: Deliverer, *, allowed_hosts: Collection[str] = ()) -> ReadState:
    """Return a function that reads the state of a call by GET.

    Args:
        url: With ``{call_id}`` in place of the id. Otherwise, the response is an object of all calls by id.
        deliverer: Sends.
        allowed_hosts: Exact hosts beyond loopback that may be read from.

    Raises:
        InvalidOption: The URL is not allowed.
    """
    Target.from_url(_PLACEHOLDER.sub("x", url), allowed_hosts=allowed_hosts, option="state")

    def read(call_id: str) -> Any:
        address, count = _PLACEHOLDER.subn(call_id, url)
        answer = deliverer.send(Delivery(url=address, body=b"", method="GET", headers=(), label="state"))
        if answer.status == 404 and count:
            return None
        if answer.outcome != "delivered":
            raise StateUnread(f"the state could not be read: {answer.status or answer.outcome}")
        try:
            value = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise StateUnread("the state is not JSON") from None
        if count:
            return value
        if not isinstance(value, dict):
            raise StateUnread("the state is not an object of calls by id; put {call_id} into its URL")
        return value.get(call_id)

    return read


def anonymous(state: Any, call_id: str) -> Any:
    """Return a state as JSON, with the call's id replaced everywhere, so that states of two calls can be compared.

    Raises:
        InvalidOption: The state cannot be written as JSON.
    """
    try:
        text = json.dumps(state)
    except (TypeError, ValueError, RecursionError):  # its text may quote the state
        raise InvalidOption("state", "cannot be written as JSON") from None
    return json.loads(re.sub(re.escape(call_id), "CALL", text, flags=re.IGNORECASE))


def differences(one: Any, other: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of keys and indices to each place where two states differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            if key in one and key in other:
                yield from differences(one[key], other[key], *path, key)
            else:
                yield (*path, key)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, *path, index)
    elif one != other or type(one) is not type(other):
        yield path
