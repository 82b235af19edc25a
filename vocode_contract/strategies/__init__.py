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

from .histories import BREACHES as BREACHES
from .histories import History as History
from .histories import histories as histories
from .mutations import Mutation as Mutation
from .mutations import mutations as mutations
from .named import agents as agents
from .named import call_pages as call_pages
from .named import calls as calls
from .named import create_call_requests as create_call_requests
from .named import external_action_requests as external_action_requests
from .named import from_schema as from_schema
from .named import webhook_events as webhook_events
from .near_misses import NearMiss as NearMiss
from .near_misses import near_misses as near_misses
