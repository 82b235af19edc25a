"""What reports are made of: the result of validating one payload, and the counts for many."""

from collections.abc import Iterable
from dataclasses import dataclass

from vocode_contract.validation.safe_text import escape_hashes
from vocode_contract.validation.violation import Violation, has_error


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of validating one payload; it keeps no part of the payload.

    Attributes:
        source: Where the payload came from, as the user named it: a file, a URL, a test.
        line: Line of the source that holds the payload, from 1; ``None`` if the payload is the whole source.
        item: Index of the payload in an array, from 0; ``None`` if it is not an item. The JSON Pointers of the
            violations start with it.
        violations: In the order of the schema; includes drift and advice.
        inconclusive: Why there is no verdict, as a phrase; empty if there is one.
    """

    source: str
    line: int | None = None
    item: int | None = None
    violations: tuple[Violation, ...] = ()
    inconclusive: str = ""

    @property
    def conforms(self) -> bool:
        """Whether it was checked and has no violation of severity ``error``."""
        return not self.inconclusive and not has_error(self.violations)

    @property
    def place(self) -> str:
        """Source and line, escaped."""
        return escape_source(self.source) if self.line is None else f"{escape_source(self.source)}:{self.line}"


def escape_source(name: str) -> str:
    """Return the name of a source as printable text that no CI runner interprets as a command.

    GitHub obeys lines that start with ``::``, GitHub and Azure obey ``##[`` and ``##vso[`` anywhere.
    """
    shown = escape_hashes(name)
    return f"./{shown}" if shown.startswith("::") else shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What all results of a report have in common.

    Attributes:
        schema: Name of the schema; empty if the results have different ones.
        full: Whether text reports list every violation, however many there are.
    """

    contract: str
    profile: str
    schema: str = ""
    full: bool = False


@dataclass(slots=True, kw_only=True)
class ResultCounts:
    """A running count of results: payloads by verdict, violations by severity."""

    conforming: int = 0
    violating: int = 0
    inconclusive: int = 0
    errors: int = 0
    drift: int = 0
    advice: int = 0

    def add(self, result: Result) -> None:
        """Count one result."""
        self.inconclusive += bool(result.inconclusive)
        self.conforming += result.conforms
        self.violating += not result.inconclusive and not result.conforms
        for violation in result.violations:
            self.errors += violation.severity == "error"
            self.drift += violation.severity == "drift"
            self.advice += violation.severity == "advice"

    @property
    def payloads(self) -> int:
        """The number of results."""
        return self.conforming + self.violating + self.inconclusive

    def __str__(self) -> str:
        """Return the counts as one line."""
        verdicts = (
            (self.conforming, "conforms", "conform"),
            (self.violating, "violates the contract", "violate the contract"),
            (self.inconclusive, "inconclusive", "inconclusive"),
        )
        kinds = (
            (self.errors, "violation", "violations"),
            (self.drift, "drift", "drift"),
            (self.advice, "advice", "advice"),
        )
        text = ", ".join(format_count(*verdict) for verdict in verdicts if verdict[0]) or "no payload"
        found = ", ".join(format_count(*kind) for kind in kinds if kind[0])
        line = f"{format_count(self.payloads, 'payload', 'payloads')}: {text}"
        return f"{line} ({found})" if found else line


def format_count(count: int, one: str, many: str) -> str:
    """Return a count with its noun, in the singular for 1."""
    return f"{count:,} {one if count == 1 else many}"


def format_time(at: float | None) -> str:
    """Return a time in UTC to the second; empty if there is none, or no calendar has it."""
    from vocode_contract.validation.scalars import to_datetime  # `validate` needs none of its patterns to start

    time = to_datetime(at)
    return time.strftime("%Y-%m-%d %H:%M:%S UTC") if time else ""


def format_share(count: int, total: int) -> str:
    """Return a count with its percentage, which is 0 or 100 only if it is exact."""
    percent = 100 * count / total if total else 0.0
    shown = "<1" if 0 < percent < 1 else ">99" if 99 < percent < 100 else f"{percent:.0f}"
    return f"{count:,} of {total:,} ({shown} %)"


def format_size(size: float) -> str:
    """Return a number of bytes in a decimal unit."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"


def join_words(words: Iterable[str], conjunction: str) -> str:
    """Return words as a list in a sentence."""
    *first, last = words
    return f"{', '.join(first)} {conjunction} {last}" if first else last
