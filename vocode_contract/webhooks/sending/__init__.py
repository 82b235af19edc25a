"""Deliver events to webhooks, and signed external actions to their URLs, over real HTTP.

Loopback is always allowed; other hosts only by name. The HTTP library is loaded when a `Deliverer` is first used.
"""

from vocode_contract._lazy import map_names, on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .deliverer import Deliverer as Deliverer
    from .delivery import Attempt as Attempt
    from .delivery import Delivery as Delivery
    from .delivery import DeliveryResult as DeliveryResult
    from .delivery import event_delivery as event_delivery
    from .external_actions import ActionReport as ActionReport
    from .external_actions import send_action as send_action
    from .retries import POLICIES as POLICIES
    from .retries import RetryPolicy as RetryPolicy
    from .target import Target as Target

_MODULES = {
    "deliverer": "Deliverer",
    "delivery": "Attempt Delivery DeliveryResult event_delivery",
    "external_actions": "ActionReport send_action",
    "retries": "POLICIES RetryPolicy",
    "target": "Target",
}
_EXPORTS = map_names(_MODULES)
__all__ = list(_EXPORTS)

if not TYPE_CHECKING:  # a type checker that sees it takes every misspelt name for a public one
    __getattr__ = on_demand(__name__, _EXPORTS, extras={"httpx": "client"}, needed_for="delivering")
