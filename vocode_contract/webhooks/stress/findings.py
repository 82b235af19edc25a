"""The result of a stress test: a receiver's responses and states -> violations."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from vocode_contract.contract.model import Contract
from vocode_contract.validation.violation import Violation, has_error
from vocode_contract.webhooks.request import report
from vocode_contract.webhooks.sending.delivery import DeliveryResult
from vocode_contract.webhooks.sending.external_actions import NO_RESPONSE, check_action_response
from vocode_contract.webhooks.stress.arrival_orders import Arrival, is_mixed, is_repeated
from vocode_contract.webhooks.stress.malformed import Wanted

#: Separates the event types of a sequence.
ARROW = " > "


@dataclass(frozen=True, slots=True, kw_only=True)
class StressReport:
    """The result of a stress test.

    Attributes:
        violations: In the order in which they were found, each with the shortest sequence that shows it as its note.
        delivered: Number of requests that got a response.
        unjudged: Why something could not be checked, one line each; safe to show.
    """

    violations: tuple[Violation, ...]
    delivered: int
    unjudged: tuple[str, ...] = ()

    @property
    def conforms(self) -> bool:
        """Whether everything could be checked and nothing is an error."""
        return bool(self.delivered) and not has_error(self.violations) and not self.unjudged


class Problem(NamedTuple):
    """A violation without its place."""

    code: str
    expected: str
    actual: str

    def report(self, place: int, sequence: str) -> Iterator[Violation]:
        """Yield the violation at an index of a sequence of deliveries."""
        return report(self.code, expected=self.expected, actual=self.actual, pointer=f"/{place}", note=sequence)


_ACCEPTED = {"refuse": "receiver-accepted", "reject": "receiver-forged", "limit": "receiver-unlimited"}


def check_response(
    answer: DeliveryResult, wanted: Wanted, *, is_action: bool, contract: Contract | None = None
) -> Iterator[Problem]:
    """Yield the problems of a response."""
    if answer.outcome == "timeout":
        yield Problem("receiver-slow", "a response in time", "none")
    if answer.status is None:
        return
    if answer.status >= 500:
        yield Problem("receiver-error", "a status below 500", str(answer.status))
    if wanted == "accept" and 300 <= answer.status < 500:
        yield Problem("receiver-refused", "2xx for a valid delivery", str(answer.status))
    if wanted in _ACCEPTED and answer.outcome == "delivered":
        yield Problem(_ACCEPTED[wanted], "4xx", str(answer.status))
    if is_action and wanted == "accept" and 200 <= answer.status < 300:
        checked = check_action_response(answer, contract=contract)
        if not checked.conforms:
            first = next((found for found in checked.violations if found.severity == "error"), None)
            actual = f"{first.code} at {first.instance_pointer or '(document)'}" if first else checked.reason
            yield Problem("receiver-answer", "200 with a result", actual)


def explain_no_response(answer: DeliveryResult, wanted: Wanted) -> str:
    """Return why there is no response to check; empty if there is, or if closing the connection is a valid one."""
    if wanted == "limit" and answer.outcome == "closed":
        return ""
    return NO_RESPONSE.get(answer.outcome, "")


def describe_state(parts: tuple[Arrival, ...]) -> Problem:
    """Return the problem of a receiver whose state differs after these deliveries, the shortest that show it."""
    if is_repeated(parts):
        return Problem("receiver-repeat", "the state after each event once", "another state")
    if is_mixed(parts):
        return Problem("receiver-mixed", "the state after only the events of this call", "another state")
    return Problem("receiver-order", "the state after the events in order", "another state")
