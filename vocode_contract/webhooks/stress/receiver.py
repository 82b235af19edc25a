"""The receiver under stress test: what was delivered to it, and which violations that showed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import uuid4

from vocode_contract.validation.violation import Violation
from vocode_contract.webhooks.sending import Deliverer, DeliveryResult
from vocode_contract.webhooks.sending.external_actions import check_action_response
from vocode_contract.webhooks.stress.arrival_orders import Arrangement, Arrival, in_order, shortest
from vocode_contract.webhooks.stress.call_events import Subject
from vocode_contract.webhooks.stress.findings import ARROW, Wrong, found, state_wrong, unanswered, wrongs
from vocode_contract.webhooks.stress.malformed import Odd, Wanted
from vocode_contract.webhooks.stress.receiver_state import ReadState, StateUnread, anonymous, differences

#: Deliveries without a response that are borne.
_PATIENCE = 5
#: Events that a note shows.
_SHOWN = 12

Item: TypeAlias = Arrival | Odd
Items: TypeAlias = tuple[Item, ...]


class Stopped(Exception):
    """There is no point in going on.

    Attributes:
        reason: Why; safe to show.
    """

    def __init__(self, reason: str) -> None:
        """Say why."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expected:
    """The state that a scenario leads to in its order, and what differs in it from call to call."""

    state: Any
    volatile: frozenset[tuple[str | int, ...]]


