"""The calls that a client created, and which of them it may end.

A server may return the id of a call that somebody else started. So a call is the client's own only if its id was not
known before the request was sent, unless its context or its numbers contradict the request.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, Protocol

import orjson

from vocode_contract.errors import InvalidOption
from vocode_contract.http.checked_exchange import list_items
from vocode_contract.http.message import Exchange
from vocode_contract.validation.lifecycle.call_life import is_over
from vocode_contract.validation.scalars import canonical_id, uuid_of

#: Key in the context of a Create Call request whose value identifies the request.
MARK = "vocode_contract_request"


class CreationJournal(Protocol):
    """Records what is created, before and after the request."""

    def note(self, event: str, identifier: str = "") -> None:
        """Write one event.

        Args:
            event: ``creating``, then ``created`` or ``declined``, or ``foreign`` for a call that was taken for created
                and is somebody else's; finally ``ended`` or ``left``.
            identifier: ID of the call, if it is known.

        Raises:
            InvalidOption: It cannot be written.
        """


class NullJournal:
    """A journal that records nothing."""

    def note(self, event: str, identifier: str = "") -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Creation:
    """One request to create a call.

    Attributes:
        known: IDs that were known before it was sent; none of them is its call.
    """

    request: Mapping[str, Any] = field(repr=False)
    known: frozenset[str] = frozenset()

    def owns(self, call: Mapping[str, Any]) -> bool:
        """Return whether a call, as a server shows it, may be the requested one."""
        if canonical_id(call.get("id")) in self.known:
            return False
        mark, shown = self._mark, _context(call).get(MARK)
        if mark is not None and shown is not None:
            return bool(mark == shown)
        return all(_agree(self.request.get(key), call.get(key)) for key in ("to_number", "from_number"))

    def is_shown_by(self, call: Mapping[str, Any]) -> bool:
        """Return whether a call is certainly the requested one: it has the mark."""
        is_new = canonical_id(call.get("id")) not in self.known
        return is_new and self._mark is not None and _context(call).get(MARK) == self._mark

    @property
    def _mark(self) -> object:
        return _context(self.request).get(MARK)


class Creations:
    """The calls that one client created; may be shared between threads."""

    def __init__(self, owned: set[str], journal: CreationJournal | None = None, *, doubts: bool = True) -> None:
        """Start without calls.

        Args:
            owned: IDs of calls that may be ended without further consent; this object adds to the set.
            journal: Records what is created.
            doubts: Whether the server may have calls of other people.
        """
        self._owned = owned
        self._journal = journal or NullJournal()
        self._doubts = doubts
        self._seen: set[str] = set()
        self._open: dict[str, Creation] = {}
        self._unclear: list[Creation] = []
        self._unclear_ends: set[str] = set()
        self._confirmed: set[str] = set()
        self._lock = RLock()

    @property
    def open(self) -> tuple[str, ...]:
        """The IDs of created calls that are not known to be over, oldest first."""
        return tuple(self._open)

    @property
    def is_unclear(self) -> bool:
        """Whether a call may have been created whose ID is not known."""
        return bool(self._unclear)

    def needs_lookup(self, identifier: str) -> bool:
        """Return whether a call must be read before it is ended: it may be somebody else's, or over."""
        return identifier in self._unclear_ends or (self._doubts and identifier not in self._confirmed)

    def record_request(self, body: bytes) -> Creation:
        """Record that a Create Call request is about to be sent.

        Raises:
            InvalidOption: The journal cannot be written, so the request must not be sent.
        """
        self._journal.note("creating")
        return Creation(request=_members(body), known=frozenset(self._seen))

    def record_no_response(self, creation: Creation, *, may_have_acted: bool) -> None:
        """Record that no response came."""
        with self._lock:
            if may_have_acted:
                self._unclear.append(creation)
            else:
                self._note("declined")

    def record_response(self, creation: Creation, exchange: Exchange) -> None:
        """Record the server's response."""
        call, status = _value(exchange), exchange.response.status
        with self._lock:
            if 400 <= status < 500:
                self._note("declined")
            elif 200 <= status < 300 and uuid_of(call.get("id")) and (not self._doubts or creation.owns(call)):
                self._take(creation, call)
            else:
                self._unclear.append(creation)

    def record_unclear_end(self, identifier: str) -> None:
        """Record that a call may be over: the request to end it got no response."""
        self._unclear_ends.add(identifier)

    def observe(self, exchange: Exchange, requested: Iterable[str]) -> None:
        """Learn from the response of an operation that only reads."""
        if not self._doubts and not self._open and not self._unclear:
            return
        shown = _value(exchange)
        calls = (shown, *list_items(shown))
        with self._lock:
            for call in calls:
                self._learn(call, str(call.get("id")))
            self._seen.update(map(canonical_id, (*requested, *(call.get("id") for call in calls))))

    def record_end(self, identifier: str) -> None:
        """Record that a call is known to be over."""
        with self._lock:
            if self._open.pop(identifier, None) is not None:
                self._note("ended", identifier)

    def record_leftovers(self) -> tuple[str, ...]:
        """Record that the open calls are not ended; return their IDs."""
        for identifier in self._open:
            self._note("left", identifier)
        return self.open

    def _learn(self, call: Mapping[str, Any], identifier: str) -> None:
        if identifier in self._open:
            if self._doubts and not self._open[identifier].owns(call):
                self._disown(identifier)
            else:
                self._confirmed.add(identifier)
                if is_over(call):
                    self.record_end(identifier)
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
        """Write an event to the journal; if that fails, this object still knows it."""
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


def _context(call: Mapping[str, Any]) -> Mapping[str, Any]:
    context = call.get("context")
    return context if isinstance(context, dict) else {}


def _agree(requested: object, shown: object) -> bool:
    """Return whether two phone numbers are the same, if both are given."""
    if not isinstance(requested, str) or not isinstance(shown, str):
        return True
    return [*_digits(requested)] == [*_digits(shown)]


def _digits(number: str) -> Iterator[str]:
    return filter(str.isdigit, number)
