"""Calls for the tests to act on: created, given by the user, or found in the list."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.errors import spell_option
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.client.created_calls import MARK
from vocode_contract.http.client.fictional_call import CONTEXT, REQUEST, fill_request, vary_request
from vocode_contract.http.guard.guard import NO_CALL, READ_ONLY_REASON, NotPermitted
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.validation.lifecycle.call_life import is_over

#: An id that no call has.
UNKNOWN_ID = NO_CALL
#: Roles of the call that is ended, of the one that no request is expected to end until late in the run, and of the one
#: that is named beside it in a query with two ids.
SUBJECT, BYSTANDER, SECOND = "subject", "bystander", "second of two ids"
#: Roles of Create Call requests that must be rejected, the first of them with a fictional number in any case.
REFUSED, BY_PUT = "refused", "put"
#: Role of the call that is given time to be answered; its request has the fewest keys.
TALKING = "talking"
#: The number at which the simulator answers at once.
_QUICK_NUMBER = "12025550113"
_LOOKED_AT = 100
#: Status codes of a request that a server does not want.
_REFUSALS = (400, 402, 403, 404, 409, 422)


class NoCall(Exception):
    """There is no call that a test may act on."""


class Calls:
    """The calls of one scenario: nothing else in the run acts on them."""

    def __init__(
        self,
        client: CheckedClient,
        *,
        given: tuple[str, ...] = (),
        number: str = "",
        from_number: str = "",
        turn: tuple[int, int] = (0, 1),
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            client: The client of the endpoint.
            given: IDs of calls that the user permits to end.
            number: Phone number to dial instead of a fictional one.
            from_number: Phone number to place calls from instead of a fictional one.
            turn: Index of this process among those that act on the same endpoint, and their count.
        """
        self.client = client
        self.created: dict[str, CheckedExchange] = {}
        self.requests: dict[str, Mapping[str, Any]] = {}
        #: Responses that rejected a request which was accepted without its options.
        self.refused: list[CheckedExchange] = []
        self._given = given
        self._number = number
        self._from = from_number or REQUEST["from_number"]
        self._turn = turn
        self._by_role: dict[str, str] = {}
        self._unanswered: dict[str, Inconclusive] = {}

    @property
    def is_here(self) -> bool:
        """Whether the endpoint is on this machine."""
        return self.client.endpoint.is_loopback

    def request(self, role: str) -> Mapping[str, Any]:
        """Return the Create Call request for a role; the mark in its context is unique, and its options vary."""
        if role not in self.requests:
            number = (self._number if role != REFUSED else "") or (
                _QUICK_NUMBER if role in (TALKING, SECOND) else str(int(REQUEST["to_number"]) + len(self.requests) % 50)
            )
            turn = len(self.requests.keys() - {TALKING, REFUSED, BY_PUT})
            request = (
                fill_request(self.client.contract, REQUEST)
                if role == TALKING
                else vary_request(self.client.contract, turn)
            )
            numbers = {"from_number": self._from, "to_number": number}
            self.requests[role] = {**request, **numbers, "context": {**CONTEXT, MARK: uuid4().hex}}
        return self.requests[role]

    def imitate(self, role: str) -> str:
        """Return another role, whose request is the one of a role but for the mark."""
        other = f"{role}, left alone"
        request = self.request(role)
        self.requests.setdefault(other, {**request, "context": {**CONTEXT, MARK: uuid4().hex}})
        return other

    def create(self, role: str) -> CheckedExchange:
        """Create a call for a role, once.

        Raises:
            NotPermitted: It would ring a phone, and that is not permitted.
            Inconclusive: No complete response came, now or when it was tried before.
        """
        if role in self._unanswered:
            raise self._unanswered[role].with_traceback(None)
        if role not in self.created:
            self.created[role] = self._send_create(role)
        return self.created[role]

    def _send_create(self, role: str) -> CheckedExchange:
        request = self.request(role)
        reason = self.client.reason_against("create_call", request)
        if reason:
            raise NotPermitted("create_call", reason)
        try:
            answer = self.client.send("create_call", json=request, keep=False)
            if role == SUBJECT or answer.status not in _REFUSALS:
                return answer
            # No document says which options go together, so a refusal of some is no violation.
            kept = {key: request[key] for key in ("from_number", "to_number", "context")}
            self.requests[role] = {**fill_request(self.client.contract, REQUEST), **kept}
            plain = self.client.send("create_call", json=self.requests[role], keep=False)
            if plain.is_success:
                self.refused.append(answer)
            return plain
        except Inconclusive as inconclusive:
            self._unanswered[role] = inconclusive
            raise

    def endable_id(self, role: str) -> str:
        """Return the id of a call for a role that may be ended and is not over; the same each time.

        Raises:
            NoCall: There is none.
            NotPermitted: The run is read-only.
        """
        if role not in self._by_role:
            found = self._create_for(role) or self._given_call() or self._listed_call()
            if found is None and self.client.is_read_only:
                raise NotPermitted("end_call", READ_ONLY_REASON)
            if found is None:
                raise NoCall(f"no call that may be ended; {self._describe_remedy(role)}")
            self._by_role[role] = found
        return self._by_role[role]

    def _describe_remedy(self, role: str) -> str:
        """Return what the user has to permit for one more call, the budget if only that is missing."""
        reason = self.client.reason_against("create_call", self.request(role)) or ""
        if spell_option("budget") in reason:
            return reason
        counts = f"{len(self._given)} given, {len(self._by_role) + 1} needed so far"
        return f"name one with {spell_option('call-id')} ({counts})"

    def known(self) -> str | None:
        """Return the id of a known call, only to read it; ``None`` if there is none."""
        return next(iter((*self._given, *self._by_role.values())), None)

    def created_ids(self, *roles: str) -> tuple[str, ...]:
        """Return the ids of the calls that this run created for some roles, by default for all."""
        answers = [(role, answer) for role, answer in self.created.items() if not roles or role in roles]
        return tuple(
            str(answer.call_id)
            for role, answer in answers
            if answer.status == 200 and answer.call_id is not None and answer.call_id == self._by_role.get(role)
        )

    def is_over(self, identifier: str) -> bool:
        """Return whether a created call is known to be over."""
        return identifier not in self.client.creations.open

    def record_end(self, identifier: str) -> None:
        """Record that a call is over."""
        self.client.creations.record_end(identifier)

    def _create_for(self, role: str) -> str | None:
        try:
            identifier = self.create(role).call_id
        except (Inconclusive, NotPermitted):
            return None
        return identifier if identifier not in self._by_role.values() else None

    def _given_call(self) -> str | None:
        return next((known for known in self._given if known not in self._by_role.values()), None)

    def _listed_call(self) -> str | None:
        if not self.is_here or "list_calls" not in self.client.contract.operations:
            return None
        page = self.client.send("list_calls", {"page": 1, "size": _LOOKED_AT}, keep=False)
        if not page.is_simulated:  # this machine may forward requests to a real server, whose calls are somebody's
            return None
        ids = page.item_ids
        living = [item["id"] for item in page.items if item.get("id") in ids and not is_over(item)]
        turn, turns = self._turn
        return next((known for known in living[turn::turns] if known not in self._by_role.values()), None)
