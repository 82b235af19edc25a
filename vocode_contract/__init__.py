"""Contract tests, validators and a simulator for Vocode's hosted calls API.

Importing this package loads nothing: each public name is loaded on first use (PEP 562).
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._version import __version__ as __version__
    from .contract.defaults import with_defaults as with_defaults
    from .contract.diff import Change as Change
    from .contract.diff import changes as changes
    from .contract.model import Contract as Contract
    from .contract.model import dates as dates
    from .contract.operation import Operation as Operation
    from .contract.operation import Parameter as Parameter
    from .errors import ContractError as ContractError
    from .errors import InvalidOption as InvalidOption
    from .errors import MissingExtra as MissingExtra
    from .errors import SchemasNotFound as SchemasNotFound
    from .errors import UnknownContract as UnknownContract
    from .errors import UnknownProfile as UnknownProfile
    from .errors import UnknownSchema as UnknownSchema
    from .http.message import Document as Document
    from .http.message import Exchange as Exchange
    from .http.message import Request as Request
    from .http.message import Response as Response
    from .validation.codes import Selection as Selection
    from .validation.consistency import inconsistencies as inconsistencies
    from .validation.engine import Engine as Engine
    from .validation.json_value import Defect as Defect
    from .validation.json_value import Limits as Limits
    from .validation.lifecycle.history import Observation as Observation
    from .validation.lifecycle.rules import breaches as breaches
    from .validation.masking import Secret as Secret
    from .validation.validator import Validator as Validator
    from .validation.validator import Verdict as Verdict
    from .validation.validator import conforms as conforms
    from .validation.validator import ensure as ensure
    from .validation.validator import validate as validate
    from .validation.validator import violations as violations
    from .validation.violation import ContractViolated as ContractViolated
    from .validation.violation import Violation as Violation
    from .validation.which import Fit as Fit
    from .validation.which import which as which
    from .webhooks import ActionVerdict as ActionVerdict
    from .webhooks import DetectionEvent as DetectionEvent
    from .webhooks import Event as Event
    from .webhooks import EventSequence as EventSequence
    from .webhooks import EventVerdict as EventVerdict
    from .webhooks import ExternalAction as ExternalAction
    from .webhooks import FreeFormEvent as FreeFormEvent
    from .webhooks import Verification as Verification
    from .webhooks import check_sequence as check_sequence
    from .webhooks import idempotency_key as idempotency_key
    from .webhooks import parse_answer as parse_answer
    from .webhooks import parse_event as parse_event
    from .webhooks import parse_external_action as parse_external_action
    from .webhooks import signature_of as signature_of
    from .webhooks import signed_request as signed_request
    from .webhooks import verify_signature as verify_signature
    from .webhooks.request import HeaderFields as HeaderFields

_MODULES = {
    "_version": "__version__",
    "contract.defaults": "with_defaults",
    "contract.diff": "Change changes",
    "contract.model": "Contract dates",
    "contract.operation": "Operation Parameter",
    "errors": "ContractError InvalidOption MissingExtra SchemasNotFound UnknownContract UnknownProfile UnknownSchema",
    "http.message": "Document Exchange Request Response",
    "validation.codes": "Selection",
    "validation.consistency": "inconsistencies",
    "validation.engine": "Engine",
    "validation.json_value": "Defect Limits",
    "validation.lifecycle.history": "Observation",
    "validation.lifecycle.rules": "breaches",
    "validation.masking": "Secret",
    "validation.validator": "Validator Verdict conforms ensure validate violations",
    "validation.violation": "ContractViolated Violation",
    "validation.which": "Fit which",
    "webhooks": "ActionVerdict DetectionEvent Event EventSequence EventVerdict ExternalAction FreeFormEvent "
    "Verification check_sequence idempotency_key parse_answer parse_event parse_external_action "
    "signature_of signed_request verify_signature",
    "webhooks.request": "HeaderFields",
}
_EXPORTS = dict(sorted((name, module) for module, names in _MODULES.items() for name in names.split()))
__all__ = list(_EXPORTS)


if not TYPE_CHECKING:  # a type checker that sees it takes every misspelt name for a public one

    def __getattr__(name: str) -> object:
        from vocode_contract._lazy import on_demand  # late: every pytest run imports this package

        return on_demand(__name__, _EXPORTS)(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
