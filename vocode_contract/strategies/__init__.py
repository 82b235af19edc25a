"""Hypothesis strategies: valid payloads, near misses, and histories of calls.

Every strategy takes a contract, or its date, and a profile. Invalid arguments raise when a strategy is created, not
when a value is generated. Start with `named` (`calls`, `events`), `near_misses` and `histories`; `from_schema` compiles
a schema into a strategy. May import `validation` and what is below.
"""

from vocode_contract.errors import MissingExtra

try:
    import hypothesis as hypothesis
except ImportError:
    raise MissingExtra("hypothesis", "vocode_contract.strategies") from None

from .histories import BREACHES, History, histories
from .mutations import Mutation, mutations
from .named import (
    agents,
    call_pages,
    calls,
    create_call_requests,
    external_action_requests,
    from_schema,
    webhook_events,
)
from .near_misses import NearMiss, near_misses

__all__ = [
    "BREACHES",
    "History",
    "Mutation",
    "NearMiss",
    "agents",
    "call_pages",
    "calls",
    "create_call_requests",
    "external_action_requests",
    "from_schema",
    "histories",
    "mutations",
    "near_misses",
    "webhook_events",
]
