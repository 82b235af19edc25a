"""Receive webhooks: events and external actions, checked from their raw bytes; send them, and stress-test receivers.

Start with `events` (`parse_event`), `external_actions` and `signature`. The receiving modules import nothing above
`validation`: a web framework passes the bytes of a body and the header fields. `sending` delivers to a receiver over
real HTTP, `stress` finds the shortest sequence that breaks one.
"""

from vocode_contract._lazy import map_names, on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .diagnosis import Diagnosis as Diagnosis
    from .diagnosis import diagnose as diagnose
    from .events import DetectionEvent as DetectionEvent
    from .events import Event as Event
    from .events import EventVerdict as EventVerdict
    from .events import FreeFormEvent as FreeFormEvent
    from .events import idempotency_key as idempotency_key
    from .events import parse_event as parse_event
    from .external_actions import ActionVerdict as ActionVerdict
    from .external_actions import ExternalAction as ExternalAction
    from .external_actions import parse_answer as parse_answer
    from .external_actions import parse_external_action as parse_external_action
    from .external_actions import signed_request as signed_request
    from .sequence import EventSequence as EventSequence
    from .sequence import check_sequence as check_sequence
    from .signature import Verification as Verification
    from .signature import signature_of as signature_of
    from .signature import verify_signature as verify_signature

_MODULES = {
    "diagnosis": "Diagnosis diagnose",
    "events": "DetectionEvent Event EventVerdict FreeFormEvent idempotency_key parse_event",
    "external_actions": "ActionVerdict ExternalAction parse_answer parse_external_action signed_request",
    "sequence": "EventSequence check_sequence",
    "signature": "Verification signature_of verify_signature",
}
_EXPORTS = map_names(_MODULES)
__all__ = list(_EXPORTS)

if not TYPE_CHECKING:  # a type checker that sees it takes every misspelt name for a public one
    __getattr__ = on_demand(__name__, _EXPORTS)
