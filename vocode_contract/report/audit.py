"""The result of an audit, ordered and worded as its reports show it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, Literal

from vocode_contract.audit.examine import READABLE
from vocode_contract.audit.run import AuditResult
from vocode_contract.audit.sources import Source
from vocode_contract.audit.summary import VERDICTS, Finding, FindingKey, PayloadPlace, Verdict
from vocode_contract.contract import json_pointer
from vocode_contract.contract.coverage import Coverage
from vocode_contract.contract.model import Contract
from vocode_contract.report.audit_dates import ArchiveDates
from vocode_contract.report.payload_results import escape_source, format_count, format_time, join_words
from vocode_contract.validation.lifecycle.call_life import STATUSES
from vocode_contract.validation.safe_text import inert
from vocode_contract.validation.violation import SEVERITIES

#: The states of an optional property.
STATES = ("absent", "null", "present")
#: Verdict -> the words for one such payload, and for several.
WORDS: Mapping[Verdict, tuple[str, str]] = {
    "conforms": ("conforms", "conform"),
    "drift": ("conforms with drift", "conform with drift"),
    "violates": ("violates the contract", "violate the contract"),
    "unreadable": ("unreadable", "unreadable"),
    "unknown": ("not recognized", "not recognized"),
}

#: Severity -> the title of its findings in readable payloads.
_TITLES = {"error": "Violations", "drift": "Drift", "advice": "Advice"}
_EXIT_CODES = {"conforms": 0, "violates": 1, "inconclusive": 3}
UNREADABLE = "Unreadable payloads"

AuditVerdict = Literal["conforms", "violates", "inconclusive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyUse:
    """How an optional property occurs in the sample.

    Attributes:
        pointer: JSON Pointer into the contract's document.
        counts: Status of the call, empty if there is none, to how often each of `STATES` was seen.
        remarks: What a consumer should know, as phrases; empty for most properties.
    """

    pointer: str
    counts: Mapping[str, Counter[str]]
    remarks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The schema and the property, such as ``Call/end_time``."""
        return "/".join(key for key in json_pointer.tokens_of(self.pointer)[2:] if key != "properties")

    @property
    def total(self) -> Counter[str]:
        """How often each state was seen, whatever the status."""
        return sum(self.counts.values(), Counter())


