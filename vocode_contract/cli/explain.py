"""``explain``: what the codes of violations mean."""

import click

from vocode_contract.cli.options import examples
from vocode_contract.cli.output import Output
from vocode_contract.cli.words import meant


@click.command(
    short_help="Tell what codes of violations mean.",
    epilog=examples("vocode-contract explain", "vocode-contract explain union-type not-refused"),
)
@click.argument("codes", metavar="[CODE]...", nargs=-1)
@click.option("--markdown", is_flag=True, help="Write the reference page of all codes.")
@click.pass_context
def explain(ctx: click.Context, codes: tuple[str, ...], markdown: bool) -> None:
    """Tell what codes mean, each with an example; without CODE, list all of them."""
    from vocode_contract.cli.table import write_table
    from vocode_contract.report.codes_page import codes_page
    from vocode_contract.validation.codes import CODES

    output = ctx.ensure_object(Output)
    if markdown:
        output.write(codes_page())
    elif not codes:
        write_table([(name, known.title) for name, known in CODES.items()], output)
    else:
        names = dict.fromkeys(meant(code, CODES, "code", listed_by="vocode-contract explain") for code in codes)
        output.write("\n".join(map(_page, names)))


def _page(name: str) -> str:
    from textwrap import fill

    from vocode_contract.report.codes_page import levels
    from vocode_contract.validation.codes import CODES
    from vocode_contract.validation.codes.code import told

    code = CODES[name]
    example = "\n".join(f"    {line}" for line in code.example.splitlines())
    rank = fill(f"Severity: {levels(code)}. Rests on {told(code.basis)}.", 90)
    parts = (f"{name}: {code.title}", fill(code.meaning, 90), rank, f"Breaks it:\n\n{example}")
    return "\n\n".join(parts) + "\n"
