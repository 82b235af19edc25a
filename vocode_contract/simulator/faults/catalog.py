"""The catalogue: every fault by its name."""

from collections.abc import Mapping

from vocode_contract.simulator.faults.authentication import AUTHENTICATION
from vocode_contract.simulator.faults.body_text import TEXTS
from vocode_contract.simulator.faults.call_ids import IDENTITIES
from vocode_contract.simulator.faults.call_values import CONTENTS
from vocode_contract.simulator.faults.create_call import CREATIONS
from vocode_contract.simulator.faults.end_call import ENDINGS
from vocode_contract.simulator.faults.fault import Fault
from vocode_contract.simulator.faults.leaks import SECRETS
from vocode_contract.simulator.faults.list_calls import PAGES
from vocode_contract.simulator.faults.network import WIRE
from vocode_contract.simulator.faults.recordings import RECORDINGS
from vocode_contract.simulator.faults.statuses import STATUSES

#: Faults by what they are about, in the order of the documentation.
GROUPS: Mapping[str, tuple[Fault, ...]] = {
    "What a Call says": CONTENTS,
    "The bytes of a body": TEXTS,
    "The status": STATUSES,
    "End Call and Get Call": ENDINGS,
    "Create Call": CREATIONS,
    "List Calls": PAGES,
    "Get Recording": RECORDINGS,
    "Who may do what": AUTHENTICATION,
    "Which call is meant": IDENTITIES,
    "Secrets": SECRETS,
    "The wire": WIRE,
}

FAULTS: Mapping[str, Fault] = {fault.name: fault for group in GROUPS.values() for fault in group}