@dataclass(frozen=True, kw_only=True)
class AuditReport:
    """The result of an audit, from which each format is rendered.

    Attributes:
        audited: The result.
        contract: The contract of the audit.
        seconds: How long it took.
        full: Whether the text report lists everything.
    """

    audited: AuditResult
    contract: Contract
    seconds: float = 0.0
    full: bool = False

    @property
    def verdict(self) -> AuditVerdict:
        """``violates`` if a payload or a call does, else ``inconclusive`` if something was not checked."""
        summary = self.audited.summary
        if summary.count("violates") or summary.broken:
            return "violates"
        return "inconclusive" if self.unchecked or not summary.payloads else "conforms"

    @property
    def exit_code(self) -> int:
        """The exit code that belongs to the verdict."""
        return _EXIT_CODES[self.verdict]

    @property
    def sentence(self) -> str:
        """The result as one line."""
        summary = self.audited.summary
        counts = {verdict: summary.count(verdict) for verdict in VERDICTS}
        words = [format_count(count, *WORDS[verdict]) for verdict, count in counts.items() if count]
        head = format_count(summary.payloads, "payload", "payloads")
        sources = format_count(len(self.audited.sources), "file", "files")
        words += [f"{format_count(summary.broken, 'call violates', 'calls violate')} a rule over time"] * bool(
            summary.broken
        )
        return f"{head} in {sources}: {', '.join(words) or 'nothing to check'}"

    @cached_property
    def dates(self) -> ArchiveDates:
        """How the contract dates fit the sample."""
        return ArchiveDates(summary=self.audited.summary, is_shipped=self.contract.is_shipped)

    @property
    def basis(self) -> str:
        """What the archive was checked against."""
        return f"contract {self.audited.contract}, {self.audited.profile}"

    @property
    def sample(self) -> str:
        """How large the sample is."""
        every = "all payloads" if self.audited.every == 1 else f"one payload in {self.audited.every:,}"
        return f"{every}, {self.audited.summary.sampled:,} in total"

    @cached_property
    def schemas(self) -> Mapping[str, Counter[Verdict]]:
        """Each schema, empty for payloads without one, to its payloads by verdict; the most frequent first."""
        found: dict[str, Counter[Verdict]] = defaultdict(Counter)
        for (schema, verdict), count in self.audited.summary.verdicts.items():
            found[schema][verdict] += count
        return {name: found[name] for name in sorted(found, key=lambda name: (-found[name].total(), name))}

    @cached_property
    def findings(self) -> tuple[tuple[FindingKey, Finding], ...]:
        """The findings: errors, then drift, then advice; of each, the most frequent first."""
        found = self.audited.summary.findings.items()
        return tuple(sorted(found, key=lambda pair: (SEVERITIES.index(pair[0].severity), -pair[1].payloads, pair[0])))

    @cached_property
    def groups(self) -> Mapping[str, tuple[tuple[FindingKey, Finding], ...]]:
        """The findings by the title under which they are shown; only titles that have some."""
        found: dict[str, list[tuple[FindingKey, Finding]]] = {title: [] for title in (*_TITLES.values(), UNREADABLE)}
        for pair in self.findings:
            code = pair[0].code
            is_unreadable = code.startswith("json-") and code not in READABLE
            found[UNREADABLE if is_unreadable else _TITLES[pair[0].severity]].append(pair)
        return {title: tuple(pairs) for title, pairs in found.items() if pairs}

    @cached_property
    def unchecked(self) -> tuple[str, ...]:
        """A line for each source or group of payloads that was not checked, or not as a whole."""
        return tuple(map(inert, self._list_unchecked()))

    def _list_unchecked(self) -> Iterator[str]:
        audited, summary = self.audited, self.audited.summary
        yield from (f"{escape_source(path)}: {reason}" for path, reason in audited.unread.items())
        for (source, start), reason in sorted(summary.damaged.items()):
            yield f"{self._describe_start(audited.sources[source], source, start)}: {reason}"
        if count := summary.count("unreadable"):
            yield f"{format_count(count, 'payload is', 'payloads are')} not readable as JSON, or too large"
        if count := summary.count("unknown"):
            yield f"{format_count(count, 'payload is', 'payloads are')} not recognized by shape; --as names the schema"
        if summary.lost:
            yield f"{format_count(summary.lost, 'call', 'calls')} could not be checked over time"
        if not summary.payloads:
            yield "there are no payloads"

    def _describe_start(self, source: Source, number: int, start: int) -> str:
        name = escape_source(source.name)
        read = sum(count for (each, at), count in self.audited.summary.lines.items() if each == number and at == start)
        if source.form != "lines" or not read:
            return f"{name}, from byte {start:,}" if start else name
        line = self._count_lines(number, start)
        return f"{name}, from byte {start:,}" if line is None else f"{name}, after line {line + read:,}"

    def describe_place(self, place: PayloadPlace) -> str:
        """Return where a payload is: its file, and its line or a JSON Pointer into the file."""
        source = self.audited.sources[place.source]
        name = escape_source(source.name)
        if source.form == "lines":
            before = self._count_lines(place.source, place.start)
            if before is None:
                return f"{name}, line {place.number + 1} after byte {place.start}"
            return f"{name}:{before + place.number + 1}"
        entry, half = divmod(place.number, 2)
        half_name = ("request", "response")[half]
        pointers = {
            "array": f"#/{place.number}",
            "har": f"#/log/entries/{entry}/{half_name}",
            "cassette": f"#/interactions/{entry}/{half_name}",
        }
        return name + pointers.get(source.form, "")

    def _count_lines(self, source: int, start: int) -> int | None:
        """Return the number of lines before a shard; ``None`` (unknown) if a shard before it is damaged."""
        if any(each == source and at < start for each, at in self.audited.summary.damaged):
            return None
        starts, before = self._lines.get(source, ((), ()))
        known = dict(zip(starts, before, strict=False))
        return known.get(start, before[-1] if before and start > starts[-1] else 0)

    @cached_property
    def _lines(self) -> Mapping[int, tuple[tuple[int, ...], tuple[int, ...]]]:
        """Source to the starts of its shards, and the number of lines before each of them and in all of them."""
        shards: dict[int, dict[int, int]] = defaultdict(dict)
        for (source, start), count in sorted(self.audited.summary.lines.items()):
            shards[source][start] = count
        return {source: (tuple(counts), (0, *accumulate(counts.values()))) for source, counts in shards.items()}

    @cached_property
    def coverage(self) -> Coverage:
        """What the sample exercises of the schemas that occurred."""
        names = tuple(sorted(name for name in self.schemas if name in self.contract.schemas))
        return Coverage(self.contract, names=names, touched={part for _, part in self.audited.summary.parts})

    @cached_property
    def properties(self) -> tuple[PropertyUse, ...]:
        """The optional properties in the sample, by their place in the contract."""
        found: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        for (status, part), count in self.audited.summary.parts.items():
            if part.kind == "property":
                found[part.pointer][status][part.case] += count
        return tuple(
            PropertyUse(pointer=pointer, counts=counts, remarks=tuple(self._remark(pointer, counts)))
            for pointer, counts in sorted(found.items())
        )

    def _remark(self, pointer: str, counts: Mapping[str, Counter[str]]) -> Iterator[str]:
        if any(count["null"] for count in counts.values()):
            schema: Any = json_pointer.resolve(self.contract.document, pointer)
            if "null" not in self.contract.types(schema):
                yield "null, which its schema does not declare"
            if any(count["absent"] and count["null"] for count in counts.values()):
                yield "both null and absent"
        known = {status: count for status, count in counts.items() if status}
        always = [status for status, count in known.items() if count["present"] == count.total()]
        never = [status for status, count in known.items() if not count["present"]]
        if always and never:
            yield (
                f"present only if {join_words(sort_statuses(always), 'or')}"
                if len(always) + len(never) == len(known)
                else "present or not depending on the status"
            )


