"""What a test claims of calls that nobody asked to end; a call may also end by itself, so others are asked first."""

from vocode_contract.conformance import moments
from vocode_contract.conformance.claims import violated
from vocode_contract.conformance.story import Teller
from vocode_contract.http.checked_exchange import Answer
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.validation.lifecycle.history import FINAL

_GOING_ON = "a call that goes on"


def went_on(told: Teller, before: Answer | None, after: Answer, code: str) -> None:
    """Claim that a call goes on which nobody ended in between.

    Args:
        told: Tells of a call that was left alone, if this one has ended.
        before: What was seen before; nothing is claimed of a call that was over then.
        after: What is seen now.
        code: What it means if the call has ended.

    Raises:
        ContractViolated: It has ended, and not by itself.
        Inconclusive: It has ended, as calls do that are left alone.
    """
    __tracebackhide__ = True
    went = before is None or before.call_status not in FINAL
    if not went or not after.is_sound or after.call_status != "ended":
        return
    looks = told.story.attempt(moments.left_alone)
    if looks is None or looks[0].call_status in FINAL:
        raise Inconclusive("call-changed", "it is over, and may have ended by itself")
    if looks[1].call_status in FINAL:
        violated(looks[1], "read-acts", "/status", expected=_GOING_ON, actual=f'"{looks[1].call_status}"')
    violated(after, code, "/status", expected=_GOING_ON, actual='"ended"')


def was_over(told: Teller) -> None:
    """Leave it at that if the subject was over before anybody asked to end it.

    Raises:
        Inconclusive: It was.
    """
    __tracebackhide__ = True
    before = told.story.attempt(moments.seen)
    if before is not None and before.is_sound and before.call_status in FINAL:
        raise Inconclusive("call-changed", "it was over before its end was asked for")
