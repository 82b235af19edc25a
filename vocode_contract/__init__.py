"""The contract of a hosted voice-call API, as software.

Importing this package loads nothing: each public name is fetched from its module when it is first asked for (PEP 562).
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .codes import Selection as Selection
    from .comparison import changes as changes
    from .consistency import inconsistencies as inconsistencies
    from .contract import Contract as Contract
    from .contract import dates as dates
    from .defaults import with_defaults as with_defaults
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

    __version__: str

__all__ = [
    "Contract",
    "ContractError",
    "ContractViolated",
    "Exchange",
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
    "Violation",
    "__version__",
    "breaches",
    "changes",
    "conforms",
    "dates",
    "ensure",
    "inconsistencies",
    "judge",
    "violations",
    "which",
    "with_defaults",
]

_EXPORTS = {
    "Contract": "contract",
    "ContractError": "errors",
    "ContractViolated": "violation",
    "Exchange": "exchange",
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
    "Violation": "violation",
    "breaches": "lifecycle",
    "changes": "comparison",
    "conforms": "validation",
    "dates": "contract",
    "ensure": "validation",
    "inconsistencies": "consistency",
    "judge": "validation",
    "violations": "validation",
    "which": "drift",
    "with_defaults": "defaults",
}


if not TYPE_CHECKING:  # a type checker that sees it takes every misspelt name for a public one

    def __getattr__(name: str) -> object:
        if name == "__version__":
            value = _version()
        elif name in _EXPORTS:
            from importlib import import_module

            value = getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("vocode-contract")
    except PackageNotFoundError:
        return "0+checkout"
