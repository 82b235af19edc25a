"""The catalogue: every fault by its name. `faults.tsv` says what each does wrong, the modules beside it say how."""

from collections.abc import Iterator, Mapping
from typing import Any

from vocode_contract.contract.files import read_beside
from vocode_contract.simulator.faults.authentication import AUTHENTICATION, LEAKS
from vocode_contract.simulator.faults.bodies import BODIES, RECORDINGS
from vocode_contract.simulator.faults.call_ids import CALL_IDS
from vocode_contract.simulator.faults.call_values import CALL_VALUES
from vocode_contract.simulator.faults.create_call import CREATE_CALL
from vocode_contract.simulator.faults.end_call import END_CALL
from vocode_contract.simulator.faults.fault import ALL, Fault, ResponseFault
from vocode_contract.simulator.faults.list_calls import LIST_CALLS
from vocode_contract.simulator.faults.network import NETWORK
from vocode_contract.simulator.faults.statuses import STATUSES

_RESPONSES: Mapping[str, ResponseFault] = {
    **CALL_VALUES,
    **BODIES,
    **STATUSES,
    **END_CALL,
    **CREATE_CALL,
    **LIST_CALLS,
    **RECORDINGS,
    **AUTHENTICATION,
    **CALL_IDS,
    **LEAKS,
}


def _read_groups() -> Iterator[tuple[str, tuple[Fault, ...]]]:
    text = read_beside(__file__, "faults.tsv").decode()
    for group in text.removeprefix("# ").split("\n# "):
        title, *rows = group.splitlines()
        yield title, tuple(_parse(row) for row in rows)


def _parse(row: str) -> Fault:
    """Parse a row: the name, the operations, the contracts, what is broken, and the title.

    Raises:
        LookupError: The row has another form, or no module implements the fault.
    """
    cells = row.split("\t")
    name = cells[0]
    if len(cells) != 5:
        raise LookupError(f"faults.tsv: the row of {name!r} has {len(cells)} cells between tabs, not 5")
    if name not in NETWORK and name not in _RESPONSES:
        raise LookupError(f"fault {name!r} of faults.tsv is not implemented in any table of {__package__}")
    _, operations, contracts, breaks, title = cells
    bound, _, date = contracts.partition(" ")
    how: dict[str, Any] = {"script": NETWORK[name]} if name in NETWORK else {"apply": _RESPONSES[name]}
    return Fault(
        name=name,
        title=title,
        breaks=tuple(breaks.split()),
        operations=ALL if operations == "all" else tuple(operations.split()),
        since=date if bound == "from" else "",
        before=date if bound == "before" else "",
        **how,
    )


#: Faults by subject, in the order of the documentation.
GROUPS: Mapping[str, tuple[Fault, ...]] = dict(_read_groups())

FAULTS: Mapping[str, Fault] = {fault.name: fault for group in GROUPS.values() for fault in group}
