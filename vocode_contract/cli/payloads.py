"""Find payload files, and read them or standard input, as a whole or line by line, up to a maximum size.

Files may be compressed with gzip; the maximum applies to the decompressed bytes.
"""

import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from typing import BinaryIO

from vocode_contract.audit.files import Unusable, describe_failure, find_files, open_file

STDIN = "-"
_SKIPPED = 65_536
_GZIP = b"\x1f\x8b"
#: Extensions of the files that are read from a directory.
_WHOLE, _LINES = (".json", ".json.gz"), (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")


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


def find_payloads(source: str) -> list[str]:
    """Return the payload files that a source names, sorted.

    Raises:
        Unusable: The directory contains no payload file, or nothing matches the pattern.
    """
    return find_files(source, _WHOLE + _LINES)


def read_payloads(source: str, most: int, *, lines: bool, decompress: bool = True) -> Iterator[Payload]:
    """Yield the payloads of a source.

    Args:
        source: A file name; ``-`` is standard input.
        most: Maximum size of a payload in bytes; one byte more is read of a longer one.
        lines: Whether each line is a payload; blank lines are skipped.
        decompress: Whether to decompress content that starts like gzip data.

    Raises:
        Unusable: The source cannot be read.
    """
    opened, size = _open(source)
    try:
        stream, is_gzip = _decompress(opened) if decompress else (opened, False)
        if lines:
            yield from _read_lines(stream, most)
        else:
            yield Payload(raw=stream.read(most + 1), size=None if is_gzip else size)
    except (EOFError, zlib.error):
        raise Unusable("its gzip data is damaged or cut off") from None
    except OSError as error:
        raise Unusable(_describe_error(error)) from None
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
            raise Unusable("standard input is closed")
        return sys.stdin.buffer, None
    try:
        stream, status = open_file(source)
    except OSError as error:
        raise Unusable(_describe_error(error)) from None
    return stream, status.st_size


def _describe_error(error: OSError) -> str:
    return describe_failure(error, "its gzip data is damaged")  # of gzip.BadGzipFile
