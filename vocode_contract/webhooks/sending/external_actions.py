"""Send signed external actions, and check the responses."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from vocode_contract.contract.model import Contract
from vocode_contract.validation.validator import Verdict
from vocode_contract.validation.violation import Violation, has_error
from vocode_contract.webhooks import ExternalAction, parse_answer, signed_request
from vocode_contract.webhooks.sending.deliverer import Deliverer
from vocode_contract.webhooks.sending.delivery import Delivery, DeliveryResult
from vocode_contract.webhooks.sending.send import SECONDS
from vocode_contract.webhooks.signature import SecretText

LABEL = "external_action"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionReport:
    """The response to an external action.

    Attributes:
        verdict: On the body of a 200; ``None`` if there is nothing to check.
        reason: Why there is nothing to check; otherwise empty.
    """

    answer: DeliveryResult
    verdict: Verdict | None = None
    reason: str = ""

    @property
    def violations(self) -> tuple[Violation, ...]:
        """The violations of the body."""
        return self.verdict.violations if self.verdict else ()

    @property
    def conforms(self) -> bool:
        """Whether there is a response body and it has no error."""
        return self.verdict is not None and not has_error(self.violations)


#: Outcome without a response to the reason.
NO_RESPONSE: Mapping[str, str] = {
    "unreachable": "no connection; nothing was sent",
    "closed": "the connection was closed before a response",
    "protocol": "the response is not HTTP/1.1",
    "abandoned": "stopped before a response",
}
#: Outcome to the reason why there is nothing to check.
_REASONS: Mapping[str, str] = {
    **NO_RESPONSE,
    "timeout": "no response in time; the agent continues without it",
    "too-large": "the response is too large",
    "redirected": "the response is a redirect, which is not followed",
    "not-allowed": "the URL is not allowed; nothing was sent",
}


def send_action(
    url: str,
    secret: SecretText,
    payload: Mapping[str, Any],
    call_id: str,
    *,
    contract: str | Contract | None = None,
    allowed_hosts: Collection[str] = (),
    seconds: float = SECONDS,
) -> ActionReport:
    """Send an external action once, signed, and check its response.

    Args:
        url: URL of the action.
        secret: The action's ``signature_secret``, in base64.
        payload: Input of the action.
        call_id: The call that it belongs to.
        contract: A date, or a `Contract`; by default the default contract.
        allowed_hosts: Exact hosts beyond loopback that may be sent to.
        seconds: How long to wait for the response.

    Raises:
        InvalidOption: The URL is not allowed, or the secret is unusable.
    """
    with Deliverer(allowed_hosts=allowed_hosts, seconds=seconds, at_once=1) as deliverer:
        return check_action_response(deliverer.send(action_delivery(url, secret, payload, call_id)), contract=contract)


def action_delivery(url: str, secret: SecretText, payload: Mapping[str, Any], call_id: str) -> Delivery:
    """Return the signed delivery of an external action.

    Raises:
        InvalidOption: The secret is unusable.
    """
    body, headers = signed_request(ExternalAction(call_id=call_id, payload=payload), secret)
    return Delivery(url=url, body=body, headers=tuple(headers.items()), label=LABEL, call_id=call_id)


def check_action_response(answer: DeliveryResult, *, contract: str | Contract | None = None) -> ActionReport:
    """Check the response to an external action."""
    if answer.status == 200 and answer.outcome == "delivered":
        return ActionReport(answer=answer, verdict=parse_answer(answer.body, contract=contract))
    reason = _REASONS.get(answer.outcome) or f"status {answer.status} instead of 200"
    return ActionReport(answer=answer, reason=reason)
