"""Two columns: drawn with rich where a person reads and rich is installed, plain lines everywhere else."""

from collections.abc import Sequence

from vocode_contract.cli.output import Output
from vocode_contract.validation.masking import printable

Row = tuple[str, str]


def write_table(rows: Sequence[Row], output: Output) -> None:
    """Write rows of two texts; the first is a name."""
    shown = [(printable(name), printable(text)) for name, text in rows]
    if not (output.is_terminal and _drawn(shown)):
        width = max((len(name) for name, _ in shown), default=0)
        output.write("".join(f"{name:<{width}}  {text}".rstrip() + "\n" for name, text in shown))


def _drawn(rows: Sequence[Row]) -> bool:
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        return False
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for name, text in rows:
        table.add_row(Text(name), Text(text))
    Console().print(table)
    return True
