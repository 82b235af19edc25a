"""Deliver to receivers by real HTTP: events to webhooks, signed external actions to their addresses.

Loopback is delivered to; other hosts only where they are allowed by name. Nothing is imported here but
tables; the HTTP library is loaded when a `Deliverer` is first asked for.
"""

from vocode_contract._lazy import on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .actions import ActionReport as ActionReport
    from .actions import send_action as send_action
    from .content import Delivery as Delivery
    from .content import event_delivery as event_delivery
    from .deliverer import Deliverer as Deliverer
    from .log import Attempt as Attempt
    from .policies import POLICIES as POLICIES
    from .policies import Policy as Policy
    from .sending import Answer as Answer
    from .target import Target as Target

__all__ = [
    "POLICIES",
    "ActionReport",
    "Answer",
    "Attempt",
    "Deliverer",
    "Delivery",
    "Policy",
    "Target",
    "event_delivery",
    "send_action",
]

_EXPORTS = {
    "POLICIES": "policies",
    "ActionReport": "actions",
    "Answer": "sending",
    "Attempt": "log",
    "Deliverer": "deliverer",
    "Delivery": "content",
    "Policy": "policies",
    "Target": "target",
    "event_delivery": "content",
    "send_action": "actions",
}

if not TYPE_CHECKING:  # a type checker that sees it takes every misspelt name for a public one
    __getattr__ = on_demand(
        __name__,
        _EXPORTS,
        extras={"httpx": "client"},
        needed_for="delivering",
    )
