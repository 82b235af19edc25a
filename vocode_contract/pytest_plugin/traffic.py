"""Report violations in the traffic of a test's own client."""

import inspect
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from vocode_contract.conformance.run.accepted import accept
from vocode_contract.contract.acceptance import Acceptance
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.traffic import Traffic
from vocode_contract.http.traffic.record import error_of
from vocode_contract.report.observed import TrafficSource, find_first_seen
from vocode_contract.report.row import (
    ACCEPTED,
    OPERATION,
    TRAFFIC_ORIGINS,
    UNCHECKED_REQUESTS,
    UNREAD_BODIES,
    record_verdict,
    record_violations,
)
from vocode_contract.validation.safe_text import inert
from vocode_contract.validation.violation import ContractViolated, has_error

_FIXTURE = "vocode_traffic"
#: Lines that are added to a failure of the test itself.
_MOST_LINES = 50


class ItemTraffic:
    """The traffic of one test: records its violations as properties of the test, and fails it."""

    def __init__(self, item: pytest.Item, traffic: Traffic, accepted: Sequence[Acceptance] = ()) -> None:
        """Start with a test that has not been run; `accepted` violations do not fail it."""
        self.traffic = traffic
        self._accepted = accepted
        self._item = item
        #: How many exchanges were recorded as properties, and how many were reported by an error.
        self._recorded = 0
        self._reported = 0
        self._raised: ContractViolated | None = None
        self._has_passed = False
        self._has_operation = any(name == OPERATION for name, _ in item.user_properties)

    @contextmanager
    def check_phase(self, *, is_last: bool = False) -> Iterator[None]:
        """Run a phase of the test; an error in its traffic fails it, unless it fails by itself.

        Raises:
            ContractViolated: With all violations that were not reported before.
        """
        __tracebackhide__ = True
        try:
            yield
        except pytest.skip.Exception:
            self._raise_new()
            raise
        self._has_passed = self._has_passed or not is_last
        self._raise_new()
        if is_last:
            self._item.user_properties += self._list_unchecked()

    def record_violations(self, *, conforms: bool = False) -> None:
        """Record new violations as properties of the test.

        Args:
            conforms: Whether to record a verdict too if there are none.
        """
        exchanges = self._list_exchanges(self._recorded, has_entries=True)
        self._recorded += len(exchanges)
        seen = find_first_seen(exchanges)
        record_violations(self._item, seen, TrafficSource(self.traffic.contract))
        if self.traffic.checked and (conforms or seen):
            self._record_verdict("violates" if has_error(seen) else "conforms")

    def explain_failure(self, error: BaseException | None) -> str:
        """Return the violations that accompany a failure of the test itself; empty if they were reported before.

        Args:
            error: What the test failed with.
        """
        new = self._list_exchanges(self._reported)
        self._reported += len(new)
        return "" if error is not None and error is self._raised else explain_violations(new)

    def _list_exchanges(self, start: int, *, has_entries: bool = False) -> list[CheckedExchange]:
        """Return the exchanges from an index on, their accepted violations marked.

        Args:
            start: The first index.
            has_entries: Whether to record which entries accept some, as properties of the test.
        """
        shown: list[CheckedExchange] = []
        entries: dict[int, None] = {}
        for checked in self.traffic.record.exchanges[start:]:
            found = [accept(violation, checked.operation.name, self._accepted) for violation in checked.violations]
            shown.append(replace(checked, violations=tuple(violation for violation, _ in found)))
            entries |= dict.fromkeys(number for _, numbers in found for number in numbers)
        if has_entries:
            self._item.user_properties += [(ACCEPTED, str(number)) for number in entries]
        return shown

    def _raise_new(self) -> None:
        __tracebackhide__ = True
        self.record_violations(conforms=True)
        self._raised = error_of(self._list_exchanges(self._reported))
        if self._raised is not None:
            raise self._raised from None

    def _record_verdict(self, verdict: str) -> None:
        """Record the verdict, the servers and the operations."""
        record = self.traffic.record
        record_verdict(self._item, verdict)
        ours = {TRAFFIC_ORIGINS: inert(", ".join(record.origins))}
        if not self._has_operation:
            ours[OPERATION] = ", ".join(record.operations)
        others = [each for each in self._item.user_properties if each[0] not in ours]
        self._item.user_properties[:] = [*others, *ours.items()]

    def _list_unchecked(self) -> Iterator[tuple[str, str]]:
        """Yield what was not checked although the test passed: its URL may be wrong, or its client not wrapped."""
        traffic = self.traffic
        if traffic.unread:
            yield UNREAD_BODIES, str(traffic.unread)
        if not self._has_passed or traffic.checked:
            return
        function = getattr(self._item, "function", None)
        if traffic.passed or (function and _FIXTURE in inspect.signature(function).parameters):
            yield UNCHECKED_REQUESTS, inert(", ".join(traffic.record.others))


def explain_violations(exchanges: Iterable[CheckedExchange]) -> str:
    """Return the violations in exchanges, one line each; empty if none of them is an error."""
    error = error_of(exchanges)
    if error is None:
        return ""
    more = len(error.lines) - _MOST_LINES
    lines = [*error.lines[:_MOST_LINES], *([f"... and {more:,} more"] if more > 0 else [])]
    return "\n".join(map(inert, lines))
