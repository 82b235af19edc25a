"""The embedded server: simulated calls on 127.0.0.1, without a phone, an API key or a bill.

One pure core (`Simulation`) with three interfaces: an HTTP server for tests (`simulator`), the same in the
foreground (`serve`), and an in-process transport (`SimulatorTransport`). The core needs no extra; everything is
loaded on first use. `proxy` is another server on loopback, which passes an application's traffic on to a real one.
"""

from vocode_contract._lazy import map_names, on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .faults.catalog import FAULTS as FAULTS
    from .faults.fault import Fault as Fault
    from .faults.injection import Planted as Planted
    from .lifecycle.clock import Clock as Clock
    from .lifecycle.clock import ManualClock as ManualClock
    from .lifecycle.life import CallEvent as CallEvent
    from .lifecycle.scenarios import SCENARIOS as SCENARIOS
    from .lifecycle.scenarios import Scenario as Scenario
    from .server.httpx_transport import SimulatorTransport as SimulatorTransport
    from .server.server import Running as Running
    from .server.server import serve as serve
    from .server.server import simulator as simulator
    from .simulation import Simulation as Simulation
    from .variants import SOUND_VARIANTS as SOUND_VARIANTS
    from .variants import VARIANTS as VARIANTS
    from .variants import SoundServer as SoundServer
    from .variants import Variant as Variant
    from .variants import variant_of as variant_of

_MODULES = {
    "faults.catalog": "FAULTS",
    "faults.fault": "Fault",
    "faults.injection": "Planted",
    "lifecycle.clock": "Clock ManualClock",
    "lifecycle.life": "CallEvent",
    "lifecycle.scenarios": "SCENARIOS Scenario",
    "server.httpx_transport": "SimulatorTransport",
    "server.server": "Running serve simulator",
    "simulation": "Simulation",
    "variants": "SOUND_VARIANTS SoundServer VARIANTS Variant variant_of",
}
_EXPORTS = map_names(_MODULES)
__all__ = list(_EXPORTS)

if not TYPE_CHECKING:  # a type checker that sees it takes every misspelt name for a public one
    __getattr__ = on_demand(
        __name__,
        _EXPORTS,
        extras=dict.fromkeys(("h11", "httptools", "httpx", "uvicorn"), "simulator"),
        needed_for="the simulator",
    )
