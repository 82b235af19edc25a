"""``explain``: what the code of a violation means."""

import click

from vocode_contract.cli.options import examples
from vocode_contract.cli.output import Output
from vocode_contract.cli.words import meant


@click.command(
    short_help="Tell what the code of a violation means.",
    epilog=examples("vocode-contract explain", "vocode-contract explain union-type"),
)
@click.argument("code", required=False)
@click.option("--markdown", is_flag=True, help="Write the reference page of all codes.")
@click.pass_context
def explain(ctx: click.Context, code: str | None, markdown: bool) -> None:
    """Tell what a code means, with an example; without CODE, list all of them."""
    from vocode_contract.cli.table import write_table
    from vocode_contract.codes import CODES
    from vocode_contract.report.codes_page import codes_page

    output = ctx.ensure_object(Output)
    if markdown:
        output.write(codes_page())
    elif code is None:
        write_table([(name, known.title) for name, known in CODES.items()], output)
    else:
        output.write(_page(meant(code, CODES, "code", listed_by="vocode-contract explain")))


def _page(name: str) -> str:
    from textwrap import fill

    from vocode_contract.codes import CODES
    from vocode_contract.report.codes_page import levels

    code = CODES[name]
    example = "\n".join(f"    {line}" for line in code.example.splitlines())
    parts = (f"{name}: {code.title}", fill(code.meaning, 90), f"Severity: {levels(code)}.", f"Breaks it:\n\n{example}")
    return "\n\n".join(parts) + "\n"
