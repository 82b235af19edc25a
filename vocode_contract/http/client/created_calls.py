"""Created calls: those that a client asked for, and which of them it may end.

A server may answer with the id of a call that somebody else began. So an id is a client's own only if it
was not known before the request was sent, and if what is said of it does not speak against it: the
mark in the context of the request, or the two numbers.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, Protocol

import orjson

from vocode_contract.errors import InvalidOption
from vocode_contract.http.message import Exchange
from vocode_contract.validation.scalars import uuid_of

#: The key of the context under which a request is reported from all others.
MARK = "vocode_contract_request"
#: Statuses after which nothing more happens to a call.
_OVER = ("ended", "error")


class CreationJournal(Protocol):
    """Where is written down what is created, before and after."""

    def note(self, event: str, identifier: str = "") -> None:
        """Write one event.

        Args:
            event: ``creating``, then ``created`` or ``declined``, or ``foreign`` for what was taken for created and is
                somebody else's; ``ended`` or ``left`` in the end.
            identifier: Of the call, where it is known.

        Raises:
            InvalidOption: It cannot be written.
        """


class Unwritten:
    """A journal for whom nothing need be kept."""

    def note(self, event: str, identifier: str = "") -> None:
        """Write nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Creation:
    """One request to create a call.

    Attributes:
        request: What was asked for.
        known: Ids that were known before it was sent; none of them is its call.
    """

    request: Mapping[str, Any] = field(repr=False)
    known: frozenset[str] = frozenset()

    def owns(self, call: Mapping[str, Any]) -> bool:
        """Return whether a call, as a server shows it, may be the one that was asked for."""
        if _canonical(call.get("id")) in self.known:
            return False
        mark, shown = self._mark, _context(call).get(MARK)
        if mark is not None and shown is not None:
            return bool(mark == shown)
        return all(_agree(self.request.get(key), call.get(key)) for key in ("to_number", "from_number"))

    def is_shown_by(self, call: Mapping[str, Any]) -> bool:
        """Return whether a call is surely the one that was asked for: it bears the mark."""
        is_new = _canonical(call.get("id")) not in self.known
        return is_new and self._mark is not None and _context(call).get(MARK) == self._mark

    @property
    def _mark(self) -> object:
        return _context(self.request).get(MARK)


class Creations:
    """What one client created. Threads may share it."""

    def __init__(self, owned: set[str], journal: CreationJournal | None = None, *, doubts: bool = True) -> None:
        """Begin with nothing.

        Args:
            owned: Ids of calls that may be ended without further consent; kept here.
            journal: Notes what is created.
            doubts: Whether the server is doubted, since any of its calls may be somebody's.
        """
        self._owned = owned
        self._journal = journal or Unwritten()
        self._doubts = doubts
        self._seen: set[str] = set()
        self._open: dict[str, Creation] = {}
        self._unclear: list[Creation] = []
        self._unclear_ends: set[str] = set()
        self._confirmed: set[str] = set()
        self._lock = RLock()

    @property
    def open(self) -> tuple[str, ...]:
        """The ids of calls that were created and are not known to be over, oldest first."""
        return tuple(self._open)

    @property
    def is_unclear(self) -> bool:
        """Whether anything was asked for that may be there under an id that is not known."""
        return bool(self._unclear)

    def wants_a_look(self, identifier: str) -> bool:
        """Return whether a call is to be looked at before it is ended: it may be somebody else's, or over."""
        return identifier in self._unclear_ends or (self._doubts and identifier not in self._confirmed)

    def begun(self, body: bytes) -> Creation:
        """Note that a call is about to be asked for.

        Raises:
            InvalidOption: That cannot be written down, so it must not be sent.
        """
        self._journal.note("creating")
        return Creation(request=_members(body), known=frozenset(self._seen))

    def lost(self, creation: Creation, *, may_have_acted: bool) -> None:
        """Note that no response came."""
        with self._lock:
            if may_have_acted:
                self._unclear.append(creation)
            else:
                self._note("declined")

    def answered(self, creation: Creation, exchange: Exchange) -> None:
        """Note what a server answered."""
        call, status = _value(exchange), exchange.response.status
        with self._lock:
            if 400 <= status < 500:
                self._note("declined")
            elif 200 <= status < 300 and uuid_of(call.get("id")) and (not self._doubts or creation.owns(call)):
                self._take(creation, call)
            else:
                self._unclear.append(creation)

    def unclear_end(self, identifier: str) -> None:
        """Note that a call may be over: its end had no response."""
        self._unclear_ends.add(identifier)

    def saw(self, exchange: Exchange, asked: Iterable[str]) -> None:
        """Learn from a response that only reads.

        Args:
            exchange: One of any operation that reads.
            asked: Ids that it was asked with.
        """
        if not self._doubts and not self._open and not self._unclear:
            return
        shown = _value(exchange)
        items = shown.get("items")
        calls = [item for item in (shown, *(items if isinstance(items, list) else ())) if isinstance(item, dict)]
        with self._lock:
            for call in calls:
                self._learn(call, str(call.get("id")))
            self._seen.update(map(_canonical, (*asked, *(call.get("id") for call in calls))))

    def ended(self, identifier: str) -> None:
        """Note that a call is known to be over."""
        with self._lock:
            if self._open.pop(identifier, None) is not None:
                self._note("ended", identifier)

    def leave(self) -> tuple[str, ...]:
        """Note that what is open stays so; return the ids."""
        for identifier in self._open:
            self._note("left", identifier)
        return self.open

    def _learn(self, call: Mapping[str, Any], identifier: str) -> None:
        if identifier in self._open:
            if self._doubts and not self._open[identifier].owns(call):
                self._disown(identifier)
            else:
                self._confirmed.add(identifier)
                if call.get("status") in _OVER:
                    self.ended(identifier)
        for creation in [creation for creation in self._unclear if creation.is_shown_by(call) and uuid_of(identifier)]:
            self._unclear.remove(creation)
            self._take(creation, call)

    def _take(self, creation: Creation, call: Mapping[str, Any]) -> None:
        identifier = str(call["id"])
        self._open[identifier] = creation
        self._owned.add(identifier)
        self._note("created", identifier)

    def _disown(self, identifier: str) -> None:
        self._owned.discard(identifier)
        self._unclear.append(self._open.pop(identifier))
        self._note("foreign", identifier)

    def _note(self, event: str, identifier: str = "") -> None:
        """Write an event; what is known in memory is not lost where it cannot be written."""
        with suppress(InvalidOption):
            self._journal.note(event, identifier)


def _value(exchange: Exchange) -> Mapping[str, Any]:
    value = exchange.document.value
    return value if isinstance(value, dict) else {}


def _members(body: bytes) -> Mapping[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _canonical(identifier: object) -> str:
    return str(uuid_of(identifier) or identifier)


def _context(call: Mapping[str, Any]) -> Mapping[str, Any]:
    context = call.get("context")
    return context if isinstance(context, dict) else {}


def _agree(asked: object, shown: object) -> bool:
    """Return whether two numbers are the same one, as far as both are reported."""
    if not isinstance(asked, str) or not isinstance(shown, str):
        return True
    return [*_digits(asked)] == [*_digits(shown)]


def _digits(number: str) -> Iterator[str]:
    return filter(str.isdigit, number)
