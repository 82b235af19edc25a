"""The result of an audit: a value of bounded size, so that those of all shards can be combined in any order."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, NamedTuple, Self, get_args

import orjson

from vocode_contract.contract.coverage import Part
from vocode_contract.validation.violation import Violation

#: The result for a payload. ``drift``: it conforms, but has something newer than the contract; ``unreadable``: it is
#: not JSON, or too large; ``unknown``: it is JSON, but its schema is not recognized by its shape.
Verdict = Literal["conforms", "drift", "violates", "unreadable", "unknown"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

#: Version of the stored form; summaries of different versions cannot be combined.
VERSION = 1
#: Maximum findings about names and words that the contract does not know, of which there may be any number.
MOST_NAMES = 500


class PayloadPlace(NamedTuple):
    """Where a payload is: index of the source, first byte of the shard, index in the shard."""

    source: int
    start: int
    number: int


class FindingKey(NamedTuple):
    """What the violations of one finding have in common; `pointer` has ``*`` for array indices."""

    severity: str
    code: str
    schema: str
    schema_pointer: str
    pointer: str
    word: str  # the invalid value of an enumeration, in quotes, if it may be shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of violation in an archive.

    Attributes:
        count: Number of violations.
        payloads: Number of payloads that have it.
        example: The first violation.
        first: Where it was first found.
        last: Where it was last found.
        since: The earliest time of a payload that has it, in seconds since 1970-01-01 UTC; ``None`` if none has one.
        until: The latest such time.
    """

    count: int
    payloads: int
    example: Violation
    first: PayloadPlace
    last: PayloadPlace
    since: float | None = None
    until: float | None = None

    def __or__(self, other: "Finding") -> "Finding":
        """Combine two findings of the same kind."""
        earlier = min(self, other, key=lambda finding: (finding.first, finding.example))
        return Finding(
            count=self.count + other.count,
            payloads=self.payloads + other.payloads,
            example=earlier.example,
            first=earlier.first,
            last=max(self.last, other.last),
            since=_first_time(self.since, other.since),
            until=_last_time(self.until, other.until),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DateFit:
    """The payloads of the sample that the same set of contract dates accepts without an undeclared key.

    Attributes:
        count: Number of payloads.
        since: The earliest time of one, in seconds since 1970-01-01 UTC; ``None`` if none has one.
        until: The latest such time.
    """

    count: int
    since: float | None = None
    until: float | None = None

    def __or__(self, other: "DateFit") -> "DateFit":
        """Combine two values for the same set of dates."""
        return DateFit(
            count=self.count + other.count,
            since=_first_time(self.since, other.since),
            until=_last_time(self.until, other.until),
        )


def _first_time(*times: float | None) -> float | None:
    return min((time for time in times if time is not None), default=None)


def _last_time(*times: float | None) -> float | None:
    return max((time for time in times if time is not None), default=None)


@dataclass(slots=True, kw_only=True)
class Summary:
    """The result for the payloads examined; ``|`` combines two of them, in any order, to the same value.

    Attributes:
        verdicts: Schema, empty if it is not known, and verdict to the number of payloads.
        findings: Kinds of violations.
        days: Day, as ``YYYY-MM-DD`` in UTC, and verdict to the number of payloads with a time on it.
        sampled: Number of payloads in the sample, to which `parts` and `fits` refer.
        parts: Status of the call, empty if it has none, and part of the contract to how often it was seen.
        fits: Set of contract dates to the payloads that exactly they accept.
        lines: Source and start of a shard to the number of its lines, blank ones included.
        damaged: Source and start of a shard to why it was not read to its end.
        observations: Number of Calls, items of pages and events with the id of a call.
        calls: Number of different calls.
        repeated: Number of calls that were observed more than once, and so were checked over time.
        broken: Number of those that violate a rule over time.
        lost: Number of those that could not be checked, since the process died or a file was changed.
        size: Bytes that were read, before decompression.
    """

    verdicts: Counter[tuple[str, Verdict]] = field(default_factory=Counter)
    findings: dict[FindingKey, Finding] = field(default_factory=dict)
    days: Counter[tuple[str, Verdict]] = field(default_factory=Counter)
    sampled: int = 0
    parts: Counter[tuple[str, Part]] = field(default_factory=Counter)
    fits: dict[tuple[str, ...], DateFit] = field(default_factory=dict)
    lines: Counter[tuple[int, int]] = field(default_factory=Counter)
    damaged: dict[tuple[int, int], str] = field(default_factory=dict)
    observations: int = 0
    calls: int = 0
    repeated: int = 0
    broken: int = 0
    lost: int = 0
    size: int = 0

    @property
    def payloads(self) -> int:
        """The number of payloads."""
        return self.verdicts.total()

    def count(self, verdict: Verdict) -> int:
        """Return the number of payloads with a verdict."""
        return sum(number for (_, found), number in self.verdicts.items() if found == verdict)

    def add_violations(
        self, schema: str, violations: Iterable[Violation], place: PayloadPlace, at: float | None = None
    ) -> None:
        """Add the violations of one payload."""
        seen: set[FindingKey] = set()
        for violation in violations:
            key = _key_of(schema, violation)
            finding = Finding(
                count=1,
                payloads=0 if key in seen else 1,
                example=replace(violation, offset=None, line=None, column=None),
                first=place,
                last=place,
                since=at,
                until=at,
            )
            seen.add(key)
            _add(self.findings, key, finding)
        if len(self.findings) > 2 * MOST_NAMES:
            self.findings = _keep_few(self.findings)

    def add_fit(self, accepting: tuple[str, ...], at: float | None) -> None:
        """Add a payload of the sample that exactly these contract dates accept."""
        _add(self.fits, accepting, DateFit(count=1, since=at, until=at))

    def __or__(self, other: "Summary") -> "Summary":
        """Combine two summaries of different payloads."""
        combined = Summary()
        combined |= self
        combined |= other
        return combined

    def __ior__(self, other: "Summary") -> Self:
        """Add a summary of other payloads, in a time that depends on the size of that one only."""
        for name in _COUNTS:
            getattr(self, name).update(getattr(other, name))
        for table, more in ((self.findings, other.findings), (self.fits, other.fits)):
            for key, value in more.items():
                _add(table, key, value)
        if len(self.findings) > MOST_NAMES:
            self.findings = _keep_few(self.findings)
        self.damaged.update(other.damaged)
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    def to_bytes(self) -> bytes:
        """Return the summary as JSON; equal summaries give the same bytes."""
        plain = {
            "version": VERSION,
            "verdicts": _rows(self.verdicts),
            "findings": [[*key, _finding_row(self.findings[key])] for key in sorted(_keep_few(self.findings))],
            "days": _rows(self.days),
            "parts": sorted(
                [status, part.pointer, part.kind, part.case, count] for (status, part), count in self.parts.items()
            ),
            "fits": sorted([list(dates), asdict(fit)] for dates, fit in self.fits.items()),
            "lines": _rows(self.lines),
            "damaged": _rows(self.damaged),
            **{name: getattr(self, name) for name in _NUMBERS},
        }
        return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Summary":
        """Return the summary that `to_bytes` wrote.

        Raises:
            ValueError: It has another version, or is not a summary.
        """
        try:
            plain: dict[str, Any] = orjson.loads(data)
            if plain["version"] != VERSION:
                raise ValueError(f"it has version {plain['version']}, and this program reads {VERSION}")
            return cls(
                verdicts=Counter(dict(_pairs(plain["verdicts"]))),
                findings={FindingKey(*key): _read_finding(row) for *key, row in plain["findings"]},
                days=Counter(dict(_pairs(plain["days"]))),
                parts=Counter({(status, Part(*part)): count for status, *part, count in plain["parts"]}),
                fits={tuple(dates): DateFit(**fit) for dates, fit in plain["fits"]},
                lines=Counter(dict(_pairs(plain["lines"]))),
                damaged=dict(_pairs(plain["damaged"])),
                **{name: plain[name] for name in _NUMBERS},
            )
        except (KeyError, TypeError, AttributeError, orjson.JSONDecodeError):
            raise ValueError("it is not the summary of an audit") from None


_COUNTS = ("verdicts", "days", "parts", "lines")
_NUMBERS = ("sampled", "observations", "calls", "repeated", "broken", "lost", "size")


def _add(table: dict[Any, Any], key: Any, value: Any) -> None:
    table[key] = table[key] | value if key in table else value


def _keep_few(findings: dict[FindingKey, Finding]) -> dict[FindingKey, Finding]:
    """Return the findings without those about unknown names beyond `MOST_NAMES`.

    Which are kept depends only on a digest of the key. So a finding that is kept for the archive was kept for every
    shard, and its count is exact.
    """
    named = [key for key in findings if _is_invented(key)]
    if len(named) <= MOST_NAMES:
        return findings
    dropped = sorted(named, key=_digest)[MOST_NAMES:]
    return {key: finding for key, finding in findings.items() if key not in set(dropped)}


def _is_invented(key: FindingKey) -> bool:
    return bool(key.word) or key.code in ("unknown-key", "closed")


def _digest(key: FindingKey) -> bytes:
    return hashlib.blake2b("\n".join(key).encode(), digest_size=16).digest()


def _key_of(schema: str, violation: Violation) -> FindingKey:
    tokens = violation.instance_pointer.split("/")
    return FindingKey(
        severity=violation.severity,
        code=violation.code,
        schema=schema,
        schema_pointer=violation.schema_pointer,
        pointer="/".join("*" if token.isdigit() else token for token in tokens),
        word=violation.actual if violation.actual.startswith('"') else "",
    )


def _rows(table: Mapping[Any, Any]) -> list[list[Any]]:
    return sorted([*key, value] for key, value in table.items())


def _pairs(rows: Iterable[list[Any]]) -> Iterator[tuple[Any, Any]]:
    return ((tuple(key), value) for *key, value in rows)


_FIELDS = ("instance_pointer", "code", "severity", "expected", "actual", "schema_pointer", "contract", "note", "policy")


def _finding_row(finding: Finding) -> dict[str, Any]:
    example = {name: getattr(finding.example, name) for name in _FIELDS}
    return {**asdict(finding), "example": example, "first": [*finding.first], "last": [*finding.last]}


def _read_finding(row: dict[str, Any]) -> Finding:
    places = {name: PayloadPlace(*row[name]) for name in ("first", "last")}
    return Finding(**{**row, **places, "example": Violation(**row["example"])})
