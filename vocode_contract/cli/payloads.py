"""Read payloads from files or standard input, whole or line by line, never more bytes than a limit."""

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

STDIN = "-"
#: Default maximum of bytes of a payload or a line.
MOST_BYTES = 8 * 1024 * 1024
_SKIPPED = 65_536


class NoPayload(Exception):
    """A source holds no payload; the message is the reason. Handled by every command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The bytes of one payload.

    Attributes:
        raw: All bytes, or one more than the limit.
        line: Its line in the source, from 1; ``None`` if it is the whole source.
        size: Number of all bytes; ``None`` if unknown.
    """

    raw: bytes = field(repr=False)
    line: int | None = None
    size: int | None = None


def is_typed(source: str) -> bool:
    """Return whether the source is typed on a terminal."""
    return source == STDIN and sys.stdin is not None and sys.stdin.isatty()


def shown_name(source: str) -> str:
    """Return the name of a source for messages."""
    return "<stdin>" if source == STDIN else source


def read_payloads(source: str, most: int, *, lines: bool) -> Iterator[Payload]:
    """Yield the payloads of a source.

    Args:
        source: A file name; ``-`` is standard input.
        most: Maximum size of a payload in bytes; one byte more is read of a longer one.
        lines: Whether each line is a payload; blank lines are skipped.

    Raises:
        NoPayload: The source cannot be read.
    """
    stream, size = _open(source)
    try:
        if lines:
            yield from _read_lines(stream, most)
        else:
            yield Payload(raw=stream.read(most + 1), size=size)
    except OSError as error:
        raise NoPayload(_describe_error(error)) from None
    finally:
        if source != STDIN:
            stream.close()


def _read_lines(stream: BinaryIO, most: int) -> Iterator[Payload]:
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


def _open(source: str) -> tuple[BinaryIO, int | None]:
    """Return a stream, and its size if it is a file."""
    if source == STDIN:
        if sys.stdin is None:
            raise NoPayload("standard input is closed")
        return sys.stdin.buffer, None
    try:
        # O_NONBLOCK: opening a named pipe without a writer would block forever.
        descriptor = os.open(source, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise NoPayload(_describe_error(error)) from None
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        return os.fdopen(descriptor, "rb"), status.st_size
    os.close(descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise NoPayload("it is a directory; name the files in it")
    raise NoPayload("it is not a regular file; pass its content on standard input, as -")


def _describe_error(error: OSError) -> str:
    reason = error.strerror or "it cannot be read"
    return f"{reason[:1].lower()}{reason[1:]}"
