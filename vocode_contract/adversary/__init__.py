"""The adversary: one call's story, delivered to a receiver in all the ways that networks and people find.

`attack` delivers by real HTTP and judges the receiver's answers and, where it can be read, its state.
`deliveries` and `stories` are Hypothesis strategies for tests of one's own. Each is loaded when it is
first asked for.
"""

from vocode_contract._lazy import on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .arrangements import Arrangement as Arrangement
    from .attacking import attack as attack
    from .findings import Report as Report
    from .fixtures import Adversary as Adversary
    from .scenarios import STORIES as STORIES
    from .scenarios import story as story
    from .strategies import Deliveries as Deliveries
    from .strategies import deliveries as deliveries
    from .strategies import stories as stories

__all__ = ["STORIES", "Adversary", "Arrangement", "Deliveries", "Report", "attack", "deliveries", "stories", "story"]

_EXPORTS = {
    "STORIES": "scenarios",
    "Adversary": "fixtures",
    "Arrangement": "arrangements",
    "Deliveries": "strategies",
    "Report": "findings",
    "attack": "attacking",
    "deliveries": "strategies",
    "stories": "strategies",
    "story": "scenarios",
}

if not TYPE_CHECKING:  # a type checker that sees it takes every misspelt name for a public one
    __getattr__ = on_demand(
        __name__,
        _EXPORTS,
        extras={"httpx": "client", "hypothesis": "hypothesis"},
        needed_for="the adversary",
    )
