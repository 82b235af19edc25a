"""The embedded server: calls that live on 127.0.0.1, without a phone, a key or a bill.

One pure core (`Simulation`), three faces: a real HTTP server for tests (`simulator`), the same in
the foreground (`serve`), and an in-process transport (`SimulatorTransport`). The core needs no extra;
the faces are loaded when they are first asked for.
"""

from importlib import import_module

from vocode_contract.errors import MissingExtra

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .clock import Clock as Clock
    from .clock import ManualClock as ManualClock
    from .core import Simulation as Simulation
    from .faults import FAULTS as FAULTS
    from .faults import Fault as Fault
    from .faults import Planted as Planted
    from .server import Running as Running
    from .server import serve as serve
    from .server import simulator as simulator
    from .transport import SimulatorTransport as SimulatorTransport
    from .variants import SOUND_VARIANTS as SOUND_VARIANTS
    from .variants import SoundServer as SoundServer
    from .variants import Variant as Variant

__all__ = [
    "FAULTS",
    "SOUND_VARIANTS",
    "Clock",
    "Fault",
    "ManualClock",
    "Planted",
    "Running",
    "Simulation",
    "SimulatorTransport",
    "SoundServer",
    "Variant",
    "serve",
    "simulator",
]

_EXPORTS = {
    "FAULTS": "faults",
    "SOUND_VARIANTS": "variants",
    "Clock": "clock",
    "Fault": "faults",
    "ManualClock": "clock",
    "Planted": "faults",
    "Running": "server",
    "Simulation": "core",
    "SimulatorTransport": "transport",
    "SoundServer": "variants",
    "Variant": "variants",
    "serve": "server",
    "simulator": "server",
}
_OF_THE_EXTRA = frozenset(("h11", "httpx", "starlette", "uvicorn"))


if not TYPE_CHECKING:  # a type checker that sees it takes every misspelt name for a public one

    def __getattr__(name: str) -> object:
        if name not in _EXPORTS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            value = getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in _OF_THE_EXTRA:
                raise
            raise MissingExtra("simulator", "the simulator") from None
        globals()[name] = value
        return value
