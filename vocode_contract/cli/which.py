"""``which``: the dated contracts that accept a payload."""

import click

from vocode_contract.cli import exits
from vocode_contract.cli.options import examples, profile_option
from vocode_contract.cli.output import Output
from vocode_contract.cli.payloads import MOST_BYTES, NoPayload, payloads, shown_name
from vocode_contract.cli.words import meant


@click.command(
    short_help="Tell which dated contracts accept a payload.",
    epilog=examples("vocode-contract which call.json", "curl -s ... | vocode-contract which --as WebhookEvent -"),
)
@click.argument("file", metavar="FILE", type=click.Path(allow_dash=True))
@click.option("--as", "name", metavar="NAME", default="Call", show_default=True, help="The schema to judge by.")
@profile_option
@click.pass_context
def which(ctx: click.Context, file: str, *, name: str, profile: str) -> None:
    """Tell which dated contracts accept a payload, and the first place that rules out each other one.

    Ends with 0 if one of them accepts it, 1 if none does, 3 if it could not be read.
    """
    from vocode_contract.cli.table import write_table

    output = ctx.ensure_object(Output)
    try:
        [payload] = payloads(file, MOST_BYTES, lines=False)
    except NoPayload as error:
        output.say(f"{shown_name(file)}: {error}")
        ctx.exit(exits.UNJUDGED)
    ruled_out = _ruled_out(payload.raw, name, profile)
    write_table([(date, reason or "accepts it") for date, reason in ruled_out], output)
    ctx.exit(exits.CONFORMS if any(not reason for _, reason in ruled_out) else exits.VIOLATES)


def _ruled_out(raw: bytes, name: str, profile: str) -> list[tuple[str, str]]:
    """Return each date with the first violation that rules its contract out; the empty string for none."""
    from vocode_contract.contract import PROFILES, Contract, dates
    from vocode_contract.reading import Limits
    from vocode_contract.validation import Validator

    contracts = [Contract.load(date, profile=meant(profile, PROFILES, "profile")) for date in dates()]
    names = sorted({known for contract in contracts for known in contract.schemas})
    wanted = meant(name, names, "schema", listed_by="vocode-contract schema --list")
    told: list[tuple[str, str]] = []
    for contract in contracts:
        if wanted not in contract.schemas:
            told.append((contract.date, f"it has no schema {wanted}"))
            continue
        verdict = Validator(contract, wanted, limits=Limits(size=MOST_BYTES)).judge(raw)
        errors = (str(found) for found in verdict.violations if found.severity == "error")
        told.append((contract.date, next(errors, "")))
    return told
