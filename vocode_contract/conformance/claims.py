"""What a test claims of an answer, beyond what every answer must keep: each raises what it finds."""

from typing import NoReturn

from vocode_contract.conformance.answers import Answer
from vocode_contract.conformance.client import FINAL
from vocode_contract.inconclusive import Inconclusive
from vocode_contract.policies import POLICIES
from vocode_contract.violation import ContractViolated, Violation


def answered(answer: Answer, *statuses: int) -> None:
    """Claim one of some status codes; an answer that is wrong in itself fails the test anyway.

    Raises:
        ContractViolated: With another one.
    """
    __tracebackhide__ = True
    if answer.status in statuses or not answer.is_sound:
        return
    declared = answer.status in answer.operation.statuses
    _violated(
        answer,
        "status-unexpected" if declared else "status-undeclared",
        expected=" or ".join(map(str, statuses)),
        actual=str(answer.status),
    )


def refused(answer: Answer, *, for_want_of_authentication: bool = True) -> None:
    """Claim that a request was refused, and that the refusal tells nothing of a call.

    Args:
        answer: To a request that must be refused.
        for_want_of_authentication: Whether nothing else than that was wrong with the request.

    Raises:
        ContractViolated: It was served, or the refusal holds a call.
        Inconclusive: It was refused, but perhaps since no call has that id.
    """
    __tracebackhide__ = True
    expected = " or ".join(map(str, sorted(POLICIES["authentication"].statuses)))
    if 200 <= answer.status < 300:
        _violated(answer, "not-refused", expected=expected, actual=str(answer.status))
    if answer.call_id:
        _violated(answer, "refusal-leaks", expected="a refusal without a call", actual="a call")
    unclear = answer.status not in POLICIES["authentication"].statuses and not for_want_of_authentication
    if unclear and answer.is_sound:
        raise Inconclusive("refusal-unclear", f"status {answer.status} where {expected} was looked for")


def no_call(answer: Answer) -> None:
    """Claim that an answer to a request for no existing call is a refusal and holds no call.

    Raises:
        ContractViolated: It is none, or it holds one.
    """
    __tracebackhide__ = True
    if not answer.is_sound:
        return
    if not 400 <= answer.status < 500:
        _violated(answer, "status-unexpected", expected="a refusal", actual=str(answer.status))
    if answer.call_id:
        _violated(answer, "refusal-leaks", expected="a refusal without a call", actual="a call")


def ended(answer: Answer) -> None:
    """Claim that a call is over.

    Raises:
        ContractViolated: It is not.
    """
    __tracebackhide__ = True
    if answer.is_sound and answer.status == 200 and answer.call_status not in FINAL:
        _violated(answer, "call-not-ended", "/status", expected='"ended"', actual=_word(answer))


def not_ended(answer: Answer) -> None:
    """Claim that a call goes on whose end was refused.

    Raises:
        ContractViolated: It is ended.
    """
    __tracebackhide__ = True
    if answer.is_sound and answer.call_status == "ended":
        _violated(answer, "refusal-ignored", "/status", expected="a call that goes on", actual=_word(answer))


def _word(answer: Answer) -> str:
    """Write the status of a call; a sound answer holds none but a declared word."""
    return f'"{answer.call_status}"' if answer.call_status else "no status"


def _violated(answer: Answer, code: str, pointer: str = "", *, expected: str, actual: str) -> NoReturn:
    __tracebackhide__ = True
    violation = Violation(
        instance_pointer=pointer,
        code=code,
        expected=expected,
        actual=actual,
        schema_pointer=answer.operation.pointer,
        contract=answer.contract,
        note=answer.operation.name,
    )
    raise ContractViolated((violation,))
