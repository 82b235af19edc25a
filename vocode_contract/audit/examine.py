"""Examine one shard: validate its payloads, and return their summary and the ids of their calls."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from orjson import dumps as dumps_
from orjson import loads as loads_

from vocode_contract.audit.files import MOST_BYTES, Unusable
from vocode_contract.audit.readers import LISTS, RecordedPayload, read_items, read_lines
from vocode_contract.audit.recognize import (
    ID_BYTES,
    day_of,
    identify,
    identify_all,
    is_plausible,
    iter_calls,
    recognize_schema,
    time_of,
)
from vocode_contract.audit.sources import Shard, Source
from vocode_contract.audit.summary import PayloadPlace, Summary, Verdict
from vocode_contract.contract.coverage import Part, parts_in
from vocode_contract.contract.model import Contract, dates
from vocode_contract.contract.profile import schema_under_profile
from vocode_contract.validation.codes import default_level
from vocode_contract.validation.consistency import inconsistencies
from vocode_contract.validation.engine import best_engine
from vocode_contract.validation.json_text import is_unambiguous, read
from vocode_contract.validation.json_value import Limits, Unreadable
from vocode_contract.validation.lifecycle.call_life import STATUSES
from vocode_contract.validation.scalars import instant
from vocode_contract.validation.shallow import accept_shallow
from vocode_contract.validation.validator import validator
from vocode_contract.validation.violation import Violation, has_error

#: Codes of text that is JSON all the same, but that parsers treat differently.
READABLE = frozenset(("json-duplicate-key", "json-number", "json-too-deep", "json-too-many-values"))
#: A line of fewer bytes cannot exceed the limit on values.
_SHORT = 500_000
#: Maximum payloads of the sample in memory at once.
_MANY = 256
#: Size in bytes of a payload that is counted at once, because its values take many times as much memory.
_LARGE = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The options of an audit, the same for all shards.

    Attributes:
        sources: The files.
        contract: The contract, with its profile.
        schema: Schema of all payloads; empty if that of each is recognized by its shape.
        every: The sample, in which coverage, properties and dates are measured, has one payload in this many.
        most: Maximum size of a payload in bytes.
        strict: Whether duplicate keys, integers beyond 64 bits and deep nesting are violations.
    """

    sources: tuple[Source, ...]
    contract: Contract
    schema: str = ""
    every: int = 1
    most: int = MOST_BYTES
    strict: bool = True


@dataclass(slots=True, kw_only=True)
class ShardResult:
    """What was found in one shard.

    Attributes:
        summary: The summary of its payloads.
        ids: `ID_BYTES` for each observation of a call, in the order of the payloads.
        numbers: The payload of each observation, run-length encoded: the first of consecutive numbers in the shard, and
            how many there are.
    """

    summary: Summary = field(default_factory=Summary)
    ids: bytes = b""
    numbers: list[tuple[int, int]] = field(default_factory=list)


def examine(task: Task, shard: Shard, tick: Callable[[int], None] | None = None) -> ShardResult:
    """Examine one shard; damage is recorded in the summary, and never fatal.

    Args:
        task: The audit.
        shard: One of its shards.
        tick: Called with the number of bytes that were read.

    Raises:
        MissingExtra: A library that the source needs is not installed.
    """
    examiner = _Examiner(task, shard)
    source, size = task.sources[shard.source], 0

    def count(read: int) -> None:
        nonlocal size
        size += read
        if tick:
            tick(read)

    try:
        if source.form in LISTS:
            for block in read_lines(source, shard, task.most, count):
                examiner.add_lines(block)
        else:
            for recorded in read_items(source, task.most, count):
                examiner.add(recorded)
    except Unusable as error:
        examiner.summary.damaged[shard.source, shard.start] = str(error)
    return examiner.finish(min(size, shard.end - shard.start))


