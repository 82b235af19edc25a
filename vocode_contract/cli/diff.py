"""``diff`` and ``drift``: list what changed between two contracts, and how much it matters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from vocode_contract.cli.completion import complete_contracts, complete_profiles
from vocode_contract.cli.options import contract_of, contract_option, examples, given_options, options_of_runs
from vocode_contract.cli.output import CONFORMS, INCONCLUSIVE, VIOLATES, Output
from vocode_contract.errors import CHECK_PREFIX, set_option_prefix

if TYPE_CHECKING:
    from vocode_contract.contract.model import Contract

# By hand, because to import the comparison for a line of help would slow down every `--help`.
FORMATS = ("text", "json", "markdown", "github", "sarif", "html")
LEVELS = ("breaking", "risky", "additive", "cosmetic")
NEVER = "never"
#: Options of a run that say how a server is reached.
_REACH = ("auth", "allow-http", "ca", "timeout")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffOptions:
    """The options of one comparison.

    Attributes:
        reach: How a server is reached, by the keys of the options of a run.
    """

    profile: str
    output_format: str
    fail_on: str
    show: str
    accepted: str
    full: bool
    sends_token: bool
    reach: Mapping[str, Any]


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--profile",
        metavar="NAME",
        default="documented",
        show_default=True,
        shell_complete=complete_profiles,
        help="documented compares the documents to the letter; under wire, unset optional properties may be null in "
        "both; under tolerant, new enumerated values and union members are also risky in place of breaking.",
    ),
    click.option(
        "--output-format",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        help="Output format; html is one page that shows the two contracts side by side.",
    ),
    click.option(
        "--fail-on",
        type=click.Choice([*LEVELS, NEVER]),
        default="breaking",
        show_default=True,
        help="Exit with 1 if a change has this level or a worse one.",
    ),
    click.option(
        "--show",
        type=click.Choice(LEVELS),
        default="cosmetic",
        show_default=True,
        help="Leave out changes that matter less than this level.",
    ),
    click.option(
        "--accepted",
        metavar="FILE",
        default="",
        help="TOML file of changes that are accepted for now, each with a reason (default: none).",
    ),
    click.option(
        "--all", "full", is_flag=True, help="Name every place (default: the first three; text ends at 64 KiB)."
    ),
    click.option(
        "--send-token",
        "sends_token",
        is_flag=True,
        help="Send the token of VOCODE_API_KEY with the request for a document (default: no credentials).",
    ),
    options_of_runs(*_REACH),
)


def _comparison_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that both commands have."""
    for add in reversed(_OPTIONS):
        command = add(command)
    return command


@click.command(
    short_help="List what changed between two contracts.",
    epilog=examples(
        "vocode-contract diff 2023-11-30 2024-08-27",
        "vocode-contract diff --show risky 2023-11-30 my-contract.yaml",
        "vocode-contract diff --output-format html 2024-08-27 https://staging.example.com > changes.html",
    ),
)
@click.argument("old", metavar="OLD", shell_complete=complete_contracts)
@click.argument("new", metavar="NEW", shell_complete=complete_contracts)
@_comparison_options
@click.pass_context
def diff(ctx: click.Context, /, *, old: str, new: str, **values: Any) -> None:
    """List what changed from contract OLD to contract NEW, and how much that matters to clients.

    Each side is the date of a shipped contract, a folder or OpenAPI file of your own, or the URL of a server, whose
    document /openapi.json is read, or of a document. A change is breaking (a client of OLD can fail), risky (it can be
    surprised), additive (it is not affected) or cosmetic (nothing that is sent is different). Requests and
    responses are distinguished: a new required property breaks clients that send the object, a new null breaks clients
    that receive it.

    Exit codes: 0 if nothing is breaking, 1 if something is (see --fail-on) or an entry of --accepted is out of date, 2
    for wrong usage, 3 if a URL cannot be read.
    """
    _compare(ctx, {"OLD": old, "NEW": new}, values)


@click.command(
    short_help="List how the document of a server differs from a contract.",
    epilog=examples(
        "vocode-contract drift --url https://staging.example.com",
        "vocode-contract drift --url https://staging.example.com --contract my-contract.yaml --fail-on risky",
    ),
)
@click.option(
    "--url",
    metavar="URL",
    required=True,
    envvar="VOCODE_URL",
    show_envvar=True,
    help="Server whose document /openapi.json is read, or the document itself.",
)
@contract_option
@_comparison_options
@click.pass_context
def drift(ctx: click.Context, /, *, url: str, date: str | None, **values: Any) -> None:
    """List what changed from a contract to the OpenAPI document that a server publishes.

    The same as diff with the contract as OLD and the URL as NEW: one GET without credentials. Exit codes are those of
    diff.
    """
    from vocode_contract.contract.model import Contract

    _compare(ctx, {"--contract": date or Contract.load().date, "--url": url}, values)


def _compare(ctx: click.Context, sides: Mapping[str, str], values: Mapping[str, Any]) -> None:
    """Compare two sides, report, and exit.

    Args:
        ctx: The command that is run.
        sides: What each side is called in errors, to what the user wrote; the older one first.
        values: The options that both commands have.
    """
    from vocode_contract.http.inconclusive import Inconclusive

    ctx.call_on_close(partial(set_option_prefix, set_option_prefix(CHECK_PREFIX)))
    reach = {key: value for key, value in values.items() if key not in DiffOptions.__slots__}
    options = DiffOptions(reach=reach, **{key: value for key, value in values.items() if key not in reach})
    output = ctx.ensure_object(Output)
    try:
        ctx.exit(_report_changes(sides, options, output))
    except Inconclusive as error:
        output.say(str(error))
        ctx.exit(INCONCLUSIVE)


def _report_changes(sides: Mapping[str, str], options: DiffOptions, output: Output) -> int:
    """Write the report; return the exit code."""
    from vocode_contract.contract.diff import accept_changes, changes, group_changes, read_accepted_changes
    from vocode_contract.report.change_formats import CHANGE_REPORTS
    from vocode_contract.report.changes import ChangeReport

    entries = read_accepted_changes(options.accepted, "--accepted")
    (old_name, old), (new_name, new) = (_load(side, label, options) for label, side in sides.items())
    found, outdated = accept_changes(changes(old, new), entries)
    groups = group_changes(found)
    shown = tuple(group for group in groups if LEVELS.index(group.level) <= LEVELS.index(options.show))
    report = ChangeReport(
        old=old_name,
        new=new_name,
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


def _load(side: str, label: str, options: DiffOptions) -> tuple[str, "Contract"]:
    """Return what to call one side, and its contract."""
    if not side.lower().startswith(("http://", "https://")) and label != "--url":
        return side, contract_of(side, options.profile)
    from vocode_contract.cli.published import load_published
    from vocode_contract.conformance.run.options import Given
    from vocode_contract.conformance.run.settings import Settings

    settings = Settings.from_given({**given_options(options.reach), "url": Given(value=side, source=label)})
    return load_published(settings, options.profile, sends_token=options.sends_token)
