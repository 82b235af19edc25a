"""``explain``: describe violation codes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from vocode_contract.cli.completion import complete_codes
from vocode_contract.cli.options import examples, resolve_name
from vocode_contract.cli.output import Output, write_table

if TYPE_CHECKING:
    from vocode_contract.validation.codes import Code

_INTRODUCTION = """\
# Codes

This page describes each violation code.

An *error* means that the contract is violated. *Drift* is newer than the contract, and not wrong in itself. *Advice* is
neither: it points to a likely problem. A code that is *off* is not reported.

Each code rests on the contract's own words, on a standard, on logic, on an inference from the contract and from
observed behaviour, or on a limit of this program. If no document decides, it rests on a *policy*, which you can change
for each run, or on *practice*: behaviour that users depend on.

A code that rests on an inference or on practice is never an error in a single payload or response, unless you raise it:
`--error foreign-owner` on the command line, `Selection(severities={"foreign-owner": "error"})` in Python. It can be an
error where two responses contradict each other, where a response does not match its request, and in a stress test of
your own receiver.

The reason of an inconclusive result, such as `[timeout-read]`, is no code: `vocode-contract explain timeout-read`
describes it.
"""


def codes_page() -> str:
    """Return the page as Markdown."""
    from vocode_contract.validation.codes import CODES

    return "\n".join([_INTRODUCTION, *(line for name, code in CODES.items() for line in _section(name, code))])


def levels(code: "Code") -> str:
    """Return the severity of a code, and that under the profile tolerant if it differs."""
    if code.tolerant and code.tolerant != code.level:
        return f"{code.level}; {code.tolerant} under the profile tolerant"
    return code.level


def _section(name: str, code: "Code") -> Iterator[str]:
    from vocode_contract.validation.codes.code import describe_basis

    fence = "```"
    yield f"## {name}\n"
    yield f"**{code.title}.** {code.meaning}\n"
    yield f"Severity: {levels(code)}. Rests on {describe_basis(code.basis)}. Example of a violation:\n"
    yield f"{fence}text\n{code.example}\n{fence}\n"


@click.command(
    short_help="Describe violation codes.",
    epilog=examples("vocode-contract explain", "vocode-contract explain union-type not-refused"),
)
@click.argument("codes", metavar="[CODE]...", nargs=-1, shell_complete=complete_codes)
@click.option(
    "--policies", is_flag=True, help="List the policies of check and pytest, with their allowed values and defaults."
)
@click.option("--markdown", is_flag=True, help="Print the reference page of all codes as Markdown.")
@click.pass_context
def explain(ctx: click.Context, /, *, codes: tuple[str, ...], policies: bool, markdown: bool) -> None:
    """Describe codes, each with an example; list all codes if no CODE is given.

    CODE may also be the reason of an inconclusive result, such as timeout-read.
    """
    from vocode_contract.http.inconclusive import KINDS
    from vocode_contract.validation.codes import CODES

    output = ctx.ensure_object(Output)
    if markdown:
        output.write(codes_page())
    elif policies:
        from vocode_contract.http.policies import POLICIES

        write_table([(name, policy.summary) for name, policy in POLICIES.items()], output)
    elif not codes:
        write_table([(name, known.title) for name, known in CODES.items()], output)
    else:
        known = {**CODES, **KINDS}
        names = dict.fromkeys(resolve_name(code, known, "code", listed_by="vocode-contract explain") for code in codes)
        output.write("\n".join(page for name in names for page in _pages(name)))


def _pages(name: str) -> "Iterator[str]":
    """Yield the description of a code and of a reason; two names are both."""
    from vocode_contract.http.inconclusive import KINDS
    from vocode_contract.validation.codes import CODES

    if name in CODES:
        yield _page(name)
    if name in KINDS:
        yield _describe_reason(name)


def _describe_reason(name: str) -> str:
    from textwrap import fill

    from vocode_contract.http.inconclusive import KINDS

    kind = KINDS[name]
    retry = " A request that only reads is sent again." if kind.is_retried else ""
    rank = fill(f"Reason of an inconclusive result, which is no violation.{retry}", 90)
    return "\n\n".join((f"{name}: {kind.title}", fill(kind.meaning, 90), rank)) + "\n"


def _page(name: str) -> str:
    from textwrap import fill

    from vocode_contract.validation.codes import CODES
    from vocode_contract.validation.codes.code import describe_basis

    code = CODES[name]
    example = "\n".join(f"    {line}" for line in code.example.splitlines())
    rank = fill(f"Severity: {levels(code)}. Rests on {describe_basis(code.basis)}.", 90)
    parts = (f"{name}: {code.title}", fill(code.meaning, 90), rank, f"Example of a violation:\n\n{example}")
    return "\n\n".join(parts) + "\n"
