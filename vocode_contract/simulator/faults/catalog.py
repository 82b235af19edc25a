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
from vocode_contract.simulator.faults.mutation import mutate
from vocode_contract.simulator.faults.network import NETWORK
from vocode_contract.simulator.faults.statuses import STATUSES

#: Faults that are mutations.
MUTATIONS: Mapping[str, str] = {
    "wrong-enum": "set:/status=ringing",
    "wrong-case-enum": "case:/status",
    "wrong-provider": "set:/telephony_provider=plivo",
    "wrong-detection": "add:/human_detection_result=robot",
    "wrong-language": "set:/agent/language=tlh",
    "wrong-voice": "set:/agent/voice/type=voice_opera",
    "missing-required": "drop:/agent",
    "missing-id": "drop:/id",
    "missing-prompt": "drop:/agent/prompt",
    "missing-deep": "drop:/agent/prompt/user_id",
    "null-required": "null:/to_number",
    "null-agent": "null:/agent",
    "null-deep": "null:/agent/voice/id",
    "number-in-quotes": "retype:/agent/conversation_speed=string",
    "boolean-as-string": "retype:/recording_available=string",
    "boolean-as-number": "retype:/hipaa_compliant=integer",
    "string-as-number": "retype:/to_number=integer",
    "object-for-id": "retype:/user_id=object",
    "list-for-object": "wrap:/agent/prompt",
    "object-for-list": "retype:/agent/actions=object",
    "null-item": "set:/agent/actions=[null]",
    "id-malformed": "set:/agent/id=agent-1",
    "time-as-text": "set:/start_time=just now",
    "time-as-number": "retype:/start_time=integer",
    "foreign-agent": "foreign:/agent/user_id",
    "foreign-voice": "foreign:/agent/voice/user_id",
    "end-that-does-not-end": "ignore",
    "end-in-words-only": "pretend",
    "end-answers-another": "another",
    "get-answers-another": "another",
    "end-clears-transcript": "null:/transcript",
    "end-swaps-numbers": "swap:/to_number=/from_number",
    "end-changes-agent": "foreign:/agent/id",
    "end-changes-owner": "foreign:/user_id",
    "end-time-missing": "null:/end_time",
    "create-ignores-to-number": 'set:/to_number="12025550198"',
    "create-ignores-context": "null:/context",
    "create-twice": "twice",
    "page-ignored": "drop:query/page",
    "page-number-wrong": "off-by-one:/page",
    "size-ignored": "drop:query/size",
    "size-number-wrong": "off-by-one:/size",
    "item-missing": "lose:/items=1",
    "has-more-always": "set:/has_more=true",
    "has-more-never": "set:/has_more=false",
    "items-null": "null:/items",
    "page-without-has-more": "drop:/has_more",
    "listed-call-misshapen": "drop:/items/*/to_number",
    "foreign-call-listed": "foreign:/items/*/user_id",
    "ignored-token": "open",
    "ignored-token-on-end": "open",
    "ignored-token-on-list": "open",
    "ignored-token-on-recording": "open",
}

_RESPONSES: Mapping[str, ResponseFault] = {
    **{name: mutate(text) for name, text in MUTATIONS.items()},
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

#: Name -> fault, in the order of the documentation.
FAULTS: Mapping[str, Fault] = {fault.name: fault for group in GROUPS.values() for fault in group}
