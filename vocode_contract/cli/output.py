"""Exit codes, output streams and progress."""

import errno
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

#: Everything that was checked conforms.
CONFORMS = 0
#: Something violates the contract. Nothing else ends so.
VIOLATES = 1
#: The command was called wrongly, or cannot start here.
USAGE = 2
#: Something could not be checked, and nothing that could violates the contract.
INCONCLUSIVE = 3
#: A bug of ours (EX_SOFTWARE of BSD's sysexits).
BUG = 70
#: Ctrl-C: 128 and the number of the signal, as for SIGHUP (129) and SIGTERM (143).
INTERRUPTED = 130
NAME = "vocode-contract"
#: Characters of a line that is written over.
_WIDTH = 79


class Output:
    """Standard output and standard error.

    Nobody may be reading any more (``| head``): that is no reason to stop checking, so what is
    written then goes nowhere, in silence. A full disk is reported at the end.
    """

    __slots__ = ("_failures",)

    def __init__(self) -> None:
        self._failures: dict[TextIO, OSError] = {}

    @property
    def is_read(self) -> bool:
        """Whether standard output still takes what is written."""
        return sys.stdout not in self._failures

    @property
    def is_terminal(self) -> bool:
        """Whether a person reads standard output as it comes."""
        return bool(sys.stdout) and sys.stdout.isatty()

    def write(self, text: str) -> None:
        """Write text, which is fit to be shown, to standard output."""
        self._put(sys.stdout, text)

    def flush(self) -> None:
        """Hand over what standard output still holds back."""
        self._put(sys.stdout, "", flush=True)

    def say(self, text: str) -> None:
        """Write one line about the run to standard error."""
        from vocode_contract.validation.masking import printable

        self._put(sys.stderr, f"{NAME}: {printable(text)}\n", flush=True)

    def show_progress(self, text: str) -> None:
        """Write text over the last one, where a person watches standard error; nothing elsewhere."""
        from vocode_contract.validation.masking import printable

        if sys.stderr and sys.stderr.isatty():
            self._put(sys.stderr, f"\r\x1b[K{printable(text)[:_WIDTH]}", flush=True)

    def write_error(self, text: str) -> None:
        """Write text, which is fit to be shown, to standard error."""
        self._put(sys.stderr, text, flush=True)

    def closed(self, code: int) -> int:
        """Hand over everything; return the exit code, which a report that was lost changes."""
        self.flush()
        failure = self._failures.get(sys.stdout)
        if failure is None or failure.errno == errno.EPIPE:
            return code
        self.say(f"the report could not be written: {failure.strerror}")
        return INCONCLUSIVE if code == CONFORMS else code

    def _put(self, stream: TextIO | None, text: str, *, flush: bool = False) -> None:
        if stream is None or stream in self._failures:
            return
        try:
            stream.write(_encodable(text, stream))
            if flush:
                stream.flush()
        except OSError as error:
            self._failures[stream] = error
            _discard(stream)


def _encodable(text: str, stream: TextIO) -> str:
    """Escape what the stream's encoding lacks."""
    encoding = stream.encoding or "utf-8"
    return text if text.isascii() else text.encode(encoding, "backslashreplace").decode(encoding)


def _discard(stream: TextIO) -> None:
    """Let what the stream still holds go nowhere, or the interpreter complains of it on its way out."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


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


Row = tuple[str, str]


def write_table(rows: Sequence[Row], output: Output) -> None:
    """Write rows of two texts; the first is a name."""
    from vocode_contract.validation.masking import printable

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
