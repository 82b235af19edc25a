"""Calls for the tests to act on: created, given by the user, or found in the list."""

import time
from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from uuid import uuid4

from vocode_contract.conformance.answers import Answer
from vocode_contract.conformance.client import FINAL, CheckedClient
from vocode_contract.guard import NotPermitted
from vocode_contract.inconclusive import Inconclusive

#: Rings nobody: both numbers are set aside for fiction.
REQUEST: Mapping[str, Any] = {
    "from_number": "12025550123",
    "to_number": "12025550145",
    "agent": {"prompt": {"content": "Say that this is a test, and say goodbye."}},
}
#: No call has it: sent where a call of that id must not be touched.
UNKNOWN_ID = "f0e1d2c3-b4a5-4697-8879-6a5b4c3d2e1f"
#: The key of the context under which a request is told from all others.
MARK = "vocode_contract_request"
_LOOKED_AT = 100
#: Seconds for ending what was created, after all else.
_LAST_SECONDS = 10.0


class NoCall(Exception):
    """There is no call that a test may act on."""


class Journal(Protocol):
    """Where is written down what is created, before and after."""

    def note(self, event: str, identifier: str = "") -> None:
        """Write one event: ``creating``, ``created``, ``ended`` or ``left``."""


class Unwritten:
    """A journal of calls on this machine, which need none."""

    def note(self, event: str, identifier: str = "") -> None:
        """Write nothing."""


class Calls:
    """The calls of one story: nothing else in the run acts on them."""

    def __init__(
        self,
        client: CheckedClient,
        *,
        given: tuple[str, ...] = (),
        number: str = "",
        turn: tuple[int, int] = (0, 1),
        journal: Journal | None = None,
    ) -> None:
        """Look for nothing yet.

        Args:
            client: Asks the endpoint.
            given: Ids of calls that the user allows to be ended.
            number: What to ring in place of a fictional number.
            turn: Number of this process among those that act on the same endpoint, and their count.
            journal: Notes what is created; nothing is noted without.
        """
        self.client = client
        self.created: dict[str, Answer] = {}
        self.requests: dict[str, Mapping[str, Any]] = {}
        self._given = given
        self._number = number
        self._turn = turn
        self._journal = journal or Unwritten()
        self._by_role: dict[str, str] = {}
        self._open: list[str] = []

    @property
    def is_here(self) -> bool:
        """Whether the endpoint is on this machine, where any call may be ended."""
        return self.client.endpoint.is_loopback

    def request(self, role: str) -> Mapping[str, Any]:
        """Return what is asked for when a call is created for a role; its context tells it from all others."""
        if role not in self.requests:
            number = self._number or str(int(REQUEST["to_number"]) + len(self.requests) % 50)
            self.requests[role] = {**REQUEST, "to_number": number, "context": {MARK: uuid4().hex}}
        return self.requests[role]

    def create(self, role: str) -> Answer:
        """Create a call for a role, once.

        Raises:
            NotPermitted: It would ring a phone, and nobody allowed it.
            Inconclusive: No complete answer came, also when it was tried before.
        """
        if role not in self.created:
            request = self.request(role)
            reason = self.client.reason_against("create_call", request)
            if reason:
                raise NotPermitted("create_call", reason)
            self._journal.note("creating")
            self.created[role] = answer = self.client.ask("create_call", json=request, kept=False)
            if 200 <= answer.status < 300 and answer.call_id:
                self.adopt(answer.call_id)
        return self.created[role]

    def adopt(self, identifier: str) -> None:
        """Note a call that this run created, so that it is ended in the end."""
        self._journal.note("created", identifier)
        self.client.note_created(identifier)
        self._open.append(identifier)

    def living(self, role: str) -> str:
        """Return the id of a call for a role that may be ended and is not ended yet; the same each time.

        Raises:
            NoCall: There is none.
        """
        if role not in self._by_role:
            found = self._created_for(role) or self._given_call() or self._listed_call()
            if found is None:
                raise NoCall(
                    f"a call that may be ended is needed; give one with --vocode-call-id ({len(self._given)} given, "
                    f"{len(self._by_role) + 1} needed so far)"
                )
            self._by_role[role] = found
        return self._by_role[role]

    def known(self) -> str | None:
        """Return the id of a call that is known to exist, to read it only; ``None`` where there is none."""
        return next(iter((*self._given, *self._by_role.values())), None)

    def found(self, *roles: str) -> tuple[str, ...]:
        """Return the ids of the calls that this run created for some roles and that have them."""
        answers = [(role, self.created[role]) for role in roles if role in self.created]
        return tuple(
            str(answer.call_id)
            for role, answer in answers
            if answer.status == 200 and answer.call_id is not None and answer.call_id == self._by_role.get(role)
        )

    def note_ended(self, identifier: str) -> None:
        """Note that a call is known to be over."""
        if identifier in self._open:
            self._open.remove(identifier)
            self._journal.note("ended", identifier)

    def end(self, identifiers: Iterable[str], *, within: float = _LAST_SECONDS) -> None:
        """End calls that this run created, as far as they still go on and can be ended.

        Args:
            identifiers: Of calls that were created or adopted.
            within: Seconds that all of it may take.
        """
        deadline = time.monotonic() + within
        for identifier in identifiers:
            left = deadline - time.monotonic()
            if identifier in self._open and left > 0 and self.client.end_at_last(identifier, within=left):
                self.note_ended(identifier)

    def finish(self, within: float = _LAST_SECONDS) -> tuple[str, ...]:
        """End what was created and still goes on; return the ids of those that could not be ended.

        Args:
            within: Seconds that all of it may take.
        """
        self.end(tuple(self._open), within=within)
        for identifier in self._open:
            self._journal.note("left", identifier)
        return tuple(self._open)

    def _created_for(self, role: str) -> str | None:
        try:
            identifier = self.create(role).call_id
        except (Inconclusive, NotPermitted):
            return None
        return identifier if identifier not in self._by_role.values() else None

    def _given_call(self) -> str | None:
        return next((known for known in self._given if known not in self._by_role.values()), None)

    def _listed_call(self) -> str | None:
        if not self.is_here:
            return None
        page = self.client.ask("list_calls", {"page": 1, "size": _LOOKED_AT}, kept=False)
        living = [item["id"] for item in page.items if page.item_ids and item.get("status") not in FINAL]
        turn, turns = self._turn
        return next((known for known in living[turn::turns] if known not in self._by_role.values()), None)
