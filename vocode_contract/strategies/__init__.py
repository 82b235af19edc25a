"""Hypothesis strategies: payloads that conform, near misses, and the histories of calls.

Every strategy takes a contract's date and a profile. What can be wrong with the arguments is told
when a strategy is made, not when it is drawn from.
"""

from vocode_contract.errors import MissingExtra

try:
    import hypothesis as hypothesis
except ImportError:
    raise MissingExtra("hypothesis", "vocode_contract.strategies") from None

from vocode_contract.strategies.drawing import agents as agents
from vocode_contract.strategies.drawing import call_pages as call_pages
from vocode_contract.strategies.drawing import calls as calls
from vocode_contract.strategies.drawing import create_call_requests as create_call_requests
from vocode_contract.strategies.drawing import external_action_requests as external_action_requests
from vocode_contract.strategies.drawing import from_schema as from_schema
from vocode_contract.strategies.drawing import webhook_events as webhook_events
from vocode_contract.strategies.mutating import Mutation as Mutation
from vocode_contract.strategies.mutating import mutations as mutations
from vocode_contract.strategies.nearness import NearMiss as NearMiss
from vocode_contract.strategies.nearness import near_misses as near_misses
from vocode_contract.strategies.stories import BREACHES as BREACHES
from vocode_contract.strategies.stories import History as History
from vocode_contract.strategies.stories import histories as histories