class _Examiner:
    """Examines the payloads of one shard.

    Nearly all payloads conform and have no undeclared key. One call of an engine establishes that, with the schema in
    which every object is closed. Only the others are examined in detail.
    """

    def __init__(self, task: Task, shard: Shard) -> None:
        self.summary = Summary()
        self._task = task
        self._shard = shard
        self._limits = Limits(size=task.most)
        self._lines = 0
        self._counts: dict[tuple[str, Verdict, str], int] = {}  # schema, verdict, day
        self._ids = bytearray()
        self._numbers: list[tuple[int, int]] = []
        self._sample: list[tuple[str, Any, float | None]] = []  # counted many at a time, which is faster
        # The engine can run before the schema is known if all that it accepts has the members by which
        # `recognize_schema` recognizes a Call. What is kept of a Call is its id.
        call = task.contract.schemas.get("Call", {})
        needed = {"id"} if task.schema == "Call" else {"agent", "id"}
        has_id = task.contract.types(call.get("properties", {}).get("id", {})) == ("string",)
        is_told = task.schema in ("", "Call") and has_id and needed <= {*call.get("required", ())}
        self._accepts_calls = _accepting(task.contract, "Call", self._limits.depth) if is_told else None
        self._parts: dict[int, Part] = {}
        self._seen: dict[str, Counter[int]] = {}

    def add_lines(self, lines: list[bytes]) -> None:
        """Add a payload for each line that is not blank.

        Most of an archive are Calls without findings. They are parsed inline, with the same result as
        `json_text.read`, and counted for all lines at once, because a function call for each would double the time. All
        others are added one by one.
        """
        accepts, every, strict, loads, dumps = self._accepts_calls, self._task.every, self._task.strict, loads_, dumps_
        end_of_short = min(_SHORT, self._task.most + 1)
        ids: list[str] = []
        times: list[Any] = []
        numbers: list[int] = []
        for number, line in enumerate(lines, self._lines):
            if 1 < len(line) < end_of_short and accepts is not None:  # to refuse a blank line by an error is slow
                try:
                    value: Any = loads(line)
                    if accepts(value) and (
                        not strict or (written := dumps(value)) == line or is_unambiguous(line, written)
                    ):
                        call_id, start, end = value["id"], value.get("start_time"), value.get("end_time")
                        if call_id and (start is None or end is None or _are_ordered(start, end)):
                            ids.append(call_id)
                            times.append(end or start)
                            numbers.append(number)
                            if not number % every:
                                self._sample.append(("Call", value, time_of(value)))
                                if len(line) > _LARGE:
                                    self._count_sample()
                            continue
                except (ValueError, TypeError):  # it is not JSON, too deep, or has a value that the engine refuses
                    pass
            self._add_line(line, number)
        self._lines += len(lines)
        days = [
            "" if time is None else time[:10] if type(time) is str and time.endswith(_UTC) else day_of(instant(time))
            for time in times
        ]
        for day, count in Counter(days).items():
            self._count("Call", "conforms", day, count)
        self._add_ids(identify_all(ids), numbers)
        if len(self._sample) >= _MANY:  # a source that cannot be cut may have any number of payloads
            self._count_sample()

    def _add_line(self, line: bytes, number: int) -> None:
        if not line.strip():
            return
        try:
            value = read(line, self._limits, strict=self._task.strict)
        except Unreadable as error:
            self._add_unreadable(error, number)
            return
        self._add_value(value, number, None)
        if len(line) > _LARGE:
            self._count_sample()

    def add(self, recorded: RecordedPayload) -> None:
        """Add one payload."""
        try:
            value = read(recorded.payload, self._limits, strict=self._task.strict)
        except Unreadable as error:
            if not (recorded.may_be_other and _is_other(recorded.payload)):
                self._add_unreadable(error, recorded.index, can_violate=recorded.is_payload)
            return
        if not (recorded.may_be_other and not recognize_schema(value)):
            self._add_value(value, recorded.index, recorded.at)
        if len(self._sample) >= _MANY or len(recorded.payload) > _LARGE:
            self._count_sample()

    def finish(self, size: int) -> ShardResult:
        """Return what was found, given the number of bytes that were read."""
        summary = self.summary
        self._count_sample()
        for (schema, verdict, day), count in self._counts.items():
            summary.verdicts[schema, verdict] += count
            if is_plausible(day):
                summary.days[day, verdict] += count
        for status, counts in self._seen.items():
            for identity, count in counts.items():
                summary.parts[status, self._parts[identity]] += count
        if self._lines:
            summary.lines[self._shard.source, self._shard.start] = self._lines
        summary.observations = len(self._ids) // ID_BYTES
        summary.size = size
        return ShardResult(summary=summary, ids=bytes(self._ids), numbers=self._numbers)

    def _add_ids(self, ids: bytes, numbers: list[int]) -> None:
        self._ids += ids
        if numbers and numbers[-1] - numbers[0] == len(numbers) - 1:
            self._numbers.append((numbers[0], len(numbers)))
        else:
            self._numbers += ((number, 1) for number in numbers)

    def _count(self, schema: str, verdict: Verdict, day: str = "", count: int = 1) -> None:
        key = schema, verdict, day
        self._counts[key] = self._counts.get(key, 0) + count

    def _add_value(self, value: Any, number: int, recorded: float | None) -> None:
        schema = self._task.schema or recognize_schema(value)
        at = time_of(value) if recorded is None else recorded
        self._count(schema, self._validate(value, schema, number, at), day_of(at))
        for observation in iter_calls(schema, value):
            if observation.call_id:
                self._add_ids(identify(observation.call_id), [number])
        if number % self._task.every == 0 and schema in self._task.contract.schemas:
            self._sample.append((schema, value, at))

    def _validate(self, value: Any, schema: str, number: int, at: float | None) -> Verdict:
        if schema not in self._task.contract.schemas:
            return "unknown"
        # Only Calls have contradictions that are errors.
        if "Call" not in schema and _accepts(self._task.contract, schema, value):
            return "conforms"
        violations = [*validator(schema, self._task.contract).violations(value)]
        violations += _contradictions(self._task.contract, schema, value)
        if not violations:
            return "conforms"
        place = PayloadPlace(self._shard.source, self._shard.start, number)
        self.summary.add_violations(schema, violations, place, at)
        return "violates" if has_error(violations) else "drift"

    def _add_unreadable(self, error: Unreadable, number: int, *, can_violate: bool = True) -> None:
        defect = error.defect
        violation = Violation(
            instance_pointer="",
            code=defect.code,
            expected=defect.expected,
            actual=defect.actual if defect.code != "json-too-large" else "more",  # since it was cut
            contract=self._task.contract.date,
        )
        schema = self._task.schema
        self.summary.add_violations(schema, [violation], PayloadPlace(self._shard.source, self._shard.start, number))
        self._count(schema, "violates" if can_violate and defect.code in READABLE else "unreadable")

    def _count_sample(self) -> None:
        for sampled in self._sample:
            self._add_to_sample(*sampled)
        self._sample.clear()

    def _add_to_sample(self, schema: str, value: Any, at: float | None) -> None:
        summary, contract = self.summary, self._task.contract
        summary.sampled += 1
        status = value.get("status") if isinstance(value, dict) else None
        known = status if isinstance(status, str) and status in STATUSES else ""
        # Counted by the `id` of a part, because hashing a part takes longer than finding it.
        parts = list(parts_in(contract, schema, value))
        self._seen.setdefault(known, Counter()).update(map(id, parts))
        self._parts.update(zip(map(id, parts), parts, strict=True))
        accepting = tuple(each.date for each in _shipped(contract) if _accepts(each, schema, value))
        summary.add_fit(accepting, at)


