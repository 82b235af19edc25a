"""The contract of a hosted voice-call API, as software.

Importing this package loads nothing: each public name is fetched from its module when it is first asked for (PEP 562).
"""

from vocode_contract._lazy import on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._version import __version__ as __version__
    from .codes import Selection as Selection
    from .consistency import inconsistencies as inconsistencies
    from .contract.defaults import with_defaults as with_defaults
    from .contract.diff import changes as changes
    from .contract.model import Contract as Contract
    from .contract.model import dates as dates
    from .drift import which as which
    from .errors import ContractError as ContractError
    from .errors import InvalidOption as InvalidOption
    from .errors import MissingExtra as MissingExtra
    from .errors import SchemasNotFound as SchemasNotFound
    from .errors import UnknownContract as UnknownContract
    from .errors import UnknownProfile as UnknownProfile
    from .errors import UnknownSchema as UnknownSchema
    from .exchange import Exchange as Exchange
    from .exchange import Request as Request
    from .exchange import Response as Response
    from .lifecycle import Observation as Observation
    from .lifecycle import breaches as breaches
    from .reading import Limits as Limits
    from .validation import Validator as Validator
    from .validation import Verdict as Verdict
    from .validation import conforms as conforms
    from .validation import ensure as ensure
    from .validation import judge as judge
    from .validation import violations as violations
    from .violation import ContractViolated as ContractViolated
    from .violation import Violation as Violation
    from .webhooks import ActionVerdict as ActionVerdict
    from .webhooks import Event as Event
    from .webhooks import EventSequence as EventSequence
    from .webhooks import EventVerdict as EventVerdict
    from .webhooks import ExternalAction as ExternalAction
    from .webhooks import Verification as Verification
    from .webhooks import idempotency_key as idempotency_key
    from .webhooks import judge_sequence as judge_sequence
    from .webhooks import parse_answer as parse_answer
    from .webhooks import parse_event as parse_event
    from .webhooks import parse_external_action as parse_external_action
    from .webhooks import signature_of as signature_of
    from .webhooks import signed_request as signed_request
    from .webhooks import verify_signature as verify_signature


__all__ = [
    "ActionVerdict",
    "Contract",
    "ContractError",
    "ContractViolated",
    "Event",
    "EventSequence",
    "EventVerdict",
    "Exchange",
    "ExternalAction",
    "InvalidOption",
    "Limits",
    "MissingExtra",
    "Observation",
    "Request",
    "Response",
    "SchemasNotFound",
    "Selection",
    "UnknownContract",
    "UnknownProfile",
    "UnknownSchema",
    "Validator",
    "Verdict",
    "Verification",
    "Violation",
    "__version__",
    "breaches",
    "changes",
    "conforms",
    "dates",
    "ensure",
    "idempotency_key",
    "inconsistencies",
    "judge",
    "judge_sequence",
    "parse_answer",
    "parse_event",
    "parse_external_action",
    "signature_of",
    "signed_request",
    "verify_signature",
    "violations",
    "which",
    "with_defaults",
]

_EXPORTS = {
    "__version__": "_version",
    "ActionVerdict": "webhooks",
    "Contract": "contract.model",
    "ContractError": "errors",
    "ContractViolated": "violation",
    "Event": "webhooks",
    "EventSequence": "webhooks",
    "EventVerdict": "webhooks",
    "Exchange": "exchange",
    "ExternalAction": "webhooks",
    "InvalidOption": "errors",
    "Limits": "reading",
    "MissingExtra": "errors",
    "Observation": "lifecycle",
    "Request": "exchange",
    "Response": "exchange",
    "SchemasNotFound": "errors",
    "Selection": "codes",
    "UnknownContract": "errors",
    "UnknownProfile": "errors",
    "UnknownSchema": "errors",
    "Validator": "validation",
    "Verdict": "validation",
    "Verification": "webhooks",
    "Violation": "violation",
    "breaches": "lifecycle",
    "changes": "contract.diff",
    "conforms": "validation",
    "dates": "contract.model",
    "ensure": "validation",
    "idempotency_key": "webhooks",
    "inconsistencies": "consistency",
    "judge": "validation",
    "judge_sequence": "webhooks",
    "parse_answer": "webhooks",
    "parse_event": "webhooks",
    "parse_external_action": "webhooks",
    "signature_of": "webhooks",
    "signed_request": "webhooks",
    "verify_signature": "webhooks",
    "violations": "validation",
    "which": "drift",
    "with_defaults": "contract.defaults",
}


if not TYPE_CHECKING:  # a type checker that sees it takes every misspelt name for a public one
    __getattr__ = on_demand(__name__, _EXPORTS)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
