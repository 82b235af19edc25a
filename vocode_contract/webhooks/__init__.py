"""What a receiver gets from the provider: events and external actions, judged from their raw bytes.

Nothing here speaks HTTP: a web framework hands over the bytes of a body and the header fields.
"""

from vocode_contract.webhooks.events import Event, EventVerdict, parse_event
from vocode_contract.webhooks.sequence import EventSequence, judge_sequence
from vocode_contract.webhooks.signature import Verification, signature_of, verify_signature

from .diagnosis import Diagnosis, diagnose
from .events import idempotency_key
from .external_actions import ActionVerdict, ExternalAction, parse_answer, parse_external_action, signed_request

__all__ = [
    "ActionVerdict",
    "Diagnosis",
    "Event",
    "EventSequence",
    "EventVerdict",
    "ExternalAction",
    "Verification",
    "diagnose",
    "idempotency_key",
    "judge_sequence",
    "parse_answer",
    "parse_event",
    "parse_external_action",
    "signature_of",
    "signed_request",
    "verify_signature",
]
