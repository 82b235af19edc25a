"""External actions: verify and parse one, check a response, and sign one to test your own receiver."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vocode_contract.contract.model import Contract
from vocode_contract.validation.json_value import DEFAULT_LIMITS, Limits
from vocode_contract.validation.masking import describe
from vocode_contract.validation.validator import Verdict
from vocode_contract.validation.violation import Violation, has_error
from vocode_contract.webhooks.request import Body, Headers, header_violations, raw, read_headers, report, validator
from vocode_contract.webhooks.signature import (
    HEADER,
    Secrets,
    SecretText,
    Verification,
    decode_secrets,
    signature_of,
    verify_signature,
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ExternalAction:
    """A request of the agent to the customer's server; its representation shows nothing of the payload.

    Attributes:
        call_id: Id of the call, in lower case.
        payload: Input of the action; not checked against its ``input_schema``.
    """

    call_id: str
    payload: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"ExternalAction(payload=<{describe(dict(self.payload))}>)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionVerdict:
    """The result of checking a delivery to the URL of an external action.

    Attributes:
        action: The action; ``None`` unless it is authentic and conforms.
        verification: The result of verifying the signature.
        violations: Only that of the signature if it is invalid, since the body is not read then.
    """

    action: ExternalAction | None
    verification: Verification
    violations: tuple[Violation, ...]

    @property
    def authentic(self) -> bool:
        """Whether the signature is valid; that of a replay is, see `idempotency_key`."""
        return self.verification.valid

    @property
    def conforms(self) -> bool:
        """Whether there is no violation of severity ``error``; an unauthentic delivery has one."""
        return not has_error(self.violations)


def parse_external_action(
    body: Body,
    headers: Headers,
    secrets: Secrets,
    *,
    contract: str | Contract | None = None,
    profile: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> ActionVerdict:
    """Verify the signature of the raw body and, only if it is valid, parse the action; no input raises.

    The provider waits 10 seconds for the response.

    Args:
        body: The raw body.
        headers: A mapping, another object with ``items()``, or pairs; names in any case.
        secrets: The action's ``signature_secret``, or several while they are rotated.
        contract: A date, or a `Contract`; by default the default contract.
        profile: ``documented``, ``wire`` or ``tolerant``; see `parse_event` for the default.
        limits: Bounds on the body.

    Raises:
        ContractError: There is no such contract or profile, a secret is unusable, the body is not bytes, or the
            headers have another form.
    """
    schema = validator("ExternalActionRequest", contract, profile, limits)
    data = raw(body)
    if len(data) > limits.size:
        decode_secrets(secrets)  # a mistake in our own configuration is reported whatever came
        refused = Verification(valid=False, reason="too-large")
        return ActionVerdict(action=None, verification=refused, violations=schema.validate(data).violations)
    fields = read_headers(headers)
    verification = verify_signature(data, fields.get(HEADER.encode()), secrets)
    if not verification:
        refusal = tuple(_signature_violations(verification, schema.contract))
        return ActionVerdict(action=None, verification=verification, violations=refusal)
    verdict = schema.validate(data)
    found = (*verdict.violations, *header_violations(fields, schema.contract))
    if has_error(found):
        return ActionVerdict(action=None, verification=verification, violations=found)
    action = ExternalAction(call_id=verdict.value["call_id"].lower(), payload=verdict.value["payload"])
    return ActionVerdict(action=action, verification=verification, violations=found)


def _signature_violations(verification: Verification, contract: Contract) -> Iterator[Violation]:
    if verification.reason == "missing":
        return report("signature-missing", contract, expected=HEADER, actual="nothing")
    return report("signature-wrong", contract, expected="a signature by one of the secrets", actual="another")


def parse_answer(body: Body, *, contract: str | Contract | None = None, limits: Limits = DEFAULT_LIMITS) -> Verdict:
    """Check a receiver's response to an external action.

    The profile is ``tolerant``, which accepts no more than the others here and reports misspelt keys as drift.

    Args:
        body: The raw body of the response.
        contract: A date, or a `Contract`; by default the default contract.
        limits: Bounds on the body.

    Raises:
        ContractError: There is no such contract, or the body is not bytes.
    """
    return validator("ExternalActionAnswer", contract, "tolerant", limits).validate(raw(body))


def action_body(action: ExternalAction) -> bytes:
    """Return the body of an action, as Python's ``json.dumps`` writes it."""
    return json.dumps({"payload": dict(action.payload), "call_id": action.call_id}).encode()


def signed_request(action: ExternalAction, secret: SecretText) -> tuple[bytes, dict[str, str]]:
    """Write and sign an action as the provider does, to test your own receiver.

    Returns:
        The raw body and the header fields.

    Raises:
        InvalidOption: The secret is empty, not base64, or decodes to fewer than 16 bytes.
    """
    body = action_body(action)
    return body, {"content-type": "application/json", HEADER: signature_of(body, secret)}
