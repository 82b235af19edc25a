"""Calls for the tests to act on: created, given by the user, or found in the list."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

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
#: What a server answers that lacks an operation.
_NOT_OFFERED = frozenset((404, 405, 501))
_LOOKED_AT = 100


class NoCall(Exception):
    """There is no call that a test may act on."""


class Calls:
    """The calls of one test: no other test of the run acts on them."""

    def __init__(self, client: CheckedClient, *, given: tuple[str, ...], turn: int) -> None:
        """Look for nothing yet.

        Args:
            client: Asks the endpoint.
            given: Ids of calls that the user allows to be ended.
            turn: How many tests before this one want a call of their own.
        """
        self._client = client
        self._given = given
        self._turn = turn
        self._created: list[str] = []

    def fresh(self) -> str:
        """Return the id of a call that may be ended and is not ended yet.

        Raises:
            NoCall: There is none.
        """
        found = self._created_call() or self._given_call() or self._listed_call()
        if found is None:
            raise NoCall(
                f"a call that may be ended is needed; give one with --vocode-call-id ({len(self._given)} given, "
                f"{self._turn + 1} needed so far)"
            )
        return found

    def any(self) -> str:
        """Return the id of a call that exists, to read it only.

        Raises:
            NoCall: There is none.
        """
        if self._given:
            return self._given[0]
        found = self._created_call() or next((call["id"] for call in self._listed()), None)
        if found is None:
            raise NoCall("a call is needed and the list holds none; give one with --vocode-call-id")
        return found

    def probe(self) -> tuple[str, bool]:
        """Return an id to be refused, and whether a call has it that can be looked at afterwards.

        Elsewhere than on this machine no call has it: a server that ignores the token would end it.
        """
        if self._client.endpoint.is_loopback:
            return self.fresh(), True
        return UNKNOWN_ID, False

    def finish(self) -> None:
        """End what was created, and keep no answer."""
        for identifier in self._created:
            with suppress(Inconclusive, NotPermitted):
                self._client.ask("end_call", {"id": identifier}, kept=False)

    def _created_call(self) -> str | None:
        if not self._client.endpoint.is_loopback:
            return None
        answer = self._client.ask("create_call", json=REQUEST, kept=False)
        identifier = self._kept(answer).call_id
        if answer.status != 200 or identifier is None:
            return None
        self._created.append(identifier)
        return identifier

    def _given_call(self) -> str | None:
        return self._given[self._turn] if self._turn < len(self._given) else None

    def _listed_call(self) -> str | None:
        if not self._client.endpoint.is_loopback:
            return None
        living = [call["id"] for call in self._listed() if call.get("status") not in FINAL]
        return living[self._turn] if self._turn < len(living) else None

    def _listed(self) -> list[Mapping[str, Any]]:
        answer = self._client.ask("list_calls", {"page": 1, "size": _LOOKED_AT}, kept=False)
        items = self._kept(answer).members.get("items")
        return [item for item in items if _has_id(item)] if isinstance(items, list) else []

    def _kept(self, answer: Answer) -> Answer:
        """Keep an answer that counts: a server without the operation is not judged by it here."""
        if answer.status not in _NOT_OFFERED:
            self._client.answers.append(answer)
        return answer


def _has_id(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str)
