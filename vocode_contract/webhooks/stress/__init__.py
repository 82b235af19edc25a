"""Stress-test a receiver: deliver the events of calls twice, late, out of order, malformed and forged.

`attack` delivers over real HTTP and checks the receiver's responses and, if it can be read, its state. `deliveries` and
`stories` are Hypothesis strategies for your own tests.
"""

from vocode_contract._lazy import map_names, on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .arrival_orders import Arrangement as Arrangement
    from .call_events import STORIES as STORIES
    from .call_events import story as story
    from .findings import StressReport as StressReport
    from .strategies import Deliveries as Deliveries
    from .strategies import deliveries as deliveries
    from .strategies import stories as stories
    from .stress_test import Adversary as Adversary
    from .stress_test import attack as attack

_MODULES = {
    "arrival_orders": "Arrangement",
    "call_events": "STORIES story",
    "findings": "StressReport",
    "strategies": "Deliveries deliveries stories",
    "stress_test": "Adversary attack",
}
_EXPORTS = map_names(_MODULES)
__all__ = list(_EXPORTS)

if not TYPE_CHECKING:  # a type checker that sees it takes every misspelt name for a public one
    __getattr__ = on_demand(
        __name__, _EXPORTS, extras={"httpx": "client", "hypothesis": "hypothesis"}, needed_for="the stress test"
    )
