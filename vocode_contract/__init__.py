"""The contract of a hosted voice-call API, as software.

Importing this package loads nothing: each public name is fetched from its module when it is first asked for (PEP 562).
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .errors import ContractError as ContractError
    from .errors import InvalidOption as InvalidOption
    from .errors import MissingExtra as MissingExtra
    from .errors import SchemasNotFound as SchemasNotFound
    from .errors import UnknownContract as UnknownContract
    from .errors import UnknownProfile as UnknownProfile
    from .errors import UnknownSchema as UnknownSchema

    __version__: str

__all__ = [
    "ContractError",
    "InvalidOption",
    "MissingExtra",
    "SchemasNotFound",
    "UnknownContract",
    "UnknownProfile",
    "UnknownSchema",
    "__version__",
]

_EXPORTS = {
    "ContractError": "errors",
    "InvalidOption": "errors",
    "MissingExtra": "errors",
    "SchemasNotFound": "errors",
    "UnknownContract": "errors",
    "UnknownProfile": "errors",
    "UnknownSchema": "errors",
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
