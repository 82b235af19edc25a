"""Every violation code: its title, its meaning, and its severity under each profile."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from vocode_contract.errors import InvalidOption
from vocode_contract.validation.violation import Violation

from .code import LEVELS, Code, Level, basis_of
from .consistency import CONSISTENCY
from .exchanges import EXCHANGES
from .lifecycle import LIVES
from .payloads import PAYLOADS
from .webhooks import DELIVERIES, RECEIVERS

__all__ = ["ALL", "CODES", "LEVELS", "Code", "Level", "Selection", "default_level", "require", "rests_on"]

CODES: Mapping[str, Code] = {**PAYLOADS, **DELIVERIES, **EXCHANGES, **CONSISTENCY, **LIVES, **RECEIVERS}


def require(*names: str) -> tuple[str, ...]:
    """Return the names of codes, for a table of rules that is built at import.

    Raises:
        LookupError: A name is not in `CODES`: a violation with that code would have no severity and no description.
    """
    for name in names:
        if name not in CODES:
            raise LookupError(f"violation code {name!r} is not registered; add it to a table in {__name__}")
    return names


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which codes are reported, and how severe they are; by default all, as severe as `CODES` says.

    Attributes:
        select: Patterns of codes to report, such as ``json-*``; by default all.
        ignore: Patterns of codes to leave out.
        severities: Code to level, in place of its level in `CODES`.

    Raises:
        InvalidOption: A pattern matches no code, or a level does not exist.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severities: Mapping[str, Level] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for pattern in (*self.select, *self.ignore, *self.severities):
            if not any(fnmatchcase(code, pattern) for code in CODES):
                raise InvalidOption(pattern, "it matches no code; 'vocode-contract explain' lists all codes")
        for code, level in self.severities.items():
            if code not in CODES:
                raise InvalidOption(code, "a severity applies to one code, not to a pattern")
            if level not in LEVELS:
                raise InvalidOption(f"{code}={level}", f"a severity is one of {', '.join(LEVELS)}")

    def __bool__(self) -> bool:
        return bool(self.select or self.ignore or self.severities)

    def level(self, code: str, profile: str) -> Level:
        """Return the level of a code under a profile."""
        # A selected code may be among the violations that were cut off: only `ignore` leaves out this hint.
        selected = code == "more-violations" or any(fnmatchcase(code, pattern) for pattern in self.select)
        if self.select and not selected:
            return "off"
        if any(fnmatchcase(code, pattern) for pattern in self.ignore):
            return "off"
        return self.severities.get(code) or default_level(code, profile)


ALL = Selection()


def default_level(code: str, profile: str) -> Level:
    """Return the level of a registered code under a profile."""
    row = CODES[code]
    return row.tolerant if profile == "tolerant" and row.tolerant else row.level


def rests_on(violation: Violation) -> str:
    """Return the basis of a violation: one of `BASES`, ``policy NAME=VALUE``, or the section of a standard."""
    known = CODES.get(violation.code)
    return basis_of(violation, known.basis if known else "contract")
