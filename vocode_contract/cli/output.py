"""Exit codes, output streams and progress."""

import errno
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TextIO

#: Everything that was checked conforms.
CONFORMS = 0
#: Something violates the contract, and for no other reason but `coverage --fail-under`.
VIOLATES = 1
#: The command was called wrongly, or cannot start.
USAGE = 2
#: Something could not be checked, and what could be checked conforms.
INCONCLUSIVE = 3
#: A bug in this program (EX_SOFTWARE of BSD's sysexits).
BUG = 70
#: Ctrl-C: 128 and the number of the signal, as for SIGHUP and SIGTERM.
INTERRUPTED, HUNG_UP, TERMINATED = 130, 129, 143
#: Exit code -> a word for it in the help, and when a command exits with it.
EXIT_CODES: Mapping[int, tuple[str, str]] = {
    CONFORMS: ("conforms", "everything conforms"),
    VIOLATES: (
        "violations",
        "something violates the contract, or a webhook receiver fails; the only other causes are `coverage "
        "--fail-under`, and `--fail-on` of `diff` and `drift`",
    ),
    USAGE: ("wrong usage", "wrong usage, or the command cannot start (for example, an extra is not installed)"),
    INCONCLUSIVE: (
        "inconclusive",
        "something could not be checked: a file could not be read, or a server did not respond",
    ),
    BUG: (
        "a bug in this program",
        "a bug in this package: one line reports where; `VOCODE_CONTRACT_DEBUG=1` adds the traceback, without payload "
        "data",
    ),
    HUNG_UP: ("hung up", "terminated by SIGHUP"),
    INTERRUPTED: ("interrupted", "interrupted (Ctrl-C)"),
    TERMINATED: ("terminated", "terminated by SIGTERM"),
}
NAME = "vocode-contract"
#: Maximum characters of a line that shows progress.
_WIDTH = 79


class Output:
    """Standard output and standard error.

    The reader may be gone (``| head``): checking goes on, and what is written then is silently
    discarded. A full disk is reported at the end.
    """

    __slots__ = ("_failures",)

    def __init__(self) -> None:
        self._failures: dict[TextIO, OSError] = {}

    @property
    def is_read(self) -> bool:
        """Whether standard output still has a reader."""
        return sys.stdout not in self._failures

    @property
    def is_terminal(self) -> bool:
        """Whether standard output is a terminal, or FORCE_COLOR says to treat it as one."""
        return bool(sys.stdout) and (sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR")))

    def write(self, text: str) -> None:
        """Write text to standard output; it must be escaped already."""
        self._put(sys.stdout, text)

    def flush(self) -> None:
        """Flush standard output."""
        self._put(sys.stdout, "", flush=True)

    def say(self, text: str) -> None:
        """Write one line about the run to standard error, escaped."""
        from vocode_contract.validation.masking import printable

        self._put(sys.stderr, f"{NAME}: {printable(text)}\n", flush=True)

    def show_progress(self, text: str) -> None:
        """Replace the last progress on standard error, if that is a terminal."""
        from vocode_contract.validation.masking import printable

        if _can_overwrite():
            self._put(sys.stderr, f"\r\x1b[K{printable(text)[: _find_width()]}", flush=True)

    def log_progress(self, text: str) -> None:
        """Write progress as a line to standard error, unless `show_progress` shows it."""
        if not _can_overwrite():
            self.say(text)

    def write_error(self, text: str) -> None:
        """Write text to standard error; it must be escaped already."""
        self._put(sys.stderr, text, flush=True)

    def close(self, code: int) -> int:
        """Flush everything; return the exit code, which changes if the report could not be written."""
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
            stream.write(_escape(text, stream))
            if flush:
                stream.flush()
        except OSError as error:
            self._failures[stream] = error
            _discard(stream)


def _can_overwrite() -> bool:
    """Return whether standard error is a terminal on which a line can be replaced; that of a CI job is a log."""
    is_dumb = os.environ.get("TERM", "").lower() in ("dumb", "unknown")
    return bool(sys.stderr) and sys.stderr.isatty() and not is_dumb and not os.environ.get("CI")


def _find_width() -> int:
    """Return how many characters can be replaced: a line that the terminal wraps cannot."""
    columns = 0
    with suppress(OSError, ValueError):
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    return min(_WIDTH, columns - 1) if columns > 1 else _WIDTH


def _escape(text: str, stream: TextIO) -> str:
    """Return text in which characters are escaped that the stream's encoding does not have."""
    encoding = stream.encoding or "utf-8"
    return text if text.isascii() else text.encode(encoding, "backslashreplace").decode(encoding)


def _discard(stream: TextIO) -> None:
    """Discard what the stream has buffered: at exit, the interpreter would fail to write it and complain."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


#: Seconds before a progress bar is shown.
_PATIENCE = 1.0


def show_bar(values: Iterable[Any], total: int, *, shown: bool = True) -> Iterator[Any]:
    """Yield values, and show a progress bar on standard error if they take long and it is a terminal."""
    if not (shown and _can_overwrite()):
        yield from values
        return
    start, bar = time.monotonic(), None
    try:
        for number, value in enumerate(values, 1):
            yield value
            if bar is None and time.monotonic() - start > _PATIENCE:
                bar = _start_bar(total)
            if bar:
                bar.update(bar.task_ids[0], completed=number)
    finally:
        if bar:
            bar.stop()


def _start_bar(total: int) -> Any:
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        return None
    # By default, it would take over standard output, which is for the payloads.
    bar = Progress(console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False)
    bar.add_task("payloads", total=total)
    bar.start()
    return bar


def write_table(rows: Sequence[tuple[str, str]], output: Output) -> None:
    """Write rows of a name and a text."""
    from vocode_contract.validation.masking import printable

    shown = [(printable(name), printable(text)) for name, text in rows]
    columns: Sequence[tuple[str, Mapping[str, Any]]] = (("", {"no_wrap": True}), ("", {}))
    cells = (((name, "bold"), (text, "")) for name, text in shown)
    if not (output.is_terminal and print_table(columns, cells)):
        width = max((len(name) for name, _ in shown), default=0)
        output.write("".join(f"{name:<{width}}  {text}".rstrip() + "\n" for name, text in shown))


def print_table(
    columns: Iterable[tuple[str, Mapping[str, Any]]], rows: Iterable[Sequence[tuple[str, str]]], *, heading: str = ""
) -> bool:
    """Print a table for a terminal; return whether that was possible: rich need not be installed.

    Args:
        columns: Titles, and the options of ``rich.table.Table.add_column``.
        rows: Texts and styles of their cells.
        heading: Text above the table.
    """
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        return False
    columns = tuple(columns)
    table = Table(box=None, show_header=any(title for title, _ in columns), pad_edge=False, header_style="dim")
    for title, options in columns:
        table.add_column(title, **options)
    for row in rows:
        table.add_row(*(Text(text, style) for text, style in row))
    # Under NO_COLOR, rich keeps bold and dim text unless it has no color system.
    console = Console(soft_wrap=False, force_terminal=True, color_system=None if os.environ.get("NO_COLOR") else "auto")
    if heading:
        console.print(Text(heading))
        console.print()
    console.print(table)
    return True


@contextmanager
def hypothesis_directory(*, is_used: bool) -> Iterator[None]:
    """Make Hypothesis, if it is used, store its files in a temporary directory instead of the current one."""
    if not is_used:
        yield
        return
    from tempfile import TemporaryDirectory

    from hypothesis.configuration import set_hypothesis_home_dir

    with TemporaryDirectory() as directory:
        set_hypothesis_home_dir(directory)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)
