"""The embedded server: simulated calls on 127.0.0.1, without a phone, an API key or a bill.

One pure core (`Simulation`) with three interfaces: an HTTP server for tests (`simulator`), the same in the
foreground (`serve`), and an in-process transport (`SimulatorTransport`). The core needs no extra; everything is
loaded on first use.
"""

from vocode_contract._lazy import on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .faults.catalog import FAULTS
    from .faults.fault import Fault
    from .faults.injection import Planted
    from .lifecycle.clock import Clock, ManualClock
    from .lifecycle.life import CallEvent
    from .lifecycle.scenarios import SCENARIOS, Scenario
    from .server.httpx_transport import SimulatorTransport
    from .server.server import Running, serve, simulator
    from .simulation import Simulation
    from .variants import SOUND_VARIANTS, VARIANTS, SoundServer, Variant, variant_of

_EXPORTS = {
    "CallEvent": "lifecycle.life",
    "Clock": "lifecycle.clock",
    "FAULTS": "faults.catalog",
    "Fault": "faults.fault",
    "ManualClock": "lifecycle.clock",
    "Planted": "faults.injection",
    "Running": "server.server",
    "SCENARIOS": "lifecycle.scenarios",
    "SOUND_VARIANTS": "variants",
    "Scenario": "lifecycle.scenarios",
    "Simulation": "simulation",
    "SimulatorTransport": "server.httpx_transport",
    "SoundServer": "variants",
    "VARIANTS": "variants",
    "Variant": "variants",
    "serve": "server.server",
    "simulator": "server.server",
    "variant_of": "variants",
}
__all__ = list(_EXPORTS)

if not TYPE_CHECKING:  # a type checker that sees it takes every misspelt name for a public one
    __getattr__ = on_demand(
        __name__,
        _EXPORTS,
        extras=dict.fromkeys(("h11", "httptools", "httpx", "uvicorn"), "simulator"),
        needed_for="the simulator",
    )
