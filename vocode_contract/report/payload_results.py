"""What reports are made of: the result for one payload, and the sum of many."""

from dataclasses import dataclass

from vocode_contract.validation.safe_text import escape_hashes
from vocode_contract.validation.violation import Violation, has_error


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was found in one payload; it keeps no part of the payload.

    Attributes:
        source: Where the payload came from, as its user named it: a file, a URL, a test.
        line: Line of the source that holds the payload, from 1; ``None`` where that is all of it.
        violations: In the order of the schema; drift and advice among them.
        inconclusive: Why there is no verdict, as a phrase; empty where there is one.
    """

    source: str
    line: int | None = None
    violations: tuple[Violation, ...] = ()
    inconclusive: str = ""

    @property
    def conforms(self) -> bool:
        """Whether it was checked and has no violation of severity ``error``."""
        return not self.inconclusive and not has_error(self.violations)

    @property
    def place(self) -> str:
        """Source and line as one line that is fit to be shown."""
        return shown_source(self.source) if self.line is None else f"{shown_source(self.source)}:{self.line}"


def shown_source(name: str) -> str:
    """Return a source's name as printable text that no CI runner takes for a command of its own.

    GitHub obeys lines that start with ``::``, GitHub and Azure obey ``##[`` and ``##vso[`` anywhere.
    """
    shown = escape_hashes(name)
    return f"./{shown}" if shown.startswith("::") else shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What holds for all results of a report.

    Attributes:
        contract: Date of the contract.
        profile: How literally it was read.
        schema: Name of the schema; empty where results differ in it.
        full: Whether a text lists every violation, however many there are.
    """

    contract: str
    profile: str
    schema: str = ""
    full: bool = False


@dataclass(slots=True, kw_only=True)
class ResultCounts:
    """A running count of results.

    Attributes:
        conforming: Payloads without an error.
        violating: Payloads with at least one.
        inconclusive: Payloads without a verdict.
        errors: Violations that refuse a payload.
        drift: Violations that are newer than the contract.
        advice: Violations that are neither.
    """

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
        """All that were counted."""
        return self.conforming + self.violating + self.inconclusive

    def __str__(self) -> str:
        """Write the count as one line."""
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
        text = ", ".join(_counted(*verdict) for verdict in verdicts if verdict[0]) or "no payload"
        found = ", ".join(_counted(*kind) for kind in kinds if kind[0])
        line = f"{_counted(self.payloads, 'payload', 'payloads')}: {text}"
        return f"{line} ({found})" if found else line


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
