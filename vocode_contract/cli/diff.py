"""``diff``: list what changed between two contracts, and how much it matters."""

from dataclasses import dataclass

import click

from vocode_contract.cli.completion import complete_contracts, complete_profiles
from vocode_contract.cli.options import contract_of, examples
from vocode_contract.cli.output import CONFORMS, VIOLATES, Output
from vocode_contract.contract.diff.kinds import LEVELS

FORMATS = ("text", "json", "markdown", "github", "sarif", "html")
NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffOptions:
    """The options of one comparison."""

    old: str
    new: str
    profile: str
    output_format: str
    fail_on: str
    show: str
    accepted: str
    full: bool


@click.command(
    short_help="List what changed between two contracts.",
    epilog=examples(
        "vocode-contract diff 2023-11-30 2024-08-27",
        "vocode-contract diff --show risky --output-format markdown 2023-11-30 2024-04-19",
        "vocode-contract diff --output-format html 2023-11-30 2024-08-27 > changes.html",
    ),
)
@click.argument("old", metavar="OLD", shell_complete=complete_contracts)
@click.argument("new", metavar="NEW", shell_complete=complete_contracts)
@click.option(
    "--profile",
    metavar="NAME",
    default="documented",
    show_default=True,
    shell_complete=complete_profiles,
    help="documented compares the documents to the letter; under wire, unset optional properties may be null in both; "
    "under tolerant, new enumerated values and union members are also risky in place of breaking.",
)
@click.option(
    "--output-format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="Output format; html is one page that shows the two contracts side by side.",
)
@click.option(
    "--fail-on",
    type=click.Choice([*LEVELS, NEVER]),
    default="breaking",
    show_default=True,
    help="Exit with 1 if a change has this level or a worse one.",
)
@click.option(
    "--show",
    type=click.Choice(LEVELS),
    default="cosmetic",
    show_default=True,
    help="Leave out changes that matter less than this level.",
)
@click.option(
    "--accepted",
    metavar="FILE",
    default="",
    help="TOML file of changes that are accepted for now, each with a reason and perhaps a last day.",
)
@click.option("--all", "full", is_flag=True, help="Name every place (default: the first three; text ends at 64 KiB).")
@click.pass_context
def diff(ctx: click.Context, /, **values: object) -> None:
    """List what changed from contract OLD to contract NEW, and how much that matters to clients.

    Each side is the date of a shipped contract. A change is breaking (a client of OLD can fail), risky (it can be
    surprised), additive (it need not care) or cosmetic (nothing that is sent is different). What a client sends and
    what it receives are told apart: a new required property breaks who sends it, a new null breaks who receives it.

    Exit codes: 0 if nothing is breaking, 1 if something is (see --fail-on) or an entry of --accepted is out of date, 2
    for wrong usage.
    """
    options = DiffOptions(**values)  # type: ignore[arg-type]  # click gives each option its type
    ctx.exit(_run_diff(options, ctx.ensure_object(Output)))


def _run_diff(options: DiffOptions, output: Output) -> int:
    from vocode_contract.contract.diff import accept_changes, changes, group_changes, read_accepted_changes
    from vocode_contract.report.change_formats import CHANGE_REPORTS
    from vocode_contract.report.changes import ChangeReport

    entries = read_accepted_changes(options.accepted, "--accepted")
    old, new = (contract_of(side, options.profile) for side in (options.old, options.new))
    found, outdated = accept_changes(changes(old, new), entries)
    groups = group_changes(found)
    shown = tuple(group for group in groups if LEVELS.index(group.level) <= LEVELS.index(options.show))
    report = ChangeReport(
        old=options.old,
        new=options.new,
        profile=old.profile,
        groups=shown,
        outdated=outdated,
        documents=(old.document, new.document),
        full=options.full,
    )
    output.write(CHANGE_REPORTS[options.output_format](report))
    if options.fail_on == NEVER:
        return CONFORMS
    failing = LEVELS[: LEVELS.index(options.fail_on) + 1]
    is_failing = bool(outdated) or any(group.level in failing and not group.accepted for group in groups)
    return VIOLATES if is_failing else CONFORMS
