"""Find payload files, and read them or standard input, as a whole or line by line, up to a maximum size.

Files may be compressed with gzip; the maximum applies to the decompressed bytes.
"""

import os
import stat
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from typing import BinaryIO

STDIN = "-"
#: Default maximum of bytes of a payload or a line.
MOST_BYTES = 8 * 1024 * 1024
_SKIPPED = 65_536
_GZIP = b"\x1f\x8b"
#: Extensions of the files that are read from a directory.
_WHOLE, _LINES = (".json", ".json.gz"), (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")


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


def is_json_lines(source: str) -> bool:
    """Return whether a source has the extension of a JSON Lines file."""
    return source.lower().endswith(_LINES)


def find_files(source: str) -> list[str]:
    """Return the files in a directory or matching a glob pattern, sorted and without hidden ones, or the source itself.

    Raises:
        NoPayload: The directory contains no payload file, or nothing matches the pattern.
    """
    from glob import has_magic

    if os.path.isdir(source):
        found, reason = _find_below(source), f"the directory contains no file that ends in {', '.join(_WHOLE + _LINES)}"
    elif has_magic(source) and not os.path.lexists(source):
        found, reason = _find_matches(source), "no file matches the pattern"
    else:
        return [source]
    if not found:
        raise NoPayload(reason)
    return found


def _find_below(directory: str) -> list[str]:
    found: list[str] = []
    for parent, directories, names in os.walk(directory):
        directories[:] = [name for name in directories if not name.startswith(".")]
        paths = (os.path.join(parent, name) for name in names if not name.startswith("."))
        found += [path for path in paths if path.lower().endswith(_WHOLE + _LINES)]
    return sorted(found)


def _find_matches(pattern: str) -> list[str]:
    from glob import glob

    return sorted(path for path in glob(pattern, recursive=True) if not os.path.isdir(path))


def read_payloads(source: str, most: int, *, lines: bool, decompress: bool = True) -> Iterator[Payload]:
    """Yield the payloads of a source.

    Args:
        source: A file name; ``-`` is standard input.
        most: Maximum size of a payload in bytes; one byte more is read of a longer one.
        lines: Whether each line is a payload; blank lines are skipped.
        decompress: Whether to decompress content that starts like gzip data.

    Raises:
        NoPayload: The source cannot be read.
    """
    opened, size = _open(source)
    try:
        stream, is_gzip = _decompress(opened) if decompress else (opened, False)
        if lines:
            yield from _read_lines(stream, most)
        else:
            yield Payload(raw=stream.read(most + 1), size=None if is_gzip else size)
    except (EOFError, zlib.error):
        raise NoPayload("its gzip data is damaged or cut off") from None
    except OSError as error:
        raise NoPayload(_describe_error(error)) from None
    finally:
        if source != STDIN:
            opened.close()


def _decompress(stream: BinaryIO) -> tuple[BinaryIO, bool]:
    """Return the content as a stream, decompressed if it starts like gzip data, and whether it does."""
    buffered = stream if isinstance(stream, BufferedReader) else BufferedReader(stream)  # type: ignore[type-var]  # any
    head = buffered.peek(len(_GZIP))[: len(_GZIP)]
    is_gzip = bool(head) and _GZIP.startswith(head)  # a pipe may deliver only one byte; no JSON starts with it
    if not is_gzip:
        return buffered, False
    from gzip import GzipFile

    return BufferedReader(GzipFile(fileobj=buffered)), True


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
        raise NoPayload("it is a directory; name a file in it")
    raise NoPayload("it is not a regular file; pass its content on standard input, as -")


def _describe_error(error: OSError) -> str:
    reason = error.strerror or "its gzip data is damaged"  # gzip.BadGzipFile has no strerror
    return f"{reason[:1].lower()}{reason[1:]}"
