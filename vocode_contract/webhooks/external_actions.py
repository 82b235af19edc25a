"""External actions: verify the signature, then read; check a response; sign, to test one's own receiver."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vocode_contract.contract.model import Contract
from vocode_contract.validation.json_value import DEFAULT_LIMITS, Limits
from vocode_contract.validation.masking import described
from vocode_contract.validation.validator import Verdict
from vocode_contract.validation.violation import Violation
from vocode_contract.webhooks.request import Body, Headers, conforms, fields_of, header_violations, raw, told, validator
from vocode_contract.webhooks.signature import (
    HEADER,
    Secrets,
    SecretText,
    Verification,
    keys_of,
    signature_of,
    verify_signature,
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ExternalAction:
    """What the agent asks the customer's server to do; its representation shows nothing of the payload.

    Attributes:
        call_id: Id of the call, in lower case.
        payload: Input of the action, as its ``input_schema`` describes it; not checked by that here.
    """

    call_id: str
    payload: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"ExternalAction(payload=<{described(dict(self.payload))}>)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionVerdict:
    """What a delivery to an external action's address was.

    Attributes:
        action: The action; ``None`` unless it is authentic and conforms.
        verification: Whether the signature holds.
        violations: That of the signature alone where it does not hold: then nothing was read.
    """

    action: ExternalAction | None
    verification: Verification
    violations: tuple[Violation, ...]

    @property
    def authentic(self) -> bool:
        """Whether one of the secrets made the signature. A replay is authentic too: see `idempotency_key`."""
        return self.verification.valid

    @property
    def conforms(self) -> bool:
        """Whether there is no violation of severity ``error``; an unauthentic delivery has one."""
        return conforms(self.violations)


def parse_external_action(
    body: Body,
    headers: Headers,
    secrets: Secrets,
    *,
    contract: str | None = None,
    profile: str = "tolerant",
    limits: Limits = DEFAULT_LIMITS,
) -> ActionVerdict:
    """Verify the signature over the raw body and, only if it holds, read the action; no input raises.

    The response is waited for 10 seconds.

    Args:
        body: The raw body.
        headers: A mapping, anything else with ``items()``, or pairs; names in any case.
        secrets: The action's ``signature_secret``, or several while they are rotated.
        contract: A date; the default contract without.
        profile: ``documented``, ``wire`` or ``tolerant``; see `parse_event` for why the last.
        limits: Bounds on the body.

    Raises:
        ContractError: There is no such contract or profile, a secret is unusable, the body is not bytes,
            or the headers have none of these forms.
    """
    judging = validator("ExternalActionRequest", contract, profile, limits)
    data = raw(body)
    if len(data) > limits.size:
        keys_of(secrets)  # what is wrong with our own set-up is reported whatever came
        refused = Verification(valid=False, reason="too-large")
        return ActionVerdict(action=None, verification=refused, violations=judging.validate(data).violations)
    fields = fields_of(headers)
    verification = verify_signature(data, fields.get(HEADER.encode()), secrets)
    if not verification:
        refusal = tuple(_refusal(verification, judging.contract))
        return ActionVerdict(action=None, verification=verification, violations=refusal)
    verdict = judging.validate(data)
    found = (*verdict.violations, *header_violations(fields, judging.contract))
    action = _action(verdict.value) if conforms(found) else None
    return ActionVerdict(action=action, verification=verification, violations=found)


def _action(value: dict[str, Any]) -> ExternalAction:
    return ExternalAction(call_id=value["call_id"].lower(), payload=value["payload"])


def _refusal(verification: Verification, contract: Contract) -> Iterator[Violation]:
    if verification.reason == "missing":
        return told("signature-missing", contract, expected=HEADER, actual="nothing")
    return told("signature-wrong", contract, expected="a signature by one of the secrets", actual="another")


def parse_answer(body: Body, *, contract: str | None = None, limits: Limits = DEFAULT_LIMITS) -> Verdict:
    """Check what a receiver answers to an external action.

    Read tolerantly, which refuses no less here and tells misspelt keys, as drift.

    Args:
        body: The raw body of the response.
        contract: A date; the default contract without.
        limits: Bounds on the body.

    Returns:
        The parsed answer with its violations.

    Raises:
        ContractError: There is no such contract, or the body is not bytes.
    """
    return validator("ExternalActionAnswer", contract, "tolerant", limits).validate(raw(body))


def action_body(action: ExternalAction) -> bytes:
    """Write an action as Python's ``json.dumps`` does."""
    return json.dumps({"payload": dict(action.payload), "call_id": action.call_id}).encode()


def signed_request(action: ExternalAction, secret: SecretText) -> tuple[bytes, dict[str, str]]:
    """Write and sign an action as the provider does, for those who test their own receiver.

    Returns:
        The raw body, as Python's ``json.dumps`` writes it, and the header fields.

    Raises:
        InvalidOption: The secret is empty, not base64, or decodes to fewer than 16 bytes.
    """
    body = action_body(action)
    return body, {"content-type": "application/json", HEADER: signature_of(body, secret)}
