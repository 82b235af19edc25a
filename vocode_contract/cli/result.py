"""What came of a run, for a person: the table is drawn with rich on a terminal, all else are plain lines."""

from collections.abc import Mapping

from vocode_contract.cli.output import Output
from vocode_contract.report.outcome import Outcome
from vocode_contract.report.summary import COLUMNS, bounded, cells, details, ending, lines

_STYLES: Mapping[str, str] = {
    "conforms": "green",
    "violates": "bold red",
    "broken": "bold red",
    "inconclusive": "yellow",
    "not-permitted": "dim",
    "no-call": "dim",
}


def write_result(outcome: Outcome, output: Output, *, full: bool) -> None:
    """Write what was run, the table, what is wrong and the verdict."""
    run = outcome.run
    heading = (f"contract {run.contract}, {run.profile}: {run.where}", "")
    if output.is_terminal and outcome.rows and _drawn(outcome, "\n".join(bounded(heading, outcome, full=full))):
        told = [*bounded(details(outcome, full=full), outcome, full=full), *ending(outcome)]
    else:
        told = [*bounded(heading, outcome, full=full), *lines(outcome, full=full)]
    output.write("".join(f"{line}\n" for line in told))


def _drawn(outcome: Outcome, heading: str) -> bool:
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        return False
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in COLUMNS:
        table.add_column(title, justify="right" if title == COLUMNS[-1] else "left")
    for row in outcome.rows:
        texts = [Text(cell) for cell in cells(row)]
        texts[2].stylize(_STYLES[row.verdict])
        table.add_row(*texts)
    console = Console(soft_wrap=False)
    console.print(Text(heading))
    console.print()
    console.print(table)
    return True
