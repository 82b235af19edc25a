"""Progress on standard error, for a person who waits."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

#: Seconds of silence before it is shown.
_PATIENCE = 1.0


def watched(values: Iterable[Any], total: int, *, shown: bool = True) -> Iterator[Any]:
    """Yield values; show how many came once it takes long, where a person reads and rich is installed.

    Args:
        values: The values.
        total: How many will come.
        shown: Whether anything may be shown.
    """
    if not (shown and sys.stderr and sys.stderr.isatty()):
        yield from values
        return
    began, bar = time.monotonic(), None
    try:
        for number, value in enumerate(values, 1):
            yield value
            if bar is None and time.monotonic() - began > _PATIENCE:
                bar = _bar(total)
            if bar:
                bar.update(bar.task_ids[0], completed=number)
    finally:
        if bar:
            bar.stop()


def _bar(total: int) -> Any:
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        return None
    # Left to itself, it would take over standard output, which is for the payloads.
    bar = Progress(console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False)
    bar.add_task("payloads", total=total)
    bar.start()
    return bar
