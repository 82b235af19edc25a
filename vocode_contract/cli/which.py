"""``which``: report which contract dates accept a payload."""

from typing import TYPE_CHECKING

import click

from vocode_contract.audit.files import MOST_BYTES, Unusable
from vocode_contract.cli.options import examples, profile_option, resolve_name, schema_option
from vocode_contract.cli.output import CONFORMS, INCONCLUSIVE, VIOLATES, Output
from vocode_contract.cli.payloads import read_payloads, shown_name

if TYPE_CHECKING:
    from vocode_contract.validation.which import Fit


@click.command(
    short_help="Report which contract dates accept a payload.",
    epilog=examples("vocode-contract which call.json", "curl -s ... | vocode-contract which --as WebhookEvent -"),
)
@click.argument("file", metavar="FILE", type=click.Path(allow_dash=True))
@schema_option
@profile_option
@click.pass_context
def which(ctx: click.Context, file: str, *, name: str, profile: str) -> None:
    """Report which contract dates accept a payload, and the first violation under each of the others.

    Exits with 0 if at least one date accepts it, with 1 if none does, and with 3 if it cannot be read.
    """
    from vocode_contract.cli.output import write_table

    output = ctx.ensure_object(Output)
    try:
        [payload] = read_payloads(file, MOST_BYTES, lines=False)
    except Unusable as error:
        output.say(f"{shown_name(file)}: {error}")
        ctx.exit(INCONCLUSIVE)
    fits = _fits(payload.raw, name, profile)
    write_table([(fit.contract, _describe(fit)) for fit in fits], output)
    ctx.exit(CONFORMS if any(fit.accepted for fit in fits) else VIOLATES)


def _fits(raw: bytes, name: str, profile: str) -> "tuple[Fit, ...]":
    from vocode_contract.contract.model import PROFILES, Contract, dates
    from vocode_contract.validation.json_value import Limits
    from vocode_contract.validation.which import which

    names = sorted({known for date in dates() for known in Contract.load(date).schemas})
    wanted = resolve_name(name, names, "schema", listed_by="vocode-contract schema --list")
    return which(raw, wanted, profile=resolve_name(profile, PROFILES, "profile"), limits=Limits(size=MOST_BYTES))


def _describe(fit: "Fit") -> str:
    if fit.accepted:
        keys = f", {fit.undeclared} undeclared key{'s' if fit.undeclared != 1 else ''}" if fit.undeclared else ""
        return f"accepts it{keys}"
    return str(fit.ruled_out_by) if fit.ruled_out_by else "it has no schema of that name"
