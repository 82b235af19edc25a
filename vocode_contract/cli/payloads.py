"""Payloads: the bytes that a file or standard input holds, whole or line by line, never more than a limit."""

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

STDIN = "-"
#: Bytes of a payload or of a line, unless told.
MOST_BYTES = 8 * 1024 * 1024
_SKIPPED = 65_536


class NoPayload(Exception):
    """A source holds nothing that can be checked, for a reason that is its text; never leaves the command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The bytes of one payload.

    Attributes:
        raw: All of them, or one more than the limit.
        line: Its line in the source, from 1; ``None`` where it is all of the source.
        size: All bytes of the payload; ``None`` where nobody counted.
    """

    raw: bytes = field(repr=False)
    line: int | None = None
    size: int | None = None


def is_typed(source: str) -> bool:
    """Return whether a person types the source on a terminal."""
    return source == STDIN and sys.stdin is not None and sys.stdin.isatty()


def shown_name(source: str) -> str:
    """Return the name of a source for a reader."""
    return "<stdin>" if source == STDIN else source


def payloads(source: str, most: int, *, lines: bool) -> Iterator[Payload]:
    """Yield what a source holds.

    Args:
        source: A file name; ``-`` is standard input.
        most: Bytes of a payload, inclusive; of a longer one, one byte more is read.
        lines: Whether each line is a payload; blank ones are none.

    Raises:
        NoPayload: It cannot be read.
    """
    stream, size = _opened(source)
    try:
        if lines:
            yield from _lines(stream, most)
        else:
            yield Payload(raw=stream.read(most + 1), size=size)
    except OSError as error:
        raise NoPayload(_reason(error)) from None
    finally:
        if source != STDIN:
            stream.close()


def _lines(stream: BinaryIO, most: int) -> Iterator[Payload]:
    number = 0
    while raw := stream.readline(most + 2):  # the limit, one more, and a line break
        number += 1
        line = raw.rstrip(b"\r\n")
        if len(line) > most:
            yield Payload(raw=line[: most + 1], line=number)
            _skip_line(stream, raw)
        elif line.strip():
            yield Payload(raw=line, line=number)


def _skip_line(stream: BinaryIO, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = stream.readline(_SKIPPED)


def _opened(source: str) -> tuple[BinaryIO, int | None]:
    """Open a source; its size is reported where it is a file."""
    if source == STDIN:
        if sys.stdin is None:
            raise NoPayload("standard input is closed")
        return sys.stdin.buffer, None
    try:
        # A named pipe nobody writes to would hold the run up for ever.
        descriptor = os.open(source, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise NoPayload(_reason(error)) from None
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        return os.fdopen(descriptor, "rb"), status.st_size
    os.close(descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise NoPayload("it is a directory; name the files in it")
    raise NoPayload("it is no regular file; hand its content over as standard input, named -")


def _reason(error: OSError) -> str:
    reason = error.strerror or "it cannot be read"
    return f"{reason[:1].lower()}{reason[1:]}"