def sort_statuses(statuses: Iterable[str]) -> list[str]:
    """Return statuses in the order in which a call has them; the empty string, for no status, last."""
    order = {status: number for number, status in enumerate(STATUSES)}
    return sorted(statuses, key=lambda status: order.get(status, len(order)))


def list_statuses(uses: Iterable[PropertyUse]) -> list[str]:
    """Return the statuses in which some properties occur, in the order in which a call has them."""
    return sort_statuses({status for use in uses for status in use.counts})


def describe_property(use: PropertyUse, status: str) -> str:
    """Return how often a property is absent, null and present in a status."""
    counts = use.counts.get(status)
    if not counts:
        return "-"
    total = counts.total()
    shares = {state: 100 * counts[state] // total for state in STATES if counts[state]}
    return ", ".join(f"{state} {share or '<1'}%" if len(shares) > 1 else state for state, share in shares.items())


def describe_finding(report: AuditReport, finding: Finding) -> str:
    """Return how often, when and where (last) a finding occurred."""
    payloads = format_count(finding.payloads, "payload", "payloads")
    times = "" if finding.count == finding.payloads else f", {finding.count:,} times"
    words = [f"{payloads}{times}"]
    if finding.first != finding.last:
        words.append(f"last in {report.describe_place(finding.last)}")
    since, until = format_time(finding.since), format_time(finding.until)
    if since:
        words.append(f"first seen {since}" + (f", last seen {until}" if until != since else ""))
    return "; ".join(words)


def describe_calls(report: AuditReport) -> str:
    """Return the result for calls over time as one line; empty if there are no calls."""
    summary = report.audited.summary
    if not summary.observations:
        return ""
    words = [
        f"{format_count(summary.observations, 'observation', 'observations')} of "
        f"{format_count(summary.calls, 'call', 'calls')}",
        f"{summary.repeated:,} observed more than once",
        f"{summary.broken:,} with a violation over time",
    ]
    return ", ".join(words)
