"""The reference page of all codes, written from their table."""

from collections.abc import Iterator

from vocode_contract.validation.codes import CODES, Code
from vocode_contract.validation.codes.code import told

_INTRODUCTION = """\
# Codes

What each code of a violation means. Written from the table in `vocode_contract/codes/`; do not edit it by hand:
`vocode-contract explain --markdown > docs/reference/codes.md` writes it again.

An *error* refuses a payload, *drift* is newer than the contract and not wrong in itself, *advice* is neither. A code
that is *off* is not reported.

Each code rests on something: the contract's own words, a standard, or an inference from the contract and from what was
seen. What no document decides is a *policy*, which a run may choose, or *practice*: what users depend on.
"""


def codes_page() -> str:
    """Return the page as Markdown."""
    return "\n".join([_INTRODUCTION, *(line for name, code in CODES.items() for line in _section(name, code))])


def levels(code: Code) -> str:
    """Say how severe a code is, and where that depends on the profile."""
    if code.tolerant and code.tolerant != code.level:
        return f"{code.level}; {code.tolerant} under the profile tolerant"
    return code.level


def _section(name: str, code: Code) -> Iterator[str]:
    fence = "```"
    yield f"## {name}\n"
    yield f"**{code.title}.** {code.meaning}\n"
    yield f"Severity: {levels(code)}. Rests on {told(code.basis)}. Breaks it:\n"
    yield f"{fence}text\n{code.example}\n{fence}\n"
