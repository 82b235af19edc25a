"""Load the public names of a package on first use, so that unused ones cost nothing."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def map_names(modules: "Mapping[str, str]") -> dict[str, str]:
    """Map each public name to its module, sorted by name, given the names of each module separated by spaces."""
    return dict(sorted((name, module) for module, names in modules.items() for name in names.split()))


def on_demand(
    package: str, exports: "Mapping[str, str]", *, extras: "Mapping[str, str] | None" = None, needed_for: str = ""
) -> "Callable[[str], object]":
    """Return the ``__getattr__`` of a package (PEP 562).

    Args:
        package: Its full name.
        exports: What `map_names` returns; each module is relative to the package.
        extras: Library to the extra that installs it.
        needed_for: The feature that needs the extras, as a noun.
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
