"""Check calls over time, in memory that does not depend on the size and order of the archive.

Most calls occur only once in an archive. `ids.find_repeated` finds the others from what `examine` returned; `observe`
reads only their payloads again, and keeps the members that the rules need; `check_calls` applies the rules.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from itertools import groupby
from typing import Any

import orjson

from vocode_contract.audit.examine import Task
from vocode_contract.audit.executors import Lost
from vocode_contract.audit.files import Unusable
from vocode_contract.audit.readers import LISTS, read_items, read_lines
from vocode_contract.audit.recognize import ID_BYTES, identify, iter_calls, recognize_schema
from vocode_contract.audit.sources import Shard
from vocode_contract.audit.summary import PayloadPlace, Summary
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Limits, Unreadable, is_deeper_than
from vocode_contract.validation.lifecycle.history import NEW, NUMBERS, Observation, members
from vocode_contract.validation.lifecycle.rules import step
from vocode_contract.validation.violation import has_error

#: Maximum bytes of observations in memory at once.
MOST_OBSERVED = 64 * 1024 * 1024
#: Members of a Call that the rules over time need, besides its agent.
_CALL_MEMBERS = (
    "id",
    "status",
    "stage",
    "start_time",
    "end_time",
    "user_id",
    "telephony_provider",
    *NUMBERS,
    "transcript",
    "hipaa_compliant",
    "recording_available",
    "human_detection_result",
)


def observe(task: Task, part: tuple[Shard, Sequence[int]], tick: Callable[[int], None] | None = None) -> bytes | Lost:
    """Return the observations of calls in some payloads of a shard, as lines of JSON sorted by call.

    Of observations of a call that follow each other and are equal, as of a client that polls, there is only the first.
    `Lost` if a payload is no longer there, because a file was changed during the audit.

    Args:
        task: The audit.
        part: A shard, and the numbers of the payloads in it.
        tick: Called with the number of bytes that were read.
    """
    shard, numbers = part
    missing, found = set(numbers), []
    latest: dict[str, bytes] = {}
    try:
        for number, at, value in _read_values(task, shard, frozenset(numbers), tick):
            if not task.strict and is_deeper_than(value, Limits().depth):
                missing.discard(number)
                continue
            for item, observation in enumerate(iter_calls(task.schema or recognize_schema(value), value)):
                if observation.call_id:
                    missing.discard(number)
                    identity, place = identify(observation.call_id).hex(), [shard.source, shard.start, number, item]
                    shown = _reduce(observation)
                    digest = blake2b(orjson.dumps([at, shown]), digest_size=ID_BYTES).digest()
                    # An event that comes twice is a violation.
                    if observation.source == "event" or latest.get(identity) != digest:
                        found.append(orjson.dumps([identity, at, place, observation.source, shown]))
                    latest[identity] = digest
    except Unusable:  # already in the summary of the shard, unless it happened since
        pass
    if missing:
        return Lost(reason="it was changed during the audit")
    return b"".join(line + b"\n" for line in sorted(found))


def _read_values(
    task: Task, shard: Shard, wanted: frozenset[int], tick: Callable[[int], None] | None
) -> Iterator[tuple[int, float | None, Any]]:
    source, limits = task.sources[shard.source], Limits(size=task.most)
    payloads: Iterable[tuple[int, float | None, bytes]]
    if source.form in LISTS:
        lines = (line for block in read_lines(source, shard, task.most, tick) for line in block)
        payloads = ((number, None, line) for number, line in enumerate(lines))
    else:
        payloads = ((each.index, each.at, each.payload) for each in read_items(source, task.most, tick))
    for number, at, payload in payloads:
        if number in wanted:
            with suppress(Unreadable):
                yield number, at, read(payload, limits, strict=task.strict)


def _reduce(observation: Observation) -> dict[str, Any]:
    """Return the members of an observation that the rules over time need."""
    value = observation.value
    if observation.source == "event":
        return {key: value[key] for key in ("call_id", "type", "payload") if key in value}
    part = {key: value[key] for key in _CALL_MEMBERS if key in value}
    agent = value.get("agent")
    if isinstance(agent, dict):
        webhook = {"subscriptions": members(agent.get("webhook")).get("subscriptions")}
        part["agent"] = {"id": agent.get("id"), "user_id": agent.get("user_id"), "webhook": webhook}
    elif "agent" in value:
        part["agent"] = agent
    return part


def check_calls(task: Task, lines: Sequence[bytes], tick: Callable[[int], None] | None = None) -> Summary:
    """Return the violations of calls over time.

    Args:
        task: The audit.
        lines: What `observe` returned for these calls, in any order.
        tick: Called with the number of bytes that were checked.
    """
    summary = Summary()
    rows = sorted((orjson.loads(line) for line in lines), key=lambda row: (row[0], row[2]))
    for _, group in groupby(rows, key=lambda row: row[0]):
        listed = list(group)
        if all(row[1] is not None for row in listed):
            listed.sort(key=lambda row: row[1])
        _check_call(task, listed, summary)
    if tick:
        tick(sum(map(len, lines)))
    return summary


def _check_call(task: Task, rows: list[list[Any]], summary: Summary) -> None:
    history, is_broken = NEW, False
    for _, at, (source, start, number, _), kind, value in rows:
        history, violations = step(history, Observation(source=kind, value=value), contract=task.contract)
        if violations:
            schema = "Call" if kind == "call" else "WebhookEvent"
            summary.add_violations(schema, violations, PayloadPlace(source, start, number), at)
            is_broken |= has_error(violations)
    summary.broken += is_broken
