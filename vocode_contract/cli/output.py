"""Output: the two streams of a command, and what happens where they break."""

import errno
import os
import sys
from typing import TextIO

from vocode_contract.cli.exits import CONFORMS, UNJUDGED

NAME = "vocode-contract"
#: Characters of a line that is written over.
_WIDTH = 79


class Output:
    """Standard output and standard error.

    Nobody may be reading any more (``| head``): that is no reason to stop judging, so what is
    written then goes nowhere, in silence. A full disk is told at the end.
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
        return UNJUDGED if code == CONFORMS else code

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