@dataclass(slots=True, kw_only=True)
class Receiver:
    """A receiver under attack.

    Attributes:
        deliverer: Sends.
        read: Tells the state; ``None`` where there is no way.
        lenient: Whether it may take what is malformed and ignore it.
        settle: Seconds before a look at the state.
        found: Violations so far.
        unjudged: What could not be checked.
        delivered: Requests that were answered.
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
    _expected: dict[tuple[str, Items], _Expected] = field(default_factory=dict)

    def try_arrangement(self, subject: Subject, arrangement: Arrangement) -> None:
        """Deliver an arrangement; check the answers and the state."""
        parts = arrangement.parts
        ids = _ids()
        for place, part in enumerate(parts):
            for wrong in self._answered(subject, part, ids):
                self._answer_found(subject, parts[: place + 1], wrong)
        if self.read is None or parts == in_order(parts):
            return
        try:
            if not self._is_known("state", arrangement.kind) and self._differs(subject, parts, ids):
                self._state_found(subject, arrangement)
        except StateUnread as error:
            self.unjudged.append(error.reason)

    def try_odd(self, subject: Subject, name: str) -> None:
        """Deliver a scenario with something odd behind its first event; check the answers and the state."""
        ids = _ids()
        odd = next(odd for odd in subject.odds(ids[0]) if odd.name == name)
        story: Items = tuple(Arrival(0, index) for index in range(len(subject.kinds)))
        items: Items = (*story[:1], odd, *story[1:])
        for place, item in enumerate(items):
            for wrong in self._answered(subject, item, ids):
                if item is odd:
                    self._tell(wrong, 0, _line(subject, (odd,)))
                else:
                    self._answer_found(subject, items[: place + 1], wrong)
        if self.read is None or odd.wanted not in ("refuse", "reject"):
            return
        try:
            if self._differs(subject, items, ids):
                wrong = Wrong(code="receiver-spoiled", expected="the state as if it had not come", actual="another")
                self._tell(wrong, 0, _line(subject, (odd,)))
        except StateUnread as error:
            self.unjudged.append(error.reason)

    def _answered(self, subject: Subject, item: Item, ids: Sequence[str]) -> tuple[Wrong, ...]:
        """Deliver and return what is wrong with the response."""
        if isinstance(item, Arrival):
            delivery, wanted = subject.delivery(item.place, ids[item.call]), _take(item)
        else:
            delivery, wanted = subject.odd_delivery(item, ids[0]), item.wanted
        answer = self.deliverer.send(delivery)
        self._count(answer, wanted)
        if wanted == "refuse" and self.lenient:
            wanted = "bear"
        return (*wrongs(answer, wanted), *(_of_action(answer) if subject.secret and wanted == "take" else ()))

    def _count(self, answer: DeliveryResult, wanted: Wanted) -> None:
        if answer.outcome == "unreachable":
            raise Stopped("no connection to the receiver; nothing more was sent")
        if reason := unanswered(answer, wanted):
            self.unjudged.append(f"a delivery has no answer: {reason}")
        self.delivered += answer.status is not None
        self._missing += answer.status is None
        if self._missing > _PATIENCE:
            raise Stopped("too many deliveries have no answer; nothing more was sent")

    def _answer_found(self, subject: Subject, items: Items, wrong: Wrong) -> None:
        """Return what is wrong with a response, by the shortest story that shows it."""
        if self._is_known(wrong.code, "answer"):
            return
        if wrong.code != "receiver-slow":  # each try would take the whole time
            items = shortest(items, lambda fewer: self._again(subject, fewer, wrong.code))
        self._tell(wrong, len(items) - 1, _line(subject, items))

    def _again(self, subject: Subject, items: Items, code: str) -> bool:
        ids = _ids()
        answers = [self._answered(subject, item, ids) for item in items]
        return any(wrong.code == code for wrong in answers[-1])

    def _state_found(self, subject: Subject, arrangement: Arrangement) -> None:
        self._known.add(("state", arrangement.kind))
        parts = shortest(arrangement.parts, lambda fewer: self._leads_elsewhere(subject, fewer))
        if not self._leads_elsewhere(subject, parts):
            self.unjudged.append("the state differs from time to time; with a queue, --settle helps")
            return
        self._tell(state_wrong(parts), len(parts) - 1, _line(subject, parts))

    def _leads_elsewhere(self, subject: Subject, items: Items) -> bool:
        ids = _ids()
        for item in items:
            self._answered(subject, item, ids)
        return self._differs(subject, items, ids)

    def _differs(self, subject: Subject, items: Items, ids: Sequence[str]) -> bool:
        """Return whether the state of a call is another than its events lead to, each once and in order."""
        if self.settle:
            time.sleep(self.settle)
        parts = [item for item in items if isinstance(item, Arrival)]
        for call, call_id in enumerate(ids):
            due = tuple(Arrival(0, part.place) for part in in_order(parts, call))
            if due:
                expected = self._expect(subject, due)
                differing = set(differences(expected.state, self._state(call_id)))
                if differing - expected.volatile:
                    return True
        return False

    def _expect(self, subject: Subject, due: Items) -> _Expected:
        """Return the state that events lead to in their order, told twice about two calls."""
        key = (subject.name, due)
        if key not in self._expected:
            one, other = (self._told(subject, due) for _ in range(2))
            self._expected[key] = _Expected(state=one, volatile=frozenset(differences(one, other)))
        return self._expected[key]

    def _told(self, subject: Subject, due: Items) -> Any:
        ids = _ids()
        for item in due:
            self._answered(subject, item, ids)
        if self.settle:
            time.sleep(self.settle)
        return self._state(ids[0])

    def _state(self, call_id: str) -> Any:
        return anonymous(self.read(call_id), call_id) if self.read else None

    def _is_known(self, code: str, kind: str) -> bool:
        return (code, kind) in self._known

    def _tell(self, wrong: Wrong, place: int, line: str) -> None:
        """Report once what is wrong, by its story."""
        if not self._is_known(wrong.code, line):
            self._known |= {(wrong.code, line), (wrong.code, "answer")}
            self.found.append(found(wrong.code, place, expected=wrong.expected, actual=wrong.actual, note=line))


def _take(_part: Arrival) -> Wanted:
    return "take"


def _ids() -> tuple[str, str]:
    """Return ids of two calls; never the same again, for a receiver remembers."""
    return str(uuid4()), str(uuid4())


def _of_action(answer: DeliveryResult) -> tuple[Wrong, ...]:
    """Return what is wrong with the body of a response to an external action."""
    if answer.status is None or not 200 <= answer.status < 300:
        return ()
    report = check_action_response(answer)
    if report.conforms:
        return ()
    first = next((violation for violation in report.violations if violation.severity == "error"), None)
    actual = f"{first.code} at {first.instance_pointer or '(document)'}" if first else report.reason
    return (Wrong(code="receiver-answer", expected="200 with a result", actual=actual),)


def _line(subject: Subject, items: Items) -> str:
    """Write a scenario as one line of kinds."""
    words = [_word(subject, item) for item in items[:_SHOWN]]
    more = len(items) - _SHOWN
    return ARROW.join([*words, *([f"and {more} more"] if more > 0 else [])])


def _word(subject: Subject, item: Item) -> str:
    if isinstance(item, Odd):
        return f"{subject.odd_kind} ({item.kind}: {item.name})"
    return subject.kinds[item.place] + (" (another call)" if item.call else "")
