"""Every violation code: its title, its meaning, and its severity under each profile.

`codes.txt` holds them in groups. Each code has a line with its name, its severity (and that under the profile
``tolerant``, if it differs) and its basis, a line with its title, lines with its meaning, and lines with an example.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from vocode_contract.contract.files import read_beside
from vocode_contract.errors import InvalidOption, did_you_mean
from vocode_contract.validation.violation import Violation

from .code import LEVELS, Code, Level, basis_of

__all__ = [
    "ALL",
    "CODES",
    "GROUPS",
    "LEVELS",
    "Code",
    "Level",
    "Selection",
    "default_level",
    "parse_patterns",
    "require",
    "rests_on",
]


def _read_groups() -> Iterator[tuple[str, dict[str, Code]]]:
    text = read_beside(__file__, "codes.txt").decode()
    for group in text.removeprefix("# ").split("\n# "):
        name, *codes = group.rstrip().split("\n\n")
        yield name, dict(map(_parse, codes))


def _parse(paragraph: str) -> tuple[str, Code]:
    first, *lines = paragraph.splitlines()
    head = first.split(" | ")
    if len(head) != 3 or not lines:
        raise LookupError(
            f"codes.txt: a paragraph is NAME | SEVERITY | BASIS and more lines, but one starts with {first!r}"
        )
    title, *lines = lines
    name, levels, basis = head
    level, _, tolerant = levels.partition(", tolerant ")
    return name, Code(
        title=title,
        meaning=" ".join(line for line in lines if not line.startswith("> ")),
        example="\n".join(line[2:] for line in lines if line.startswith("> ")),
        level=level,  # type: ignore[arg-type]  # a test compares all levels with `LEVELS`
        tolerant=tolerant or None,  # type: ignore[arg-type]  # the same
        basis=basis,
    )


#: Name of a group -> its codes, in the order of the documentation.
GROUPS: Mapping[str, Mapping[str, Code]] = dict(_read_groups())
CODES: Mapping[str, Code] = {name: code for group in GROUPS.values() for name, code in group.items()}


def require(*names: str) -> tuple[str, ...]:
    """Return the names of codes, for a table of rules that is built at import.

    Raises:
        LookupError: A name is not in `CODES`: a violation with that code would have no severity and no description.
    """
    for name in names:
        if name not in CODES:
            raise LookupError(f"violation code {name!r} is not registered; add it to codes.txt in {__name__}")
    return names


def parse_patterns(values: Iterable[str], option: str) -> tuple[str, ...]:
    """Split the values of an option, at commas and spaces, into patterns of codes.

    Raises:
        InvalidOption: A pattern matches no code.
    """
    patterns = tuple(part for value in values for part in value.replace(",", " ").split())
    for pattern in patterns:
        if not any(fnmatchcase(code, pattern) for code in CODES):
            hint = did_you_mean(pattern, CODES) or ";"
            raise InvalidOption(option, f"no code is named {pattern!a}{hint} 'vocode-contract explain' lists them")
    return patterns


def raise_to_errors(patterns: Iterable[str]) -> Mapping[str, Level]:
    """Return the severities of a `Selection` under which the codes that match a pattern are errors."""
    listed = tuple(patterns)
    return {code: "error" for code in CODES if _matches(code, listed)}


def _matches(code: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(code, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which codes are reported, and how severe they are; by default all, with their own severity.

    Attributes:
        select: Patterns of codes to report, such as ``json-*``; by default all.
        ignore: Patterns of codes to leave out.
        severities: Code to level (``error``, ``drift``, ``advice`` or ``off``), in place of its own.

    Raises:
        InvalidOption: A pattern matches no code, a level does not exist, or no code is left.
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
        selected = (code for code in CODES if not self.select or _matches(code, self.select))
        if self.ignore and all(_matches(code, self.ignore) for code in selected):
            raise InvalidOption("ignore", "leaves no code to check")  # everything would conform

    def __bool__(self) -> bool:
        return bool(self.select or self.ignore or self.severities)

    def level(self, code: str, profile: str) -> Level:
        """Return the level of a code under a profile."""
        if not self:  # the usual case, many times for each exchange
            return default_level(code, profile)
        # A selected code may be among the violations that were cut off: only `ignore` leaves out this hint.
        selected = code == "more-violations" or _matches(code, self.select)
        if self.select and not selected:
            return "off"
        if _matches(code, self.ignore):
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
