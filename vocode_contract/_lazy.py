"""The public names of a package, each loaded when it is first asked for, so that none costs those who do not use it."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def on_demand(
    package: str, exports: "Mapping[str, str]", *, extras: "Mapping[str, str] | None" = None, needed_for: str = ""
) -> "Callable[[str], object]":
    """Return what a package takes for its ``__getattr__``.

    Args:
        package: Its full name.
        exports: Public name to the module that has it, below the package.
        extras: Library to the extra of ours that installs it.
        needed_for: What a missing extra is needed for, as a phrase.

    Source: PEP 562.
    """

    def attribute(name: str) -> object:
        if name not in exports:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        from importlib import import_module

        try:
            value = getattr(import_module(f"{package}.{exports[name]}"), name)
        except ModuleNotFoundError as error:
            extra = (extras or {}).get((error.name or "").partition(".")[0])
            if extra is None:
                raise
            from vocode_contract.errors import MissingExtra

            raise MissingExtra(extra, needed_for) from None
        setattr(sys.modules[package], name, value)
        return value

    return attribute