def _is_other(payload: bytes) -> bool:
    """Return whether an unreadable body has nothing to do with the API."""
    try:
        return not recognize_schema(loads_(payload))
    except ValueError:
        return True


_UTC = ("Z", "+00:00")


def _are_ordered(start: object, end: object) -> bool:
    """Return whether two times are certainly in order, by a quick comparison of text; ``False`` if in doubt."""
    if type(start) is str and type(end) is str and start.endswith(_UTC) and end.endswith(_UTC):
        return start[10:11] == end[10:11] and start[:19] < end[:19]
    return False


def _contradictions(contract: Contract, schema: str, value: Any) -> Iterator[Violation]:
    """Yield the contradictions that are errors."""
    return (each for each in inconsistencies(value, schema, contract=contract) if each.severity == "error")


@cache
def _accepting(contract: Contract, schema: str, depth: int | None = None) -> Callable[[object], bool]:
    """Return the function that accepts a payload only if nothing would be reported, not even drift.

    With a depth, it also refuses payloads that are nested deeper, and may refuse others.
    """
    strict = contract.with_profile("wire") if contract.profile == "tolerant" else contract
    is_closed = default_level("unknown-key", contract.profile) != "off"
    if depth is not None:
        return accept_shallow(strict, schema, depth, is_closed=is_closed)
    return best_engine(schema_under_profile(strict, f"/components/schemas/{schema}", is_closed=is_closed)).is_valid


@cache
def _shipped(contract: Contract) -> tuple[Contract, ...]:
    """Return the contracts of all dates; none for a contract of the user's own."""
    return tuple(Contract.load(each, profile=contract.profile) for each in dates()) if contract.is_shipped else ()


def _accepts(contract: Contract, schema: str, value: object) -> bool:
    """Return whether nothing would be reported about a payload."""
    try:
        return _accepting(contract, schema)(value)
    except ValueError:  # it has a value that the engine refuses
        return False
