"""What an attack found: a receiver's answers and states -> violations."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from vocode_contract.contract.model import DEFAULT_PROFILE
from vocode_contract.validation.codes import default_level
from vocode_contract.validation.violation import Violation, has_error
from vocode_contract.webhooks.sending.delivery import DeliveryResult
from vocode_contract.webhooks.stress.arrival_orders import Arrival, is_mixed, is_repeated
from vocode_contract.webhooks.stress.malformed import Wanted

#: What stands between the kinds of event of a scenario.
ARROW = " > "


@dataclass(frozen=True, slots=True, kw_only=True)
class StressReport:
    """The result of an attack.

    Attributes:
        violations: In the order of finding; the first of each code and kind of attack, with the shortest
            story that shows it as note.
        delivered: Requests that were answered.
        unjudged: What could not be checked and why, one line each; safe to show.
    """

    violations: tuple[Violation, ...]
    delivered: int
    unjudged: tuple[str, ...] = ()

    @property
    def conforms(self) -> bool:
        """Whether something was checked, everything could be, and nothing is an error."""
        return bool(self.delivered) and not has_error(self.violations) and not self.unjudged


def found(code: str, place: int, *, expected: str, actual: str, note: str) -> Violation:
    """Make a violation about the delivery at a place in its story, from 0."""
    level = default_level(code, DEFAULT_PROFILE)
    severity = "advice" if level == "off" else level
    return Violation(
        instance_pointer=f"/{place}", code=code, severity=severity, expected=expected, actual=actual, note=note
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """The violations with a response."""

    code: str
    expected: str
    actual: str


def _in_time(answer: DeliveryResult, _wanted: Wanted) -> Iterator[Wrong]:
    if answer.outcome == "timeout":
        yield Wrong(code="receiver-slow", expected="an answer in time", actual="none")


def _no_error(answer: DeliveryResult, _wanted: Wanted) -> Iterator[Wrong]:
    if answer.status is not None and answer.status >= 500:
        yield Wrong(code="receiver-error", expected="a status below 500", actual=str(answer.status))


def _taken(answer: DeliveryResult, wanted: Wanted) -> Iterator[Wrong]:
    if wanted == "take" and answer.status is not None and 300 <= answer.status < 500:
        yield Wrong(code="receiver-refused", expected="2xx for what is good", actual=str(answer.status))


def _refused(answer: DeliveryResult, wanted: Wanted) -> Iterator[Wrong]:
    codes = {"refuse": "receiver-accepted", "reject": "receiver-forged", "limit": "receiver-unlimited"}
    if wanted in codes and answer.outcome == "delivered":
        yield Wrong(code=codes[wanted], expected="4xx", actual=str(answer.status))


_RULES: tuple[Callable[[DeliveryResult, Wanted], Iterator[Wrong]], ...] = (_in_time, _no_error, _taken, _refused)

#: Outcomes by which a response could not be had.
_UNANSWERED: Mapping[str, str] = {
    "unreachable": "no connection",
    "closed": "the connection was closed before an answer",
    "protocol": "the answer is not HTTP/1.1",
    "abandoned": "it was stopped",
}


def wrongs(answer: DeliveryResult, wanted: Wanted) -> Iterator[Wrong]:
    """Yield what is wrong with a response."""
    for rule in _RULES:
        yield from rule(answer, wanted)


def unanswered(answer: DeliveryResult, wanted: Wanted) -> str:
    """Return why there is no response to check; empty if there is, or if closing is one."""
    if wanted == "limit" and answer.outcome == "closed":
        return ""
    return _UNANSWERED.get(answer.outcome, "")


def state_wrong(parts: tuple[Arrival, ...]) -> Wrong:
    """Name what a receiver does not bear, by the shortest arrangement that shows it."""
    if is_repeated(parts):
        return Wrong(code="receiver-repeat", expected="the state that each event once leads to", actual="another")
    if is_mixed(parts):
        return Wrong(code="receiver-mixed", expected="the state that the call alone leads to", actual="another")
    return Wrong(code="receiver-order", expected="the state that the order of things leads to", actual="another")
