"""``coverage``: report which parts of the contract recorded payloads exercise."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from vocode_contract.audit.files import MOST_BYTES, Unusable
from vocode_contract.cli.options import (
    NumberRange,
    contract_of,
    contract_option,
    each_option,
    examples,
    lines_option,
    profile_option,
    schema_of,
    schema_option,
)
from vocode_contract.cli.output import CONFORMS, INCONCLUSIVE, VIOLATES, Output
from vocode_contract.cli.payloads import find_payloads, is_json_lines, read_payloads, shown_name

if TYPE_CHECKING:
    from vocode_contract.contract.coverage import Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageOptions:
    """The options of one run."""

    files: tuple[str, ...]
    name: str
    date: str | None
    profile: str
    lines: bool
    each: bool
    missing: bool
    fail_under: float


@click.command(
    short_help="Report which parts of the contract recorded payloads exercise.",
    epilog=examples(
        "vocode-contract coverage recorded/*.json",
        "vocode-contract coverage --missing calls.jsonl.gz",
        "vocode-contract coverage --as WebhookEvent --fail-under 80 events/*.json",
    ),
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True))
@schema_option
@contract_option
@profile_option
@lines_option
@each_option
@click.option("--missing", is_flag=True, help="List all parts that were not exercised (default: the first ones).")
@click.option(
    "--fail-under",
    metavar="PERCENT",
    type=NumberRange(0, 100),
    default=0,
    help="Exit with 1 if the percentage is lower.",
    show_default=True,
)
@click.pass_context
def coverage(ctx: click.Context, /, **options: object) -> None:
    """Report which parts of the contract recorded payloads exercise, without validating them.

    Files, directories and patterns are handled as in 'vocode-contract validate'.

    Parts are enumerated values, types of a union, optional properties (absent, null, present) and arrays (empty or
    not). Exits with 0, with 1 below --fail-under, and with 3 if a payload cannot be read.
    """
    chosen = CoverageOptions(**options)  # type: ignore[arg-type]  # click gives each option its type
    from vocode_contract.contract.coverage import Coverage
    from vocode_contract.report.coverage import compute_percent, render_coverage

    output = ctx.ensure_object(Output)
    contract = contract_of(chosen.date, chosen.profile)
    found = Coverage(contract, (schema_of(contract, chosen.name),))
    unread = list(_add_payloads(chosen, found))
    output.write("".join(f"{line}\n" for line in render_coverage(found, missing=chosen.missing)))
    for reason in unread:
        output.say(reason)
    if compute_percent(found) < chosen.fail_under:
        output.say(f"{compute_percent(found)}% is below {chosen.fail_under:g}%")
        ctx.exit(VIOLATES)
    ctx.exit(INCONCLUSIVE if unread else CONFORMS)


def _add_payloads(chosen: CoverageOptions, found: "Coverage") -> Iterator[str]:
    """Add all payloads to the coverage; yield a line for each that cannot be read."""
    for source in chosen.files:
        try:
            for file in find_payloads(source):
                yield from _add_file(file, chosen, found)
        except Unusable as error:
            yield f"{shown_name(source)}: {error}"


def _add_file(file: str, chosen: CoverageOptions, found: "Coverage") -> Iterator[str]:
    from vocode_contract.validation.json_text import describe_defect, read
    from vocode_contract.validation.json_value import Limits, Unreadable

    name = shown_name(file)
    try:
        for payload in read_payloads(file, MOST_BYTES, lines=chosen.lines or is_json_lines(file)):
            place = f"{name}:{payload.line}" if payload.line else name
            try:
                value = read(payload.raw, Limits(size=MOST_BYTES), strict=False)
            except Unreadable as error:
                yield f"{place}: not JSON ({describe_defect(payload.raw, error.defect, first_line=payload.line or 1)})"
                continue
            for item in value if chosen.each and isinstance(value, list) else (value,):
                found.add(item, found.names[0])
    except Unusable as error:
        yield f"{name}: {error}"
